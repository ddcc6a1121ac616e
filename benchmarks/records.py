"""Requests to measure with: eight patients in three sizes, with and without cervical cancer, for two hooks.

The stories are those of the bundled sample patients. A record is cut down to the size wanted, the newest and the most
telling resources kept, or filled up with routine care of earlier years; every resource gets the frame that records of
real systems have around it (meta, identifier, encounter, narrative). The same arguments give the same bytes.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cds_service.demo.sample_patients import (
    SERVICE_OF_HOOK,
    SamplePatient,
    Trial,
    hook_request,
    load_patients,
    record_of,
)

Json = dict[str, Any]

ROTATION: Final = (
    *("central-irradiated", "pelvic-unirradiated", "sidewall-triad", "distant-cps-positive"),
    *("distant-cps-unknown", "second-line", "prior-immunotherapy", "cisplatin-unfit"),
)
"""The stories that end in full scope and are asked about in turn."""

KEYS: Final[Mapping[str, str]] = {
    "Condition": "conditions",
    "Procedure": "procedures",
    "MedicationStatement": "medicationStatements",
    "MedicationRequest": "medicationRequests",
    "MedicationAdministration": "medicationAdministrations",
    "Medication": "medicationAdministrations",
    "Observation": "observations",
    "DiagnosticReport": "diagnosticReports",
    "ServiceRequest": "serviceRequests",
    "AllergyIntolerance": "allergyIntolerances",
}
"""Resource type to prefetch key; other types are not prefetched. A Medication comes along with what points to it."""

_ROUTINE: Final = frozenset(
    {
        # vital signs
        *("85354-9", "8867-4", "9279-1", "8310-5", "2708-6", "59408-5", "8302-2", "39156-5", "29463-7"),
        # blood count, metabolic panel, lipids and their panels
        *("718-7", "6690-2", "751-8", "777-3", "2160-0", "2951-2", "2823-3", "1751-7", "1975-2", "1920-8", "1742-6"),
        *("2093-3", "2571-8", "2085-9", "2089-1", "13457-7", "18262-6", "58410-2", "24323-8", "57698-3", "24331-1"),
        *("51990-0", "24320-4"),
        # screening and lifestyle
        *("72166-2", "1989-3", "62292-8", "4548-4"),
    }
)
"""LOINC codes of everyday care: the first to be left out of a small record, the filling of a large one."""

_EVERYDAY: Final = frozenset({"hypertension", "hyperlipidaemia", "prediabetes", "rhinitis", "back pain"})
_LISTS: Final = frozenset({"Condition", "MedicationRequest", "MedicationStatement", "AllergyIntolerance"})
"""Types that problem and medication lists are made of: in every record, and not so few."""
_ORDER: Final = "central-irradiated-pelvic-radiotherapy.json"
_EARLIEST: Final = "1900"
_NARRATIVE: Final = "Recorded in routine care and reviewed by the treating team; see the structured elements. "


@dataclass(frozen=True, slots=True)
class Size:
    """How large a request is: resources in the prefetch, bytes of the body."""

    name: str
    resources: int
    bytes: int


SMALL: Final = Size("small", 27, 31_000)
MEDIUM: Final = Size("medium", 211, 243_000)
HUGE: Final = Size("huge", 2_000, 2_300_000)
SIZES: Final = (SMALL, MEDIUM, HUGE)


@dataclass(frozen=True, slots=True)
class Call:
    """One request: where to post it and what, and the token to show, if any."""

    path: str
    body: bytes
    token: str = ""


def calls(size: Size, *, cancer: bool, hook: str = "patient-view") -> tuple[Call, ...]:
    """One request for each of the eight patients.

    Args:
        size: of each request.
        cancer: whole stories; else everyday care alone, which is out of scope.
        hook: ``patient-view`` or ``order-sign``, the latter with a drafted course of radiotherapy.
    """
    patients = {patient.id: patient for patient in load_patients()}
    return tuple(_call(patients[name], size, cancer=cancer, hook=hook) for name in ROTATION)


def _call(patient: SamplePatient, size: Size, *, cancer: bool, hook: str) -> Call:
    trial = Trial(hook, "", () if hook == "patient-view" else (_ORDER,))
    body = hook_request(patient, trial, fhir_server=None, prefetch={})
    for entry in body["context"].get("draftOrders", {}).get("entry", ()):
        entry["resource"]["subject"] = {"reference": f"Patient/{patient.id}"}
    resources = _sized(record_of(patient), size.resources, cancer=cancer)
    spare = size.bytes - len(_encoded(body))
    _frame(resources, spare)
    body["prefetch"] = _prefetch(resources)
    return Call(f"/cds-services/{SERVICE_OF_HOOK[hook]}", _encoded(body))


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# --------------------------------------------------------------------------------------------- which resources


def _sized(record: Json, count: int, *, cancer: bool) -> list[Json]:
    """The Patient and ``count - 1`` further resources of a record."""
    resources = [entry["resource"] for entry in record["entry"]]
    patient = [each for each in resources if each["resourceType"] == "Patient"]
    kept = [each for each in resources if each["resourceType"] in KEYS]
    everyday = [each for each in kept if _is_everyday(each)]
    telling = [each for each in kept if not _is_everyday(each)] if cancer else []
    lists = [each for each in everyday if each["resourceType"] in _LISTS]
    lists += [_earlier(each, 1) for each in lists]
    others = sorted((each for each in everyday if each["resourceType"] not in _LISTS), key=_day, reverse=True)
    filling = lists + others if count > len(lists) + len(telling) + 1 else _mixed(lists, others)
    chosen = patient + sorted(telling, key=_rank) + filling
    generation = 1
    while len(chosen) < count:
        generation += 1
        chosen += [_earlier(each, generation) for each in everyday]
    return chosen[:count]


def _mixed(first: list[Json], second: list[Json]) -> list[Json]:
    """One of the first, then one of the second, and so on."""
    return [each for pair in zip(first, second, strict=False) for each in pair]


def _codes(resource: Json) -> set[str]:
    concepts = [resource.get("code") or {}, resource.get("medicationCodeableConcept") or {}]
    return {coding.get("code", "") for concept in concepts for coding in concept.get("coding", ())}


def _is_everyday(resource: Json) -> bool:
    kind = resource["resourceType"]
    if kind in ("Observation", "DiagnosticReport"):
        return bool(_codes(resource) & _ROUTINE)
    if kind == "Condition":
        text = resource["code"].get("text", "").lower()
        return resource.get("clinicalStatus", {}).get("coding", [{}])[0].get("code") == "resolved" or any(
            word in text for word in _EVERYDAY
        )
    if kind == "Procedure":
        return not resource.get("bodySite") and "usedReference" not in resource and "extension" not in resource
    return kind in ("MedicationRequest", "MedicationStatement", "AllergyIntolerance")


def _day(resource: Json) -> str:
    """The day of a resource as far as it says one, for sorting."""
    for name in ("effectiveDateTime", "onsetDateTime", "performedDateTime", "authoredOn", "recordedDate"):
        if isinstance(resource.get(name), str):
            return str(resource[name])
    for name in ("performedPeriod", "effectivePeriod"):
        if name in resource:
            return str(resource[name].get("start", _EARLIEST))
    return _EARLIEST


def _rank(resource: Json) -> tuple[int, str]:
    """Diagnoses and courses of treatment first, then the newest of the rest."""
    first = resource["resourceType"] in ("Condition", "Medication") or "performedPeriod" in resource
    newest_first = "".join(chr(ord("9") - ord(digit) + ord("0")) for digit in _day(resource)[:10] if digit.isdigit())
    return (0 if first else 1), newest_first


def _earlier(resource: Json, generation: int) -> Json:
    """The same resource as recorded some years before, under an id of its own."""
    copied = copy.deepcopy(resource)
    copied["id"] = f"{resource['id']}-{generation}"
    for name, value in copied.items():
        if name.endswith("DateTime") or name in ("recordedDate", "authoredOn", "issued"):
            copied[name] = _years_before(value, generation)
    return copied


def _years_before(day: Any, years: int) -> Any:
    if not isinstance(day, str) or not day[:4].isdigit():
        return day
    year = max(1950, int(day[:4]) - 4 * years)
    return f"{year}{day[4:].replace('-02-29', '-02-28')}"


# ------------------------------------------------------------------------------------------------- their frame


def _frame(resources: list[Json], size: int) -> None:
    """Give each resource what surrounds it in real systems, up to ``size`` bytes in all."""
    for number, resource in enumerate(resources):
        kind = resource["resourceType"]
        moment = (dt.datetime(2026, 11, 1, tzinfo=dt.UTC) - dt.timedelta(hours=7 * number)).isoformat()
        profile = f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"
        resource["meta"] = {"versionId": "1", "lastUpdated": moment, "profile": [profile]}
        if kind != "Patient":
            resource["identifier"] = [{"system": "https://records.example/items", "value": f"{kind}-{number:06d}"}]
            resource["encounter"] = {"reference": f"Encounter/{resource['id']}-visit"}
    spare = size - len(_encoded(_prefetch(resources)))
    if spare <= 0:
        return
    shell = len(_encoded({"text": {"status": "generated", "div": ""}}))
    for number, resource in enumerate(resources):
        share = spare // (len(resources) - number)
        spare -= share
        if share > shell:
            words = (_NARRATIVE * (1 + share // len(_NARRATIVE)))[: share - shell]
            resource["text"] = {"status": "generated", "div": f"<div>{words[11:]}</div>"}


def _prefetch(resources: Iterable[Json]) -> Json:
    bundles: dict[str, list[Json]] = {key: [] for key in KEYS.values()}
    prefetch: Json = {}
    for resource in resources:
        if resource["resourceType"] == "Patient":
            prefetch["patient"] = resource
        else:
            address = f"https://records.example/fhir/{resource['resourceType']}/{resource['id']}"
            mode = "include" if resource["resourceType"] == "Medication" else "match"
            entry = {"fullUrl": address, "resource": resource, "search": {"mode": mode}}
            bundles[KEYS[resource["resourceType"]]].append(entry)
    for key, entries in bundles.items():
        total = sum(entry["search"]["mode"] == "match" for entry in entries)
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": total}
        prefetch[key] = {**bundle, "entry": entries} if entries else bundle
    return prefetch


__all__ = ["HUGE", "MEDIUM", "SIZES", "SMALL", "Call", "Size", "calls"]
