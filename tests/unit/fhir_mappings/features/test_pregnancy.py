"""Pregnancy: what says yes, what rules it out, windows on both sides, contradictions."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.features.pregnancy import derive_pregnancy
from fhir_mappings.findings import Amount, Finding
from fhir_mappings.history import ClinicalStatus, Gap, Occurrence, Patient, Verification
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from tests.history_builders import TODAY, WINDOWS, diagnosis, history, observed, treatment

WOMAN = Patient(reference="Patient/1", birth=PartialDate.read("1986-05-01"))


def pregnant(*facts: object, patient: Patient | None = WOMAN) -> Finding:
    found = derive_pregnancy(history(*facts, patient=patient), today=TODAY, windows=WINDOWS)["pregnant"]
    assert isinstance(found, Finding)
    return found


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), Tri.UNKNOWN),
        ((observed("pregnancy-test", "positive", -300),), Tri.YES),
        ((observed("pregnancy-test", "positive", -301),), Tri.UNKNOWN),
        ((observed("pregnancy-test", {"result-positive"}, -3),), Tri.YES),
        ((observed("pregnancy-test", "positive", 1),), Tri.UNKNOWN),
        ((observed("pregnancy-test", "negative", -7),), Tri.NO),
        ((observed("pregnancy-test", "negative", -8),), Tri.UNKNOWN),
        ((observed("pregnancy-test", "negative", -3, final=False),), Tri.UNKNOWN),
        ((observed("hcg-quantitative", 9000, -3, unit="m[IU]/mL"),), Tri.UNKNOWN),
        ((diagnosis("pregnancy", -300),), Tri.YES),
        ((diagnosis("pregnancy", -301),), Tri.UNKNOWN),
        ((diagnosis("pregnancy-obstetric-code", recorded=-20),), Tri.YES),
        ((diagnosis("pregnancy", None),), Tri.UNKNOWN),
        ((diagnosis("pregnancy", -90, abatement=-9),), Tri.UNKNOWN),
        ((diagnosis("pregnancy", -90, clinical=ClinicalStatus.RESOLVED),), Tri.UNKNOWN),
        ((diagnosis("pregnancy", -90, verification=Verification.POSSIBLE),), Tri.UNKNOWN),
        ((diagnosis("pregnancy", -90, disowned=True),), Tri.UNKNOWN),
        ((diagnosis("not-pregnant", -2),), Tri.NO),
        ((observed("not-pregnant", True, -2),), Tri.NO),
        ((observed("anything", {"not-pregnant"}, -2),), Tri.NO),
        ((diagnosis("history-of-hysterectomy", -900),), Tri.NO),
        ((treatment("radical-hysterectomy", -900),), Tri.NO),
        ((treatment("pelvic-exenteration", -900),), Tri.NO),
        ((treatment("radical-hysterectomy", None),), Tri.NO),
        ((treatment("radical-hysterectomy", -900, occurrence=Occurrence.NOT_DONE),), Tri.UNKNOWN),
        ((treatment("radical-hysterectomy", 9),), Tri.UNKNOWN),
        ((treatment("trachelectomy", -900),), Tri.UNKNOWN),
        ((diagnosis("menopause", -900),), Tri.NO),
        ((observed("own-menopausal", True, -900),), Tri.NO),
        ((observed("own-menopausal", False, -9),), Tri.UNKNOWN),
    ],
)
def test_pregnant(facts: tuple[object, ...], expected: Tri) -> None:
    assert pregnant(*facts).value is expected


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("1970-11-24", Tri.NO),
        ("1970-11-25", Tri.UNKNOWN),
        ("1969", Tri.NO),
        ("1970", Tri.UNKNOWN),
        ("1970-11", Tri.UNKNOWN),
    ],
)
def test_the_age_of_the_menopause(born: str, expected: Tri) -> None:
    assert pregnant(patient=replace(WOMAN, birth=PartialDate.read(born))).value is expected


@pytest.mark.parametrize(
    ("positive_day", "negative_day", "expected"),
    [(-10, -5, Tri.NO), (-30, -20, Tri.UNKNOWN), (-5, -10, Tri.YES), (-5, -6, Tri.YES), (-5, -5, Tri.UNKNOWN)],
)
def test_the_later_test_counts(positive_day: int, negative_day: int, expected: Tri) -> None:
    tests = observed("pregnancy-test", "positive", positive_day), observed("pregnancy-test", "negative", negative_day)
    found = pregnant(*tests)
    assert found.value is expected
    if positive_day == negative_day:
        assert (found.note, len(found.evidence)) == ("records contradict one another", 2)


def test_a_lasting_reason_beside_a_positive_test_is_a_contradiction() -> None:
    found = pregnant(treatment("radical-hysterectomy", -900), observed("pregnancy-test", "positive", -5))
    assert (found.value, len(found.evidence)) == (Tri.UNKNOWN, 2)


@pytest.mark.parametrize("key", ["observations", "conditions"])
def test_a_gap_takes_the_no_of_a_test_but_not_of_a_hysterectomy(key: str) -> None:
    gap = Gap(key=key, cause="refused")
    assert pregnant(observed("pregnancy-test", "negative", -2), gap).value is Tri.UNKNOWN
    assert pregnant(treatment("radical-hysterectomy", -900), gap).value is Tri.NO


def test_an_unclear_newer_record_keeps_a_negative_test_from_deciding() -> None:
    found = pregnant(observed("pregnancy-test", "negative", -6), observed("pregnancy-test", "equivocal", -2))
    assert (found.value, len(found.possible)) == (Tri.UNKNOWN, 1)


def test_an_old_negative_test_is_named() -> None:
    assert pregnant(observed("pregnancy-test", "negative", -8)).note == (
        "last negative test of 2026-11-16 is older than 7 days"
    )


def weeks(*facts: Any) -> Amount:
    found = derive_pregnancy(history(*facts, patient=WOMAN), today=TODAY, windows=WINDOWS)["gestation_weeks"]
    assert isinstance(found, Amount)
    return found


def test_weeks_are_carried_forward_from_a_recorded_age() -> None:
    found = weeks(diagnosis("pregnancy", -80), observed("gestational-age", 10, -21, unit="wk"))
    assert found.value == pytest.approx(13)
    assert weeks(diagnosis("pregnancy", -80), observed("gestational-age", 70, -21, unit="d")).value == pytest.approx(13)


def test_without_it_the_time_since_the_first_record_is_the_least() -> None:
    found = weeks(diagnosis("pregnancy", -98))
    assert (found.low, found.high) == (14, 42)
    assert found.at_least(14) is Tri.YES
    assert weeks(diagnosis("pregnancy", -97)).at_least(14) is Tri.UNKNOWN


def test_no_weeks_without_a_pregnancy() -> None:
    assert not weeks(observed("gestational-age", 10, -21, unit="wk")).known
