from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service import published
from cds_service.errors import BadRequest

BASE = "https://cds.example.org/fhir"
CATALOGUE = published.catalogue(with_cpt=True)
LUNG = "http://recurrence-cds.org/fhir/ValueSet/site-lung"
LIVER = "http://recurrence-cds.org/fhir/ValueSet/site-liver"


def search(*parameters: tuple[str, str], kind: str = "ValueSet") -> dict[str, Any]:
    bundle: dict[str, Any] = msgspec.json.decode(published.search(CATALOGUE, kind, parameters, BASE))
    get_fhir_model_class("Bundle").model_validate(bundle)
    return bundle


def ids(bundle: dict[str, Any]) -> list[str]:
    return [each["resource"]["id"] for each in bundle.get("entry", ())]


def link(bundle: dict[str, Any], relation: str) -> str | None:
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), None)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([("url", LUNG)], ["site-lung"]),
        ([("url", f"{LUNG}|{CATALOGUE['ValueSet']['site-lung'].resource['version']}")], ["site-lung"]),
        ([("url", f"{LUNG}|0.1")], []),
        ([("url", f"{LUNG},{LIVER}")], ["site-liver", "site-lung"]),
        ([("url", LUNG), ("url", LIVER)], []),
        ([("_id", "site-lung")], ["site-lung"]),
        ([("name", "sitelu")], ["site-lung"]),
        ([("url", LUNG), ("version", "0.1")], []),
        ([("url", "")], []),
        ([("url", LUNG), ("_format", "json"), ("_summary", "true")], ["site-lung"]),
    ],
)
def test_filters(parameters: list[tuple[str, str]], expected: list[str]) -> None:
    bundle = search(*parameters)
    assert sorted(ids(bundle)) == expected
    assert bundle["total"] == len(expected)


def test_an_entry_is_the_resource_with_its_address() -> None:
    (entry,) = search(("_id", "site-lung"))["entry"]
    assert entry["fullUrl"] == f"{BASE}/ValueSet/site-lung"
    assert entry["resource"] == CATALOGUE["ValueSet"]["site-lung"].resource
    assert entry["search"] == {"mode": "match"}


@pytest.mark.parametrize(
    ("kind", "count"), [("ValueSet", 150), *(("CodeSystem", count) for count in range(1, len(CATALOGUE["CodeSystem"])))]
)
def test_pages_lead_through_everything_once(kind: str, count: int) -> None:
    seen: list[str] = []
    pages = 0
    url: str | None = f"{BASE}/{kind}?_count={count}"
    while url is not None:
        bundle = search(*parse_qsl(urlsplit(url).query), kind=kind)
        seen += ids(bundle)
        pages += 1
        url = link(bundle, "next")
    assert seen == list(CATALOGUE[kind])
    assert pages == math.ceil(len(seen) / count)
    back = link(bundle, "previous")
    assert back is not None
    assert len(ids(search(*parse_qsl(urlsplit(back).query), kind=kind))) == count


def test_a_page_has_a_usual_and_a_largest_size() -> None:
    assert len(ids(search())) == published.DEFAULT_COUNT
    assert len(ids(search(("_count", "9999")))) == published.MAX_COUNT
    assert link(search(kind="Library"), "next") is None
    assert link(search(), "previous") is None


@pytest.mark.parametrize("parameter", [("_count", "0"), ("_summary", "count")])
def test_only_the_number(parameter: tuple[str, str]) -> None:
    bundle = search(parameter)
    assert "entry" not in bundle
    assert bundle["total"] == len(CATALOGUE["ValueSet"])
    assert link(bundle, "next") is None


def test_a_page_beyond_the_end_is_empty() -> None:
    assert "entry" not in search(("_offset", "100000"))


@pytest.mark.parametrize(
    "parameter",
    [
        ("_count", "-1"),
        ("_count", "many"),
        ("_count", ""),
        ("_count", "٣"),
        ("_offset", "1e3"),
        ("_offset", "9" * 10),
        ("url:below", LUNG),
        ("patient", "p1"),
    ],
)
def test_what_is_not_understood_is_refused(parameter: tuple[str, str]) -> None:
    with pytest.raises(BadRequest):
        search(parameter)


def test_the_self_link_keeps_the_filters() -> None:
    bundle = search(("url", LUNG), ("_format", "json"))
    assert parse_qsl(urlsplit(link(bundle, "self") or "").query) == [
        ("url", LUNG),
        ("_count", "50"),
        ("_offset", "0"),
    ]
