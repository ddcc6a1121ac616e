"""The published FHIR resources over HTTP: read-only, cacheable, no patient data."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from cds_service import published
from cds_service.app import create_app
from cds_service.settings import Settings
from fhir_mappings.value_sets.systems import CPT
from tests.contract.calls import FakePipeline, diagnostics, patient_view, post

FHIR_JSON = "application/fhir+json"
EXAMPLES = {
    "CodeSystem": "recurrence-findings",
    "ValueSet": "site-lung",
    "Questionnaire": "recurrence-staging",
    "PlanDefinition": "recurrent-cervical-cancer",
    "Library": "recurrent-cervical-cancer-knowledge",
    "StructureDefinition": "question-body-site",
}
ADDRESSES = [f"/fhir/{kind}/{id_}" for kind, id_ in EXAMPLES.items()]


def test_metadata_says_what_is_served(web: FlaskClient) -> None:
    response = web.get("/fhir/metadata")
    assert (response.status_code, response.content_type) == (200, FHIR_JSON)
    statement = msgspec.json.decode(response.data)
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    assert {each["type"] for each in statement["rest"][0]["resource"]} == set(EXAMPLES)
    assert statement["implementation"]["url"] == f"{Settings().base_url}/fhir"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_type_is_read_and_found_by_its_url(web: FlaskClient, kind: str) -> None:
    response = web.get(f"/fhir/{kind}/{EXAMPLES[kind]}")
    assert (response.status_code, response.content_type) == (200, FHIR_JSON)
    resource = msgspec.json.decode(response.data)
    get_fhir_model_class(kind).model_validate(resource)
    found = web.get(f"/fhir/{kind}", query_string={"url": resource["url"]})
    assert found.content_type == FHIR_JSON
    bundle = msgspec.json.decode(found.data)
    assert [each["resource"] for each in bundle["entry"]] == [resource]


def test_everything_published_is_served(web: FlaskClient) -> None:
    for kind, by_id in published.catalogue(with_cpt=True).items():
        for id_, each in by_id.items():
            assert web.get(f"/fhir/{kind}/{id_}").data == each.body


def test_links_stay_on_the_public_base() -> None:
    app = create_app(Settings(base_url="https://cds.example.org/base"), answer=FakePipeline())
    bundle = msgspec.json.decode(app.test_client().get("/fhir/ValueSet?_count=1").data)
    assert [each["url"].partition("?")[0] for each in bundle["link"]] == [
        "https://cds.example.org/base/fhir/ValueSet"
    ] * 2


@pytest.mark.parametrize("address", [*ADDRESSES, "/fhir/metadata", "/fhir/Library"])
def test_an_answer_may_be_kept_and_is_not_sent_twice(web: FlaskClient, address: str) -> None:
    first = web.get(address)
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    again = web.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "public, max-age=3600"
    assert web.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_run_06_other_headers_are_those_of_every_answer(web: FlaskClient) -> None:
    ours, usual = web.get("/fhir/metadata").headers, web.get("/cds-services").headers
    assert usual["Cache-Control"] == "no-store"
    for name in ("X-Content-Type-Options", "Strict-Transport-Security", "Content-Security-Policy", "Referrer-Policy"):
        assert ours[name] == usual[name]
    assert ours["Access-Control-Allow-Origin"] == "*"


def test_answers_about_patients_are_still_never_kept(web: FlaskClient) -> None:
    web.get("/fhir/metadata")
    assert post(web, patient_view()).headers["Cache-Control"] == "no-store"


def test_head_has_no_body(web: FlaskClient) -> None:
    response = web.head("/fhir/Questionnaire/recurrence-staging")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["ETag"] == web.get("/fhir/Questionnaire/recurrence-staging").headers["ETag"]


@pytest.mark.parametrize(
    "address",
    [
        "/fhir",
        "/fhir/",
        "/fhir/Patient",
        "/fhir/Patient/p1",
        "/fhir/ValueSet/nowhere",
        "/fhir/ValueSet/site-lung/_history",
        "/fhir/ValueSet/site-lung/$expand",
        "/fhir/codesystem/recurrence-findings",
        "/fhir/metadata/x",
    ],
)
def test_what_is_not_there_is_404(web: FlaskClient, address: str) -> None:
    response = web.get(address)
    assert (response.status_code, response.content_type) == (404, FHIR_JSON)
    assert diagnostics(response)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("address", ["/fhir/ValueSet", "/fhir/ValueSet/site-lung", "/fhir/metadata", "/fhir"])
def test_nothing_can_be_changed(web: FlaskClient, method: str, address: str) -> None:
    response = web.open(address, method=method, data=b"{}")
    assert (response.status_code, response.content_type) == (405, FHIR_JSON)
    assert response.headers["Allow"] == "GET, HEAD"
    assert diagnostics(response)


@pytest.mark.parametrize("query", ["_count=many", "patient=p1", "_offset=-1", "url:below=x"])
def test_a_search_that_is_not_understood_is_400_and_not_echoed(web: FlaskClient, query: str) -> None:
    response = web.get(f"/fhir/ValueSet?{query}")
    assert (response.status_code, response.content_type) == (400, FHIR_JSON)
    assert "p1" not in diagnostics(response)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"headers": {"Accept": "application/fhir+json"}}, 200),
        ({"headers": {"Accept": "application/json; q=0.5, application/fhir+xml"}}, 200),
        ({"headers": {"Accept": "text/html, */*; q=0.1"}}, 200),
        ({"headers": {"Accept": "application/fhir+xml"}}, 406),
        ({"query_string": "_format=application/fhir+json"}, 200),
        ({"query_string": "_format=application%2Fjson%3B%20fhirVersion%3D4.0"}, 200),
        ({"query_string": "_format=json", "headers": {"Accept": "application/fhir+xml"}}, 200),
        ({"query_string": "_format=xml"}, 406),
    ],
)
def test_json_is_served_and_nothing_else(web: FlaskClient, options: dict[str, Any], status: int) -> None:
    response = web.get("/fhir/ValueSet/site-lung", **options)
    assert (response.status_code, response.content_type) == (status, FHIR_JSON)


def test_cors_a_browser_may_ask(web: FlaskClient) -> None:
    assert web.options("/fhir/Questionnaire/recurrence-staging").status_code == 204


def test_a_site_without_a_cpt_licence_publishes_none() -> None:
    app = create_app(Settings(without_cpt=True), answer=FakePipeline())
    try:
        resource = app.test_client().get("/fhir/ValueSet/bladder-resection").data
        assert CPT.encode() not in resource
    finally:
        restored = create_app(Settings(), answer=FakePipeline())
    assert CPT.encode() in restored.test_client().get("/fhir/ValueSet/bladder-resection").data
