"""Audit records against FHIR R4 and against what BALP 1.1 asks of PatientQuery and PatientRead (AUD-01)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from cds_service.audit.events import Answered, Asked, Call, event

NOON = 1_795_521_600.25
SITE = "https://cds.example.org"
BASE = "https://ehr.example.org/fhir/"
CALL = Call(
    request_id="708ac82a5fce5bea",
    service="cervical-recurrence-patient-view",
    kind="hook",
    hook="patient-view",
    hook_instance="d1577c69",
    issuer="https://ehr.example.org/",
    tenant="north",
    address="192.0.2.7",
    user="Practitioner/1",
    patient_id="p1",
    knowledge="2026.11",
    scope="G0",
    rules=("P3:pelvic-exenteration", "BEV-01:bevacizumab-fistula"),
    failed=("P9",),
    cards=2,
)
SEARCH = Asked(BASE, f"{BASE}Condition?patient=p1", search=True)
READ = Asked(BASE, f"{BASE}Patient/p1", search=False)
DCM = "http://dicom.nema.org/resources/ontology/DCM"


def made(what: Asked | Answered, call: Call = CALL) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(event("0a1b", call, what, recorded=NOON, site=SITE))
    return record


def entities(record: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [one for one in record["entity"] if one["type"]["code"] == code]


def agent(record: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = (one for one in record["agent"] if one["type"]["coding"][0]["code"] == code)
    return dict(found)


@pytest.mark.parametrize(
    "what",
    [
        SEARCH,
        READ,
        Asked(BASE, f"{BASE}Condition?patient=p1", search=True, cause="timed_out"),
        Answered(200),
        Answered(412),
        Answered(503),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        CALL,
        Call(request_id="708ac82a5fce5bea", service="nope", kind="hook"),
        Call(request_id="1", service="s", kind="feedback", address="::1", cards=3),
    ],
)
def test_every_record_is_a_fhir_audit_event(call: Call, what: Asked | Answered) -> None:
    read = AuditEvent.model_validate_json(event("0a1b", call, what, recorded=NOON, site=SITE))
    assert read.id == "0a1b"
    assert str(read.recorded) == "2026-11-24 12:00:00.250000+00:00"
    assert not _empties(made(what, call))


def _empties(value: Any) -> bool:
    if isinstance(value, dict):
        return not value or any(_empties(one) for one in value.values())
    if isinstance(value, list):
        return not value or any(_empties(one) for one in value)
    return value in ("", None)


@pytest.mark.parametrize(
    ("what", "profile", "subtype", "action", "client", "server"),
    [
        (SEARCH, "PatientQuery", "search-type", "E", "110153", "110152"),
        (READ, "PatientRead", "read", "R", "110152", "110153"),
    ],
)
def test_aud_01_a_question_to_the_ehr_follows_its_balp_profile(
    what: Asked, profile: str, subtype: str, action: str, client: str, server: str
) -> None:
    record = made(what)
    assert record["meta"]["profile"] == [
        f"https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.{profile}"
    ]
    assert (record["type"]["code"], record["action"], record["outcome"]) == ("rest", action, "0")
    assert [one["code"] for one in record["subtype"]] == [subtype]
    for code, address in ((client, SITE), (server, BASE)):
        one = agent(record, code)
        assert one["type"]["coding"][0]["system"] == DCM
        assert one["who"]
        assert one["network"] == {"address": address, "type": "5"}
        assert "media" not in one
    user = agent(record, "IRCP")
    assert (user["who"], user["requestor"]) == ({"reference": "Practitioner/1"}, True)
    assert "network" not in user
    (transaction,) = entities(record, "XrequestId")
    assert transaction["what"] == {"identifier": {"value": "708ac82a5fce5bea"}}
    (patient,) = entities(record, "1")
    assert (patient["role"]["code"], patient["what"]) == ("1", {"reference": "Patient/p1"})


def test_a_search_keeps_the_whole_query_and_a_read_the_resource() -> None:
    (query,) = entities(made(SEARCH), "2")
    assert query["role"]["code"] == "24"
    assert base64.b64decode(query["query"]) == b"GET https://ehr.example.org/fhir/Condition?patient=p1"
    assert {"what", "name", "detail", "lifecycle"}.isdisjoint(query)
    (data,) = entities(made(READ), "2")
    assert (data["role"]["code"], data["what"]) == ("4", {"reference": "Patient/p1"})


def test_a_question_that_failed_says_why_and_claims_no_profile() -> None:
    record = made(Asked(BASE, f"{BASE}Condition?patient=p1", search=True, cause="timed_out"))
    assert (record["outcome"], record["outcomeDesc"]) == ("8", "timed_out")
    assert "meta" not in record


def test_aud_01_a_call_says_who_what_about_whom_and_with_which_rules() -> None:
    record = made(Answered(200))
    assert agent(record, "110153")["who"] == {"display": "https://ehr.example.org/"}
    assert agent(record, "110153")["network"] == {"address": "192.0.2.7", "type": "2"}
    (job,) = entities(record, "4")
    assert [(one["type"].removeprefix("org.recurrence-cds."), one["valueString"]) for one in job["detail"]] == [
        ("kind", "hook"),
        ("service", "cervical-recurrence-patient-view"),
        ("hook", "patient-view"),
        ("hook-instance", "d1577c69"),
        ("tenant", "north"),
        ("knowledge", "2026.11"),
        ("scope", "G0"),
        ("shown", "2"),
        ("rule", "P3:pelvic-exenteration"),
        ("rule", "BEV-01:bevacizumab-fistula"),
        ("rule-failed", "P9"),
    ]
    assert "meta" not in record


@pytest.mark.parametrize(("status", "outcome"), [(200, "0"), (400, "4"), (412, "4"), (500, "8"), (503, "8")])
def test_the_outcome_follows_the_status(status: int, outcome: str) -> None:
    record = made(Answered(status))
    assert record["outcome"] == outcome
    assert record.get("outcomeDesc") == (None if status == 200 else f"HTTP {status}")


def test_feedback_is_something_created() -> None:
    assert made(Answered(200), Call(request_id="1", service="s", kind="feedback"))["action"] == "C"
