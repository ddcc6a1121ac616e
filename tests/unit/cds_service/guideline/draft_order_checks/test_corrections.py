"""Values that the suggestions of a check are made of."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.corrections import CORRECTIONS
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    amount,
    between_days,
    draft,
    facts_of,
    on,
    operation,
)

SURFACE = {"bsa_m2": amount(1.7, "m2")}
WEIGHT = {"weight_kg": amount(70.4, "kg")}


def details(row: str, order: Any, **features: Any) -> dict[str, str]:
    known = {name: feature for name, feature in features.items() if name != "planned_operations"}
    return dict(CORRECTIONS[row]({**known, **facts_of(order, **features)}))


@pytest.mark.parametrize(
    ("row", "order", "features", "expected"),
    [
        ("BEV-31", draft("bevacizumab", (700, "mg")), WEIGHT, {"dose_mg": "1056", "dose_mg_per_kg": "15"}),
        ("CAR-03", draft("carboplatin", (950, "mg"), (6, "{AUC}")), {"crcl": amount(75)}, {"dose_mg": "600"}),
        ("CAR-03", draft("carboplatin", (950, "mg"), (7, "{AUC}")), {"crcl": amount(125)}, {}),
        ("CAR-04", draft("carboplatin", (900, "mg"), (5, "{AUC}")), {"crcl": amount(75)}, {"dose_mg": "500"}),
        ("CAR-04", draft("carboplatin", (900, "mg")), {"crcl": amount(75)}, {}),
        ("CAR-04", draft("carboplatin", (950, "mg")), {}, {}),
        ("CIS-12", draft("cisplatin", (200, "mg")), SURFACE, {}),
        (
            "CIS-12",
            draft("cisplatin", (200, "mg"), interval_days=21),
            SURFACE,
            {"dose_mg": "85", "dose_mg_per_m2": "50"},
        ),
        ("CIS-12", draft("cisplatin", interval_days=7), SURFACE, {"dose_mg": "68", "dose_mg_per_m2": "40"}),
        ("CIS-13", draft("cisplatin"), {"bsa_m2": amount(2)}, {"dose_mg": "70", "dose_mg_per_m2": "40"}),
        ("CIS-14", draft("cisplatin"), SURFACE, {"dose_mg": "85", "dose_mg_per_m2": "50"}),
        ("PAC-08", draft("paclitaxel-conventional"), SURFACE, {"dose_mg": "298", "dose_mg_per_m2": "175"}),
        ("PAC-09", draft("paclitaxel-conventional"), SURFACE, {"dose_mg": "230", "dose_mg_per_m2": "135"}),
        ("TOP-07", draft("topotecan"), SURFACE, {"dose_mg": "1.27", "dose_mg_per_m2": "0.75"}),
        ("TV-05", draft("tisotumab-vedotin"), WEIGHT, {"dose_mg": "141", "dose_mg_per_kg": "2"}),
        ("TV-05", draft("tisotumab-vedotin"), {"weight_kg": amount(120)}, {"dose_mg": "200", "dose_mg_per_kg": "2"}),
        ("ICI-09", draft("pembrolizumab", (300, "mg"), interval_days=21), {}, {"dose_mg": "200"}),
        ("ICI-09", draft("pembrolizumab", (200, "mg"), interval_days=42), {}, {"dose_mg": "400"}),
        ("ICI-09", draft("pembrolizumab", (200, "mg"), interval_days=28), {}, {}),
        ("ICI-10", draft("cemiplimab", (300, "mg")), {}, {"dose_mg": "350"}),
        ("ICI-11", draft("atezolizumab", (840, "mg")), {}, {"dose_mg": "1200"}),
        ("ICI-11", draft("atezolizumab", interval_days=14), {}, {}),
    ],
)
def test_doses(row: str, order: Any, features: dict[str, Any], expected: dict[str, str]) -> None:
    assert details(row, order, **features) == expected


@pytest.mark.parametrize("row", ["BEV-31", "CIS-14", "TV-05"])
def test_without_weight_or_surface_no_dose_is_told(row: str) -> None:
    facts = facts_of(draft("cisplatin"))
    assert dict(CORRECTIONS[row]({**facts, "weight_kg": facts["dose_mg"], "bsa_m2": facts["dose_mg"]})) == {}


def test_the_first_day_after_a_partial_date_counts_from_its_last_day() -> None:
    assert details("BEV-01", draft(), planned_operations=(operation(between_days(2, 9)),)) == {
        "earliest_date": "2026-12-31"
    }


def test_without_a_date_no_day_is_told() -> None:
    assert details("BEV-01", draft()) == {}
    assert details("BEV-32", draft(), last_bev_date=on(-10)) == {"earliest_date": "2026-12-05"}
