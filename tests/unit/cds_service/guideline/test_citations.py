"""Sources: all there, each weighed, in the order in which cards show them."""

from __future__ import annotations

import re

import pytest

from cds_service.guideline.citations import CITATIONS, SourceKind, Status, ordered
from cds_service.guideline.disagreements import DISAGREEMENTS

EXPECTED_IDS = {
    *(f"S{number:02d}" for number in range(1, 46)),
    "N1",
    "N2",
    "N3",
    *(f"E{number:02d}" for number in range(1, 30)),
    *(f"L{number}" for number in range(1, 11)),
    *(f"D{number}" for number in range(1, 15)),
    "G-ESGO2023",
    "G-NCCN2025",
    "G-SEOM2023",
    "G-ESMO2017",
    "G-TABLE",
    "policy",
}


def test_the_sources_are_exactly_those_of_the_documents() -> None:
    assert set(CITATIONS) == EXPECTED_IDS
    assert all(citation.id == key for key, citation in CITATIONS.items())


@pytest.mark.parametrize("key", CITATIONS)
def test_a_source_says_who_was_studied_what_came_out_and_where_it_ends(key: str) -> None:
    citation = CITATIONS[key]
    assert all((citation.label, citation.locator, citation.population, citation.result, citation.limits))
    assert re.fullmatch(r"(?:\d{4}(?:-\d{2}(?:-\d{2})?)?)?", citation.date)


@pytest.mark.parametrize("key", sorted(key for key in EXPECTED_IDS if key[0] in "SN"))
def test_the_source_article_has_its_date_and_says_that_review_is_pending(key: str) -> None:
    citation = CITATIONS[key]
    assert citation.source_article
    assert citation.label == "Source article (26 December 2025, pending human review)"
    assert citation.date == "2025-12-26"


def test_only_statements_of_the_article_have_citation_groups() -> None:
    for citation in CITATIONS.values():
        assert bool(citation.groups) == bool(re.fullmatch(r"S\d\d", citation.id))
        assert set(citation.groups) <= {1, 2, 3, 4, 5}


def test_the_statements_that_primary_sources_bear_out_are_marked_so() -> None:
    verified = {key for key, each in CITATIONS.items() if key.startswith("S") and each.status is Status.VERIFIED}
    assert verified == {
        *("S03", "S08", "S09", "S10", "S15", "S16", "S17", "S25", "S26", "S27", "S43", "S44", "S45"),
    }


def test_an_unverified_figure_keeps_its_mark() -> None:
    assert "0.62-0.95, interval unverified" in CITATIONS["E02"].result
    assert "HR 1.571, 1.06-2.32, unverified" in CITATIONS["E07"].result
    for citation in CITATIONS.values():
        if citation.kind is SourceKind.TRIAL and "unverified" in citation.result:
            assert citation.status is Status.PARTLY


def test_newest_standard_first_and_the_article_last() -> None:
    shown = [citation.id for citation in ordered(["S02", "policy", "E21", "D1", "E09", "S02", "G-NCCN2025", "E01"])]
    assert shown == ["G-NCCN2025", "E09", "E21", "E01", "D1", "policy", "S02"]


def test_an_undated_label_comes_after_dated_sources_and_before_the_article() -> None:
    assert [citation.id for citation in ordered(["L4", "S12", "E19"])] == ["E19", "L4", "S12"]


def test_an_unknown_source_is_an_error() -> None:
    with pytest.raises(KeyError):
        ordered(["E99"])


def test_a_comparison_carries_both_sides() -> None:
    for key, row in DISAGREEMENTS.items():
        assert CITATIONS[key].result.startswith("Current standard: ")
        assert row.article.rstrip(".") in CITATIONS[key].result


@pytest.mark.parametrize("key", DISAGREEMENTS)
def test_a_disagreement_names_sources_that_exist_and_the_groups_that_the_article_prints(key: str) -> None:
    row = DISAGREEMENTS[key]
    assert all(not CITATIONS[each.source].source_article for each in row.current)
    assert all(CITATIONS[each].source_article for each in row.article_sources)
    printed = {group for each in row.article_sources for group in CITATIONS[each].groups}
    assert set(row.article_groups) == printed
    assert row.why
    assert row.leads


def test_a_disagreement_speaks_in_two_blocks() -> None:
    row = DISAGREEMENTS["D2"]
    assert row.current[0].line().endswith("category 1, secondary source)")
    assert row.article_line().endswith("(its citation groups 1 and 3)")
    assert "tisotumab" not in row.article_line().lower()
    assert DISAGREEMENTS["D12"].article_line() == "The article has no category for these."
