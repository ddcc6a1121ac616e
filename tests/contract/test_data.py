"""Getting the data from prefetch alone: DATA-01 to DATA-16, SAFE-02, SAFE-05. The server's part: tests/journeys."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.errors import Cause
from fhir_mappings.record import Obtained, State
from tests.contract.calls import FakePipeline, bundle, diagnostics, patient_view, post

PATIENT = {"resourceType": "Patient", "id": "p1"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


def obtained(web: FlaskClient, pipeline: FakePipeline, **prefetch: Any) -> dict[str, Obtained]:
    body = patient_view(prefetch={"patient": PATIENT, "conditions": bundle("Condition"), **prefetch})
    assert post(web, body).status_code == 200
    return dict(pipeline.records[-1].obtained)


def outcome_entry(severity: str, code: str = "processing") -> dict[str, Any]:
    issue = {"severity": severity, "code": code}
    return {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}


SETTLED: dict[str, tuple[Any, State, str, str]] = {
    "null is none (DATA-03)": (None, State.NONE, "", ""),
    "an empty searchset is none (DATA-12)": (bundle("Procedure", 0), State.NONE, "", ""),
    "a searchset without entry is none (DATA-12)": ({"resourceType": "Bundle", "total": 0}, State.NONE, "", ""),
    "entries are present": (bundle("Procedure", 2), State.PRESENT, "", ""),
    "a bundle of type collection is taken (DATA-15)": (bundle("Procedure", type="collection"), State.PRESENT, "", ""),
    "one resource in place of a bundle": ({"resourceType": "Procedure", "id": "1"}, State.PRESENT, "", ""),
    "an array of resources": ([{"resourceType": "Procedure", "id": "1"}], State.PRESENT, "", ""),
    "an OperationOutcome is no data (DATA-05)": (OUTCOME, State.NOT_OBTAINED, Cause.OUTCOME, ""),
    "only an error outcome in the bundle (DATA-05)": (
        {"resourceType": "Bundle", "entry": [outcome_entry("error")]},
        State.NOT_OBTAINED,
        Cause.OUTCOME,
        "",
    ),
    "only a warning in the bundle": (
        {"resourceType": "Bundle", "entry": [outcome_entry("warning")]},
        State.NONE,
        "",
        "",
    ),
    "an error beside entries": (
        {"resourceType": "Bundle", "entry": [*bundle("Procedure")["entry"], outcome_entry("fatal")]},
        State.PRESENT,
        "",
        Cause.OUTCOME,
    ),
    "the code incomplete beside entries (OUT-12)": (
        {
            "resourceType": "Bundle",
            "entry": [*bundle("Procedure")["entry"], outcome_entry("information", "incomplete")],
        },
        State.PRESENT,
        "",
        Cause.OUTCOME,
    ),
    "a next page that nobody can fetch (DATA-10)": (
        bundle("Procedure", link=[{"relation": "self", "url": "x"}, {"relation": "next", "url": "Procedure?page=2"}]),
        State.PRESENT,
        "",
        Cause.MORE_PAGES,
    ),
    "an empty page that leads on": (
        bundle("Procedure", 0, link=[{"relation": "next", "url": "Procedure?page=2"}]),
        State.NOT_OBTAINED,
        Cause.MORE_PAGES,
        "",
    ),
    "fewer entries than the total": (bundle("Procedure", 1, total=3), State.PRESENT, "", Cause.FEWER_THAN_TOTAL),
    "no entries but a total": (bundle("Procedure", 0, total=3), State.NOT_OBTAINED, Cause.FEWER_THAN_TOTAL, ""),
    "further types beside the one asked for (DATA-15)": (
        {"resourceType": "Bundle", "entry": [*bundle("Procedure")["entry"], *bundle("Encounter")["entry"]]},
        State.PRESENT,
        "",
        "",
    ),
    "only other types": (bundle("Encounter"), State.NOT_OBTAINED, Cause.UNUSABLE, ""),
    "another resource": ({"resourceType": "Basic"}, State.NOT_OBTAINED, Cause.UNUSABLE, ""),
    "an empty object": ({}, State.NOT_OBTAINED, Cause.UNUSABLE, ""),
    "a number": (7, State.NOT_OBTAINED, Cause.UNUSABLE, ""),
    "a text": ("Bundle", State.NOT_OBTAINED, Cause.UNUSABLE, ""),
    "an empty array": ([], State.NOT_OBTAINED, Cause.UNUSABLE, ""),
    "bare resources as entries": (
        {"resourceType": "Bundle", "entry": [{"resourceType": "Procedure"}]},
        State.NOT_OBTAINED,
        Cause.UNREADABLE_ENTRIES,
        "",
    ),
    "odd entries beside a good one": (
        {"resourceType": "Bundle", "entry": [None, 7, {"resource": "x"}, *bundle("Procedure")["entry"]], "link": [1]},
        State.PRESENT,
        "",
        Cause.UNREADABLE_ENTRIES,
    ),
    "entries and links of no use": (
        {"resourceType": "Bundle", "entry": {"resource": {"resourceType": "Procedure"}}, "link": "next", "total": "3"},
        State.NOT_OBTAINED,
        Cause.UNREADABLE_ENTRIES,
        "",
    ),
}


@pytest.mark.parametrize(("value", "state", "cause", "incomplete"), SETTLED.values(), ids=list(SETTLED))
def test_what_a_prefetched_value_means(
    web: FlaskClient, pipeline: FakePipeline, value: Any, state: State, cause: str, incomplete: str
) -> None:
    answer = obtained(web, pipeline, procedures=value)["procedures"]
    assert (answer.state, answer.cause, answer.incomplete) == (state, cause, incomplete)
    assert bool(answer.payloads) == (state is State.PRESENT)


def test_data_04_a_missing_key_without_server_is_not_obtained(web: FlaskClient, pipeline: FakePipeline) -> None:
    answer = obtained(web, pipeline)["procedures"]
    assert (answer.state, answer.cause) == (State.NOT_OBTAINED, Cause.NOT_SUPPLIED)


def test_payloads_go_on_as_they_came(web: FlaskClient, pipeline: FakePipeline) -> None:
    data = b'{"resourceType":"Bundle" , "entry":[{"resource":{"resourceType":"Procedure","x":1.50}}]}'
    body = (
        b'{"hook":"patient-view","hookInstance":"1","context":{"userId":"Practitioner/1","patientId":"p1"},"prefetch":'
    )
    body += b'{"patient":{"resourceType":"Patient","id":"p1"},"conditions":null,"procedures":' + data + b"}}"
    assert post(web, body).status_code == 200
    (payload,) = pipeline.records[0].obtained["procedures"].payloads
    assert bytes(payload) == data


def test_questionnaires_are_read_when_a_client_sends_them(web: FlaskClient, pipeline: FakePipeline) -> None:
    assert "questionnaireResponses" not in obtained(web, pipeline)
    sent = obtained(web, pipeline, questionnaireResponses=bundle("QuestionnaireResponse"))
    assert sent["questionnaireResponses"].state is State.PRESENT


NO_PATIENT: dict[str, dict[str, Any]] = {
    "nothing at all (DATA-02)": {},
    "null (DATA-03)": {"patient": None, "conditions": bundle("Condition")},
    "an OperationOutcome (DATA-05)": {"patient": OUTCOME, "conditions": bundle("Condition")},
    "another patient (SAFE-02)": {"patient": {**PATIENT, "id": "p2"}, "conditions": bundle("Condition")},
    "a patient without id": {"patient": {"resourceType": "Patient"}, "conditions": bundle("Condition")},
    "another type": {"patient": {"resourceType": "Person", "id": "p1"}, "conditions": bundle("Condition")},
}


@pytest.mark.parametrize("prefetch", NO_PATIENT.values(), ids=list(NO_PATIENT))
def test_resp_03_without_the_patient_no_rule_can_speak(
    web: FlaskClient, pipeline: FakePipeline, prefetch: dict[str, Any]
) -> None:
    response = post(web, patient_view(prefetch=prefetch))
    assert response.status_code == 412
    assert "patient: " in diagnostics(response)
    assert not pipeline.records


def test_a_patient_inside_a_bundle_is_found(web: FlaskClient) -> None:
    prefetch = {"patient": {"resourceType": "Bundle", "entry": [{"resource": PATIENT}]}, "conditions": None}
    assert post(web, patient_view(prefetch=prefetch)).status_code == 200


@pytest.mark.parametrize(
    ("sources", "status"),
    [
        ({"conditions": None}, 200),
        ({"conditions": OUTCOME}, 412),
        ({}, 412),
        ({"observations": None, "diagnosticReports": None, "procedures": None}, 412),
        ({"observations": bundle("Observation")}, 200),
        ({"diagnosticReports": bundle("DiagnosticReport")}, 200),
        ({"procedures": bundle("Procedure")}, 200),
        ({"medicationRequests": bundle("MedicationRequest")}, 412),
    ],
)
def test_resp_03_without_any_source_of_the_diagnosis_no_rule_can_speak(
    web: FlaskClient, sources: dict[str, Any], status: int
) -> None:
    response = post(web, patient_view(prefetch={"patient": PATIENT, **sources}))
    assert response.status_code == status
    if status == 412:
        assert "conditions: " in diagnostics(response)


@pytest.mark.parametrize(
    ("server", "status"),
    [
        ("http://127.0.0.1:1/fhir", 200),
        ("http://localhost:1", 200),
        ("http://[::1]:1/fhir", 200),
        ("https://ehr.example.org/fhir", 403),
        ("http://127.1:1/fhir", 403),
        ("http://2130706433:1/fhir", 403),
        ("http://0.0.0.0:1/fhir", 403),
        ("http://[::ffff:127.0.0.1]:1/fhir", 403),
        ("http://127.0.0.1.example.org/fhir", 403),
        ("http://localhost@ehr.example.org/fhir", 400),
        ("http://127.0.0.1:1/fhir?x=", 400),
        ("http://127.0.0.1:1/fhir#", 400),
        ("http://127.0.0.1:1/fhir/../admin", 400),
        ("http://127.0.0.1:1/fhir/%2e%2e/admin", 400),
        ("http://127.0.0.1:1\\fhir", 400),
        ("http://127.0.0.1:99999/fhir", 400),
        ("http://127.0.0.1:1/fhir\n", 400),
        ("file:///etc/passwd", 400),
        ("gopher://127.0.0.1/", 400),
        ("//127.0.0.1/fhir", 400),
        ("127.0.0.1/fhir", 400),
        ("http:///fhir", 400),
    ],
)
def test_out_01_only_servers_that_may_be_asked(web: FlaskClient, server: str, status: int) -> None:
    prefetch: dict[str, Any] = {**dict.fromkeys(("conditions", "observations")), "patient": PATIENT}
    response = post(web, patient_view(fhirServer=server, prefetch=prefetch))
    assert response.status_code == status
    if status != 200:
        assert diagnostics(response).startswith("fhirServer: ")
