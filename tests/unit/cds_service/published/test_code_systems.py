from __future__ import annotations

import re
from typing import Any

from cds_service import cards, published
from cds_service.cards import ADVICE_SYSTEM, OVERRIDE_REASONS, OVERRIDE_SYSTEM
from cds_service.guideline.decide import Occasion
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Decided, Decision, Kind, Scope, Severity, Strength
from cds_service.published.code_systems import GROUP_TOPICS
from cds_service.site import Site
from fhir_mappings.features.fields import RecurrenceFeatures
from fhir_mappings.history import History
from fhir_mappings.r4 import proposal
from fhir_mappings.value_sets import CONCEPTS

CODE_SYSTEMS = {
    each.resource["url"]: each.resource for each in published.catalogue(with_cpt=True)["CodeSystem"].values()
}


def codes(url: str) -> list[str]:
    return [each["code"] for each in CODE_SYSTEMS[url]["concept"]]


def properties(concept: dict[str, Any]) -> dict[str, str]:
    return {each["code"]: each.get("valueCode") or each["valueString"] for each in concept["property"]}


def test_every_own_code_of_the_value_sets_is_published_and_no_other() -> None:
    own = [row for concept in CONCEPTS.values() for row in concept.rows if "recurrence-cds.org" in row.system]
    assert own
    for system in {row.system for row in own}:
        listed = {each["code"]: each["display"] for each in CODE_SYSTEMS[system]["concept"]}
        assert listed == {row.code: row.display for row in own if row.system == system}


def test_findings_say_what_is_asked_and_with_which_kind_of_value() -> None:
    system = CODE_SYSTEMS["http://recurrence-cds.org/fhir/CodeSystem/recurrence-findings"]
    kinds = {each["code"]: properties(each)["value-type"] for each in system["concept"]}
    assert set(kinds.values()) == {"boolean", "integer"}
    assert (kinds["tumour-at-site"], kinds["pdl1-cps"], kinds["hospice"]) == ("boolean", "integer", "boolean")
    assert all(each["definition"] for each in system["concept"])


def test_advice_is_the_register_and_the_topics_of_grouped_cards() -> None:
    assert sorted(codes(ADVICE_SYSTEM)) == sorted([*REGISTER, *GROUP_TOPICS])
    listed = {each["code"]: each for each in CODE_SYSTEMS[ADVICE_SYSTEM]["concept"]}
    for code, entry in REGISTER.items():
        assert (listed[code]["display"], listed[code]["definition"]) == (entry.title, entry.text)
        assert properties(listed[code]) == {"kind": entry.kind.value, "heading": entry.group.value}


def test_every_topic_of_a_card_is_a_published_code() -> None:
    """Epic allows 100 letters, digits and hyphens in a topic."""
    alerts = [entry.code for entry in REGISTER.values() if entry.kind is Kind.ALERT][:4]
    decisions = (
        *(Decision(code=code, kind=Kind.ALERT, row="BEV-01", severity=Severity.WARNING, text="x") for code in alerts),
        Decision(code="mdt-review", kind=Kind.OPTION, row="P3", strength=Strength.RECOMMENDED),
        Decision(code="missing-ecog", kind=Kind.PROMPT, row="P3"),
        Decision(code="info-expected-outcomes", kind=Kind.INFORMATION, row="P3"),
    )
    answer = cards.render(
        Decided(scope=Scope.FULL, scope_row="G8", decisions=decisions),
        RecurrenceFeatures(),
        History(),
        patient_id="p1",
        proposals=proposal,
        occasion=Occasion.ORDER_SIGN,
        hook_instance="call",
        site=Site(),
    )
    topics = {card.source.topic for card in answer.cards}
    named = {topic.code for topic in topics if topic is not None and topic.system == ADVICE_SYSTEM}
    assert len(answer.cards) == len(named)
    assert set(GROUP_TOPICS) < named <= set(codes(ADVICE_SYSTEM))
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,100}", code) for code in codes(ADVICE_SYSTEM))


def test_own_override_reasons_are_published_those_of_hl7_are_not_ours() -> None:
    own = [reason.code for reason in OVERRIDE_REASONS if reason.system == OVERRIDE_SYSTEM]
    assert codes(OVERRIDE_SYSTEM) == own
    assert own


def test_each_is_complete_and_counted() -> None:
    for system in CODE_SYSTEMS.values():
        listed = [each["code"] for each in system["concept"]]
        assert len(listed) == len(set(listed)) == system["count"]
        assert (system["content"], system["caseSensitive"]) == ("complete", True)
        declared = {each["code"] for each in system.get("property", ())}
        used = {each["code"] for concept in system["concept"] for each in concept.get("property", ())}
        assert declared == used
