"""Tisotumab vedotin orders: eyes, dose, line, and the events that end or delay it."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.tisotumab_vedotin import TISOTUMAB_VEDOTIN
from cds_service.guideline.rule import Kind, Severity
from fhir_mappings.findings import Amount, Finding
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    NO,
    YES,
    amount,
    ask,
    between_days,
    draft,
    on,
    severities,
)

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
TV = "tisotumab-vedotin"
EYES_SEEN: dict[str, Any] = {"eye_exam_date": on(-3)}


def test_a_bare_order_of_an_unknown_patient_asks_for_the_eyes_only() -> None:
    assert severities(draft(TV)) == {"missing-eye-exam": WARNING}
    assert ask(draft(TV), **EYES_SEEN) == {}


@pytest.mark.parametrize(
    ("features", "code", "row", "severity"),
    [
        ({"ocular_severe": YES}, "tisotumab-ocular", "TV-01", CRITICAL),
        ({"ocular_unresolved": YES}, "tisotumab-ocular", "TV-02", CRITICAL),
        ({"systemic_lines": amount(0)}, "tisotumab-line", "TV-07", WARNING),
        ({"neuropathy_grade": amount(2)}, "tisotumab-neuropathy", "TV-09", WARNING),
        ({"neuropathy_grade": amount(3)}, "tisotumab-neuropathy", "TV-08", CRITICAL),
        ({"cns_or_lung_haemorrhage": YES}, "tisotumab-bleeding", "TV-10", CRITICAL),
        ({"haemorrhage_grade": amount(4)}, "tisotumab-bleeding", "TV-11", CRITICAL),
        ({"haemorrhage_grade": amount(3)}, "tisotumab-bleeding", "TV-12", WARNING),
        (
            {"haemorrhage_grade": amount(3), "cns_or_lung_haemorrhage": YES},
            "tisotumab-bleeding",
            "TV-10",
            CRITICAL,
        ),
        ({"pneumonitis_grade": amount(2)}, "tisotumab-pneumonitis", "TV-14", WARNING),
        ({"pneumonitis_grade": amount(3)}, "tisotumab-pneumonitis", "TV-13", CRITICAL),
        ({"pneumonitis_grade": amount(4)}, "tisotumab-pneumonitis", "TV-13", CRITICAL),
        ({"bilirubin_xuln": amount(1.51)}, "tisotumab-hepatic", "TV-15", WARNING),
        ({"strong_cyp3a4_inhibitor": YES}, "tisotumab-cyp3a4", "TV-16", INFO),
        ({"pregnant": YES, "gestation_weeks": amount(30)}, "pregnancy-teratogen", "TV-17", CRITICAL),
    ],
)
def test_a_row_fires(features: dict[str, Any], code: str, row: str, severity: Severity) -> None:
    found = ask(draft(TV), **EYES_SEEN, **features)
    assert [(each.code, each.row, each.severity) for each in found.values()] == [(code, row, severity)]
    in_safety_scope = code not in {"tisotumab-line", "tisotumab-cyp3a4"}
    assert (code in ask(draft(TV), safety_only=True, **EYES_SEEN, **features)) is in_safety_scope


@pytest.mark.parametrize(
    "features",
    [
        {"ocular_severe": NO, "ocular_unresolved": NO},
        {"systemic_lines": amount(1)},
        {"systemic_lines": Amount(0, 1)},
        {"systemic_lines": Amount()},
        {"neuropathy_grade": amount(1)},
        {"haemorrhage_grade": amount(2), "cns_or_lung_haemorrhage": NO},
        {"pneumonitis_grade": amount(1)},
        {"bilirubin_xuln": amount(1.5)},
        {"strong_cyp3a4_inhibitor": Finding()},
        {"pregnant": NO},
    ],
)
def test_nothing_fires_on_the_safe_side(features: dict[str, Any]) -> None:
    assert ask(draft(TV), **EYES_SEEN, **features) == {}


@pytest.mark.parametrize(
    ("features", "row"),
    [
        ({}, "TV-03"),
        # first dose: within 28 days before the order
        ({"eye_exam_date": on(-28), "prior_tv": NO, "tv_doses": amount(0)}, None),
        ({"eye_exam_date": on(-29), "prior_tv": NO, "tv_doses": amount(0)}, "TV-04"),
        ({"eye_exam_date": on(-28)}, None),
        ({"eye_exam_date": on(-29)}, "TV-04"),
        # later doses: after the last one
        ({"eye_exam_date": on(-1), "last_tv_date": on(-21), "tv_doses": amount(3)}, None),
        ({"eye_exam_date": on(-22), "last_tv_date": on(-21), "tv_doses": amount(3)}, "TV-04"),
        ({"eye_exam_date": on(between_days(-30, -1)), "last_tv_date": on(-21), "tv_doses": amount(3)}, "TV-04"),
        # up to the ninth dose
        ({"last_tv_date": on(-21), "tv_doses": amount(8)}, "TV-03"),
        ({"last_tv_date": on(-21), "tv_doses": Amount(8, 10)}, "TV-03"),
        ({"last_tv_date": on(-21), "tv_doses": amount(9)}, None),
        ({"eye_exam_date": on(-60), "last_tv_date": on(-21), "tv_doses": amount(9)}, None),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_the_eye_examination(features: dict[str, Any], row: str | None, safety_only: bool) -> None:
    found = ask(draft(TV), safety_only=safety_only, **features)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"missing-eye-exam": row})
    if row is not None:
        assert (found["missing-eye-exam"].kind, found["missing-eye-exam"].severity) == (Kind.PROMPT, WARNING)


@pytest.mark.parametrize(
    ("dose", "kg", "row"),
    [
        ((2, "mg/kg"), 70, None),
        ((2.2, "mg/kg"), 70, None),
        ((2.21, "mg/kg"), 70, "TV-05"),
        ((1.8, "mg/kg"), 70, None),
        ((1.79, "mg/kg"), 70, "TV-06"),
        ((1.3, "mg/kg"), 70, None),
        ((1.5, "mg/kg"), 70, "TV-06"),
        ((0.9, "mg/kg"), 70, None),
        ((0.8, "mg/kg"), 70, "TV-06"),
        ((140, "mg"), 70, None),
        ((110, "mg"), 70, "TV-06"),
        # from 100 kg the dose rises no further: 200, 130 and 90 mg
        ((200, "mg"), 130, None),
        ((130, "mg"), 130, None),
        ((90, "mg"), 130, None),
        ((160, "mg"), 130, "TV-06"),
        ((201, "mg"), 130, "TV-05"),
        ((2, "mg/kg"), 101, "TV-05"),
        # without a weight only what the order itself says is judged
        ((2, "mg/kg"), None, None),
        ((1.5, "mg/kg"), None, "TV-06"),
        ((2.3, "mg/kg"), None, "TV-05"),
        ((150, "mg"), None, None),
        ((210, "mg"), None, "TV-05"),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_the_dose(dose: tuple[float, str], kg: float | None, row: str | None, safety_only: bool) -> None:
    weight: dict[str, Any] = {} if kg is None else {"weight_kg": amount(kg, "kg")}
    found = ask(draft(TV, dose), safety_only=safety_only, **EYES_SEEN, **weight)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"tisotumab-dose": row})
    if row is not None:
        assert found["tisotumab-dose"].severity is (CRITICAL if row == "TV-05" else WARNING)


def test_column_b_by_code() -> None:
    outside = {check.code for check in TISOTUMAB_VEDOTIN if not check.also_in_safety_scope}
    assert outside == {"tisotumab-line", "tisotumab-cyp3a4"}
