"""Drugs and lines given, operations done and planned."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.features import radiotherapy
from fhir_mappings.features.course import Timeline
from fhir_mappings.features.statements import CONTRADICTION, Statement
from fhir_mappings.features.treatment import derive_treatment, past_operations, planned_operations
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import (
    Dose,
    Drug,
    DrugRecord,
    Exposure,
    Gap,
    Intent,
    Occurrence,
    Priority,
    Route,
    Treatment,
    Unreadable,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from tests.history_builders import TODAY, WINDOWS, diagnosis, drug, history, observed, plan, treatment, when

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN
RECURRED = Timeline(
    treated_until=when("2024-04-20"), evidence_since=when("2025-10-20"), advanced_since=when("2025-10-20")
)
COURSE = treatment(
    "radiotherapy-course-summary", "2024-03-01", "2024-04-20", sites="site-pelvis", reference="Procedure/rt"
)


def features(*facts: object, timeline: Timeline = RECURRED) -> dict[str, Feature]:
    record = history(*facts)
    courses = radiotherapy.courses(record, TODAY, WINDOWS)
    return derive_treatment(record, TODAY, courses=courses, timeline=timeline)


def finding(name: str, *facts: object, timeline: Timeline = RECURRED) -> Finding:
    found = features(*facts, timeline=timeline)[name]
    assert isinstance(found, Finding)
    return found


def amount(name: str, *facts: object, timeline: Timeline = RECURRED) -> Amount:
    found = features(*facts, timeline=timeline)[name]
    assert isinstance(found, Amount)
    return found


def moment(name: str, *facts: object) -> Moment:
    found = features(*facts)[name]
    assert isinstance(found, Moment)
    return found


def lines(*facts: object, timeline: Timeline = RECURRED) -> Amount:
    return amount("systemic_lines", *facts, timeline=timeline)


def cycles(name: str, first: str, count: int, *, every: int = 21, **more: object) -> list[Drug]:
    start = dt.date.fromisoformat(first)
    days = [start + dt.timedelta(days=every * number) for number in range(count)]
    return [
        drug(name, day, reference=f"MedicationAdministration/{name}-{day}", **more)  # type: ignore[arg-type]  # passed through
        for day in days
    ]


def statement(name: str, start: str | int | None, end: str | int | None = None, **more: object) -> Drug:
    return drug(name, start, end, kind=DrugRecord.STATEMENT, **more)  # type: ignore[arg-type]  # passed through


def ordered(name: str, start: str | int | None) -> Drug:
    return drug(name, start, kind=DrugRecord.REQUEST, exposure=Exposure.POSSIBLE)


# ------------------------------------------------------------------------------------------------------- earlier drugs

QUESTIONS = [
    ("prior_platinum", "cisplatin", "own-prior-platinum"),
    ("prior_platinum", "carboplatin", "own-prior-platinum"),
    ("prior_ici", "pembrolizumab", "own-prior-immune-checkpoint-inhibitor"),
    ("prior_ici", "cemiplimab", "own-prior-immune-checkpoint-inhibitor"),
    ("prior_ici", "atezolizumab-hyaluronidase", "own-prior-immune-checkpoint-inhibitor"),
    ("prior_ici", "nivolumab", "own-prior-immune-checkpoint-inhibitor"),
    ("prior_bev", "bevacizumab", "own-prior-bevacizumab"),
    ("prior_tv", "tisotumab-vedotin", "own-prior-tisotumab-vedotin"),
]


@pytest.mark.parametrize(("name", "given_drug", "question"), QUESTIONS)
def test_earlier_drug(name: str, given_drug: str, question: str) -> None:
    assert finding(name).value is UNKNOWN
    assert finding(name, drug(given_drug, "2024-03-01")).is_yes
    assert finding(name, statement(given_drug, "2024-03-01")).is_yes
    assert finding(name, treatment("chemotherapy-procedure", "2024-03-01", drugs=given_drug)).is_yes
    assert finding(name, observed(question, True, -10)).is_yes
    assert finding(name, observed(question, False, -10)).is_no
    order = finding(name, ordered(given_drug, "2024-03-01"))
    assert order.value is UNKNOWN
    assert order.possible


@pytest.mark.parametrize("name", ["prior_platinum", "prior_ici", "prior_bev", "prior_tv"])
def test_an_unrelated_drug_says_nothing(name: str) -> None:
    assert finding(name, drug("docetaxel", "2024-03-01")) == Finding()


@pytest.mark.parametrize(
    "record",
    [
        drug("pembrolizumab", "2024-03-01", exposure=Exposure.PLANNED),
        drug("pembrolizumab", "2024-03-01", exposure=Exposure.NOT_TAKEN),
        drug("pembrolizumab", 5),
        treatment("chemotherapy-procedure", "2024-03-01", drugs="pembrolizumab", occurrence=Occurrence.NOT_DONE),
        treatment("chemotherapy-procedure", "2024-03-01", drugs="pembrolizumab", occurrence=Occurrence.PLANNED),
        treatment("chemotherapy-procedure", 5, drugs="pembrolizumab"),
    ],
)
def test_drug_that_did_not_reach_the_patient(record: object) -> None:
    assert finding("prior_ici", record) == Finding()


def test_stopped_treatment_is_exposure() -> None:
    stopped = treatment("chemotherapy-procedure", "2024-03-01", drugs="cisplatin", occurrence=Occurrence.STOPPED)
    assert finding("prior_platinum", stopped).is_yes


def test_a_missing_dose_is_no_denial() -> None:
    missed = drug("cisplatin", "2024-03-29", exposure=Exposure.NOT_TAKEN)
    assert finding("prior_platinum", missed).value is UNKNOWN
    assert finding("prior_platinum", missed, drug("cisplatin", "2024-03-01")).is_yes


def test_not_taken_statement_of_every_drug_of_the_kind_is_no() -> None:
    never = {"kind": DrugRecord.STATEMENT, "exposure": Exposure.NOT_TAKEN}
    assert finding(
        "prior_tv", drug("tisotumab-vedotin", "2025-01-01", kind=DrugRecord.STATEMENT, exposure=Exposure.NOT_TAKEN)
    ).is_no
    cisplatin = drug("cisplatin", "2025-01-01", kind=never["kind"], exposure=never["exposure"])  # type: ignore[arg-type]  # table
    carboplatin = drug("carboplatin", "2025-01-01", kind=never["kind"], exposure=never["exposure"])  # type: ignore[arg-type]  # table
    assert finding("prior_platinum", cisplatin).value is UNKNOWN
    assert finding("prior_platinum", cisplatin, carboplatin).is_no
    gap = Gap(key="medicationAdministrations", cause="refused")
    assert finding("prior_platinum", cisplatin, carboplatin, gap).value is UNKNOWN


def test_drug_known_by_its_exact_name_counts() -> None:
    named = drug("bevacizumab", "2024-03-01", by_name=True, text_only=True, text="Mvasi")
    found = finding("prior_bev", named)
    assert found.is_yes
    assert found.evidence[0].text == "Mvasi given (by name)"
    assert finding("prior_bev", drug("bevacizumab", "2024-03-01", text_only=True)).value is UNKNOWN


def test_statement_against_records() -> None:
    denied = "own-prior-platinum"
    assert finding("prior_platinum", drug("cisplatin", -10), observed(denied, False, -20)).is_yes
    torn = finding("prior_platinum", drug("cisplatin", -20), observed(denied, False, -10))
    assert torn.value is UNKNOWN
    assert torn.note == CONTRADICTION
    assert finding("prior_platinum", observed(denied, False, -10), observed(denied, True, -10)).note == CONTRADICTION
    assert finding("prior_platinum", observed(denied, True, -10), observed(denied, False, -9)).is_no


def test_an_order_after_the_statement_keeps_it_open() -> None:
    denied = observed("own-prior-tisotumab-vedotin", False, -20)
    assert finding("prior_tv", ordered("tisotumab-vedotin", -10), denied).value is UNKNOWN
    assert finding("prior_tv", ordered("tisotumab-vedotin", -30), denied).is_no


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("observations", UNKNOWN),
        ("questionnaireResponses", UNKNOWN),
        ("medicationStatements", NO),
        ("medicationAdministrations", NO),
    ],
)
def test_statement_of_none_and_missing_data(key: str, value: Tri) -> None:
    found = finding("prior_ici", observed("own-prior-immune-checkpoint-inhibitor", False, -10), Gap(key=key, cause="x"))
    assert found.value is value
    assert "not obtained" in found.note


def test_unreadable_record_of_the_drug_keeps_a_no_away() -> None:
    unread = Unreadable(
        reference="MedicationAdministration/9",
        resource_type="MedicationAdministration",
        cause="bad",
        concepts=frozenset({"pembrolizumab"}),
    )
    assert finding("prior_ici", observed("own-prior-immune-checkpoint-inhibitor", False, -10), unread).value is UNKNOWN


def test_absence_says_nothing_and_names_what_was_not_obtained() -> None:
    found = finding("prior_ici", Gap(key="medicationStatements", cause="refused"))
    assert found.value is UNKNOWN
    assert found.note == "medication history not obtained"


# --------------------------------------------------------------------------------------------------------- last doses

_BIOSIMILARS = [
    "bevacizumab",
    *(f"bevacizumab-{suffix}" for suffix in ("adcd", "awwb", "bvzr", "maly", "nwgd", "tnjn")),
]


@pytest.mark.parametrize("name", _BIOSIMILARS)
def test_last_bevacizumab_of_any_maker(name: str) -> None:
    found = moment("last_bev_date", drug(name, -30), drug(name, -9), drug("bevacizumab", -50))
    assert found.date == when(-9)
    assert len(found.evidence) == 1


@pytest.mark.parametrize(
    "record",
    [
        drug("bevacizumab", -9, route=Route.OPHTHALMIC),
        drug("bevacizumab", -9, route=Route.OTHER),
        drug("bevacizumab", -9, dose=Dose(value=1.25, unit="mg")),
        drug("bevacizumab", -9, dose=Dose(value=5, unit="mg")),
        drug("bevacizumab-ophthalmic", -9),
        ordered("bevacizumab", -9),
        drug("bevacizumab", 1),
        drug("bevacizumab", -9, exposure=Exposure.NOT_TAKEN),
    ],
)
def test_eye_injections_orders_and_doses_not_given_are_no_last_dose(record: Drug) -> None:
    assert not moment("last_bev_date", record).known
    assert not finding("prior_bev", record).is_yes


@pytest.mark.parametrize(
    "dose", [Dose(value=5.1, unit="mg"), Dose(value=5, unit="mg/kg"), Dose(value=900, unit="mg"), None]
)
def test_systemic_doses_count(dose: Dose | None) -> None:
    assert moment("last_bev_date", drug("bevacizumab", -9, dose=dose)).known


def test_last_dose_of_an_open_statement_lies_between_start_and_today() -> None:
    found = moment("last_bev_date", statement("bevacizumab", -100))
    assert found.date == PartialDate(TODAY - dt.timedelta(days=100), TODAY)
    dose = moment("last_bev_date", statement("bevacizumab", -100), drug("bevacizumab", -30))
    assert dose.date == PartialDate(TODAY - dt.timedelta(days=30), TODAY)
    closed = moment("last_bev_date", statement("bevacizumab", -100, 30))
    assert closed.date == PartialDate.on(TODAY)


def test_undated_dose_is_possible() -> None:
    found = moment("last_tv_date", statement("tisotumab-vedotin", None))
    assert not found.known
    assert found.possible


def test_protein_bound_paclitaxel_is_not_paclitaxel() -> None:
    assert not moment("last_paclitaxel_date", drug("paclitaxel-protein-bound", -9)).known
    assert moment("last_paclitaxel_date", drug("paclitaxel-formulation-unspecified", -9)).date == when(-9)
    assert moment("last_topotecan_date", drug("topotecan", -9)).date == when(-9)


def test_tisotumab_doses() -> None:
    doses = cycles("tisotumab-vedotin", "2026-09-01", 3)
    assert amount("tv_doses", *doses).value == 3
    assert amount("tv_doses", *doses, doses[0]).value == 3
    assert (amount("tv_doses", *doses, drug("tisotumab-vedotin", "2026-11")).low) == 3
    assert (amount("tv_doses", *doses, drug("tisotumab-vedotin", "2026-11")).high) == 4
    assert not amount("tv_doses", statement("tisotumab-vedotin", "2026-09-01")).known
    assert not amount("tv_doses", *doses, Gap(key="medicationAdministrations", cause="x", partial=True)).known
    assert not amount("tv_doses").known
    assert amount("tv_doses", observed("own-prior-tisotumab-vedotin", False, -10)).value == 0


# --------------------------------------------------------------------------------------------------------------- lines

FIRST = [
    *cycles("cisplatin", "2025-12-01", 6),
    *cycles("paclitaxel-conventional", "2025-12-01", 6),
    *cycles("bevacizumab-awwb", "2025-12-01", 12),
]
SECOND = cycles("tisotumab-vedotin", "2026-09-01", 3)


def test_drugs_with_overlapping_periods_are_one_line() -> None:
    found = lines(*FIRST)
    assert found.value == 1
    assert len(found.evidence) == 24
    assert lines(*FIRST, *SECOND).value == 2


def test_a_line_that_starts_soon_after_another_is_a_line_of_its_own() -> None:
    assert lines(*FIRST, *cycles("cemiplimab", "2026-08-03", 2)).value == 2


@pytest.mark.parametrize(("second_start", "value"), [("2026-01-12", 1), ("2026-01-13", 2)])
def test_one_drug_with_a_gap_of_six_weeks(second_start: str, value: int) -> None:
    assert lines(drug("topotecan", "2025-12-01"), drug("topotecan", second_start)).value == value


def test_switch_of_platinum_inside_a_regimen_is_no_new_line() -> None:
    switched = [
        *cycles("cisplatin", "2025-12-01", 2),
        *cycles("carboplatin", "2026-01-12", 4),
        *cycles("paclitaxel-conventional", "2025-12-01", 6),
    ]
    assert lines(*switched).value == 1


def test_maintenance_with_a_drug_of_the_regimen_is_no_new_line() -> None:
    assert lines(*FIRST, *cycles("bevacizumab-awwb", "2026-08-10", 4)).value == 1


def test_chemoradiation_is_no_line() -> None:
    weekly = cycles("cisplatin", "2024-03-01", 5, every=7)
    assert not lines(COURSE, *weekly).known
    salvage = treatment("radiotherapy-pelvis", "2025-11-10", "2025-12-20", reference="Procedure/salvage")
    during = cycles("cisplatin", "2025-11-10", 5, every=7)
    assert not lines(COURSE, salvage, *during).known
    assert lines(COURSE, salvage, *during, *SECOND).value == 1
    chemoradiation = treatment("chemoradiation", "2025-11-10", "2025-12-20", drugs="cisplatin")
    assert not lines(chemoradiation).known


def test_chemoradiation_with_a_single_recorded_day_leaves_the_line_open() -> None:
    one_day = treatment("radiotherapy-pelvis", "2025-12-20", reference="Procedure/one")
    found = lines(one_day, *cycles("cisplatin", "2025-11-10", 5, every=7))
    assert not found.known
    assert found.possible


def test_palliative_radiotherapy_beside_a_regimen_makes_no_chemoradiation() -> None:
    palliative = treatment("radiotherapy-pelvis", "2025-12-01", "2025-12-12", intent=Intent.PALLIATIVE)
    assert lines(palliative, *FIRST).value == 1
    bone = treatment("radiotherapy-bone-outside-pelvis", "2025-12-01", "2025-12-12")
    assert lines(bone, *cycles("cisplatin", "2025-12-01", 4)).value == 1


@pytest.mark.parametrize(
    "neoadjuvant",
    [
        cycles("carboplatin", "2024-01-05", 2),
        cycles("carboplatin", "2024-06-01", 4),
        cycles("pembrolizumab", "2024-03-10", 12),
    ],
)
def test_treatment_before_the_first_recurrence_is_no_line(neoadjuvant: list[Drug]) -> None:
    assert not lines(COURSE, *neoadjuvant).known
    assert not lines(COURSE, *neoadjuvant).possible


def test_curative_intent_is_no_line_and_palliative_intent_or_metastasis_as_reason_is_one() -> None:
    assert not lines(*cycles("carboplatin", "2025-12-01", 4, intent=Intent.CURATIVE)).known
    unknown_recurrence = Timeline()
    assert (
        lines(*cycles("carboplatin", "2025-12-01", 4, intent=Intent.PALLIATIVE), timeline=unknown_recurrence).value == 1
    )
    reason = cycles("carboplatin", "2025-12-01", 4, reasons="metastasis-lung")
    assert lines(*reason, timeline=unknown_recurrence).value == 1


def test_regimen_without_recurrence_date_intent_or_reason_is_only_possible() -> None:
    found = lines(*FIRST, timeline=Timeline())
    assert not found.known
    assert found.possible


def test_metastatic_primary_counts_from_its_first_evidence() -> None:
    primary = Timeline(advanced_since=when("2024-01-12"))
    assert lines(*cycles("carboplatin", "2024-02-01", 6), timeline=primary).value == 1


def test_treatment_of_another_cancer_is_only_possible() -> None:
    other = Timeline(
        advanced_since=when("2025-10-20"), other_primary=Finding(YES, (Evidence("Condition/b", "breast"),))
    )
    assert not lines(*FIRST, timeline=other).known
    assert lines(*cycles("carboplatin", "2025-12-01", 4, reasons="cervical-cancer"), timeline=other).value == 1


@pytest.mark.parametrize("name", ["fluorouracil-topical", "gemcitabine-intravesical", "warfarin", "nsaid-systemic"])
def test_local_and_other_drugs_are_no_line(name: str) -> None:
    assert lines(*cycles(name, "2025-12-01", 4)) == Amount()


def test_absence_of_drug_records_is_unknown_and_never_zero() -> None:
    assert lines() == Amount()
    assert lines(Gap(key="medicationStatements", cause="refused")).note == "medication history not obtained"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_stated_number_of_lines(number: int) -> None:
    assert lines(observed("own-systemic-lines-recurrent", number, -10)).value == number


def test_stated_number_and_records() -> None:
    stated = "own-systemic-lines-recurrent"
    assert lines(*FIRST, observed(stated, 1, "2026-08-20")).value == 1
    assert lines(*FIRST, *SECOND, observed(stated, 1, "2026-08-20")).value == 2
    torn = lines(*FIRST, observed(stated, 0, "2026-08-20"))
    assert (torn.low, torn.high) == (0, 1)
    assert torn.note == CONTRADICTION
    assert lines(observed(stated, 0, -10), observed(stated, 1, -10)).note == CONTRADICTION
    assert lines(observed(stated, 0, -10), observed(stated, 1, -9)).value == 1
    assert not lines(observed(stated, 0, -10), Gap(key="observations", cause="refused", partial=True)).known
    assert lines(observed(stated, 2, -10), Gap(key="observations", cause="refused", partial=True)).value == 2


def test_orders_and_unnamed_chemotherapy_are_possible_lines() -> None:
    order = lines(ordered("carboplatin", "2025-12-01"))
    assert not order.known
    assert order.possible
    unnamed = treatment("chemotherapy-procedure", "2026-09-01")
    assert lines(unnamed).possible
    more = lines(*FIRST, unnamed)
    assert (more.low, more.high) == (1, 2)
    past = diagnosis("history-of-chemotherapy")
    assert lines(past).possible


def test_unnamed_chemotherapy_that_the_record_explains_is_no_line() -> None:
    assert lines(*FIRST, treatment("chemotherapy-procedure", "2025-12-22")).value == 1
    assert lines(COURSE, treatment("chemotherapy-procedure", "2024-03-08")) == Amount()
    assert lines(treatment("chemotherapy-procedure", "2024-01-08")) == Amount()
    assert lines(treatment("chemotherapy-procedure", 5)) == Amount()


def worse(date: str) -> Timeline:
    sign = Statement(True, when(date), Evidence("Observation/w", "worsened", when(date)))
    return Timeline(advanced_since=when("2025-10-20"), worsened=(sign,))


@pytest.mark.parametrize(
    ("facts", "date", "value"),
    [
        (FIRST, "2026-08-20", YES),
        (FIRST, "2025-12-01", UNKNOWN),
        (FIRST, "2025-12", UNKNOWN),
        (FIRST, "2025-11-01", UNKNOWN),
        ([], "2026-08-20", UNKNOWN),
    ],
)
def test_progression_is_worsening_after_the_start_of_a_line(facts: list[Drug], date: str, value: Tri) -> None:
    assert finding("progressed_on_after_systemic", *facts, timeline=worse(date)).value is value


def test_stated_progression() -> None:
    name = "progressed_on_after_systemic"
    concept = "own-progressed-after-systemic"
    assert finding(name, observed(concept, True, -10)).is_yes
    assert finding(name, observed(concept, False, -10)).is_no
    torn = finding(name, *FIRST, observed(concept, False, -10), timeline=worse("2026-08-20"))
    assert torn.value is UNKNOWN
    assert torn.note == CONTRADICTION
    assert finding(name, observed(concept, False, -10), Gap(key="observations", cause="x")).value is UNKNOWN


# --------------------------------------------------------------------------------------------------------- operations


def same_day(*concepts: str, day: str = "2025-01-10", first: int = 1) -> list[Treatment]:
    return [treatment(each, day, reference=f"Procedure/{first + n}") for n, each in enumerate(concepts)]


HYSTERECTOMY_PARTS = ("uterus-resection-component", "cervix-resection-component")
ANTERIOR = ("vagina-resection", "bladder-resection", "urethra-resection-component")


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        (("pelvic-exenteration",), YES),
        ((*HYSTERECTOMY_PARTS, *ANTERIOR), YES),
        ((*HYSTERECTOMY_PARTS, "vagina-resection", "rectum-resection"), YES),
        ((*HYSTERECTOMY_PARTS, *ANTERIOR, "rectum-resection", "bowel-resection"), YES),
        (("radical-hysterectomy", *ANTERIOR), YES),
        (ANTERIOR, UNKNOWN),
        (HYSTERECTOMY_PARTS, UNKNOWN),
        ((*HYSTERECTOMY_PARTS, "uterine-support-resection-component"), UNKNOWN),
        (("radical-hysterectomy",), UNKNOWN),
        (("hysterectomy-total",), UNKNOWN),
        (("trachelectomy",), UNKNOWN),
        (("bladder-resection", "urethra-resection-component"), UNKNOWN),
        (("rectum-resection", "bowel-resection"), UNKNOWN),
        ((*HYSTERECTOMY_PARTS, "rectum-resection"), UNKNOWN),
    ],
)
def test_exenteration_by_code_or_by_its_parts_of_one_day(parts: tuple[str, ...], value: Tri) -> None:
    found = finding("prior_exenteration", *same_day(*parts))
    assert found.value is value
    if value is YES:
        assert len(found.evidence) == len(parts)


def test_parts_of_different_days_are_no_exenteration() -> None:
    parts = [
        *same_day(*HYSTERECTOMY_PARTS, "vagina-resection"),
        *same_day("rectum-resection", day="2025-01-11", first=9),
    ]
    assert finding("prior_exenteration", *parts).value is UNKNOWN


def test_exenteration_after_an_earlier_hysterectomy() -> None:
    earlier = treatment("radical-hysterectomy", "2022-01-01", reference="Procedure/old")
    assert finding("prior_exenteration", earlier, *same_day(*ANTERIOR)).is_yes


@pytest.mark.parametrize(
    ("occurrence", "value"),
    [
        (Occurrence.NOT_DONE, NO),
        (Occurrence.PLANNED, UNKNOWN),
        (Occurrence.STOPPED, UNKNOWN),
        (Occurrence.UNKNOWN, UNKNOWN),
    ],
)
def test_exenteration_that_was_not_completed(occurrence: Occurrence, value: Tri) -> None:
    record = treatment("pelvic-exenteration", "2025-01-10", occurrence=occurrence)
    assert finding("prior_exenteration", record).value is value
    gap = Gap(key="procedures", cause="refused", partial=True)
    assert finding("prior_exenteration", record, gap).value is UNKNOWN


def test_exenteration_not_done_once_and_done_later() -> None:
    refused = treatment("pelvic-exenteration", "2025-01-10", occurrence=Occurrence.NOT_DONE)
    assert finding("prior_exenteration", refused, treatment("pelvic-exenteration", "2025-02-10")).is_yes


@pytest.mark.parametrize(
    "concept",
    ["radical-hysterectomy", "bowel-resection", "pelvic-exenteration", "major-surgery-other", "pelvic-lymphadenectomy"],
)
@pytest.mark.parametrize("days_ago", [27, 28, 29])
def test_last_major_surgery_by_day(concept: str, days_ago: int) -> None:
    found = moment("last_major_surgery_date", treatment(concept, -days_ago), treatment(concept, -300))
    assert found.date == when(-days_ago)


@pytest.mark.parametrize(
    "record",
    [
        treatment("nephrostomy", -10),
        treatment("biopsy-any", -10),
        treatment("radiotherapy-brachytherapy-gynaecological-device", -10),
        treatment("bowel-resection", 10),
        treatment("bowel-resection", -10, occurrence=Occurrence.PLANNED),
        treatment("bowel-resection", -10, occurrence=Occurrence.NOT_DONE),
        plan("bowel-resection", -10),
    ],
)
def test_minor_planned_and_future_operations_are_no_major_surgery(record: object) -> None:
    assert moment("last_major_surgery_date", record) == Moment()
    assert past_operations(history(record), TODAY) == ()


def test_operation_of_unstated_extent_or_date_is_possible() -> None:
    for record in (treatment("surgery-any", -10), treatment("bowel-resection", None)):
        found = moment("last_major_surgery_date", record)
        assert not found.known
        assert found.possible


def test_stopped_operation_left_a_wound() -> None:
    stopped = treatment("bowel-resection", -10, occurrence=Occurrence.STOPPED)
    assert moment("last_major_surgery_date", stopped).date == when(-10)
    (operation,) = past_operations(history(stopped), TODAY)
    assert operation.date == when(-10)
    assert not operation.minor


@pytest.mark.parametrize("days_ahead", [27, 28, 29])
def test_planned_operation_by_day(days_ahead: int) -> None:
    assert moment("planned_surgery_date", plan("bowel-resection", days_ahead)).date == when(days_ahead)
    booked = treatment("bowel-resection", days_ahead, occurrence=Occurrence.PLANNED)
    assert moment("planned_surgery_date", booked).date == when(days_ahead)


@pytest.mark.parametrize(
    ("record", "minor", "urgent", "exenteration"),
    [
        (plan("bowel-resection", 18), False, False, False),
        (plan("bowel-resection", 18, priority=Priority.ELECTIVE), False, False, False),
        (plan("bowel-resection", 18, priority=Priority.URGENT), False, True, False),
        (plan("pelvic-exenteration", 18), False, False, True),
        (plan("surgery-any", 18), False, False, False),
        (plan("nephrostomy", 18), True, False, False),
        (plan("biopsy-any", 18), True, False, False),
        (plan("radiotherapy-brachytherapy-gynaecological-device", 18), True, False, False),
        (treatment("bowel-resection", 18, occurrence=Occurrence.PLANNED), False, False, False),
    ],
)
def test_planned_operations_and_their_flags(record: object, minor: bool, urgent: bool, exenteration: bool) -> None:
    (operation,) = planned_operations(history(record), TODAY)
    assert operation.date == when(18)
    assert (operation.minor, operation.urgent, operation.exenteration) == (minor, urgent, exenteration)
    assert moment("planned_surgery_date", record).known == (not minor and not urgent)


@pytest.mark.parametrize(
    "record",
    [
        plan("bowel-resection", 18, active=False),
        plan("imaging-pet-ct", 18),
        plan("radiotherapy-pelvis", 18),
        treatment("bowel-resection", 18, occurrence=Occurrence.NOT_DONE),
    ],
)
def test_what_is_no_planned_operation(record: object) -> None:
    assert planned_operations(history(record), TODAY) == ()


def test_next_planned_operation_is_the_earliest_ahead() -> None:
    plans = (plan("bowel-resection", 40), plan("bowel-resection", 18), plan("bowel-resection", -5))
    assert moment("planned_surgery_date", *plans).date == when(18)
    assert len(planned_operations(history(*plans), TODAY)) == 3
    assert not moment("planned_surgery_date", plan("bowel-resection", -5)).known


def test_planned_operation_without_a_date_is_pointed_to() -> None:
    found = moment("planned_surgery_date", plan("bowel-resection", None))
    assert not found.known
    assert found.possible
    assert found.note == "date of the planned operation not recorded"


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ((observed("own-surgical-wound-healed", True, -5),), YES),
        ((observed("own-surgical-wound-healed", False, -5),), NO),
        ((observed("own-surgical-wound-healed", True, -40), treatment("bowel-resection", -30)), UNKNOWN),
        ((observed("own-surgical-wound-healed", False, -10), observed("own-surgical-wound-healed", True, -5)), YES),
        ((observed("own-surgical-wound-healed", False, -5), Gap(key="observations", cause="x")), UNKNOWN),
        ((treatment("bowel-resection", -30),), UNKNOWN),
    ],
)
def test_wound(facts: tuple[object, ...], value: Tri) -> None:
    assert finding("wound_healed", *facts).value is value


# ---------------------------------------------------------------------------------------------------------- properties

_FACTS = (
    COURSE,
    *FIRST[::5],
    *SECOND,
    statement("carboplatin", "2025-12-05", "2026-02-01", reference="MedicationStatement/1"),
    ordered("pembrolizumab", "2026-03-01"),
    observed("own-systemic-lines-recurrent", 1, "2026-08-20", reference="Observation/1"),
    observed("own-prior-platinum", False, "2026-08-20", reference="Observation/2"),
    treatment("chemotherapy-procedure", "2026-02-03", reference="Procedure/c"),
    plan("bowel-resection", 18, reference="ServiceRequest/1"),
    *same_day(*HYSTERECTOMY_PARTS, *ANTERIOR),
)


@given(facts=st.lists(st.sampled_from(_FACTS), unique_by=lambda fact: fact.reference), data=st.data())
def test_order_never_matters(facts: list[object], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(facts))
    assert features(*facts) == features(*shuffled)
    assert planned_operations(history(*facts), TODAY) == planned_operations(history(*shuffled), TODAY)
    assert past_operations(history(*facts), TODAY) == past_operations(history(*shuffled), TODAY)


@given(facts=st.lists(st.sampled_from(_FACTS), unique_by=lambda fact: fact.reference))
def test_unrelated_facts_change_nothing(facts: list[object]) -> None:
    more = [diagnosis("hypertension", -9), drug("warfarin", -9), observed("body-weight", 70, -3, unit="kg")]
    assert features(*facts) == features(*facts, *more)
