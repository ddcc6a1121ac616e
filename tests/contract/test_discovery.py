"""Discovery and prefetch templates: DISC-01 to DISC-17, PF-01 to PF-14, QRK-03 to QRK-07."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from cds_service import hooks
from cds_service.app import create_app
from cds_service.hooks.prefetch import observation_codes
from cds_service.protocol import discovery
from cds_service.settings import Settings
from tests.contract.calls import FakePipeline, order, patient_view, post

US_CORE_PARAMETERS = {
    "Condition": {"patient"},
    "Procedure": {"patient"},
    "MedicationRequest": {"patient", "intent"},
    "Observation": {"patient", "code"},
    "DiagnosticReport": {"patient"},
    "ServiceRequest": {"patient"},
    "AllergyIntolerance": {"patient"},
    # Not in US Core; patient is the one parameter that every server of these types has.
    "MedicationStatement": {"patient"},
    "MedicationAdministration": {"patient"},
    "QuestionnaireResponse": {"patient"},
}
TEMPLATES = {
    key: value for service in hooks.published(questionnaire_responses=True) for key, value in service.prefetch.items()
}


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}, {"Accept": "*/*"}])
@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/", "/cds-services//"])
def test_disc_01_and_qrk_03_discovery_is_always_there(web: FlaskClient, path: str, headers: dict[str, str]) -> None:
    response = web.get(path, headers=headers)
    assert (response.status_code, response.content_type) == (200, "application/json")


def test_disc_02_to_11_each_entry_has_the_members_of_the_specification(discovered: list[dict[str, Any]]) -> None:
    for entry in discovered:
        assert entry.keys() == {
            "hook",
            "hookVersion",
            "version",
            "id",
            "title",
            "description",
            "usageRequirements",
            "prefetch",
            "extension",
        }
        words = {name: value for name, value in entry.items() if name not in {"prefetch", "extension"}}
        assert all(isinstance(value, str) and value for value in words.values())
        assert (entry["version"], entry["hookVersion"]) == ("3.0.0", "1.0")
        assert re.fullmatch(r"[A-Za-z0-9-]+", entry["id"])
        assert all(isinstance(template, str) and key for key, template in entry["prefetch"].items())


def test_qrk_04_one_id_for_each_hook(discovered: list[dict[str, Any]]) -> None:
    assert {entry["hook"]: entry["id"] for entry in discovered} == {
        "patient-view": "cervical-recurrence-patient-view",
        "order-select": "cervical-recurrence-order-select",
        "order-sign": "cervical-recurrence-order-sign",
    }


def test_disc_06_every_published_id_answers(web: FlaskClient, discovered: list[dict[str, Any]]) -> None:
    for entry in discovered:
        body = patient_view() if entry["hook"] == "patient-view" else order(entry["hook"])
        assert post(web, body, f"/cds-services/{entry['id']}").status_code == 200


def test_disc_15_the_same_answer_twice(web: FlaskClient) -> None:
    assert web.get("/cds-services").data == web.get("/cds-services").data


def test_disc_03_nothing_published_is_an_empty_list() -> None:
    app = create_app(Settings(), answer=FakePipeline(), services=())
    assert app.test_client().get("/cds-services").data == b'{"services":[]}'


def test_disc_12_a_pair_of_hook_and_id_cannot_stand_twice() -> None:
    with pytest.raises(ValueError, match="published twice"):
        discovery.document([hooks.SERVICES[0], hooks.SERVICES[0]])


def test_disc_13_one_shared_id_is_told_apart_by_hook() -> None:
    app = create_app(Settings(shared_service_id="cervical"), today=date(2026, 11, 24), answer=FakePipeline())
    web = app.test_client()
    services = msgspec.json.decode(web.get("/cds-services").data)["services"]
    assert [(one["id"], one["hook"]) for one in services] == [
        ("cervical", "patient-view"),
        ("cervical", "order-select"),
        ("cervical", "order-sign"),
    ]
    assert post(web, patient_view(), "/cds-services/cervical").status_code == 200
    assert post(web, order("order-sign"), "/cds-services/cervical").status_code == 200
    assert post(web, patient_view(), "/cds-services/cervical-recurrence-patient-view").status_code == 404


def test_disc_16_own_additions_stand_under_extension() -> None:
    extension = {"org.recurrence-cds.knowledge": {"version": "1"}}
    app = create_app(Settings(), answer=FakePipeline(), discovery_extension=extension)
    for entry in msgspec.json.decode(app.test_client().get("/cds-services").data)["services"]:
        assert entry["extension"] == extension


def test_questionnaires_are_asked_for_only_when_the_site_says_so() -> None:
    app = create_app(Settings(questionnaire_responses=True), answer=FakePipeline())
    for entry in msgspec.json.decode(app.test_client().get("/cds-services").data)["services"]:
        assert entry["prefetch"]["questionnaireResponses"].startswith("QuestionnaireResponse?")
    assert all("questionnaireResponses" not in service.prefetch for service in hooks.SERVICES)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_pf_templates_keep_to_what_clients_and_servers_know(template: str) -> None:
    assert re.findall(r"{{(.*?)}}", template) == ["context.patientId"]  # PF-02, PF-03, QRK-05
    kind, separator, query = template.partition("?")
    if not separator:
        assert template == "Patient/{{context.patientId}}"  # PF-04
        return
    assert re.fullmatch(r"[A-Z][A-Za-z]+", kind)  # PF-01
    names = [pair.partition("=")[0] for pair in query.split("&")]
    assert len(names) == len(set(names))  # PF-14
    assert set(names) == US_CORE_PARAMETERS[kind] | {"_count"}  # PF-05 to PF-08, PF-12
    assert len(template) < 4000


def test_qrk_07_medication_requests_are_asked_for_besides_statements() -> None:
    assert TEMPLATES["medicationRequests"].startswith("MedicationRequest?patient={{context.patientId}}&intent=order")
    assert "medicationStatements" in TEMPLATES


def test_the_observation_search_names_what_decides() -> None:
    codes = set(observation_codes())
    ecog, creatinine, blood_pressure, clinical_m, morphology, own = (
        "89247-1",
        "2160-0",
        "85354-9",
        "21907-1",
        "31206-6",
        "tumour-at-site",
    )
    assert {ecog, creatinine, blood_pressure, clinical_m, morphology, own} <= codes
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", code) for code in codes)
    assert f"code={','.join(sorted(codes))}&" in TEMPLATES["observations"]
