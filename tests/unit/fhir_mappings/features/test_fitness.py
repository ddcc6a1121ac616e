"""Fitness and laboratory values: units, windows on both sides, contradictions, derived amounts."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.features.fields import Purpose
from fhir_mappings.features.fitness import derive_fitness
from fhir_mappings.findings import Amount, Finding, Moment
from fhir_mappings.history import (
    Gap,
    History,
    Observed,
    Occurrence,
    Patient,
    Unreadable,
    Value,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from tests.history_builders import TODAY, WINDOWS, diagnosis, history, observed, treatment

ORDER, OVERVIEW = Purpose.ORDER, Purpose.OVERVIEW
WOMAN = Patient(reference="Patient/1", birth=PartialDate.read("1976-11-24"))


def amount(name: str, record: History, purpose: Purpose = ORDER) -> Amount:
    found = derive_fitness(record, today=TODAY, purpose=purpose, windows=WINDOWS)[name]
    assert isinstance(found, Amount)
    return found


def value_of(name: str, *facts: object, purpose: Purpose = ORDER) -> float | None:
    found = amount(name, history(*facts, patient=WOMAN), purpose)
    assert found.low == found.high
    return found.low


def test_an_empty_record_leaves_everything_unknown() -> None:
    found = derive_fitness(History(), today=TODAY, purpose=ORDER, windows=WINDOWS)
    assert not [name for name, feature in found.items() if feature.known]


# ------------------------------------------------------------------------------ units


@pytest.mark.parametrize(
    ("feature", "concept", "number", "unit", "expected"),
    [
        ("creatinine", "creatinine-serum", 1.2, "mg/dL", 1.2),
        ("creatinine", "creatinine-serum", 88.4, "umol/L", 1.0),
        ("creatinine", "creatinine-serum", 88.4, "µmol/L", 1.0),
        ("creatinine", "creatinine-serum", 0.0884, "mmol/L", 1.0),
        ("anc", "neutrophil-count", 1.5, "10*9/L", 1500),
        ("anc", "neutrophil-count", 1.5, "10^9/L", 1500),
        ("anc", "neutrophil-count", 1.5, "10*3/uL", 1500),
        ("anc", "neutrophil-count", 1500, "/uL", 1500),
        ("anc", "neutrophil-count", 1500, "{cells}/uL", 1500),
        ("anc", "neutrophil-count", 1500, "1/mm3", 1500),
        ("platelets", "platelet-count", 99, "10*9/L", 99_000),
        ("hb", "haemoglobin", 9.4, "g/dL", 9.4),
        ("hb", "haemoglobin", 94, "g/L", 9.4),
        ("weight_kg", "body-weight", 70, "kg", 70),
        ("weight_kg", "body-weight", 154, "[lb_av]", 69.853),
        ("height_cm", "body-height", 1.65, "m", 165),
        ("height_cm", "body-height", 65, "[in_i]", 165.1),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 500, "mg/g", 0.5),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 0.5, "mg/mg", 0.5),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 2, "g/g", 2),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 113.12, "mg/mmol", 1),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 226.24, "mg/mmol{creat}", 2),
        ("urine_protein_24h", "urine-protein-24h", 2100, "mg/(24.h)", 2.1),
        ("urine_protein_24h", "urine-protein-24h", 2.1, "g/d", 2.1),
        ("crcl", "creatinine-clearance-measured", 55, "mL/min", 55),
        ("bsa_m2", "body-surface-area", 1.8, "m2", 1.8),
    ],
)
def test_known_units_are_converted(feature: str, concept: str, number: float, unit: str, expected: float) -> None:
    assert value_of(feature, observed(concept, number, -1, unit=unit)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("feature", "concept", "number", "unit"),
    [
        ("creatinine", "creatinine-serum", 1.2, ""),
        ("creatinine", "creatinine-serum", 1.2, "mg"),
        ("creatinine", "creatinine-serum", 1.2, "MG/DL"),
        ("crcl", "creatinine-clearance-measured", 55, "mL/min/{1.73_m2}"),
        ("crcl", "creatinine-clearance-measured", 55, "mL/min/1.73.m2"),
        ("crcl", "creatinine-clearance-measured", 55, "mL/min{1.73_m2}"),
        ("anc", "neutrophil-count", 1.5, ""),
        ("anc", "neutrophil-count", 62, "%"),
        ("anc", "neutrophil-count", 1.5, "K/uL"),
        ("hb", "haemoglobin", 5.8, "mmol/L"),
        ("weight_kg", "body-weight", 70, ""),
        ("urine_protein_24h", "urine-protein-24h", 30, "mg/dL"),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 0.4, ""),
        ("bp_systolic", "blood-pressure-systolic", 120, ""),
    ],
)
def test_an_unknown_or_missing_unit_is_never_guessed(feature: str, concept: str, number: float, unit: str) -> None:
    fact = observed(concept, number, -1, unit=unit, reference="Observation/u")
    found = amount(feature, history(fact))
    assert not found.known
    assert "unit" in found.note
    assert "Observation/u" in {each.reference for each in found.possible}


@pytest.mark.parametrize(
    ("feature", "concept", "number", "unit"),
    [
        ("hb", "haemoglobin", 94, "g/dL"),
        ("weight_kg", "body-weight", 7000, "kg"),
        ("creatinine", "creatinine-serum", -1, "mg/dL"),
        ("height_cm", "body-height", 165, "m"),
    ],
)
def test_a_value_that_nobody_can_have_is_not_believed(feature: str, concept: str, number: float, unit: str) -> None:
    found = amount(feature, history(observed(concept, number, -1, unit=unit)))
    assert (found.known, len(found.possible)) == (False, 1)
    assert "believable" in found.note


@pytest.mark.parametrize(
    ("comparator", "at_least", "above"),
    [
        ("<", Tri.NO, Tri.NO),
        ("<=", Tri.UNKNOWN, Tri.NO),
        (">", Tri.YES, Tri.YES),
        (">=", Tri.YES, Tri.UNKNOWN),
        ("", Tri.YES, Tri.NO),
    ],
)
def test_a_comparator_gives_an_interval(comparator: str, at_least: Tri, above: Tri) -> None:
    found = amount("hb", history(observed("haemoglobin", Value(number=9, unit="g/dL", comparator=comparator), -1)))
    assert (found.at_least(9), found.above(9)) == (at_least, above)


def test_a_comparator_of_no_known_kind_is_not_read() -> None:
    found = amount("hb", history(observed("haemoglobin", Value(number=9, unit="g/dL", comparator="ad"), -1)))
    assert not found.known


# ---------------------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("feature", "concept", "number", "unit", "purpose", "days"),
    [
        ("creatinine", "creatinine-serum", 1, "mg/dL", ORDER, 14),
        ("creatinine", "creatinine-serum", 1, "mg/dL", OVERVIEW, 30),
        ("crcl", "creatinine-clearance-measured", 60, "mL/min", ORDER, 14),
        ("crcl", "creatinine-clearance-measured", 60, "mL/min", OVERVIEW, 30),
        ("weight_kg", "body-weight", 70, "kg", ORDER, 30),
        ("anc", "neutrophil-count", 2, "10*9/L", ORDER, 7),
        ("platelets", "platelet-count", 200, "10*9/L", ORDER, 7),
        ("hb", "haemoglobin", 10, "g/dL", ORDER, 7),
        ("bp_systolic", "blood-pressure-systolic", 120, "mm[Hg]", ORDER, 21),
        ("bp_diastolic", "blood-pressure-diastolic", 80, "mm[Hg]", ORDER, 21),
        ("urine_protein_24h", "urine-protein-24h", 1, "g/d", ORDER, 28),
        ("urine_dipstick", "urine-protein-dipstick", 100, "mg/dL", ORDER, 28),
        ("urine_protein_creatinine_ratio", "urine-protein-creatinine-ratio", 1, "g/g", ORDER, 28),
        ("ecog", "ecog-performance-status", 1, "", ORDER, 30),
        ("ecog", "ecog-performance-status", 1, "", OVERVIEW, 90),
        ("ecog", "karnofsky-performance-status", 80, "", ORDER, 30),
    ],
)
def test_both_sides_of_every_window(
    feature: str, concept: str, number: float, unit: str, purpose: Purpose, days: int
) -> None:
    inside = amount(feature, history(observed(concept, number, -days, unit=unit)), purpose)
    outside = amount(feature, history(observed(concept, number, -days - 1, unit=unit)), purpose)
    assert inside.known
    assert not outside.known
    day = TODAY - dt.timedelta(days=days + 1)
    assert f"last value of {day} is older than {days} days" in outside.note
    assert len(outside.possible) == 1


def test_height_and_scores_of_tumours_do_not_age() -> None:
    assert value_of("height_cm", observed("body-height", 165, -4000, unit="cm")) == 165


@pytest.mark.parametrize(("days", "said"), [(30, False), (31, True), (90, True)])
def test_an_older_performance_status_is_said_in_an_overview(days: int, said: bool) -> None:
    found = amount("ecog", history(observed("ecog-performance-status", 1, -days)), OVERVIEW)
    assert found.value == 1
    assert (f"measured {days} days ago" in found.note) is said


def test_a_month_that_straddles_the_window_needs_the_day() -> None:
    found = amount("weight_kg", history(observed("body-weight", 70, "2026-10", unit="kg")))
    assert not found.known
    assert "exact day" in found.note
    assert value_of("weight_kg", observed("body-weight", 70, "2026-11", unit="kg")) == 70


@pytest.mark.parametrize("day", [1, 40])
def test_a_value_of_tomorrow_is_not_history(day: int) -> None:
    found = amount("hb", history(observed("haemoglobin", 9, day, unit="g/dL")))
    assert (found.known, found.note) == (False, "a value dated after today was left out")


def test_a_value_without_a_date_cannot_be_placed() -> None:
    found = amount("hb", history(observed("haemoglobin", 9, None, unit="g/dL")))
    assert not found.known
    assert "date" in found.note
    assert value_of("height_cm", observed("body-height", 165, None, unit="cm")) == 165


def test_no_number_is_no_value() -> None:
    found = amount("hb", history(observed("haemoglobin", math.nan, -1, unit="g/dL")))
    assert (found.known, len(found.possible)) == (False, 1)


# --------------------------------------------------------------- which value decides


def test_the_newest_value_decides() -> None:
    facts = (
        observed("haemoglobin", 11, -5, unit="g/dL"),
        observed("haemoglobin", 9, -2, unit="g/dL", reference="Observation/new"),
    )
    found = amount("hb", history(*facts))
    assert (found.value, [each.reference for each in found.evidence]) == (9, ["Observation/new"])


def test_values_of_one_day_that_contradict_are_unknown_with_both() -> None:
    found = amount(
        "hb",
        history(observed("haemoglobin", 11, -2, unit="g/dL"), observed("haemoglobin", 9, -2, unit="g/dL")),
    )
    assert (found.known, len(found.evidence), found.note) == (False, 2, "records contradict one another")


def test_one_value_in_two_units_is_no_contradiction() -> None:
    facts = (observed("creatinine-serum", 1, -2, unit="mg/dL"), observed("creatinine-serum", 88, -2, unit="umol/L"))
    assert value_of("creatinine", *facts) == pytest.approx(1, rel=0.01)


def test_preliminary_results_do_not_decide() -> None:
    final = observed("haemoglobin", 11, -3, unit="g/dL")
    early = observed("haemoglobin", 8, -1, unit="g/dL", final=False, reference="Observation/early")
    alone = amount("hb", history(early))
    assert (alone.known, len(alone.possible)) == (False, 1)
    both = amount("hb", history(final, early))
    assert (both.value, [each.reference for each in both.possible]) == (11, ["Observation/early"])


def test_data_said_to_be_absent_are_as_if_not_obtained() -> None:
    assert not amount("hb", history(observed("haemoglobin", Value(absent=True), -1))).known
    facts = (observed("haemoglobin", Value(absent=True), -1), observed("haemoglobin", 10, -2, unit="g/dL"))
    assert value_of("hb", *facts) == 10


def test_an_older_value_does_not_stand_in_for_a_newer_one_that_cannot_be_read() -> None:
    found = amount(
        "creatinine",
        history(observed("creatinine-serum", 0.8, -10, unit="mg/dL"), observed("creatinine-serum", 310, -1)),
    )
    assert (found.known, found.note) == (False, "the unit is missing")


@pytest.mark.parametrize("more", [{"text_only": True}, {"conflict": True}])
def test_text_and_disagreeing_codings_only_make_possible(more: dict[str, Any]) -> None:
    fact = observed(("haemoglobin", "platelet-count"), 9, -1, unit="g/dL", **more)
    found = amount("hb", history(fact))
    assert (found.known, len(found.possible)) == (False, 1)


def test_a_gap_is_said_but_a_value_stays_a_value() -> None:
    gap = Gap(key="observations", cause="the server timed out", partial=True)
    found = amount("hb", history(observed("haemoglobin", 9, -1, unit="g/dL"), gap))
    assert (found.value, found.note) == (9, "observations only partly obtained")
    unread = Unreadable(
        reference="Observation/x", resource_type="Observation", cause="", concepts=frozenset({"haemoglobin"})
    )
    assert "could not be read" in amount("hb", history(unread)).note


# -------------------------------------------------------------------- performance status


@pytest.mark.parametrize(
    ("number", "low", "high"),
    [
        (100, 0, 0),
        (90, 0, 0),
        (85, 0, 1),
        (80, 1, 1),
        (70, 1, 1),
        (65, 1, 2),
        (60, 2, 2),
        (50, 2, 2),
        (40, 3, 3),
        (30, 3, 3),
        (20, 4, 4),
        (10, 4, 4),
    ],
)
def test_karnofsky_as_ecog(number: int, low: int, high: int) -> None:
    found = amount("ecog", history(observed("karnofsky-performance-status", number, -1)))
    assert (found.low, found.high) == (low, high)
    assert found.note == "from Karnofsky"


@pytest.mark.parametrize(
    "value",
    [Value(number=80, unit="kg"), Value(number=0), Value(number=110), Value(number=80, comparator=">"), "80", Value()],
)
def test_what_is_no_karnofsky_score(value: Any) -> None:
    found = amount("ecog", history(observed("karnofsky-performance-status", value, -1)))
    assert (found.known, len(found.possible)) == (False, 1)


@pytest.mark.parametrize("grade", range(5))
def test_ecog_by_coded_answer(grade: int) -> None:
    assert value_of("ecog", observed("ecog-performance-status", {f"ecog-{grade}"}, -1)) == grade


@pytest.mark.parametrize("value", [5, 1.5, -1, "1", {"performance-status-dead"}, {"ecog-1", "ecog-2"}])
def test_what_is_no_ecog_grade(value: Any) -> None:
    found = amount("ecog", history(observed("ecog-performance-status", value, -1)))
    assert (found.known, len(found.possible)) == (False, 1)


@pytest.mark.parametrize(
    ("ecog_day", "karnofsky_day", "expected"), [(-5, -5, 1), (-5, -9, 1), (-9, -5, 3), (-31, -5, 3)]
)
def test_the_newer_scale_counts_and_ecog_of_the_same_day(ecog_day: int, karnofsky_day: int, expected: int) -> None:
    facts = (
        observed("ecog-performance-status", 1, ecog_day),
        observed("karnofsky-performance-status", 40, karnofsky_day),
    )
    assert value_of("ecog", *facts) == expected


def test_contradictory_ecog_is_not_settled_by_karnofsky() -> None:
    facts = (
        observed("ecog-performance-status", 1, -1),
        observed("ecog-performance-status", 3, -1),
        observed("karnofsky-performance-status", 80, -1),
    )
    assert not amount("ecog", history(*facts)).known


# ------------------------------------------------------------------------------- kidneys


def kidney(creatinine: float = 88.4, weight_day: int = -30, creatinine_day: int = -14) -> tuple[Observed, Observed]:
    return (
        observed("creatinine-serum", creatinine, creatinine_day, unit="umol/L"),
        observed("body-weight", 72, weight_day, unit="kg"),
    )


def test_cockcroft_gault() -> None:
    found = amount("crcl", history(*kidney(), patient=WOMAN))
    assert found.value == pytest.approx((140 - 50) * 72 * 0.85 / 72)
    assert found.note == "by Cockcroft-Gault"
    assert len(found.evidence) == 2


@pytest.mark.parametrize(
    ("facts", "patient", "missing"),
    [
        (kidney(weight_day=-31), WOMAN, "weight of the last 30 days"),
        (kidney(creatinine_day=-15), WOMAN, "creatinine"),
        (kidney(), None, "birth date"),
    ],
)
def test_cockcroft_gault_says_what_is_missing(
    facts: tuple[Observed, ...], patient: Patient | None, missing: str
) -> None:
    found = amount("crcl", history(*facts, patient=patient))
    assert not found.known
    assert f"Cockcroft-Gault needs: {missing}" in found.note


def test_a_birth_year_gives_an_interval() -> None:
    born = replace(WOMAN, birth=PartialDate.read("1976"))
    found = amount("crcl", history(*kidney(), patient=born))
    assert found.low == pytest.approx(90 * 0.85)
    assert found.high == pytest.approx(91 * 0.85)


def test_a_measured_clearance_goes_before_a_computed_one() -> None:
    measured = observed("creatinine-clearance-measured", 48, -14, unit="mL/min")
    found = amount("crcl", history(measured, *kidney(creatinine_day=-1), patient=WOMAN))
    assert found.value == 48
    assert "76.5 mL/min by Cockcroft-Gault" in found.note


def test_a_recorded_estimate_counts_when_nothing_can_be_computed() -> None:
    estimate = observed("creatinine-clearance-estimated", 52, -14, unit="mL/min")
    assert value_of("crcl", estimate) == 52
    assert value_of("crcl", estimate, *kidney()) == pytest.approx(76.5)


def test_an_egfr_is_not_a_clearance() -> None:
    assert not amount("crcl", history(observed("egfr", 60, -1, unit="mL/min/{1.73_m2}"), patient=WOMAN)).known


# --------------------------------------------------------------------------------- liver


def liver(concept: str, number: float, high: float | None, day: int = -14, **more: Any) -> Observed:
    return observed(concept, Value(number=number, unit="U/L", reference_high=high, **more), day)


@pytest.mark.parametrize(
    ("number", "high", "expected"), [(1.5, 1.2, 1.25), (26, 21, 26 / 21), (6, 1.2, 5), (0.4, 1.2, 1 / 3)]
)
def test_bilirubin_times_upper_limit(number: float, high: float, expected: float) -> None:
    assert value_of("bilirubin_xuln", liver("bilirubin-total", number, high)) == pytest.approx(expected)


@pytest.mark.parametrize("high", [None, 0])
def test_without_a_reference_range_there_is_no_multiple(high: float | None) -> None:
    found = amount("bilirubin_xuln", history(liver("bilirubin-total", 1.5, high)))
    assert (found.known, found.note) == (False, "the reference range is missing")


@pytest.mark.parametrize("number", [-1.0, None])
def test_what_is_no_liver_value(number: float | None) -> None:
    fact = observed("bilirubin-total", Value(number=number, reference_high=1.2), -1)
    assert not amount("bilirubin_xuln", history(fact)).known


def test_a_normal_flag_bounds_the_multiple() -> None:
    fact = liver("bilirubin-total", 0.7, None, interpretation=frozenset({"N"}))
    assert amount("bilirubin_xuln", history(fact)).above(1.25) is Tri.NO


@pytest.mark.parametrize("day", [-14, -15])
def test_liver_window(day: int) -> None:
    found = amount("bilirubin_xuln", history(liver("bilirubin-total", 1, 1, day)))
    assert found.known is (day == -14)


def test_the_worse_transaminase_counts() -> None:
    ast, alt = liver("aspartate-aminotransferase", 40, 40), liver("alanine-aminotransferase", 88, 40)
    assert value_of("ast_alt_xuln", ast, alt) == pytest.approx(2.2)
    assert value_of("ast_alt_xuln", alt) == pytest.approx(2.2)
    assert "ALT not known" in amount("ast_alt_xuln", history(ast)).note


# ---------------------------------------------------------------------------- blood pressure


def pressure(systolic: float | None, diastolic: float | None, day: int) -> Observed:
    parts = tuple(
        (frozenset({concept}), Value(number=number, unit="mm[Hg]"))
        for concept, number in (("blood-pressure-systolic", systolic), ("blood-pressure-diastolic", diastolic))
        if number is not None
    )
    return observed("blood-pressure-panel", None, day, components=parts)


def test_the_pair_comes_from_the_newest_day() -> None:
    record = history(pressure(180, 110, -9), pressure(148, 92, -3))
    assert (amount("bp_systolic", record).value, amount("bp_diastolic", record).value) == (148, 92)


def test_no_pair_is_made_of_two_visits() -> None:
    record = history(pressure(150, 95, -9), pressure(185, None, -3))
    assert amount("bp_systolic", record).value == 185
    assert not amount("bp_diastolic", record).known


def test_readings_of_one_day_give_their_range() -> None:
    found = amount("bp_systolic", history(pressure(148, 92, -3), pressure(156, 90, -3)))
    assert (found.low, found.high) == (148, 156)
    assert (found.at_least(150), found.at_least(180)) == (Tri.UNKNOWN, Tri.NO)


# ------------------------------------------------------------------------------------ urine


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("negative", 0, 0),
        ("trace", 0.5, 0.5),
        ("+", 1, 1),
        ("++", 2, 2),
        ("2+", 2, 2),
        ("3+", 3, 3),
        ("positive", 0.5, 4),
        ({"result-negative"}, 0, 0),
        ({"result-positive"}, 0.5, 4),
        (Value(number=29, unit="mg/dL"), 0, 0.5),
        (Value(number=30, unit="mg/dL"), 1, 1),
        (Value(number=100, unit="mg/dL"), 2, 2),
        (Value(number=3, unit="g/L"), 3, 3),
        (Value(number=100, unit="mg/dL", comparator=">="), 2, 4),
    ],
)
def test_dipstick(value: Any, low: float, high: float) -> None:
    found = amount("urine_dipstick", history(observed("urine-protein-dipstick", value, -1)))
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("value", ["see report", Value(number=2.0), Value()])
def test_what_is_no_dipstick_result(value: Any) -> None:
    assert not amount("urine_dipstick", history(observed("urine-protein-dipstick", value, -1))).known


@pytest.mark.parametrize(
    ("concept", "checked"),
    [
        ("urine-protein-dipstick", Tri.YES),
        ("urine-protein-concentration", Tri.UNKNOWN),
        ("urine-albumin-creatinine-ratio", Tri.UNKNOWN),
    ],
)
def test_urine_protein_is_checked_by_the_right_tests_only(concept: str, checked: Tri) -> None:
    fact = observed(concept, Value(number=30, unit="mg/dL", token="1+"), -28)
    found = derive_fitness(history(fact), today=TODAY, purpose=ORDER, windows=WINDOWS)["urine_protein"]
    assert isinstance(found, Finding)
    assert found.value is checked


# --------------------------------------------------------------------------------- body size


def test_body_surface_by_mosteller_goes_before_a_recorded_one() -> None:
    weight, height = observed("body-weight", 72, -3, unit="kg"), observed("body-height", 168, -900, unit="cm")
    recorded = observed("body-surface-area", 1.7, -3, unit="m2")
    assert value_of("bsa_m2", weight, height, recorded) == pytest.approx(math.sqrt(72 * 168 / 3600))
    assert value_of("bsa_m2", weight, recorded) == 1.7
    old = observed("body-surface-area", 1.7, -31, unit="m2")
    assert not amount("bsa_m2", history(weight, old)).known


# ----------------------------------------------------------------------------- nerves and ears


@pytest.mark.parametrize(
    ("feature", "own", "concept"),
    [
        ("neuropathy_grade", "own-neuropathy-grade", "peripheral-neuropathy"),
        ("hearing_loss_grade", "own-hearing-loss-grade", "hearing-loss"),
    ],
)
def test_grades(feature: str, own: str, concept: str) -> None:
    assert value_of(feature, observed(own, 2, -200)) == 2
    assert value_of(feature, diagnosis(concept, -20, grade=3)) == 3
    assert value_of(feature, observed(own, 1, -200), diagnosis(concept, -20, grade=3)) == 3
    assert value_of(feature, observed(own, 1, -10), diagnosis(concept, -20, grade=3)) == 1
    ungraded = amount(feature, history(diagnosis(concept, -20)))
    assert (ungraded.known, len(ungraded.possible)) == (False, 1)
    over = diagnosis(concept, -20, grade=3, abatement=-1)
    assert not amount(feature, history(over)).known
    assert not amount(feature, history(observed(own, 6, -1))).known


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (diagnosis("tinnitus", -10), Tri.YES),
        (diagnosis("hearing-aid", -10), Tri.YES),
        (observed("hearing-aid", True, -10), Tri.YES),
        (diagnosis("tinnitus", -10, abatement=-2), Tri.UNKNOWN),
        (observed("tinnitus", False, -10), Tri.UNKNOWN),
        (diagnosis("hearing-loss", -10), Tri.UNKNOWN),
    ],
)
def test_tinnitus_or_hearing_aid(fact: object, expected: Tri) -> None:
    found = derive_fitness(history(fact), today=TODAY, purpose=ORDER, windows=WINDOWS)["tinnitus_or_hearing_aid"]
    assert isinstance(found, Finding)
    assert found.value is expected


def test_no_tinnitus_and_no_hearing_aid_needs_both_answers() -> None:
    record = history(observed("tinnitus", False, -10), observed("hearing-aid", False, -10))
    found = derive_fitness(record, today=TODAY, purpose=ORDER, windows=WINDOWS)["tinnitus_or_hearing_aid"]
    assert isinstance(found, Finding)
    assert (found.value, len(found.evidence)) == (Tri.NO, 2)


# ------------------------------------------------------------------------------------- eyes


def eyes(*facts: object) -> Moment:
    found = derive_fitness(history(*facts), today=TODAY, purpose=ORDER, windows=WINDOWS)["eye_exam_date"]
    assert isinstance(found, Moment)
    return found


def test_the_last_slit_lamp_examination_counts() -> None:
    found = eyes(
        treatment("slit-lamp-examination", -40),
        observed("own-slit-lamp-examination", True, -12, reference="Observation/eye"),
        treatment("own-slit-lamp-examination", -20),
    )
    assert found.date == PartialDate.on(TODAY - dt.timedelta(days=12))
    assert [each.reference for each in found.evidence] == ["Observation/eye"]


@pytest.mark.parametrize(
    ("fact", "possible"),
    [
        (treatment("eye-examination-any", -3), 1),
        (treatment("slit-lamp-examination", None), 1),
        (treatment("slit-lamp-examination", -3, occurrence=Occurrence.PLANNED), 0),
        (treatment("slit-lamp-examination", 3), 0),
        (observed("own-slit-lamp-examination", False, -3), 0),
        (observed("own-slit-lamp-examination", True, -3, final=False), 1),
    ],
)
def test_what_is_no_slit_lamp_examination(fact: object, possible: int) -> None:
    found = eyes(fact)
    assert (found.known, len(found.possible)) == (False, possible)


# -------------------------------------------------------------------------------- properties

NUMBERS = st.sampled_from(
    [
        ("haemoglobin", "g/dL", 10.0),
        ("creatinine-serum", "umol/L", 90.0),
        ("body-weight", "kg", 70.0),
        ("ecog-performance-status", "", 1.0),
        ("urine-protein-dipstick", "mg/dL", 30.0),
        ("neutrophil-count", "10*9/L", 2.0),
    ]
)


@st.composite
def values(draw: st.DrawFn) -> Observed:
    concept, unit, number = draw(NUMBERS)
    return observed(
        concept,
        number + draw(st.integers(0, 2)),
        draw(st.integers(-40, 2)),
        unit=draw(st.sampled_from([unit, unit, "wrong"])),
        final=draw(st.booleans()),
        reference=f"Observation/{draw(st.integers(1, 10**6))}",
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(values(), max_size=7, unique_by=lambda each: each.reference), st.randoms(use_true_random=False))
def test_the_order_of_the_record_does_not_matter(facts: list[Observed], chance: Any) -> None:
    mixed = facts.copy()
    chance.shuffle(mixed)
    first, second = (
        derive_fitness(history(*each, patient=WOMAN), today=TODAY, purpose=OVERVIEW, windows=WINDOWS)
        for each in (facts, mixed)
    )
    assert first == second


@settings(max_examples=40, deadline=None)
@given(st.lists(values(), max_size=5))
def test_unrelated_facts_change_nothing(facts: list[Observed]) -> None:
    noise = (observed("albumin-serum", 30, -1, unit="g/L"), diagnosis("hypertension", -3), treatment("biopsy-any", -9))
    plain, noisy = (
        derive_fitness(history(*each, patient=WOMAN), today=TODAY, purpose=ORDER, windows=WINDOWS)
        for each in (facts, [*facts, *noise])
    )
    assert plain == noisy


@settings(max_examples=40, deadline=None)
@given(st.floats(20, 800), st.floats(30, 200), st.integers(18, 95))
def test_clearance_falls_with_creatinine_and_age(creatinine: float, kilograms: float, age: int) -> None:
    def clearance(micromoles: float, years: int) -> float:
        born = PartialDate.on(TODAY.replace(year=TODAY.year - years))
        facts = (
            observed("creatinine-serum", micromoles, -1, unit="umol/L"),
            observed("body-weight", kilograms, -1, unit="kg"),
        )
        found = amount("crcl", history(*facts, patient=replace(WOMAN, birth=born)))
        assert found.value is not None
        return found.value

    assert clearance(creatinine, age) > clearance(creatinine * 1.1, age)
    assert clearance(creatinine, age) > clearance(creatinine, age + 1)
