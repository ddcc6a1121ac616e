from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BodyTooLarge, RefusedRequest
from cds_service.protocol.request import HookRequest, decode, is_id, relative_reference

BODY: dict[str, Any] = {
    "hook": "order-select",
    "hookInstance": "h",
    "fhirServer": "https://ehr.example.org/fhir",
    "fhirAuthorization": {
        "access_token": "t0ken",
        "token_type": "bearer",
        "expires_in": "300",
        "scope": "x",
        "subject": "s",
        "patient": "Patient/p1",
    },
    "context": {
        "userId": "PractitionerRole/7",
        "patientId": "p1",
        "encounterId": "e1",
        "selections": ["MedicationRequest/1", "urn:uuid:0d7f3c1e-2a2b-5c3d-8e4f-5a6b7c8d9e0f"],
        "draftOrders": {"resourceType": "Bundle"},
        "extra": [1, {"a": None}],
    },
    "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": None},
}


def test_a_request_is_read_whole() -> None:
    request = decode(msgspec.json.encode(BODY))
    assert (request.hook, request.hook_instance, request.fhir_server) == ("order-select", "h", BODY["fhirServer"])
    assert (request.patient_id, request.user, request.user_type) == ("p1", "PractitionerRole/7", "PractitionerRole")
    assert request.selections == tuple(BODY["context"]["selections"])
    assert request.context["extra"] == [1, {"a": None}]
    assert bytes(request.draft_orders or b"") == b'{"resourceType":"Bundle"}'
    assert {key: bytes(value) for key, value in request.prefetch.items()} == {
        "patient": b'{"resourceType":"Patient","id":"p1"}',
        "conditions": b"null",
    }
    authorization = request.fhir_authorization
    assert authorization is not None
    assert (authorization.access_token, authorization.token_type) == ("t0ken", "Bearer")
    assert (authorization.expires_in, authorization.patient) == (300, "p1")


def test_the_token_is_not_shown() -> None:
    assert "t0ken" not in repr(decode(msgspec.json.encode(BODY)))


def test_only_bearer_tokens_are_known() -> None:
    body = {**BODY, "fhirAuthorization": {**BODY["fhirAuthorization"], "token_type": "MAC"}}
    with pytest.raises(RefusedRequest, match="token_type"):
        decode(msgspec.json.encode(body))


def test_more_selections_than_are_read_are_refused() -> None:
    body = {**BODY, "context": {**BODY["context"], "selections": ["MedicationRequest/1"] * 1001}}
    with pytest.raises(BodyTooLarge, match="selections"):
        decode(msgspec.json.encode(body))


@pytest.mark.parametrize("value", [True, "soon", 1.5, [], {}])
def test_expires_in_is_a_number_of_seconds(value: Any) -> None:
    body = {**BODY, "fhirAuthorization": {**BODY["fhirAuthorization"], "expires_in": value}}
    with pytest.raises(RefusedRequest, match="expires_in"):
        decode(msgspec.json.encode(body))


@pytest.mark.parametrize(
    ("reference", "relative"),
    [
        ("Patient/1", "Patient/1"),
        ("https://ehr.example.org/fhir/Patient/1/_history/2", "Patient/1"),
        ("Patient/1/_history/2", "Patient/1"),
        ("urn:uuid:0d7f3c1e", None),
        ("Patient", None),
        ("Patient/", None),
        ("Patient/a/b", None),
        ("Patient/1?x=1", None),
        ("#contained", None),
    ],
)
def test_relative_references(reference: str, relative: str | None) -> None:
    assert relative_reference(reference) == relative


@pytest.mark.parametrize(("text", "fits"), [("a.b-C9", True), ("x" * 256, True), ("x" * 257, False), ("..", False)])
def test_ids(text: str, fits: bool) -> None:
    assert is_id(text) is fits


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(msgspec.json.encode))
def test_arbitrary_bytes_are_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(RefusedRequest):
        decode(data)


@given(st.data())
def test_mutants_of_a_request_are_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(msgspec.json.encode(BODY))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=2))
        body = body or bytearray(b"{")
    outcome: HookRequest | RefusedRequest
    try:
        outcome = decode(bytes(body))
    except RefusedRequest as refused:
        outcome = refused
    assert outcome.reason if isinstance(outcome, RefusedRequest) else outcome.hook_instance


def test_published_examples_of_other_hooks_do_not_crash() -> None:
    examples = Path(__file__).with_name("published_requests.json")
    outcomes = {}
    for name, body in json.loads(examples.read_text("utf-8")).items():
        try:
            outcomes[name] = decode(json.dumps(body).encode()).hook
        except RefusedRequest as refused:
            outcomes[name] = refused.element
    assert outcomes == {
        "epic-order-select": "order-select",
        "no user": "context.userId",
        "order-dispatch": "order-dispatch",
        "old user member": "context.userId",
    }
