"""Fitness, laboratory values and markers of the patient (decision model, section 2.4; evidence L2 to L5).

Everything here is *measured*: a value counts inside its window, with a unit that is known, and never by default. What
is too old, preliminary or unclear stays unknown, with the record in ``possible`` and the reason in ``note``.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from msgspec.structs import replace

from fhir_mappings.features.concurrent_drugs import derive_concurrent_drugs
from fhir_mappings.features.fields import Purpose, Windows
from fhir_mappings.features.markers import RESULT_NEGATIVE, RESULT_POSITIVE, derive_markers
from fhir_mappings.features.measured import (
    Interval,
    Measurement,
    Reader,
    Scale,
    amount_of,
    bounds,
    grade,
    graded,
    incomplete,
    measurements,
    quantity,
    ucum,
    whole,
    worded,
)
from fhir_mappings.features.pregnancy import derive_pregnancy
from fhir_mappings.features.statements import STATED, decides, obstacle, sorted_evidence
from fhir_mappings.features.weighing import (
    about,
    conditions,
    ever,
    findings,
    future,
    in_past,
    joined,
    last_date,
)
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import Concepts, History, Occurrence, Patient, Value
from fhir_mappings.kleene import Tri
from fhir_mappings.value_sets import groups

UMOL_PER_MG_DL: Final = 88.4
"""Creatinine: micromole per litre in one milligram per decilitre (decision model, 2.4)."""

CREATININE_MG_PER_MMOL: Final = 113.12
"""Molar mass of creatinine in g/mol: turns mg of protein per mmol of creatinine into mg per mg."""

_COUNTS: Final = {
    "/uL": 1.0,
    "/mm3": 1.0,
    "10*3/uL": 1e3,
    "10*3/mm3": 1e3,
    "10*9/L": 1e3,
    "10*6/mL": 1e3,
    "10*6/L": 1.0,
    "/L": 1e-6,
}

CREATININE: Final = Scale("mg/dL", {"mg/dL": 1, "umol/L": 1 / UMOL_PER_MG_DL, "mmol/L": 1e3 / UMOL_PER_MG_DL}, 0.05, 50)
CLEARANCE: Final = Scale("mL/min", {"mL/min": 1, "mL/s": 60}, 0, 400)
NEUTROPHILS: Final = Scale("/mm3", _COUNTS, 0, 500_000)
PLATELETS: Final = Scale("/mm3", _COUNTS, 0, 10_000_000)
HAEMOGLOBIN: Final = Scale("g/dL", {"g/dL": 1, "g/L": 0.1, "mg/dL": 1e-3}, 1, 30)
PRESSURE: Final = Scale("mm[Hg]", {"mm[Hg]": 1, "kPa": 7.50062}, 10, 400)
PROTEIN_RATIO: Final = Scale(
    "mg/mg",
    {
        "mg/mg": 1,
        "g/g": 1,
        "mg/g": 1e-3,
        "ug/mg": 1e-3,
        "mg/mmol": 1 / CREATININE_MG_PER_MMOL,
        "g/mol": 1 / CREATININE_MG_PER_MMOL,
        "g/mmol": 1e3 / CREATININE_MG_PER_MMOL,
    },
    0,
    100,
)
PROTEIN_PER_DAY: Final = Scale(
    "g/d", {"g/d": 1, "g/(24.h)": 1, "g/24.h": 1, "mg/d": 1e-3, "mg/(24.h)": 1e-3, "mg/24.h": 1e-3}, 0, 100
)
WEIGHT: Final = Scale("kg", {"kg": 1, "g": 1e-3, "[lb_av]": 0.45359237, "[oz_av]": 0.028349523125}, 20, 500)
HEIGHT: Final = Scale("cm", {"cm": 1, "m": 100, "mm": 0.1, "[in_i]": 2.54, "[ft_i]": 30.48}, 90, 250)
SURFACE: Final = Scale("m2", {"m2": 1}, 0.7, 4)


def derive_fitness(history: History, *, today: dt.date, purpose: Purpose, windows: Windows) -> dict[str, Feature]:
    """Every feature of section 2.4 but the events, and the five features of drugs being taken now.

    Args:
        history: all facts.
        today: the day of the question.
        purpose: overview (patient-view) or order; windows of performance status and creatinine differ.
        windows: how old values may be, in days.

    Returns:
        Feature by field name of RecurrenceFeatures; unknown, never left out, where nothing is recorded.
    """
    weight = _newest(history, frozenset({"body-weight"}), WEIGHT, "body weight", today=today, window=windows.weight)
    features: dict[str, Feature] = {
        "ecog": _performance(history, today, purpose, windows),
        **_kidneys(history, today, purpose, windows, weight),
        **_blood(history, today, windows),
        **_liver(history, today, windows),
        **_pressure(history, today, windows),
        **_urine(history, today, windows),
        **_size(history, today, windows, weight),
        **derive_markers(history, today=today),
        **_nerves(history, today, windows),
        "eye_exam_date": _eye_examination(history, today),
    }
    features |= derive_pregnancy(history, today=today, windows=windows)
    features |= derive_concurrent_drugs(history, today=today)
    return features


def _newest(
    history: History, concepts: Concepts, scale: Scale, label: str, *, today: dt.date, window: int | None
) -> Amount:
    values = measurements(history, concepts, quantity(scale), label)
    amount = amount_of(values, unit=scale.unit, today=today, window=window)
    return incomplete(amount, history, concepts, "observations")


# ------------------------------------------------------------------ performance status

_ECOG_ANSWERS: Final = {f"ecog-{number}": float(number) for number in range(5)}


def _ecog(value: Value) -> Interval | str | None:
    """ECOG as number or coded answer; 5 (dead) is no performance status."""
    answers = {_ECOG_ANSWERS[concept] for concept in value.concepts if concept in _ECOG_ANSWERS}
    if len(answers) > 1:
        return "the answer has several grades"
    if answers:
        return (only := answers.pop()), only
    return whole(value, 4)


def _karnofsky(value: Value) -> Interval | str | None:
    """Karnofsky per cent as ECOG: 90-100 = 0, 70-80 = 1, 50-60 = 2, 30-40 = 3, 10-20 = 4; between two tens, both."""
    if value.number is None:
        return None
    if ucum(value.unit) not in ("", "1", "%"):
        return f"the unit {value.unit} does not belong to a score"
    if value.comparator or not 10 <= value.number <= 100:
        return f"the value {worded(value)} is no Karnofsky score"

    def as_ecog(tens: int) -> float:
        return float((10 - tens) // 2)

    return as_ecog(math.ceil(value.number / 10)), as_ecog(math.floor(value.number / 10))


def _performance(history: History, today: dt.date, purpose: Purpose, windows: Windows) -> Amount:
    """ECOG, else Karnofsky turned into ECOG; the newer one, ECOG when both are of one day.

    In an overview usable up to ``ecog_usable`` days with its age in the note, for an order up to ``ecog_fresh``.
    """
    window = windows.ecog_fresh if purpose is Purpose.ORDER else windows.ecog_usable
    fresh = windows.ecog_fresh
    asked = groups.PERFORMANCE_STATUS
    ecog = amount_of(
        measurements(history, frozenset({"ecog-performance-status"}), _ecog, "ECOG performance status"),
        unit="",
        today=today,
        window=window,
        fresh=fresh,
    )
    karnofsky = amount_of(
        measurements(history, frozenset({"karnofsky-performance-status"}), _karnofsky, "Karnofsky performance status"),
        unit="",
        today=today,
        window=window,
        fresh=fresh,
    )
    contradicted = not ecog.known and bool(ecog.evidence)
    if karnofsky.known and not contradicted and (not ecog.known or _newer(karnofsky, ecog)):
        chosen, other = replace(karnofsky, note=joined("from Karnofsky", karnofsky.note)), ecog
    else:
        chosen, other = ecog, karnofsky
    if not other.known:
        possible = sorted_evidence((*chosen.possible, *other.possible))
        chosen = replace(
            chosen, possible=possible, note=chosen.note if chosen.known else joined(chosen.note, other.note)
        )
    return incomplete(chosen, history, asked, *STATED)


def _newer(one: Amount, other: Amount) -> bool:
    return one.date is not None and other.date is not None and one.date.earliest > other.date.latest


# ------------------------------------------------------------------------------ kidneys


def _kidneys(
    history: History, today: dt.date, purpose: Purpose, windows: Windows, weight: Amount
) -> dict[str, Feature]:
    """Creatinine, and its clearance: measured, else by Cockcroft-Gault, else as a recorded Cockcroft-Gault estimate.

    Cockcroft-Gault (decision model, 2.4): (140 - age) x weight x 0.85 / (72 x creatinine in mg/dL), as an interval when
    one of them is one. An eGFR is not a clearance, a clearance per 1.73 square metres neither (its unit is refused).
    """
    window = windows.creatinine_order if purpose is Purpose.ORDER else windows.creatinine_overview
    creatinine = _newest(
        history, frozenset({"creatinine-serum"}), CREATININE, "serum creatinine", today=today, window=window
    )
    measured, estimated = (
        _newest(history, frozenset({concept}), CLEARANCE, label, today=today, window=window)
        for concept, label in (
            ("creatinine-clearance-measured", "creatinine clearance, measured,"),
            ("creatinine-clearance-estimated", "creatinine clearance, estimated,"),
        )
    )
    computed = cockcroft_gault(history.patient, creatinine, weight, today=today, weight_window=windows.weight)
    clearance = next((each for each in (measured, computed, estimated) if each.known), computed)
    if clearance is measured and computed.known and computed.date and _newer(computed, measured):
        note = f"the creatinine of {computed.date} gives {computed.show()} by Cockcroft-Gault"
        clearance = replace(measured, note=joined(measured.note, note))
    if clearance is not measured:
        doubts = (each for each in (measured, estimated) if each is not clearance)
        clearance = replace(
            clearance,
            possible=sorted_evidence((*clearance.possible, *(item for each in doubts for item in each.possible))),
            note=joined(clearance.note, measured.note),
        )
    return {"creatinine": creatinine, "crcl": clearance}


def age_at(patient: Patient | None, today: dt.date) -> Interval | None:
    """Age in whole years as lowest and highest possible value; None without a birth date or with one after today."""
    if patient is None or patient.birth is None or patient.birth.latest > today:
        return None

    def years(birth: dt.date) -> float:
        return float(today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)))

    return years(patient.birth.latest), years(patient.birth.earliest)


def cockcroft_gault(
    patient: Patient | None, creatinine: Amount, weight: Amount, *, today: dt.date, weight_window: int
) -> Amount:
    """Creatinine clearance in mL/min by Cockcroft-Gault with the factor 0.85 for women.

    Args:
        patient: whose birth date gives the age.
        creatinine: in mg/dL, inside its window.
        weight: in kg, inside its window.
        today: the day at which the age is taken.
        weight_window: days that the weight may be old, for the note.

    Returns:
        An interval; unknown with a note that says what is missing.
    """
    age = age_at(patient, today)
    if age is None or creatinine.low is None or creatinine.high is None or weight.low is None or weight.high is None:
        missing = [
            name
            for name, known in (
                ("creatinine", creatinine.known),
                (f"weight of the last {weight_window} days", weight.known),
                ("birth date", age is not None),
            )
            if not known
        ]
        note = f"Cockcroft-Gault needs: {', '.join(missing)}"
        possible = sorted_evidence((*creatinine.possible, *weight.possible))
        return Amount(unit=CLEARANCE.unit, possible=possible, note=joined(note, creatinine.note, weight.note))

    def formula(years: float, kilograms: float, mg_dl: float) -> float:
        return max(0.0, 140 - years) * kilograms * 0.85 / (72 * mg_dl)

    return Amount(
        formula(age[1], weight.low, creatinine.high),
        formula(age[0], weight.high, creatinine.low),
        CLEARANCE.unit,
        creatinine.date,
        sorted_evidence((*creatinine.evidence, *weight.evidence)),
        sorted_evidence((*creatinine.possible, *weight.possible)),
        joined("by Cockcroft-Gault", creatinine.note, weight.note),
    )


# ------------------------------------------------------------------------ blood and liver


def _blood(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Neutrophils and platelets per cubic millimetre, haemoglobin in g/dL."""
    return {
        name: _newest(history, frozenset({concept}), scale, label, today=today, window=windows.blood_count)
        for name, concept, scale, label in (
            ("anc", "neutrophil-count", NEUTROPHILS, "neutrophils"),
            ("platelets", "platelet-count", PLATELETS, "platelets"),
            ("hb", "haemoglobin", HAEMOGLOBIN, "haemoglobin"),
        )
    }


MOST_TIMES_NORMAL: Final = 1000.0


def _times_normal(value: Value) -> Interval | str | None:
    """A value over the upper limit of its own reference range; a normal flag without a range is at most 1."""
    if value.number is None:
        return None
    if value.number < 0:
        return f"the value {value.number:g} is not believable"
    if value.reference_high is not None and value.reference_high > 0:
        return bounds(value, 1 / value.reference_high, 0, MOST_TIMES_NORMAL)
    if value.interpretation == {"N"} and value.comparator in ("", "<", "<="):
        return 0.0, 1.0
    return "the reference range is missing"


def _liver(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Total bilirubin, and the worse of AST and ALT, as multiples of the upper limit of normal."""

    def times(concept: str, label: str) -> Amount:
        concepts = frozenset({concept})
        values = measurements(history, concepts, _times_normal, label)
        return incomplete(
            amount_of(values, unit="x ULN", today=today, window=windows.liver), history, concepts, "observations"
        )

    ast, alt = times("aspartate-aminotransferase", "AST"), times("alanine-aminotransferase", "ALT")
    return {"bilirubin_xuln": times("bilirubin-total", "bilirubin"), "ast_alt_xuln": _worse(ast, alt)}


def _worse(ast: Amount, alt: Amount) -> Amount:
    """The higher of the two; only one known is said; contradictory or unclear values of one keep it from deciding."""
    possible = sorted_evidence((*ast.possible, *alt.possible))
    known = [each for each in (ast, alt) if each.low is not None]
    if len(known) < 2:
        name, absent = ("ALT", alt) if ast.known else ("AST", ast)
        if not known:
            evidence = sorted_evidence((*ast.evidence, *alt.evidence))
            return Amount(unit="x ULN", evidence=evidence, possible=possible, note=joined(ast.note, alt.note))
        note = joined(f"{name} not known", absent.note, known[0].note)
        return replace(known[0], possible=possible, note=note)
    return Amount(
        max(each.low for each in known if each.low is not None),
        max(each.high for each in known if each.high is not None),
        "x ULN",
        last_date((*ast.evidence, *alt.evidence)),
        sorted_evidence((*ast.evidence, *alt.evidence)),
        possible,
        joined(ast.note, alt.note),
    )


# ------------------------------------------------------------------------ blood pressure


def _pressure(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Systolic and diastolic pressure of the newest day that has either; several readings of it give their range.

    Both come from one day, so that no pair is made up of two visits.
    """
    read = quantity(PRESSURE)
    systolic = measurements(history, frozenset({"blood-pressure-systolic"}), read, "systolic blood pressure")
    diastolic = measurements(history, frozenset({"blood-pressure-diastolic"}), read, "diastolic blood pressure")
    dates = [
        each.date
        for each in (*systolic, *diastolic)
        if each.firm and each.date is not None and not future(each.date, today)
    ]
    last = max(dates, key=lambda date: (date.latest, date.earliest), default=None)

    def of_last_day(values: tuple[Measurement, ...]) -> Amount:
        same_day = (each for each in values if last is None or each.date == last or not each.firm)
        amount = amount_of(same_day, unit=PRESSURE.unit, today=today, window=windows.blood_pressure, spread=True)
        return incomplete(amount, history, groups.BLOOD_PRESSURE, "observations")

    return {"bp_systolic": of_last_day(systolic), "bp_diastolic": of_last_day(diastolic)}


# --------------------------------------------------------------------------------- urine

_DIPSTICK_TOKENS: Final[dict[str, Interval]] = {
    "negative": (0, 0),
    "neg": (0, 0),
    "not detected": (0, 0),
    "absent": (0, 0),
    "trace": (0.5, 0.5),
    "+": (1, 1),
    "++": (2, 2),
    "+++": (3, 3),
    "++++": (4, 4),
    **{f"{number}+": (float(number), float(number)) for number in range(1, 5)},
    **{f"+{number}": (float(number), float(number)) for number in range(1, 5)},
    "positive": (0.5, 4),
    "present": (0.5, 4),
    "detected": (0.5, 4),
}

_DIPSTICK_STEPS: Final = ((1000.0, 4.0), (300.0, 3.0), (100.0, 2.0), (30.0, 1.0), (0.0, 0.0))
"""Lowest protein in mg/dL of each step that test strips print; below 30 is negative or trace."""

_STRIP: Final = Scale("mg/dL", {"mg/dL": 1, "mg/L": 0.1, "g/L": 100, "g/dL": 1e3}, 0, 10_000)


def _plus_signs(value: Value) -> Interval | str | None:
    """Plus signs of a dipstick: by its token, its coded answer, or the concentration that the strip prints.

    Trace is 0.5. A concentration between two printed steps is the lower of them.
    """
    if value.token in _DIPSTICK_TOKENS:
        return _DIPSTICK_TOKENS[value.token]
    if value.concepts & RESULT_NEGATIVE:
        return _DIPSTICK_TOKENS["negative"]
    if value.concepts & RESULT_POSITIVE:
        return _DIPSTICK_TOKENS["positive"]
    found = quantity(_STRIP)(value)
    if not isinstance(found, tuple):
        return found
    low, high = (next(step for floor, step in _DIPSTICK_STEPS if each >= floor) for each in found)
    return low, (0.5 if high == 0 else high)


def _urine(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Dipstick, protein to creatinine ratio (mg/mg, the same as g/g), protein a day (g); and whether any is known.

    Concentrations and albumin ratios are other quantities and are not read.
    """

    def newest(concept: str, read: Reader, unit: str, label: str) -> Amount:
        concepts = frozenset({concept})
        values = measurements(history, concepts, read, label)
        amount = amount_of(values, unit=unit, today=today, window=windows.urine_protein)
        return incomplete(amount, history, concepts, "observations")

    dipstick = newest("urine-protein-dipstick", _plus_signs, "", "urine protein dipstick")
    ratio = newest(
        "urine-protein-creatinine-ratio",
        quantity(PROTEIN_RATIO),
        PROTEIN_RATIO.unit,
        "urine protein to creatinine ratio",
    )
    daily = newest("urine-protein-24h", quantity(PROTEIN_PER_DAY), PROTEIN_PER_DAY.unit, "urine protein in 24 hours")
    tests = (dipstick, ratio, daily)
    evidence = sorted_evidence(item for each in tests if each.known for item in each.evidence)
    disputed = (item for each in tests if not each.known for item in each.evidence)
    possible = sorted_evidence((*disputed, *(item for each in tests for item in each.possible)))
    note = "" if evidence else joined(*(each.note for each in tests))
    checked = Finding(Tri.YES if evidence else Tri.UNKNOWN, evidence, possible, note)
    return {
        "urine_dipstick": dipstick,
        "urine_protein_creatinine_ratio": ratio,
        "urine_protein_24h": daily,
        "urine_protein": checked,
    }


# ---------------------------------------------------------------------------- body size


def _size(history: History, today: dt.date, windows: Windows, weight: Amount) -> dict[str, Feature]:
    """Weight, height (any age), and body surface by Mosteller, else as recorded inside the window of the weight."""
    height = _newest(history, frozenset({"body-height"}), HEIGHT, "body height", today=today, window=None)
    surface = mosteller(weight, height)
    if not surface.known:
        recorded = _newest(
            history, frozenset({"body-surface-area"}), SURFACE, "body surface area", today=today, window=windows.weight
        )
        note = recorded.note if recorded.known else joined(surface.note, recorded.note)
        surface = replace(recorded, note=note)
    return {"weight_kg": weight, "height_cm": height, "bsa_m2": surface}


def mosteller(weight: Amount, height: Amount) -> Amount:
    """Body surface in m2: square root of height in cm times weight in kg over 3600; unknown when one is."""
    if weight.low is None or weight.high is None or height.low is None or height.high is None:
        return Amount(unit=SURFACE.unit, note=joined(weight.note, height.note))
    return Amount(
        math.sqrt(weight.low * height.low / 3600),
        math.sqrt(weight.high * height.high / 3600),
        SURFACE.unit,
        weight.date,
        sorted_evidence((*weight.evidence, *height.evidence)),
        note=joined("by Mosteller", weight.note, height.note),
    )


# ---------------------------------------------------------------------- nerves, ears, eyes


def _nerves(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Grades of neuropathy and hearing loss now (own code, or a graded condition that is not over); tinnitus."""

    def now(own: str, concepts: Concepts, label: str) -> Amount:
        values = (
            *measurements(history, frozenset({own}), grade, f"{label}, grade"),
            *graded(history, concepts, label, today=today),
        )
        amount = amount_of(values, unit="", today=today)
        return incomplete(amount, history, concepts | {own}, "conditions", *STATED)

    hindrance = obstacle(history, ("conditions", *STATED), groups.TINNITUS | groups.HEARING_AID)
    ears = [
        ever(
            (
                *conditions(history, concepts, today=today, only_present=True),
                *findings(history, concepts, today=today, window=windows.signs),
            ),
            hindrance=hindrance,
        )
        for concepts in (groups.TINNITUS, groups.HEARING_AID)
    ]
    value = ears[0].value | ears[1].value
    return {
        "neuropathy_grade": now("own-neuropathy-grade", groups.NEUROPATHY, "neuropathy"),
        "hearing_loss_grade": now("own-hearing-loss-grade", groups.HEARING_LOSS, "hearing loss"),
        "tinnitus_or_hearing_aid": Finding(
            value,
            sorted_evidence(item for each in ears if each.value is value for item in each.evidence),
            sorted_evidence(item for each in ears for item in each.possible),
            joined(*(each.note for each in ears)) if value is Tri.UNKNOWN else "",
        ),
    }


_EYE_EXAMINATION: Final[Concepts] = groups.EYE_EXAMINATION | groups.EYE_EXAMINATION_POSSIBLE


def _eye_examination(history: History, today: dt.date) -> Moment:
    """Day of the last completed eye examination with a slit lamp; one without a stated slit lamp is only possible."""
    sure: list[Evidence] = []
    perhaps: list[Evidence] = []
    for done in history.treatments_about(_EYE_EXAMINATION):
        if future(done.start, today):
            continue
        if done.occurrence is not Occurrence.DONE:
            continue
        day = done.end if in_past(done.end, today) is not None else done.start
        certain = decides(done, groups.EYE_EXAMINATION) and day is not None
        (sure if certain else perhaps).append(Evidence(done.reference, done.text or "eye examination", day))
    for seen in history.observed_about(_EYE_EXAMINATION):
        if not about(seen, _EYE_EXAMINATION) or future(seen.date, today) or seen.value.absent:
            continue
        if seen.value.truth is False:
            continue
        certain = (
            decides(seen, groups.EYE_EXAMINATION) and seen.final and seen.value.truth is True and seen.date is not None
        )
        (sure if certain else perhaps).append(Evidence(seen.reference, "eye examination with a slit lamp", seen.date))
    last = last_date(sure)
    hindrance = obstacle(history, ("procedures", *STATED), _EYE_EXAMINATION)
    note = hindrance if last is not None or not perhaps else joined("slit lamp or date not recorded", hindrance)
    evidence = sorted_evidence(each for each in sure if each.date == last)
    return Moment(last, evidence, sorted_evidence(perhaps), note)
