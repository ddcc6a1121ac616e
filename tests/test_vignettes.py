"""Every vignette through the whole pipeline: the answer expected, and what every answer owes its reader."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.cards import EXTENSION, MAX_CARDS
from cds_service.guideline import pathway, systemic
from cds_service.guideline.conditions import Condition
from cds_service.guideline.decide import Occasion
from cds_service.guideline.judgements import JUDGEMENTS, judge
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Decision, Kind
from cds_service.pipeline import Consultation, consult
from cds_service.protocol.response import encode, faults
from cds_service.site import Site
from fhir_mappings.features.fields import FEATURES
from fhir_mappings.kleene import Tri
from tests.vignette import Expected, Vignette, vignettes

MAX_SUMMARY = 140
MAX_DETAIL = 4000
CONDITIONS: dict[str, Condition] = {
    row.id: row.when
    for row in (
        *pathway.PATHWAY,
        *pathway.WITH_TREATMENT,
        *pathway.WITH_SYSTEMIC,
        *systemic.FIRST_LINE,
        *systemic.MODIFIERS,
        *systemic.SECOND_LINE,
    )
}
"""Condition of every row that has one beside the scope gate and the order checks."""

each_case = pytest.mark.parametrize("case", vignettes(), ids=lambda case: case.id)


@cache
def consulted(case_id: str) -> Consultation:
    """What the pipeline makes of a case."""
    case = next(each for each in vignettes() if each.id == case_id)
    return consult(
        case.record(),
        occasion=Occasion(case.hook),
        hook_instance=f"vignette {case.id}",
        today=case.today,
        site=Site(),
    )


def answered(case: Vignette) -> dict[str, Any]:
    """The answer as sent, decoded."""
    body: dict[str, Any] = json.loads(encode(consulted(case.id).answer))
    return body


def weight(decision: Decision) -> str:
    """How strongly a decision is put: strength of an option, severity of anything else."""
    return decision.strength.value if decision.strength is not None else decision.severity.value


def fits(decision: Decision, expected: Expected) -> bool:
    """Whether the decision is the output expected."""
    return (
        decision.code == expected.code
        and expected.weight in ("", weight(decision))
        and expected.row in ("", decision.row)
    )


def shown(decisions: Iterable[Decision]) -> list[str]:
    """The decisions as vignettes write them."""
    return [f"{each.code}:{weight(each)}@{each.row}" for each in decisions]


@each_case
def test_the_advice_is_what_the_decision_model_says(case: Vignette) -> None:
    decided = consulted(case.id).decided
    got = shown(decided.decisions)
    assert decided.failed == ()
    assert decided.scope_row == case.scope
    assert [one for one in case.shows if not any(fits(each, one) for each in decided.decisions)] == [], got
    assert [one for one in case.never if any(fits(each, one) for each in decided.decisions)] == [], got
    if case.only:
        assert {each.code for each in decided.decisions} == {one.code for one in case.shows}, got


@each_case
def test_the_rows_and_facts_are_what_the_story_says(case: Vignette) -> None:
    facts = judge(consulted(case.id).features, case.today)
    told = {name: facts[name].show() for name in case.facts}
    assert told == case.facts
    wanted = {Tri.YES: case.fires, Tri.UNKNOWN: case.possible, Tri.NO: case.rests}
    for value, rows in wanted.items():
        for row in rows:
            outcome = CONDITIONS[row].evaluate(facts)
            assert outcome.value is value, (row, outcome)


@each_case
def test_the_cards_keep_the_contract(case: Vignette) -> None:
    decided = consulted(case.id).decided
    body = answered(case)
    cards = body["cards"]
    assert faults(body) == []
    assert len(cards) <= MAX_CARDS
    for card in cards:
        assert len(card["summary"]) < MAX_SUMMARY
        assert len(card["detail"]) < MAX_DETAIL
        if case.hook == "patient-view":
            assert card["indicator"] != "critical"
    told = [record for card in cards for record in card["extension"][EXTENSION]]
    assert sorted((each["code"], each["row"]) for each in told) == sorted((d.code, d.row) for d in decided.decisions)
    for record in told:
        decision = next(each for each in decided.decisions if (each.code, each.row) == (record["code"], record["row"]))
        assert record["kind"] == decision.kind.value
        assert record.get("strength", record["severity"]) == weight(decision)
        assert record["sources"] == list(decision.sources)
        assert {each["feature"] for each in record.get("because", ())} == {each.feature for each in decision.because}


@each_case
def test_every_suggested_resource_is_valid_and_a_draft(case: Vignette) -> None:
    for card in answered(case)["cards"]:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                if action["type"] == "delete":
                    continue
                resource = action["resource"]
                get_fhir_model_class(resource["resourceType"]).model_validate(resource)
                assert resource["status"] in {"draft", "in-progress", "preliminary"}


@each_case
def test_every_decision_is_of_the_register_and_has_its_reason(case: Vignette) -> None:
    consultation = consulted(case.id)
    facts = judge(consultation.features, case.today)
    for decision in consultation.decided.decisions:
        assert REGISTER[decision.code].kind in (decision.kind, Kind.OPTION)
        assert decision.sources
        for each in decision.because:
            if each.feature in FEATURES or each.feature in JUDGEMENTS:
                assert each.value == facts[each.feature].show()


@each_case
def test_every_resource_of_the_record_is_valid_r4(case: Vignette) -> None:
    for resource in (*case.resources, *(case.drafts or ())):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
