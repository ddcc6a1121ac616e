"""Calls as clients make them, and a pipeline that only remembers what it was given."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.protocol.response import Answer, Card, Source
from cds_service.site import Site
from fhir_mappings.record import Record

PATIENT_VIEW = "/cds-services/cervical-recurrence-patient-view"
ORDER_SELECT = "/cds-services/cervical-recurrence-order-select"
ORDER_SIGN = "/cds-services/cervical-recurrence-order-sign"
URLS = {"patient-view": PATIENT_VIEW, "order-select": ORDER_SELECT, "order-sign": ORDER_SIGN}


class FakePipeline:
    """Stands for the steps after gathering: one card, and the arguments of the last call."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self.records: list[Record] = []
        self.requests: list[HookRequest] = []
        self.today: date | None = None
        self.site: Site | None = None
        self.fails = False

    def __call__(self, service: Service, request: HookRequest, record: Record, *, today: date, site: Site) -> Answer:
        if self.fails:
            raise ZeroDivisionError(f"about {record.patient_id}")
        self.services.append(service)
        self.records.append(record)
        self.requests.append(request)
        self.today = today
        self.site = site
        return Answer(
            (Card("One fact is missing", "info", Source("Test"), uuid="5b1f8a40-4f0e-5f6c-9a51-1f63fd6b7f0e"),)
        )


def patient_view(**members: Any) -> dict[str, Any]:
    """A valid call with Patient and Condition as prefetch."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": bundle("Condition")},
        **members,
    }


def order(hook: str, **context: Any) -> dict[str, Any]:
    """A valid call of an order hook with one draft."""
    draft = {"resourceType": "MedicationRequest", "id": "request-123", "status": "draft"}
    fields = {
        "userId": "Practitioner/1",
        "patientId": "p1",
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        **({"selections": ["MedicationRequest/request-123"]} if hook == "order-select" else {}),
    }
    return {**patient_view(), "hook": hook, "context": {**fields, **context}}


def valid_calls() -> dict[str, dict[str, Any]]:
    return {"patient-view": patient_view(), **{hook: order(hook) for hook in ("order-select", "order-sign")}}


def bundle(resource_type: str, count: int = 1, **members: Any) -> dict[str, Any]:
    entries = [{"resource": {"resourceType": resource_type, "id": str(number)}} for number in range(count)]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def post(web: FlaskClient, body: Any, url: str = PATIENT_VIEW, **options: Any) -> TestResponse:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return web.post(url, data=data, **{"content_type": "application/json", **options})


def diagnostics(response: TestResponse) -> str:
    """The texts of an OperationOutcome, after checking that it is one (RESP-05, RESP-06)."""
    body = msgspec.json.decode(response.data)
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"]
    for issue in body["issue"]:
        assert issue["severity"] in {"fatal", "error", "warning", "information"}
        assert issue["code"] in ISSUE_TYPES
    return " / ".join(issue["diagnostics"] for issue in body["issue"])


ISSUE_TYPES = {
    "invalid",
    "structure",
    "required",
    "value",
    "security",
    "login",
    "forbidden",
    "processing",
    "not-supported",
    "not-found",
    "too-long",
    "transient",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
}
