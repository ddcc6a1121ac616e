from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.errors import Hitch, LaunchFailed
from cds_service.smart.grant import Origin, form, read
from cds_service.smart.launch import Launch

GOOD = {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300, "patient": "p1"}
LAUNCH = Launch.begin("https://ehr.example.org/fhir", 0)


def body(**members: Any) -> bytes:
    told = {**GOOD, **members}
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def hitch(status: int, data: bytes) -> Hitch:
    with pytest.raises(LaunchFailed) as caught:
        read(status, data)
    return caught.value.hitch


def test_a_grant_names_token_and_patient_and_shows_neither() -> None:
    granted = read(200, body())
    assert (granted.access_token, granted.patient_id, granted.seconds) == ("t0ken", "p1", 300)
    assert granted.banner
    assert granted.origin == Origin("patient-view", "")
    assert "t0ken" not in repr(granted)
    assert "p1" not in repr(granted)


@pytest.mark.parametrize(("patient", "bare"), [("Patient/p1", "p1"), ("a.b-C" * 50, "a.b-C" * 50)])
def test_a_patient_may_be_named_by_reference_or_at_length(patient: str, bare: str) -> None:
    assert read(200, body(patient=patient)).patient_id == bare


@pytest.mark.parametrize("patient", [None, "", 7, "../x", "a b", "p1?x=1", "x" * 257, ["p1"]])
def test_without_a_patient_there_is_nothing_to_show(patient: Any) -> None:
    assert hitch(200, body(patient=patient)) is Hitch.NO_PATIENT


@pytest.mark.parametrize(
    "members",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": "\u00e9"},
        {"access_token": "x" * 8193},
        {"token_type": None},
        {"token_type": "mac"},
        {"token_type": ["bearer"]},
    ],
)
def test_a_token_that_cannot_be_sent_is_none(members: dict[str, Any]) -> None:
    assert hitch(200, body(**members)) is Hitch.NO_TOKEN


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"access_token=x", b'{"patient": "a", "patient": "b"}', b'{"x": "\\ud800"}', b"[" * 99_999]
)
def test_what_is_no_object_grants_nothing(data: bytes) -> None:
    assert hitch(200, data) is Hitch.NO_TOKEN


@pytest.mark.parametrize(
    ("status", "said"),
    [(400, Hitch.CODE_REFUSED), (401, Hitch.CODE_REFUSED), (302, Hitch.NO_TOKEN), (500, Hitch.NO_TOKEN)],
)
def test_a_refusal_of_the_code_is_told_from_a_fault(status: int, said: Hitch) -> None:
    assert hitch(status, body()) is said


@pytest.mark.parametrize(
    ("told", "seconds"), [(None, None), ("300", None), (True, None), (-1, None), (0, None), (9, 9)]
)
def test_the_life_of_a_token_is_a_positive_number_or_not_known(told: Any, seconds: int | None) -> None:
    assert read(200, body(expires_in=told)).seconds == seconds


@pytest.mark.parametrize(("told", "needed"), [(None, True), (True, True), (False, False), ("false", True), (0, True)])
def test_the_banner_is_left_out_only_where_that_is_said(told: Any, needed: bool) -> None:
    assert read(200, body(need_patient_banner=told)).banner is needed


def test_the_cards_own_context_comes_back() -> None:
    context = json.dumps({"hook": "order-sign", "hookInstance": "i-1"})
    assert read(200, body(appContext=context)).origin == Origin("order-sign", "i-1")


@pytest.mark.parametrize(
    "context",
    [
        "x",
        "[]",
        "{}",
        7,
        {"hook": "order-sign", "hookInstance": "i-1"},
        '{"hook": "another-hook", "hookInstance": "i"}',
        '{"hook": ["order-sign"], "hookInstance": "i"}',
        '{"hook": "order-sign", "hookInstance": ""}',
        '{"hook": "order-sign", "hookInstance": 7}',
        '{"hook": "order-sign", "hookInstance": "' + "x" * 257 + '"}',
        '{"hook": "order-sign", "hookInstance": "x", "hookInstance": "y"}',
        "[" * 2000,
    ],
)
def test_any_other_context_counts_as_none(context: Any) -> None:
    assert read(200, body(appContext=context)).origin == Origin()


def test_a_public_client_names_itself_and_a_confidential_one_by_header() -> None:
    public = form("c", LAUNCH, client_id="ours", confidential=False, redirect_uri="https://x/cb")
    assert public == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": "https://x/cb",
        "code_verifier": LAUNCH.verifier,
        "client_id": "ours",
    }
    assert "client_id" not in form("c", LAUNCH, client_id="ours", confidential=True, redirect_uri="https://x/cb")
