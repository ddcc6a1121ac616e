"""The embedded endpoint, asked over a real socket."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from fhir.resources.R4B import get_fhir_model_class

from cds_service.demo.fhir_endpoint import MAX_FORM, SEARCHES, Store, make_app, running

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"


def _observation(identity: str, patient: str, code: str, when: str, category: str = "laboratory") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}
        ],
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": when,
    }


def _bundle() -> dict[str, Any]:
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": "a",
            "birthDate": "1970-05",
            "name": [{"family": "Alder", "given": ["Demo"]}],
            "identifier": [{"system": "urn:mrn", "value": "17"}],
        },
        {"resourceType": "Patient", "id": "b", "birthDate": "1980", "name": [{"family": "Birch"}]},
        _observation("o1", "a", "2160-0", "2026-11-21T08:10:00-05:00"),
        _observation("o2", "a", "718-7", "2026-11-20"),
        _observation("o3", "a", "85354-9", "2026-10", category="vital-signs"),
        _observation("o4", "b", "2160-0", "2026-11-21"),
        {
            "resourceType": "Procedure",
            "id": "p1",
            "status": "completed",
            "code": {"coding": [{"system": SNOMED, "code": "1217123003"}], "text": "a, b"},
            "subject": {"reference": "https://elsewhere.example/fhir/Patient/a"},
            "performedPeriod": {"start": "2024-04-08", "end": "2024-05-13"},
        },
        {
            "resourceType": "Procedure",
            "id": "p2",
            "status": "not-done",
            "code": {"coding": [{"code": "local,1"}]},
            "subject": {"reference": "Patient/a"},
        },
        {"resourceType": "Medication", "id": "m1", "code": {"text": "a drug"}},
        {
            "resourceType": "MedicationAdministration",
            "id": "d1",
            "status": "completed",
            "medicationReference": {"reference": "Medication/m1"},
            "subject": {"reference": "Patient/a"},
            "effectiveDateTime": "2024-04-08",
        },
        {
            "resourceType": "MedicationAdministration",
            "id": "d2",
            "status": "completed",
            "medicationCodeableConcept": {"text": "another drug"},
            "subject": {"reference": "Patient/b"},
            "effectiveDateTime": "in spring",
        },
        {
            "resourceType": "MedicationRequest",
            "id": "r1",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "x"},
            "subject": {"reference": "Patient/a"},
            "authoredOn": "2026-11-01",
        },
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with running(make_app([_bundle()])) as root:
        yield f"{root}/fhir"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


def _ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]


def test_a_resource_is_read_by_type_and_id(base: str, session: requests.Session) -> None:
    answer = session.get(f"{base}/Patient/a")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert answer.json()["birthDate"] == "1970-05"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Patient/missing", 404),
        ("Nonsense/1", 404),
        ("Nonsense?patient=a", 404),
        ("Patient/a/_history/1", 404),
        ("", 404),
        ("Observation?date=yesterday", 400),
        ("Observation?date=2026-13", 400),
        ("Observation?_count=some", 400),
        ("Observation?_page=forged", 400),
        ("Observation?_page=ZnJvbToz!", 400),
        ("Observation?code:below=2160-0", 400),
        ("Observation?_format=xml", 406),
        ("Observation/_search", 405),
    ],
)
def test_what_cannot_be_answered_gets_an_outcome(base: str, session: requests.Session, path: str, status: int) -> None:
    answer = session.get(f"{base}/{path}")
    assert answer.status_code == status
    outcome = answer.json()
    get_fhir_model_class("OperationOutcome").model_validate(outcome)
    assert outcome["issue"][0]["severity"] == "error"


def test_a_path_outside_the_base_is_not_found(base: str, session: requests.Session) -> None:
    assert session.get(base.removesuffix("/fhir") + "/Patient/a").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_writing_is_refused(base: str, session: requests.Session, method: str) -> None:
    answer = session.request(method, f"{base}/Patient/a", json={})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert session.get(f"{base}/Patient/a").status_code == 200


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Observation?patient=a", ["o1", "o2", "o3"]),
        ("Observation?patient=Patient/a", ["o1", "o2", "o3"]),
        ("Observation?subject=Patient/b", ["o4"]),
        ("Observation?subject:Patient=b", ["o4"]),
        ("Observation?subject:Practitioner=b", []),
        ("Observation?patient=a,b", ["o1", "o2", "o3", "o4"]),
        ("Observation?patient=a&patient=b", []),
        ("Procedure?patient=a", ["p1", "p2"]),
        ("Observation?patient=a&category=vital-signs", ["o3"]),
        (f"Observation?patient=a&code={LOINC}|2160-0", ["o1"]),
        ("Observation?patient=a&code=2160-0,718-7", ["o1", "o2"]),
        (f"Observation?patient=a&code={SNOMED}|2160-0", []),
        (f"Observation?patient=a&code={LOINC}|", ["o1", "o2", "o3"]),
        ("Observation?patient=a&code=|2160-0", []),
        ("Procedure?code=|local\\,1", ["p2"]),
        ("Procedure?code=local\\,1", ["p2"]),
        ("Procedure?status=completed,not-done", ["p1", "p2"]),
        ("Procedure?patient=a&status=not-done", ["p2"]),
        ("MedicationRequest?patient=a&intent=order", ["r1"]),
        ("MedicationRequest?patient=a&intent=plan", []),
        ("MedicationRequest?authoredon=ge2026-11-01", ["r1"]),
        ("Patient?_id=b", ["b"]),
        ("Patient?identifier=urn:mrn|17", ["a"]),
        ("Patient?name=ald", ["a"]),
        ("Patient?family=BIRCH", ["b"]),
        ("Patient?birthdate=1970", ["a"]),
    ],
)
def test_a_search_finds_what_matches_every_parameter(
    base: str, session: requests.Session, query: str, ids: list[str]
) -> None:
    assert _ids(session.get(f"{base}/{query}")) == ids


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("2026-11", ["o1", "o2"]),
        ("eq2026-11-21", ["o1"]),
        ("ne2026-11-21", ["o2", "o3"]),
        ("ge2026-11-21", ["o1"]),
        ("gt2026-11-20", ["o1"]),
        ("gt2026-11-21", []),
        ("lt2026-11-20", ["o3"]),
        ("le2026-11-20", ["o2", "o3"]),
        ("sa2026-10-31", ["o1", "o2"]),
        ("eb2026-11-20", ["o3"]),
        ("ap2026-10-15", ["o3"]),
        ("2026-11-21T13:10:00Z", ["o1"]),
        ("2026-11-21T08:10-05:00", ["o1"]),
        ("2026-11-21T08:11:00-05:00", []),
        ("2026-10,2026-11-20", ["o2", "o3"]),
    ],
)
def test_dates_compare_as_intervals(base: str, session: requests.Session, value: str, ids: list[str]) -> None:
    assert _ids(session.get(f"{base}/Observation", params={"patient": "a", "date": value})) == ids


@pytest.mark.parametrize(("value", "ids"), [("ge2024-05-01", ["p1"]), ("2024-04", []), ("ap2024-05-13", ["p1"])])
def test_a_period_is_an_interval_and_no_date_matches_none(
    base: str, session: requests.Session, value: str, ids: list[str]
) -> None:
    assert _ids(session.get(f"{base}/Procedure", params={"date": value})) == ids


@pytest.mark.parametrize(("sort", "ids"), [("date", ["o3", "o2", "o1"]), ("-date", ["o1", "o2", "o3"])])
def test_results_are_sorted_by_date(base: str, session: requests.Session, sort: str, ids: list[str]) -> None:
    assert _ids(session.get(f"{base}/Observation?patient=a&_sort={sort}")) == ids


def test_sorting_by_two_rules_takes_the_first_first(base: str, session: requests.Session) -> None:
    assert _ids(session.get(f"{base}/Observation?_sort=category,-_id")) == ["o4", "o2", "o1", "o3"]


def test_pages_follow_the_next_link_to_the_end(base: str, session: requests.Session) -> None:
    url: str | None = f"{base}/Observation?_count=2&_sort=_id"
    found, totals = [], set()
    while url is not None:
        bundle = session.get(url).json()
        get_fhir_model_class("Bundle").model_validate(bundle)
        totals.add(bundle["total"])
        found.append([entry["resource"]["id"] for entry in bundle["entry"]])
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert found == [["o1", "o2"], ["o3", "o4"]]
    assert totals == {4}


def test_count_zero_tells_only_the_total(base: str, session: requests.Session) -> None:
    bundle = session.get(f"{base}/Observation?_count=0").json()
    assert bundle["total"] == 4
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_an_empty_searchset_has_no_entries(base: str, session: requests.Session) -> None:
    bundle = session.get(f"{base}/Immunization?patient=a").json()
    assert (bundle["type"], bundle["total"], "entry" in bundle) == ("searchset", 0, False)


def test_each_entry_has_its_url_and_mode(base: str, session: requests.Session) -> None:
    entry = session.get(f"{base}/Patient?_id=a").json()["entry"][0]
    assert entry["fullUrl"] == f"{base}/Patient/a"
    assert entry["search"] == {"mode": "match"}


def test_an_unknown_parameter_is_left_out_of_the_self_link(base: str, session: requests.Session) -> None:
    bundle = session.get(f"{base}/Observation?patient=a&colour=blue&_revinclude=x").json()
    assert bundle["total"] == 3
    assert bundle["link"][0] == {"relation": "self", "url": f"{base}/Observation?patient=a"}


@pytest.mark.parametrize("query", ["colour=blue", "_revinclude=x", "_include=Observation:subject", "_sort=colour"])
def test_strict_handling_refuses_an_unknown_parameter(base: str, session: requests.Session, query: str) -> None:
    answer = session.get(f"{base}/Observation?patient=a&{query}", headers={"Prefer": "handling=strict"})
    assert answer.status_code == 400
    assert "Unknown parameter" in answer.json()["issue"][0]["diagnostics"]


def test_post_search_reads_form_and_query_together(base: str, session: requests.Session) -> None:
    answer = session.post(f"{base}/Observation/_search?category=laboratory", data={"patient": "a", "code": "718-7"})
    assert _ids(answer) == ["o2"]
    assert answer.json()["link"][0]["url"].endswith("/Observation?category=laboratory&patient=a&code=718-7")


def test_post_search_takes_only_forms_of_bearable_length(base: str, session: requests.Session) -> None:
    url = f"{base}/Observation/_search"
    assert session.post(url, json={"patient": "a"}).status_code == 415
    assert session.post(url, data={"patient": "a" * MAX_FORM}).status_code == 413


def test_an_included_medication_comes_once_and_does_not_count(base: str, session: requests.Session) -> None:
    bundle = session.get(f"{base}/MedicationAdministration?_include=MedicationAdministration:medication").json()
    assert bundle["total"] == 2
    assert [(entry["resource"]["id"], entry["search"]["mode"]) for entry in bundle["entry"]] == [
        ("d1", "match"),
        ("d2", "match"),
        ("m1", "include"),
    ]


def test_a_held_date_that_cannot_be_read_matches_nothing(base: str, session: requests.Session) -> None:
    assert _ids(session.get(f"{base}/MedicationAdministration?effective-time=gt1900")) == ["d1"]


def test_format_and_total_are_accepted(base: str, session: requests.Session) -> None:
    answer = session.get(f"{base}/Patient?_format=json&_total=accurate", headers={"Prefer": "handling=strict"})
    assert _ids(answer) == ["a", "b"]


def test_the_capability_statement_is_valid_and_names_every_search(base: str, session: requests.Session) -> None:
    statement = session.get(f"{base}/metadata").json()
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    resources = {each["type"]: each for each in statement["rest"][0]["resource"]}
    assert set(resources) == set(SEARCHES)
    observation = {parameter["name"] for parameter in resources["Observation"]["searchParam"]}
    assert {"_id", "patient", "code", "category", "date", "status"} <= observation
    assert statement["fhirVersion"] == "4.0.1"


def test_browsers_from_anywhere_may_ask(base: str, session: requests.Session) -> None:
    preflight = session.options(f"{base}/Patient/a", headers={"Origin": "https://sandbox.example"})
    assert preflight.status_code == 200
    for answer in (preflight, session.get(f"{base}/Patient/a"), session.get(f"{base}/Patient/missing")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_with_a_token_everything_but_metadata_needs_it() -> None:
    with running(make_app([_bundle()], access_token="open-sesame")) as root, requests.Session() as session:
        url = f"{root}/fhir/Patient/a"
        without = session.get(url)
        assert (without.status_code, without.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert session.get(url, headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert session.get(url, headers={"Authorization": "Bearer open-sesame"}).status_code == 200
        assert session.get(f"{root}/fhir/metadata").status_code == 200


def test_one_connection_serves_many_requests_even_refused_ones(base: str) -> None:
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.connect()
        socket = connection.sock
        asked = [
            ("GET", "Patient/a", None),
            ("POST", "Patient", b"{}"),
            ("HEAD", "Patient/a", None),
            ("GET", "x/1", None),
        ]
        statuses = []
        for method, path, body in asked:
            connection.request(method, f"/fhir/{path}", body)
            answer = connection.getresponse()
            statuses.append((answer.status, len(answer.read()) > 0))
            assert connection.sock is socket
        assert statuses == [(200, True), (405, True), (200, False), (404, True)]
    finally:
        connection.close()


def test_a_body_of_unknown_length_ends_the_connection(base: str) -> None:
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request(
            "POST",
            "/fhir/Observation/_search",
            iter([b"patient=a"]),
            encode_chunked=True,
            headers={"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"},
        )
        answer = connection.getresponse()
        assert answer.getheader("Connection") == "close"
        assert json.loads(answer.read())["resourceType"] == "Bundle"
    finally:
        connection.close()


def test_the_server_is_gone_after_the_context() -> None:
    with running(make_app([_bundle()])) as root:
        pass
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{root}/fhir/metadata", timeout=2)


@pytest.mark.parametrize("resource", [{"resourceType": "Spaceship", "id": "1"}, {"resourceType": "Patient"}])
def test_what_cannot_be_served_is_refused_at_the_start(resource: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot serve"):
        make_app([{"resourceType": "Bundle", "entry": [{"resource": resource}]}])


def test_a_file_that_is_no_bundle_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="not a Bundle"):
        make_app([{"resourceType": "Patient", "id": "a"}])


def test_the_same_resource_twice_is_one_and_a_different_one_is_refused() -> None:
    store = Store()
    store.add({"resourceType": "Patient", "id": "a"})
    store.add({"resourceType": "Patient", "id": "a"})
    assert len(list(store.all("Patient"))) == 1
    with pytest.raises(ValueError, match="two different"):
        store.add({"resourceType": "Patient", "id": "a", "active": True})
