"""Checkpoint inhibitor orders, by drug."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.immunotherapy import IMMUNOTHERAPY
from cds_service.guideline.rule import Kind, Severity
from fhir_mappings.findings import Amount, Finding
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import NO, YES, amount, ask, draft, severities

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
DRUGS = ("pembrolizumab", "cemiplimab", "atezolizumab", "nivolumab")
POSITIVE = amount(5)
ALWAYS_THERE = {
    "pembrolizumab": {"missing-pdl1-cps": WARNING},
    "cemiplimab": {"immunotherapy-regulatory": INFO},
    "atezolizumab": {"immunotherapy-regulatory": INFO},
    "nivolumab": {},
}
DOSE = "immunotherapy-dose"


@pytest.mark.parametrize("drug", DRUGS)
def test_a_bare_order_of_an_unknown_patient(drug: str) -> None:
    assert severities(draft(drug)) == ALWAYS_THERE[drug]
    assert ask(draft(drug), safety_only=True) == {}


@pytest.mark.parametrize(
    ("cps", "expected"),
    [
        (amount(0), {"immunotherapy-pdl1": WARNING}),
        (amount(0.9), {"immunotherapy-pdl1": WARNING}),
        (amount(1), {}),
        (Amount(1, 100), {}),
        (Amount(), {"missing-pdl1-cps": WARNING}),
    ],
)
def test_pdl1_with_pembrolizumab(cps: Amount, expected: dict[str, Severity]) -> None:
    assert severities(draft("pembrolizumab"), pdl1_cps=cps) == expected
    assert ask(draft("pembrolizumab"), safety_only=True, pdl1_cps=cps) == {}


def test_the_missing_score_is_asked_for_as_a_prompt() -> None:
    found = ask(draft("pembrolizumab"))["missing-pdl1-cps"]
    assert (found.kind, found.missing) == (Kind.PROMPT, ("pdl1_cps",))


@pytest.mark.parametrize("drug", ["cemiplimab", "atezolizumab", "nivolumab"])
def test_pdl1_is_not_asked_of_the_others(drug: str) -> None:
    assert severities(draft(drug), pdl1_cps=amount(0)) == ALWAYS_THERE[drug]


@pytest.mark.parametrize(
    ("features", "code", "row", "severity", "in_safety_scope"),
    [
        ({"irae_severe": YES}, "immunotherapy-prior-irae", "ICI-03", CRITICAL, True),
        ({"transplant": YES}, "immunotherapy-transplant", "ICI-04", CRITICAL, True),
        (
            {"autoimmune_active": YES, "immunosuppressed": YES},
            "immunotherapy-autoimmune",
            "ICI-05",
            WARNING,
            True,
        ),
        ({"immunosuppressed": YES}, "immunotherapy-autoimmune", "ICI-06", WARNING, True),
        ({"prior_ici": YES}, "immunotherapy-prior-ici", "ICI-07", WARNING, False),
        ({"pregnant": YES, "gestation_weeks": amount(30)}, "pregnancy-teratogen", "ICI-08", CRITICAL, True),
    ],
)
@pytest.mark.parametrize("drug", DRUGS)
def test_a_row_fires_for_every_drug(
    features: dict[str, Any], code: str, row: str, severity: Severity, in_safety_scope: bool, drug: str
) -> None:
    found = ask(draft(drug), pdl1_cps=POSITIVE, **features)
    assert (found[code].row, found[code].severity) == (row, severity)
    safety = ask(draft(drug), safety_only=True, **features)
    assert [each.row for each in safety.values()] == ([row] if in_safety_scope else [])


@pytest.mark.parametrize(
    "features",
    [
        {"irae_severe": NO, "transplant": NO, "immunosuppressed": NO, "prior_ici": NO, "pregnant": NO},
        {"autoimmune_active": YES},
        {"autoimmune_active": YES, "immunosuppressed": NO},
        {"prior_ici": Finding()},
    ],
)
@pytest.mark.parametrize("drug", DRUGS)
def test_nothing_fires_on_the_safe_side(features: dict[str, Any], drug: str) -> None:
    found = severities(draft(drug), pdl1_cps=POSITIVE, **features)
    assert found == {code: each for code, each in ALWAYS_THERE[drug].items() if code != "missing-pdl1-cps"}


@pytest.mark.parametrize(
    ("drug", "mg", "interval", "fires"),
    [
        ("pembrolizumab", 200, 21, False),
        ("pembrolizumab", 400, 42, False),
        ("pembrolizumab", 400, 21, True),
        ("pembrolizumab", 200, 42, True),
        ("pembrolizumab", 200, 14, True),
        ("pembrolizumab", 140, 21, True),
        ("pembrolizumab", 200, None, False),
        ("pembrolizumab", 400, None, False),
        ("pembrolizumab", 300, None, True),
        ("pembrolizumab", None, 21, False),
        ("pembrolizumab", None, 42, False),
        ("pembrolizumab", None, 14, True),
        ("cemiplimab", 350, 21, False),
        ("cemiplimab", 350, None, False),
        ("cemiplimab", 350, 14, True),
        ("cemiplimab", 250, None, True),
        ("atezolizumab", 1200, 21, False),
        ("atezolizumab", 1200, None, False),
        ("atezolizumab", 1200, 28, True),
        ("atezolizumab", 840, None, True),
        ("nivolumab", 1, 1, False),
    ],
)
def test_dose_and_interval(drug: str, mg: float | None, interval: int | None, fires: bool) -> None:
    order = draft(drug, *(() if mg is None else ((mg, "mg"),)), interval_days=interval)
    found = severities(order, pdl1_cps=POSITIVE)
    assert found.get(DOSE) is (WARNING if fires else None)
    assert DOSE not in ask(order, safety_only=True)


def test_a_dose_by_weight_is_judged_by_the_weight_and_not_without() -> None:
    order = draft("pembrolizumab", (2, "mg/kg"), interval_days=21)
    assert ask(order, pdl1_cps=POSITIVE, weight_kg=amount(100, "kg")) == {}
    assert severities(order, pdl1_cps=POSITIVE, weight_kg=amount(70, "kg")) == {DOSE: WARNING}
    assert ask(order, pdl1_cps=POSITIVE) == {}


@pytest.mark.parametrize(
    ("concept", "mg"), [("pembrolizumab-berahyaluronidase", 395), ("atezolizumab-hyaluronidase", 1875)]
)
def test_products_for_the_skin_have_doses_of_their_own(concept: str, mg: float) -> None:
    assert DOSE not in ask(draft(concept, (mg, "mg"), interval_days=21), pdl1_cps=POSITIVE)
    plain = concept.split("-", maxsplit=1)[0]
    assert DOSE in ask(draft(plain, (mg, "mg"), interval_days=21), pdl1_cps=POSITIVE)


def test_column_b_by_code() -> None:
    rows = {check for checks in IMMUNOTHERAPY.values() for check in checks}
    assert {check.code for check in rows if check.also_in_safety_scope} == {
        "immunotherapy-prior-irae",
        "immunotherapy-transplant",
        "immunotherapy-autoimmune",
        "pregnancy-teratogen",
    }
