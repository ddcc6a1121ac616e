"""Events: ever and now, grades, explicit denials, unverified codes, conflicts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.features.events import derive_events
from fhir_mappings.findings import Amount, Feature, Finding, Moment
from fhir_mappings.history import (
    Allergy,
    ClinicalStatus,
    Gap,
    History,
    Occurrence,
    Unreadable,
    Verification,
)
from fhir_mappings.kleene import Tri
from tests.history_builders import TODAY, WINDOWS, diagnosis, drug, history, observed, plan, treatment, when


def derive(record: History) -> dict[str, Feature]:
    return derive_events(record, today=TODAY, windows=WINDOWS)


def event(name: str, *facts: object, **more: Any) -> Finding:
    found = derive(history(*facts, **more))[name]
    assert isinstance(found, Finding)
    return found


def amount(name: str, *facts: object) -> Amount:
    found = derive(history(*facts))[name]
    assert isinstance(found, Amount)
    return found


def moment(name: str, *facts: object) -> Moment:
    found = derive(history(*facts))[name]
    assert isinstance(found, Moment)
    return found


def test_an_empty_record_leaves_everything_unknown() -> None:
    assert not [name for name, feature in derive(History()).items() if feature.known or feature.possible]


EVER = [
    ("gi_perforation", "gi-perforation"),
    ("htn_crisis", "hypertensive-crisis"),
    ("htn_crisis", "hypertensive-encephalopathy"),
    ("pres", "posterior-reversible-encephalopathy"),
    ("nephrotic", "nephrotic-syndrome"),
    ("heart_failure", "heart-failure"),
    ("heart_failure", "heart-failure-other"),
    ("necrotising_fasciitis", "necrotising-fasciitis"),
    ("ocular_severe", "corneal-ulcer"),
    ("ocular_severe", "symblepharon"),
    ("ocular_severe", "corneal-scar"),
    ("arterial_thromboembolism", "myocardial-infarction"),
    ("arterial_thromboembolism", "stroke-or-transient-ischaemia"),
    ("venous_thromboembolism", "venous-thromboembolism"),
    ("venous_thromboembolism", "history-of-venous-thromboembolism"),
    ("haemoptysis", "haemoptysis"),
    ("cns_or_lung_haemorrhage", "haemorrhage-intracranial"),
    ("cns_or_lung_haemorrhage", "pulmonary-haemorrhage"),
    ("transplant", "solid-organ-transplant"),
    ("transplant", "graft-versus-host-disease"),
]


@pytest.mark.parametrize(("name", "concept"), EVER)
def test_once_recorded_it_holds_also_when_resolved(name: str, concept: str) -> None:
    assert event(name, diagnosis(concept, -4000, clinical=ClinicalStatus.RESOLVED, abatement=-3900)).is_yes


@pytest.mark.parametrize(("name", "concept"), EVER)
@pytest.mark.parametrize(
    ("more", "possible"),
    [
        ({"verification": Verification.POSSIBLE}, 1),
        ({"text_only": True}, 1),
        ({"disowned": True}, 0),
        ({"onset": 2}, 0),
    ],
)
def test_what_cannot_decide(name: str, concept: str, more: dict[str, Any], possible: int) -> None:
    found = event(name, diagnosis(concept, **{"onset": -9, **more}))
    assert (found.value, len(found.possible)) == (Tri.UNKNOWN, possible)


@pytest.mark.parametrize(("name", "concept"), EVER)
def test_a_code_of_no_public_source_makes_it_possible_only(name: str, concept: str) -> None:
    found = event(name, diagnosis(f"{concept}-unverified", -9))
    assert (found.value, len(found.possible)) == (Tri.UNKNOWN, 1)


def test_a_condition_dated_after_today_is_named() -> None:
    assert event("pres", diagnosis("posterior-reversible-encephalopathy", 1)).note == "dated after today, not counted"


def test_codings_that_disagree_outside_the_question_do_not_decide() -> None:
    inside = diagnosis({"heart-failure", "heart-failure-other"}, -9, conflict=True)
    outside = diagnosis({"heart-failure", "hypertension"}, -9, conflict=True)
    assert event("heart_failure", inside).is_yes
    assert (event("heart_failure", outside).value, len(event("heart_failure", outside).possible)) == (Tri.UNKNOWN, 1)


@pytest.mark.parametrize(
    ("day", "more", "expected"),
    [(-90, (), Tri.NO), (-91, (), Tri.UNKNOWN), (None, (), Tri.UNKNOWN)]
    + [(-9, (Gap(key=key, cause="x", partial=True),), Tri.UNKNOWN) for key in ("conditions", "observations")]
    + [
        (-9, (Unreadable(reference="Condition/1", resource_type="Condition", cause="x"),), Tri.UNKNOWN),
        (-9, (Gap(key="serviceRequests", cause="x"),), Tri.NO),
        (-9, (diagnosis("gi-perforation", -900),), Tri.YES),
        (-9, (diagnosis("gi-perforation", -900, verification=Verification.POSSIBLE),), Tri.UNKNOWN),
    ],
)
def test_an_explicit_denial(day: int | None, more: tuple[object, ...], expected: Tri) -> None:
    assert event("gi_perforation", observed("gi-perforation", False, day), *more).value is expected


def test_a_preliminary_denial_says_nothing() -> None:
    assert event("gi_perforation", observed("gi-perforation", False, -9, final=False)) == Finding()


def test_a_coded_value_says_yes() -> None:
    assert event("gi_perforation", observed("anything", {"gi-perforation"}, -9)).is_yes
    assert not event("gi_perforation", observed("anything", {"gi-perforation"}, -9, final=False)).known


# ---------------------------------------------------------------------------------- fistula


@pytest.mark.parametrize(
    ("fact", "active", "healed"),
    [
        (diagnosis("fistula-vaginal-or-genitourinary", -9), Tri.YES, Tri.UNKNOWN),
        (diagnosis("fistula-thoracic", -9, clinical=ClinicalStatus.ACTIVE), Tri.YES, Tri.UNKNOWN),
        (diagnosis("fistula-gastrointestinal", -9, clinical=ClinicalStatus.RESOLVED), Tri.UNKNOWN, Tri.YES),
        (diagnosis("fistula-gastrointestinal", -90, abatement=-9), Tri.UNKNOWN, Tri.YES),
        (diagnosis("fistula-gastrointestinal", -90, abatement=-9, grade=4), Tri.YES, Tri.UNKNOWN),
        (diagnosis("fistula-gastrointestinal", -90, abatement=-9, grade=3), Tri.UNKNOWN, Tri.YES),
        (diagnosis({"fistula-gastrointestinal", "fistula-anorectal"}, -9), Tri.UNKNOWN, Tri.UNKNOWN),
        (diagnosis({"fistula-gastrointestinal", "fistula-anorectal"}, -9, grade=3), Tri.YES, Tri.UNKNOWN),
        (observed("own-fistula-grade", 2, -400), Tri.YES, Tri.UNKNOWN),
        (observed("own-fistula-grade", 0, -90), Tri.NO, Tri.UNKNOWN),
        (observed("own-fistula-grade", 0, -91), Tri.UNKNOWN, Tri.UNKNOWN),
    ],
)
def test_fistula(fact: object, active: Tri, healed: Tri) -> None:
    assert (event("fistula_active", fact).value, event("fistula_healed", fact).value) == (active, healed)


@pytest.mark.parametrize(("earlier", "expected"), [(2, Tri.UNKNOWN), (4, Tri.YES)])
def test_a_later_grade_of_none_ends_a_fistula_below_grade_4(earlier: int, expected: Tri) -> None:
    facts = observed("own-fistula-grade", earlier, -400), observed("own-fistula-grade", 0, -300)
    assert event("fistula_active", *facts).value is expected


# ---------------------------------------------------------------------------------- bleeding


@pytest.mark.parametrize(
    ("fact", "severe", "grade"),
    [
        (diagnosis("haemorrhage-gastrointestinal", -30, grade=3), Tri.YES, 3),
        (diagnosis("haemorrhage-gastrointestinal", -30, grade=2), Tri.UNKNOWN, 2),
        (diagnosis("haemorrhage-gastrointestinal", -30), Tri.UNKNOWN, None),
        (observed("own-haemorrhage-grade", 4, -30), Tri.YES, 4),
        (observed("own-haemorrhage-grade", 0, -90), Tri.NO, 0),
        (observed("own-haemorrhage-grade", 0, -91), Tri.UNKNOWN, 0),
        (observed("own-haemorrhage-grade", 4, -30, final=False), Tri.UNKNOWN, None),
    ],
)
def test_haemorrhage(fact: object, severe: Tri, grade: int | None) -> None:
    assert (event("severe_haemorrhage", fact).value, amount("haemorrhage_grade", fact).value) == (severe, grade)


def test_the_date_of_the_last_severe_haemorrhage() -> None:
    facts = (
        diagnosis("haemorrhage-gastrointestinal", -300, grade=4),
        diagnosis("haemorrhage-urinary", -40, grade=3),
        diagnosis("haemorrhage-vaginal", -4, grade=1),
    )
    assert moment("severe_haemorrhage_date", *facts).date == when(-40)
    assert amount("haemorrhage_grade", *facts).value == 1
    undated = moment("severe_haemorrhage_date", diagnosis("haemorrhage-urinary", None, grade=3))
    assert (undated.known, undated.note) == (False, "the date is not recorded")


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (diagnosis("haemorrhage-vaginal", -90, grade=1), Tri.YES),
        (diagnosis("haemorrhage-vaginal", -91, grade=1), Tri.UNKNOWN),
        (diagnosis("haemorrhage-vaginal", -9), Tri.YES),
        (diagnosis("haemorrhage-vaginal", -9, grade=3), Tri.UNKNOWN),
        (diagnosis("haemorrhage-vaginal", -9, abatement=-1), Tri.UNKNOWN),
        (observed("haemorrhage-vaginal", True, -9), Tri.YES),
        (observed("haemorrhage-vaginal", True, -91), Tri.UNKNOWN),
        (observed("haemorrhage-vaginal", False, -9), Tri.NO),
    ],
)
def test_vaginal_bleeding(fact: object, expected: Tri) -> None:
    assert event("vaginal_bleeding_current", fact).value is expected


def test_coughed_blood_may_come_from_the_lung() -> None:
    found = event("cns_or_lung_haemorrhage", diagnosis("haemoptysis", -9))
    assert (found.value, len(found.possible)) == (Tri.UNKNOWN, 1)
    assert moment("haemoptysis_date", diagnosis("haemoptysis", -9), diagnosis("haemoptysis", -90)).date == when(-9)


# ------------------------------------------------------------------------------------- clots


def test_angina_is_no_thromboembolism_and_phlebitis_only_possible() -> None:
    assert event("arterial_thromboembolism", diagnosis("angina", -9)) == Finding()
    found = event("venous_thromboembolism", diagnosis("phlebitis-thrombophlebitis", -9))
    assert (found.value, len(found.possible)) == (Tri.UNKNOWN, 1)


def test_the_worst_clot_stays_on_record() -> None:
    facts = diagnosis("venous-thromboembolism", -900, grade=4), diagnosis("venous-thromboembolism", -9, grade=2)
    assert amount("vte_grade", *facts).value == 4
    assert amount("vte_grade", observed("own-thromboembolism-grade", 3, -9)).value == 3
    assert not amount("vte_grade", diagnosis("venous-thromboembolism", -9)).known
    arterial = diagnosis("myocardial-infarction", -500), diagnosis("myocardial-infarction", "2025")
    assert moment("arterial_thromboembolism_date", *arterial).date == when("2025")


# --------------------------------------------------------------------------------- allergies


def allergy(concept: str, severe: Tri = Tri.YES, **more: Any) -> Allergy:
    return Allergy(reference="AllergyIntolerance/1", concepts=frozenset({concept}), severe=severe, **more)


@pytest.mark.parametrize(
    ("name", "record", "expected", "possible"),
    [
        ("allergy_cisplatin", allergy("cisplatin"), Tri.YES, 0),
        ("allergy_cisplatin", allergy("cisplatin", Tri.NO), Tri.NO, 0),
        ("allergy_cisplatin", allergy("cisplatin", Tri.UNKNOWN), Tri.UNKNOWN, 1),
        ("allergy_cisplatin", allergy("cisplatin", active=False), Tri.UNKNOWN, 1),
        ("allergy_cisplatin", allergy("cisplatin", verification=Verification.POSSIBLE), Tri.UNKNOWN, 1),
        ("allergy_cisplatin", allergy("carboplatin"), Tri.UNKNOWN, 0),
        ("allergy_carboplatin", allergy("carboplatin"), Tri.YES, 0),
        ("allergy_paclitaxel", allergy("paclitaxel-formulation-unspecified"), Tri.YES, 0),
        ("allergy_paclitaxel", allergy("paclitaxel-protein-bound"), Tri.UNKNOWN, 1),
        ("allergy_paclitaxel", allergy("drug-allergy-any"), Tri.UNKNOWN, 1),
    ],
)
def test_allergies(name: str, record: Allergy, expected: Tri, possible: int) -> None:
    found = event(name, allergies=(record,))
    assert (found.value, len(found.possible)) == (expected, possible)


def test_a_mild_reaction_is_no_answer_when_allergies_are_missing() -> None:
    gap = Gap(key="allergyIntolerances", cause="refused")
    assert event("allergy_cisplatin", gap, allergies=(allergy("cisplatin", Tri.NO),)).value is Tri.UNKNOWN


# -------------------------------------------------------------------- transplant and immunity


@pytest.mark.parametrize(
    ("fact", "expected", "possible"),
    [
        (diagnosis({"transplanted-organ", "solid-organ-transplant"}, -900), Tri.YES, 0),
        (diagnosis("transplanted-organ", -900), Tri.UNKNOWN, 1),
        (diagnosis({"transplanted-organ", "transplanted-tissue"}, -900), Tri.UNKNOWN, 0),
        (treatment("solid-organ-transplant-procedure", -900), Tri.YES, 0),
        (treatment("allogeneic-stem-cell-transplant", -900), Tri.YES, 0),
        (treatment("solid-organ-transplant-procedure", 9, occurrence=Occurrence.PLANNED), Tri.UNKNOWN, 0),
        (treatment("solid-organ-transplant-procedure", -9, occurrence=Occurrence.NOT_DONE), Tri.UNKNOWN, 0),
        (treatment("solid-organ-transplant-procedure", -9, occurrence=Occurrence.UNKNOWN), Tri.UNKNOWN, 1),
    ],
)
def test_transplant(fact: object, expected: Tri, possible: int) -> None:
    found = event("transplant", fact)
    assert (found.value, len(found.possible)) == (expected, possible)


@pytest.mark.parametrize(
    ("clinical", "expected"),
    [
        (ClinicalStatus.ACTIVE, Tri.YES),
        (ClinicalStatus.UNKNOWN, Tri.YES),
        (ClinicalStatus.REMISSION, Tri.UNKNOWN),
        (ClinicalStatus.INACTIVE, Tri.UNKNOWN),
    ],
)
def test_autoimmune_disease_must_be_active(clinical: ClinicalStatus, expected: Tri) -> None:
    assert event("autoimmune_active", diagnosis("autoimmune-disease", -9, clinical=clinical)).value is expected


@pytest.mark.parametrize(
    ("fact", "started", "expected", "possible"),
    [
        (diagnosis("myocarditis", -50), -60, Tri.YES, 0),
        (diagnosis("myocarditis", -60), -60, Tri.YES, 0),
        (diagnosis("myocarditis", -61), -60, Tri.UNKNOWN, 0),
        (diagnosis("myocarditis", -50), None, Tri.UNKNOWN, 1),
        (diagnosis("myocarditis", None), -60, Tri.UNKNOWN, 1),
        (diagnosis("severe-skin-reaction", -50), -60, Tri.YES, 0),
        (diagnosis("severe-skin-reaction-unverified", -50), -60, Tri.UNKNOWN, 1),
        (diagnosis({"autoimmune-disease", "immune-neuropathy-or-myasthenia"}, -50), -60, Tri.YES, 0),
        (diagnosis("interstitial-lung-disease", -50, grade=3), -60, Tri.YES, 0),
        (diagnosis("interstitial-lung-disease", -50, grade=2), -60, Tri.UNKNOWN, 0),
        (diagnosis("interstitial-lung-disease", -50), -60, Tri.UNKNOWN, 1),
    ],
)
def test_severe_immune_related_events(fact: object, started: int | None, expected: Tri, possible: int) -> None:
    given_drug = [] if started is None else [drug("pembrolizumab", started)]
    found = event("irae_severe", fact, *given_drug)
    assert (found.value, len(found.possible)) == (expected, possible)


# ------------------------------------------------------------------------- eyes, lung, hospice


@pytest.mark.parametrize(
    ("fact", "expected", "possible"),
    [
        (diagnosis({"ocular-surface-disease", "keratitis"}, -9, grade=3), Tri.YES, 0),
        (diagnosis({"ocular-surface-disease", "keratitis"}, -9), Tri.UNKNOWN, 1),
        (diagnosis({"ocular-surface-disease", "keratitis"}, -9, grade=1), Tri.UNKNOWN, 0),
        (diagnosis({"ocular-surface-disease", "keratitis"}, -9, grade=3, abatement=-1), Tri.UNKNOWN, 0),
        (diagnosis("ocular-surface-disease", -9), Tri.UNKNOWN, 0),
    ],
)
def test_unresolved_eye_disease(fact: object, expected: Tri, possible: int) -> None:
    found = event("ocular_unresolved", fact)
    assert (found.value, len(found.possible)) == (expected, possible)


@pytest.mark.parametrize(
    ("fact", "grade"),
    [
        (diagnosis("interstitial-lung-disease", -9, grade=2), 2),
        (diagnosis("radiation-pneumonitis", -9, grade=1), 1),
        (diagnosis("interstitial-lung-disease", -90, grade=2, abatement=-9), None),
        (diagnosis("interstitial-lung-disease", -90, grade=3, abatement=-9), 3),
        (diagnosis("interstitial-lung-disease", -9), None),
    ],
)
def test_pneumonitis(fact: object, grade: int | None) -> None:
    assert amount("pneumonitis_grade", fact).value == grade


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((observed("own-hospice", True, -9),), Tri.YES),
        ((observed("own-hospice", False, -9),), Tri.NO),
        ((observed("own-hospice", True, -90), observed("own-hospice", False, -9)), Tri.NO),
        ((plan("hospice-care", -9),), Tri.YES),
        ((plan("comfort-or-hospice-care"),), Tri.YES),
        ((plan("hospice-care", -9, active=False),), Tri.UNKNOWN),
        ((treatment("hospice-care", -9, occurrence=Occurrence.UNDER_WAY),), Tri.YES),
        ((treatment("hospice-care", 9),), Tri.UNKNOWN),
        ((treatment("hospice-care", -9, occurrence=Occurrence.NOT_DONE),), Tri.UNKNOWN),
        ((diagnosis("comfort-or-hospice-care", -9),), Tri.YES),
        ((observed("own-hospice", False, -9), plan("hospice-care", -9)), Tri.UNKNOWN),
        ((observed("own-hospice", False, -9), Gap(key="observations", cause="x")), Tri.UNKNOWN),
    ],
)
def test_hospice(facts: tuple[object, ...], expected: Tri) -> None:
    assert event("hospice", *facts).value is expected


@pytest.mark.parametrize(
    ("pain", "bleeding", "day", "expected"),
    [
        (True, None, -90, Tri.YES),
        (True, None, -91, Tri.UNKNOWN),
        (False, True, -9, Tri.YES),
        (False, None, -9, Tri.UNKNOWN),
        (False, False, -9, Tri.NO),
    ],
)
def test_symptoms_of_metastases(pain: bool | None, bleeding: bool | None, day: int, expected: Tri) -> None:
    facts = [
        observed(code, answer, day)
        for code, answer in (("own-metastasis-pain", pain), ("own-metastasis-bleeding", bleeding))
        if answer is not None
    ]
    assert event("metastasis_symptoms", *facts).value is expected


# -------------------------------------------------------------------------------- properties


@st.composite
def facts(draw: st.DrawFn) -> object:
    day = draw(st.one_of(st.none(), st.integers(-400, 3)))
    number = draw(st.integers(1, 10**6))
    grade = draw(st.one_of(st.none(), st.integers(0, 5)))
    if draw(st.booleans()):
        concept = draw(st.sampled_from([concept for _, concept in EVER] + ["haemorrhage-vaginal", "fistula-thoracic"]))
        clinical = draw(st.sampled_from(list(ClinicalStatus)))
        return diagnosis(concept, day, grade=grade, clinical=clinical, reference=f"Condition/{number}")
    concept = draw(st.sampled_from(["own-haemorrhage-grade", "own-fistula-grade", "own-thromboembolism-grade"]))
    return observed(concept, grade, day, final=draw(st.booleans()), reference=f"Observation/{number}")


def _reference(fact: Any) -> str:
    return str(fact.reference)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts(), max_size=7, unique_by=_reference), st.randoms(use_true_random=False))
def test_the_order_of_the_record_does_not_matter(record: list[object], chance: Any) -> None:
    mixed = record.copy()
    chance.shuffle(mixed)
    assert derive(history(*record)) == derive(history(*mixed))


@settings(max_examples=40, deadline=None)
@given(st.lists(facts(), max_size=5))
def test_unrelated_facts_change_nothing(record: list[object]) -> None:
    noise = diagnosis("hydronephrosis", -3), observed("haemoglobin", 9, -1, unit="g/dL"), treatment("biopsy-any", -9)
    assert derive(history(*record)) == derive(history(*record, *noise))


@settings(max_examples=60, deadline=None)
@given(st.lists(facts(), max_size=6))
def test_a_missing_kind_of_data_never_makes_a_no_or_takes_a_yes(record: list[object]) -> None:
    whole = derive(history(*record))
    holed = derive(history(*record, Gap(key="conditions", cause="x"), Gap(key="observations", cause="x")))
    for name, feature in whole.items():
        other = holed[name]
        if isinstance(feature, Finding) and isinstance(other, Finding):
            assert other.value is (Tri.UNKNOWN if feature.is_no else feature.value)
