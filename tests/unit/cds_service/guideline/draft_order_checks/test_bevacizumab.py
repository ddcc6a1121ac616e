"""Each row on a bevacizumab order, on both sides of its threshold."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.rule import Kind, Severity
from fhir_mappings.findings import Amount, Finding
from fhir_mappings.history import Priority, Route
from fhir_mappings.value_sets import groups
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    NO,
    YES,
    amount,
    ask,
    between_days,
    draft,
    on,
    operation,
    severities,
)

I, W, C = Severity.INFO, Severity.WARNING, Severity.CRITICAL  # noqa: E741 - the letters of the decision model
QUIET: dict[str, Any] = {"chemotherapy_active": YES, "prior_pelvic_rt": NO, "pregnant": NO}
"""A patient about whom no row of bevacizumab has anything to say."""


def bev(**features: Any) -> dict[str, Severity]:
    return severities(draft(), **(QUIET | features))


def test_nothing_to_say() -> None:
    assert bev() == {}


# ------------------------------------------------------------------ the operation ahead


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (-1, {}),
        (0, {"bevacizumab-surgery-interval": C}),
        (1, {"bevacizumab-surgery-interval": C}),
        (27, {"bevacizumab-surgery-interval": C}),
        (28, {"bevacizumab-surgery-interval-extended": I}),
        (29, {"bevacizumab-surgery-interval-extended": I}),
        (41, {"bevacizumab-surgery-interval-extended": I}),
        (42, {}),
    ],
)
def test_days_before_an_elective_operation(offset: int, expected: dict[str, Severity]) -> None:
    assert bev(planned_operations=(operation(offset),)) == expected


@pytest.mark.parametrize("kind", [{"minor": True}, {"urgent": True}])
@pytest.mark.parametrize(("offset", "fires"), [(0, True), (27, True), (28, False)])
def test_a_small_or_urgent_operation_warns(kind: dict[str, bool], offset: int, fires: bool) -> None:
    expected = {"bevacizumab-surgery-interval": W} if fires else {}
    assert bev(planned_operations=(operation(offset, **kind),)) == expected


def test_the_elective_operation_speaks_before_the_small_one() -> None:
    found = ask(draft(), **QUIET, planned_operations=(operation(3, minor=True), operation(9)))
    decision = found["bevacizumab-surgery-interval"]
    assert (decision.row, decision.severity, decision.remedy) == ("BEV-01", C, "date")
    assert decision.details == (("earliest_date", "2026-12-31"),)
    assert [each.feature for each in decision.because] == ["days_to_elective_surgery"]
    assert decision.because[0].value == "9 days"
    assert decision.order == "Request/bevacizumab"


def test_a_small_operation_offers_no_other_date() -> None:
    found = ask(draft(), **QUIET, planned_operations=(operation(3, minor=True),))
    decision = found["bevacizumab-surgery-interval"]
    assert (decision.remedy, decision.details) == ("", ())


def test_an_operation_without_a_date_warns_and_asks() -> None:
    found = ask(draft(), **QUIET, planned_operations=(operation(None),))
    assert {code: each.severity for code, each in found.items()} == {
        "bevacizumab-surgery-interval": W,
        "missing-surgery-date": W,
    }
    assert found["missing-surgery-date"].kind is Kind.PROMPT
    assert found["missing-surgery-date"].row == "BEV-03"


@pytest.mark.parametrize(
    ("first", "last", "fires"),
    [(1, 27, "certain"), (20, 50, "open"), (27, 28, "open"), (-3, 10, "open"), (28, 60, "no")],
)
def test_a_partial_date_of_the_operation(first: int, last: int, fires: str) -> None:
    found = ask(draft(), **QUIET, planned_operations=(operation(between_days(first, last)),))
    if fires == "no":
        assert "bevacizumab-surgery-interval" not in found
        return
    decision = found["bevacizumab-surgery-interval"]
    assert decision.severity is (C if fires == "certain" else W)
    assert ("The exact date of the planned operation is not recorded" in decision.text) is (fires == "open")
    assert ("missing-surgery-date" in found) is (fires == "open")
    assert "bevacizumab-surgery-interval-extended" not in found


# -------------------------------------------------------------------- surgery and wound


@pytest.mark.parametrize(("offset", "fires"), [(-29, False), (-28, False), (-27, True), (0, True), (1, False)])
def test_days_after_major_surgery(offset: int, fires: bool) -> None:
    found = bev(past_operations=(operation(offset),), wound_healed=YES)
    assert found == ({"bevacizumab-post-surgery-interval": C} if fires else {})


def test_the_first_day_after_surgery_is_28_days_later() -> None:
    decision = ask(draft(), **QUIET, last_major_surgery_date=on(-10), wound_healed=YES)[
        "bevacizumab-post-surgery-interval"
    ]
    assert decision.details == (("earliest_date", "2026-12-12"),)


@pytest.mark.parametrize(("offset", "fires"), [(-27, False), (-28, True), (-90, True), (-91, False)])
@pytest.mark.parametrize(("healed", "severity"), [(NO, C), (Finding(), W), (YES, None)])
def test_wound_healing(offset: int, fires: bool, healed: Finding, severity: Severity | None) -> None:
    found = bev(past_operations=(operation(offset),), wound_healed=healed)
    assert found.get("bevacizumab-wound-healing") is (severity if fires else None)


def test_a_partial_date_of_past_surgery_warns_and_asks() -> None:
    found = ask(draft(), **QUIET, last_major_surgery_date=on(between_days(-40, -10)), wound_healed=YES)
    assert found["bevacizumab-post-surgery-interval"].severity is W
    assert "exact date of the operation" in found["bevacizumab-post-surgery-interval"].text
    assert "missing-surgery-date" in found


# ------------------------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("event", "code", "severity"),
    [
        ("gi_perforation", "bevacizumab-gi-perforation", C),
        ("fistula_active", "bevacizumab-fistula", C),
        ("fistula_healed", "bevacizumab-fistula", W),
        ("vaginal_bleeding_current", "bevacizumab-hemorrhage", W),
        ("htn_crisis", "bevacizumab-hypertension", C),
        ("nephrotic", "bevacizumab-proteinuria", C),
        ("pres", "bevacizumab-pres", C),
        ("heart_failure", "bevacizumab-heart-failure", C),
        ("necrotising_fasciitis", "bevacizumab-necrotising-fasciitis", C),
        ("pregnant", "pregnancy-teratogen", C),
    ],
)
def test_events(event: str, code: str, severity: Severity) -> None:
    assert bev(**{event: YES}) == {code: severity}
    assert bev(**{event: NO}) == {}
    assert bev(**{event: Finding()}) == {}


def test_an_active_fistula_speaks_before_a_healed_one() -> None:
    assert bev(fistula_active=YES, fistula_healed=YES) == {"bevacizumab-fistula": C}


@pytest.mark.parametrize(("offset", "fires"), [(-180, True), (-181, False), (0, True)])
def test_severe_haemorrhage(offset: int, fires: bool) -> None:
    found = bev(severe_haemorrhage=YES, severe_haemorrhage_date=on(offset))
    assert found == ({"bevacizumab-hemorrhage": C} if fires else {})


@pytest.mark.parametrize(("offset", "fires"), [(-28, True), (-29, False)])
def test_haemoptysis(offset: int, fires: bool) -> None:
    found = bev(haemoptysis=YES, haemoptysis_date=on(offset))
    assert found == ({"bevacizumab-hemorrhage": C} if fires else {})


@pytest.mark.parametrize(("offset", "severity"), [(-365, C), (-366, W), (-3000, W)])
def test_arterial_thromboembolism(offset: int, severity: Severity) -> None:
    found = bev(arterial_thromboembolism=YES, arterial_thromboembolism_date=on(offset))
    assert found == {"bevacizumab-thromboembolism": severity}


@pytest.mark.parametrize(
    ("event", "moment", "code"),
    [
        ("severe_haemorrhage", "severe_haemorrhage_date", "bevacizumab-hemorrhage"),
        ("haemoptysis", "haemoptysis_date", "bevacizumab-hemorrhage"),
        ("arterial_thromboembolism", "arterial_thromboembolism_date", "bevacizumab-thromboembolism"),
    ],
)
def test_a_documented_event_without_exact_date_warns_and_asks(event: str, moment: str, code: str) -> None:
    dates: tuple[dict[str, Any], ...] = ({}, {moment: on(between_days(-400, -1))})
    for date in dates:
        decision = ask(draft(), **(QUIET | {event: YES} | date))[code]
        assert decision.severity is W
        assert "The exact date of" in decision.text
    assert bev(**{moment: on(-1)}) == {}


@pytest.mark.parametrize(
    ("grade", "anticoagulated", "expected"),
    [
        (amount(4), YES, C),
        (amount(3), YES, None),
        (amount(3), NO, W),
        (amount(3), Finding(), W),
        (Amount(), YES, None),
        (Amount(), Finding(), W),
        (amount(4), Finding(), C),
    ],
)
def test_venous_thromboembolism(grade: Amount, anticoagulated: Finding, expected: Severity | None) -> None:
    found = bev(venous_thromboembolism=YES, vte_grade=grade, anticoagulated=anticoagulated)
    assert found == ({"bevacizumab-thromboembolism": expected} if expected else {})


def test_anticoagulation_not_recorded_is_named_as_unchecked() -> None:
    decision = ask(draft(), **QUIET, venous_thromboembolism=YES)["bevacizumab-thromboembolism"]
    assert decision.unchecked == ("anticoagulated",)


@pytest.mark.parametrize(
    ("systolic", "diastolic", "expected"),
    [
        (149, 99, None),
        (150, 70, W),
        (120, 100, W),
        (179, 119, W),
        (180, 70, C),
        (120, 120, C),
        (149, None, None),
        (None, 100, W),
        (None, None, None),
    ],
)
def test_blood_pressure(systolic: float | None, diastolic: float | None, expected: Severity | None) -> None:
    found = bev(
        bp_systolic=Amount() if systolic is None else amount(systolic, "mmHg"),
        bp_diastolic=Amount() if diastolic is None else amount(diastolic, "mmHg"),
    )
    assert found == ({"bevacizumab-hypertension": expected} if expected else {})


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"urine_protein_24h": amount(1.99)}, None),
        ({"urine_protein_24h": amount(2)}, C),
        ({"urine_protein_creatinine_ratio": amount(0.99)}, None),
        ({"urine_protein_creatinine_ratio": amount(1)}, W),
        ({"urine_protein_creatinine_ratio": amount(1.99)}, W),
        ({"urine_protein_creatinine_ratio": amount(2)}, C),
        ({"urine_dipstick": amount(1)}, None),
        ({"urine_dipstick": amount(2)}, W),
        ({"urine_dipstick": amount(3), "urine_protein_creatinine_ratio": amount(0.5)}, None),
        ({"urine_dipstick": amount(3), "urine_protein_24h": amount(1)}, None),
    ],
)
def test_urine_protein(features: dict[str, Amount], expected: Severity | None) -> None:
    assert bev(**features) == ({"bevacizumab-proteinuria": expected} if expected else {})


# ----------------------------------------------------------- radiotherapy, dose, partner


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({}, W),
        ({"last_bev_date": on(-91)}, W),
        ({"last_bev_date": on(-90)}, I),
        ({"last_bev_date": on(-21)}, I),
        ({"prior_bev": YES}, W),
    ],
)
def test_earlier_pelvic_radiotherapy(features: dict[str, Any], expected: Severity) -> None:
    assert bev(prior_pelvic_rt=YES, **features) == {"bevacizumab-prior-pelvic-rt": expected}
    assert bev(prior_pelvic_rt=Finding(), **features) == {}


@pytest.mark.parametrize(
    ("per_kg", "fires"), [(13.4, True), (13.5, False), (15, False), (16.5, False), (16.6, True), (7.5, True)]
)
@pytest.mark.parametrize("unit", ["mg", "mg/kg"])
def test_dose(per_kg: float, fires: bool, unit: str) -> None:
    weight = 61.7
    dose = (per_kg, unit) if unit == "mg/kg" else (per_kg * weight, unit)
    found = ask(draft("bevacizumab-bvzr", dose), **QUIET, weight_kg=amount(weight, "kg"))
    assert ("bevacizumab-dose" in found) is fires
    if fires:
        decision = found["bevacizumab-dose"]
        assert (decision.severity, decision.remedy) == (W, "dose")
        assert decision.details == (("dose_mg", "926"), ("dose_mg_per_kg", "15"))


def test_a_dose_in_mg_without_weight_says_nothing() -> None:
    assert severities(draft("bevacizumab", (400, "mg")), **QUIET) == {}


@pytest.mark.parametrize(("offset", "fires"), [(-19, True), (-20, False), (0, True), (1, False)])
def test_days_between_doses(offset: int, fires: bool) -> None:
    found = ask(draft(), **QUIET, last_bev_date=on(offset))
    assert ("bevacizumab-dose" in found) is fires
    if offset == -19:
        assert found["bevacizumab-dose"].details == (("earliest_date", "2026-11-26"),)


@pytest.mark.parametrize(("interval", "fires"), [(14, True), (19, True), (20, False), (21, False)])
def test_interval_ordered(interval: int, fires: bool) -> None:
    found = severities(draft("bevacizumab", interval_days=interval), **QUIET)
    assert found == ({"bevacizumab-dose": W} if fires else {})


def test_a_partner_is_asked_for_unless_it_goes_on_after_a_recent_dose() -> None:
    alone = {**QUIET, "chemotherapy_active": Finding()}
    assert severities(draft(), **alone) == {"bevacizumab-partner": I}
    assert severities(draft(), **(alone | {"chemotherapy_active": NO})) == {"bevacizumab-partner": I}
    assert severities(draft(), draft("paclitaxel-conventional"), **alone) == {}
    assert severities(draft(), **alone, last_bev_date=on(-21)) == {}


# ----------------------------------------------------------------- drafts that conflict


def test_bevacizumab_and_exenteration_in_one_call_fire_on_both() -> None:
    dose, surgery = draft(start=1), draft("pelvic-exenteration", start=28)
    staged = {
        **QUIET,
        "prior_pelvic_rt": YES,
        "last_bev_date": on(-60),
        "site_central_pelvic": YES,
        "biopsy_proof": YES,
        "ecog": amount(0),
        "pelvic_mri_recent": YES,
        **dict.fromkeys(("site_distant", "site_paraaortic", "site_pelvic_nodal", "site_pelvic_sidewall"), NO),
    }
    assert severities(dose, surgery, **staged)["bevacizumab-surgery-interval"] is C
    found = ask(surgery, dose, **staged)
    assert {code: each.severity for code, each in found.items()} == {"bevacizumab-surgery-interval": C}
    assert found["bevacizumab-surgery-interval"].details == (("earliest_date", "2026-12-23"),)
    moved = draft("pelvic-exenteration", start=29)
    assert "bevacizumab-surgery-interval" not in severities(dose, moved, **staged)
    assert severities(moved, dose, **staged) == {}


def test_bevacizumab_drafted_after_a_drafted_operation() -> None:
    for start, fires in ((37, True), (38, False)):
        found = severities(draft(start=start), draft("bowel-resection", start=10), **QUIET, wound_healed=YES)
        assert found == ({"bevacizumab-post-surgery-interval": C} if fires else {})


def test_bevacizumab_and_an_undated_operation_in_one_call() -> None:
    surgery = draft("bowel-resection")
    assert severities(draft(), surgery, **QUIET)["bevacizumab-surgery-interval"] is W
    assert severities(surgery, draft(), **QUIET)["bevacizumab-surgery-interval"] is C


def test_an_urgent_operation_drafted_warns() -> None:
    surgery = draft("bowel-resection", start=5, priority=Priority.URGENT)
    assert severities(draft(), surgery, **QUIET) == {"bevacizumab-surgery-interval": W}


@pytest.mark.parametrize("concept", sorted(groups.BEVACIZUMAB_SYSTEMIC))
def test_every_biosimilar_is_checked(concept: str) -> None:
    assert severities(draft(concept), **QUIET, gi_perforation=YES) == {"bevacizumab-gi-perforation": C}
    surgery = draft("bowel-resection", start=5)
    assert severities(surgery, draft(concept), **QUIET) == {"bevacizumab-surgery-interval": C}


def test_bevacizumab_for_the_eye_is_not_checked() -> None:
    eye = draft("bevacizumab", (1.25, "mg"), route=Route.OPHTHALMIC)
    assert severities(eye, **QUIET, gi_perforation=YES, planned_operations=(operation(3),)) == {}
    assert severities(draft("bowel-resection", start=5), eye, **QUIET) == {}


# ------------------------------------------------------------------------------ scope B

OUTSIDE_B: dict[str, dict[str, Any]] = {
    "bevacizumab-surgery-interval-extended": {"planned_operations": (operation(30),)},
    "bevacizumab-hemorrhage": {"vaginal_bleeding_current": YES},
    "bevacizumab-thromboembolism": {
        "arterial_thromboembolism": YES,
        "arterial_thromboembolism_date": on(-400),
    },
    "bevacizumab-prior-pelvic-rt": {"prior_pelvic_rt": YES},
    "bevacizumab-dose": {"last_bev_date": on(-10)},
    "bevacizumab-partner": {"chemotherapy_active": NO},
}
INSIDE_B: dict[str, dict[str, Any]] = {
    "bevacizumab-surgery-interval": {"planned_operations": (operation(5, minor=True),)},
    "bevacizumab-post-surgery-interval": {"past_operations": (operation(-5),)},
    "bevacizumab-wound-healing": {"past_operations": (operation(-40),)},
    "bevacizumab-gi-perforation": {"gi_perforation": YES},
    "bevacizumab-fistula": {"fistula_healed": YES},
    "bevacizumab-hemorrhage": {"severe_haemorrhage": YES, "severe_haemorrhage_date": on(-1)},
    "bevacizumab-thromboembolism": {"venous_thromboembolism": YES, "vte_grade": amount(4)},
    "bevacizumab-hypertension": {"bp_systolic": amount(150)},
    "bevacizumab-proteinuria": {"urine_dipstick": amount(2)},
    "bevacizumab-pres": {"pres": YES},
    "bevacizumab-heart-failure": {"heart_failure": YES},
    "bevacizumab-necrotising-fasciitis": {"necrotising_fasciitis": YES},
    "pregnancy-teratogen": {"pregnant": YES},
}


@pytest.mark.parametrize("code", sorted(OUTSIDE_B))
def test_rows_that_stay_silent_in_scope_b(code: str) -> None:
    features = QUIET | OUTSIDE_B[code]
    assert code in severities(draft(), **features)
    assert severities(draft(), safety_only=True, **features) == {}


@pytest.mark.parametrize("code", sorted(INSIDE_B))
def test_rows_that_speak_in_scope_b(code: str) -> None:
    assert list(severities(draft(), safety_only=True, **(QUIET | INSIDE_B[code]))) == [code]
