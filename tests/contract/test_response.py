"""Answers and errors: GEN-01 to GEN-09, RESP-01 to RESP-07, CORS-01 to CORS-03, RUN-01, RUN-06, IN-08."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path

import jsonschema
import msgspec
import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.protocol import response as protocol
from cds_service.settings import Settings
from tests.contract.calls import PATIENT_VIEW, FakePipeline, diagnostics, patient_view, post

SCHEMA = json.loads(Path(__file__).with_name("response.schema.json").read_text("utf-8"))
REQUESTS = {
    "discovery": ("GET", "/cds-services", b""),
    "call": ("POST", PATIENT_VIEW, msgspec.json.encode(patient_view())),
    "malformed": ("POST", PATIENT_VIEW, b"{"),
    "no patient": ("POST", PATIENT_VIEW, msgspec.json.encode(patient_view(prefetch={}))),
    "not found": ("GET", "/nowhere", b""),
    "wrong method": ("PUT", PATIENT_VIEW, b""),
    "health": ("GET", "/healthz", b""),
    "readiness": ("GET", "/readyz", b""),
    "preflight": ("OPTIONS", PATIENT_VIEW, b""),
}


def test_resp_01_the_answer_fits_the_schema_and_the_checks(web: FlaskClient) -> None:
    response = post(web, patient_view())
    jsonschema.validate(json.loads(response.data), SCHEMA)
    assert protocol.faults(response.data) == []


@pytest.mark.parametrize(("method", "url", "data"), REQUESTS.values(), ids=list(REQUESTS))
def test_run_06_every_answer_carries_the_headers(web: FlaskClient, method: str, url: str, data: bytes) -> None:
    response = web.open(url, method=method, data=data, content_type="application/json")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    if response.data:
        assert response.content_type == "application/json"
        json.loads(response.data)


@pytest.mark.parametrize("url", ["/cds-services", PATIENT_VIEW, f"{PATIENT_VIEW}/feedback"])
def test_cors_01_the_preflight_allows_what_clients_send(web: FlaskClient, pipeline: FakePipeline, url: str) -> None:
    response = web.options(
        url,
        headers={
            "Origin": "https://sandbox.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        },
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert response.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert not pipeline.records


def test_run_01_health_and_readiness(web: FlaskClient) -> None:
    assert web.get("/healthz").data == b'{"status":"ok"}'
    assert web.get("/readyz").json == {
        "status": "ready",
        "authentication": "off: sandbox mode",
        "checks": {"knowledge": "ok", "store": "ok", "audit": "ok"},
    }


def test_safe_06_an_internal_fault_is_500_and_names_no_patient(
    web: FlaskClient, pipeline: FakePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline.fails = True
    with caplog.at_level(logging.DEBUG):
        response = post(web, patient_view())
    assert response.status_code == 500
    assert diagnostics(response) == "The service failed on this request"
    (fault,) = (record for record in caplog.records if record.levelname == "ERROR")
    assert (fault.msg, vars(fault)["error"]) == ("internal-fault", "ZeroDivisionError")
    assert "about p1" not in str([vars(record) for record in caplog.records])
    pipeline.fails = False
    assert post(web, patient_view()).status_code == 200


def test_in_08_error_answers_do_not_echo_the_input(web: FlaskClient) -> None:
    secret = "Zqx-9182"
    for body in (
        {**patient_view(), "hook": secret},
        {**patient_view(), "hookInstance": [secret]},
        {**patient_view(), "context": {"userId": secret, "patientId": "p1"}},
        {**patient_view(), "context": {"userId": "Practitioner/1", "patientId": f"{secret}/x"}},
        {**patient_view(), "fhirServer": f"https://{secret}.example.org/"},
    ):
        response = post(web, body)
        assert 400 <= response.status_code < 500
        assert secret not in diagnostics(response)


def test_production_mode_does_not_start_without_authentication() -> None:
    with pytest.raises(Exception, match="needs client authentication"):
        create_app(Settings(mode="production", base_url="https://cds.example.org"), answer=FakePipeline())


def test_today_may_be_asked_for_at_each_call() -> None:
    pipeline = FakePipeline()
    days = iter([date(2026, 11, 24), date(2026, 11, 25)])
    web = create_app(Settings(), today=lambda: next(days), answer=pipeline).test_client()
    for day in (24, 25):
        post(web, patient_view())
        assert pipeline.today == date(2026, 11, day)


def test_every_fetch_client_can_be_closed() -> None:
    app = create_app(Settings(), answer=FakePipeline())
    ask = patient_view(
        fhirServer="http://127.0.0.1:1/fhir", prefetch={"patient": {"resourceType": "Patient", "id": "p1"}}
    )
    assert post(app.test_client(), ask).status_code == 412
    app.extensions["recurrence-cds-fhir-client"].close()
    assert post(app.test_client(), ask).status_code == 500
