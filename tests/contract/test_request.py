"""The call: GEN, REQ-01 to REQ-19, EXT-01, QRK-02 and the habits at the end of hook-contexts."""

from __future__ import annotations

import copy
import io
from datetime import date
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.contract.calls import (
    ORDER_SELECT,
    PATIENT_VIEW,
    URLS,
    FakePipeline,
    diagnostics,
    order,
    patient_view,
    post,
    valid_calls,
)

MISSING = object()
AUTHORIZATION = {
    "access_token": "t0ken",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.rs",
    "subject": "cds-service",
}
CALLS = valid_calls()
REQUIRED = [
    *((hook, name) for hook in CALLS for name in ("hook", "hookInstance", "context")),
    *(
        (hook, f"context.{name}")
        for hook, fields in {
            "patient-view": ("userId", "patientId"),
            "order-select": ("userId", "patientId", "selections", "draftOrders"),
            "order-sign": ("userId", "patientId", "draftOrders"),
        }.items()
        for name in fields
    ),
]


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    *way, last = path.split(".")
    place = body
    for step in way:
        place = place[step]
    if value is MISSING:
        place.pop(last, None)
    else:
        place[last] = value
    return body


@pytest.mark.parametrize("hook", CALLS)
def test_req_01_a_valid_call_gets_cards(web: FlaskClient, pipeline: FakePipeline, hook: str) -> None:
    response = post(web, CALLS[hook], URLS[hook])
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert msgspec.json.decode(response.data)["cards"][0]["summary"] == "One fact is missing"
    assert pipeline.today == date(2026, 11, 24)
    assert pipeline.site is not None
    assert (pipeline.site.profile, pipeline.site.recommend) == ("sandbox", False)


@pytest.mark.parametrize(("hook", "path"), REQUIRED)
@pytest.mark.parametrize("value", [MISSING, None, 7, True], ids=["missing", "null", "number", "boolean"])
def test_req_02_to_04_a_required_member_is_named_when_it_is_not_there(
    web: FlaskClient, hook: str, path: str, value: Any
) -> None:
    response = post(web, changed(CALLS[hook], path, value), URLS[hook])
    assert response.status_code == 400
    assert diagnostics(response).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hook", ""),
        ("hookInstance", ""),
        ("hookInstance", "x" * 257),
        ("context", []),
        ("context", "patient"),
        ("context.patientId", ""),
        ("context.patientId", "."),
        ("context.patientId", ".."),
        ("context.patientId", "p1/../x"),
        ("context.patientId", "p1?_include=*"),
        ("context.patientId", "p1&_count=1"),
        ("context.patientId", "$everything"),
        ("context.patientId", "p1\x00"),
        ("context.patientId", "p1\n"),
        ("context.patientId", "x" * 257),
        ("context.userId", "somebody"),
        ("context.encounterId", 7),
        ("prefetch", []),
        ("prefetch", "none"),
        ("prefetch", 7),
        ("fhirServer", 7),
        ("fhirServer", ""),
        ("fhirServer", []),
    ],
)
def test_req_04_and_09_wrong_values_are_refused_by_name(web: FlaskClient, path: str, value: Any) -> None:
    response = post(web, changed(patient_view(), path, value))
    assert response.status_code == 400
    assert diagnostics(response).startswith(f"{path}: ")


@pytest.mark.parametrize("value", ["MedicationRequest/1", {"a": 1}, [1], [None]])
def test_req_04_selections_are_an_array_of_strings(web: FlaskClient, value: Any) -> None:
    response = post(web, order("order-select", selections=value), ORDER_SELECT)
    assert response.status_code == 400
    assert "context.selections" in diagnostics(response)


@pytest.mark.parametrize("name", ["access_token", "token_type", "scope", "subject"])
@pytest.mark.parametrize("value", [MISSING, 7, ""], ids=["missing", "number", "empty"])
def test_req_07_members_of_the_authorization(web: FlaskClient, name: str, value: Any) -> None:
    body = patient_view(fhirServer="http://127.0.0.1:1/fhir", fhirAuthorization=AUTHORIZATION)
    response = post(web, changed(body, f"fhirAuthorization.{name}", value))
    assert response.status_code == 400
    assert f"fhirAuthorization.{name}" in diagnostics(response)


@pytest.mark.parametrize("token", ["a\r\nX: y", "é", "a b", "x" * 8193])
def test_out_05_a_token_that_no_header_can_carry_is_refused(web: FlaskClient, token: str) -> None:
    authorization = {**AUTHORIZATION, "access_token": token}
    response = post(web, patient_view(fhirServer="http://127.0.0.1:1/fhir", fhirAuthorization=authorization))
    assert response.status_code == 400
    assert "access_token" in diagnostics(response)
    assert token not in diagnostics(response)


def test_req_05_an_authorization_needs_a_server(web: FlaskClient) -> None:
    assert post(web, patient_view(fhirAuthorization=AUTHORIZATION)).status_code == 400


def test_safe_02_an_authorization_for_another_patient_is_refused(web: FlaskClient) -> None:
    body = patient_view(fhirServer="http://127.0.0.1:1/fhir", fhirAuthorization={**AUTHORIZATION, "patient": "p2"})
    assert post(web, body).status_code == 400


def test_req_10_a_foreign_hook_is_refused(web: FlaskClient) -> None:
    for body, url in (
        (order("order-sign"), PATIENT_VIEW),
        ({**patient_view(), "hook": "encounter-start"}, PATIENT_VIEW),
    ):
        response = post(web, body, url)
        assert response.status_code == 400
        assert diagnostics(response).startswith("hook: ")


def test_req_12_an_unknown_service_is_not_found(web: FlaskClient) -> None:
    for url in ("/cds-services/nope", "/cds-services/nope/feedback", f"{PATIENT_VIEW}/more/still"):
        response = post(web, patient_view(), url)
        assert response.status_code == 404
        assert diagnostics(response)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", PATIENT_VIEW),
        ("PUT", PATIENT_VIEW),
        ("DELETE", PATIENT_VIEW),
        ("PATCH", PATIENT_VIEW),
        ("POST", "/cds-services"),
    ],
)
def test_req_13_other_methods_are_405_in_json(web: FlaskClient, pipeline: FakePipeline, method: str, url: str) -> None:
    response = web.open(url, method=method, json=patient_view())
    assert response.status_code == 405
    assert response.headers["Allow"]
    assert diagnostics(response)
    assert not pipeline.records


MALFORMED = {
    "empty": b"",
    "blank": b"  ",
    "cut off": b'{"hook": "patient-view",',
    "array": b"[]",
    "string": b'"patient-view"',
    "null": b"null",
    "NaN": b'{"hook": NaN}',
    "NaN in the prefetch": b'{"hook":"patient-view","prefetch":{"patient":{"x":NaN}}}',
    "Infinity": b'{"hook": -Infinity}',
    "comment": b'{"hook": "patient-view" /* so */}',
    "trailing comma": b'{"hook": "patient-view",}',
    "two documents": b"{}{}",
    "UTF-16": '{"hook": "patient-view"}'.encode("utf-16"),
    "UTF-8 with BOM": b"\xef\xbb\xbf{}",
    "Latin-1": '{"hook": "é"}'.encode("latin-1"),
    "a name that is not UTF-8": b'{"hook":"patient-view","prefetc\xefh":1}',
    "a prefetch key that is not UTF-8": b'{"hook":"patient-view","prefetch":{"patien\xeft":1}}',
    "not UTF-8 in the prefetch": b'{"hook":"patient-view","prefetch":{"patient":{"x":"\xff"}}}',
    "lone surrogate": b'{"hook": "\\ud800"}',
    "65 levels": b'{"x":' + b"[" * 64 + b"]" * 64 + b"}",
    "60000 brackets": b"[" * 60000,
    "100000 levels": b'{"prefetch":' + b"[" * 100000 + b"]" * 100000 + b"}",
    "100000 digits": b'{"hook":' + b"1" * 100000 + b"}",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=list(MALFORMED))
def test_req_15_malformed_bodies_are_400_and_the_next_call_works(web: FlaskClient, data: bytes) -> None:
    response = post(web, data)
    assert response.status_code == 400
    assert diagnostics(response)
    assert post(web, patient_view()).status_code == 200


def test_req_17_nesting_up_to_the_limit_is_taken(web: FlaskClient) -> None:
    deep: Any = 1
    for _ in range(62):
        deep = [deep]
    assert post(web, patient_view(extension={"org.example": deep})).status_code == 200


def test_brackets_inside_strings_are_no_nesting(web: FlaskClient) -> None:
    for text in ("[" * 100, "]" * 100, '\\"[[[', "}{" * 80, '"' + "[" * 70):
        assert post(web, patient_view(extension={"org.example": text})).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON;charset="UTF-8"', 200),
        ("application/fhir+json", 200),
        (None, 200),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
    ],
)
def test_req_16_content_types(web: FlaskClient, content_type: str | None, status: int) -> None:
    response = post(web, patient_view(), content_type=content_type)
    assert response.status_code == status
    if status != 200:
        assert diagnostics(response)


def test_in_01_a_content_coding_is_refused(web: FlaskClient) -> None:
    assert post(web, patient_view(), headers={"Content-Encoding": "gzip"}).status_code == 415


def test_req_17_a_body_over_the_limit_is_413(web: FlaskClient) -> None:
    just_fits = msgspec.json.encode(patient_view()).ljust(4 * 1024 * 1024)
    assert post(web, just_fits).status_code == 200
    response = post(web, just_fits + b" ")
    assert response.status_code == 413
    assert diagnostics(response)


def test_in_01_chunked_bodies_are_read_up_to_the_limit(app: Flask) -> None:
    web = app.test_client()
    body = msgspec.json.encode(patient_view())

    def chunked(data: bytes) -> int:
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        return web.post(
            PATIENT_VIEW, input_stream=io.BytesIO(data), content_type="application/json", environ_overrides=environ
        ).status_code

    assert chunked(body) == 200
    assert chunked(body.ljust(4 * 1024 * 1024 + 1)) == 413


def test_a_body_shorter_than_it_says_is_400(app: Flask) -> None:
    response = app.test_client().post(
        PATIENT_VIEW,
        input_stream=io.BytesIO(b"{}"),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "40"},
    )
    assert response.status_code == 400


def test_in_03_more_than_64_prefetch_keys_are_413(web: FlaskClient) -> None:
    prefetch = patient_view()["prefetch"]
    assert post(web, patient_view(prefetch=prefetch | {f"k{n}": None for n in range(62)})).status_code == 200
    assert post(web, patient_view(prefetch=prefetch | {f"k{n}": None for n in range(63)})).status_code == 413


def test_req_18_two_calls_do_not_touch_each_other(web: FlaskClient) -> None:
    assert post(web, patient_view()).data == post(web, patient_view()).data


def test_a_doubled_name_is_last_wins(web: FlaskClient, pipeline: FakePipeline) -> None:
    body = msgspec.json.encode(patient_view()).replace(b'"hook":"patient-view"', b'"hook":7,"hook":"patient-view"')
    assert post(web, body).status_code == 200
    assert pipeline.requests[0].hook == "patient-view"


HABITS: dict[str, dict[str, Any]] = {
    "hookInstance of 64 random characters": patient_view(hookInstance="q" * 64),
    "hookInstance of 256 characters": patient_view(hookInstance="é" * 256),
    "hookInstance of version 1": patient_view(hookInstance="9b1deb4d-3b7d-11e1-9bdd-2b0d7b3dcb6d"),
    "patientId with prefix": changed(patient_view(), "context.patientId", "Patient/p1"),
    "patientId absolute and versioned": changed(
        patient_view(), "context.patientId", "https://ehr.example.org/fhir/Patient/p1/_history/3"
    ),
    "userId absolute": changed(patient_view(), "context.userId", "https://ehr.example.org/fhir/PractitionerRole/1"),
    "encounterId null": changed(patient_view(), "context.encounterId", None),
    "extension of Epic": patient_view(extension={"com.epic.cdshooks.request.bpa-trigger-action": "23"}),
    "unknown members anywhere": patient_view(
        user="x", context={"userId": "Practitioner/1", "patientId": "p1", "new": {}}
    ),
    "authorization without expires_in": patient_view(
        fhirServer="http://127.0.0.1:1", fhirAuthorization={k: v for k, v in AUTHORIZATION.items() if k != "expires_in"}
    ),
    "expires_in as text": patient_view(
        fhirServer="http://127.0.0.1:1", fhirAuthorization={**AUTHORIZATION, "expires_in": "300"}
    ),
    "older scopes": patient_view(
        fhirServer="http://127.0.0.1:1", fhirAuthorization={**AUTHORIZATION, "scope": "patient/*.read launch"}
    ),
    "null for no server": patient_view(fhirServer=None, fhirAuthorization=None),
    "bundle without type, bare resources as entries": patient_view(
        prefetch={
            "patient": {"resourceType": "Patient", "id": "p1"},
            "conditions": {"resourceType": "Bundle", "entry": [{"resourceType": "Condition", "id": "1"}, None, 7]},
            "observations": {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Observation"}}]},
        }
    ),
}


@pytest.mark.parametrize("body", HABITS.values(), ids=list(HABITS))
def test_qrk_02_habits_of_real_clients_are_taken(
    web: FlaskClient, pipeline: FakePipeline, body: dict[str, Any]
) -> None:
    assert post(web, body).status_code == 200
    assert pipeline.records[0].patient_id == "p1"


DRAFT_HABITS: dict[str, dict[str, Any]] = {
    "no type, no intent, no medication": order("order-select"),
    "ids of 128 characters with dots": order(
        "order-select",
        selections=["MedicationRequest/" + "eKwoQ.x" * 18, "MedicationRequest/smart-MedicationRequest-103"],
    ),
    "selection that is not a draft": order("order-select", selections=["MedicationRequest/nowhere"]),
    "nothing selected": order("order-select", selections=[]),
    "drafts that are no Bundle": order("order-select", draftOrders={"resourceType": "MedicationOrder"}),
}


@pytest.mark.parametrize("body", DRAFT_HABITS.values(), ids=list(DRAFT_HABITS))
def test_qrk_02_habits_in_order_hooks(web: FlaskClient, body: dict[str, Any]) -> None:
    assert post(web, body, ORDER_SELECT).status_code == 200


def test_drafts_go_on_as_they_came(web: FlaskClient, pipeline: FakePipeline) -> None:
    body = order("order-select", selections=["https://ehr.example.org/fhir/MedicationRequest/request-123"])
    post(web, body, ORDER_SELECT)
    (record,) = pipeline.records
    assert record.draft_orders is not None
    assert msgspec.json.decode(bytes(record.draft_orders)) == body["context"]["draftOrders"]
    assert record.selections == ("MedicationRequest/request-123",)


def test_order_sign_advises_on_every_draft(web: FlaskClient, pipeline: FakePipeline) -> None:
    post(web, order("order-sign", selections=["MedicationRequest/request-123"]), URLS["order-sign"])
    assert pipeline.records[0].selections is None


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1"])
def test_tr_22_patients_and_relatives_get_no_cards(web: FlaskClient, pipeline: FakePipeline, user: str) -> None:
    response = post(web, changed(patient_view(), "context.userId", user))
    assert (response.status_code, response.data) == (200, b'{"cards":[]}')
    assert not pipeline.records


@pytest.mark.parametrize("host", ["", ".", "a..b", ".example.org", "x" * 64 + ".example.org", "a b", "ü", "[::1"])
def test_a_host_that_is_no_name_does_no_harm(web: FlaskClient, host: str) -> None:
    answer = web.post(PATIENT_VIEW, json=patient_view(), environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 200
    assert web.get("/healthz", environ_overrides={"HTTP_HOST": host}).status_code == 200


def test_qrk_03_doubled_and_trailing_slashes_do_no_harm(web: FlaskClient) -> None:
    for url in ("/cds-services//cervical-recurrence-patient-view", f"{PATIENT_VIEW}/", f"//{PATIENT_VIEW}//"):
        assert post(web, patient_view(), url).status_code == 200
