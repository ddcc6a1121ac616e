"""Short builders of History facts for tests; every fact is certain and final unless the test says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import count
from typing import Any

from fhir_mappings.features.fields import Windows
from fhir_mappings.history import (
    Allergy,
    Diagnosis,
    DraftOrder,
    Drug,
    DrugRecord,
    Exposure,
    Gap,
    History,
    Observed,
    Occurrence,
    Patient,
    Plan,
    Report,
    Treatment,
    Unreadable,
    Value,
)
from fhir_mappings.partial_dates import PartialDate

TODAY = dt.date(2026, 11, 24)
WINDOWS = Windows(
    staging=42,
    signs=90,
    central_size=60,
    pregnancy=300,
    pregnancy_test=7,
    menopause_age=56,
    ecog_fresh=30,
    ecog_usable=90,
    creatinine_order=14,
    creatinine_overview=30,
    weight=30,
    blood_count=7,
    liver=14,
    blood_pressure=21,
    urine_protein=28,
    pelvic_rt_minimum_gy=20,
    persistent_months=6,
)

When = PartialDate | dt.date | str | int | None
"""A date as PartialDate, day, FHIR text (``2026-03``), days after (before, when negative) today, or none."""

_numbers = count(1)


def when(value: When) -> PartialDate | None:
    """The date meant."""
    if isinstance(value, PartialDate) or value is None:
        return value
    if isinstance(value, int):
        return PartialDate.on(TODAY + dt.timedelta(days=value))
    read = PartialDate.read(value)
    assert read is not None, value
    return read


def _reference(kind: str, given: str | None) -> str:
    return given or f"{kind}/{next(_numbers)}"


def _set(concepts: str | Iterable[str]) -> frozenset[str]:
    return frozenset({concepts} if isinstance(concepts, str) else concepts)


def diagnosis(
    concepts: str | Iterable[str],
    onset: When = None,
    *,
    recorded: When = None,
    abatement: When = None,
    sites: str | Iterable[str] = (),
    morphology: str | Iterable[str] = (),
    reference: str | None = None,
    **more: Any,
) -> Diagnosis:
    """A confirmed Condition."""
    return Diagnosis(
        reference=_reference("Condition", reference),
        concepts=_set(concepts),
        onset=when(onset),
        recorded=when(recorded),
        abatement=when(abatement),
        body_sites=_set(sites),
        morphology=_set(morphology),
        **more,
    )


def treatment(
    concepts: str | Iterable[str],
    start: When = None,
    end: When = None,
    *,
    sites: str | Iterable[str] = (),
    qualifiers: str | Iterable[str] = (),
    drugs: str | Iterable[str] = (),
    reasons: str | Iterable[str] = (),
    occurrence: Occurrence = Occurrence.DONE,
    recorded_site: bool | None = None,
    reference: str | None = None,
    **more: Any,
) -> Treatment:
    """A completed Procedure; ``end`` is ``start`` when not given."""
    return Treatment(
        reference=_reference("Procedure", reference),
        concepts=_set(concepts),
        start=when(start),
        end=when(start if end is None else end),
        body_sites=_set(sites),
        recorded_site=bool(_set(sites)) if recorded_site is None else recorded_site,
        qualifiers=_set(qualifiers),
        drugs=_set(drugs),
        reasons=_set(reasons),
        occurrence=occurrence,
        **more,
    )


def drug(
    concepts: str | Iterable[str],
    start: When = None,
    end: When = None,
    *,
    kind: DrugRecord = DrugRecord.ADMINISTRATION,
    exposure: Exposure = Exposure.GIVEN,
    reasons: str | Iterable[str] = (),
    reference: str | None = None,
    **more: Any,
) -> Drug:
    """A dose given on one day, or a record over a period."""
    if end is None and kind is DrugRecord.ADMINISTRATION:
        end = start
    return Drug(
        reference=_reference("MedicationAdministration", reference),
        concepts=_set(concepts),
        kind=kind,
        exposure=exposure,
        start=when(start),
        end=when(end),
        reasons=_set(reasons),
        **more,
    )


def observed(
    concepts: str | Iterable[str],
    value: Value | bool | float | str | Iterable[str] | None = None,
    date: When = None,
    *,
    sites: str | Iterable[str] = (),
    methods: str | Iterable[str] = (),
    unit: str = "",
    reference: str | None = None,
    **more: Any,
) -> Observed:
    """A final Observation; a bool, number, text token, or set of concepts becomes its value."""
    return Observed(
        reference=_reference("Observation", reference),
        concepts=_set(concepts),
        value=_value(value, unit),
        date=when(date),
        body_sites=_set(sites),
        methods=_set(methods),
        **more,
    )


def _value(value: Value | bool | float | str | Iterable[str] | None, unit: str) -> Value:
    if isinstance(value, Value):
        return value
    if value is None:
        return Value()
    if isinstance(value, bool):
        return Value(truth=value)
    if isinstance(value, int | float):
        return Value(number=float(value), unit=unit)
    if isinstance(value, str):
        return Value(token=value)
    return Value(concepts=frozenset(value))


def report(
    concepts: str | Iterable[str],
    date: When = None,
    *,
    conclusions: str | Iterable[str] = (),
    results: Iterable[str] = (),
    reference: str | None = None,
    **more: Any,
) -> Report:
    """A final DiagnosticReport or ImagingStudy."""
    return Report(
        reference=_reference("DiagnosticReport", reference),
        concepts=_set(concepts),
        date=when(date),
        conclusions=_set(conclusions),
        results=tuple(results),
        **more,
    )


def plan(concepts: str | Iterable[str], date: When = None, *, reference: str | None = None, **more: Any) -> Plan:
    """An active ServiceRequest."""
    return Plan(reference=_reference("ServiceRequest", reference), concepts=_set(concepts), date=when(date), **more)


_FIELDS: dict[type, str] = {
    Diagnosis: "diagnoses",
    Treatment: "treatments",
    Drug: "drugs",
    Observed: "observed",
    Report: "reports",
    Plan: "plans",
    Allergy: "allergies",
    DraftOrder: "drafts",
    Unreadable: "unreadable",
    Gap: "gaps",
}


def history(*facts: object, patient: Patient | None = None, **more: Any) -> History:
    """A history of these facts, each put into the field of its kind."""
    fields: dict[str, Any] = {}
    for fact in facts:
        name = _FIELDS[type(fact)]
        fields[name] = (*fields.get(name, ()), fact)
    return History(patient=patient, **fields, **more)
