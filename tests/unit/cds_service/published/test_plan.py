from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from cds_service import published
from cds_service.guideline import knowledge, pathway, systemic, thresholds
from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.draft_order_checks import CHECKS
from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Output, Row, Scope
from cds_service.published.plan import SCOPE_WORDS

Action = dict[str, Any]

CATALOGUE = published.catalogue(with_cpt=True)
PLAN = CATALOGUE["PlanDefinition"]["recurrent-cervical-cancer"].resource
LIBRARY = CATALOGUE["Library"]["recurrent-cervical-cancer-knowledge"].resource
TABLES = (
    *(pathway.PATHWAY, pathway.WITH_TREATMENT, pathway.WITH_SYSTEMIC),
    *(systemic.FIRST_LINE, systemic.MODIFIERS, systemic.SECOND_LINE),
)
ROWS: list[Row] = [row for table in TABLES for row in table]


def actions(parts: list[Action]) -> Iterator[Action]:
    for part in parts:
        yield part
        yield from actions(part.get("action", []))


GROUPS = {group["id"]: group for group in PLAN["action"]}
EVERY = list(actions(PLAN["action"]))
BY_ID = {each["id"]: each for each in EVERY if "id" in each}


def codes(action: Action) -> list[str]:
    return [each["coding"][0]["code"] for each in action.get("code", ())]


def test_every_row_is_one_action() -> None:
    shown = [each["prefix"] for group in GROUPS.values() for each in group["action"] if "prefix" in each]
    checks = {check.id for family in CHECKS.values() for check in family}
    expected = [
        *(gate.id for gate in pathway.SCOPE_GATE),
        *(row.id for row in ROWS),
        *checks,
    ]
    assert sorted(shown) == sorted(expected)
    assert [codes(each) for each in GROUPS["missing-data"]["action"]] == [[prompt.code] for prompt in PROMPTS]


def test_each_action_has_title_words_and_a_name_of_its_own() -> None:
    named = [each["id"] for each in EVERY if "id" in each]
    assert len(named) == len(set(named))
    for group in GROUPS.values():
        for each in group["action"]:
            assert each["title"]
            assert each["textEquivalent"].endswith(".")


def test_a_row_says_its_codes_condition_effects_and_sources() -> None:
    (row,) = [row for row in pathway.PATHWAY if row.id == "P10"]
    action = BY_ID["pathway.P10"]
    assert codes(action) == [output.code for output in row.outputs]
    assert action["description"] == row.words
    assert "distant recurrence: yes" in action["textEquivalent"]
    assert "Systemic treatment is advised as well." in action["textEquivalent"]
    assert f"Not shown then: {REGISTER['pelvic-exenteration'].title};" in action["textEquivalent"]
    assert {each["label"] for each in action["documentation"]} == set(row.sources)
    assert "No later row is looked at." in BY_ID["pathway.P0"]["textEquivalent"]
    assert "Systemic treatment is advised as well, when earlier para" in BY_ID["pathway.P8"]["textEquivalent"]


def test_each_output_of_a_row_has_its_strength_and_condition() -> None:
    (first,) = [each for each in BY_ID["pathway.P4"]["action"] if codes(each) == ["salvage-chemoradiation"]]
    assert first["textEquivalent"] == "Strength: recommended. Only when not suitable for cisplatin: not documented."
    (firm,) = [
        each for each in BY_ID["first-line.F1"]["action"] if codes(each) == ["systemic-pembrolizumab-chemo-bevacizumab"]
    ]
    assert "Conditional unless earlier immune checkpoint inhibitor: no." in firm["textEquivalent"]
    outputs: list[Output] = [output for row in ROWS for output in row.outputs]
    assert outputs
    for table in ("pathway", "first-line", "second-line"):
        for action in GROUPS[table]["action"]:
            nested = [code for each in action.get("action", ()) for code in codes(each)]
            assert list(dict.fromkeys(nested)) == codes(action)


def test_a_row_for_everybody_says_so() -> None:
    assert BY_ID["second-line.T7"]["textEquivalent"].startswith("For every patient in this table.")


def test_a_check_says_for_which_orders_it_is_and_how_severe() -> None:
    action = BY_ID["order-checks.BEV-03"]
    assert action["textEquivalent"] == (
        "On orders of: bevacizumab. When date of the operation known: no. Indicator: warning."
    )
    assert codes(action) == ["bevacizumab-surgery-interval"]
    assert [code for each in action["action"] for code in codes(each)] == ["missing-surgery-date"]
    shared = {check.id for family in CHECKS.values() for check in family}
    anywhere = [each for each in GROUPS["order-checks"]["action"] if "cisplatin, carboplatin" in each["textEquivalent"]]
    assert len(GROUPS["order-checks"]["action"]) == len(shared)
    assert anywhere


def test_the_scope_gate_says_how_much_applies() -> None:
    assert set(SCOPE_WORDS) == set(Scope)
    assert codes(BY_ID["scope.G6"]) == [output.code for output in pathway.WORK_UP_OUTPUTS]
    assert codes(BY_ID["scope.G7"]) == [output.code for output in pathway.COMFORT_OUTPUTS]
    assert BY_ID["scope.G0"]["title"] == "No advice is given."


def test_all_codes_and_sources_exist() -> None:
    assert {code for each in EVERY for code in codes(each)} <= set(REGISTER)
    assert {each["label"] for action in EVERY for each in action.get("documentation", ())} <= set(CITATIONS)
    evidence = {each["label"]: each for each in PLAN["relatedArtifact"]}
    assert set(evidence) == set(CITATIONS)
    assert evidence["E01"]["url"] == "https://doi.org/10.1056/NEJMoa1309748"
    assert CITATIONS["E01"].result in evidence["E01"]["citation"]
    assert "url" not in evidence["policy"]


def test_several_publications_have_no_one_address() -> None:
    evidence = {each["label"]: each for each in PLAN["relatedArtifact"]}
    assert CITATIONS["E21"].locator.count("10.") > 1
    assert "url" not in evidence["E21"]


def test_hooks_are_the_triggers() -> None:
    def hooks(group: str) -> set[str]:
        return {each["name"] for each in GROUPS[group]["trigger"]}

    assert hooks("pathway") == {"patient-view", "order-select", "order-sign"}
    assert hooks("order-checks") == {"order-select", "order-sign"}


def test_the_library_names_version_hash_and_what_it_depends_on() -> None:
    assert PLAN["library"] == [f"{LIBRARY['url']}|{knowledge.VERSION}"]
    assert LIBRARY["version"] == knowledge.VERSION
    assert LIBRARY["identifier"][0]["value"] == knowledge.content_hash()
    served = {f"{each.resource['url']}|{knowledge.VERSION}" for by_id in CATALOGUE.values() for each in by_id.values()}
    depends = {each["resource"] for each in LIBRARY["relatedArtifact"]}
    assert depends
    assert depends <= served


def test_the_library_holds_every_threshold() -> None:
    (content,) = LIBRARY["content"]
    data = base64.b64decode(content["data"])
    assert content["size"] == len(data)
    assert content["hash"] == base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    numbers = msgspec.json.decode(data)
    assert set(numbers) == set(thresholds.ALL)
    staging = thresholds.STAGING_DAYS
    assert numbers["STAGING_DAYS"] == {
        "value": staging.value,
        "unit": staging.unit,
        "meaning": staging.meaning,
        "sources": list(staging.sources),
        "policy": staging.policy,
    }
