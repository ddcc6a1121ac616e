"""The bundled patients: as built, valid, of the promised size, and coded with what the service can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.fhir_endpoint import make_app
from cds_service.demo.sample_patients import (
    DEMO_TODAY,
    PATIENTS_FOLDER,
    SamplePatient,
    Trial,
    hook_request,
    load_patients,
    record_of,
)
from fhir_mappings.value_sets.concepts import concept_of, conflicting
from tests.sample_patients.codes import BACKGROUND, CLINICAL, OWN_FINDINGS
from tests.sample_patients.files import files

PATIENTS = load_patients()
BY_ID = {patient.id: patient for patient in PATIENTS}
each_patient = pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.id)


def _resources(patient: SamplePatient) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in record_of(patient)["entry"]]


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def test_the_files_are_what_the_builder_gives() -> None:
    built = dict(files())
    kept = {
        path.relative_to(PATIENTS_FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for pattern in ("*.json", "*.toml", "orders/*.json")
        for path in PATIENTS_FOLDER.glob(pattern)
    }
    assert kept.keys() == built.keys()
    assert [name for name in built if kept[name] != built[name]] == []


def test_there_is_a_patient_for_each_main_pathway() -> None:
    rows = {row for patient in PATIENTS for row in patient.rows}
    assert len(PATIENTS) >= 12
    assert {"P0", "P1", "P3", "P3c", "P4", "P5", "P6", "P8", "P9a", "P10"} <= rows
    assert {"F1", "F2", "F3", "F5", "F6", "F7", "T1", "T2", "G4", "G5", "G6"} <= rows


def test_the_folder_stays_small() -> None:
    assert sum(path.stat().st_size for path in PATIENTS_FOLDER.rglob("*") if path.is_file()) < 6_000_000


@each_patient
def test_every_resource_is_valid_r4(patient: SamplePatient) -> None:
    for resource in _resources(patient):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("path", sorted(PATIENTS_FOLDER.glob("orders/*.json")), ids=lambda path: path.stem)
def test_every_draft_order_is_valid_and_a_draft(path: Any) -> None:
    draft = json.loads(path.read_text(encoding="utf-8"))
    get_fhir_model_class(draft["resourceType"]).model_validate(draft)
    assert draft["status"] == "draft"


@each_patient
def test_a_record_has_the_volume_of_a_real_one(patient: SamplePatient) -> None:
    resources = _resources(patient)
    assert 100 <= len(resources) <= 400
    assert len(resources) == patient.resources
    assert len({resource["resourceType"] for resource in resources}) >= 12
    assert len({(resource["resourceType"], resource["id"]) for resource in resources}) == len(resources)


@each_patient
def test_everything_belongs_to_the_patient_and_refers_to_what_is_there(patient: SamplePatient) -> None:
    resources = _resources(patient)
    held = {f"{resource['resourceType']}/{resource['id']}" for resource in resources}
    for resource in resources:
        owner = resource.get("subject") or resource.get("patient") or resource.get("beneficiary")
        if owner is not None:
            assert owner == {"reference": f"Patient/{patient.id}"}
        assert {node["reference"] for node in _nodes(resource) if "reference" in node} <= held


@each_patient
def test_nothing_happened_after_the_day_of_the_record(patient: SamplePatient) -> None:
    happened = ("effectiveDateTime", "performedDateTime", "occurrenceDateTime", "authoredOn", "issued", "onsetDateTime")
    for resource in _resources(patient):
        if resource["resourceType"] == "ServiceRequest":
            assert resource["authoredOn"][:10] <= DEMO_TODAY.isoformat()
            continue
        for name in happened:
            assert resource.get(name, "")[:10] <= DEMO_TODAY.isoformat(), resource["id"]


@each_patient
def test_the_person_is_plainly_made_up(patient: SamplePatient) -> None:
    (person,) = (resource for resource in _resources(patient) if resource["resourceType"] == "Patient")
    assert person["id"] == patient.id
    assert person["name"][0]["family"].startswith("Testpatient-")
    assert person["meta"]["tag"][0]["code"] == "HTEST"


@each_patient
def test_no_coding_carries_a_licensed_name(patient: SamplePatient) -> None:
    records: list[Any] = [record_of(patient)]
    for node in _nodes(records):
        for coding in node.get("coding", ()):
            assert "display" not in coding


def test_clinical_codes_are_read_and_background_codes_are_not() -> None:
    for name, code in CLINICAL.items():
        assert concept_of(code.system, code.code) is not None, name
    assert [name for name, code in BACKGROUND.items() if concept_of(code.system, code.code)] == []


@each_patient
def test_codings_are_of_the_tables_and_agree(patient: SamplePatient) -> None:
    listed = {(code.system, code.code) for code in (*CLINICAL.values(), *BACKGROUND.values())}
    hl7 = ("http://terminology.hl7.org/", "urn:ietf:")
    for node in _nodes(_resources(patient)):
        pairs = [(coding["system"], coding["code"]) for coding in node.get("coding", ())]
        for system, code in pairs:
            if system == OWN_FINDINGS:
                assert concept_of(system, code) is not None, code
            elif not system.startswith(hl7):
                assert (system, code) in listed
        assert conflicting(pairs) == frozenset(), pairs


def test_records_hold_what_must_be_set_aside() -> None:
    statuses: set[str] = set()
    for patient in PATIENTS:
        for resource in _resources(patient):
            statuses |= {resource.get("status", "")}
            for coding in resource.get("verificationStatus", {}).get("coding", ()):
                statuses.add(coding["code"])
    assert {"entered-in-error", "refuted", "provisional", "not-done", "revoked", "completed", "stopped"} <= statuses


def test_the_whole_folder_can_be_served() -> None:
    assert callable(make_app(PATIENTS_FOLDER))


def test_a_patient_view_call_names_patient_and_server_only() -> None:
    patient = BY_ID["central-irradiated"]
    body = hook_request(patient, patient.trials[0], fhir_server="http://127.0.0.1:9/fhir")
    assert body["hook"] == "patient-view"
    assert body["context"] == {"userId": "Practitioner/demo-oncologist", "patientId": "central-irradiated"}
    assert body["fhirServer"] == "http://127.0.0.1:9/fhir"
    assert "prefetch" not in body
    assert body == hook_request(patient, patient.trials[0], fhir_server="http://127.0.0.1:9/fhir")


def test_an_order_select_call_carries_and_selects_its_drafts() -> None:
    patient = BY_ID["bevacizumab-before-surgery"]
    trial = next(trial for trial in patient.trials if trial.hook == "order-select")
    body = hook_request(patient, trial, fhir_server=None, prefetch={"patient": None})
    (entry,) = body["context"]["draftOrders"]["entry"]
    assert body["context"]["selections"] == ["MedicationRequest/draft-bevacizumab"]
    assert entry["resource"]["subject"] == {"reference": "Patient/bevacizumab-before-surgery"}
    assert "fhirServer" not in body
    assert body["prefetch"] == {"patient": None}


def test_an_order_sign_call_selects_nothing_and_has_its_own_instance() -> None:
    patient = BY_ID["pelvic-unirradiated"]
    signs = [trial for trial in patient.trials if trial.hook == "order-sign"]
    bodies = [hook_request(patient, trial, fhir_server=None) for trial in signs]
    assert all("selections" not in body["context"] for body in bodies)
    assert len({body["hookInstance"] for body in bodies}) == len(signs) == 2


@each_patient
def test_the_first_trial_opens_the_chart(patient: SamplePatient) -> None:
    first: Trial = patient.trials[0]
    assert (first.hook, first.orders) == ("patient-view", ())
    assert len(patient.trials) >= 2
