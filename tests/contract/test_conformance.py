"""The rules that only whole answers can show: all calls of the sample patients through the real steps, prefetched.

Where a rule is about the form of an answer, ``protocol.response.faults`` and the schema speak; here stand those about
its content, about ways to the data, and about the clients of the three versions. docs/conformance/cds-hooks.md has the
table.
"""

from __future__ import annotations

import copy
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient
from markdown_it import MarkdownIt

from cds_service.app import create_app
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.demo.fhir_endpoint import PATH, make_app, running
from cds_service.demo.sample_patients import (
    DEMO_TODAY,
    PATIENTS_FOLDER,
    SERVICE_OF_HOOK,
    SamplePatient,
    Trial,
    hook_request,
    load_patients,
    record_of,
)
from cds_service.protocol.response import faults
from cds_service.settings import Settings
from cds_service.workbench.records import split
from tests.contract.calls import PATIENT_VIEW, FakePipeline, diagnostics, patient_view, post
from tests.journeys.key_server import key_server
from tests.token_builders import BASE, ENDPOINT, ISSUER, claims, header, jwk, key_set, private_key, signed

Json = dict[str, Any]

SCHEMA = json.loads(Path(__file__).with_name("response.schema.json").read_text("utf-8"))
PATIENTS = {patient.id: patient for patient in load_patients()}
TOKEN = "sentinel-token-41c7"
NO_SERVER = "http://127.0.0.1:1/fhir"
"""Named, and not asked where everything is prefetched."""


@dataclass(frozen=True)
class Told:
    """One call and what was answered."""

    name: str
    patient: str
    request: Json
    data: bytes

    @property
    def cards(self) -> list[Json]:
        cards: list[Json] = json.loads(self.data)["cards"]
        return cards

    @property
    def drafts(self) -> dict[str, Json]:
        """The call's draft orders by reference."""
        entries = self.request["context"].get("draftOrders", {}).get("entry", [])
        return {f"{one['resource']['resourceType']}/{one['resource']['id']}": one["resource"] for one in entries}


def call(patient: SamplePatient, trial: Trial, record: Mapping[str, Any] | None = None, **members: Any) -> Json:
    prefetch = split(json.dumps(record or record_of(patient)).encode()).prefetch
    return {**hook_request(patient, trial, fhir_server=None, prefetch=prefetch), **members}


def opened(identity: str = "central-irradiated", **members: Any) -> Json:
    """The call that opens a sample patient's chart."""
    patient = PATIENTS[identity]
    return call(patient, patient.trials[0], **members)


def answered(web: FlaskClient, body: Json) -> bytes:
    response = post(web, body, f"/cds-services/{SERVICE_OF_HOOK[body['hook']]}")
    assert (response.status_code, response.content_type) == (200, "application/json"), response.data
    data: bytes = response.data
    return data


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("conformance"), smart_client_id="recurrence")
    app = create_app(settings, today=DEMO_TODAY)
    yield app.test_client()
    app.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture(scope="module")
def told(web: FlaskClient) -> list[Told]:
    requests = [
        (f"{patient.id}: {trial.hook}: {trial.what}", patient.id, call(patient, trial))
        for patient in PATIENTS.values()
        for trial in patient.trials
    ]
    return [Told(name, patient, request, answered(web, request)) for name, patient, request in requests]


@pytest.fixture(scope="module")
def cards(told: list[Told]) -> list[Json]:
    found = [card for one in told for card in one.cards]
    assert {card["indicator"] for card in found} == {"info", "warning", "critical"}
    return found


@pytest.fixture(scope="module")
def actions(told: list[Told]) -> list[tuple[Told, Json]]:
    found = [
        (one, action)
        for one in told
        for card in one.cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
    ]
    assert {action["type"] for _, action in found} == {"create", "update", "delete"}
    return found


def strict(data: bytes) -> Any:
    """JSON of RFC 8259 alone: UTF-8, no NaN, no doubled names."""

    def members(pairs: list[tuple[str, Any]]) -> Json:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    def constant(name: str) -> None:
        raise AssertionError(name)

    return json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_constant=constant)


def test_gen_01_03_04_06_resp_01_and_the_form_of_everything(told: list[Told]) -> None:
    for one in told:
        jsonschema.validate(strict(one.data), SCHEMA)
        assert faults(one.data) == [], one.name


def test_gen_05_a_card_has_its_three_members_and_what_has_a_value(cards: list[Json]) -> None:
    plain = [card for card in cards if "suggestions" not in card]
    assert plain
    assert all("selectionBehavior" not in card for card in plain)


def test_gen_02_act_03_and_act_07_resources_are_valid_drafts_for_this_patient(actions: list[tuple[Told, Json]]) -> None:
    for one, action in actions:
        if action["type"] == "delete":
            continue
        resource = action["resource"]
        get_fhir_model_class(resource["resourceType"]).model_validate(copy.deepcopy(resource))
        assert (resource["status"], resource["intent"] in {"proposal", "plan", "order"}) == ("draft", True)
        whose = resource.get("subject") or resource["for"]
        assert whose["reference"] == f"Patient/{one.patient}"


MAY_CHANGE = {"dosageInstruction", "occurrenceDateTime", "occurrencePeriod"}


def test_act_04_an_update_is_the_whole_draft_with_one_element_changed(actions: list[tuple[Told, Json]]) -> None:
    updates = [(one, action["resource"]) for one, action in actions if action["type"] == "update"]
    assert updates
    for one, resource in updates:
        draft = one.drafts[f"{resource['resourceType']}/{resource['id']}"]
        assert resource.keys() == draft.keys()
        (changed,) = (name for name in draft if draft[name] != resource[name])
        assert changed in MAY_CHANGE


def test_act_05_and_act_08_what_is_changed_or_withdrawn_is_a_draft_of_this_call(
    actions: list[tuple[Told, Json]],
) -> None:
    for one, action in actions:
        if action["type"] == "delete":
            assert action["resourceId"] in one.drafts
            assert "resource" not in action
        elif action["type"] == "create":
            assert "id" not in action["resource"]


def _lengthened(value: Any, tail: str) -> Any:
    """Every name, display and text of a record with a tail; a text that stands without a code is itself the value."""
    if isinstance(value, list):
        return [_lengthened(item, tail) for item in value]
    if not isinstance(value, dict):
        return value
    names = {"display", "family", *(["text"] if "coding" in value else [])}
    return {
        name: f"{item}{tail}" if name in names and isinstance(item, str) else _lengthened(item, tail)
        for name, item in value.items()
    }


HOSTILE = " <img src=x onerror=alert(1)> | `code` [x](javascript:alert(1)) <b>é</b> "


@pytest.mark.parametrize("tail", [" and so on" * 60, " 🎗" * 200, HOSTILE], ids=["long", "astral", "markup"])
def test_card_02_and_card_08_names_of_the_record_neither_lengthen_nor_mark_up_a_card(
    web: FlaskClient, told: list[Told], tail: str
) -> None:
    for one in told[::3]:
        data = answered(web, _lengthened(one.request, tail))
        assert faults(data) == [], one.name
        assert advice(data) == advice(one.data)
        for card in json.loads(data)["cards"]:
            rendered = MarkdownIt("gfm-like", {"linkify": False}).render(card["detail"])
            assert not [tag for tag in ("<img", "<b>", "<code", "<table", 'href="javascript') if tag in rendered]


def test_card_06_and_card_14_every_card_and_suggestion_has_a_uuid_of_its_own(told: list[Told]) -> None:
    ids = [each["uuid"] for one in told for card in one.cards for each in (card, *card.get("suggestions", ()))]
    assert len(ids) == len(set(ids)) > 100
    assert all(str(uuid.UUID(one)) == one for one in ids)


def test_card_08_no_card_holds_html(cards: list[Json]) -> None:
    for card in cards:
        tokens = MarkdownIt("commonmark").parse(card["detail"])
        kinds = {kind.type for token in tokens for kind in (token, *(token.children or ()))}
        assert not kinds & {"html_block", "html_inline", "image"}


def test_card_12_cod_01_to_03_and_crd_08_codings_have_code_system_and_where_needed_display(cards: list[Json]) -> None:
    offered = 0
    for card in cards:
        reasons = card.get("overrideReasons", [])
        offered += len(reasons)
        for coding in (card["source"]["topic"], *reasons):
            assert urlsplit(coding["system"]).netloc
            assert coding["code"]
        assert all(reason["display"] for reason in reasons)
    assert offered


def test_src_01_to_04_and_crd_03_a_source_has_label_and_topic_and_leads_to_nobody(told: list[Told]) -> None:
    for one in told:
        for card in one.cards:
            source = card["source"]
            assert source.keys() == {"label", "url", "topic"}
            assert urlsplit(source["url"]).path == "/guideline"
            assert one.patient not in source["url"]
            code = source["topic"]["code"]
            assert len(code) <= 100
            assert code.replace("-", "").isalnum()


def test_sug_05_sug_07_and_crd_05_a_suggestion_is_one_described_action(cards: list[Json]) -> None:
    for card in cards:
        for suggestion in card.get("suggestions", ()):
            assert suggestion.keys() <= {"label", "uuid", "isRecommended", "actions"}
            (action,) = suggestion["actions"]
            assert action["type"]
            assert action["description"]


def test_sug_03_nothing_is_pre_selected(cards: list[Json]) -> None:
    assert not [one for card in cards for one in card.get("suggestions", ()) if "isRecommended" in one]


def test_lnk_01_to_07_and_crd_07_links_are_whole_and_say_nothing_of_the_patient(told: list[Told]) -> None:
    kinds = set()
    for one in told:
        for link in (link for card in one.cards for link in card.get("links", ())):
            kinds.add(link["type"])
            assert link["label"]
            parts = urlsplit(link["url"])
            assert parts.scheme in {"http", "https"}
            assert parts.netloc
            assert not {"launch", "iss"} & {pair.partition("=")[0] for pair in parts.query.split("&")}
            assert one.patient not in json.dumps(link)
            assert "autolaunchable" not in link
            assert ("appContext" in link) == (link["type"] == "smart")
    assert kinds == {"absolute", "smart"}


def test_sys_01_and_resp_07_an_answer_has_cards_and_nothing_else(told: list[Told]) -> None:
    for one in told:
        assert strict(one.data).keys() == {"cards"}


def test_resp_02_nothing_to_say_is_an_empty_list(web: FlaskClient) -> None:
    assert answered(web, opened("remission")) == b'{"cards":[]}'
    stranger = patient_view(prefetch={"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": None})
    assert answered(web, stranger) == b'{"cards":[]}'


def test_qrk_01_cards_are_few(told: list[Told]) -> None:
    counts = [len(one.cards) for one in told]
    assert max(counts) <= 5
    assert sum(counts) / len(counts) <= 3


def authorization(scope: str = "patient/*.rs", **members: Any) -> Json:
    return {
        "fhirServer": NO_SERVER,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": scope,
            "subject": "recurrence-cds",
            **members,
        },
    }


def same(web: FlaskClient, change: Callable[[Json], None]) -> None:
    """The advice is that of the unchanged call."""
    for identity in ("central-irradiated", "sidewall-triad"):
        body = opened(identity)
        wanted = answered(web, body)
        assert b'"summary"' in wanted
        change(body)
        assert answered(web, body) == wanted


@pytest.mark.parametrize(
    "scope",
    ["patient/*.read", "launch patient/Condition.read patient/Observation.read", "patient/Condition.rs user/*.cruds"],
)
def test_req_08_and_data_18_scopes_of_either_spelling_and_without_patient_are_taken(
    web: FlaskClient, scope: str
) -> None:
    same(web, lambda body: body.update(authorization(scope)))


def test_req_09_resources_nulls_and_outcomes_stand_side_by_side(web: FlaskClient) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    body = opened()
    body["prefetch"] |= {"serviceRequests": None, "diagnosticReports": outcome}
    text = answered(web, body).decode()
    assert '"summary"' in text
    assert "imaging and pathology may be missing" in text


def test_req_11_and_ext_01_what_is_not_known_is_ignored(web: FlaskClient) -> None:
    def change(body: Json) -> None:
        body["extension"] = {"com.epic.cdshooks.request.bpa-trigger-action": "23"}
        body["later"] = {"version": "4.0"}
        body["context"] |= {"encounterId": "e1", "newInAMinorVersion": [{"a": None}]}
        body["prefetch"]["ours-alone"] = {"resourceType": "Basic"}
        body["prefetch"]["nothing"] = None

    same(web, change)


def test_req_19_drafts_of_a_fhir_version_that_is_not_read_are_refused_plainly(web: FlaskClient) -> None:
    patient = PATIENTS["central-irradiated"]
    body = call(patient, next(trial for trial in patient.trials if trial.hook == "order-sign"))
    order = {"resourceType": "MedicationOrder", "id": "dstu2", "status": "draft", "dosageInstruction": []}
    body["context"]["draftOrders"]["entry"].append({"resource": order})
    response = post(web, body, f"/cds-services/{SERVICE_OF_HOOK['order-sign']}")
    assert response.status_code == 412
    assert "FHIR DSTU2 is not supported" in diagnostics(response)


def version_1_0(body: Json) -> None:
    body.update(authorization("patient/*.read user/*.read", subject="cds-service4"))
    body["context"]["userId"] = "Practitioner/example"


def version_2_0(body: Json) -> None:
    body.update(authorization("launch patient/*.read", patient=body["context"]["patientId"]))
    body["context"] |= {"userId": "PractitionerRole/A2340113", "encounterId": "89284"}
    body["extension"] = {"com.example.timestamp": "2026-11-24T08:00:00Z"}


def version_3_0(body: Json) -> None:
    body.update(authorization("patient/Patient.rs patient/Condition.rs", patient=body["context"]["patientId"]))
    body["context"] |= {"userId": "PractitionerRole/A2340113"}
    body["hookInstance"] = str(uuid.UUID(body["hookInstance"])).upper()


SHAPES = {"1.0": version_1_0, "2.0": version_2_0, "3.0": version_3_0}


@pytest.mark.parametrize("version", SHAPES)
def test_clients_of_each_version_get_the_same_advice(web: FlaskClient, told: list[Told], version: str) -> None:
    for one in told[::2]:
        body = copy.deepcopy(one.request)
        SHAPES[version](body)
        assert advice(answered(web, body)) == advice(one.data), one.name


def advice(data: bytes) -> list[tuple[str, str, list[str]]]:
    """Of each card: summary, indicator, codes."""
    return [
        (
            card["summary"],
            card["indicator"],
            [decision["code"] for decision in card.get("extension", {}).get("org.recurrence-cds.decisions", ())],
        )
        for card in json.loads(data)["cards"]
    ]


@pytest.mark.parametrize("access_token", [None, TOKEN], ids=["an open server (DATA-14)", "with a token (DATA-07, 08)"])
def test_data_06_prefetched_or_read_from_the_server_the_cards_are_the_same(
    web: FlaskClient, told: list[Told], access_token: str | None
) -> None:
    with running(make_app(PATIENTS_FOLDER, access_token=access_token)) as root:
        for one in told[::4]:
            body = {**one.request, **(authorization() if access_token else {}), "fhirServer": f"{root}{PATH}"}
            del body["prefetch"]
            assert advice(answered(web, body)) == advice(one.data), one.name


def test_data_08_without_its_token_a_closed_server_tells_nothing(web: FlaskClient) -> None:
    with running(make_app(PATIENTS_FOLDER, access_token=TOKEN)) as root:
        body = {**opened(), "fhirServer": f"{root}{PATH}"}
        del body["prefetch"]
        assert post(web, body).status_code == 412


REAL_DRAFTS: dict[str, Json] = {
    "sandbox: no intent, no drug, category as an object": {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "category": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category"}]},
    },
    "sandbox: empty coding and reasons, a plan": {
        "resourceType": "ServiceRequest",
        "id": "example-request-id",
        "status": "draft",
        "intent": "plan",
        "code": {"coding": [{}]},
        "reasonCode": [],
    },
    "Epic: long id, drug elsewhere, requester of extensions": {
        "resourceType": "MedicationRequest",
        "id": "eKwoQ.x" * 18,
        "status": "draft",
        "intent": "order",
        "medicationReference": {"reference": "Medication/eGz9.a" + "b" * 60, "display": "cisplatin 50 mg/50 mL"},
        "requester": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]},
    },
}


@pytest.mark.parametrize("draft", REAL_DRAFTS.values(), ids=list(REAL_DRAFTS))
@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_qrk_02_drafts_as_real_clients_send_them_are_answered(web: FlaskClient, hook: str, draft: Json) -> None:
    body = opened()
    body["hook"] = hook
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
    if hook == "order-select":
        body["context"]["selections"] = [f"{draft['resourceType']}/{draft['id']}"]
    assert faults(answered(web, body)) == []


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_crd_01_and_crd_02_tokens_of_the_test_kit_open_discovery_and_services(tmp_path: Path, algorithm: str) -> None:
    with key_server(key_set(jwk(private_key(algorithm), alg=algorithm))) as keys:
        settings = Settings(
            mode="production",
            base_url=BASE,
            trusted_clients=(TrustedClient("Test kit", ISSUER, jku=keys.url),),
            allow_insecure_loopback=True,
            closed_discovery=True,
            state_dir=tmp_path,
        )
        app = create_app(settings, answer=FakePipeline())
        web = app.test_client()

        def bearer(audience: str) -> dict[str, str]:
            said = claims(time.time(), aud=audience, jti=(uuid.uuid4().hex + uuid.uuid4().hex))
            token = signed(header(algorithm, jku=keys.url), said, private_key(algorithm), algorithm)
            return {"Authorization": f"Bearer {token}"}

        discovery = web.get("/cds-services", headers=bearer(f"{BASE}/cds-services"))
        assert discovery.status_code == 200
        for service in json.loads(discovery.data)["services"]:
            assert {"hook", "description", "id"} <= service.keys()
        assert post(web, patient_view(), PATIENT_VIEW, headers=bearer(ENDPOINT)).status_code == 200
        app.extensions["recurrence-cds-fhir-client"].close()


def test_crd_09_the_order_hooks_of_the_test_kit_are_published(web: FlaskClient) -> None:
    hooks = {service["hook"] for service in json.loads(web.get("/cds-services").data)["services"]}
    assert {"order-select", "order-sign"} <= hooks
