from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from cds_service.cli import main
from cds_service.demo.fhir_endpoint import make_app, running
from cds_service.demo.sample_patients import PATIENTS_FOLDER
from cds_service.hooks.prefetch import OPTIONAL_TEMPLATES, TEMPLATES

PATIENT = "second-line"


@pytest.fixture(scope="module")
def demo_server() -> Iterator[str]:
    with running(make_app(PATIENTS_FOLDER), "127.0.0.1", 0) as root:
        yield f"{root}/fhir"


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_a_server_that_answers_everything_is_sound(demo_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fhir-server", demo_server, "--patient", PATIENT, "--json"]) == 0
    body = _json(capsys)
    assert body["fhirVersion"] == "4.0.1"
    found = {query["key"]: query for query in body["queries"]}
    assert found.keys() == TEMPLATES.keys() | OPTIONAL_TEMPLATES.keys()
    assert {query["outcome"] for query in body["queries"]} == {"answered"}
    assert found["patient"]["found"] == 1
    assert found["observations"]["found"] > 50


def test_the_table_is_for_people(demo_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fhir-server", demo_server]) == 0
    out = capsys.readouterr().out
    assert "FHIR 4.0.1" in out
    assert "Name a test patient" in out
    assert "Will be unknown" not in out


def test_a_server_that_is_none_is_told_with_its_consequences(
    demo_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--fhir-server", demo_server.replace("/fhir", "/nowhere")]) == 2
    out = capsys.readouterr().out
    assert "no CapabilityStatement" in out
    assert "Will be unknown or incomplete:" in out
    assert "earlier systemic treatment may be missing" in " ".join(out.split())


@pytest.mark.parametrize("url", ["not a url", "ftp://127.0.0.1/fhir", "http://u:p@127.0.0.1/fhir"])
def test_what_is_no_base_url_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fhir-server", url]) == 2
    assert "is not a base URL" in " ".join(capsys.readouterr().out.split())


def _fussy(statement: dict[str, Any]) -> Any:
    """A server with this CapabilityStatement that has no MedicationStatement and matches only whole references."""

    @Request.application
    def app(request: Request) -> Response:
        name = request.path.rsplit("/", 1)[-1]
        if name == "metadata":
            body: dict[str, Any] = statement
        elif name == "MedicationStatement":
            return Response("{}", 404, content_type="application/fhir+json")
        elif "/Patient/" in request.path:
            body = {"resourceType": "Patient", "id": name}
        else:
            whole = request.args.get("patient", "").startswith("Patient/")
            entry = [{"resource": {"resourceType": name, "id": "1"}}] if whole else []
            body = {"resourceType": "Bundle", "type": "searchset", "entry": entry}
        return Response(json.dumps(body), content_type="application/fhir+json")

    return app


STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "1.0.2",
    "rest": [
        {
            "resource": [
                {"type": "Patient", "searchParam": []},
                {"type": "Condition", "searchParam": [{"name": "patient"}]},
                {"type": "Observation", "searchParam": [{"name": "patient"}]},
            ]
        }
    ],
}


def test_what_a_server_lacks_is_named_query_by_query(capsys: pytest.CaptureFixture[str]) -> None:
    with running(_fussy(STATEMENT), "127.0.0.1", 0) as root:
        assert main(["doctor", "--fhir-server", f"{root}/fhir", "--patient", "p1", "--json"]) == 1
    queries = {query["key"]: query for query in _json(capsys)["queries"]}
    assert queries["patient"]["outcome"] == "answered"
    assert queries["observations"]["advertised"] == "search by code is not offered"
    assert queries["medicationStatements"]["advertised"] == "MedicationStatement is not offered"
    assert "leave the key out" in queries["medicationStatements"]["remark"]
    assert "bare id is FHIR's rule" in queries["conditions"]["remark"]


def test_a_version_that_is_not_read_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with running(_fussy(STATEMENT), "127.0.0.1", 0) as root:
        main(["doctor", "--fhir-server", f"{root}/fhir", "--patient", "p1"])
    assert "FHIR 1.0.2 is not read by this service" in capsys.readouterr().out
