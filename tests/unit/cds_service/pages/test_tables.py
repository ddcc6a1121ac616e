from __future__ import annotations

import pytest

from cds_service.guideline import pathway, systemic
from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.conditions import all_of, any_of, no, yes
from cds_service.guideline.draft_order_checks import CHECKS
from cds_service.guideline.judgements import JUDGEMENTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Kind
from cds_service.pages.tables import (
    REMEDIES,
    ROW_IDS,
    RowView,
    checks_by_families,
    cited_by,
    codes,
    in_words,
    judged,
    tables,
)

ROWS = {row.anchor: row for table in tables() for row in table.rows}


def test_every_row_has_a_place_of_its_own() -> None:
    anchors = [row.anchor for table in tables() for row in table.rows]
    assert len(anchors) == len(set(anchors))
    assert {row.id for row in ROWS.values()} == ROW_IDS
    assert set(anchors) - ROW_IDS == {"P14-first-line"}


def test_a_card_that_names_a_row_finds_it_under_its_id() -> None:
    assert set(ROWS) >= ROW_IDS


def test_every_order_check_stands_once_under_all_its_families() -> None:
    listed = {check.id: names for names, checks in checks_by_families() for check in checks}
    assert listed["CYT-01"][0] == "bevacizumab"
    assert "other-cytotoxic" in listed["CYT-01"]
    assert listed["BEV-01"] == ("bevacizumab",)
    assert set(listed) == {check.id for checks in CHECKS.values() for check in checks}
    titles = [table.title for table in tables()]
    assert "Orders for pembrolizumab, cemiplimab, atezolizumab or nivolumab" in titles


def test_a_row_tells_its_condition_outputs_strengths_and_sources() -> None:
    row = ROWS["P3"]
    assert row.conditions[0] == "central pelvic recurrence: yes"
    assert row.conditions[-1] == "ECOG performance status: at most 1"
    assert [(put.code, put.strength) for put in row.puts[:2]] == [
        ("pelvic-exenteration", "recommended by current sources"),
        ("resection-then-systemic", "may be considered"),
    ]
    assert [source.id for source in row.sources][-1].startswith("S")
    assert "E21" in {figures.id for figures in row.figures}
    assert not {figures.id[0] for figures in row.figures} & {"S", "D", "N", "p"}
    assert any("26.7-56.0%" in line for line in row.shared)
    assert row.cases.speaks
    assert row.cases.silent


def test_a_condition_of_another_row_is_named_and_not_told_again() -> None:
    assert ROWS["P3b"].conditions[0] == "as in P3, or as in P3a"
    assert in_words(any_of(yes("pregnant"), no("hospice"))) == ("pregnancy: yes, or hospice or comfort-only plan: no",)
    assert in_words(all_of(yes("pregnant"), no("hospice"))) == ("pregnancy: yes", "hospice or comfort-only plan: no")


def test_an_exact_amount_is_told_as_one_number() -> None:
    assert ROWS["P14a"].conditions == ("ECOG performance status: 2",)


@pytest.mark.parametrize(
    ("row", "remark"),
    [
        ("P0", "No later row is looked at once this one fires."),
        ("P10", "Opens the systemic tables."),
        ("P8", "Opens the systemic tables, if earlier para-aortic radiotherapy: yes."),
        ("BEV-01", "Offers the draft order with a later date."),
        ("BEV-03", "Comes with: What is the exact date of the operation?."),
        ("missing-ecog", "What would fill it: an ECOG performance status observation."),
        ("F7", "Every cisplatin code is replaced by its carboplatin code at the same strength."),
    ],
)
def test_what_else_a_reader_has_to_know_is_said(row: str, remark: str) -> None:
    assert remark in ROWS[row].remarks


def test_a_gate_says_how_much_of_the_model_runs() -> None:
    assert ROWS["G2"].text == "No cards."
    assert [put.code for put in ROWS["G7"].puts] == ["best-supportive-care", "palliative-care-integration"]


def test_further_conditions_of_an_output_are_told_with_it() -> None:
    shown = {put.code: put for put in ROWS["F1"].puts}
    assert shown["systemic-pembrolizumab-chemo-bevacizumab"].firm_if == "earlier immune checkpoint inhibitor: no"
    assert shown["info-bevacizumab-survival"].when == "bevacizumab contraindicated: not documented"
    assert ("prior_ici", "earlier immune checkpoint inhibitor") in ROWS["F1"].reads


def test_every_remedy_has_words_and_every_output_is_listed() -> None:
    assert {check.remedy for checks in CHECKS.values() for check in checks} <= {"", *REMEDIES}
    listed = {entry.code for entries in codes().values() for entry in entries}
    assert listed == {entry.code for entry in REGISTER.values() if entry.kind is not Kind.PROMPT}


def test_judgements_say_when_they_are_yes() -> None:
    told = {each.name: each for each in judged()}
    assert set(told) == set(JUDGEMENTS)
    assert "creatinine clearance: under 50 mL/min" in told["cisplatin_ineligible"].yes_when[0]
    assert "if the drug were ordered today" in told["bev_contraindicated"].yes_when[0]
    assert ("fistula_active", "active fistula of an internal organ, tracheo-oesophageal or grade 4") in told[
        "bev_contraindicated"
    ].reads


def test_sources_name_the_rows_that_cite_them() -> None:
    assert set(cited_by()) == set(CITATIONS)
    assert cited_by()["E13"][:1] == ["T1"]
    assert cited_by()["E12"].count("T2") == 1


def test_all_rows_of_the_tables_are_there() -> None:
    rows = (*pathway.PATHWAY, *pathway.WITH_TREATMENT, *pathway.WITH_SYSTEMIC, *systemic.FIRST_LINE)
    assert {row.id for row in rows} <= ROW_IDS
    assert RowView(id="x", anchor="x", conditions=("always",)).cases.speaks == 0
