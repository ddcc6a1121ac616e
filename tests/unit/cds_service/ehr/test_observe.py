"""Every request to a FHIR server is told of, repetitions and failures too (AUD-01)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cds_service import hooks
from cds_service.ehr.client import FhirClient
from cds_service.ehr.gather import gather
from cds_service.errors import AuditUnavailable, Cause, FetchFailure
from cds_service.protocol.request import HookRequest
from tests.journeys.faulty_fhir_server import FaultyFhirServer, faulty_fhir_server

Told = list[tuple[str, str, Cause | None]]


@pytest.fixture
def ehr() -> Iterator[FaultyFhirServer]:
    with faulty_fhir_server() as server:
        server.resources = {"Patient": [{"resourceType": "Patient", "id": "p1"}]}
        yield server


@pytest.fixture
def client() -> Iterator[FhirClient]:
    made = FhirClient(loopback=True)
    yield made
    made.close()


def test_what_was_asked_is_told_with_what_became_of_it(ehr: FaultyFhirServer, client: FhirClient) -> None:
    told: Told = []
    ehr.faults = {"Observation": "503 once", "Condition": "403"}
    base = client.base_of(ehr.base)
    access = client.access(base, None, time.monotonic() + 5, lambda *what: told.append(what))
    access.read("Patient/p1")
    access.search("Observation?patient=p1", "Observation")
    with pytest.raises(FetchFailure):
        access.search("Condition?patient=p1", "Condition")
    assert [(url.removeprefix(base.url), cause) for _, url, cause in told] == [
        ("Patient/p1", None),
        ("Observation?patient=p1", Cause.SERVER_FAILED),
        ("Observation?patient=p1", None),
        ("Condition?patient=p1", Cause.FORBIDDEN),
    ]
    assert {base for base, _, _ in told} == {base.url}
    assert len(ehr.asked) == len(told)


def test_what_the_observer_raises_ends_the_call(ehr: FaultyFhirServer, client: FhirClient) -> None:
    def refuse(*_: object) -> None:
        raise AuditUnavailable("away")

    request = HookRequest(
        hook="patient-view", hook_instance="h", context={}, prefetch={}, fhir_server=ehr.base, patient_id="p1"
    )
    with pytest.raises(AuditUnavailable):
        gather(request, hooks.SERVICES[0], client=client, deadline_seconds=5, observe=refuse)
