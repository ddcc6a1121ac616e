"""A pasted Bundle becomes a prefetch that leads to the same advice as the record itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.demo.sample_patients import PATIENTS_FOLDER
from cds_service.errors import BadRequest
from cds_service.workbench.records import KEY_OF_TYPE, split

PATIENT = {"resourceType": "Patient", "id": "a"}


def _bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def test_each_resource_goes_to_its_key_and_what_is_not_there_is_none() -> None:
    condition = {"resourceType": "Condition", "id": "c"}
    record = split(_bundle(PATIENT, condition, {"resourceType": "Encounter", "id": "e"}))
    assert record.patient_id == "a"
    assert record.prefetch["patient"] == PATIENT
    assert record.prefetch["conditions"]["entry"] == [{"resource": condition}]
    assert record.prefetch["procedures"] is None
    assert set(record.prefetch) == {"patient", *KEY_OF_TYPE.values()}
    assert (record.used, record.left_out) == (2, 1)


def test_medications_go_with_those_that_refer_to_them() -> None:
    medication = {"resourceType": "Medication", "id": "m"}
    statement = {"resourceType": "MedicationStatement", "id": "s"}
    record = split(_bundle(PATIENT, medication, statement))
    first, second = record.prefetch["medicationStatements"]["entry"]
    assert (first["resource"], second["resource"], second["search"]) == (statement, medication, {"mode": "include"})
    assert record.prefetch["medicationRequests"] is None


def test_an_array_of_resources_will_do() -> None:
    assert split(json.dumps([PATIENT]).encode()).patient_id == "a"


def test_a_patient_known_by_urn_keeps_it() -> None:
    entry = {"fullUrl": "urn:uuid:1", "resource": PATIENT}
    record = split(json.dumps({"resourceType": "Bundle", "entry": [entry]}).encode())
    assert record.prefetch["patient"]["entry"] == [entry]


def test_a_sample_patient_is_cut_whole() -> None:
    content = (PATIENTS_FOLDER / "central-irradiated.json").read_bytes()
    record = split(content)
    assert record.used + record.left_out == len(json.loads(content)["entry"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not well-formed JSON"),
        (b"\xff", "not usable JSON"),
        (b"[" * 100 + b"]" * 100, "not usable JSON"),
        (b"3", "not a FHIR Bundle"),
        (b'{"resourceType":"Patient","id":"a"}', "single resource"),
        (b'{"resourceType":"Bundle","entry":{}}', "no Patient"),
        (_bundle({"resourceType": "Patient"}), "no Patient"),
        (_bundle(PATIENT, {"resourceType": "Patient", "id": "b"}), "2 patients"),
    ],
)
def test_what_is_no_record_is_refused_without_its_content(content: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        split(content)
