"""What comes in too large, too often or contradictory, through the whole service (IN-03, IN-06, SAFE-02, 06, 09)."""

from __future__ import annotations

import copy
import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service import metrics
from cds_service.app import create_app
from cds_service.ehr.client import FhirClient, Limits
from cds_service.guideline import pathway
from cds_service.protocol.response import faults
from cds_service.settings import Settings
from tests.contract.calls import diagnostics, post
from tests.fuzz.sample_calls import TODAY, call_of, calls
from tests.journeys.faulty_fhir_server import faulty_fhir_server

SECONDS = 10
"""Far more than any of this takes, on a machine that is busy with other tests; what it really takes is measured."""
PATIENT = "central-irradiated"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("state"), today=dt.date.fromisoformat(TODAY))
    application = create_app(settings)
    yield application
    application.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client()


def sample(hook: str = "patient-view", patient: str = PATIENT) -> tuple[str, dict[str, Any]]:
    path, body = call_of(patient, hook)
    return path, copy.deepcopy(body)


def resources(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [entry["resource"] for entry in body["prefetch"][key]["entry"]]
    return found


def answered(web: FlaskClient, path: str, body: Any) -> TestResponse:
    start = time.monotonic()
    response = post(web, body, path)
    assert time.monotonic() - start < SECONDS
    if response.status_code == 200:
        assert faults(response.data) == []
    return response


def codes(response: TestResponse) -> set[str]:
    cards = msgspec.json.decode(response.data)["cards"]
    found = [card["extension"]["org.recurrence-cds.decisions"] for card in cards if "extension" in card]
    return {one["code"] for decisions in found for one in decisions}


def test_in_03_two_thousand_resources_in_two_megabytes_are_answered_alike(web: FlaskClient) -> None:
    path, body = sample()
    alone = answered(web, path, body)
    entries = body["prefetch"]["observations"]["entry"]
    glucose = {"coding": [{"system": "http://loinc.org", "code": "2345-7", "display": "Glucose " + "x" * 900}]}
    entries += [
        {
            "resource": {
                **entries[0]["resource"],
                "id": f"routine-{number}",
                "code": glucose,
                "valueQuantity": {"value": 5, "unit": "mmol/L"},
            }
        }
        for number in range(2000)
    ]
    assert len(msgspec.json.encode(body)) > 2_300_000
    response = answered(web, path, body)
    assert response.status_code == 200
    assert codes(response) == codes(alone)


@pytest.mark.parametrize("length", [64 * 1024, 3_000_000])
def test_in_03_a_text_of_any_length_is_read_and_cut_where_it_shows(web: FlaskClient, length: int) -> None:
    path, body = sample()
    resources(body, "conditions")[0]["code"]["text"] = "long " * (length // 5)
    response = answered(web, path, body)
    assert response.status_code == 200
    assert len(response.data) < 100_000


def test_in_03_many_codings_on_one_concept_are_bounded_by_the_body_alone(web: FlaskClient) -> None:
    path, body = sample()
    many = [{"system": "http://snomed.info/sct", "code": str(number)} for number in range(20_000)]
    resources(body, "conditions")[0]["code"]["coding"] += many
    assert answered(web, path, body).status_code == 200


def test_in_03_more_drafts_than_are_looked_at_are_refused(web: FlaskClient) -> None:
    path, body = sample("order-sign", "bevacizumab-before-surgery")
    (entry, *_) = body["context"]["draftOrders"]["entry"]
    body["context"]["draftOrders"]["entry"] = [
        {"resource": {**entry["resource"], "id": f"d{number}"}} for number in range(201)
    ]
    response = answered(web, path, body)
    assert response.status_code == 413
    assert "context.draftOrders" in diagnostics(response)
    del body["context"]["draftOrders"]["entry"][:150]
    assert answered(web, path, body).status_code == 200


def test_a_draft_that_comes_twice_has_its_own_ids(web: FlaskClient) -> None:
    path, body = sample("order-sign", "bevacizumab-before-surgery")
    entries = body["context"]["draftOrders"]["entry"]
    once = answered(web, path, body)
    entries.append(copy.deepcopy(entries[0]))
    twice = answered(web, path, body)
    assert codes(once)
    assert codes(twice) >= codes(once)


def test_a_corrected_draft_holds_nothing_empty(web: FlaskClient) -> None:
    corrected = 0
    for path, body in calls():
        for entry in body["context"].get("draftOrders", {}).get("entry", ()):
            empty = {"note": [], "reasonCode": [{}], "extension": [], "implicitRules": ""}
            changed = copy.deepcopy(body)
            changed["context"]["draftOrders"]["entry"] = [{"resource": {**entry["resource"], **empty}}]
            corrected += b'"type":"update"' in answered(web, path, changed).data
    assert corrected


ODD_DATES = (
    *(
        "2024",
        "2024-05",
        "2024-05-01",
        "2024-05-01T10:00:00Z",
        "2024-05-01T10:00:00+14:00",
        "2024-05-01T10:00:00-12:00",
    ),
    *("2024-06-30T23:59:60Z", "2024-05-01T24:00:00Z", "2024-05-01T10:00:00", "2024-02-29", "2023-02-29", "2024-13"),
    *("2024-00-10", "0001-01-01", "0000", "9999-12-31", "10000-01-01", "-2024-01-01", "2999-01-01", "2026-11-25"),
    *("20240501", "1.5.2024", "05/01/2024", "May 2024", "today", "", " 2024", "2024-05-01T10:00:00.123456789Z"),
    *("２０２４", "2024-5-1", "NaN", "2024-05-01T10:00Z"),
)


@pytest.mark.parametrize("text", ODD_DATES)
def test_in_06_no_date_whatever_stops_the_answer(web: FlaskClient, text: str) -> None:
    path, body = sample()
    for procedure in resources(body, "procedures"):
        procedure.pop("performedPeriod", None)
        procedure["performedDateTime"] = text
    for observation in resources(body, "observations"):
        observation["effectiveDateTime"] = text
    for condition in resources(body, "conditions"):
        condition["onsetDateTime"] = text
    body["prefetch"]["patient"]["birthDate"] = text
    assert answered(web, path, body).status_code == 200


@pytest.mark.parametrize("other", [{"id": "someone-else"}, {"id": None}, {"resourceType": "Person"}])
def test_safe_02_another_patient_than_the_one_called_for_gets_no_advice(
    web: FlaskClient, other: dict[str, Any]
) -> None:
    path, body = sample()
    body["prefetch"]["patient"] |= other
    response = answered(web, path, body)
    assert response.status_code == 412
    assert "someone-else" not in response.text


def test_safe_06_a_rule_that_raises_is_said_and_counted_and_the_others_speak(
    web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, body = sample()
    whole = codes(answered(web, path, body))
    row = next(row for row in pathway.PATHWAY if any(output.code in whole for output in row.outputs))

    def breaks(*_: object) -> object:
        raise ZeroDivisionError

    before = _failed(row.id)
    monkeypatch.setattr(type(row.when), "evaluate", _only(type(row.when).evaluate, row.when, breaks))
    response = answered(web, path, body)
    assert response.status_code == 200
    assert f"Could not be evaluated: {row.id}" in response.text
    others = whole - {output.code for output in row.outputs}
    assert others
    assert codes(response) >= others
    assert _failed(row.id) == before + 1


def _failed(rule: str) -> float:
    return metrics.REGISTRY.get_sample_value("recurrence_cds_failed_rules_total", {"rule": rule}) or 0.0


def _only(real: Any, condition: Any, breaks: Any) -> Any:
    return lambda self, *rest: (breaks if self is condition else real)(self, *rest)


def test_safe_09_shuffled_bundles_and_other_processes_of_mind_give_the_same_bytes(web: FlaskClient) -> None:
    path, body = sample()
    first = answered(web, path, body).data
    assert [answered(web, path, body).data for _ in range(2)] == [first, first]
    for bundle in body["prefetch"].values():
        if "entry" in bundle:
            bundle["entry"].reverse()
    backwards = dict(reversed(body.items()))
    assert answered(web, path, backwards).data == first


def test_out_14_a_hundred_questions_at_once_use_ten_sockets() -> None:
    with faulty_fhir_server() as server:
        server.resources = {"Patient": [{"resourceType": "Patient", "id": "p1"}]}
        client = FhirClient(loopback=True, limits=Limits(threads=100))
        base = client.base_of(server.base)
        with ThreadPoolExecutor(100) as threads:
            access = [client.access(base, None, time.monotonic() + 20) for _ in range(100)]
            bodies = list(threads.map(lambda one: one.read("Patient/p1"), access))
        assert len(bodies) == len(server.asked) == 100
        assert server.connections <= 10
        client.close()
