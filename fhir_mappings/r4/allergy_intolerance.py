"""AllergyIntolerance -> Allergy."""

from __future__ import annotations

from typing import Any, Final

from fhir_mappings.history import Allergy, Verification
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.condition import status_codes
from fhir_mappings.r4.elements import choice_of_date, span
from fhir_mappings.r4.models import Invalid
from fhir_mappings.r4.source import EnteredInError, Read, Reader, Source

_ACTIVE: Final = {"active": True, "inactive": False, "resolved": False}
_SURE: Final = {
    "confirmed": Verification.CONFIRMED,
    "unconfirmed": Verification.POSSIBLE,
    "presumed": Verification.POSSIBLE,  # since R5
}


def _severe(allergy: Any) -> Tri:
    severities = [each.severity for each in allergy.reaction or ()]
    if "severe" in severities or allergy.criticality == "high":
        return Tri.YES
    mild = bool(severities) and all(each in {"mild", "moderate"} for each in severities)
    return Tri.NO if mild and allergy.criticality == "low" else Tri.UNKNOWN


def read(allergy: Any, source: Source) -> tuple[Read, ...]:
    """Read an allergy or intolerance; a refuted one says nothing."""
    verified = status_codes(allergy.verificationStatus)
    if "entered-in-error" in verified:
        raise EnteredInError
    if "refuted" in verified:
        return ()
    sure = {_SURE.get(word) for word in verified} or {Verification.CONFIRMED}
    active = {_ACTIVE.get(word) for word in status_codes(allergy.clinicalStatus)} or {True}
    if len(sure) != 1 or len(active) != 1 or None in sure or None in active:
        raise Invalid("its status is not known here")
    verification, is_active = sure.pop(), active.pop()
    onset = span(*choice_of_date(allergy, "onset", source.birth))
    severe = _severe(allergy)
    said = {Tri.YES: "severe reaction", Tri.NO: "mild or moderate reaction", Tri.UNKNOWN: "severity not known"}[severe]
    return (
        Allergy(
            **source.fact("allergy or intolerance", said, "" if is_active else "no longer active"),
            verification=verification or Verification.CONFIRMED,
            severe=severe,
            active=bool(is_active),
            date=onset or PartialDate.read(allergy.lastOccurrence) or PartialDate.read(allergy.recordedDate),
        ),
    )


READER: Final = Reader(
    elements=(
        *("patient", "code", "clinicalStatus", "verificationStatus", "criticality", "reaction"),
        *("onsetDateTime", "onsetAge", "onsetPeriod", "onsetRange", "onsetString", "lastOccurrence", "recordedDate"),
    ),
    read=read,
    # STU3 and DSTU2.
    foreign=("assertedDate", "status", "substance"),
)
