"""FHIR STU3: where its elements stand, seen from R4.

Statuses that R4 made CodeableConcepts are plain codes; that something did not happen stands beside the status
(``notDone``, ``notGiven``, ``taken``); a ServiceRequest is a ProcedureRequest or a ReferralRequest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from fhir_mappings.history import History
from fhir_mappings.r4 import READERS as R4
from fhir_mappings.r4 import reading
from fhir_mappings.r4.models import Models, Places, Seen
from fhir_mappings.r4.source import Form, Reader
from fhir_mappings.record import Record
from fhir_mappings.stu3 import shapes


class _Word(NamedTuple):
    """A CodeableConcept of text alone."""

    text: str
    coding: None = None


def _word(code: str | None) -> _Word | None:
    return None if code is None else _Word(code)


def _nothing(_model: Any) -> None:
    """What STU3 does not have."""


_EVENTS: Final[Mapping[str, str]] = MappingProxyType({"suspended": "on-hold", "aborted": "stopped"})
"""event-status (STU3) -> R4's word, where they differ."""
_REQUESTS: Final[Mapping[str, str]] = MappingProxyType({"suspended": "on-hold", "cancelled": "revoked"})
"""request-status (STU3) -> R4's word, where they differ."""
_TAKEN: Final[Mapping[str, str]] = MappingProxyType({"n": "not-taken", "unk": "unknown", "na": "unknown"})
"""medication-statement-taken (STU3) -> R4's status of a statement, where it overrides the status."""


def _unless(flag: str, status: str) -> Any:
    """The status, or R4's ``not-done`` where the flag is set; entered-in-error stays."""

    def said(model: Any) -> str | None:
        word: str | None = getattr(model, status)
        if getattr(model, flag) and word != "entered-in-error":
            return "not-done"
        return _EVENTS.get(word or "", word)

    return said


def _statement_status(statement: Any) -> str | None:
    status: str | None = statement.status
    return status if status == "entered-in-error" else _TAKEN.get(statement.taken, status)


def _dosages(name: str) -> Any:
    return lambda model: [Seen(each, _DOSAGE) for each in getattr(model, name) or ()]


def _interpreted(part: Any) -> list[Any]:
    return [part.interpretation] if part.interpretation is not None else []


# The dose stands in the Dosage itself.
_DOSAGE: Final[Places] = {"doseAndRate": lambda dosage: (dosage,)}
_VALUE: Final[Places] = {"valueInteger": _nothing, "interpretation": _interpreted}
_COMPONENT: Final[Places] = {**_VALUE, "valueBoolean": _nothing}
_REQUEST: Final[Places] = {
    "status": lambda request: _REQUESTS.get(request.status, request.status),
    "orderDetail": _nothing,
}
_PLACES: Final[Mapping[str, Places]] = MappingProxyType(
    {
        "Dosage": _DOSAGE,
        "Condition": {
            "clinicalStatus": lambda condition: _word(condition.clinicalStatus),
            "verificationStatus": lambda condition: _word(
                "unconfirmed" if condition.verificationStatus == "unknown" else condition.verificationStatus
            ),
            "recordedDate": "assertedDate",
        },
        "Procedure": {"status": _unless("notDone", "status")},
        "MedicationStatement": {"status": _statement_status, "dosage": _dosages("dosage")},
        "MedicationAdministration": {"status": _unless("notGiven", "status")},
        "MedicationRequest": {"doNotPerform": _nothing, "dosageInstruction": _dosages("dosageInstruction")},
        "Observation": {
            **_VALUE,
            "focus": _nothing,
            "component": lambda observation: [Seen(each, _COMPONENT) for each in observation.component or ()],
        },
        "DiagnosticReport": {"conclusionCode": "codedDiagnosis"},
        # A study on record was made; whether its pictures can be had now does not matter.
        "ImagingStudy": {"status": lambda _study: "available"},
        "ProcedureRequest": _REQUEST,
        "ReferralRequest": {**_REQUEST, "doNotPerform": _nothing, "bodySite": _nothing, "category": _nothing},
        "AllergyIntolerance": {
            "clinicalStatus": lambda allergy: _word(allergy.clinicalStatus),
            "verificationStatus": lambda allergy: _word(allergy.verificationStatus),
            "recordedDate": "assertedDate",
        },
    }
)


def _with(resource_type: str, *elements: str, without: tuple[str, ...] = ()) -> Reader:
    """R4's reader with some elements more and some fewer."""
    reader = R4[resource_type]
    kept = tuple(name for name in reader.elements if name not in without)
    return replace(reader, elements=(*kept, *elements), foreign=without)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        **{name: _with(name) for name in R4 if name != "ServiceRequest"},
        "Condition": _with("Condition", "assertedDate", without=("recordedDate",)),
        "Procedure": _with("Procedure", "notDone", without=("performedString", "performedAge", "performedRange")),
        "MedicationStatement": _with("MedicationStatement", "taken"),
        "MedicationAdministration": _with("MedicationAdministration", "notGiven"),
        "MedicationRequest": _with("MedicationRequest", without=("doNotPerform",)),
        "Observation": _with("Observation", without=("valueInteger", "focus", "effectiveInstant")),
        "DiagnosticReport": _with("DiagnosticReport", "codedDiagnosis", without=("conclusionCode",)),
        "ImagingStudy": _with("ImagingStudy", "patient", "uid", without=("subject", "status")),
        "ProcedureRequest": _with("ServiceRequest", without=("orderDetail",)),
        "ReferralRequest": _with(
            "ServiceRequest", without=("orderDetail", "code", "category", "doNotPerform", "bodySite")
        ),
        "AllergyIntolerance": _with("AllergyIntolerance", "assertedDate", without=("recordedDate",)),
    }
)
"""Resource type -> how it is read."""

FORM: Final = Form(models=Models("STU3", "fhir.resources.STU3", _PLACES), shapes=shapes.STU3, readers=READERS)


def read(record: Record) -> History:
    """Read one call's FHIR STU3 data; see :func:`fhir_mappings.r4.reading.read`."""
    return reading.read(record, FORM)


__all__ = ["FORM", "READERS", "read"]
