"""MedicationStatement, MedicationAdministration and MedicationRequest -> Drug."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import Concepts, Drug, DrugRecord, Exposure
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.elements import (
    choice_of_date,
    concepts_over,
    dose,
    doses,
    references,
    route,
    treatment_intent,
)
from fhir_mappings.r4.models import Invalid
from fhir_mappings.r4.source import Read, Reader, Source, status_word

_Taken = tuple[Exposure, Tri]
"""Whether it reached the patient, and whether it is said to be taken now."""

_STATEMENT: Final[Mapping[str, _Taken]] = MappingProxyType(
    {
        "active": (Exposure.GIVEN, Tri.YES),
        "completed": (Exposure.GIVEN, Tri.NO),
        "stopped": (Exposure.GIVEN, Tri.NO),
        "on-hold": (Exposure.POSSIBLE, Tri.NO),
        "unknown": (Exposure.POSSIBLE, Tri.UNKNOWN),
        "intended": (Exposure.PLANNED, Tri.NO),
        "not-taken": (Exposure.NOT_TAKEN, Tri.NO),
    }
)
_ADMINISTRATION: Final[Mapping[str, _Taken]] = MappingProxyType(
    {
        "in-progress": (Exposure.GIVEN, Tri.YES),
        "completed": (Exposure.GIVEN, Tri.NO),
        "stopped": (Exposure.GIVEN, Tri.NO),
        "on-hold": (Exposure.POSSIBLE, Tri.NO),
        "unknown": (Exposure.POSSIBLE, Tri.UNKNOWN),
        "not-done": (Exposure.NOT_TAKEN, Tri.NO),
    }
)
_REQUEST: Final[Mapping[str, _Taken]] = MappingProxyType(
    {
        "active": (Exposure.POSSIBLE, Tri.UNKNOWN),
        "on-hold": (Exposure.POSSIBLE, Tri.NO),
        "completed": (Exposure.POSSIBLE, Tri.NO),
        "stopped": (Exposure.POSSIBLE, Tri.NO),
        "unknown": (Exposure.POSSIBLE, Tri.UNKNOWN),
        "draft": (Exposure.PLANNED, Tri.NO),
        # Withdrawn before anything was given (FHIR R4, medicationrequest-status).
        "cancelled": (Exposure.NOT_TAKEN, Tri.NO),
    }
)
_ORDERED: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "order": True,
        "original-order": True,
        "reflex-order": True,
        "filler-order": True,
        "instance-order": True,
        "proposal": False,
        "plan": False,
        "option": False,
    }
)
_WORDS: Final[Mapping[tuple[DrugRecord, Exposure], str]] = MappingProxyType(
    {
        (DrugRecord.STATEMENT, Exposure.GIVEN): "reported as taken",
        (DrugRecord.STATEMENT, Exposure.POSSIBLE): "may have been taken",
        (DrugRecord.STATEMENT, Exposure.PLANNED): "intended",
        (DrugRecord.STATEMENT, Exposure.NOT_TAKEN): "not taken",
        (DrugRecord.ADMINISTRATION, Exposure.GIVEN): "given",
        (DrugRecord.ADMINISTRATION, Exposure.POSSIBLE): "may have been given",
        (DrugRecord.ADMINISTRATION, Exposure.NOT_TAKEN): "not given",
        (DrugRecord.REQUEST, Exposure.POSSIBLE): "ordered",
        (DrugRecord.REQUEST, Exposure.PLANNED): "planned",
        (DrugRecord.REQUEST, Exposure.NOT_TAKEN): "order cancelled",
    }
)


def _reasons(resource: Any, source: Source) -> Concepts:
    return concepts_over(resource.reasonCode) | source.lookup.conditions(references(resource.reasonReference))


def read_statement(statement: Any, source: Source) -> tuple[Read, ...]:
    """Read a MedicationStatement; the dose is told when the record names one only."""
    exposure, current = status_word(statement.status, _STATEMENT)
    start, end = choice_of_date(statement, "effective", source.birth)
    amounts = doses(statement.dosage)
    return (
        Drug(
            **source.fact(_WORDS[DrugRecord.STATEMENT, exposure]),
            kind=DrugRecord.STATEMENT,
            exposure=exposure,
            start=start,
            end=end,
            current=current,
            route=route(each.route for each in statement.dosage or () if each.route is not None),
            dose=amounts[0] if len(amounts) == 1 else None,
            intent=treatment_intent(statement),
            reasons=_reasons(statement, source),
        ),
    )


def read_administration(administration: Any, source: Source) -> tuple[Read, ...]:
    """Read a MedicationAdministration."""
    exposure, current = status_word(administration.status, _ADMINISTRATION)
    start, end = choice_of_date(administration, "effective", source.birth)
    dosage = administration.dosage
    return (
        Drug(
            **source.fact(_WORDS[DrugRecord.ADMINISTRATION, exposure]),
            kind=DrugRecord.ADMINISTRATION,
            exposure=exposure,
            start=start,
            end=end,
            current=current,
            route=route([dosage.route] if dosage is not None and dosage.route is not None else []),
            dose=dose(dosage.dose) if dosage is not None else None,
            intent=treatment_intent(administration),
            reasons=_reasons(administration, source),
        ),
    )


def read_request(request: Any, source: Source) -> tuple[Read, ...]:
    """Read a MedicationRequest on record: at most possible exposure. One that forbids the drug says nothing."""
    if request.doNotPerform:
        return ()
    exposure, current = status_word(request.status, _REQUEST)
    if request.intent not in _ORDERED:
        raise Invalid("its intent is not known here")
    if exposure is Exposure.POSSIBLE and not _ORDERED[request.intent]:
        exposure, current = Exposure.PLANNED, Tri.NO
    amounts = doses(request.dosageInstruction)
    return (
        Drug(
            **source.fact(_WORDS[DrugRecord.REQUEST, exposure]),
            kind=DrugRecord.REQUEST,
            exposure=exposure,
            start=PartialDate.read(request.authoredOn),
            current=current,
            route=route(each.route for each in request.dosageInstruction or () if each.route is not None),
            dose=amounts[0] if len(amounts) == 1 else None,
            intent=treatment_intent(request),
            reasons=_reasons(request, source),
        ),
    )


_NAMED: Final = (
    *("subject", "status", "medicationCodeableConcept", "medicationReference", "extension"),
    *("reasonCode", "reasonReference"),
)

STATEMENT: Final = Reader(
    elements=(*_NAMED, "effectiveDateTime", "effectivePeriod", "dosage"),
    read=read_statement,
    # R5 medication; STU3 and DSTU2 negations.
    foreign=("medication", "taken", "wasNotTaken"),
)
ADMINISTRATION: Final = Reader(
    elements=(*_NAMED, "effectiveDateTime", "effectivePeriod", "dosage"),
    read=read_administration,
    foreign=("medication", "occurenceDateTime", "notGiven", "wasNotGiven"),
)
REQUEST: Final = Reader(
    elements=(*_NAMED, "intent", "authoredOn", "doNotPerform", "dosageInstruction"),
    read=read_request,
    foreign=("medication",),
)
