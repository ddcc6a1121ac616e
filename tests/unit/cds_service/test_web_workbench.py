"""The workbench's routes: only in sandbox mode, with a strict policy, and nothing kept of a pasted record."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_service.app import create_app
from cds_service.demo.sample_patients import DEMO_TODAY, PATIENTS_FOLDER, hook_request, load_patients
from cds_service.settings import Settings, TrustedClient
from cds_service.web_workbench import CONTENT_SECURITY_POLICY

CENTRAL = load_patients()[0]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings(state_dir=tmp_path), today=DEMO_TODAY)
    yield made
    made.extensions["recurrence-cds-fhir-client"].close()


def _state(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.split('id="state">', 1)[1].split("</script>", 1)[0])
    return found


def _view(app: Flask, **changes: Any) -> Any:
    prefetch = _state(app.test_client().get(f"/?patient={CENTRAL.id}").get_data(as_text=True))["prefetch"]
    body = {"request": hook_request(CENTRAL, CENTRAL.trials[0], fhir_server=None, prefetch=prefetch)}
    return app.test_client().post("/workbench/view", json=body | changes)


def test_in_production_it_does_not_exist(tmp_path: Path) -> None:
    client = TrustedClient("EHR", "https://ehr.example.org/", jku="https://ehr.example.org/jwks.json")
    settings = Settings(
        mode="production", base_url="https://cds.example.org", trusted_clients=(client,), state_dir=tmp_path
    )
    made = create_app(settings)
    asked = made.test_client()
    assert asked.get("/").status_code == 404
    assert asked.post("/workbench/view", json={}).status_code == 404
    assert asked.get("/workbench/workbench.js").status_code == 404
    made.extensions["recurrence-cds-fhir-client"].close()


@pytest.mark.parametrize(
    "path", ["/", f"/?patient={CENTRAL.id}", "/workbench/workbench.js", "/workbench/workbench.css"]
)
def test_pages_carry_the_policy_and_are_for_no_other_origin(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers={"Origin": "https://elsewhere.example.org"})
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer.close()


def test_the_services_keep_their_own_headers(app: Flask) -> None:
    answer = app.test_client().get("/cds-services")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_start_lists_every_sample_patient(app: Flask) -> None:
    page = app.test_client().get("/").get_data(as_text=True)
    assert all(f"?patient={patient.id}" in page for patient in load_patients())


def test_an_unknown_patient_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/?patient=nobody").status_code == 404


def test_without_a_fhir_server_the_record_is_sent_with_the_call(app: Flask) -> None:
    state = _state(app.test_client().get(f"/?patient={CENTRAL.id}").get_data(as_text=True))
    assert state["fhirServer"] is None
    assert state["prefetch"]["patient"]["id"] == CENTRAL.id
    assert [trial["hook"] for trial in state["trials"]] == [trial.hook for trial in CENTRAL.trials]
    body = hook_request(CENTRAL, CENTRAL.trials[0], fhir_server=None, prefetch=state["prefetch"])
    cards = app.test_client().post(state["calls"]["patient-view"], json=body).get_json()["cards"]
    codes = {each["code"] for card in cards for each in card["extension"]["org.recurrence-cds.decisions"]}
    assert set(CENTRAL.trials[0].expect) <= codes


def test_with_one_it_is_named(tmp_path: Path) -> None:
    made = create_app(Settings(state_dir=tmp_path), today=DEMO_TODAY, sample_server="http://127.0.0.1:1/fhir")
    state = _state(made.test_client().get(f"/?patient={CENTRAL.id}").get_data(as_text=True))
    assert (state["fhirServer"], state["prefetch"]) == ("http://127.0.0.1:1/fhir", None)
    made.extensions["recurrence-cds-fhir-client"].close()


def test_a_view_explains_the_call(app: Flask) -> None:
    cards = [{"uuid": "u", "summary": "Seen <b>", "indicator": "info", "source": {"label": "s"}}]
    answer = _view(app, answer={"cards": cards})
    parts = answer.get_json()
    assert set(parts) == {"cards", "changes", "drafts", "timeline", "pathway", "features"}
    assert "Seen &lt;b&gt;" in parts["cards"]
    assert "45 Gy external beam radiotherapy" in parts["timeline"]
    assert parts["changes"] == ""
    assert 'class="box taken"' in parts["pathway"]


def test_a_supposition_shows_its_own_cards_and_what_changes(app: Flask) -> None:
    parts = _view(app, answer={"cards": []}, flips={"prior_pelvic_rt": "no"}).get_json()
    assert "Salvage radiotherapy with concurrent cisplatin" in parts["cards"]
    assert "data-suggestion" not in parts["cards"]
    assert "data-override" not in parts["cards"]
    assert "disappears" in parts["changes"]
    assert "Assumed. The record says: yes." in parts["features"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"flips": {"no_such": "yes"}}, 400),
        ({"flips": {f"f{place}": "yes" for place in range(500)}}, 400),
        ({"flips": 3}, 400),
        ({"request": {"hook": "patient-view"}}, 400),
        ({"request": 3}, 400),
    ],
    ids=["no feature", "too many", "no flips", "no request", "a number"],
)
def test_a_view_of_nonsense_is_refused(app: Flask, changes: dict[str, Any], status: int) -> None:
    answer = _view(app, **changes)
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_other_content_types_are_refused_so_that_no_form_elsewhere_can_ask(app: Flask) -> None:
    answer = app.test_client().post("/workbench/own", data=b"{}", content_type="text/plain")
    assert answer.status_code == 415


def test_a_hook_that_no_service_answers(app: Flask) -> None:
    body = {"hook": "order-dispatch", "hookInstance": "x", "context": {"userId": "Practitioner/1", "patientId": "a"}}
    assert _view(app, request=body).status_code == 400


def test_an_own_record_is_opened_and_neither_kept_nor_logged(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    content = (PATIENTS_FOLDER / "fistula.json").read_bytes().replace(b"fistula", b"zz-traceable")
    answer = app.test_client().post("/workbench/own", data=content, content_type="application/json")
    assert answer.status_code == 200
    assert _state(answer.get_data(as_text=True))["patientId"] == "zz-traceable"
    assert b"zz-traceable" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "zz-traceable" not in caplog.text


def test_an_own_record_that_is_too_large_is_refused(tmp_path: Path) -> None:
    made = create_app(Settings(state_dir=tmp_path, max_body_bytes=1024), today=DEMO_TODAY)
    answer = made.test_client().post("/workbench/own", data=b" " * 2000, content_type="application/json")
    assert answer.status_code == 413
    made.extensions["recurrence-cds-fhir-client"].close()


@pytest.mark.parametrize("body", [{"fhirServer": " ", "patientId": "a"}, {"fhirServer": "x", "patientId": ""}, {}])
def test_a_server_needs_both_its_fields(app: Flask, body: dict[str, str]) -> None:
    assert app.test_client().post("/workbench/server", json=body).status_code == 400


def test_a_draft_is_made(app: Flask) -> None:
    wish = {"patientId": "a", "kind": "bevacizumab", "start": "2026-12-01", "taken": ["draft-bevacizumab"]}
    made = app.test_client().post("/workbench/draft", json=wish).get_json()
    assert (made["id"], made["subject"]) == ("draft-bevacizumab-2", {"reference": "Patient/a"})
    assert app.test_client().post("/workbench/draft", json={"patientId": "a", "kind": "x"}).status_code == 400


def test_in_04_a_body_that_is_not_utf_8_is_400(app: Flask) -> None:
    body = b'{"patientId":"\xef","kind":"x"}'
    answer = app.test_client().post("/workbench/draft", data=body, content_type="application/json")
    assert answer.status_code == 400
