"""The client's decisions, with the network doubled; what needs a real socket is in tests/journeys."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
import requests
import responses

from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import Access, FhirClient, Limits, _retry_after
from cds_service.ehr.transport import WatchedHTTPConnection, current
from cds_service.ehr.watchdog import Exchange
from cds_service.errors import BadRequest, Cause, FetchFailure, ForbiddenServer

URL = "https://ehr.example.org/fhir"
BASE = parse_base(URL)
PATIENT = {"resourceType": "Patient", "id": "p1"}


@pytest.fixture
def client() -> Iterator[FhirClient]:
    fhir = FhirClient([BASE])
    yield fhir
    fhir.close()


@pytest.fixture
def access(client: FhirClient) -> Access:
    return client.access(BASE, "t0ken", time.monotonic() + 5)


@pytest.fixture
def ehr() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


def cause_of(access: Access, reference: str = "Patient/p1") -> Cause:
    with pytest.raises(FetchFailure) as caught:
        access.read(reference)
    return caught.value.cause


def test_a_read_carries_the_token_and_asks_for_fhir_json(access: Access, ehr: responses.RequestsMock) -> None:
    ehr.get(f"{URL}/Patient/p1", json=PATIENT)
    assert b'"p1"' in access.read("Patient/p1")
    headers = ehr.calls[0].request.headers
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["Accept"].startswith("application/fhir+json")


def test_without_a_token_there_is_no_authorization(client: FhirClient, ehr: responses.RequestsMock) -> None:
    ehr.get(f"{URL}/Patient/p1", json=PATIENT)
    client.access(BASE, None, time.monotonic() + 5).read("Patient/p1")
    assert "Authorization" not in ehr.calls[0].request.headers


@pytest.mark.parametrize(
    "reference", ["https://other.example.org/fhir/Patient/p1", "Patient/..", "Patient/p1?x", "urn:uuid:1", "#p"]
)
def test_a_reference_elsewhere_is_not_followed(access: Access, ehr: responses.RequestsMock, reference: str) -> None:
    assert cause_of(access, reference) is Cause.BAD_REFERENCE
    assert len(ehr.calls) == 0


def test_another_type_than_asked_for_is_no_answer(access: Access, ehr: responses.RequestsMock) -> None:
    ehr.get(f"{URL}/Patient/p1", json={"resourceType": "Person", "id": "p1"})
    assert cause_of(access) is Cause.WRONG_TYPE


@pytest.mark.parametrize(
    ("error", "cause", "requests_made"),
    [
        (requests.ConnectTimeout(), Cause.TIMED_OUT, 1),
        (requests.ReadTimeout(), Cause.TIMED_OUT, 1),
        (requests.exceptions.SSLError(), Cause.NOT_TRUSTED, 1),
        (requests.ConnectionError(), Cause.UNREACHABLE, 2),
        (requests.exceptions.ChunkedEncodingError(), Cause.CUT_SHORT, 1),
        (requests.exceptions.ContentDecodingError(), Cause.CUT_SHORT, 1),
        (requests.exceptions.InvalidHeader(), Cause.CUT_SHORT, 1),
        (OSError(), Cause.CUT_SHORT, 1),
    ],
)
def test_every_error_of_the_network_stack_has_a_cause(
    access: Access, ehr: responses.RequestsMock, error: Exception, cause: Cause, requests_made: int
) -> None:
    ehr.get(f"{URL}/Patient/p1", body=error)
    assert cause_of(access) is cause
    assert len(ehr.calls) == requests_made


def test_nothing_is_asked_after_the_deadline(client: FhirClient, ehr: responses.RequestsMock) -> None:
    assert cause_of(client.access(BASE, None, time.monotonic() - 1)) is Cause.TIMED_OUT
    assert len(ehr.calls) == 0


def test_a_repetition_that_does_not_fit_is_not_begun(client: FhirClient, ehr: responses.RequestsMock) -> None:
    ehr.get(f"{URL}/Patient/p1", status=503, headers={"Retry-After": "2"})
    assert cause_of(client.access(BASE, None, time.monotonic() + 1)) is Cause.SERVER_FAILED
    assert len(ehr.calls) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("0", 0), ("7", 7), ("junk", 0), ("-1", 0), ("1.5", 0), ("٣", 0), ("9" * 400, 999999999)],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert _retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    assert 55 < _retry_after(formatdate(time.time() + 60, usegmt=True)) <= 60
    assert _retry_after(formatdate(0, usegmt=True)) == 0


@pytest.mark.parametrize(
    ("limits", "cause"), [(Limits(call_requests=0), Cause.TOO_MANY_REQUESTS), (Limits(answer_bytes=5), Cause.TOO_LARGE)]
)
def test_limits_are_causes(limits: Limits, cause: Cause) -> None:
    client = FhirClient([BASE], limits=limits)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as ehr:
        ehr.get(f"{URL}/Patient/p1", json=PATIENT)
        assert cause_of(client.access(BASE, None, time.monotonic() + 5)) is cause
    client.close()


def test_only_listed_servers_and_loopback_by_choice(client: FhirClient) -> None:
    assert client.base_of(f"{URL}/") == BASE
    with pytest.raises(ForbiddenServer):
        client.base_of("http://127.0.0.1/fhir")
    with pytest.raises(BadRequest):
        client.base_of("http://")
    sandbox = FhirClient(loopback=True)
    assert sandbox.base_of("http://127.0.0.1/fhir").is_loopback
    sandbox.close()


def test_sessions_take_nothing_from_the_environment_and_are_bounded_in_number(client: FhirClient) -> None:
    first = client.pool(BASE)
    assert first is client.pool(BASE)
    assert (first.session.trust_env, first.session.verify) == (False, True)
    for number in range(40):
        client.pool(parse_base(f"https://ehr{number}.example.org/"))
    assert client.pool(BASE) is not first


def test_an_own_authority_replaces_the_usual_ones() -> None:
    client = FhirClient([BASE], ca_file="/etc/own.pem")
    assert client.pool(BASE).session.verify == "/etc/own.pem"
    client.close()


def test_a_connection_that_comes_too_late_is_closed_unused() -> None:
    exchange = Exchange(0, threading.Condition())
    exchange.expire()
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = WatchedHTTPConnection("127.0.0.1", server.getsockname()[1])
        current.exchange = exchange
        try:
            with pytest.raises(TimeoutError):
                connection.connect()
        finally:
            current.exchange = None
            connection.close()
        taken, _ = server.accept()
        with taken:
            taken.settimeout(5)
            assert taken.recv(1) == b""
