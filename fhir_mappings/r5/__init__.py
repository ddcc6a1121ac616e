"""FHIR R5: where its elements stand, seen from R4.

What R4 split into a code and a reference is one CodeableReference; a MedicationStatement says whether the drug was
taken by ``adherence`` (its status is that of the record); a MedicationAdministration has ``occurence[x]``, spelt so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import History
from fhir_mappings.r4 import READERS as R4
from fhir_mappings.r4 import reading
from fhir_mappings.r4.elements import codes
from fhir_mappings.r4.models import Models, Places
from fhir_mappings.r4.source import Form, Reader
from fhir_mappings.r5 import shapes
from fhir_mappings.record import Record


def _concepts(several: Iterable[Any] | None) -> list[Any]:
    return [each.concept for each in several or () if each.concept is not None]


def _pointers(several: Iterable[Any] | None) -> list[Any]:
    return [each.reference for each in several or () if each.reference is not None]


class _Merged:
    """One CodeableConcept of the codings of several."""

    def __init__(self, concepts: Iterable[Any] | None) -> None:
        self.coding = [coding for each in concepts or () for coding in each.coding or ()]
        self.text = None


_ADHERENCE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "taking": "active",
        "taking-as-directed": "active",
        "taking-not-as-directed": "active",
        "not-taking": "not-taken",
        "on-hold": "on-hold",
        "on-hold-as-directed": "on-hold",
        "on-hold-not-as-directed": "on-hold",
        "stopped": "stopped",
        "stopped-as-directed": "stopped",
        "stopped-not-as-directed": "stopped",
        "unknown": "unknown",
    }
)
"""medication-statement-adherence (R5) -> R4's status of a statement."""


def _taken(statement: Any) -> str | None:
    """R4's status: by adherence when the record is final; a record that does not say is of unknown status."""
    if statement.status not in ("recorded", "draft"):
        return "entered-in-error" if statement.status == "entered-in-error" else None
    said = {code for _, code in codes(statement.adherence.code)} if statement.adherence is not None else set()
    meant = {_ADHERENCE.get(code) for code in said} or {"unknown"}
    return meant.pop() if len(meant) == 1 else None


_REASONS: Final[Places] = {
    "reasonCode": lambda model: _concepts(model.reason),
    "reasonReference": lambda model: _pointers(model.reason),
}
_PLACES: Final[Mapping[str, Places]] = MappingProxyType(
    {
        "Procedure": {
            **{f"performed{kind}": f"occurrence{kind}" for kind in ("DateTime", "Period", "String", "Age", "Range")},
            **_REASONS,
            "category": lambda procedure: _Merged(procedure.category),
            "usedCode": lambda procedure: _concepts(procedure.used),
            "usedReference": lambda procedure: _pointers(procedure.used),
        },
        "MedicationStatement": {**_REASONS, "status": _taken},
        "MedicationAdministration": {
            **_REASONS,
            "effectiveDateTime": "occurenceDateTime",
            "effectivePeriod": "occurencePeriod",
        },
        "MedicationRequest": {
            **_REASONS,
            "status": lambda request: "completed" if request.status == "ended" else request.status,
        },
        "DiagnosticReport": {
            "status": lambda report: "preliminary" if report.status == "modified" else report.status,
        },
        "ServiceRequest": {
            "orderDetail": lambda request: [
                parameter.valueCodeableConcept
                for detail in request.orderDetail or ()
                for parameter in detail.parameter or ()
                if parameter.valueCodeableConcept is not None
            ],
        },
    }
)


_OF_R4: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Procedure": ("performedDateTime", "performedPeriod", "usedCode", "usedReference"),
        "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
    }
)
"""Elements of R4 that would change the meaning if passed over."""


def _with(resource_type: str, *elements: str) -> Reader:
    """R4's reader with these elements instead of those that R5 does not have."""
    reader = R4[resource_type]
    gone = ("performed", "used", "reason", "medication", "procedureCode")
    kept = tuple(name for name in reader.elements if not name.startswith(gone))
    return replace(reader, elements=(*kept, *elements), foreign=_OF_R4.get(resource_type, ()))


_OCCURRENCES: Final = tuple(f"occurrence{kind}" for kind in ("DateTime", "Period", "String", "Age", "Range"))

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        **{name: _with(name) for name in R4},
        "Procedure": _with("Procedure", *_OCCURRENCES, "used", "reason"),
        "MedicationStatement": _with("MedicationStatement", "medication", "reason", "adherence"),
        "MedicationAdministration": _with(
            "MedicationAdministration", "medication", "reason", "occurenceDateTime", "occurencePeriod"
        ),
        "MedicationRequest": _with("MedicationRequest", "medication", "reason"),
        "QuestionnaireResponse": _with("QuestionnaireResponse", "questionnaire"),
    }
)
"""Resource type -> how it is read."""


def _draft(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A draft with R4's names at its top level."""
    found = dict(content)
    reasons = [each for each in _list(found.pop("reason", None)) if isinstance(each, dict)]
    found["reasonCode"] = [each["concept"] for each in reasons if "concept" in each]
    found["reasonReference"] = [each["reference"] for each in reasons if "reference" in each]
    details = [each for each in _list(found.get("orderDetail")) if isinstance(each, dict)]
    found["orderDetail"] = [
        parameter["valueCodeableConcept"]
        for detail in details
        for parameter in _list(detail.get("parameter"))
        if isinstance(parameter, dict) and "valueCodeableConcept" in parameter
    ]
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


FORM: Final = Form(models=Models("R5", "fhir.resources", _PLACES), shapes=shapes.R5, readers=READERS, draft=_draft)


def read(record: Record) -> History:
    """Read one call's FHIR R5 data; see :func:`fhir_mappings.r4.reading.read`."""
    return reading.read(record, FORM)


__all__ = ["FORM", "READERS", "read"]
