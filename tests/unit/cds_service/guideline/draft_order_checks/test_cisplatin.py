"""Cisplatin orders: each row on both sides of its limit."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.cisplatin import CISPLATIN
from cds_service.guideline.rule import Severity
from fhir_mappings.findings import Amount, Finding
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import NO, YES, amount, ask, draft, severities

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
SURFACE: dict[str, Any] = {"bsa_m2": amount(1.7, "m2")}


def test_a_bare_order_of_an_unknown_patient_raises_nothing() -> None:
    assert ask(draft("cisplatin")) == {}


@pytest.mark.parametrize(
    ("code", "features", "row", "severity"),
    [
        ("cisplatin-renal", {"crcl": amount(29.9)}, "CIS-01", CRITICAL),
        ("cisplatin-renal", {"crcl": amount(30)}, "CIS-02", WARNING),
        ("cisplatin-renal", {"crcl": amount(49.9)}, "CIS-02", WARNING),
        ("cisplatin-renal", {"crcl": amount(50)}, "CIS-03", WARNING),
        ("cisplatin-renal", {"crcl": amount(59.9)}, "CIS-03", WARNING),
        ("cisplatin-renal", {"crcl": Amount(25, 35)}, "CIS-02", WARNING),
        ("cisplatin-neuropathy", {"neuropathy_grade": amount(2)}, "CIS-05", WARNING),
        ("cisplatin-neuropathy", {"neuropathy_grade": amount(3)}, "CIS-04", CRITICAL),
        ("cisplatin-ototoxicity", {"hearing_loss_grade": amount(2)}, "CIS-07", WARNING),
        ("cisplatin-ototoxicity", {"tinnitus_or_hearing_aid": YES}, "CIS-07", WARNING),
        ("cisplatin-ototoxicity", {"hearing_loss_grade": amount(0), "tinnitus_or_hearing_aid": YES}, "CIS-07", WARNING),
        ("cisplatin-ototoxicity", {"hearing_loss_grade": amount(3)}, "CIS-06", CRITICAL),
        ("cisplatin-myelosuppression", {"anc": amount(1499)}, "CIS-09", WARNING),
        ("cisplatin-myelosuppression", {"anc": amount(500), "platelets": amount(150000)}, "CIS-09", WARNING),
        ("cisplatin-myelosuppression", {"anc": amount(499)}, "CIS-08", CRITICAL),
        ("cisplatin-myelosuppression", {"platelets": amount(99999)}, "CIS-09", WARNING),
        ("cisplatin-myelosuppression", {"platelets": amount(25000)}, "CIS-09", WARNING),
        ("cisplatin-myelosuppression", {"platelets": amount(24999)}, "CIS-08", CRITICAL),
        ("platinum-hypersensitivity", {"allergy_cisplatin": YES}, "CIS-10", CRITICAL),
        ("platinum-hypersensitivity", {"allergy_carboplatin": YES}, "CIS-11", WARNING),
        ("platinum-hypersensitivity", {"allergy_carboplatin": YES, "allergy_cisplatin": YES}, "CIS-10", CRITICAL),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_a_row_fires(code: str, features: dict[str, Any], row: str, severity: Severity, safety_only: bool) -> None:
    found = ask(draft("cisplatin"), safety_only=safety_only, **features)
    assert [(each.code, each.row, each.severity) for each in found.values()] == [(code, row, severity)]


@pytest.mark.parametrize(
    "features",
    [
        {"crcl": amount(60)},
        {"crcl": Amount(55, 65)},
        {"neuropathy_grade": amount(1)},
        {"hearing_loss_grade": amount(1), "tinnitus_or_hearing_aid": NO},
        {"anc": amount(1500), "platelets": amount(100000)},
        {"allergy_cisplatin": NO, "allergy_carboplatin": Finding()},
        {"allergy_paclitaxel": YES},
    ],
)
def test_nothing_fires_on_the_safe_side(features: dict[str, Any]) -> None:
    assert ask(draft("cisplatin"), **features) == {}


@pytest.mark.parametrize(
    ("mg_per_m2", "interval", "row"),
    [
        (44.9, 21, "CIS-14"),
        (45, 21, None),
        (55, 21, None),
        (55.1, 21, "CIS-14"),
        (100, 21, "CIS-14"),
        (100.1, 21, "CIS-12"),
        (35.9, 7, "CIS-13"),
        (36, 7, None),
        (41, 7, None),
        (44.1, 7, "CIS-13"),
        (100.1, 7, "CIS-12"),
        # Schedule not stated: only what fits neither schedule is remarked on.
        (35.9, None, "CIS-15"),
        (40, None, None),
        (44, None, None),
        (44.5, None, "CIS-15"),
        (50, None, None),
        (55.1, None, "CIS-15"),
        (100.1, None, "CIS-12"),
    ],
)
def test_the_dose_by_schedule(mg_per_m2: float, interval: int | None, row: str | None) -> None:
    found = ask(draft("cisplatin", (mg_per_m2, "mg/m2"), interval_days=interval), **SURFACE)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"cisplatin-dose": row})
    if row is not None:
        assert found["cisplatin-dose"].severity is (CRITICAL if row == "CIS-12" else WARNING)


@pytest.mark.parametrize(("bsa", "expected"), [(1.75, None), (1.76, "CIS-13")])
def test_a_weekly_dose_above_70_mg_whatever_the_surface(bsa: float, expected: str | None) -> None:
    found = ask(draft("cisplatin", (40, "mg/m2"), interval_days=7), bsa_m2=amount(bsa, "m2"))
    assert (found["cisplatin-dose"].row if found else None) == expected


def test_a_flat_weekly_dose_is_judged_without_a_body_surface() -> None:
    assert ask(draft("cisplatin", (70, "mg"), interval_days=7)) == {}
    assert severities(draft("cisplatin", (71, "mg"), interval_days=7)) == {"cisplatin-dose": WARNING}


def test_a_flat_dose_without_schedule_and_surface_says_nothing() -> None:
    assert ask(draft("cisplatin", (170, "mg"))) == {}


def test_without_a_schedule_radiotherapy_in_the_same_call_makes_it_weekly() -> None:
    order = draft("cisplatin", (50, "mg/m2"))
    radiotherapy = draft("radiotherapy-external-beam", resource_type="ServiceRequest")
    assert ask(order) == {}
    assert ask(order, radiotherapy)["cisplatin-dose"].row == "CIS-13"
    assert ask(draft("cisplatin", (50, "mg/m2"), interval_days=21), radiotherapy) == {}


def test_the_dose_is_no_rule_of_the_safety_scope_everything_else_is() -> None:
    order = draft("cisplatin", (120, "mg/m2"), interval_days=21)
    assert severities(order) == {"cisplatin-dose": CRITICAL}
    assert ask(order, safety_only=True) == {}
    assert {check.code for check in CISPLATIN if not check.also_in_safety_scope} == {"cisplatin-dose"}
