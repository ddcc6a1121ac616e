"""What holds for every published resource."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service import published
from cds_service.guideline import knowledge
from cds_service.published import canonical

CATALOGUE = published.catalogue(with_cpt=True)
EVERYTHING = [each for by_id in CATALOGUE.values() for each in by_id.values()]


@pytest.mark.parametrize("resource_type", published.TYPES)
def test_every_resource_is_valid_r4(resource_type: str) -> None:
    model = get_fhir_model_class(resource_type)
    assert CATALOGUE[resource_type]
    for each in CATALOGUE[resource_type].values():
        assert model.model_validate(each.resource).model_dump()["id"] == each.resource["id"]


def test_the_capability_statement_is_valid_r4() -> None:
    statement = published.capability_statement("https://cds.example.org/fhir")
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    (rest,) = statement["rest"]
    assert [each["type"] for each in rest["resource"]] == list(published.TYPES)
    assert {code["code"] for each in rest["resource"] for code in each["interaction"]} == {"read", "search-type"}


def test_canonicals_are_ours_and_name_one_resource_each() -> None:
    urls = [each.resource["url"] for each in EVERYTHING]
    assert len(urls) == len(set(urls))
    for each in EVERYTHING:
        resource = each.resource
        expected = f"http://recurrence-cds.org/fhir/{resource['resourceType']}/{resource['id']}"
        assert resource["url"] == expected
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", resource["id"])
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", resource["name"])
        assert resource["version"] == knowledge.VERSION


def test_what_is_served_is_the_resource() -> None:
    for each in EVERYTHING:
        assert msgspec.json.decode(each.body) == each.resource
        assert each.tag == published.tag_of(each.body)


def test_nothing_is_empty() -> None:
    def empty(value: Any) -> bool:
        if isinstance(value, dict):
            return not value or any(map(empty, value.values()))
        if isinstance(value, list):
            return not value or any(map(empty, value))
        return value in ("", None)

    assert [each.resource["url"] for each in EVERYTHING if empty(each.resource)] == []


@pytest.mark.parametrize(("reviewed", "status", "experimental"), [("", "draft", True), ("2026-12-01", "active", False)])
def test_knowledge_is_a_draft_until_it_was_reviewed(
    monkeypatch: pytest.MonkeyPatch, reviewed: str, status: str, *, experimental: bool
) -> None:
    monkeypatch.setattr(knowledge, "REVIEWED", reviewed)
    head = canonical.head("Library", "some-thing", "Some thing", "Something.")
    assert (head["status"], head["experimental"]) == (status, experimental)
    assert head["name"] == "SomeThing"


def test_built_once() -> None:
    assert published.catalogue(with_cpt=True) is CATALOGUE
