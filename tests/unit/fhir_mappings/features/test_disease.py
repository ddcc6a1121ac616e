"""Identity, cancer, histology, recurrence, biopsy and intervals."""

from __future__ import annotations

import datetime as dt
import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.features import radiotherapy
from fhir_mappings.features.course import Timeline
from fhir_mappings.features.disease import derive_disease
from fhir_mappings.features.fields import Histology, Sex
from fhir_mappings.features.statements import CONTRADICTION
from fhir_mappings.findings import Amount, Choice, Feature, Finding, Moment
from fhir_mappings.history import (
    ClinicalStatus,
    Diagnosis,
    Gap,
    History,
    Intent,
    Observed,
    Occurrence,
    Patient,
    Report,
    Treatment,
    Unreadable,
    Verification,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.value_sets import concepts_of
from tests.history_builders import TODAY, WINDOWS, diagnosis, drug, history, observed, report, treatment, when

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN
ICD_O = "http://terminology.hl7.org/CodeSystem/icd-o-3"
NOTHING = Finding()
NOT_IRRADIATED = Finding(Tri.NO)
SQUAMOUS = "cervical-squamous-cell-carcinoma"


def course(*facts: object, patient: Patient | None = None, rt: Finding = NOTHING) -> dict[str, Feature]:
    return derived(history(*facts, patient=patient), rt)[0]


def timeline(*facts: object) -> Timeline:
    return derived(history(*facts), NOTHING)[1]


def derived(record: History, rt: Finding) -> tuple[dict[str, Feature], Timeline]:
    courses = radiotherapy.courses(record, TODAY, WINDOWS)
    return derive_disease(record, TODAY, WINDOWS, courses=courses, prior_pelvic_rt=rt)


def finding(name: str, *facts: object, patient: Patient | None = None, rt: Finding = NOTHING) -> Finding:
    found = course(*facts, patient=patient, rt=rt)[name]
    assert isinstance(found, Finding)
    return found


def amount(name: str, *facts: object, patient: Patient | None = None) -> Amount:
    found = course(*facts, patient=patient)[name]
    assert isinstance(found, Amount)
    return found


def moment(name: str, *facts: object) -> Moment:
    found = course(*facts)[name]
    assert isinstance(found, Moment)
    return found


def choice(name: str, *facts: object, patient: Patient | None = None) -> Choice[enum.Enum]:
    found = course(*facts, patient=patient)[name]
    assert isinstance(found, Choice)
    return found


def primary(onset: str = "2024-01-10", **more: object) -> Diagnosis:
    return diagnosis(SQUAMOUS, onset, sites="site-cervix", reference="Condition/primary", **more)  # type: ignore[arg-type]  # passed through


def chemoradiation(start: str = "2024-02-10", end: str = "2024-03-20") -> Treatment:
    return treatment(
        "radiotherapy-course-summary", start, end, sites="site-pelvis", intent=Intent.CURATIVE, reference="Procedure/rt"
    )


def hysterectomy(day: str = "2024-02-10") -> Treatment:
    return treatment("radical-hysterectomy", day, reference="Procedure/op")


def lung(onset: str | int | None = "2026-01-15", **more: object) -> Diagnosis:
    return diagnosis("metastasis-lung", onset, reference="Condition/lung", **more)  # type: ignore[arg-type]  # passed through


def status(value: str, date: str | int | None, **more: object) -> Observed:
    return observed("cancer-disease-status", {value}, date, **more)  # type: ignore[arg-type]  # passed through


WORSENED = "disease-status-worsened"
REMISSION = "disease-status-complete-remission"


# ------------------------------------------------------------------------------------------------------------ identity


@pytest.mark.parametrize("deceased", list(Tri))
def test_deceased_is_what_the_patient_resource_says(deceased: Tri) -> None:
    assert finding("deceased", patient=Patient(reference="Patient/1", deceased=deceased)).value is deceased


def test_deceased_is_unknown_without_a_patient() -> None:
    assert finding("deceased").value is UNKNOWN


@pytest.mark.parametrize(
    ("clinical", "birth", "gender", "sex", "cervix"),
    [
        ("female-typical", "M", "male", Sex.FEMALE, YES),
        ("", "F", "male", Sex.FEMALE, YES),
        ("", "UNK", "female", Sex.FEMALE, UNKNOWN),
        ("", "", "male", Sex.MALE, UNKNOWN),
        ("male-typical", "F", "female", Sex.MALE, YES),
        ("", "", "other", Sex.OTHER, UNKNOWN),
        ("", "", "", None, UNKNOWN),
    ],
)
def test_sex_and_evidence_of_a_cervix(clinical: str, birth: str, gender: str, sex: Sex | None, cervix: Tri) -> None:
    patient = Patient(reference="Patient/1", gender=gender, birth_sex=birth, sex_for_clinical_use=clinical)
    assert choice("sex_param", patient=patient).value is sex
    assert finding("evidence_of_cervix", patient=patient).value is cervix


@pytest.mark.parametrize(
    "fact",
    [
        treatment("hysterectomy-total", "2020-01-01"),
        treatment("biopsy-cervix-vagina", "2020-01-01"),
        treatment("radiotherapy-course-summary", "2020-01-01", sites="site-cervix"),
        diagnosis("history-of-hysterectomy"),
        observed("tumour-morphology-observation", {"squamous-morphology"}, "2020-01-01", sites="site-cervix"),
    ],
)
def test_procedures_and_pathology_show_a_cervix(fact: object) -> None:
    assert finding("evidence_of_cervix", fact, patient=Patient(reference="Patient/1", gender="male")).is_yes


def test_a_planned_hysterectomy_shows_no_cervix() -> None:
    planned = treatment("hysterectomy-total", 5, occurrence=Occurrence.PLANNED)
    assert finding("evidence_of_cervix", planned).value is UNKNOWN


@pytest.mark.parametrize(
    ("birth", "low", "high"),
    [("1970-11-24", 56, 56), ("1970-11-25", 55, 55), ("1970", 55, 56), ("1970-11", 55, 56), ("2026", 0, 0)],
)
def test_age_from_full_and_partial_birth_dates(birth: str, low: int, high: int) -> None:
    age = amount("age", patient=Patient(reference="Patient/1", birth=PartialDate.read(birth)))
    assert (age.low, age.high, age.unit) == (low, high, "years")


def test_age_is_unknown_without_or_with_a_future_birth_date() -> None:
    assert not amount("age").known
    assert not amount("age", patient=Patient(reference="Patient/1", birth=PartialDate.read("2027-01-01"))).known


# ---------------------------------------------------------------------------------------------------------- the cancer


@pytest.mark.parametrize(
    "fact",
    [
        primary(),
        diagnosis("cervical-cancer", clinical=ClinicalStatus.RESOLVED),
        diagnosis("cervical-cancer-endocervix"),
        diagnosis("history-of-cervical-cancer"),
        diagnosis("cervical-cancer-local-recurrence"),
        diagnosis("cancer-any-primary", sites="site-cervix"),
        diagnosis("cervical-adenocarcinoma"),
    ],
)
def test_cervical_cancer_of_any_status_counts(fact: Diagnosis) -> None:
    assert finding("cervical_cancer", fact).is_yes


@pytest.mark.parametrize(
    "fact",
    [
        diagnosis("cervical-carcinoma-in-situ"),
        diagnosis("cervical-intraepithelial-neoplasia"),
        diagnosis("secondary-cancer-in-cervix"),
        diagnosis("metastasis-female-genital-organ"),
        diagnosis("cancer-any-primary", sites="site-breast"),
        diagnosis("history-of-cervix-in-situ-neoplasm"),
        diagnosis("vaginal-cancer-primary"),
        diagnosis("cervical-cancer", disowned=True),
        diagnosis("cervical-cancer", 10),
    ],
)
def test_other_cancers_forerunners_and_disowned_records_are_no_cervical_cancer(fact: Diagnosis) -> None:
    assert finding("cervical_cancer", fact).value is UNKNOWN


@pytest.mark.parametrize(
    "fact",
    [
        diagnosis("cervical-cancer", verification=Verification.POSSIBLE),
        diagnosis("history-of-genital-cancer-organ-unspecified"),
        diagnosis("cervical-cancer", text_only=True),
        diagnosis({"cervical-cancer", "hypertension"}, conflict=True),
    ],
)
def test_unsure_cervical_cancer_is_possible(fact: Diagnosis) -> None:
    found = finding("cervical_cancer", fact)
    assert found.value is UNKNOWN
    assert found.possible


def test_cancer_is_disowned_only_when_every_record_is() -> None:
    wrong = diagnosis("cervical-cancer", disowned=True)
    assert finding("cancer_disowned").value is UNKNOWN
    assert finding("cancer_disowned", wrong).is_yes
    assert finding("cancer_disowned", wrong, primary()).is_no


@pytest.mark.parametrize("clinical", [ClinicalStatus.ACTIVE, ClinicalStatus.REMISSION])
def test_another_primary_of_any_status(clinical: ClinicalStatus) -> None:
    assert finding("other_primary_cancer", diagnosis("other-primary-cancer", clinical=clinical)).is_yes
    assert finding("other_primary_cancer", diagnosis("cancer-any-primary", sites="site-breast")).is_yes


def test_no_other_primary_on_record_is_unknown() -> None:
    assert finding("other_primary_cancer", primary()).value is UNKNOWN
    provisional = diagnosis("other-primary-cancer", verification=Verification.POSSIBLE)
    assert finding("other_primary_cancer", provisional).possible


# ----------------------------------------------------------------------------------------------------------- histology


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        (primary(), Histology.SQUAMOUS),
        (diagnosis("cervical-cancer", morphology="squamous-morphology"), Histology.SQUAMOUS),
        (observed("tumour-morphology-observation", {"squamous-morphology"}, "2024-01-01"), Histology.SQUAMOUS),
        (report("surgery-any", "2024-01-01", conclusions="squamous-morphology"), Histology.SQUAMOUS),
        (diagnosis("cervical-adenocarcinoma"), Histology.ADENOCARCINOMA),
        (diagnosis("cervical-cancer", morphology="adenosquamous-morphology"), Histology.ADENOSQUAMOUS),
        (diagnosis("cervical-cancer", morphology="neuroendocrine-morphology"), Histology.NEUROENDOCRINE),
        (diagnosis("cervical-cancer-other-histology"), Histology.OTHER),
        (diagnosis("cervical-cancer"), None),
        (diagnosis("cervical-cancer", morphology="carcinoma-nos-morphology"), None),
        (diagnosis("cervical-cancer", morphology="squamous-morphology-in-situ"), None),
        (diagnosis("metastasis-lung", morphology="adenocarcinoma-morphology"), None),
    ],
)
def test_histology_by_source(fact: object, kind: Histology | None) -> None:
    assert choice("histology", fact).value is kind


def test_small_cell_nonkeratinizing_is_squamous_by_its_code() -> None:
    concepts = concepts_of([(ICD_O, "8073/3")])
    assert choice("histology", observed("tumour-morphology-observation", concepts, "2024-01-01")).value is (
        Histology.SQUAMOUS
    )
    small_cell = concepts_of([(ICD_O, "8041/3")])
    assert choice("histology", observed("tumour-morphology-observation", small_cell, "2024-01-01")).value is (
        Histology.NEUROENDOCRINE
    )


def test_histology_of_the_recurrence_goes_before_the_primary() -> None:
    biopsy = observed("tumour-morphology-observation", {"adenosquamous-morphology"}, "2026-01-20")
    found = choice("histology", primary(), chemoradiation(), lung(), biopsy)
    assert found.value is Histology.ADENOSQUAMOUS


def test_newest_histology_wins_and_undated_ones_contradict() -> None:
    old = observed("tumour-morphology-observation", {"squamous-morphology"}, "2024-01-01")
    new = observed("tumour-morphology-observation", {"adenocarcinoma-morphology"}, "2024-02-01")
    assert choice("histology", old, new).value is Histology.ADENOCARCINOMA
    undated = diagnosis(SQUAMOUS)
    torn = choice("histology", undated, new)
    assert torn.value is None
    assert torn.note == CONTRADICTION


def test_one_record_of_two_types_does_not_decide() -> None:
    torn = diagnosis(SQUAMOUS, "2024-01-01", morphology="adenocarcinoma-morphology")
    found = choice("histology", torn)
    assert found.value is None
    assert found.possible


def test_histology_of_another_cancer_does_not_count() -> None:
    breast = diagnosis("other-primary-cancer", "2015", reference="Condition/breast")
    other = observed("tumour-morphology-observation", {"adenocarcinoma-morphology"}, -10, focus=("Condition/breast",))
    assert choice("histology", primary(), breast, other).value is Histology.SQUAMOUS


# ---------------------------------------------------------------------------------------------------------- recurrence


@pytest.mark.parametrize(
    ("letter", "facts"),
    [
        ("a recurrence", (primary(clinical=ClinicalStatus.RECURRENCE),)),
        ("a relapse", (primary(clinical=ClinicalStatus.RELAPSE),)),
        ("b", (diagnosis("cervical-cancer-local-recurrence", "2026-01-01"),)),
        ("b general", (primary(), diagnosis("recurrent-malignancy-unspecified-site", "2026-01-01"))),
        ("c", (primary(), chemoradiation(), lung())),
        ("c after surgery", (primary(), hysterectomy(), lung())),
        ("c genital", (primary(), chemoradiation(), diagnosis("metastasis-female-genital-organ", "2026-01-01"))),
        ("d own", (primary(), chemoradiation(), observed("own-biopsy-malignant", True, "2026-01-01"))),
        (
            "d morphology",
            (
                primary(),
                chemoradiation(),
                observed("tumour-morphology-observation", {"squamous-morphology-metastatic"}, "2026-01-01"),
            ),
        ),
        ("d report", (primary(), chemoradiation(), report("x", "2026-01-01", conclusions="squamous-morphology"))),
        ("e", (primary(), chemoradiation(), status(WORSENED, "2026-01-01"))),
    ],
)
def test_recurrence_is_yes_by_each_rule(letter: str, facts: tuple[object, ...]) -> None:
    found = finding("recurrence", *facts)
    assert found.is_yes, letter
    assert found.evidence


@pytest.mark.parametrize(
    "facts",
    [
        (primary(), chemoradiation()),
        (primary(), chemoradiation(), lung("2024-01-12")),
        (primary(), chemoradiation(), diagnosis("metastasis-pelvic-lymph-nodes", "2024-01-15")),
        (primary(), chemoradiation(), lung("2026-01-15", disowned=True)),
        (primary(), chemoradiation(), status("disease-status-stable", "2026-01-01")),
        (primary(), chemoradiation(), report("biopsy-any", "2026-01-01", free_text=True)),
        (primary(), chemoradiation(), treatment("biopsy-any", "2026-01-01")),
        (
            primary(),
            chemoradiation(),
            observed("tumour-morphology-observation", {"squamous-morphology-in-situ"}, "2026-01-01"),
        ),
        (),
    ],
)
def test_recurrence_stays_unknown_and_unsuspected(facts: tuple[object, ...]) -> None:
    assert finding("recurrence", *facts).value is UNKNOWN
    assert finding("recurrence_suspected", *facts).value is UNKNOWN


@pytest.mark.parametrize("days_after", [6, 42])
def test_pathology_of_the_operation_is_no_recurrence(days_after: int) -> None:
    day = (dt.date(2024, 2, 10) + dt.timedelta(days=days_after)).isoformat()
    specimen = observed("tumour-morphology-observation", {"squamous-morphology"}, day)
    nodes = diagnosis("metastasis-pelvic-lymph-nodes", day)
    found = course(primary(), hysterectomy(), specimen, nodes)
    assert found["recurrence"] == Finding()


def test_pathology_long_after_the_operation_is_recurrence() -> None:
    specimen = observed("tumour-morphology-observation", {"squamous-morphology"}, "2024-03-24")
    assert finding("recurrence", primary(), hysterectomy(), specimen).is_yes


@pytest.mark.parametrize(
    "facts",
    [
        # a secondary cancer that another primary could explain: the worked mixed pattern
        (primary(), chemoradiation(), lung(), diagnosis("other-primary-cancer", "2015", reference="Condition/breast")),
        (lung(), primary(), diagnosis("other-primary-cancer", "2015", clinical=ClinicalStatus.ACTIVE)),
        (
            primary(),
            chemoradiation(),
            lung(),
            diagnosis("other-primary-cancer", "2015", verification=Verification.POSSIBLE),
        ),
        # worsened without an end of treatment: the worked mixed pattern
        (primary(), status(WORSENED, "2026-01-01")),
        (primary(), chemoradiation(), status(WORSENED, None)),
        (
            primary(),
            chemoradiation(),
            diagnosis("cervical-cancer-local-recurrence", -6, verification=Verification.POSSIBLE),
        ),
        (primary(), chemoradiation(), lung(verification=Verification.POSSIBLE)),
        (primary(), chemoradiation(), lung(None)),
        (primary(), chemoradiation(), lung("2024-03")),
        (primary(), chemoradiation(), observed("own-tumour-at-site", True, -10, sites="site-cervix")),
        (primary(), chemoradiation(), observed("tnm-distant-metastases", "rm1", -10)),
        (primary(), chemoradiation(), status("distant-metastasis-present", -10)),
        (primary(), chemoradiation(), observed("own-suspected-recurrence", True, -6)),
        (primary(), chemoradiation(), diagnosis("vaginal-vault-malignancy", -20)),
    ],
)
def test_suspicion_without_recurrence(facts: tuple[object, ...]) -> None:
    assert finding("recurrence", *facts).value is UNKNOWN
    suspected = finding("recurrence_suspected", *facts)
    assert suspected.is_yes
    assert suspected.evidence


def test_metastasis_named_as_cervical_needs_no_guard() -> None:
    own = diagnosis("metastasis-from-cervical-cancer-site-unspecified", "2026-01-01")
    facts = (primary(), chemoradiation(), own, diagnosis("other-primary-cancer", "2015"))
    assert finding("recurrence", *facts).is_yes


def test_worsened_status_of_another_cancer_does_not_count() -> None:
    breast = diagnosis("other-primary-cancer", "2015", reference="Condition/breast")
    other = status(WORSENED, "2026-01-01", focus=("Condition/breast",))
    facts = (primary(), chemoradiation(), breast, other)
    assert finding("recurrence", *facts).value is UNKNOWN
    assert finding("recurrence_suspected", *facts).value is UNKNOWN
    mine = status(WORSENED, "2026-01-01", focus=("Condition/primary",))
    assert finding("recurrence", primary(), chemoradiation(), breast, mine).is_yes
    whose = status(WORSENED, "2026-01-01")
    assert finding("recurrence", primary(), chemoradiation(), breast, whose).value is UNKNOWN


def test_a_gap_in_diagnoses_may_hide_another_primary() -> None:
    gap = Gap(key="conditions", cause="more pages could not be read", partial=True)
    facts = (primary(), chemoradiation(), lung(), gap)
    assert finding("recurrence", *facts).value is UNKNOWN
    assert finding("recurrence_suspected", *facts).is_yes


def test_stopped_and_palliative_treatment_end_no_primary_treatment() -> None:
    stopped = treatment("radiotherapy-pelvis", "2024-02-01", occurrence=Occurrence.STOPPED, dose_gy=30.0)
    assert not moment("primary_treatment_end", primary(), stopped).known
    palliative = treatment("radiotherapy-pelvis", "2024-02-01", intent=Intent.PALLIATIVE)
    assert not moment("primary_treatment_end", primary(), palliative).known


def test_primary_treatment_end_is_the_last_part_before_recurrence() -> None:
    boost = treatment("radiotherapy-brachytherapy", "2024-03-25", "2024-04-05", sites="site-cervix")
    found = moment("primary_treatment_end", primary(), chemoradiation(), boost, lung())
    assert str(found.date) == "2024-04-05"
    assert len(found.evidence) == 2
    adjuvant = treatment("radiotherapy-pelvis", "2024-04-10", "2024-05-20")
    assert str(moment("primary_treatment_end", primary(), hysterectomy(), adjuvant).date) == "2024-05-20"


def test_salvage_is_no_primary_treatment() -> None:
    salvage = treatment("radiotherapy-pelvis", "2025-09-01", "2025-10-10")
    local = diagnosis("cervical-cancer-local-recurrence", "2025-08-01")
    found = moment("primary_treatment_end", primary(), hysterectomy(), local, salvage)
    assert str(found.date) == "2024-02-10"


def test_breast_radiotherapy_is_no_primary_treatment() -> None:
    breast = treatment("radiotherapy-course-summary", "2025-01-01", "2025-02-01", sites="site-breast")
    assert not moment("primary_treatment_end", primary(), breast).known


def test_hysterectomy_of_unstated_extent_before_the_diagnosis_is_no_cancer_treatment() -> None:
    benign = treatment("hysterectomy-extent-unspecified", "2005-05-01")
    assert not moment("primary_treatment_end", primary(), benign).known
    assert finding("recurrence", primary(), benign, lung("2024-01-12")).value is UNKNOWN
    curative = treatment("hysterectomy-extent-unspecified", "2024-02-10")
    assert moment("primary_treatment_end", primary(), curative).known


def test_undated_treatment_leaves_the_end_open() -> None:
    undated = treatment("radical-hysterectomy", None, reference="Procedure/undated")
    found = moment("primary_treatment_end", primary(), undated)
    assert not found.known
    assert found.possible


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ((primary(), chemoradiation(), status(REMISSION, "2024-09-01")), NO),
        ((primary(), chemoradiation(), observed("no-evidence-of-cancer-recurrence", None, "2024-09-01")), NO),
        ((primary(), chemoradiation(), diagnosis("no-evidence-of-cancer-recurrence", "2024-09-01")), NO),
        ((primary(clinical=ClinicalStatus.REMISSION), chemoradiation()), NO),
        ((primary(), chemoradiation(), status(REMISSION, "2024-09-01"), lung()), YES),
        ((primary(), chemoradiation(), lung(), status(REMISSION, "2026-06-01")), NO),
        ((primary(), chemoradiation(), lung("2026-06-01"), status(REMISSION, "2026-06-01")), UNKNOWN),
        ((primary(), chemoradiation(), lung("2026"), status(REMISSION, "2026-06-01")), UNKNOWN),
        ((primary(), chemoradiation(), status(WORSENED, "2025-01-01"), status(REMISSION, "2025-06-01")), NO),
        ((primary(), chemoradiation(), status(REMISSION, "2025-01-01"), status(WORSENED, "2025-06-01")), YES),
        # the status of the primary's own Condition says recurrence: remissions before it are of primary treatment
        ((primary(clinical=ClinicalStatus.RECURRENCE), chemoradiation(), status(REMISSION, "2025-01-01")), YES),
        # ... but not once a remission follows a recurrence
        (
            (primary(clinical=ClinicalStatus.RECURRENCE), chemoradiation(), lung(), status(REMISSION, "2026-06-01")),
            UNKNOWN,
        ),
        (
            (primary(), chemoradiation(), status(REMISSION, "2025-01-01"), lung(verification=Verification.POSSIBLE)),
            UNKNOWN,
        ),
        (
            (primary(), chemoradiation(), status(REMISSION, -3), observed("own-suspected-recurrence", True, -6)),
            NO,
        ),
        (
            (primary(), chemoradiation(), status(REMISSION, -60), observed("own-suspected-recurrence", True, -6)),
            UNKNOWN,
        ),
        ((primary(), chemoradiation(), status("disease-status-partial-remission", "2024-09-01")), UNKNOWN),
    ],
)
def test_remission_against_recurrence(facts: tuple[object, ...], value: Tri) -> None:
    assert finding("recurrence", *facts).value is value


@pytest.mark.parametrize("key", ["conditions", "observations", "diagnosticReports", "questionnaireResponses"])
def test_no_recurrence_is_impossible_while_data_are_missing(key: str) -> None:
    facts = (primary(), chemoradiation(), status(REMISSION, "2024-09-01"))
    found = finding("recurrence", *facts, Gap(key=key, cause="refused"))
    assert found.value is UNKNOWN
    assert "not obtained" in found.note


def test_unreadable_diagnosis_keeps_a_no_away() -> None:
    unreadable = Unreadable(reference="Condition/9", resource_type="Condition", cause="bad")
    facts = (primary(), chemoradiation(), status(REMISSION, "2024-09-01"), unreadable)
    assert finding("recurrence", *facts).value is UNKNOWN


def test_untreated_primary_is_no_recurrence_only_when_that_is_explicit() -> None:
    refused = treatment("radical-hysterectomy", None, occurrence=Occurrence.NOT_DONE)
    assert finding("recurrence", primary(), refused, rt=NOT_IRRADIATED).is_no
    assert finding("recurrence", primary(), lung("2024-01-10"), refused, rt=NOT_IRRADIATED).is_no
    assert finding("recurrence", primary(), refused).value is UNKNOWN
    assert finding("recurrence", primary(), rt=NOT_IRRADIATED).value is UNKNOWN
    assert (
        finding("recurrence", primary(), refused, drug("cisplatin", "2024-02-01"), rt=NOT_IRRADIATED).value is UNKNOWN
    )
    assert finding("recurrence", primary(), refused, hysterectomy(), rt=NOT_IRRADIATED).value is UNKNOWN
    lists = Gap(key="medicationStatements", cause="refused")
    assert finding("recurrence", primary(), refused, lists, rt=NOT_IRRADIATED).value is UNKNOWN


def test_stated_absence_of_suspicion() -> None:
    assert finding("recurrence_suspected", observed("own-suspected-recurrence", False, -6)).is_no


# ------------------------------------------------------------------------------------------- dates, number, intervals


def test_recurrence_date_is_the_first_evidence_of_this_recurrence() -> None:
    seen = observed("own-tumour-at-site", True, "2026-01-05", sites="site-lung")
    biopsy = observed("own-biopsy-malignant", True, "2026-01-20")
    assert str(moment("recurrence_date", primary(), chemoradiation(), seen, lung("2026-01-15"), biopsy).date) == (
        "2026-01-05"
    )


def test_recurrence_after_salvage_is_dated_and_counted_anew() -> None:
    facts = (
        primary("2020-01-10"),
        treatment("radical-hysterectomy", "2020-02-10"),
        diagnosis("cervical-cancer-local-recurrence", "2022-05-01"),
        treatment("radiotherapy-pelvis", "2022-06-01", "2022-07-15"),
        lung("2026-01-15"),
    )
    assert str(moment("recurrence_date", *facts).date) == "2026-01-15"
    assert amount("recurrence_number", *facts).value == 2
    assert timeline(*facts).treated_until == when("2022-07-15")
    assert timeline(*facts).advanced_since == when("2022-05-01")
    assert amount("disease_free_interval", *facts).value == pytest.approx(26.68, abs=0.01)


def test_recurrence_without_any_date_has_no_date() -> None:
    facts = (primary(clinical=ClinicalStatus.RECURRENCE), chemoradiation())
    assert finding("recurrence", *facts).is_yes
    assert not moment("recurrence_date", *facts).known
    assert amount("recurrence_number", *facts).value == 1


def test_recurrence_dated_without_a_treatment_date() -> None:
    local = diagnosis("cervical-cancer-local-recurrence", "2026-01-15")
    assert str(moment("recurrence_date", primary(), local).date) == "2026-01-15"
    assert not amount("disease_free_interval", primary(), local).known


def test_stated_number_of_recurrences_wins() -> None:
    assert (
        amount("recurrence_number", primary(), chemoradiation(), lung(), observed("own-recurrence-number", 2, -5)).value
        == 2
    )
    torn = amount(
        "recurrence_number", observed("own-recurrence-number", 2, -5), observed("own-recurrence-number", 1, -5)
    )
    assert not torn.known
    assert torn.note == CONTRADICTION


def test_number_of_recurrences_is_unknown_while_procedures_are_missing() -> None:
    facts = (primary(), chemoradiation(), lung(), Gap(key="procedures", cause="refused", partial=True))
    assert not amount("recurrence_number", *facts).known


@pytest.mark.parametrize(
    ("found_on", "value"),
    [("2024-09-20", YES), ("2024-09-21", NO), ("2024-09", UNKNOWN), ("2024-08", YES), ("2025", NO)],
)
def test_persistent_disease_within_six_months(found_on: str, value: Tri) -> None:
    assert finding("persistent", primary(), chemoradiation(), lung(found_on)).value is value


def test_persistent_follows_recurrence() -> None:
    assert finding("persistent", primary(), chemoradiation(), status(REMISSION, "2024-09-01")).is_no
    assert finding("persistent", primary(), chemoradiation()).value is UNKNOWN


@pytest.mark.parametrize(
    ("found_on", "low", "high"),
    [("2026-03-20", 24, 24), ("2026-03-21", 24.03, 24.03), ("2026-03", 23.29, 24.35), ("2026", 21.39, 33.35)],
)
def test_disease_free_interval_in_months(found_on: str, low: float, high: float) -> None:
    found = amount("disease_free_interval", primary(), chemoradiation(), lung(found_on))
    assert found.low == pytest.approx(low, abs=0.05)
    assert found.high == pytest.approx(high, abs=0.05)
    assert found.unit == "months"


def test_metastatic_primary_counts_as_advanced_from_the_start() -> None:
    assert timeline(primary(), lung("2024-01-12")).advanced_since == when("2024-01-12")
    stage = observed("figo-stage-cervix", {"figo-value-ivb"}, "2024-01-14")
    assert timeline(primary(), stage).advanced_since == when("2024-01-14")
    assert timeline(primary(), observed("tnm-distant-metastases", "cm1", "2024-01-14")).advanced_since == (
        when("2024-01-14")
    )
    assert timeline(primary(), observed("tnm-distant-metastases", "cm0", "2024-01-14")).advanced_since is None


# -------------------------------------------------------------------------------------------------------------- biopsy


def test_biopsy_of_the_recurrence_proves_it() -> None:
    own = observed("own-biopsy-malignant", True, "2026-01-20")
    coded = observed("tumour-morphology-observation", {"squamous-morphology-metastatic"}, "2026-01-20")
    final: Report = report("x", "2026-01-20", conclusions="squamous-morphology")
    for proof in (own, coded, final):
        assert finding("biopsy_proof", primary(), chemoradiation(), lung(), proof).is_yes


def test_pathology_of_the_primary_is_not_even_possible_proof() -> None:
    old = observed("tumour-morphology-observation", {"squamous-morphology"}, "2024-01-06")
    assert finding("biopsy_proof", primary(), chemoradiation(), old) == Finding()


@pytest.mark.parametrize(
    "fact",
    [
        observed("tumour-morphology-observation", {"squamous-morphology"}, "2024-01-06"),
        treatment("biopsy-metastatic-site", "2026-01-20"),
        observed("own-biopsy-malignant", True, "2026-01-20", final=False),
        report("x", "2026-01-20", conclusions="squamous-morphology", final=False),
        report("biopsy-any", "2026-01-20", free_text=True),
        report("imaging-pet-ct", "2026-01-20", conclusions="squamous-morphology"),
    ],
)
def test_no_proof_by_old_unfinished_or_unread_pathology(fact: object) -> None:
    assert finding("biopsy_proof", primary(), chemoradiation(), lung(), fact).value is UNKNOWN


def test_unread_biopsy_report_is_pointed_to() -> None:
    text = report("biopsy-any", "2026-01-20", free_text=True)
    assert finding("biopsy_proof", primary(), chemoradiation(), lung(), text).possible[0].reference == text.reference


def test_benign_biopsy_is_no_until_a_malignant_one() -> None:
    benign = observed("own-biopsy-malignant", False, "2026-02-01")
    facts = (primary(), chemoradiation(), lung())
    assert finding("biopsy_proof", *facts, benign).is_no
    assert finding("biopsy_proof", *facts, benign, observed("own-biopsy-malignant", True, "2026-03-01")).is_yes
    assert finding("biopsy_proof", *facts, benign, observed("own-biopsy-malignant", True, "2026-01-20")).is_no
    assert finding("biopsy_proof", *facts, benign, observed("own-biopsy-malignant", True, "2026-02-01")).note == (
        CONTRADICTION
    )
    assert finding("biopsy_proof", *facts, benign, Gap(key="diagnosticReports", cause="refused")).value is UNKNOWN


def test_benign_biopsy_before_treatment_says_nothing() -> None:
    early = observed("own-biopsy-malignant", False, "2024-01-02")
    assert finding("biopsy_proof", primary(), chemoradiation(), lung(), early) == Finding()


def test_own_biopsy_code_speaks_of_the_recurrence_without_treatment_dates() -> None:
    own = observed("own-biopsy-malignant", True, "2026-01-20")
    local = diagnosis("cervical-cancer-local-recurrence", None)
    assert finding("biopsy_proof", primary(), local, own).is_yes


# ---------------------------------------------------------------------------------------------------------- properties

_FACTS = (
    primary(),
    primary("2023-05-01", clinical=ClinicalStatus.RECURRENCE),
    chemoradiation(),
    hysterectomy("2024-08-01"),
    treatment("radiotherapy-pelvis", "2025-06-01", "2025-07-01", reference="Procedure/salvage"),
    lung(),
    lung("2024-01-12"),
    status(REMISSION, "2024-12-01", reference="Observation/free"),
    status(WORSENED, "2026-02-01", reference="Observation/worse"),
    observed("own-biopsy-malignant", False, "2026-02-03", reference="Observation/benign"),
    observed("own-biopsy-malignant", True, "2026-02", reference="Observation/malignant"),
    diagnosis("other-primary-cancer", "2015", reference="Condition/breast"),
    observed("own-tumour-at-site", True, -20, sites="site-lung", reference="Observation/seen"),
)


@given(facts=st.lists(st.sampled_from(_FACTS), unique=True), data=st.data())
def test_order_never_matters(facts: list[object], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(facts))
    assert course(*facts) == course(*shuffled)
    assert timeline(*facts) == timeline(*shuffled)


@given(facts=st.lists(st.sampled_from(_FACTS), unique=True))
def test_unrelated_facts_change_nothing(facts: list[object]) -> None:
    more = [diagnosis("hypertension", -90), observed("body-weight", 70, -3, unit="kg"), treatment("nephrostomy", -40)]
    assert course(*facts) == course(*facts, *more)


@given(facts=st.lists(st.sampled_from(_FACTS), unique=True))
def test_missing_data_never_make_a_no(facts: list[object]) -> None:
    gaps = [Gap(key=key, cause="refused", partial=True) for key in ("conditions", "observations")]
    for name in ("recurrence", "biopsy_proof", "cervical_cancer"):
        assert finding(name, *facts, *gaps).value is not NO
