"""Procedure -> Treatment; in preparation or on hold, a Plan as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import Concepts, Occurrence, Plan, Treatment
from fhir_mappings.r4 import shapes
from fhir_mappings.r4.elements import (
    choice_of_date,
    coded_extensions,
    concepts_in,
    concepts_over,
    extensions,
    gray,
    priority,
    references,
    sites_of,
    span,
    treatment_intent,
)
from fhir_mappings.r4.known_names import (
    DOSE_TO_VOLUME,
    LOCATION_QUALIFIER,
    MODALITY,
    MODALITY_AND_TECHNIQUE,
    TECHNIQUE,
    TOTAL_DOSE,
    VOLUME,
)
from fhir_mappings.r4.source import Read, Reader, Source, status_word

_STATUSES: Final[Mapping[str, Occurrence]] = MappingProxyType(
    {
        "completed": Occurrence.DONE,
        "in-progress": Occurrence.UNDER_WAY,
        "stopped": Occurrence.STOPPED,
        "preparation": Occurrence.PLANNED,
        "on-hold": Occurrence.PLANNED,
        "not-done": Occurrence.NOT_DONE,
        "unknown": Occurrence.UNKNOWN,
    }
)
_WORDS: Final[Mapping[Occurrence, str]] = MappingProxyType(
    {
        Occurrence.DONE: "completed",
        Occurrence.UNDER_WAY: "under way",
        Occurrence.STOPPED: "stopped early",
        Occurrence.PLANNED: "planned",
        Occurrence.NOT_DONE: "not done",
        Occurrence.UNKNOWN: "status unknown",
    }
)


def technique(resource: Any) -> Concepts:
    """Concepts of modality and technique by the mCODE extension (also those standing alone, as older data has it)."""
    found = coded_extensions(resource, MODALITY, TECHNIQUE)
    for each in extensions(resource, MODALITY_AND_TECHNIQUE):
        found |= coded_extensions(each, MODALITY, TECHNIQUE)
    return found


def _volumes(procedure: Any, source: Source) -> Iterator[tuple[shapes.BodyStructure | None, float | None]]:
    """Each treated volume, as far as it is at hand, with the dose delivered to it in Gy."""
    for each in extensions(procedure, DOSE_TO_VOLUME):
        volume = next((part.valueReference for part in extensions(each, VOLUME) if part.valueReference), None)
        doses = [gray(part.valueQuantity) for part in extensions(each, TOTAL_DOSE)]
        found = source.lookup.volume(volume.reference, source.contained) if volume is not None else None
        yield found, max((dose for dose in doses if dose is not None), default=None)


def _drugs(procedure: Any, source: Source) -> Concepts:
    used = concepts_over(procedure.usedCode)
    for reference in references(procedure.usedReference):
        medication = source.lookup.medication(reference, source.contained)
        if medication is not None:
            used |= concepts_in(medication.code)
            used |= concepts_over(part.item_codeable_concept for part in filter(None, medication.ingredient or ()))
    return used


def read(procedure: Any, source: Source) -> tuple[Read, ...]:
    """Read a procedure: dose is that of the volume that got most; a medication used counts by its codes only."""
    occurrence = status_word(procedure.status, _STATUSES)
    volumes = list(_volumes(procedure, source))
    sites = [*(procedure.bodySite or ()), *(volume.location for volume, _ in volumes if volume and volume.location)]
    body_sites = sites_of(sites)
    for site in procedure.bodySite or ():
        body_sites |= coded_extensions(site, LOCATION_QUALIFIER)
    dose = max((dose for _, dose in volumes if dose is not None), default=None)
    category = concepts_in(procedure.category)
    qualifiers = technique(procedure) | category
    start, end = choice_of_date(procedure, "performed", source.birth)
    drugs = _drugs(procedure, source)
    urgency = priority(None, qualifiers, source.meaning.concepts)
    intent = treatment_intent(procedure)
    common = source.fact(
        "" if dose is None else f"{dose:g} Gy",
        _WORDS[occurrence],
        sites=body_sites | (technique(procedure) - source.meaning.concepts),
    )
    treatment = Treatment(
        **common,
        occurrence=occurrence,
        start=start,
        end=end,
        body_sites=body_sites,
        recorded_site=bool(sites) or bool(volumes),
        qualifiers=qualifiers,
        drugs=drugs,
        reasons=concepts_over(procedure.reasonCode) | source.lookup.conditions(references(procedure.reasonReference)),
        dose_gy=dose,
        intent=intent,
        priority=urgency,
    )
    if occurrence is not Occurrence.PLANNED:
        return (treatment,)
    return treatment, Plan(
        **common, date=span(start, end), active=True, priority=urgency, body_sites=body_sites, intent=intent
    )


READER: Final = Reader(
    elements=(
        *("subject", "status", "code", "category", "bodySite", "extension"),
        *("performedDateTime", "performedPeriod", "performedString", "performedAge", "performedRange"),
        *("usedReference", "usedCode", "reasonCode", "reasonReference"),
    ),
    read=read,
    # R5 dates; STU3 and DSTU2 negations.
    foreign=("occurrenceDateTime", "occurrencePeriod", "notDone", "notPerformed"),
)
