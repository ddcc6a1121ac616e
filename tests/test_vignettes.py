"""Every vignette through the whole pipeline: the answer expected, and what every answer owes its reader."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.cards import EXTENSION, MAX_CARDS
from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.draft_order_checks import CHECKS
from cds_service.guideline.judgements import JUDGEMENTS, judge
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Kind, Scope, Severity
from cds_service.protocol.response import faults
from fhir_mappings.features.fields import FEATURES
from fhir_mappings.kleene import Tri
from tests.vignette import Vignette, vignettes
from tests.vignette_runs import CONDITIONS, answer, fits, run, shown, weight

MAX_SUMMARY = 140
MAX_DETAIL = 4000

each_case = pytest.mark.parametrize("case", vignettes(), ids=lambda case: case.id)


@each_case
def test_the_advice_is_what_the_decision_model_says(case: Vignette) -> None:
    decided = run(case).decided
    got = shown(decided.decisions)
    assert decided.failed == ()
    assert decided.scope_row == case.scope
    assert [one for one in case.shows if not any(fits(each, one) for each in decided.decisions)] == [], got
    assert [one for one in case.never if any(fits(each, one) for each in decided.decisions)] == [], got
    if case.only:
        assert {each.code for each in decided.decisions} == {one.code for one in case.shows}, got


@each_case
def test_the_rows_and_facts_are_what_the_story_says(case: Vignette) -> None:
    facts = judge(run(case).features, case.today)
    told = {name: facts[name].show() for name in case.facts}
    assert told == case.facts
    wanted = {Tri.YES: case.fires, Tri.UNKNOWN: case.possible, Tri.NO: case.rests}
    for value, rows in wanted.items():
        for row in rows:
            outcome = CONDITIONS[row].evaluate(facts)
            assert outcome.value is value, (row, outcome)


@each_case
def test_the_cards_keep_the_contract(case: Vignette) -> None:
    decided = run(case).decided
    body = answer(case)
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
    for card in answer(case)["cards"]:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                if action["type"] == "delete":
                    continue
                resource = action["resource"]
                get_fhir_model_class(resource["resourceType"]).model_validate(resource)
                assert resource["status"] in {"draft", "in-progress", "preliminary"}


@each_case
def test_every_decision_is_of_the_register_and_has_its_reason(case: Vignette) -> None:
    consultation = run(case)
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


@each_case
def test_outside_the_pathway_there_are_only_safety_alerts(case: Vignette) -> None:
    decided = run(case).decided
    if decided.scope is Scope.SILENT:
        assert answer(case)["cards"] == []
    if decided.scope is not Scope.SAFETY:
        return
    in_safety_scope = {check.id for rows in CHECKS.values() for check in rows if check.also_in_safety_scope}
    for decision in decided.decisions:
        assert decision.row in in_safety_scope
        assert decision.severity is not Severity.INFO or decision.kind is Kind.OPTION
        assert case.hook != "patient-view"


@each_case
def test_every_card_that_leans_on_the_article_says_so_with_its_date_and_after_newer_sources(case: Vignette) -> None:
    for card in answer(case)["cards"]:
        cited = [source for record in card["extension"][EXTENSION] for source in record["sources"]]
        if not any(source in CITATIONS and CITATIONS[source].source_article for source in cited):
            continue
        sources = card["detail"].partition("**Sources, newest standard first**")[2]
        newer, article, rest = sources.partition("Source article (26 December 2025, pending human review): S")
        assert article
        assert not any(f"[{source}]" in rest.partition("**")[0] for source in cited)
        assert newer.count("- ") >= min(1, sum(source[0] in "ELG" for source in cited))


@each_case
def test_every_card_with_advice_can_be_overridden_with_a_reason(case: Vignette) -> None:
    for card in answer(case)["cards"]:
        assert card["overrideReasons"]
        reasons: list[dict[str, Any]] = card["overrideReasons"]
        assert all(reason["display"] for reason in reasons)
