"""Medications that orders point to, and which records are usable; the rest of gathering is in contract and journeys."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import responses

from cds_service import hooks
from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import FhirClient, Limits
from cds_service.ehr.gather import MAX_MEDICATIONS, gather, usable
from cds_service.errors import Cause, PreconditionFailed
from cds_service.protocol.request import decode
from fhir_mappings.record import Obtained, Record, State

URL = "https://ehr.example.org/fhir"
(ORDER_SIGN,) = (service for service in hooks.SERVICES if service.hook == "order-sign")


@pytest.fixture
def client() -> Iterator[FhirClient]:
    fhir = FhirClient([parse_base(URL)])
    yield fhir
    fhir.close()


def medications(
    client: FhirClient, drafts: Any, *, server: bool = True, deadline: float = 5, **prefetch: Any
) -> Obtained | None:
    body = {
        "hook": "order-sign",
        "hookInstance": "h",
        "context": {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": drafts},
        "prefetch": {**dict.fromkeys(ORDER_SIGN.prefetch), **prefetch},
        **({"fhirServer": URL} if server else {}),
    }
    record = gather(decode(msgspec.json.encode(body)), ORDER_SIGN, client=client, deadline_seconds=deadline)
    return record.obtained.get("medications")


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": list(entries)}


def order(reference: Any, **members: Any) -> dict[str, Any]:
    medication = reference if isinstance(reference, dict) else {"reference": reference}
    return {"resource": {"resourceType": "MedicationRequest", "medicationReference": medication, **members}}


@pytest.mark.parametrize(
    "drafts",
    [
        bundle(),
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": {"resource": 7}},
        bundle({"resource": {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "x"}}}),
        bundle(order("#inside", contained=[{"resourceType": "Medication", "id": "inside"}])),
        bundle(order("urn:uuid:1"), {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Medication"}}),
        bundle(order("Medication/m1"), {"resource": {"resourceType": "Medication", "id": "m1"}}),
        bundle(
            order(f"{URL}/Medication/m1"),
            {"fullUrl": f"{URL}/Medication/m1", "resource": {"resourceType": "Medication"}},
        ),
        bundle(order({"display": "bevacizumab"}), order({"reference": ""}), order({"reference": 7}), order({})),
        bundle({"resource": {"resourceType": "MedicationRequest", "medicationReference": "Medication/m1"}}),
        bundle({"resource": {"resourceType": "MedicationRequest", "medication": {"concept": {"text": "x"}}}}),
        bundle({"resource": {"resourceType": "MedicationRequest", "medication": {"reference": "Medication/m1"}}}),
        bundle({"resource": {"resourceType": "AllergyIntolerance", "category": ["medication"]}}),
    ],
)
def test_nothing_is_asked_when_no_medication_is_missing(client: FhirClient, drafts: Any) -> None:
    assert medications(client, drafts) is None


def test_those_of_drafts_and_records_are_read_once_each(client: FhirClient) -> None:
    with responses.RequestsMock() as ehr:
        for name in ("m1", "m2"):
            ehr.get(f"{URL}/Medication/{name}", json={"resourceType": "Medication", "id": name})
        found = medications(
            client,
            bundle(order("Medication/m1"), order(f"{URL}/Medication/m2/_history/4")),
            medicationRequests=bundle(order("Medication/m1"), {"resource": 7}),
            medicationStatements=[order("Medication/m1")["resource"]],
            medicationAdministrations=order("Medication/m1")["resource"],
        )
    assert found is not None
    assert (found.state, found.incomplete, len(found.payloads)) == (State.PRESENT, "", 2)


def test_a_drug_of_r5_is_read_as_well(client: FhirClient) -> None:
    drug = {"resourceType": "MedicationRequest", "medication": {"reference": {"reference": "Medication/m1"}}}
    with responses.RequestsMock() as ehr:
        ehr.get(f"{URL}/Medication/m1", json={"resourceType": "Medication", "id": "m1"})
        found = medications(client, bundle({"resource": drug}))
    assert found is not None
    assert (found.state, len(found.payloads)) == (State.PRESENT, 1)


def test_odd_shapes_around_a_reference_are_passed_over(client: FhirClient) -> None:
    odd = bundle({"resource": 7, "note": "medicationReference"}) | {"medicationReference": 7}
    assert medications(client, odd | {"entry": 7}) is None
    assert medications(client, odd, medicationRequests=[order("#x")["resource"], 7]) is None


def test_a_reference_to_another_server_is_a_gap(client: FhirClient) -> None:
    found = medications(client, bundle(order("https://other.example.org/Medication/m1")))
    assert found == Obtained("medications", State.NOT_OBTAINED, cause=Cause.BAD_REFERENCE)


def test_without_a_server_it_is_a_gap(client: FhirClient) -> None:
    found = medications(client, bundle(order("Medication/m1")), server=False)
    assert found == Obtained("medications", State.NOT_OBTAINED, cause=Cause.NOT_SUPPLIED)


def test_more_than_are_read_make_it_incomplete(client: FhirClient) -> None:
    with responses.RequestsMock() as ehr:
        ehr.get(re.compile(f"{URL}/Medication/.*"), json={"resourceType": "Medication", "id": "m"})
        found = medications(client, bundle(*[order(f"Medication/m{n}") for n in range(MAX_MEDICATIONS + 1)]))
        assert len(ehr.calls) == MAX_MEDICATIONS
    assert found is not None
    assert (found.state, found.incomplete) == (State.PRESENT, Cause.TOO_MANY_RESOURCES)


def test_medications_that_find_no_thread_in_time_are_a_gap() -> None:
    client = FhirClient([parse_base(URL)], limits=Limits(threads=1))
    released = threading.Event()
    client.threads.submit(released.wait, 30)
    found = medications(client, bundle(order("Medication/m1")), deadline=0.05)
    released.set()
    client.close()
    assert found == Obtained("medications", State.NOT_OBTAINED, cause=Cause.TIMED_OUT)


PATIENT = Obtained("patient", State.PRESENT, payloads=(b'{"resourceType":"Patient","id":"p1"}',))
RECORD = Record("p1", obtained={"patient": PATIENT, "conditions": Obtained("conditions", State.NONE)})


def test_a_record_with_patient_and_conditions_is_usable() -> None:
    usable(RECORD)


@pytest.mark.parametrize(
    ("obtained", "missing"),
    [
        ({}, ("patient", Cause.NOT_SUPPLIED)),
        ({"patient": Obtained("patient", State.NONE)}, ("patient", "there is none")),
        ({"patient": Obtained("patient", State.NOT_OBTAINED, cause="late")}, ("patient", "late")),
        ({"patient": PATIENT}, ("conditions", Cause.NOT_SUPPLIED)),
        (
            {"patient": PATIENT, "conditions": Obtained("conditions", State.NOT_OBTAINED, cause="late")},
            ("conditions", "late"),
        ),
    ],
)
def test_what_is_missing_is_named_with_its_cause(obtained: dict[str, Obtained], missing: tuple[str, str]) -> None:
    with pytest.raises(PreconditionFailed) as caught:
        usable(replace(RECORD, obtained=obtained))
    assert caught.value.missing == (missing,)
