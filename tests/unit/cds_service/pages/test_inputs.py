from __future__ import annotations

import pytest

from cds_service.guideline.draft_order_checks import ORDER_FACTS
from cds_service.guideline.thresholds import WINDOWS
from cds_service.pages.inputs import AGE_LIMITS, UNITS, code_lists, inputs, read_by_rows, rests_on
from cds_service.pages.measured import measured
from fhir_mappings.features.fields import FEATURES
from fhir_mappings.value_sets import CONCEPTS, GROUPS
from fhir_mappings.value_sets import groups as named

BY_NAME = {each.name: each for each in inputs()}


def test_every_feature_is_told_in_the_order_of_the_model() -> None:
    assert list(BY_NAME) == list(FEATURES)
    assert set(AGE_LIMITS) | set(UNITS) <= set(FEATURES)


def test_a_measured_fact_says_what_is_asked_and_how_old_it_may_be() -> None:
    ecog = BY_NAME["ecog"]
    assert "What is the ECOG performance status?" in ecog.missing
    assert [limit.split()[0] for limit in ecog.age_limits] == ["30", "90"]
    assert {"P1", "P3"} <= set(ecog.rows)
    assert (ecog.event, ecog.mcode) == (False, "ECOGPerformanceStatus")


def test_an_event_is_never_taken_for_absent() -> None:
    assert "not taken for absent" in BY_NAME["fistula_active"].missing
    assert BY_NAME["fistula_active"].event


def test_a_fact_that_no_prompt_asks_for_leaves_rows_possible() -> None:
    assert "possible at most" in BY_NAME["recurrence"].missing


def test_facts_are_followed_through_judgements_and_order_facts() -> None:
    assert "dose by the Calvert formula" in BY_NAME["crcl"].through
    assert "not suitable for cisplatin" in BY_NAME["neuropathy_grade"].through
    assert rests_on("bev_contraindicated") >= {"fistula_active", "gi_perforation", "last_major_surgery_date"}
    assert rests_on("order_date") == frozenset()


def test_the_date_of_birth_and_the_sex_reach_what_they_reach() -> None:
    assert BY_NAME["age"].patient == ("birthDate",)
    assert BY_NAME["sex_param"].patient == ("sex",)
    assert BY_NAME["ecog"].patient == ()


@pytest.mark.parametrize(
    ("feature", "concepts"),
    [
        ("prior_platinum", {"cisplatin", "carboplatin", "own-prior-platinum"}),
        ("pelvic_mri_recent", {"imaging-mri-pelvis"}),
        ("tmb_high", {"tumour-mutational-burden"}),
        ("ntrk_fusion", {"gene-ntrk"}),
        ("site_lung", {"metastasis-lung", "site-chest", "site-lung"}),
        ("transplant", set(named.TRANSPLANT) | set(named.TRANSPLANT_POSSIBLE)),
    ],
)
def test_the_codes_behind_a_fact_are_those_that_change_it(feature: str, concepts: set[str]) -> None:
    assert set(measured().features[feature]) >= concepts
    if len(concepts) < 4:
        assert set(measured().features[feature]) == concepts


def test_every_fact_is_reached_by_a_code_or_by_the_patient() -> None:
    alone = {name for name, each in BY_NAME.items() if not each.codes and not each.patient}
    assert alone == {"deceased"}


def test_lists_of_codes_hold_exactly_the_concepts() -> None:
    wanted = set(named.CISPLATIN | named.CARBOPLATIN) | {"topotecan"}
    lists = code_lists(wanted)
    assert [each.id for each in lists] == ["group-platinum", "topotecan"]
    assert lists[0].codes == sum(len(CONCEPTS[name].rows) for name in GROUPS["PLATINUM"])
    assert "rxnorm" in lists[0].systems
    assert code_lists(()) == ()


def test_what_a_row_reads_is_a_feature_a_judgement_or_an_order_fact() -> None:
    assert "order_date" not in FEATURES
    assert set(measured().order_facts) <= set(ORDER_FACTS)
    assert read_by_rows()["pregnant"][0] == "P0"


def test_age_limits_are_the_windows_that_features_are_derived_with() -> None:
    shown = {limit.value for limits in AGE_LIMITS.values() for limit in limits}
    days = {
        *(WINDOWS.staging, WINDOWS.signs, WINDOWS.central_size, WINDOWS.pregnancy, WINDOWS.pregnancy_test),
        *(WINDOWS.ecog_fresh, WINDOWS.ecog_usable, WINDOWS.creatinine_order, WINDOWS.creatinine_overview),
        *(WINDOWS.weight, WINDOWS.blood_count, WINDOWS.liver, WINDOWS.blood_pressure, WINDOWS.urine_protein),
    }
    assert shown == days
