from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from cds_service import published
from cds_service.cards import OVERRIDE_REASONS
from cds_service.published.value_sets import COPYRIGHTS, OFFERED_REASONS, group_id, of_concept
from fhir_mappings.value_sets import CONCEPTS, GROUPS, Row, systems
from fhir_mappings.value_sets.concepts import concept_of

Resource = dict[str, Any]

VALUE_SETS = {id_: each.resource for id_, each in published.catalogue(with_cpt=True)["ValueSet"].items()}
HIERARCHICAL = [row for concept in CONCEPTS.values() for row in concept.rows if row.system in systems.PREFIX_SYSTEMS]
OWN = {systems.RECURRENCE_FINDINGS, systems.RECURRENCE_SITES}


def holds(part: Resource, system: str, code: str) -> bool:
    """Whether an include or exclude has the code, as a terminology server would find where a prefix is an ancestor."""
    if part["system"] != system:
        return False
    if any(each["code"] == code for each in part.get("concept", ())):
        return True
    return any(
        code.startswith(each["value"]) if each["op"] == "is-a" else re.fullmatch(each["value"], code) is not None
        for each in part.get("filter", ())
    )


def contains(value_set: Resource, system: str, code: str) -> bool:
    compose = value_set["compose"]
    return any(holds(part, system, code) for part in compose["include"]) and not any(
        holds(part, system, code) for part in compose.get("exclude", ())
    )


def listed(value_sets: Iterable[Resource]) -> list[tuple[str, Resource]]:
    return [
        (part["system"], each)
        for value_set in value_sets
        for part in value_set["compose"]["include"]
        for each in part.get("concept", ())
    ]


def is_code(row: Row) -> bool:
    """Not the mere beginning of ICD-10-PCS codes."""
    return row.system != systems.ICD10PCS or len(row.code) == 7


@pytest.mark.parametrize("name", CONCEPTS)
def test_a_concept_has_each_of_its_codes(name: str) -> None:
    value_set = VALUE_SETS[name]
    assert value_set["title"] == CONCEPTS[name].title
    for row in CONCEPTS[name].rows:
        assert contains(value_set, row.system, row.code.ljust(7, "Z") if not is_code(row) else row.code)


def test_what_lies_below_a_code_is_in_the_set_exactly_when_it_means_the_concept() -> None:
    checked = 0
    for name in CONCEPTS:
        for row in HIERARCHICAL:
            for code in (row.code, f"{row.code}9") if is_code(row) else (row.code.ljust(7, "Z"),):
                match = concept_of(row.system, code)
                meant = match is not None and name in match.concepts
                assert contains(VALUE_SETS[name], row.system, code) == meant, (name, code)
                checked += meant
    assert checked > len(HIERARCHICAL)


def test_a_code_with_descendants_says_so() -> None:
    filters = [
        each for part in VALUE_SETS["bladder-resection"]["compose"]["include"] for each in part.get("filter", ())
    ]
    assert {"property": "concept", "op": "is-a", "value": "63016009"} in filters
    assert {"property": "code", "op": "regex", "value": "0TTB.*"} in filters


def test_displays_are_only_those_of_our_own_systems_and_cpt_has_no_words() -> None:
    codes = listed(VALUE_SETS.values())
    words = {system for system, each in codes if "designation" in each}
    displayed = {system for system, each in codes if "display" in each}
    assert OWN <= displayed <= OWN | {"http://recurrence-cds.org/fhir/CodeSystem/override-reasons"}
    assert systems.CPT in {system for system, _ in codes}
    assert systems.CPT not in words
    assert systems.SNOMED in words


def test_each_code_says_where_it_was_seen() -> None:
    row = CONCEPTS["site-lung"].rows[0]
    ((_, entry),) = [each for each in listed([VALUE_SETS["site-lung"]]) if each[1]["code"] == row.code]
    assert entry["extension"][0]["valueString"] == f"Seen in: {row.source}"
    doubtful = replace(CONCEPTS["site-lung"], rows=(replace(row, verified=False),))
    value_set = of_concept(doubtful, with_cpt=True)
    assert value_set is not None
    ((_, entry),) = listed([value_set])
    assert entry["extension"][0]["valueString"].startswith("Not verified: ")


def test_every_system_has_its_copyright_and_each_set_names_those_it_uses() -> None:
    assert set(COPYRIGHTS) == set(systems.SYSTEM_NAMES.values())
    for name, concept in CONCEPTS.items():
        for row in concept.rows:
            assert COPYRIGHTS[row.system] in VALUE_SETS[name]["copyright"]


def test_without_cpt_none_is_left() -> None:
    without = {id_: each.resource for id_, each in published.catalogue(with_cpt=False)["ValueSet"].items()}
    assert systems.CPT not in {system for system, _ in listed(without.values())}
    assert not any(COPYRIGHTS[systems.CPT] in each.get("copyright", "") for each in without.values())
    only_cpt = {name for name, each in CONCEPTS.items() if {row.system for row in each.rows} == {systems.CPT}}
    assert only_cpt.isdisjoint(without)
    assert set(VALUE_SETS) - set(without) >= only_cpt


@pytest.mark.parametrize("with_cpt", [True, False])
def test_groups_unite_the_sets_of_their_concepts(*, with_cpt: bool) -> None:
    found = {id_: each.resource for id_, each in published.catalogue(with_cpt=with_cpt)["ValueSet"].items()}
    urls = {f"{each['url']}|{each['version']}": id_ for id_, each in found.items()}
    for name, group in GROUPS.items():
        members = group & found.keys()
        if not members:
            assert group_id(name) not in found
            continue
        value_set = found[group_id(name)]
        parts = [urls[url] for part in value_set["compose"]["include"] for url in part["valueSet"]]
        assert parts == sorted(members)
        assert value_set["description"] == group.meaning


def test_override_reasons_are_those_of_the_cards() -> None:
    offered = listed([VALUE_SETS[OFFERED_REASONS]])
    assert {(system, each["code"]) for system, each in offered} == {
        (each.system, each.code) for each in OVERRIDE_REASONS
    }
