"""Topotecan orders: first and later cycles, kidney, dose."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.topotecan import TOPOTECAN
from cds_service.guideline.rule import Severity
from fhir_mappings.findings import Finding
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

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
CISPLATIN = draft("cisplatin")
FIRST: dict[str, Any] = {}
LONG_AGO: dict[str, Any] = {"last_topotecan_date": on(-91)}
LATER: dict[str, Any] = {"last_topotecan_date": on(-21)}
LATEST_LATER: dict[str, Any] = {"last_topotecan_date": on(-90)}
UNCLEAR: dict[str, Any] = {"last_topotecan_date": on(between_days(-105, -75))}


@pytest.mark.parametrize("cycle", [FIRST, LONG_AGO, LATER, UNCLEAR])
def test_without_values_nothing_is_raised(cycle: dict[str, Any]) -> None:
    assert ask(draft("topotecan"), **cycle) == {}


@pytest.mark.parametrize(
    ("cycle", "counts", "row"),
    [
        (FIRST, {"anc": amount(1499)}, "TOP-01"),
        (FIRST, {"anc": amount(1500), "platelets": amount(100000)}, None),
        (FIRST, {"platelets": amount(99999)}, "TOP-01"),
        (FIRST, {"hb": amount(8.9)}, None),
        (LONG_AGO, {"anc": amount(1499)}, "TOP-01"),
        (LATER, {"anc": amount(1001)}, None),
        (LATER, {"anc": amount(1000)}, "TOP-02"),
        (LATER, {"platelets": amount(100001)}, None),
        (LATER, {"platelets": amount(100000)}, "TOP-02"),
        (LATER, {"hb": amount(9)}, None),
        (LATER, {"hb": amount(8.9)}, "TOP-02"),
        (LATEST_LATER, {"hb": amount(8.9)}, "TOP-02"),
        (UNCLEAR, {"anc": amount(1200)}, "TOP-03"),
        (UNCLEAR, {"anc": amount(1500), "platelets": amount(100001), "hb": amount(9)}, None),
        (UNCLEAR, {"anc": amount(900)}, "TOP-02"),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_the_marrow_by_cycle(cycle: dict[str, Any], counts: dict[str, Any], row: str | None, safety_only: bool) -> None:
    found = ask(draft("topotecan"), safety_only=safety_only, **cycle, **counts)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"topotecan-marrow": row})
    if row is not None:
        assert found["topotecan-marrow"].severity is (CRITICAL if row == "TOP-01" else WARNING)


@pytest.mark.parametrize(
    ("others", "features", "row"),
    [
        ((), {"crcl": amount(40)}, None),
        ((), {"crcl": amount(39.9)}, "TOP-06"),
        ((), {"crcl": amount(20)}, "TOP-06"),
        ((), {"crcl": amount(19.9)}, "TOP-04"),
        ((CISPLATIN,), {"creatinine": amount(1.5)}, None),
        ((CISPLATIN,), {"creatinine": amount(1.51)}, "TOP-05"),
        ((CISPLATIN,), {"creatinine": amount(1.51), "crcl": amount(35)}, "TOP-05"),
        ((draft("carboplatin"),), {"creatinine": amount(3)}, None),
        ((), {"creatinine": amount(3)}, None),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_the_kidney(others: tuple[Any, ...], features: dict[str, Any], row: str | None, safety_only: bool) -> None:
    found = ask(draft("topotecan"), *others, safety_only=safety_only, **features)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"topotecan-renal": row})
    if row is not None:
        assert found["topotecan-renal"].severity is (WARNING if row == "TOP-06" else CRITICAL)


@pytest.mark.parametrize(
    ("dose", "bsa", "row"),
    [
        ((0.75, "mg/m2"), 1.7, None),
        ((0.825, "mg/m2"), 1.7, None),
        ((0.83, "mg/m2"), 1.7, "TOP-08"),
        ((2.36, "mg/m2"), 1.7, "TOP-07"),
        ((4, "mg"), 5.0, None),
        ((4.1, "mg"), None, "TOP-07"),
        ((3, "mg"), None, None),
        ((0.9, "mg/m2"), None, "TOP-08"),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_the_dose(dose: tuple[float, str], bsa: float | None, row: str | None, safety_only: bool) -> None:
    size: dict[str, Any] = {} if bsa is None else {"bsa_m2": amount(bsa, "m2")}
    found = ask(draft("topotecan", dose), safety_only=safety_only, **size)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"topotecan-dose": row})
    if row is not None:
        assert found["topotecan-dose"].severity is (CRITICAL if row == "TOP-07" else WARNING)


@pytest.mark.parametrize(
    ("pregnant", "expected"), [(YES, {"pregnancy-teratogen": CRITICAL}), (NO, {}), (Finding(), {})]
)
def test_pregnancy_at_any_week(pregnant: Finding, expected: dict[str, Severity]) -> None:
    assert severities(draft("topotecan"), pregnant=pregnant, gestation_weeks=amount(20)) == expected
    assert severities(draft("topotecan"), safety_only=True, pregnant=pregnant) == expected


def test_every_row_is_in_the_safety_scope() -> None:
    assert all(check.also_in_safety_scope for check in TOPOTECAN)
