"""Traces without patients: sentinels in every field, failing calls too, at DEBUG (AUD-01, AUD-03 to -06, KEEP-08)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract.calls import ORDER_SIGN, PATIENT_VIEW
from tests.journeys.faulty_fhir_server import FaultyFhirServer, faulty_fhir_server
from tests.journeys.served import served

MARK = "Zq9Trace"
ON_RECORD = {
    f"{MARK}-patient",
    f"{MARK}-user",
    f"{MARK}-hookInstance",
}
"""What the audit trail is for; it stands there and nowhere else but the user beside a shown card."""
FAULTS = ["", "hang up", "500", "html", "truncated", "outcome", "wrong type", "not utf-8", "many entries", "401"]


@dataclass
class Heard:
    """Everything that the service said and wrote while it was called."""

    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    request_ids: list[str] = field(default_factory=list)
    log: bytes = b""
    out: bytes = b""
    metrics: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files["audit/audit.jsonl"].splitlines()]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]


def record(resource_type: str, **members: Any) -> dict[str, Any]:
    mark = f"{MARK}-{resource_type}"
    subject = {"reference": f"Patient/{MARK}-patient", "display": f"{mark}-subject"}
    coding = {"system": f"urn:{mark}-system", "code": f"{mark}-code", "display": f"{mark}-display"}
    return {
        "resourceType": resource_type,
        "id": f"{mark}-id",
        "subject": subject,
        "code": {"coding": [coding], "text": f"{mark}-text"},
        "note": [{"text": f"{mark}-note"}],
        **members,
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


PATIENT = {
    "resourceType": "Patient",
    "id": f"{MARK}-patient",
    "name": [{"family": f"{MARK}-family", "given": [f"{MARK}-given"]}],
    "birthDate": f"{MARK}-birthDate",
    "identifier": [{"value": f"{MARK}-mrn"}],
}


def call(base: str, hook: str = "patient-view", **members: Any) -> dict[str, Any]:
    context: dict[str, Any] = {
        "patientId": f"{MARK}-patient",
        "userId": f"Practitioner/{MARK}-user",
        "encounterId": f"{MARK}-encounter",
    }
    if hook == "order-sign":
        context["draftOrders"] = bundle(record("MedicationRequest", status="draft", intent="order"))
    return {
        "hook": hook,
        "hookInstance": f"{MARK}-hookInstance",
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": f"{MARK}-token",
            "token_type": "Bearer",
            "scope": f"{MARK}-scope",
            "subject": f"{MARK}-subject",
            "expires_in": 300,
        },
        "context": context,
        "prefetch": {"patient": PATIENT, "conditions": bundle(record("Condition"))},
        "extension": {"org.example.x": f"{MARK}-extension"},
        f"{MARK}-member": f"{MARK}-value",
        **members,
    }


def feedback(**members: Any) -> dict[str, Any]:
    reason = {"reason": {"code": f"{MARK}-reason", "display": f"{MARK}-display"}, "userComment": f"{MARK}-comment"}
    item = {"card": f"{MARK}-card", "outcome": "overridden", "outcomeTimestamp": "2026-11-24T12:00:00Z"}
    return {"feedback": [{**item, "overrideReason": reason, **members}]}


def bodies(base: str) -> Iterator[tuple[str, bytes]]:
    """Calls of every kind, good and bad, to where they go."""
    whole = call(base)
    for body in (
        whole,
        call(base, prefetch={}),
        call(base, prefetch={"patient": PATIENT}),
        call(base, hook=f"{MARK}-hook"),
        call(base, hookInstance=None),
        call(base, context={"patientId": f"{MARK} patient", "userId": f"{MARK}"}),
        call(base, fhirServer=f"http://{MARK}.example.org/fhir"),
        call(base, fhirServer=f"not a url {MARK}"),
        call(base, fhirAuthorization={"access_token": f"{MARK}\r\nX: y"}),
        call(base, prefetch={"patient": {**PATIENT, "id": f"{MARK}-another"}, "conditions": None}),
        call(base, prefetch={"patient": f"{MARK}", "conditions": [f"{MARK}"]}),
    ):
        yield PATIENT_VIEW, json.dumps(body).encode()
    yield ORDER_SIGN, json.dumps(call(base, "order-sign")).encode()
    yield PATIENT_VIEW, json.dumps(whole).encode()[:-20]
    yield PATIENT_VIEW, b'{"hook":"' + MARK.encode() + b'\xff"}'
    yield f"/cds-services/{MARK}-service", json.dumps(whole).encode()
    yield f"/{MARK}-path", b"{}"
    for item in (feedback(), feedback(outcome=MARK), feedback(card=f"{MARK}\n"), feedback(outcomeTimestamp=MARK)):
        yield f"{PATIENT_VIEW}/feedback", json.dumps(item).encode()
    yield f"{PATIENT_VIEW}/feedback", b'{"feedback":[],"feedback":"' + MARK.encode() + b'"}'


def call_everything(url: str, ehr: FaultyFhirServer, heard: Heard) -> None:
    headers = {
        "Content-Type": "application/json",
        "X-Request-ID": f"{MARK}-request-id",
        "traceparent": f"{MARK}-traceparent",
        "User-Agent": f"{MARK}-agent",
        "Referer": f"https://{MARK}.example.org",
        "Authorization": f"Bearer {MARK}-jwt",
        "Cookie": f"session={MARK}-cookie",
    }
    with requests.Session() as session:
        for fault in FAULTS:
            ehr.faults["*"] = fault
            sent = session.post(
                f"{url}{PATIENT_VIEW}?{MARK}-query", json=call(ehr.base, prefetch={}), headers=headers, timeout=10
            )
            heard.statuses[sent.status_code] += 1
        ehr.faults.clear()
        for path, body in bodies(ehr.base):
            sent = session.post(f"{url}{path}?{MARK}-query", data=body, headers=headers, timeout=10)
            heard.statuses[sent.status_code] += 1
            heard.request_ids.append(sent.headers["X-Request-ID"])
        session.get(f"{url}/cds-services?{MARK}", headers=headers, timeout=10)
        session.get(f"{url}/readyz?{MARK}", headers=headers, timeout=10)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp("traces")
    log = folder.parent / f"{folder.name}.log"
    result = Heard()
    with faulty_fhir_server() as ehr:
        ehr.resources = {"Patient": [PATIENT], "Condition": [record("Condition")], "Procedure": [record("Procedure")]}
        with served(
            folder, "--port", "0", "--workers", "1", log=log, LOG_LEVEL="DEBUG", METRICS_PORT="0", DEADLINE_SECONDS="1"
        ) as service:
            call_everything(service.url, ehr, result)
            result.metrics = requests.get(service.metrics_url, timeout=5).content
            service.stop()
            assert service.process.stdout is not None
            result.out = service.process.stdout.read().encode()
        result.asked = len(ehr.asked)
    result.log = log.read_bytes()
    result.files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    return result


def marks(content: bytes) -> set[str]:
    """Every word of the content that begins with the mark."""
    allowed = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    found = set()
    start = content.find(MARK.encode())
    while start >= 0:
        end = start
        while end < len(content) and content[end] in allowed:
            end += 1
        found.add(content[start:end].decode())
        start = content.find(MARK.encode(), end)
    return found


def test_the_calls_were_of_every_kind(heard: Heard) -> None:
    assert {200, 400, 403, 404, 412} <= heard.statuses.keys()
    assert not [status for status in heard.statuses if status >= 500]
    assert heard.asked > 10


def test_aud_03_to_05_no_field_of_a_call_is_in_logs_or_output_or_metrics(heard: Heard) -> None:
    assert MARK.encode() not in heard.log
    assert MARK.encode() not in heard.out
    assert MARK.encode() not in heard.metrics


def test_aud_03_logs_are_json_lines_of_known_events(heard: Heard) -> None:
    lines = heard.lines()
    assert {line["event"] for line in lines} >= {"answered", "authentication-off"}
    answered = [line for line in lines if line["event"] == "answered"]
    assert sum(line["status"] < 500 for line in answered) == len(answered) > 30
    assert {line["level"] for line in answered} == {"INFO", "DEBUG"}


def test_files_hold_of_a_call_what_they_are_for_and_nothing_else(heard: Heard) -> None:
    found = {name: marks(content) for name, content in heard.files.items()}
    audit = found.pop("audit/audit.jsonl")
    assert {f"{MARK}-patient", f"{MARK}-user", f"{MARK}-hookInstance"} <= audit
    assert audit <= {*ON_RECORD, f"{MARK}-service", f"{MARK}-hook", f"{MARK}-another"}
    store = set().union(*(found.pop(name) for name in list(found) if name.startswith("recurrence-cds.sqlite3")))
    kept = tuple(f"{MARK}-{name}" for name in ("user", "card", "reason", "display", "comment"))
    assert not [word for word in store if not word.startswith(kept)]  # columns of a row stand without a gap
    assert [word for word in store if f"{MARK}-comment" in word]
    assert not {name: words for name, words in found.items() if words}


def test_aud_01_each_request_to_the_ehr_and_each_call_is_on_record(heard: Heard) -> None:
    events = heard.events()
    kinds = Counter(event["subtype"][0]["code"] for event in events)
    assert kinds["search-type"] + kinds["read"] == heard.asked
    calls = [event for event in events if event["subtype"][0]["code"] == "operation"]
    assert len(calls) == heard.statuses.total() - 1  # one path was no service's
    assert {event["outcome"] for event in calls} == {"0", "4"}
    patients = [event for event in events if f'Patient/{MARK}-patient"' in json.dumps(event["entity"])]
    assert len(patients) > heard.asked
    assert len({event["id"] for event in events}) == len(events)


def test_aud_06_a_request_id_of_strange_form_is_replaced(heard: Heard) -> None:
    assert len(set(heard.request_ids)) == len(heard.request_ids)
    assert {line["request_id"] for line in heard.lines() if "request_id" in line} >= set(heard.request_ids)


def test_aud_06_a_request_id_of_known_form_is_kept(tmp_path: Path) -> None:
    with served(tmp_path, "--port", "0", "--workers", "1") as service:
        identifier = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
        answer = requests.get(f"{service.url}/cds-services", headers={"X-Request-ID": identifier}, timeout=5)
        assert answer.headers["X-Request-ID"] == identifier
