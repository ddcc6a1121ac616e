"""Our own CodeSystems, from the tables of the code: findings, sites, advice, override reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cds_service.cards import ADVICE_SYSTEM, OVERRIDE_REASONS, OVERRIDE_SYSTEM
from cds_service.guideline.register import REGISTER
from cds_service.published.canonical import OWN_COPYRIGHT, Resource, head
from cds_service.published.questionnaire import QUESTIONS, TUMOUR
from fhir_mappings.value_sets import CONCEPTS
from fhir_mappings.value_sets.systems import RECURRENCE_FINDINGS, RECURRENCE_SITES

GROUP_TOPICS: Final[Mapping[str, tuple[str, str]]] = {
    "options": ("Treatment options", "Topic of the card that lists the treatment options."),
    "missing-data": ("Missing facts", "Topic of the card that asks for facts that would change the advice."),
    "information": ("Information", "Topic of the card with figures for shared decision making."),
    "further-alerts": (
        "Further alerts",
        "Topic of the card that lists alerts for which there was no card of their own.",
    ),
}
"""Topic of each card that stands for a group of decisions: display and definition."""

_TUMOUR_DEFINITION: Final = "Whether there is tumour at the body site: true for yes, false for no."


def _code_system(url: str, title: str, description: str, concepts: Iterable[Resource]) -> Resource:
    listed = list(concepts)
    return {
        **head("CodeSystem", url.rpartition("/")[2], title, description),
        "copyright": OWN_COPYRIGHT,
        "caseSensitive": True,
        "compositional": False,
        "versionNeeded": False,
        "content": "complete",
        "count": len(listed),
        "concept": listed,
    }


def _own_rows(system: str) -> Iterable[tuple[str, str]]:
    return ((row.code, row.display) for concept in CONCEPTS.values() for row in concept.rows if row.system == system)


def _finding(code: str, display: str) -> Resource:
    question = QUESTIONS.get(code)
    by_site = code == TUMOUR
    return {
        "code": code,
        "display": display,
        "definition": _TUMOUR_DEFINITION if by_site else QUESTIONS[code].ask,
        "property": [{"code": "value-type", "valueCode": question.kind if question is not None else "boolean"}],
    }


def findings() -> Resource:
    """CodeSystem of Observation.code for facts that no verified standard code was found for."""
    system = _code_system(
        RECURRENCE_FINDINGS,
        "Findings in recurrent cervical cancer",
        "Observation codes for facts that the advice depends on and that no verified standard code was found for. "
        "Status final or amended, effective[x] and subject are needed; `tumour-at-site` names its place in bodySite. "
        "The Questionnaire recurrence-staging asks for the same facts.",
        (_finding(*row) for row in _own_rows(RECURRENCE_FINDINGS)),
    )
    system["property"] = [
        {"code": "value-type", "description": "Type of Observation.value[x]: boolean or integer", "type": "code"}
    ]
    return system


def sites() -> Resource:
    """CodeSystem of body sites without a verified standard code."""
    return _code_system(
        RECURRENCE_SITES,
        "Sites of recurrence",
        "Body sites for which no verified standard code was found.",
        ({"code": code, "display": display} for code, display in _own_rows(RECURRENCE_SITES)),
    )


def advice() -> Resource:
    """CodeSystem of card topics and decision codes: every code of the register and the topics of grouped cards."""
    groups = [
        {
            "code": code,
            "display": display,
            "definition": definition,
            "property": [{"code": "kind", "valueCode": "group"}],
        }
        for code, (display, definition) in GROUP_TOPICS.items()
    ]
    entries = [
        {
            "code": entry.code,
            "display": entry.title,
            "definition": entry.text,
            "property": [
                {"code": "kind", "valueCode": entry.kind.value},
                {"code": "heading", "valueString": entry.group.value},
            ],
        }
        for entry in REGISTER.values()
    ]
    system = _code_system(
        ADVICE_SYSTEM,
        "Advice on recurrent cervical cancer",
        "What a card or a decision is about: treatment options, alerts on orders, questions for missing facts, and "
        "information for shared decision making. A code is never used again for something else.",
        (*groups, *entries),
    )
    system["property"] = [
        {"code": "kind", "description": "option, alert, prompt, information, or group of a card", "type": "code"},
        {"code": "heading", "description": "Heading under which lists show it", "type": "string"},
    ]
    return system


def override_reasons() -> Resource:
    """CodeSystem of our own reasons for not following a card."""
    return _code_system(
        OVERRIDE_SYSTEM,
        "Reasons for not following a card",
        "Reasons that cards offer besides those of HL7's non-adherence codes.",
        (
            {"code": reason.code, "display": reason.display}
            for reason in OVERRIDE_REASONS
            if reason.system == OVERRIDE_SYSTEM
        ),
    )
