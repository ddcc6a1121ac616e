"""Every row has a reason and is seen at work on both sides; every statement of the article reaches a patient."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from cds_service.guideline import pathway, thresholds
from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.disagreements import DISAGREEMENTS
from cds_service.guideline.draft_order_checks import CHECKS, ORDER_FACTS
from cds_service.guideline.judgements import JUDGEMENTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Check
from fhir_mappings.features import concurrent_drugs, events
from fhir_mappings.features.fields import FEATURES
from tests import test_vignette_properties, vignette
from tests.traceability import (
    OF_THE_SOURCE,
    PAGE,
    STATEMENTS,
    Rule,
    carried,
    evidenced,
    gates,
    page,
    rules,
    shows,
    spares,
)
from tests.vignette import FOLDER, GLOSSARY, glossary, vignettes
from tests.vignette_runs import ROWS

IN_TWO_PARTS = {"P14": "its first part goes with any treatment option, its second with the first-line table"}
"""Row ids that stand in two tables, with the reason."""

each_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)


def _checks() -> list[Check]:
    return [check for checks in CHECKS.values() for check in checks]


def test_a_row_id_stands_for_one_row() -> None:
    tables = Counter([*(row.id for row in ROWS), *(gate.id for gate in pathway.SCOPE_GATE)])
    assert {name for name, times in tables.items() if times > 1} == set(IN_TWO_PARTS)
    by_id: dict[str, Check] = {}
    for check in _checks():
        assert by_id.setdefault(check.id, check) is check
    assert not by_id.keys() & tables.keys()


@each_rule
def test_every_row_has_a_citation_that_exists(rule: Rule) -> None:
    assert rule.sources
    assert [source for source in rule.sources if source not in CITATIONS and source not in DISAGREEMENTS] == []


@pytest.mark.parametrize("rule", [*rules(), *gates()], ids=lambda rule: rule.id)
def test_every_fact_that_a_row_reads_exists(rule: Rule) -> None:
    known = FEATURES.keys() | JUDGEMENTS.keys()
    if rule.families:
        known |= ORDER_FACTS.keys()
    assert [name for name in rule.features if name not in known] == []


@each_rule
def test_every_row_is_shown_by_a_vignette_and_spared_by_another(rule: Rule) -> None:
    assert any(shows(case, rule) for case in vignettes())
    assert any(spares(case, rule) for case in vignettes())


@pytest.mark.parametrize("rule", gates(), ids=lambda rule: rule.id)
def test_every_row_of_the_scope_gate_has_its_patient(rule: Rule) -> None:
    assert any(case.scope == rule.id for case in vignettes())


def test_every_code_of_the_register_is_expected_by_a_vignette() -> None:
    expected = {each.code for case in vignettes() for each in case.shows}
    assert sorted(REGISTER.keys() - expected) == []
    assert sorted(expected - REGISTER.keys()) == []


def test_vignettes_forbid_only_codes_that_exist() -> None:
    assert sorted({each.code for case in vignettes() for each in case.never} - REGISTER.keys()) == []


APPLIED_IN_READING = {
    "BEV_HAEMORRHAGE_GRADE": events.SEVERE,
    "BEV_FISTULA_GRADE": events.LIFE_THREATENING,
    "ICI_PREDNISONE_MG": concurrent_drugs.PREDNISONE_MG,
}
"""Thresholds that the features apply themselves, with the number they apply."""

FOR_READERS_ONLY = {
    "BEV_HAEMOPTYSIS_ML": "no record tells a volume: any haemoptysis counts",
    "TISOTUMAB_DOSE_LOW": "the row counts the deviation in percent of each of the label's doses",
}
"""Thresholds that stand on the guideline pages only, with the reason."""


def test_every_threshold_is_used() -> None:
    sources = Path(thresholds.__file__).parents[1].rglob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    unused = {name for name in thresholds.ALL if len(re.findall(rf"\b{name}\b", text)) < 2}
    assert unused == APPLIED_IN_READING.keys() | FOR_READERS_ONLY.keys()


@pytest.mark.parametrize("name", APPLIED_IN_READING)
def test_the_features_apply_the_number_of_the_guideline(name: str) -> None:
    assert thresholds.ALL[name].value == APPLIED_IN_READING[name]


def test_every_word_of_the_glossary_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.toml") if path.name != GLOSSARY)
    text += Path(vignette.__file__).read_text(encoding="utf-8")
    text += Path(test_vignette_properties.__file__).read_text(encoding="utf-8")
    assert [word for word in glossary() if f'"{word}"' not in text] == []


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_of_the_article_reaches_a_row_and_a_vignette(statement: str) -> None:
    assert carried().get(statement)
    assert evidenced().get(statement)


@pytest.mark.parametrize("difference", sorted(DISAGREEMENTS))
def test_every_difference_between_standard_and_article_reaches_a_vignette(difference: str) -> None:
    assert carried().get(difference)
    assert evidenced().get(difference)


@pytest.mark.parametrize("statement", sorted(OF_THE_SOURCE))
def test_what_the_article_says_of_itself_is_a_citation(statement: str) -> None:
    assert CITATIONS[statement].source_article


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.traceability"
