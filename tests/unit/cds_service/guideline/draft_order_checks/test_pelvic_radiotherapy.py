"""Each row on an order for pelvic radiotherapy."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.rule import Kind, Severity, Strength
from fhir_mappings.findings import Evidence, Finding
from fhir_mappings.history import Intent
from fhir_mappings.kleene import Tri
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    NO,
    YES,
    ask,
    between_days,
    draft,
    on,
    severities,
)

I, W, C = Severity.INFO, Severity.WARNING, Severity.CRITICAL  # noqa: E741 - the letters of the decision model
NEW: dict[str, Any] = {"prior_pelvic_rt": NO, "pregnant": NO}
"""A pelvis never irradiated."""


def course(concept: str = "radiotherapy-any", sites: tuple[str, ...] = ("site-pelvis",), **fields: Any) -> Any:
    return draft(concept, body_sites=frozenset(sites), resource_type="ServiceRequest", **fields)


def test_a_first_course_without_intent_is_quiet() -> None:
    assert severities(course(), **NEW) == {}


@pytest.mark.parametrize(
    "order",
    [
        course(),
        course("radiotherapy-external-beam"),
        course("radiotherapy-pelvis", ()),
        course(technique=frozenset({"radiotherapy-imrt"})),
        course(intent=Intent.CURATIVE),
    ],
)
def test_a_second_conventional_course_is_critical(order: Any) -> None:
    found = ask(order, prior_pelvic_rt=YES)
    assert {code: each.severity for code, each in found.items()} == {"pelvic-rt-repeat": C}
    assert found["pelvic-rt-repeat"].row == "PRT-01"


@pytest.mark.parametrize(
    "order",
    [
        course("radiotherapy-stereotactic-body"),
        course("radiotherapy-brachytherapy"),
        course("radiotherapy-brachytherapy-interstitial"),
        course("radiotherapy-intraoperative"),
        course(technique=frozenset({"radiotherapy-stereotactic-body"})),
        course(intent=Intent.PALLIATIVE),
        course(sites=("site-bony-pelvis",)),
        course("radiotherapy-pelvic-bones", ()),
    ],
)
def test_special_technique_palliation_or_bone_is_a_warning_with_specialist_review(order: Any) -> None:
    found = ask(order, prior_pelvic_rt=YES)
    assert {code: each.severity for code, each in found.items()} == {
        "pelvic-rt-repeat": W,
        "reirradiation-specialist-review": I,
    }
    review = found["reirradiation-specialist-review"]
    assert (review.kind, review.strength, review.row) == (Kind.OPTION, Strength.CONSIDER, "PRT-02")


def test_unknown_earlier_radiotherapy_warns_more_strongly_with_radiotherapy_of_unsaid_place() -> None:
    evidence = (Evidence("Condition/z923", "history of radiotherapy"),)
    unknown = Finding(possible=evidence)
    plain = ask(course())["missing-prior-pelvic-rt"]
    placeless = ask(course(), prior_pelvic_rt=unknown, rt_site_unspecified=YES)["missing-prior-pelvic-rt"]
    for decision in (plain, placeless):
        assert (decision.kind, decision.severity) == (Kind.PROMPT, W)
        assert decision.missing == ("prior_pelvic_rt",)
    assert (plain.row, placeless.row) == ("PRT-04", "PRT-03")
    assert placeless.possible == evidence
    assert "pelvic-rt-repeat" not in ask(course())


def test_vaginal_brachytherapy_alone_warns_instead() -> None:
    assert severities(course(), prior_pelvic_rt=YES, vaginal_brachy_only=YES) == {"pelvic-rt-vaginal-brachy": W}
    assert severities(course(), prior_pelvic_rt=YES, vaginal_brachy_only=NO) == {"pelvic-rt-repeat": C}


@pytest.mark.parametrize(
    ("distant", "intent", "fires"),
    [
        (YES, Intent.CURATIVE, True),
        (YES, Intent.PALLIATIVE, False),
        (YES, Intent.UNKNOWN, False),
        (NO, Intent.CURATIVE, False),
        (Finding(), Intent.CURATIVE, False),
    ],
)
def test_curative_intent_with_distant_disease(distant: Finding, intent: Intent, fires: bool) -> None:
    found = severities(course(intent=intent), **NEW, site_distant=distant, platinum_active=YES)
    assert found == ({"pelvic-rt-distant-disease": W} if fires else {})


def test_a_curative_first_course_without_platinum() -> None:
    order = course(intent=Intent.CURATIVE)
    assert severities(order, **NEW) == {"pelvic-rt-no-concurrent-chemo": I}
    assert severities(order, draft("cisplatin"), **NEW) == {}
    assert severities(order, draft("carboplatin"), **NEW) == {}
    assert severities(order, **NEW, platinum_active=YES) == {}
    assert severities(order, ineligible=YES, **NEW) == {}
    assert severities(order, ineligible=NO, **NEW) == {"pelvic-rt-no-concurrent-chemo": I}
    assert severities(course(intent=Intent.PALLIATIVE), **NEW) == {}


@pytest.mark.parametrize(("offset", "fires"), [(0, True), (-28, True), (-29, False), (1, False)])
def test_bevacizumab_before_radiotherapy(offset: int, fires: bool) -> None:
    found = ask(course(), **NEW, last_bev_date=on(offset))
    assert ("pelvic-rt-bevacizumab" in found) is fires
    if offset == -28:
        assert found["pelvic-rt-bevacizumab"].severity is W
        assert found["pelvic-rt-bevacizumab"].details == (("earliest_date", "2026-11-25"),)


def test_bevacizumab_without_an_exact_date_asks_for_it() -> None:
    for features in ({"last_bev_date": on(between_days(-40, -10))}, {"prior_bev": YES}):
        decision = ask(course(), **NEW, **features)["pelvic-rt-bevacizumab"]
        assert "exact date of the last bevacizumab dose" in decision.text
    assert severities(course(), **NEW, prior_bev=NO) == {}


def test_bevacizumab_drafted_together() -> None:
    assert severities(course(), draft(), **NEW) == {"pelvic-rt-bevacizumab": W}


def test_pregnancy() -> None:
    assert severities(course(), **(NEW | {"pregnant": YES})) == {"pregnancy-teratogen": C}


@pytest.mark.parametrize(
    "order",
    [
        course(sites=("site-breast",)),
        course(sites=("site-chest", "site-lung")),
        course(sites=("site-paraaortic-lymph-nodes",)),
        course("radiotherapy-brain", ()),
    ],
)
def test_radiotherapy_elsewhere_has_no_pelvic_rule(order: Any) -> None:
    assert severities(order, draft(), prior_pelvic_rt=YES, pregnant=YES, vaginal_brachy_only=YES) == {}


def test_an_order_without_a_site_warns_at_most_and_says_so() -> None:
    order = course(sites=())
    found = ask(order, draft(), prior_pelvic_rt=YES, pregnant=YES)
    assert {code: each.severity for code, each in found.items()} == {
        "pelvic-rt-repeat": W,
        "pelvic-rt-bevacizumab": W,
        "pregnancy-teratogen": W,
    }
    for decision in found.values():
        assert decision.text.endswith(
            "The order does not say whether the pelvis is in the field; this applies if it is."
        )
        assert decision.row.endswith("-SITE")
        assert decision.remedy == ""
    assert severities(order) == {"missing-prior-pelvic-rt": W}


@pytest.mark.parametrize(
    ("features", "others", "expected"),
    [
        ({"prior_pelvic_rt": YES}, (), {"pelvic-rt-repeat": C}),
        ({"prior_pelvic_rt": Finding(Tri.UNKNOWN)}, (), {"missing-prior-pelvic-rt": W}),
        ({"prior_pelvic_rt": YES, "vaginal_brachy_only": YES}, (), {"pelvic-rt-vaginal-brachy": W}),
        (NEW, (draft(),), {"pelvic-rt-bevacizumab": W}),
        (NEW | {"pregnant": YES}, (), {"pregnancy-teratogen": C}),
        (NEW | {"site_distant": YES}, (), {}),
        (NEW, (), {}),
    ],
)
def test_scope_b(features: dict[str, Any], others: tuple[Any, ...], expected: dict[str, Severity]) -> None:
    assert severities(course(intent=Intent.CURATIVE), *others, safety_only=True, **features) == expected
