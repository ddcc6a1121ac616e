"""Facts about one draft order: doses, days, company."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.order_facts import (
    DATE_WORDS,
    DATED_EVENTS,
    ORDER_FACTS,
    facts_of_today,
)
from cds_service.guideline.judgements import JUDGEMENTS, read_by
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Amount, Feature, Finding, Moment
from fhir_mappings.history import Intent, Priority
from fhir_mappings.kleene import Tri
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    NO,
    TODAY,
    YES,
    amount,
    between_days,
    day,
    draft,
    facts_of,
    on,
    operation,
)


def span(facts: dict[str, Feature], name: str) -> tuple[float | None, float | None]:
    found = facts[name]
    assert isinstance(found, Amount)
    return found.low, found.high


def value(facts: dict[str, Feature], name: str) -> float | None:
    found = facts[name]
    assert isinstance(found, Amount)
    return found.value


def tri(facts: dict[str, Feature], name: str) -> Tri:
    found = facts[name]
    assert isinstance(found, Finding)
    return found.value


def test_every_fact_has_words_and_no_fact_hides_a_feature() -> None:
    assert facts_of(draft()).keys() == ORDER_FACTS.keys()
    assert not ORDER_FACTS.keys() & FEATURES.keys()
    assert DATE_WORDS.keys() | DATED_EVENTS.keys() <= ORDER_FACTS.keys()
    assert set(DATED_EVENTS.values()) <= FEATURES.keys()


def test_a_bare_draft_of_an_unknown_patient_answers_nothing_but_its_date() -> None:
    facts = facts_of(draft("cisplatin"))
    known = {name for name, feature in facts.items() if feature.known}
    assert known == {"order_date", "platinum_in_drafts", "cisplatin_in_drafts", "bevacizumab_in_drafts"}


@pytest.mark.parametrize("concept", ["bevacizumab", "pembrolizumab"])
def test_the_facts_of_today_are_those_of_the_drug_ordered_alone_and_all_that_judgements_read(concept: str) -> None:
    patient = {
        "severe_haemorrhage_date": on(-20),
        "last_bev_date": on(between_days(-40, -30)),
        "pet_ct_date": on(-9),
        "planned_operations": (operation(9), operation(3, urgent=True), operation(None)),
        "past_operations": (operation(-12),),
    }
    found = facts_of_today(RecurrenceFeatures(**patient), TODAY)  # type: ignore[arg-type]  # as facts_of takes them
    alone = facts_of(draft(concept, reference=""), **patient)
    assert found == {name: alone[name] for name in found}
    assert {name for judgement in JUDGEMENTS for name in read_by(judgement)} & ORDER_FACTS.keys() <= found.keys()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"start": 3, "authored": day(-2)}, day(3)), ({"authored": day(-2)}, day(-2)), ({}, day(0))],
)
def test_the_date_of_an_order_is_its_start_else_authored_else_today(fields: dict[str, Any], expected: Any) -> None:
    found = facts_of(draft(**fields))["order_date"]
    assert isinstance(found, Moment)
    assert found.date == expected


# ------------------------------------------------------------------------------- doses


@pytest.mark.parametrize(
    ("dose", "expected"),
    [((1050, "mg"), (1050, 15, 600)), ((15, "mg/kg"), (1050, 15, 600)), ((600, "mg/m2"), (1050, 15, 600))],
)
def test_doses_turn_into_one_another(dose: tuple[float, str], expected: tuple[float, ...]) -> None:
    facts = facts_of(draft("bevacizumab", dose), weight_kg=amount(70, "kg"), bsa_m2=amount(1.75, "m2"))
    assert tuple(value(facts, name) for name in ("dose_mg", "dose_mg_per_kg", "dose_mg_per_m2")) == expected


def test_grams_are_a_flat_dose() -> None:
    assert value(facts_of(draft("carboplatin", (0.6, "g"))), "dose_mg") == 600


def test_without_weight_and_surface_only_the_ordered_unit_is_known() -> None:
    facts = facts_of(draft("bevacizumab", (1050, "mg")))
    assert value(facts, "dose_mg") == 1050
    assert not facts["dose_mg_per_kg"].known
    assert not facts["dose_mg_per_m2"].known
    assert facts["dose_mg"].show() == "1050 mg"


def test_a_weight_of_zero_is_no_weight() -> None:
    facts = facts_of(draft("bevacizumab", (1050, "mg")), weight_kg=amount(0, "kg"))
    assert not facts["dose_mg_per_kg"].known


def test_an_unknown_unit_is_no_dose() -> None:
    facts = facts_of(draft("bevacizumab", (40, "mL")), weight_kg=amount(70, "kg"))
    assert not facts["dose_mg"].known
    assert not facts["dose_mg_per_kg"].known


def test_of_several_instructions_the_largest_dose_counts_and_a_note_says_so() -> None:
    facts = facts_of(draft("topotecan", (1.1, "mg"), (1.3, "mg")))
    assert value(facts, "dose_mg") == 1.3
    assert facts["dose_mg"].note == "largest of several dose instructions"
    assert facts_of(draft("topotecan", (1.3, "mg"), (1.3, "mg")))["dose_mg"].note == ""


@pytest.mark.parametrize(
    ("crcl", "expected"), [(amount(75), 500), (amount(125), 750), (amount(160), 750), (amount(100), 625)]
)
def test_calvert_caps_the_clearance_and_takes_auc_5_unless_ordered(crcl: Amount, expected: float) -> None:
    assert value(facts_of(draft("carboplatin", (500, "mg")), crcl=crcl), "calvert_dose_mg") == expected


def test_calvert_takes_the_ordered_auc() -> None:
    facts = facts_of(draft("carboplatin", (6, "{AUC}"), (500, "mg")), crcl=amount(75))
    assert value(facts, "dose_auc") == 6
    assert value(facts, "calvert_dose_mg") == 600
    assert value(facts, "calvert_deviation_percent") == pytest.approx(16.666667)


def test_an_order_in_auc_only_is_as_calvert_says() -> None:
    facts = facts_of(draft("carboplatin", (5, "{AUC}")), crcl=amount(75))
    assert value(facts, "dose_mg") == 500
    assert value(facts, "calvert_deviation_percent") == 0


@pytest.mark.parametrize(("dose", "percent"), [(450, 10), (550, 10), (500, 0), (449, 10.2), (551, 10.2)])
def test_deviation_from_calvert_has_no_sign(dose: float, percent: float) -> None:
    facts = facts_of(draft("carboplatin", (dose, "mg")), crcl=amount(75))
    assert value(facts, "calvert_deviation_percent") == percent


def test_a_bounded_clearance_gives_a_bounded_deviation() -> None:
    facts = facts_of(draft("carboplatin", (500, "mg")), crcl=Amount(55, 95, "mL/min"))
    assert span(facts, "calvert_dose_mg") == (400, 600)
    assert span(facts, "calvert_deviation_percent") == (0, 25)


def test_calvert_is_for_carboplatin_and_asks_for_the_kidneys() -> None:
    assert not facts_of(draft("cisplatin", (80, "mg")), crcl=amount(75))["calvert_dose_mg"].known
    assert not facts_of(draft("carboplatin", (500, "mg")))["calvert_dose_mg"].known


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (None, Tri.UNKNOWN),
        (1, Tri.NO),
        (5, Tri.NO),
        (6, Tri.YES),
        (7, Tri.YES),
        (8, Tri.YES),
        (9, Tri.NO),
        (21, Tri.NO),
    ],
)
def test_weekly_schedule(days: int | None, expected: Tri) -> None:
    assert tri(facts_of(draft("cisplatin", interval_days=days)), "weekly_schedule") is expected


@pytest.mark.parametrize(
    ("dose", "weight", "expected"),
    [
        ((140, "mg"), 70, 0),
        ((154, "mg"), 70, 10),
        ((91, "mg"), 70, 0),
        ((63, "mg"), 70, 0),
        ((200, "mg"), 120, 0),
        ((2, "mg/kg"), 120, 20),
        ((2, "mg/kg"), None, 0),
        ((1.8, "mg/kg"), None, 10),
        ((140, "mg"), None, None),
    ],
)
def test_tisotumab_vedotin_is_measured_against_the_nearest_of_its_three_doses(
    dose: tuple[float, str], weight: float | None, expected: float | None
) -> None:
    features = {} if weight is None else {"weight_kg": amount(weight, "kg")}
    facts = facts_of(draft("tisotumab-vedotin", dose), **features)
    assert value(facts, "tisotumab_deviation_percent") == expected
    assert not facts_of(draft("bevacizumab", dose), **features)["tisotumab_deviation_percent"].known


@pytest.mark.parametrize(("doses", "expected"), [(8, Tri.NO), (9, Tri.YES), (None, Tri.UNKNOWN)])
def test_nine_doses_of_tisotumab_vedotin(doses: int | None, expected: Tri) -> None:
    features = {} if doses is None else {"tv_doses": amount(doses)}
    assert tri(facts_of(draft("tisotumab-vedotin"), **features), "nine_tv_doses_given") is expected


def test_products_for_the_skin_have_their_own_doses() -> None:
    assert tri(facts_of(draft("pembrolizumab-berahyaluronidase")), "subcutaneous_product") is Tri.YES
    assert tri(facts_of(draft("pembrolizumab")), "subcutaneous_product") is Tri.UNKNOWN


def test_duration_and_interval_as_ordered() -> None:
    facts = facts_of(draft("paclitaxel-conventional", infusion_hours=24, interval_days=21))
    assert value(facts, "infusion_hours") == 24
    assert value(facts, "interval_days") == 21


# -------------------------------------------------------------------------- operations


@pytest.mark.parametrize(("offset", "expected"), [(0, 0), (27, 27), (28, 28), (-1, None)])
def test_days_to_a_planned_operation(offset: int, expected: float | None) -> None:
    facts = facts_of(draft(), planned_operations=(operation(offset),))
    assert value(facts, "days_to_elective_surgery") == expected


def test_the_planned_date_alone_counts_when_no_operations_are_listed() -> None:
    facts = facts_of(draft(start=2), planned_surgery_date=on(12))
    assert value(facts, "days_to_elective_surgery") == 10


def test_the_nearest_operation_counts_and_drafts_of_the_call_are_among_them() -> None:
    surgery = draft("pelvic-exenteration", start=20)
    facts = facts_of(draft(start=5), surgery, planned_operations=(operation(40), operation(1)))
    assert value(facts, "days_to_elective_surgery") == 15
    assert facts["next_operation_date"] == Moment(day(20), facts["next_operation_date"].evidence)
    assert [each.reference for each in facts["days_to_elective_surgery"].evidence] == [
        "Request/bevacizumab",
        "Request/pelvic-exenteration",
    ]


def test_small_and_urgent_operations_are_the_other_kind() -> None:
    for each in (operation(9, minor=True), operation(9, urgent=True)):
        facts = facts_of(draft(), planned_operations=(each,))
        assert not facts["days_to_elective_surgery"].known
        assert value(facts, "days_to_other_surgery") == 9
    facts = facts_of(
        draft(), draft("nephrostomy", start=4), draft("bowel-resection", start=6, priority=Priority.URGENT)
    )
    assert not facts["days_to_elective_surgery"].known
    assert value(facts, "days_to_other_surgery") == 4


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ((between_days(5, 35),), (5, 35)),
        ((between_days(5, 35), day(20)), (5, 20)),
        ((between_days(5, 35), day(33)), (5, 33)),
        ((between_days(5, 35), day(60)), (5, 35)),
        ((between_days(-10, 20),), (-10, 20)),
        ((between_days(-10, 20), day(25)), (0, 25)),
        ((between_days(-10, 20), day(40)), (0, 40)),
        ((between_days(-10, 20), between_days(-5, 60)), (-10, 60)),
    ],
)
def test_partial_dates_give_the_interval_of_the_nearest(dates: tuple[Any, ...], expected: tuple[float, float]) -> None:
    facts = facts_of(draft(), planned_operations=tuple(operation(each) for each in dates))
    assert span(facts, "days_to_elective_surgery") == expected


def test_of_several_dates_that_may_be_meant_the_latest_is_told() -> None:
    facts = facts_of(draft(), planned_operations=(operation(20), operation(between_days(5, 35)), operation(50)))
    found = facts["next_operation_date"]
    assert isinstance(found, Moment)
    assert found.date == between_days(5, 35)


def test_an_undated_operation_is_known_to_lack_its_date() -> None:
    facts = facts_of(draft(), planned_operations=(operation(None),))
    assert not facts["days_to_elective_surgery"].known
    assert tri(facts, "surgery_date_known") is Tri.NO
    assert tri(facts_of(draft(), planned_operations=(operation(9),)), "surgery_date_known") is Tri.YES
    assert (
        tri(facts_of(draft(), planned_operations=(operation(None, minor=True),)), "surgery_date_known") is Tri.UNKNOWN
    )
    assert tri(facts_of(draft("pelvic-exenteration")), "surgery_date_known") is Tri.NO
    assert tri(facts_of(draft("pelvic-exenteration", start=1)), "surgery_date_known") is Tri.YES


@pytest.mark.parametrize(("offset", "expected"), [(-28, 28), (-27, 27), (0, 0), (1, None)])
def test_days_since_an_operation(offset: int, expected: float | None) -> None:
    facts = facts_of(draft(), past_operations=(operation(offset),))
    assert value(facts, "days_since_major_surgery") == expected
    assert value(facts_of(draft(), last_major_surgery_date=on(offset)), "days_since_major_surgery") == expected


def test_small_past_operations_do_not_count() -> None:
    facts = facts_of(draft(), past_operations=(operation(-3, minor=True), operation(-50)))
    assert value(facts, "days_since_major_surgery") == 50


def test_an_operation_ahead_but_before_the_dose_counts_as_surgery_before_it() -> None:
    facts = facts_of(draft(start=30), draft("pelvic-exenteration", start=20))
    assert value(facts, "days_since_major_surgery") == 10
    assert not facts["days_to_elective_surgery"].known
    urgent = facts_of(draft(start=30), planned_operations=(operation(20, urgent=True),))
    assert value(urgent, "days_since_major_surgery") == 10


def test_an_operation_on_the_day_of_the_dose_is_ahead_and_a_stale_plan_is_not_surgery() -> None:
    facts = facts_of(draft(), planned_operations=(operation(0),))
    assert value(facts, "days_to_elective_surgery") == 0
    assert not facts["days_since_major_surgery"].known
    assert not facts_of(draft(), planned_operations=(operation(-5),))["days_since_major_surgery"].known


def test_days_from_bevacizumab_to_an_operation_take_the_last_dose_given_or_drafted() -> None:
    surgery = draft("pelvic-exenteration", start=30)
    assert value(facts_of(surgery, last_bev_date=on(-5)), "days_from_last_bev_to_surgery") == 35
    both = facts_of(surgery, draft(start=10), last_bev_date=on(-5))
    assert value(both, "days_from_last_bev_to_surgery") == 20
    assert facts_of(surgery, draft(start=31))["days_from_last_bev_to_surgery"] == Amount()
    assert facts_of(draft("cisplatin"), last_bev_date=on(-5))["days_from_last_bev_to_surgery"] == Amount()


# ------------------------------------------------------------------- doses given before


@pytest.mark.parametrize(
    ("concept", "moment", "fact"),
    [
        ("bevacizumab-maly", "last_bev_date", "days_since_last_bev"),
        ("tisotumab-vedotin", "last_tv_date", "days_since_last_tv"),
        ("paclitaxel-conventional", "last_paclitaxel_date", "days_since_last_paclitaxel"),
        ("topotecan", "last_topotecan_date", "days_since_last_topotecan"),
    ],
)
def test_days_since_the_last_dose_of_the_ordered_drug(concept: str, moment: str, fact: str) -> None:
    facts = facts_of(draft(concept), **{moment: on(-21)})
    assert value(facts, "days_since_last_dose") == 21
    assert value(facts, fact) == 21
    assert not facts_of(draft("cisplatin"), **{moment: on(-21)})["days_since_last_dose"].known


@pytest.mark.parametrize(
    ("features", "first"),
    [
        ({"last_bev_date": on(-90)}, Tri.NO),
        ({"last_bev_date": on(-91)}, Tri.YES),
        ({"last_bev_date": on(between_days(-100, -80))}, Tri.UNKNOWN),
        ({"prior_bev": NO}, Tri.YES),
        ({"prior_bev": YES}, Tri.UNKNOWN),
        ({}, Tri.YES),
    ],
)
def test_first_dose_of_bevacizumab(features: dict[str, Any], first: Tri) -> None:
    facts = facts_of(draft(), **features)
    assert tri(facts, "first_dose") is first
    assert tri(facts, "later_cycle") is ~first
    assert tri(facts, "maintenance") is ~first


def test_first_dose_of_a_drug_whose_doses_are_not_dated() -> None:
    assert tri(facts_of(draft("cisplatin")), "first_dose") is Tri.UNKNOWN
    assert tri(facts_of(draft("cisplatin"), prior_platinum=NO), "first_dose") is Tri.YES
    assert tri(facts_of(draft("cisplatin"), prior_platinum=YES), "first_dose") is Tri.UNKNOWN


@pytest.mark.parametrize(
    ("exam", "dose", "expected"),
    [
        (None, None, Tri.UNKNOWN),
        (-28, None, Tri.YES),
        (-29, None, Tri.NO),
        (-20, -21, Tri.YES),
        (-21, -21, Tri.NO),
        (-22, -21, Tri.NO),
        (-28, -120, Tri.YES),
        (-29, -120, Tri.NO),
    ],
)
def test_eye_examination_since_the_last_dose_or_before_the_first(
    exam: int | None, dose: int | None, expected: Tri
) -> None:
    features = {} if exam is None else {"eye_exam_date": on(exam)}
    features |= {} if dose is None else {"last_tv_date": on(dose)}
    assert tri(facts_of(draft("tisotumab-vedotin"), **features), "eye_exam_since_last_dose") is expected


@pytest.mark.parametrize(
    ("fact", "moment"),
    [
        ("days_since_severe_haemorrhage", "severe_haemorrhage_date"),
        ("days_since_haemoptysis", "haemoptysis_date"),
        ("days_since_arterial_thromboembolism", "arterial_thromboembolism_date"),
        ("days_since_pet_ct", "pet_ct_date"),
        ("days_since_eye_exam", "eye_exam_date"),
    ],
)
def test_days_since_events(fact: str, moment: str) -> None:
    assert value(facts_of(draft(start=2), **{moment: on(-10)}), fact) == 12
    assert span(facts_of(draft(), **{moment: on(between_days(-30, -1))}), fact) == (1, 30)


def test_a_new_finding_since_the_pet_ct() -> None:
    assert tri(facts_of(draft(), pet_ct_date=on(-9), recurrence_date=on(-8)), "event_since_pet_ct") is Tri.YES
    assert tri(facts_of(draft(), pet_ct_date=on(-9), recurrence_date=on(-9)), "event_since_pet_ct") is Tri.UNKNOWN
    assert tri(facts_of(draft(), pet_ct_date=on(-9)), "event_since_pet_ct") is Tri.UNKNOWN


# ------------------------------------------------------------------ what is ordered with


def test_company_among_the_drafts() -> None:
    facts = facts_of(draft("topotecan"), draft("cisplatin"), draft("bevacizumab-awwb"), draft("radiotherapy-pelvis"))
    for name in ("cisplatin_in_drafts", "platinum_in_drafts", "bevacizumab_in_drafts", "with_radiotherapy"):
        assert tri(facts, name) is Tri.YES
    alone = facts_of(draft("cisplatin"))
    for name in ("cisplatin_in_drafts", "platinum_in_drafts", "bevacizumab_in_drafts"):
        assert tri(alone, name) is Tri.NO
    assert tri(alone, "with_radiotherapy") is Tri.UNKNOWN


def test_an_unread_order_leaves_the_company_open() -> None:
    facts = facts_of(draft("topotecan"), draft("unmatched", unread=True))
    assert tri(facts, "cisplatin_in_drafts") is Tri.UNKNOWN
    assert facts["cisplatin_in_drafts"].possible
    assert tri(facts_of(draft("topotecan"), draft("carboplatin")), "cisplatin_in_drafts") is Tri.NO


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"last_bev_date": on(-28)}, Tri.YES),
        ({"last_bev_date": on(-29)}, Tri.NO),
        ({"last_bev_date": on(between_days(-40, -20))}, Tri.UNKNOWN),
        ({"prior_bev": NO}, Tri.NO),
        ({}, Tri.UNKNOWN),
    ],
)
def test_recent_bevacizumab(features: dict[str, Any], expected: Tri) -> None:
    assert tri(facts_of(draft("radiotherapy-pelvis"), **features), "bevacizumab_in_drafts_or_recent") is expected


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        ("cisplatin", Tri.YES),
        ("docetaxel", Tri.YES),
        ("topotecan", Tri.YES),
        ("cemiplimab", Tri.YES),
        ("gemcitabine", Tri.UNKNOWN),
    ],
)
def test_a_partner_for_bevacizumab(concept: str, expected: Tri) -> None:
    assert tri(facts_of(draft(), draft(concept)), "partner_present") is expected
    assert tri(facts_of(draft(), chemotherapy_active=YES), "partner_present") is Tri.YES
    assert tri(facts_of(draft(), chemotherapy_active=NO), "partner_present") is Tri.NO


@pytest.mark.parametrize(
    ("intent", "palliative", "curative"),
    [
        (Intent.PALLIATIVE, Tri.YES, Tri.NO),
        (Intent.CURATIVE, Tri.NO, Tri.YES),
        (Intent.UNKNOWN, Tri.UNKNOWN, Tri.UNKNOWN),
    ],
)
def test_intent(intent: Intent, palliative: Tri, curative: Tri) -> None:
    facts = facts_of(draft("radiotherapy-pelvis", intent=intent))
    assert (tri(facts, "palliative_intent"), tri(facts, "curative_intent")) == (palliative, curative)


@pytest.mark.parametrize(
    ("concept", "technique", "expected"),
    [
        ("radiotherapy-pelvis-stereotactic", "", Tri.YES),
        ("radiotherapy-pelvis-brachytherapy", "", Tri.YES),
        ("radiotherapy-pelvis", "radiotherapy-intraoperative", Tri.YES),
        ("radiotherapy-pelvis", "radiotherapy-stereotactic-body", Tri.YES),
        ("radiotherapy-pelvis", "radiotherapy-imrt", Tri.NO),
        ("radiotherapy-pelvis", "", Tri.UNKNOWN),
        ("cisplatin", "", Tri.UNKNOWN),
    ],
)
def test_technique(concept: str, technique: str, expected: Tri) -> None:
    order = draft(concept, technique=frozenset({technique}) if technique else frozenset())
    assert tri(facts_of(order), "specialised_technique") is expected


@pytest.mark.parametrize(
    ("concept", "sites", "field", "bone"),
    [
        ("radiotherapy-any", {"site-pelvis"}, Tri.YES, Tri.NO),
        ("radiotherapy-any", {"site-bony-pelvis"}, Tri.YES, Tri.YES),
        ("radiotherapy-any", {"site-bony-pelvis", "site-pelvis"}, Tri.YES, Tri.NO),
        ("radiotherapy-any", {"site-spine"}, Tri.UNKNOWN, Tri.YES),
        ("radiotherapy-any", {"site-breast"}, Tri.NO, Tri.UNKNOWN),
        ("radiotherapy-any", set(), Tri.UNKNOWN, Tri.UNKNOWN),
    ],
)
def test_field(concept: str, sites: set[str], field: Tri, bone: Tri) -> None:
    facts = facts_of(draft(concept, body_sites=frozenset(sites)))
    assert (tri(facts, "pelvic_field"), tri(facts, "adjacent_bone")) == (field, bone)


def test_an_unrelated_feature_changes_nothing() -> None:
    assert facts_of(draft()) == facts_of(draft(), age=amount(50), hb=amount(9))
