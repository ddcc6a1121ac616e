"""The guideline as FHIR: a PlanDefinition with one action for each row, and the Library that names its knowledge.

Conditions stand as words, not as expressions: they are three-valued over features that no expression language of FHIR
knows. The rows are for reading, reviewing and citing; the service itself evaluates the tables they come from.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from cds_service.cards import ADVICE_SYSTEM, OVERRIDE_SYSTEM, label
from cds_service.guideline import knowledge, pathway, systemic, thresholds
from cds_service.guideline.citations import CITATIONS, Citation, ordered
from cds_service.guideline.conditions import ALWAYS, Condition
from cds_service.guideline.decide import Occasion
from cds_service.guideline.draft_order_checks import CHECKS
from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Check, Output, Prompt, Row, Scope
from cds_service.published.canonical import BASE, OWN_COPYRIGHT, Resource, canonical, head, versioned
from fhir_mappings.proposal import STAGING_QUESTIONNAIRE
from fhir_mappings.value_sets.systems import RECURRENCE_FINDINGS, RECURRENCE_SITES

PLAN_ID: Final = "recurrent-cervical-cancer"
LIBRARY_ID: Final = "recurrent-cervical-cancer-knowledge"
HASH_SYSTEM: Final = f"{BASE}/identifier/knowledge-sha256"
_TITLE: Final = "Recurrent cervical squamous cell carcinoma"

EVERY_HOOK: Final = tuple(occasion.value for occasion in Occasion)
ORDER_HOOKS: Final = (Occasion.ORDER_SELECT.value, Occasion.ORDER_SIGN.value)

SCOPE_WORDS: Final = {
    Scope.FULL: "the whole guideline applies",
    Scope.WORK_UP: "only the work-up is advised; drafted orders are checked",
    Scope.SAFETY: "only drafted orders are checked",
    Scope.SILENT: "no advice is given",
    Scope.COMFORT: "only supportive care is advised; drafted orders are checked",
}
_SCOPE_OUTPUTS: Final = {Scope.WORK_UP: pathway.WORK_UP_OUTPUTS, Scope.COMFORT: pathway.COMFORT_OUTPUTS}

_ROWS: Final[tuple[tuple[str, str, tuple[Row, ...]], ...]] = (
    ("pathway", "Pathway by site of recurrence and earlier treatment", pathway.PATHWAY),
    ("with-treatment", "With every treatment option", pathway.WITH_TREATMENT),
    ("with-systemic", "With systemic treatment", pathway.WITH_SYSTEMIC),
    ("first-line", "First-line systemic treatment", systemic.FIRST_LINE),
    ("first-line-changes", "Changes to the first-line options", systemic.MODIFIERS),
    ("second-line", "Second-line systemic treatment", systemic.SECOND_LINE),
)
_DOI: Final = re.compile(r"\b10\.\d{4,9}/[^\s;,]+")


def _related(citation: Citation) -> Resource:
    found = _DOI.findall(citation.locator)
    # Several publications have no one address; all stand in the locator.
    link = {"url": f"https://doi.org/{found[0].rstrip('.)')}"} if len(found) == 1 else {}
    return {"type": "citation", "label": citation.id, "display": citation.label, **link}


def _documentation(sources: Iterable[str]) -> Resource:
    found = [_related(citation) for citation in ordered(sources)]
    return {"documentation": found} if found else {}


def _codes(codes: Iterable[str]) -> Resource:
    found = [
        {"coding": [{"system": ADVICE_SYSTEM, "code": code, "display": REGISTER[code].title}]}
        for code in dict.fromkeys(codes)
    ]
    return {"code": found} if found else {}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _said(*sentences: str) -> str:
    return " ".join(_sentence(each) for each in sentences if each)


def _words(condition: Condition) -> str:
    return "" if condition is ALWAYS else condition.words(label)


def _when(condition: Condition) -> str:
    return "for every patient in this table" if condition is ALWAYS else f"when {condition.words(label)}"


def _output(output: Output) -> Resource:
    """One code that a row puts out, with its own condition."""
    entry = REGISTER[output.code]
    only, firm = _words(output.when), _words(output.firm_if)
    said = _said(
        f"strength: {output.strength.value}" if output.strength else "",
        output.note,
        f"only when {only}" if only else "",
        f"conditional unless {firm}" if firm else "",
    )
    return {
        "title": entry.title,
        "description": entry.text,
        **({"textEquivalent": said} if said else {}),
        **_codes([output.code]),
        **_documentation(output.sources),
    }


def _outputs(outputs: Sequence[Output]) -> Resource:
    return {"action": [_output(output) for output in outputs]} if outputs else {}


def _titles(codes: Iterable[str]) -> str:
    return "; ".join(REGISTER[code].title for code in codes)


def _effects(row: Row) -> tuple[str, ...]:
    opens = "" if row.opens_systemic is None else _words(row.opens_systemic)
    systemic_table = f"systemic treatment is advised as well{f', when {opens}' if opens else ''}"
    return (
        systemic_table if row.opens_systemic is not None else "",
        f"not shown then: {_titles(row.excludes)}" if row.excludes else "",
        "no later row is looked at" if row.stop else "",
        "unknown facts are asked for and nothing is shown on condition" if row.gate else "",
    )


def _row(table: str, row: Row) -> Resource:
    return {
        "id": f"{table}.{row.id}",
        "prefix": row.id,
        "title": _titles(dict.fromkeys(output.code for output in row.outputs)) or row.words,
        **({"description": row.words} if row.words else {}),
        "textEquivalent": _said(_when(row.when), *_effects(row)),
        **_codes(output.code for output in row.outputs),
        **_documentation(row.sources),
        **_outputs(row.outputs),
    }


def _gate(gate: pathway.Gate) -> Resource:
    outputs = _SCOPE_OUTPUTS.get(gate.scope, ())
    return {
        "id": f"scope.{gate.id}",
        "prefix": gate.id,
        "title": _sentence(SCOPE_WORDS[gate.scope]),
        "description": gate.words,
        "textEquivalent": _said(_when(gate.when), SCOPE_WORDS[gate.scope]),
        **_codes(output.code for output in outputs),
        **_outputs(outputs),
    }


def _checks() -> dict[str, tuple[Check, list[str]]]:
    """Each check once, with the kinds of order it applies to."""
    found: dict[str, tuple[Check, list[str]]] = {}
    for family, checks in CHECKS.items():
        for check in checks:
            found.setdefault(check.id, (check, []))[1].append(str(family).replace("-", " "))
    return found


def _check(check: Check, families: Iterable[str]) -> Resource:
    adds = [Output(code) for code in check.adds]
    return {
        "id": f"order-checks.{check.id}",
        "prefix": check.id,
        "title": REGISTER[check.code].title,
        "description": check.text,
        "textEquivalent": _said(
            f"on orders of: {', '.join(families)}",
            _when(check.when),
            f"indicator: {check.severity.value}",
            "" if check.also_in_safety_scope else "only where the whole guideline applies",
        ),
        **_codes([check.code]),
        **_documentation(check.sources),
        **_outputs(adds),
    }


def _prompt(prompt: Prompt) -> Resource:
    families = ", ".join(family.replace("-", " ") for family in prompt.warns_on)
    return {
        "id": f"missing-data.{prompt.code}",
        "title": prompt.title,
        "description": REGISTER[prompt.code].text,
        "textEquivalent": _said(
            f"when not known: {'; '.join(map(label, prompt.features))}",
            f"a warning on orders of: {families}" if families else "",
        ),
        **_codes([prompt.code]),
        **_documentation(prompt.sources),
    }


def _group(name: str, title: str, hooks: Iterable[str], actions: Iterable[Resource]) -> Resource:
    return {
        "id": name,
        "title": title,
        "trigger": [{"type": "named-event", "name": hook} for hook in hooks],
        "groupingBehavior": "logical-group",
        "action": list(actions),
    }


def _evidence() -> list[Resource]:
    """Every source once, with what was studied, what was found and how far it was verified."""
    return [
        {
            **_related(citation),
            "citation": f"{citation.label}. {citation.locator}. {citation.population} {citation.result} "
            f"{citation.limits} Status: {citation.status.value}.",
        }
        for citation in ordered(CITATIONS)
    ]


def plan_definition() -> Resource:
    """The guideline, with one action a row."""
    kind = {"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "eca-rule"}
    return {
        **head(
            "PlanDefinition",
            PLAN_ID,
            _TITLE,
            "Which options, alerts, questions and information the service shows, row by row. The first row of the "
            "scope that holds decides how much applies; rows of the other tables add up unless one says otherwise. A "
            "row that only unknown facts leave open is shown as conditional, and the facts are asked for.",
        ),
        "type": {"coding": [kind]},
        "usage": "For reading and review. Conditions are three-valued (yes, no, unknown) and stand as words; the "
        "service evaluates them from its own tables. It informs clinicians and does not replace judgement.",
        "copyright": OWN_COPYRIGHT,
        "relatedArtifact": _evidence(),
        "library": [versioned(canonical("Library", LIBRARY_ID))],
        "action": [
            _group("scope", "Scope", EVERY_HOOK, map(_gate, pathway.SCOPE_GATE)),
            *(_group(name, title, EVERY_HOOK, [_row(name, row) for row in rows]) for name, title, rows in _ROWS),
            _group(
                "order-checks",
                "Checks of drafted orders",
                ORDER_HOOKS,
                [_check(check, families) for check, families in _checks().values()],
            ),
            _group("missing-data", "Missing data", EVERY_HOOK, map(_prompt, PROMPTS)),
        ],
    }


def _thresholds() -> Resource:
    """Every number that rows compare with, as a JSON attachment."""
    data = msgspec.json.encode(thresholds.ALL)
    return {
        "contentType": "application/json",
        "title": "thresholds.json: value, unit, meaning, sources; policy marks what this project chose",
        "data": base64.b64encode(data).decode(),
        "size": len(data),
        "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
    }


def library() -> Resource:
    """The knowledge that the plan stands on: version, content hash, thresholds, and the resources it depends on."""
    kind = {"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "module-definition"}
    depends = (ADVICE_SYSTEM, OVERRIDE_SYSTEM, RECURRENCE_FINDINGS, RECURRENCE_SITES, STAGING_QUESTIONNAIRE)
    reviewed = {"lastReviewDate": knowledge.REVIEWED} if knowledge.REVIEWED else {}
    return {
        **head(
            "Library",
            LIBRARY_ID,
            f"{_TITLE}: knowledge",
            "Version and content of the guideline's tables and value sets. The identifier is the SHA-256 hash over all "
            "of them; every card names the version.",
        ),
        "identifier": [{"system": HASH_SYSTEM, "value": knowledge.content_hash()}],
        "type": {"coding": [kind]},
        "copyright": OWN_COPYRIGHT,
        **reviewed,
        "relatedArtifact": [{"type": "depends-on", "resource": versioned(each)} for each in depends],
        "content": [_thresholds()],
    }
