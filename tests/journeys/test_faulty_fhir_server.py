"""Gathering from FHIR servers that fail: bounded in time, requests and bytes; gaps have their cause (OUT-04 to 12)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from cds_service import hooks
from cds_service.ehr.client import FhirClient, Limits
from cds_service.ehr.gather import gather
from cds_service.errors import Cause
from cds_service.protocol.request import decode
from fhir_mappings.record import Record, State
from tests.journeys.faulty_fhir_server import FaultyFhirServer, elapsed, faulty_fhir_server

TOKEN = "sentinel-token-7f3a"
DEADLINE = 0.6
(PATIENT_VIEW,) = (service for service in hooks.SERVICES if service.hook == "patient-view")


@pytest.fixture
def server() -> Iterator[FaultyFhirServer]:
    with faulty_fhir_server() as world:
        world.resources = {
            "Patient": [{"resourceType": "Patient", "id": "p1"}],
            "Condition": [{"resourceType": "Condition", "id": "c1"}, {"resourceType": "Condition", "id": "c2"}],
            "Procedure": [{"resourceType": "Procedure", "id": "r1"}],
        }
        yield world


@pytest.fixture
def client() -> Iterator[FhirClient]:
    fhir = FhirClient(loopback=True)
    yield fhir
    fhir.close()


def gathered(client: FhirClient, server: FaultyFhirServer, deadline: float = DEADLINE, **members: Any) -> Record:
    body = {
        "hook": "patient-view",
        "hookInstance": "h1",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "fhirServer": server.base,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds",
        },
        **members,
    }
    request = decode(msgspec.json.encode(body))
    return gather(request, PATIENT_VIEW, client=client, deadline_seconds=deadline)


def test_a_good_server_is_asked_once_for_each_key_with_the_token(server: FaultyFhirServer, client: FhirClient) -> None:
    record = gathered(client, server, deadline=5)
    assert {key: answer.state for key, answer in record.obtained.items()} == {
        "patient": State.PRESENT,
        "conditions": State.PRESENT,
        "procedures": State.PRESENT,
        **dict.fromkeys(
            (
                "medicationStatements",
                "medicationRequests",
                "medicationAdministrations",
                "observations",
                "diagnosticReports",
                "serviceRequests",
                "allergyIntolerances",
            ),
            State.NONE,
        ),
    }
    assert len(server.asked) == len(PATIENT_VIEW.prefetch)
    assert {one.headers["authorization"] for one in server.asked} == {f"Bearer {TOKEN}"}
    (conditions,) = server.asked_for("Condition")
    assert conditions.query == "patient=p1&_count=200"
    assert record.base_url == f"{server.base}/"


def test_what_was_sent_is_not_asked_for_again(server: FaultyFhirServer, client: FhirClient) -> None:
    everything: dict[str, Any] = dict.fromkeys(PATIENT_VIEW.prefetch)
    gathered(client, server, prefetch=everything)
    assert server.asked == []
    del everything["procedures"]
    gathered(client, server, prefetch=everything)
    assert [one.resource_type for one in server.asked] == ["Procedure"]


NAMED_CAUSES = {
    "redirect": Cause.REDIRECTED,
    "redirect to itself": Cause.REDIRECTED,
    "400": Cause.NOT_PROCESSED,
    "401": Cause.NOT_ACCEPTED,
    "403": Cause.FORBIDDEN,
    "404": Cause.NOT_FOUND,
    "410": Cause.GONE,
    "429 for an hour": Cause.BUSY,
    "500": Cause.SERVER_FAILED,
    "503": Cause.SERVER_FAILED,
    "204": Cause.NO_CONTENT,
    "empty": Cause.NO_CONTENT,
    "html": Cause.NOT_JSON,
    "not utf-8": Cause.NOT_JSON,
    "deep": Cause.NOT_JSON,
    "outcome": Cause.OUTCOME,
    "wrong type": Cause.WRONG_TYPE,
    "collection": Cause.WRONG_TYPE,
    "truncated": Cause.CUT_SHORT,
    "hang up": Cause.UNREACHABLE,
    "gzip bomb": Cause.TOO_LARGE,
    "gzip twice": Cause.TOO_LARGE,
    "many entries": Cause.TOO_MANY_RESOURCES,
}


@pytest.mark.parametrize(("fault", "cause"), NAMED_CAUSES.items(), ids=list(NAMED_CAUSES))
def test_each_failure_is_a_named_cause_at_its_question_alone(
    server: FaultyFhirServer, client: FhirClient, fault: str, cause: Cause
) -> None:
    server.faults = {"Condition": fault}
    record = gathered(client, server, deadline=4)
    conditions = record.obtained["conditions"]
    assert (conditions.state, conditions.cause, conditions.payloads) == (State.NOT_OBTAINED, cause, ())
    assert record.obtained["procedures"].state is State.PRESENT
    assert server.asked_for("Elsewhere") == []


@pytest.mark.parametrize("fault", ["hang before", "hang inside", "drip headers", "drip body"])
def test_slow_answers_are_unknown_at_the_deadline(server: FaultyFhirServer, client: FhirClient, fault: str) -> None:
    server.faults = {"Condition": fault}
    start = time.monotonic()
    record = gathered(client, server)
    assert elapsed(start) < DEADLINE + 0.5
    assert record.obtained["conditions"].state is State.NOT_OBTAINED
    assert record.obtained["conditions"].cause == Cause.TIMED_OUT
    assert record.obtained["patient"].state is State.PRESENT


def test_hanging_servers_do_not_pile_up_threads(server: FaultyFhirServer) -> None:
    server.faults = {"*": "drip headers"}
    client = FhirClient(loopback=True, limits=Limits(sockets=4, threads=6, failures=10_000))
    for _ in range(4):
        record = gathered(client, server, deadline=0.1)
        assert all(answer.state is State.NOT_OBTAINED for answer in record.obtained.values())
    server.faults = {}
    assert gathered(client, server, deadline=5).obtained["conditions"].state is State.PRESENT
    client.close()


@pytest.mark.parametrize("fault", ["429 once", "503 once"])
def test_one_repetition_mends_a_passing_failure(server: FaultyFhirServer, client: FhirClient, fault: str) -> None:
    server.faults = {"Condition": fault}
    assert gathered(client, server, deadline=5).obtained["conditions"].state is State.PRESENT
    assert len(server.asked_for("Condition")) == 2


@pytest.mark.parametrize(("fault", "times"), [("503", 2), ("500", 1), ("404", 1), ("429 for an hour", 1)])
def test_nothing_is_repeated_more_than_once_or_in_vain(
    server: FaultyFhirServer, client: FhirClient, fault: str, times: int
) -> None:
    server.faults = {"Condition": fault}
    gathered(client, server, deadline=4)
    assert len(server.asked_for("Condition")) == times


def test_all_pages_are_read(server: FaultyFhirServer, client: FhirClient) -> None:
    server.faults = {"Condition": "two pages"}
    conditions = gathered(client, server, deadline=5).obtained["conditions"]
    assert (conditions.state, len(conditions.payloads), conditions.incomplete) == (State.PRESENT, 2, "")


@pytest.mark.parametrize(
    ("fault", "cause", "requests"),
    [
        ("endless pages", Cause.TOO_MANY_PAGES, 10),
        ("self link", Cause.PAGES_IN_A_CIRCLE, 2),
        ("foreign next", Cause.PAGE_ELSEWHERE, 1),
        ("next outside the path", Cause.PAGE_ELSEWHERE, 1),
        ("next with a user", Cause.PAGE_ELSEWHERE, 1),
        ("dead second page", Cause.SERVER_FAILED, 2),
        ("matches and an error", Cause.OUTCOME, 1),
        ("matches and a warning", "", 1),
    ],
)
def test_what_came_is_kept_and_said_to_be_incomplete(
    server: FaultyFhirServer, client: FhirClient, fault: str, cause: str, requests: int
) -> None:
    server.faults = {"Condition": fault}
    conditions = gathered(client, server, deadline=5).obtained["conditions"]
    assert (conditions.state, conditions.incomplete) == (State.PRESENT, cause)
    assert len(server.asked_for("Condition")) == requests


def test_a_page_that_leads_on_without_a_match_is_never_none(server: FaultyFhirServer, client: FhirClient) -> None:
    server.faults = {"Observation": "foreign next"}
    observations = gathered(client, server, deadline=5).obtained["observations"]
    assert (observations.state, observations.cause) == (State.NOT_OBTAINED, Cause.PAGE_ELSEWHERE)


def test_the_call_has_an_allowance_of_requests(server: FaultyFhirServer) -> None:
    server.faults = {"*": "endless pages"}
    client = FhirClient(loopback=True, limits=Limits(call_requests=15))
    record = gathered(client, server, deadline=5)
    assert len(server.asked) == 15
    causes = {answer.cause or answer.incomplete for answer in record.obtained.values()}
    assert Cause.TOO_MANY_REQUESTS in causes
    client.close()


def test_the_call_has_an_allowance_of_bytes(server: FaultyFhirServer) -> None:
    client = FhirClient(loopback=True, limits=Limits(call_bytes=100))
    record = gathered(client, server, deadline=5)
    assert Cause.TOO_LARGE in {answer.cause for answer in record.obtained.values()}
    client.close()


def test_cookies_are_not_given_back(server: FaultyFhirServer, client: FhirClient) -> None:
    server.faults = {"*": "cookie"}
    gathered(client, server, deadline=5)
    gathered(client, server, deadline=5)
    assert not any("cookie" in one.headers for one in server.asked)


def test_connections_are_kept_and_bounded(server: FaultyFhirServer) -> None:
    client = FhirClient(loopback=True, limits=Limits(sockets=3))
    for _ in range(3):
        gathered(client, server, deadline=5)
    assert len(server.asked) == 3 * len(PATIENT_VIEW.prefetch)
    assert server.connections <= 3
    client.close()


def test_a_server_that_is_not_there_is_unreachable(server: FaultyFhirServer, client: FhirClient) -> None:
    record = gathered(client, server, fhirServer="http://127.0.0.1:1/fhir")
    causes = {answer.cause for answer in record.obtained.values()}
    assert Cause.UNREACHABLE in causes
    assert causes <= {Cause.UNREACHABLE, Cause.NOT_ASKED}


def test_out_13_a_dead_server_is_no_longer_asked_until_a_probe_succeeds(server: FaultyFhirServer) -> None:
    server.faults = {"*": "500"}
    client = FhirClient(loopback=True, limits=Limits(open_seconds=0.3))
    gathered(client, server, deadline=5)
    asked = len(server.asked)
    start = time.monotonic()
    for _ in range(48):
        record = gathered(client, server, deadline=5)
        assert {answer.cause for answer in record.obtained.values()} <= {Cause.NOT_ASKED, Cause.SERVER_FAILED}
    assert elapsed(start) < 48 * 0.1
    assert len(server.asked) - asked <= elapsed(start) / 0.3 + 1
    server.faults = {}
    while gathered(client, server, deadline=5).obtained["conditions"].state is not State.PRESENT:
        assert elapsed(start) < 15
        time.sleep(0.05)
    client.close()


@pytest.mark.parametrize("fault", ["404", "429 for an hour", "html"])
def test_out_13_a_server_that_answers_is_asked_again(server: FaultyFhirServer, client: FhirClient, fault: str) -> None:
    server.faults = {"*": fault}
    for _ in range(2):
        gathered(client, server, deadline=5)
    assert len(server.asked) == 2 * len(PATIENT_VIEW.prefetch)


def test_out_13_one_base_that_fails_does_not_close_the_way_to_another(client: FhirClient) -> None:
    with faulty_fhir_server() as broken, faulty_fhir_server() as sound:
        broken.faults = {"*": "500"}
        sound.resources = {"Patient": [{"resourceType": "Patient", "id": "p1"}]}
        gathered(client, broken, deadline=5)
        assert gathered(client, broken, deadline=5).obtained["patient"].cause == Cause.NOT_ASKED
        assert gathered(client, sound, deadline=5).obtained["patient"].state is State.PRESENT


def test_in_03_resources_beyond_the_allowance_make_their_key_unknown(
    server: FaultyFhirServer, client: FhirClient
) -> None:
    many = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Condition", "id": "c"}}] * 60}
    prefetch = {"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": many, "procedures": {**many}}
    body = {
        "hook": "patient-view",
        "hookInstance": "h1",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": prefetch,
    }
    request = decode(msgspec.json.encode(body))

    def state(max_resources: int) -> tuple[State, str]:
        record = gather(request, PATIENT_VIEW, client=client, deadline_seconds=1, max_resources=max_resources)
        return record.obtained["conditions"].state, record.obtained["conditions"].cause

    assert state(61)[0] is State.PRESENT
    assert state(60) == (State.NOT_OBTAINED, Cause.TOO_MANY_RESOURCES)
    assert server.asked == []


def test_further_pages_of_prefetched_bundles_are_fetched(server: FaultyFhirServer, client: FhirClient) -> None:
    server.faults = {"Condition": "two pages"}
    first = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Condition", "id": "c1"}}],
        "link": [{"relation": "next", "url": f"{server.base}/Condition?page=2"}],
    }
    conditions = gathered(client, server, deadline=5, prefetch={"conditions": first}).obtained["conditions"]
    assert (conditions.state, len(conditions.payloads), conditions.incomplete) == (State.PRESENT, 2, "")
    (asked,) = server.asked_for("Condition")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("fault", "link", "cause"),
    [
        ("hang before", "Condition?page=2", Cause.TIMED_OUT),
        ("500", "Condition?page=2", Cause.SERVER_FAILED),
        ("two pages", "http://127.0.0.2:9/fhir/Condition?page=2", Cause.PAGE_ELSEWHERE),
    ],
)
def test_a_prefetched_page_stays_when_the_next_cannot_be_had(
    server: FaultyFhirServer, client: FhirClient, fault: str, link: str, cause: Cause
) -> None:
    server.faults = {"Condition": fault}
    first = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Condition", "id": "c1"}}],
        "link": [{"relation": "next", "url": link}],
    }
    conditions = gathered(client, server, prefetch={"conditions": first}).obtained["conditions"]
    assert (conditions.state, len(conditions.payloads), conditions.incomplete) == (State.PRESENT, 1, cause)


def test_medications_that_orders_point_to_are_read(server: FaultyFhirServer, client: FhirClient) -> None:
    server.resources["Medication"] = [{"resourceType": "Medication", "id": "m1"}]
    server.resources["MedicationRequest"] = [
        {"resourceType": "MedicationRequest", "id": "1", "medicationReference": {"reference": "Medication/m1"}},
        {"resourceType": "MedicationRequest", "id": "2", "medicationReference": {"reference": "Medication/gone"}},
        {"resourceType": "MedicationRequest", "id": "3", "medicationReference": {"reference": "#inside"}},
        {"resourceType": "MedicationRequest", "id": "4", "medicationReference": {"reference": "Medication/m1"}},
    ]
    medications = gathered(client, server, deadline=5).obtained["medications"]
    assert [msgspec.json.decode(bytes(payload))["id"] for payload in medications.payloads] == ["m1"]
    assert (medications.state, medications.incomplete) == (State.PRESENT, Cause.NOT_FOUND)
    assert len(server.asked_for("Medication")) == 2


def test_medications_that_do_not_come_in_time_are_a_gap(server: FaultyFhirServer) -> None:
    references = [{"reference": f"Medication/m{number}"} for number in range(4)]
    server.resources["MedicationRequest"] = [
        {"resourceType": "MedicationRequest", "id": "1", "medicationReference": reference} for reference in references
    ]
    server.faults = {"Medication": "drip headers"}
    client = FhirClient(loopback=True, limits=Limits(threads=2))
    medications = gathered(client, server).obtained["medications"]
    assert (medications.state, medications.cause) == (State.NOT_OBTAINED, Cause.TIMED_OUT)
    client.close()


def test_questions_that_find_no_thread_are_not_waited_for(server: FaultyFhirServer) -> None:
    server.faults = {"*": "hang before"}
    client = FhirClient(loopback=True, limits=Limits(threads=1))
    record = gathered(client, server, deadline=0.2)
    assert {answer.cause for answer in record.obtained.values()} == {Cause.TIMED_OUT}
    client.close()
