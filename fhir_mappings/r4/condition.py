"""Condition -> Diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import ClinicalStatus, Diagnosis, Verification
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.elements import choice_of_date, coded_extensions, codes, extensions, laterality, sites_of, span
from fhir_mappings.r4.known_names import ASSERTED, CTCAE_GRADE, LOCATION_QUALIFIER, MORPHOLOGY
from fhir_mappings.r4.models import Invalid
from fhir_mappings.r4.source import Read, Reader, Source

_VERIFICATIONS: Final[Mapping[str, Verification]] = MappingProxyType(
    {
        "confirmed": Verification.CONFIRMED,
        "unconfirmed": Verification.POSSIBLE,
        "provisional": Verification.POSSIBLE,
        "differential": Verification.POSSIBLE,
        # Disowned, whatever it was: the word below is never looked at.
        "refuted": Verification.POSSIBLE,
        "entered-in-error": Verification.POSSIBLE,
    }
)
_DISOWNED: Final = frozenset({"refuted", "entered-in-error"})
_CLINICAL: Final = MappingProxyType({each.value: each for each in ClinicalStatus if each is not ClinicalStatus.UNKNOWN})


_HL7: Final = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")


def status_codes(concept: Any) -> set[str]:
    """The status words of a CodeableConcept: its codes by HL7, else any, else its text.

    Beside HL7's code, German registries say in codes of their own how a diagnosis was confirmed.
    """
    said = list(codes(concept))
    found = {code for system, code in said if system.startswith(_HL7)} or {code for _, code in said}
    return found or ({concept.text.strip().lower()} if concept is not None and concept.text else set())


def verification(concept: Any) -> tuple[Verification, bool]:
    """How sure, and whether disowned; confirmed when not said (decision model, rule 4).

    Raises:
        Invalid: a word that FHIR R4 does not have, or words that differ in what they say.
    """
    said = status_codes(concept)
    if said & _DISOWNED:
        return Verification.POSSIBLE, True
    meant = {_VERIFICATIONS.get(word) for word in said} or {Verification.CONFIRMED}
    first = meant.pop()
    if first is None or meant:
        raise Invalid("its verification status is not known here")
    return first, False


def _clinical(concept: Any) -> ClinicalStatus:
    said = {_CLINICAL[word] for word in status_codes(concept) if word in _CLINICAL}
    return said.pop() if len(said) == 1 else ClinicalStatus.UNKNOWN


def _grade(condition: Any) -> int | None:
    """CTCAE grade by the CTCAE extension, or by a severity coded in a CTCAE system; mild or severe is no grade."""
    coded = [pair for each in extensions(condition, CTCAE_GRADE) for pair in codes(each.valueCodeableConcept)]
    coded += [pair for pair in codes(condition.severity) if "ctcae" in pair[0].lower()]
    grades = {int(code) for _, code in coded if code in {"0", "1", "2", "3", "4", "5"}}
    grades |= {each.valueInteger for each in extensions(condition, CTCAE_GRADE) if each.valueInteger in range(6)}
    return max(grades) if grades else None


def _asserted(condition: Any) -> PartialDate | None:
    """When the diagnosis was made, as mCODE and the German registries say it; nearer to it than the entry's date."""
    dates = [PartialDate.read(each.valueDateTime) for each in extensions(condition, ASSERTED)]
    return next((date for date in dates if date is not None), None)


def read(condition: Any, source: Source) -> tuple[Read, ...]:
    """Read a condition; refuted and entered-in-error ones too, as disowned (scope row G1)."""
    sure, disowned = verification(condition.verificationStatus)
    clinical = _clinical(condition.clinicalStatus)
    sites = condition.bodySite or []
    body_sites = sites_of(sites)
    for site in sites:
        body_sites |= coded_extensions(site, LOCATION_QUALIFIER)
    words = (
        "" if clinical is ClinicalStatus.UNKNOWN else clinical.value,
        "refuted or entered in error" if disowned else "",
        "not confirmed" if sure is Verification.POSSIBLE and not disowned else "",
    )
    return (
        Diagnosis(
            **source.fact(*words, sites=body_sites),
            verification=sure,
            disowned=disowned,
            clinical=clinical,
            onset=span(*choice_of_date(condition, "onset", source.birth)),
            recorded=_asserted(condition) or PartialDate.read(condition.recordedDate),
            abatement=span(*choice_of_date(condition, "abatement", source.birth)),
            body_sites=body_sites,
            morphology=coded_extensions(condition, *MORPHOLOGY),
            laterality=laterality(sites),
            grade=_grade(condition),
        ),
    )


READER: Final = Reader(
    elements=(
        *("subject", "code", "clinicalStatus", "verificationStatus", "severity", "bodySite", "extension"),
        *("onsetDateTime", "onsetAge", "onsetPeriod", "onsetRange", "onsetString", "recordedDate"),
        *("abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString"),
    ),
    read=read,
    # STU3 and DSTU2 names; abatementBoolean says that it is over.
    foreign=("assertedDate", "dateRecorded", "abatementBoolean", "patient"),
)
