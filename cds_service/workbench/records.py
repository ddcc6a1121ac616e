"""Somebody's own record: a pasted or chosen Bundle, cut into the prefetch of a hook call. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec

from cds_service import strict_json
from cds_service.errors import BadRequest, MalformedJson

KEY_OF_TYPE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Condition": "conditions",
        "Procedure": "procedures",
        "MedicationStatement": "medicationStatements",
        "MedicationRequest": "medicationRequests",
        "MedicationAdministration": "medicationAdministrations",
        "Observation": "observations",
        "DiagnosticReport": "diagnosticReports",
        "ServiceRequest": "serviceRequests",
        "AllergyIntolerance": "allergyIntolerances",
    }
)
"""Resource type -> prefetch key, besides the patient."""

_MEDICATION_USERS: Final = ("medicationStatements", "medicationRequests", "medicationAdministrations")
_ELEMENT: Final = "bundle"


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A record ready to be sent with a call.

    Attributes:
        patient_id: bare id of its one Patient.
        prefetch: every key of the services; None where the record holds nothing of the kind.
        used: how many resources are sent.
        left_out: how many are of types that no service asks for.
    """

    patient_id: str
    prefetch: dict[str, Any]
    used: int
    left_out: int


def split(content: bytes) -> OwnRecord:
    """Cut a record into the prefetch that an EHR would send.

    Args:
        content: JSON of a Bundle of any type, or of an array of resources. What is not in it counts as looked for and
            not found.

    Raises:
        BadRequest: it is not JSON, no Bundle, or does not hold exactly one Patient with an id.
    """
    entries = _entries(content)
    patients = [entry for entry in entries if _type(entry) == "Patient" and _id(entry)]
    if not patients:
        raise BadRequest("It holds no Patient with an id", _ELEMENT)
    if len({_id(patient) for patient in patients}) > 1:
        raise BadRequest(f"It holds {len(patients)} patients; the workbench shows one at a time", _ELEMENT)
    sorted_out: dict[str, list[dict[str, Any]]] = {key: [] for key in KEY_OF_TYPE.values()}
    medications = []
    left_out = 0
    for entry in entries:
        kind = _type(entry)
        if kind in KEY_OF_TYPE:
            sorted_out[KEY_OF_TYPE[kind]].append(entry)
        elif kind == "Medication":
            medications.append({**entry, "search": {"mode": "include"}})
        elif kind != "Patient":
            left_out += 1
    used = 1 + len(medications) + sum(map(len, sorted_out.values()))
    for key in _MEDICATION_USERS:
        if sorted_out[key]:
            sorted_out[key] += medications
    prefetch: dict[str, Any] = {"patient": _patient(patients[0])}
    prefetch |= {key: _searchset(found) if found else None for key, found in sorted_out.items()}
    return OwnRecord(_id(patients[0]), prefetch, used, left_out)


def _entries(content: bytes) -> list[dict[str, Any]]:
    """Entries with a resource, as ``{"resource": ..., "fullUrl": ...}``."""
    try:
        strict_json.check(content)
        decoded = msgspec.json.decode(content)
    except MalformedJson as fault:
        raise BadRequest(f"It is not usable JSON: {fault}", _ELEMENT) from None
    except (msgspec.DecodeError, RecursionError):
        raise BadRequest("It is not well-formed JSON", _ELEMENT) from None
    if isinstance(decoded, list):
        found = [{"resource": each} for each in decoded]
    elif isinstance(decoded, dict) and decoded.get("resourceType") == "Bundle":
        listed = decoded.get("entry")
        found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    elif isinstance(decoded, dict) and decoded.get("resourceType"):
        raise BadRequest("It is a single resource, not a Bundle with the patient's record", _ELEMENT)
    else:
        raise BadRequest("It is not a FHIR Bundle", _ELEMENT)
    kept = ("fullUrl", "resource")
    return [
        {name: entry[name] for name in kept if name in entry}
        for entry in found
        if isinstance(entry.get("resource"), dict)
    ]


def _type(entry: Mapping[str, Any]) -> str:
    return str(entry["resource"].get("resourceType", ""))


def _id(entry: Mapping[str, Any]) -> str:
    found = entry["resource"].get("id")
    return found if isinstance(found, str) else ""


def _patient(entry: dict[str, Any]) -> dict[str, Any]:
    """The Patient; with its full URL where the record refers to it by urn."""
    resource: dict[str, Any] = entry["resource"]
    named = str(entry.get("fullUrl", "")).startswith("urn:")
    return _searchset([entry]) if named else resource


def _searchset(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}
