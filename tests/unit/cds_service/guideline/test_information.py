"""Figures: newer standard and source article apart, unverified ones marked, none computed for a patient."""

from __future__ import annotations

import pytest

from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.information import (
    ARTICLE_HEADING,
    CURRENT_HEADING,
    INFORMATION,
    Figure,
    Information,
    Setting,
    information_for,
    settings_of,
)
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Kind


def _lines(code: str, *options: str) -> str:
    return "\n".join(
        line for each in information_for(code, options) for _, lines in each.blocks() for line in (*lines, each.remark)
    )


def test_every_information_code_of_the_register_has_figures_and_no_other() -> None:
    registered = {code for code, entry in REGISTER.items() if entry.kind is Kind.INFORMATION}
    assert {each.code for each in INFORMATION} == registered


@pytest.mark.parametrize("each", INFORMATION, ids=lambda each: f"{each.code}-{each.setting.name}")
def test_the_two_blocks_never_mix(each: Information) -> None:
    assert each.current
    assert not any(CITATIONS[source].source_article for figure in each.current for source in figure.sources)
    assert each.article
    assert all(CITATIONS[figure.sources[0]].source_article for figure in each.article)
    assert [heading for heading, _ in each.blocks()] == [CURRENT_HEADING, ARTICLE_HEADING]


def test_a_code_has_one_entry_for_a_setting() -> None:
    pairs = [(each.code, each.setting) for each in INFORMATION]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("code", ["info-site-response-chest", "info-site-response-pelvic"])
def test_site_response_shows_the_pair_with_age_and_size_of_the_study(code: str) -> None:
    shown = _lines(code)
    assert "73% (53% complete) v 21% (0% complete)" in shown
    assert "1977-1987" in shown
    assert "68 evaluable" in shown
    assert "13% (E05)" in shown
    assert "19% (E06)" in shown


def test_prognostic_factors_show_both_sides_and_no_score_or_descent() -> None:
    shown = _lines("info-prognostic-factors")
    assert "22.7 v 14.1 months, p=0.24" in shown
    assert "score not computed" in shown
    assert not any(word in shown.lower() for word in ("race", "african", "ethnic"))


def test_bevacizumab_figures_mark_the_unverified_interval_only() -> None:
    lines = information_for("info-bevacizumab-survival", ())[0].blocks()[0][1]
    assert [line for line in lines if "unverified" in line] == [
        "95% interval of that ratio: 0.62-0.95 (E02; unverified)"
    ]


def test_the_unverified_mark_is_not_said_twice() -> None:
    assert Figure("Approved", "unverified", ("E16",), verified=False).line() == "Approved: unverified (E16)"


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["pelvic-exenteration", "mdt-review"], (Setting.SURGERY,)),
        (["salvage-chemoradiation", "pelvic-exenteration"], (Setting.SURGERY, Setting.CHEMORADIATION)),
        (["extended-field-chemoradiation"], (Setting.CHEMORADIATION,)),
        (["systemic-cisplatin-paclitaxel", "clinical-trial"], (Setting.FIRST_LINE,)),
        (["second-line-cemiplimab"], (Setting.SECOND_LINE,)),
        (["best-supportive-care"], (Setting.COMFORT,)),
        ([], (Setting.COMFORT,)),
    ],
)
def test_expected_outcomes_follow_the_options_on_the_card(options: list[str], settings: tuple[Setting, ...]) -> None:
    assert settings_of(options) == settings
    assert tuple(each.setting for each in information_for("info-expected-outcomes", options)) == settings


def test_expected_outcomes_of_systemic_treatment_pair_new_and_old() -> None:
    shown = _lines("info-expected-outcomes", "systemic-cisplatin-paclitaxel-bevacizumab")
    for figure in ("32.1 v 22.8", "26.4 v 16.8", "16.8 v 13.3", "13%", "19%", "about 30%", "about 4 to 6 months"):
        assert figure in shown
    assert "historical" in shown


def test_the_guideline_difference_is_that_of_the_line_of_treatment() -> None:
    first = _lines("info-guideline-difference", "systemic-cisplatin-paclitaxel")
    second = _lines("info-guideline-difference", "second-line-chemotherapy")
    assert "pembrolizumab" in first
    assert "tisotumab" not in first.lower()
    assert "Tisotumab vedotin" in second
    assert "no standard second-line regimen" in second
    assert information_for("info-guideline-difference", ["salvage-chemoradiation"]) == ()
