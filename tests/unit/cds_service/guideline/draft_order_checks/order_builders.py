"""Draft orders and their answers for the tests of the order checks; TODAY is the day of every call."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cds_service.guideline.draft_order_checks import check_draft, order_facts
from cds_service.guideline.rule import Decision, Severity
from fhir_mappings.features.fields import Operation, RecurrenceFeatures
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import Dose, DraftOrder
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate

TODAY = dt.date(2026, 11, 24)


def day(offset: int) -> PartialDate:
    """The day that many days after TODAY."""
    return PartialDate.on(TODAY + dt.timedelta(days=offset))


def between_days(first: int, last: int) -> PartialDate:
    """Some day between two offsets from TODAY."""
    return PartialDate(TODAY + dt.timedelta(days=first), TODAY + dt.timedelta(days=last))


def record(name: str) -> tuple[Evidence, ...]:
    """One record as evidence."""
    return (Evidence(name, name),)


YES = Finding(Tri.YES, record("Condition/yes"))
NO = Finding(Tri.NO, record("Condition/no"))


def on(when: PartialDate | int) -> Moment:
    """A dated feature."""
    return Moment(day(when) if isinstance(when, int) else when, record("Procedure/dated"))


def amount(value: float, unit: str = "") -> Amount:
    """A measured feature."""
    return Amount.exactly(value, unit, evidence=record("Observation/value"))


def draft(concept: str = "bevacizumab", *doses: tuple[float, str], **fields: Any) -> DraftOrder:
    """A draft order of one concept; ``start`` may be an offset from TODAY."""
    if isinstance(fields.get("start"), int):
        fields["start"] = day(fields["start"])
    return DraftOrder(
        **{
            "reference": f"Request/{concept}",
            "concepts": frozenset({concept}),
            "resource_type": "MedicationRequest",
            "doses": tuple(Dose(value=value, unit=unit) for value, unit in doses),
            **fields,
        }
    )


def operation(when: PartialDate | int | None, **fields: Any) -> Operation:
    """An elective major operation unless fields say otherwise."""
    date = day(when) if isinstance(when, int) else when
    said = {"minor": False, "urgent": False, "exenteration": False, "evidence": Evidence("ServiceRequest/op", "op")}
    return Operation(date=date, **{**said, **fields})


def facts_of(order: DraftOrder, *others: DraftOrder, **features: Any) -> dict[str, Feature]:
    """The order facts of a draft among others."""
    return order_facts(order, (order, *others), RecurrenceFeatures(**features), TODAY)


def ask(
    order: DraftOrder,
    *others: DraftOrder,
    safety_only: bool = False,
    ineligible: Finding | None = None,
    **features: Any,
) -> dict[str, Decision]:
    """The decisions on a draft by code; every row has to be evaluable."""
    patient = RecurrenceFeatures(**features)
    judged = {**patient.mapping(), "cisplatin_ineligible": ineligible or Finding()}
    found, failed = check_draft(order, (order, *others), judged, patient, TODAY, safety_only=safety_only)
    assert failed == []
    assert len({each.code for each in found}) == len(found)
    return {each.code: each for each in found}


def severities(*args: Any, **kwargs: Any) -> dict[str, Severity]:
    """As ``ask``, severities only."""
    return {code: decision.severity for code, decision in ask(*args, **kwargs).items()}
