"""The numbers are those of the decision model, each with unit, meaning and source, policy marked as such."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from cds_service.guideline import thresholds as t

EXPECTED_WINDOWS = {
    "staging": 42,
    "signs": 90,
    "central_size": 60,
    "pregnancy": 300,
    "pregnancy_test": 7,
    "menopause_age": 56,
    "ecog_fresh": 30,
    "ecog_usable": 90,
    "creatinine_order": 14,
    "creatinine_overview": 30,
    "weight": 30,
    "blood_count": 7,
    "liver": 14,
    "blood_pressure": 21,
    "urine_protein": 28,
    "pelvic_rt_minimum_gy": 20,
    "persistent_months": 6,
}


def test_the_windows_are_those_of_the_decision_model() -> None:
    assert dataclasses.asdict(t.WINDOWS) == EXPECTED_WINDOWS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BEV_SURGERY_HOLD_DAYS", 28),
        ("BEV_SURGERY_EXTENDED_DAYS", 42),
        ("BEV_AFTER_SURGERY_DAYS", 28),
        ("BEV_WOUND_WATCH_DAYS", 90),
        ("BEV_HAEMORRHAGE_DAYS", 180),
        ("BEV_HAEMOPTYSIS_ML", 2.5),
        ("BEV_DOSE_LOW", 13.5),
        ("BEV_DOSE_HIGH", 16.5),
        ("BEV_SYSTOLIC_CRITICAL", 180),
        ("BEV_DIASTOLIC_CRITICAL", 120),
        ("BEV_SYSTOLIC_WARNING", 150),
        ("BEV_DIASTOLIC_WARNING", 100),
        ("BEV_PROTEIN_24H_CRITICAL", 2),
        ("CISPLATIN_CRCL_CRITICAL", 30),
        ("CISPLATIN_CRCL_WARNING", 60),
        ("CISPLATIN_DOSE_MAX", 100),
        ("CISPLATIN_WEEKLY_MAX_MG", 70),
        ("CARBOPLATIN_DOSE_MAX_MG", 900),
        ("PACLITAXEL_ANC_CRITICAL", 1500),
        ("PACLITAXEL_BILIRUBIN_WARNING", 1.25),
        ("TOPOTECAN_CRCL_CRITICAL", 20),
        ("TOPOTECAN_CRCL_WARNING", 40),
        ("TOPOTECAN_DOSE_MAX_MG", 4),
        ("TISOTUMAB_DOSE_MAX_MG", 200),
        ("TISOTUMAB_DOSE_CRITICAL", 2.2),
        ("OLIGOMETASTATIC_LESIONS_MAX", 5),
        ("EARLY_RECURRENCE_MONTHS", 24),
    ],
)
def test_a_number_stands_as_in_the_decision_model(name: str, value: float) -> None:
    assert t.ALL[name].value == value


def test_bounds_around_a_dose_follow_from_dose_and_tolerance() -> None:
    share = t.DOSE_TOLERANCE_PERCENT.value / 100
    for dose, low, high in (
        (t.BEV_DOSE, t.BEV_DOSE_LOW, t.BEV_DOSE_HIGH),
        (t.CISPLATIN_CYCLE_DOSE, t.CISPLATIN_CYCLE_DOSE_LOW, t.CISPLATIN_CYCLE_DOSE_HIGH),
        (t.CISPLATIN_WEEKLY_DOSE, t.CISPLATIN_WEEKLY_DOSE_LOW, t.CISPLATIN_WEEKLY_DOSE_HIGH),
        (t.PACLITAXEL_DOSE, t.PACLITAXEL_DOSE_LOW, t.PACLITAXEL_DOSE_HIGH),
        (t.TISOTUMAB_DOSE, t.TISOTUMAB_DOSE_LOW, t.TISOTUMAB_DOSE_CRITICAL),
    ):
        assert low.value == pytest.approx(dose.value * (1 - share))
        assert high.value == pytest.approx(dose.value * (1 + share))
    assert t.TOPOTECAN_DOSE_HIGH.value == pytest.approx(t.TOPOTECAN_DOSE.value * (1 + share))


def test_the_carboplatin_limit_is_auc_6_at_the_cap() -> None:
    assert t.CARBOPLATIN_DOSE_MAX_MG.value == 6 * (t.CARBOPLATIN_GFR_CAP.value + t.CARBOPLATIN_GFR_ADDEND.value)


def test_every_number_of_the_module_is_listed() -> None:
    source = Path(t.__file__).read_text(encoding="utf-8")
    written = [
        node.targets[0].id
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "Threshold"
        and isinstance(node.targets[0], ast.Name)
    ]
    assert list(t.ALL) == written
    assert len(written) > 100


@pytest.mark.parametrize("name", t.ALL)
def test_a_number_has_a_meaning_and_a_source_and_owns_up_to_policy(name: str) -> None:
    threshold = t.ALL[name]
    assert threshold.meaning
    assert threshold.sources
    assert ("policy" in threshold.sources) == threshold.policy


def test_a_number_shows_with_its_unit() -> None:
    assert t.BEV_SURGERY_HOLD_DAYS.show() == "28 days"
    assert t.CISPLATIN_PLATELETS_WARNING.show() == "100000 /mm3"
    assert t.ECOG_LIMITED.show() == "2"
