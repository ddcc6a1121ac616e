"""Short builders of FHIR R4 JSON for tests and vignettes, and of the Record that carries it.

A code may be given as a concept id of the value sets (``"cervical-squamous-cell-carcinoma"``: its first code is used),
as a CodeableConcept built by :func:`codeable`, or as plain text by :func:`codeable` with ``text`` alone. Every builder
takes further elements by their FHIR name; ``None`` removes a default.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from fhir_mappings import versions
from fhir_mappings.history import History
from fhir_mappings.record import Obtained, Record, State
from fhir_mappings.value_sets import CONCEPTS
from fhir_mappings.value_sets.systems import RECURRENCE_FINDINGS, SNOMED

Json = dict[str, Any]
Code = str | Mapping[str, Any]

PATIENT_ID = "p1"
BASE_URL = "https://ehr.example.org/fhir/"
SUBJECT = {"reference": f"Patient/{PATIENT_ID}"}

KEY_OF_TYPE = {
    "Patient": "patient",
    "Condition": "conditions",
    "Procedure": "procedures",
    "MedicationStatement": "medicationStatements",
    "MedicationRequest": "medicationRequests",
    "MedicationAdministration": "medicationAdministrations",
    "Observation": "observations",
    "DiagnosticReport": "diagnosticReports",
    "ImagingStudy": "imagingStudies",
    "ServiceRequest": "serviceRequests",
    "Appointment": "appointments",
    "AllergyIntolerance": "allergyIntolerances",
    "QuestionnaireResponse": "questionnaireResponses",
    "Medication": "medications",
    "BodyStructure": "bodyStructures",
    # STU3
    "ProcedureRequest": "serviceRequests",
    "ReferralRequest": "serviceRequests",
    "BodySite": "bodyStructures",
}
"""Resource type -> the prefetch key under which :func:`a_record` puts it."""

_numbers = count(1)


def coding(system: str, code: str, display: str | None = None) -> Json:
    """A Coding."""
    return {"system": system, "code": code, **({} if display is None else {"display": display})}


def codeable(*codings: Json, text: str | None = None) -> Json:
    """A CodeableConcept of codings, of text, or of both."""
    return {**({"coding": list(codings)} if codings else {}), **({} if text is None else {"text": text})}


def coded(code: Code) -> Json:
    """A CodeableConcept: the first code of a concept id, or what is given."""
    if isinstance(code, str):
        row = CONCEPTS[code].rows[0]
        return codeable(coding(row.system, row.code))
    return dict(code)


def snomed(code: str) -> Json:
    """A CodeableConcept of one SNOMED CT code."""
    return codeable(coding(SNOMED, code))


def quantity(value: float, unit: str, comparator: str | None = None) -> Json:
    """A Quantity in UCUM."""
    found: Json = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {**found, **({} if comparator is None else {"comparator": comparator})}


def _resource(resource_type: str, defaults: Json, more: Mapping[str, Any]) -> Json:
    made = {"resourceType": resource_type, "id": f"{resource_type.lower()}-{next(_numbers)}", **defaults, **more}
    return {name: value for name, value in made.items() if value is not None}


def _status(word: str, system: str) -> Json:
    return codeable(coding(f"http://terminology.hl7.org/CodeSystem/{system}", word))


def a_patient(**more: Any) -> Json:
    """A living woman born on 1970-05-01."""
    return _resource("Patient", {"id": PATIENT_ID, "gender": "female", "birthDate": "1970-05-01"}, more)


def a_condition(
    code: Code, /, *, clinical: str | None = "active", verification: str | None = "confirmed", **more: Any
) -> Json:
    """An active, confirmed condition."""
    defaults: Json = {"subject": SUBJECT, "code": coded(code)}
    if clinical is not None:
        defaults["clinicalStatus"] = _status(clinical, "condition-clinical")
    if verification is not None:
        defaults["verificationStatus"] = _status(verification, "condition-ver-status")
    return _resource("Condition", defaults, more)


def a_procedure(code: Code, /, *, site: Code | None = None, status: str | None = "completed", **more: Any) -> Json:
    """A completed procedure."""
    defaults: Json = {"status": status, "subject": SUBJECT, "code": coded(code)}
    if site is not None:
        defaults["bodySite"] = [coded(site)]
    return _resource("Procedure", defaults, more)


def _medication(code: Code | None) -> Json:
    return {} if code is None else {"medicationCodeableConcept": coded(code)}


def a_medication_statement(code: Code | None, /, *, status: str | None = "completed", **more: Any) -> Json:
    """A completed course of a drug."""
    return _resource("MedicationStatement", {"status": status, "subject": SUBJECT, **_medication(code)}, more)


def a_medication_administration(
    code: Code | None, /, *, status: str | None = "completed", on: str | None = "2026-01-10", **more: Any
) -> Json:
    """One dose given."""
    defaults = {"status": status, "subject": SUBJECT, "effectiveDateTime": on, **_medication(code)}
    return _resource("MedicationAdministration", defaults, more)


def a_medication_request(
    code: Code | None, /, *, status: str | None = "active", intent: str | None = "order", **more: Any
) -> Json:
    """An active order of a drug; as a draft give ``status="draft"``."""
    defaults = {"status": status, "intent": intent, "subject": SUBJECT, **_medication(code)}
    return _resource("MedicationRequest", defaults, more)


def a_medication(code: Code, /, **more: Any) -> Json:
    """A Medication that others refer to."""
    return _resource("Medication", {"code": coded(code)}, more)


def an_observation(code: Code, /, *, status: str | None = "final", on: str | None = "2026-01-10", **more: Any) -> Json:
    """A final observation; give its ``valueQuantity`` and so on by name."""
    return _resource(
        "Observation", {"status": status, "subject": SUBJECT, "code": coded(code), "effectiveDateTime": on}, more
    )


def our_observation(code: str, value: bool | int, *, site: Code | None = None, **more: Any) -> Json:
    """An observation of our own CodeSystem, such as ``tumour-at-site``, with a boolean or integer value."""
    name = "valueBoolean" if isinstance(value, bool) else "valueInteger"
    where: Json = {} if site is None else {"bodySite": coded(site)}
    return an_observation(codeable(coding(RECURRENCE_FINDINGS, code)), **{name: value, **where, **more})


def a_report(code: Code, /, *, status: str | None = "final", on: str | None = "2026-01-10", **more: Any) -> Json:
    """A final diagnostic report."""
    return _resource(
        "DiagnosticReport", {"status": status, "subject": SUBJECT, "code": coded(code), "effectiveDateTime": on}, more
    )


def an_imaging_study(code: Code | None, /, *, status: str | None = "available", **more: Any) -> Json:
    """An imaging study at hand."""
    defaults: Json = {"status": status, "subject": SUBJECT, "started": "2026-01-10"}
    if code is not None:
        defaults["procedureCode"] = [coded(code)]
    return _resource("ImagingStudy", defaults, more)


def a_service_request(
    code: Code, /, *, status: str | None = "active", intent: str | None = "order", site: Code | None = None, **more: Any
) -> Json:
    """An active order of a service; as a draft give ``status="draft"``."""
    defaults: Json = {"status": status, "intent": intent, "subject": SUBJECT, "code": coded(code)}
    if site is not None:
        defaults["bodySite"] = [coded(site)]
    return _resource("ServiceRequest", defaults, more)


def an_appointment(
    code: Code, /, *, status: str | None = "booked", start: str | None = "2026-02-01", **more: Any
) -> Json:
    """A booked appointment."""
    defaults: Json = {
        "status": status,
        "start": None if start is None else f"{start}T09:00:00Z",
        "serviceType": [coded(code)],
        "participant": [{"actor": SUBJECT, "status": "accepted"}],
    }
    return _resource("Appointment", defaults, more)


def an_allergy(code: Code, /, *, severity: str | None = "severe", verification: str = "confirmed", **more: Any) -> Json:
    """A confirmed allergy with one reaction."""
    defaults: Json = {
        "patient": SUBJECT,
        "code": coded(code),
        "verificationStatus": _status(verification, "allergyintolerance-verification"),
    }
    if severity is not None:
        defaults["reaction"] = [{"manifestation": [codeable(text="reaction")], "severity": severity}]
    return _resource("AllergyIntolerance", defaults, more)


def a_questionnaire_response(
    answers: Mapping[str, bool | int | str], *, status: str = "completed", **more: Any
) -> Json:
    """Answers to our Questionnaire: linkId -> value."""
    items = []
    for link, value in answers.items():
        name = {bool: "valueBoolean", int: "valueInteger", str: "valueString"}[type(value)]
        items.append({"linkId": link, "answer": [{name: value}]})
    defaults = {
        "questionnaire": "http://recurrence-cds.org/fhir/Questionnaire/recurrence-staging|1.0.0",
        "status": status,
        "subject": SUBJECT,
        "authored": "2026-01-10",
        "item": items,
    }
    return _resource("QuestionnaireResponse", defaults, more)


def without_subject(resource: Json) -> Json:
    """The same resource of nobody."""
    return {name: value for name, value in resource.items() if name not in {"subject", "patient", "participant"}}


def a_bundle(*resources: Json, kind: str | None = "searchset", base: str = BASE_URL) -> Json:
    """A Bundle with fullUrls below ``base``; ``kind=None`` leaves its type out."""
    entries = [
        {"fullUrl": f"{base}{each['resourceType']}/{each['id']}", "resource": each}
        if "id" in each
        else {"resource": each}
        for each in resources
    ]
    return {"resourceType": "Bundle", **({} if kind is None else {"type": kind}), "entry": entries}


def as_bytes(content: Any) -> bytes:
    """JSON as a caller sends it."""
    return json.dumps(content).encode()


def obtained(key: str, *payloads: Any, incomplete: str = "") -> Obtained:
    """The answer to one prefetch key."""
    state = State.PRESENT if payloads else State.NONE
    return Obtained(key, state, payloads=tuple(map(as_bytes, payloads)), incomplete=incomplete)


def a_record(
    *resources: Json,
    patient: Json | None = None,
    drafts: Iterable[Json] | None = None,
    selections: tuple[str, ...] | None = None,
    not_obtained: Mapping[str, str] | None = None,
    patient_id: str = PATIENT_ID,
    base_url: str = BASE_URL,
    fhir_version: str = "4.0.1",
) -> Record:
    """A Record that holds the resources, each kind in a searchset Bundle under its prefetch key.

    Args:
        resources: in any order.
        patient: the Patient; by default :func:`a_patient` unless one is among the resources.
        drafts: the draft orders, if the hook has any.
        selections: as in Record.
        not_obtained: prefetch key -> why it was not obtained.
        patient_id: as in Record.
        base_url: as in Record.
        fhir_version: as in Record.
    """
    whole = list(resources)
    if not any(each["resourceType"] == "Patient" for each in whole):
        whole.append(patient or a_patient())
    found: dict[str, Obtained] = {key: obtained(key) for key in KEY_OF_TYPE.values()}
    for resource_type, key in KEY_OF_TYPE.items():
        if of_type := [each for each in whole if each["resourceType"] == resource_type]:
            found[key] = obtained(key, a_bundle(*of_type))
    for key, cause in (not_obtained or {}).items():
        found[key] = Obtained(key, State.NOT_OBTAINED, cause=cause)
    return Record(
        patient_id=patient_id,
        base_url=base_url,
        obtained=found,
        draft_orders=None if drafts is None else as_bytes(a_bundle(*drafts, kind="collection")),
        selections=selections,
        fhir_version=fhir_version,
    )


def read(*resources: Json, **record: Any) -> History:
    """The history of these resources: :func:`a_record` and then ``versions.read``."""
    return versions.read(a_record(*resources, **record))
