"""Which radiotherapy records say yes, no or nothing about the pelvis."""

from __future__ import annotations

import pytest

from fhir_mappings.features.radiotherapy import courses, derive_radiotherapy
from fhir_mappings.features.statements import CONTRADICTION, FUTURE
from fhir_mappings.findings import Finding
from fhir_mappings.history import Gap, History, Observed, Occurrence, Unreadable
from fhir_mappings.kleene import Tri
from tests.history_builders import TODAY, WINDOWS, diagnosis, drug, history, observed, treatment

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN
COURSE = "radiotherapy-course-summary"
BEAM = "radiotherapy-external-beam"
STATED = "own-prior-pelvic-radiotherapy"


def find(*facts: object) -> dict[str, Finding]:
    return found_in(history(*facts))


def found_in(record: History) -> dict[str, Finding]:
    return derive_radiotherapy(record, TODAY, courses(record, TODAY, WINDOWS))


def pelvic(*facts: object) -> Finding:
    return find(*facts)["prior_pelvic_rt"]


@pytest.mark.parametrize(
    "site",
    [
        "site-pelvis",
        "site-cervix",
        "site-uterus",
        "site-vagina",
        "site-vaginal-cuff",
        "site-parametrium",
        "site-pelvic-lymph-nodes",
    ],
)
def test_completed_course_to_a_pelvic_site_is_yes(site: str) -> None:
    found = find(treatment(COURSE, "2024-03-01", "2024-04-05", sites=site, qualifiers=BEAM, dose_gy=45.0))
    assert found["prior_pelvic_rt"].is_yes
    assert found["prior_pelvic_ebrt"].is_yes
    assert found["prior_pelvic_brachy"].value is UNKNOWN
    (evidence,) = found["prior_pelvic_rt"].evidence
    assert evidence.text == "external beam radiotherapy, pelvis, 45 Gy, completed"
    assert str(evidence.date) == "2024-04-05"


@pytest.mark.parametrize(
    "concept", ["radiotherapy-pelvis-external-beam", "radiotherapy-pelvis-stereotactic", "radiotherapy-pelvis"]
)
def test_code_that_names_the_pelvis_needs_no_body_site(concept: str) -> None:
    assert pelvic(treatment(concept, "2024-03-01")).is_yes


@pytest.mark.parametrize(
    "concept", ["radiotherapy-pelvis-brachytherapy", "radiotherapy-brachytherapy-gynaecological-device"]
)
def test_gynaecological_brachytherapy_is_pelvic(concept: str) -> None:
    found = find(treatment(concept, "2024-03-01"))
    assert found["prior_pelvic_brachy"].is_yes
    assert found["prior_pelvic_rt"].is_yes
    assert found["prior_pelvic_ebrt"].value is UNKNOWN


def test_course_without_modality_is_pelvic_radiotherapy_of_an_unknown_kind() -> None:
    found = find(treatment(COURSE, "2024-03-01", sites="site-pelvis"))
    assert found["prior_pelvic_rt"].is_yes
    assert found["prior_pelvic_ebrt"].value is UNKNOWN
    assert found["prior_pelvic_ebrt"].possible == found["prior_pelvic_rt"].evidence


@pytest.mark.parametrize(
    "course",
    [
        treatment(COURSE, "2015-06-01", sites="site-breast", dose_gy=50.0),
        treatment("radiotherapy-breast", "2015-06-01"),
        treatment("radiotherapy-chest", "2015-06-01"),
        treatment("radiotherapy-brain", "2015-06-01"),
        treatment("radiotherapy-stereotactic-cranial", "2015-06-01"),
    ],
)
def test_radiotherapy_elsewhere_says_nothing(course: object) -> None:
    found = find(course)
    assert found["prior_pelvic_rt"] == Finding()
    assert found["rt_site_unspecified"].value is UNKNOWN


def test_radiotherapy_elsewhere_leaves_a_statement_of_none_standing() -> None:
    assert pelvic(treatment("radiotherapy-breast", "2015-06-01"), observed(STATED, False, "2010-01-01")).is_no


@pytest.mark.parametrize(
    "record",
    [
        treatment(COURSE, "2020-06-01"),
        treatment("radiotherapy-any", None),
        treatment("chemoradiation", "2020-06-01"),
        treatment(COURSE, "2020-06-01", sites="site-pelvis", text_only=True),
        diagnosis("history-of-radiotherapy", "2020"),
        diagnosis("history-of-radiotherapy"),
        diagnosis("radiotherapy-any", "2020-06-01"),
    ],
)
def test_radiotherapy_without_a_site_is_unknown_and_flagged(record: object) -> None:
    found = find(record)
    assert found["prior_pelvic_rt"].value is UNKNOWN
    assert len(found["prior_pelvic_rt"].possible) == 1
    assert found["rt_site_unspecified"].is_yes
    assert found["rt_site_unspecified"].evidence == found["prior_pelvic_rt"].possible


def test_history_of_radiotherapy_of_another_part_says_nothing() -> None:
    assert pelvic(diagnosis("history-of-radiotherapy", "2015", sites="site-breast")) == Finding()


@pytest.mark.parametrize(
    "record",
    [
        treatment(COURSE, "2020-06-01", recorded_site=True),
        treatment("radiotherapy-pelvic-bones", "2020-06-01"),
        treatment("radiotherapy-inguinal", "2020-06-01"),
        treatment("radiotherapy-whole-body", "2020-06-01"),
        treatment("radiotherapy-bone-site-ambiguous", "2020-06-01"),
        treatment(COURSE, "2020-06-01", sites="site-bony-pelvis"),
        treatment(COURSE, "2020-06-01", sites="site-abdominopelvic"),
        treatment("radiotherapy-pelvis", "2020-06-01", occurrence=Occurrence.UNKNOWN),
        diagnosis("pelvic-radiation-injury", "2022-01-01"),
        treatment({COURSE, "surgery-any"}, "2020-06-01", sites="site-pelvis", conflict=True),
        treatment({"radiotherapy-pelvis", "radiotherapy-breast"}, "2020-06-01", conflict=True),
    ],
)
def test_what_may_have_reached_the_pelvis_is_only_possible(record: object) -> None:
    found = find(record)
    assert found["prior_pelvic_rt"].value is UNKNOWN
    assert len(found["prior_pelvic_rt"].possible) == 1
    assert found["rt_site_unspecified"].value is UNKNOWN


@pytest.mark.parametrize(
    ("occurrence", "dose", "value"),
    [
        (Occurrence.STOPPED, 20.0, YES),
        (Occurrence.STOPPED, 19.8, UNKNOWN),
        (Occurrence.STOPPED, None, UNKNOWN),
        (Occurrence.UNDER_WAY, 30.6, YES),
        (Occurrence.UNDER_WAY, 5.4, UNKNOWN),
        (Occurrence.UNDER_WAY, None, UNKNOWN),
        (Occurrence.DONE, 8.0, YES),
    ],
)
def test_part_given_courses_count_from_20_gray(occurrence: Occurrence, dose: float | None, value: Tri) -> None:
    found = pelvic(treatment(COURSE, -400, sites="site-pelvis", occurrence=occurrence, dose_gy=dose))
    assert found.value is value
    if value is UNKNOWN:
        assert found.possible
        assert "a course" in found.note


@pytest.mark.parametrize("dose", [19.8, None])
def test_a_stopped_course_keeps_a_later_statement_of_none_from_standing(dose: float | None) -> None:
    stopped = treatment(COURSE, -400, sites="site-pelvis", occurrence=Occurrence.STOPPED, dose_gy=dose)
    assert pelvic(stopped, observed(STATED, False, -10)).value is UNKNOWN


@pytest.mark.parametrize("occurrence", [Occurrence.PLANNED])
def test_planned_radiotherapy_does_not_count(occurrence: Occurrence) -> None:
    assert pelvic(treatment(COURSE, -10, sites="site-pelvis", occurrence=occurrence)) == Finding()


def test_radiotherapy_plan_is_no_treatment() -> None:
    assert pelvic(treatment("radiotherapy-plan", -10, sites="site-pelvis")) == Finding()


def test_radiotherapy_dated_after_today_does_not_count_and_is_said() -> None:
    found = pelvic(treatment(COURSE, 5, sites="site-pelvis"))
    assert found.value is UNKNOWN
    assert found.note == FUTURE


def test_not_done_with_pelvic_site_is_no() -> None:
    found = find(treatment("radiotherapy-pelvis", None, sites="site-pelvis", occurrence=Occurrence.NOT_DONE))
    assert found["prior_pelvic_rt"].is_no
    assert found["prior_pelvic_rt"].evidence[0].text == "radiotherapy, pelvis, not done"


def test_not_done_without_pelvic_site_says_nothing() -> None:
    refused = treatment(COURSE, "2024-01-01", occurrence=Occurrence.NOT_DONE)
    assert pelvic(refused) == Finding()
    elsewhere = treatment(COURSE, "2024-01-01", sites="site-breast", occurrence=Occurrence.NOT_DONE)
    assert pelvic(elsewhere) == Finding()


def test_not_done_course_does_not_override_a_done_one() -> None:
    found = pelvic(
        treatment(BEAM, "2024-01-01", sites="site-pelvis"),
        treatment(BEAM, "2025-01-01", sites="site-pelvis", occurrence=Occurrence.NOT_DONE),
    )
    assert found.is_yes


def test_brachytherapy_not_done_says_nothing_about_external_beams() -> None:
    found = find(
        treatment("radiotherapy-brachytherapy", "2024-01-01", sites="site-cervix", occurrence=Occurrence.NOT_DONE)
    )
    assert found["prior_pelvic_brachy"].is_no
    assert found["prior_pelvic_ebrt"].value is UNKNOWN
    assert found["prior_pelvic_rt"].value is UNKNOWN


def test_not_done_beside_a_history_of_radiotherapy_is_unknown() -> None:
    refused = treatment(BEAM, "2024-01-01", sites="site-pelvis", occurrence=Occurrence.NOT_DONE)
    assert pelvic(refused, diagnosis("history-of-radiotherapy")).value is UNKNOWN


@pytest.mark.parametrize("answer", [True, False])
def test_statement_decides_when_nothing_else_speaks(answer: bool) -> None:
    found = find(observed(STATED, answer, -30))
    assert found["prior_pelvic_rt"].value is (YES if answer else NO)
    assert found["prior_pelvic_ebrt"].value is (UNKNOWN if answer else NO)
    assert found["prior_pelvic_brachy"].value is (UNKNOWN if answer else NO)


@pytest.mark.parametrize("date", ["2024-01-01", -1, "2026-11-24"])
def test_a_dated_record_always_beats_a_statement_of_none(date: str | int) -> None:
    found = pelvic(treatment(BEAM, "2020-01-01", sites="site-pelvis"), observed(STATED, False, date))
    assert found.is_yes


def test_an_undated_record_and_a_statement_of_none_contradict() -> None:
    found = pelvic(treatment(BEAM, None, sites="site-pelvis"), observed(STATED, False, -10))
    assert found.value is UNKNOWN
    assert found.note == CONTRADICTION
    assert len(found.evidence) == 2


def test_newest_statement_wins_and_equal_days_contradict() -> None:
    assert pelvic(observed(STATED, False, -10), observed(STATED, True, -9)).is_yes
    assert pelvic(observed(STATED, False, -9), observed(STATED, True, -10)).is_no
    same = pelvic(observed(STATED, False, -10), observed(STATED, True, -10))
    assert same.value is UNKNOWN
    assert same.note == CONTRADICTION
    assert pelvic(observed(STATED, False, "2026-11"), observed(STATED, True, -10)).value is UNKNOWN


@pytest.mark.parametrize(
    "statement",
    [
        observed(STATED, False, -10, final=False),
        observed({STATED, "own-hospice"}, False, -10, conflict=True),
        observed(STATED, False, -10, text_only=True),
    ],
)
def test_weak_statement_does_not_decide(statement: Observed) -> None:
    assert pelvic(statement).value is UNKNOWN


def test_statement_dated_after_today_does_not_decide() -> None:
    assert pelvic(observed(STATED, False, 1)).value is UNKNOWN


@pytest.mark.parametrize(
    "record",
    [
        treatment(COURSE, "2020-06-01"),
        treatment("radiotherapy-pelvic-bones", "2020-06-01"),
        diagnosis("history-of-radiotherapy", "2020"),
        diagnosis("pelvic-radiation-injury", "2022-01-01"),
    ],
)
def test_a_statement_of_none_settles_unclear_records_that_it_could_know_of(record: object) -> None:
    assert pelvic(record, observed(STATED, False, "2026-01-01")).is_no
    assert pelvic(record, observed(STATED, False, "2019-01-01")).value is UNKNOWN


def test_an_undated_history_of_radiotherapy_keeps_a_statement_of_none_open() -> None:
    assert pelvic(diagnosis("history-of-radiotherapy"), observed(STATED, False, -10)).value is UNKNOWN


@pytest.mark.parametrize("key", ["procedures", "conditions", "observations", "questionnaireResponses"])
@pytest.mark.parametrize("partial", [False, True])
def test_no_is_impossible_while_data_are_missing(key: str, partial: bool) -> None:
    gap = Gap(key=key, cause="the server refused", partial=partial)
    no = pelvic(observed(STATED, False, -10), gap)
    assert no.value is UNKNOWN
    assert no.note
    assert no.evidence
    assert pelvic(observed(STATED, True, -10), gap).is_yes


def test_a_gap_elsewhere_does_not_matter() -> None:
    assert pelvic(observed(STATED, False, -10), Gap(key="allergyIntolerances", cause="refused")).is_no


@pytest.mark.parametrize(
    ("unreadable", "value"),
    [
        (Unreadable(reference="Procedure/9", resource_type="Procedure", cause="no status"), UNKNOWN),
        (
            Unreadable(
                reference="Procedure/9",
                resource_type="Procedure",
                cause="bad",
                concepts=frozenset({"radiotherapy-any"}),
            ),
            UNKNOWN,
        ),
        (
            Unreadable(
                reference="Procedure/9", resource_type="Procedure", cause="bad", concepts=frozenset({"bowel-resection"})
            ),
            NO,
        ),
        (Unreadable(reference="AllergyIntolerance/9", resource_type="AllergyIntolerance", cause="bad"), NO),
    ],
)
def test_unreadable_record_that_could_be_radiotherapy_keeps_a_no_away(unreadable: Unreadable, value: Tri) -> None:
    assert pelvic(observed(STATED, False, -10), unreadable).value is value


def test_vaginal_brachytherapy_only() -> None:
    only = "own-prior-vaginal-brachytherapy-only"
    found = find(observed(only, True, -10))
    assert found["vaginal_brachy_only"].is_yes
    assert found["prior_pelvic_brachy"].is_yes
    assert found["prior_pelvic_ebrt"].is_no
    assert found["prior_pelvic_rt"].is_yes
    derived = find(
        treatment("radiotherapy-brachytherapy", "2024-01-01", sites="site-vaginal-cuff"),
        treatment(BEAM, "2024-01-01", sites="site-pelvis", occurrence=Occurrence.NOT_DONE),
    )
    assert derived["vaginal_brachy_only"].is_yes
    beaten = find(observed(only, True, -10), treatment(BEAM, "2024-01-01", sites="site-pelvis"))
    assert beaten["vaginal_brachy_only"].is_no
    alone = find(treatment("radiotherapy-brachytherapy", "2024-01-01", sites="site-vaginal-cuff"))
    assert alone["vaginal_brachy_only"].value is UNKNOWN
    assert find(observed(only, False, -10))["vaginal_brachy_only"].is_no
    assert find(observed(STATED, False, -10))["vaginal_brachy_only"].is_no


def test_contradictory_statements_of_vaginal_brachytherapy() -> None:
    only = "own-prior-vaginal-brachytherapy-only"
    found = find(observed(only, True, -10), observed(only, False, -10))["vaginal_brachy_only"]
    assert found.value is UNKNOWN
    assert found.note == CONTRADICTION


@pytest.mark.parametrize(
    "more",
    [
        diagnosis("history-of-radiotherapy", "2020", disowned=True),
        diagnosis("history-of-radiotherapy", 5),
    ],
)
def test_disowned_and_future_histories_of_radiotherapy_say_nothing(more: object) -> None:
    assert pelvic(more) == Finding()


def test_vaginal_only_and_none_contradict() -> None:
    found = pelvic(observed("own-prior-vaginal-brachytherapy-only", True, -10), observed(STATED, False, -20))
    assert found.value is UNKNOWN
    assert found.note == CONTRADICTION


def test_extended_field_counts_for_both_regions() -> None:
    found = find(treatment(COURSE, "2024-01-01", sites={"site-pelvis", "site-paraaortic-lymph-nodes"}))
    assert found["prior_pelvic_rt"].is_yes
    assert found["prior_paraaortic_rt"].is_yes
    assert "pelvis and para-aortic region" in found["prior_paraaortic_rt"].evidence[0].text


def test_paraaortic_field_alone_says_nothing_about_the_pelvis() -> None:
    found = find(treatment(COURSE, "2024-01-01", sites="site-paraaortic-lymph-nodes"))
    assert found["prior_paraaortic_rt"].is_yes
    assert found["prior_pelvic_rt"].value is UNKNOWN
    assert not found["prior_pelvic_rt"].possible


def test_pelvic_field_says_nothing_about_the_paraaortic_nodes() -> None:
    course = treatment(COURSE, "2024-01-01", sites="site-pelvis")
    assert find(course)["prior_paraaortic_rt"] == Finding()
    assert find(course, observed("own-prior-paraaortic-radiotherapy", False, -10))["prior_paraaortic_rt"].is_no


def test_abdominal_field_is_possible_for_the_paraaortic_nodes_only() -> None:
    found = find(treatment("radiotherapy-abdomen-paraaortic", "2024-01-01"))
    assert found["prior_paraaortic_rt"].value is UNKNOWN
    assert found["prior_paraaortic_rt"].possible
    assert found["prior_pelvic_rt"] == Finding()


def test_unrelated_facts_change_nothing() -> None:
    course = treatment(COURSE, "2024-01-01", sites="site-pelvis")
    plain = find(course)
    more = history(course, diagnosis("hypertension", -90), drug("cisplatin", -90), treatment("bowel-resection", -90))
    assert found_in(more) == plain


def test_order_of_records_does_not_matter() -> None:
    facts = [
        treatment(COURSE, "2024-01-01", sites="site-pelvis"),
        treatment("radiotherapy-brachytherapy", "2024-03-01", sites="site-cervix"),
        observed(STATED, False, -10),
        diagnosis("history-of-radiotherapy", "2024"),
    ]
    assert find(*facts) == find(*reversed(facts))


def test_empty_history_is_unknown() -> None:
    found = found_in(History())
    assert set(found.values()) == {Finding()}
