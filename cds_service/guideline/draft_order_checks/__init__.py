"""Checks on draft orders: warnings and contraindications by drug and procedure (decision model, section 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from cds_service.guideline.conditions import Facts, Outcome
from cds_service.guideline.draft_order_checks.bevacizumab import BEVACIZUMAB
from cds_service.guideline.draft_order_checks.carboplatin import CARBOPLATIN
from cds_service.guideline.draft_order_checks.cisplatin import CISPLATIN
from cds_service.guideline.draft_order_checks.corrections import CORRECTIONS
from cds_service.guideline.draft_order_checks.cytotoxic_any import CYTOTOXIC_ANY
from cds_service.guideline.draft_order_checks.exenteration import EXENTERATION
from cds_service.guideline.draft_order_checks.immunotherapy import IMMUNOTHERAPY
from cds_service.guideline.draft_order_checks.order_facts import (
    DATE_WORDS,
    DATED_EVENTS,
    OPERATION_DAYS,
    ORDER_FACTS,
    facts_of_today,
    order_facts,
)
from cds_service.guideline.draft_order_checks.paclitaxel import NAB_PACLITAXEL, PACLITAXEL
from cds_service.guideline.draft_order_checks.pelvic_radiotherapy import PELVIC_RADIOTHERAPY, RADIOTHERAPY_SITE_UNKNOWN
from cds_service.guideline.draft_order_checks.pet_ct import PET_CT
from cds_service.guideline.draft_order_checks.recognise import Family, families
from cds_service.guideline.draft_order_checks.surgery import MAJOR_SURGERY
from cds_service.guideline.draft_order_checks.tisotumab_vedotin import TISOTUMAB_VEDOTIN
from cds_service.guideline.draft_order_checks.topotecan import TOPOTECAN
from cds_service.guideline.rule import Because, Check, Decision, Kind, Severity, Strength
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Evidence, Finding
from fhir_mappings.history import DraftOrder
from fhir_mappings.kleene import Tri

CHECKS: Final[Mapping[str, tuple[Check, ...]]] = MappingProxyType(
    {
        Family.BEVACIZUMAB: (*BEVACIZUMAB, *CYTOTOXIC_ANY),
        Family.PELVIC_RADIOTHERAPY: PELVIC_RADIOTHERAPY,
        Family.RADIOTHERAPY_SITE_UNKNOWN: RADIOTHERAPY_SITE_UNKNOWN,
        Family.EXENTERATION: EXENTERATION,
        Family.MAJOR_SURGERY: MAJOR_SURGERY,
        Family.PET_CT: PET_CT,
        Family.CISPLATIN: (*CISPLATIN, *CYTOTOXIC_ANY),
        Family.CARBOPLATIN: (*CARBOPLATIN, *CYTOTOXIC_ANY),
        Family.PACLITAXEL: (*PACLITAXEL, *CYTOTOXIC_ANY),
        Family.NAB_PACLITAXEL: (*NAB_PACLITAXEL, *CYTOTOXIC_ANY),
        Family.TOPOTECAN: (*TOPOTECAN, *CYTOTOXIC_ANY),
        Family.TISOTUMAB_VEDOTIN: (*TISOTUMAB_VEDOTIN, *CYTOTOXIC_ANY),
        Family.TRASTUZUMAB_DERUXTECAN: CYTOTOXIC_ANY,
        Family.OTHER_CYTOTOXIC: CYTOTOXIC_ANY,
        **IMMUNOTHERAPY,
    }
)
"""Rows by family; a family without an entry has none."""

_SURGERY_DATE: Final = "missing-surgery-date"


def _is_yes(facts: Facts, name: str) -> bool:
    found = facts.get(name)
    return isinstance(found, Finding) and found.is_yes


def _waits_for_date(outcome: Outcome, facts: Facts) -> bool:
    """Whether only the exact date of a documented event keeps the row from an answer."""
    return (
        outcome.value is Tri.UNKNOWN
        and bool(outcome.missing)
        and all(
            name in DATE_WORDS and (facts[name].known or _is_yes(facts, DATED_EVENTS.get(name, "")))
            for name in outcome.missing
        )
    )


def _because(facts: Facts, names: Iterable[str]) -> tuple[Because, ...]:
    return tuple(
        Because(name, facts[name].show(), facts[name].evidence, facts[name].note)
        for name in dict.fromkeys(names)
        if facts[name].known
    )


def _possible(facts: Facts, names: Iterable[str]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence for name in names for evidence in facts[name].possible))


def _kind(code: str, otherwise: Kind) -> Kind:
    return Kind.PROMPT if code.startswith("missing-") else otherwise


def _decision(check: Check, outcome: Outcome, facts: Facts, order: str) -> Decision | None:
    """What a row says of this order; None when it does not fire."""
    severity, text = check.severity, check.text
    if _waits_for_date(outcome, facts) and check.severity is not Severity.INFO:
        severity = Severity.WARNING
        what = " and of ".join(dict.fromkeys(DATE_WORDS[name] for name in outcome.missing))
        text = f"{text} The exact date of {what} is not recorded; with it this may not apply."
    elif outcome.value is not Tri.YES:
        return None
    correct = CORRECTIONS.get(check.id)
    return Decision(
        code=check.code,
        kind=_kind(check.code, Kind.ALERT),
        row=check.id,
        severity=severity,
        text=text,
        because=_because(facts, (*outcome.because, *outcome.missing)),
        missing=outcome.missing,
        possible=_possible(facts, outcome.missing),
        unchecked=tuple(
            name
            for name in outcome.unchecked
            if name in FEATURES and FEATURES[name].event and name not in outcome.missing
        ),
        sources=check.sources,
        order=order,
        remedy=check.remedy,
        details=correct(facts) if correct is not None else (),
    )


def _added(check: Check, decision: Decision) -> tuple[Decision, ...]:
    """The options and prompts that come with a row; a missing date of an operation is asked for."""
    codes = check.adds
    if OPERATION_DAYS.intersection(decision.missing):
        codes = tuple(dict.fromkeys((*codes, _SURGERY_DATE)))
    return tuple(
        Decision(
            code=code,
            kind=_kind(code, Kind.OPTION),
            row=check.id,
            strength=None if _kind(code, Kind.OPTION) is Kind.PROMPT else Strength.CONSIDER,
            severity=Severity.WARNING if _kind(code, Kind.OPTION) is Kind.PROMPT else Severity.INFO,
            because=decision.because,
            sources=check.sources,
            order=decision.order,
        )
        for code in codes
    )


def _rows(draft: DraftOrder, *, safety_only: bool) -> tuple[Check, ...]:
    rows = {check.id: check for family in sorted(families(draft)) for check in CHECKS.get(family, ())}
    return tuple(
        check
        for check in rows.values()
        if not safety_only or (check.also_in_safety_scope and check.severity is not Severity.INFO)
    )


def check_draft(
    draft: DraftOrder,
    drafts: Sequence[DraftOrder],
    facts: Facts,
    features: RecurrenceFeatures,
    today: dt.date,
    *,
    safety_only: bool,
) -> tuple[list[Decision], list[str]]:
    """Alerts on one draft order.

    Of several rows of one code the most severe that fires speaks, of equals the first. A row that is open only because
    a documented event has no exact date fires at warning and asks for the date; an information row then stays silent.

    Args:
        draft: the order.
        drafts: all drafts of the call; they count as planned together with it, never as history.
        facts: features and judgements by name.
        features: the patient's features, for operations with their dates.
        today: the day of the call.
        safety_only: scope B: only rows with column B, and of these warnings and criticals.

    Returns:
        Decisions in table order, the options and prompts that rows add after their row; and the ids of rows that
        could not be evaluated (SAFE-06).
    """
    rows = _rows(draft, safety_only=safety_only)
    if not rows:
        return [], []
    try:
        everything = {**facts, **order_facts(draft, drafts, features, today)}
    except Exception:  # noqa: BLE001 - a fault here must not silence other orders (SAFE-06)
        return [], [check.id for check in rows]
    spoken: dict[str, tuple[Check, Decision]] = {}
    failed: list[str] = []
    for check in rows:
        try:
            decision = _decision(check, check.when.evaluate(everything), everything, draft.reference)
        except Exception:  # noqa: BLE001 - one broken row must not silence the others (SAFE-06)
            failed.append(check.id)
            continue
        if decision is None:
            continue
        if check.code not in spoken or spoken[check.code][1].severity.rank < decision.severity.rank:
            spoken[check.code] = (check, decision)
    found = {code: decision for code, (_, decision) in spoken.items()}
    for check, decision in spoken.values():
        for extra in _added(check, decision):
            found.setdefault(extra.code, extra)
    return list(found.values()), failed


__all__ = ["CHECKS", "ORDER_FACTS", "Family", "check_draft", "facts_of_today", "families", "order_facts"]
