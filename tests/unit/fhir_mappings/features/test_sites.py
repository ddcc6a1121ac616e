"""Sites of disease, signs of the side wall, tumour size and staging examinations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.features.course import Timeline
from fhir_mappings.features.sites import DISTANT, NAMES, derive_sites
from fhir_mappings.features.statements import CONTRADICTION
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import (
    ClinicalStatus,
    Gap,
    Laterality,
    Observed,
    Occurrence,
    Unreadable,
    Value,
    Verification,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.value_sets import concepts_of
from tests.history_builders import TODAY, WINDOWS, diagnosis, history, observed, report, treatment, when

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN
PRESENT = Timeline(treated_until=when("2024-04-20"), evidence_since=when(-38), advanced_since=when(-38))
BREAST = Timeline(
    treated_until=when("2024-04-20"),
    evidence_since=when(-38),
    other_primary=Finding(YES, (Evidence("Condition/breast", "breast cancer"),)),
)

BODY_SITES = {
    "site-cervix": "site_central_pelvic",
    "site-vaginal-cuff": "site_central_pelvic",
    "site-vagina": "site_central_pelvic",
    "site-uterus": "site_central_pelvic",
    "site-pelvic-sidewall": "site_pelvic_sidewall",
    "site-pelvic-lymph-nodes": "site_pelvic_nodal",
    "site-paraaortic-lymph-nodes": "site_paraaortic",
    "site-lung": "site_lung",
    "site-mediastinum": "site_mediastinum",
    "site-liver": "site_liver",
    "site-bone-other": "site_bone",
    "site-brain-head": "site_brain",
    "site-abdomen": "site_peritoneal",
    "site-supraclavicular-lymph-nodes": "site_supraclavicular",
    "site-inguinal-lymph-nodes": "site_inguinal",
    "site-skin": "site_other_distant",
}
METASTASES = {
    "metastasis-vagina": "site_central_pelvic",
    "metastasis-female-genital-organ": "site_central_pelvic",
    "metastasis-bladder": "site_central_pelvic",
    "metastasis-pelvic-lymph-nodes": "site_pelvic_nodal",
    "metastasis-paraaortic-abdominal-lymph-nodes": "site_paraaortic",
    "metastasis-lung": "site_lung",
    "metastasis-mediastinum": "site_mediastinum",
    "metastasis-intrathoracic-lymph-nodes": "site_mediastinum",
    "metastasis-liver": "site_liver",
    "metastasis-bone": "site_bone",
    "metastasis-brain": "site_brain",
    "metastasis-peritoneum": "site_peritoneal",
    "metastasis-supraclavicular-neck-lymph-nodes": "site_supraclavicular",
    "metastasis-inguinal-lymph-nodes": "site_inguinal",
    "metastasis-adrenal": "site_other_distant",
}


def sites(*facts: object, timeline: Timeline = PRESENT) -> dict[str, Feature]:
    return derive_sites(history(*facts), TODAY, WINDOWS, timeline=timeline)


def site(name: str, *facts: object, timeline: Timeline = PRESENT) -> Finding:
    found = sites(*facts, timeline=timeline)[name]
    assert isinstance(found, Finding)
    return found


def amount(name: str, *facts: object) -> Amount:
    found = sites(*facts)[name]
    assert isinstance(found, Amount)
    return found


def seen(where: str, present: bool, date: int | str | None = -20, **more: object) -> Observed:
    return observed("own-tumour-at-site", present, date, sites=where, **more)  # type: ignore[arg-type]  # passed through


# ----------------------------------------------------------------------------------------------------------------- yes


@pytest.mark.parametrize(("where", "name"), BODY_SITES.items())
def test_finding_at_a_body_site(where: str, name: str) -> None:
    found = sites(seen(where, True))
    for each in NAMES:
        value = found[each]
        assert isinstance(value, Finding)
        assert value.is_yes == (each == name), each
    distant = found["site_distant"]
    assert isinstance(distant, Finding)
    assert distant.is_yes == (name in DISTANT)


@pytest.mark.parametrize(("where", "name"), BODY_SITES.items())
def test_body_site_of_a_recurrence(where: str, name: str) -> None:
    assert site(name, diagnosis("cervical-cancer-local-recurrence", -30, sites=where)).is_yes
    again = diagnosis("cervical-cancer", -30, sites=where, clinical=ClinicalStatus.RECURRENCE)
    assert site(name, again).is_yes


@pytest.mark.parametrize(("concept", "name"), METASTASES.items())
def test_secondary_cancer_code(concept: str, name: str) -> None:
    found = sites(diagnosis(concept, -30))
    for each in NAMES:
        value = found[each]
        assert isinstance(value, Finding)
        assert value.is_yes == (each == name), each


def test_body_site_of_the_primary_is_no_site_of_recurrence() -> None:
    primary = diagnosis("cervical-cancer", "2024-01-10", sites="site-cervix", clinical=ClinicalStatus.RECURRENCE)
    assert site("site_central_pelvic", primary) == Finding()


@pytest.mark.parametrize("date", ["2024-01-10", "2024-04-20"])
def test_findings_before_the_last_curative_treatment_do_not_count(date: str) -> None:
    assert site("site_lung", diagnosis("metastasis-lung", date)) == Finding()
    assert site("site_central_pelvic", seen("site-cervix", True, date)) == Finding()


def test_findings_of_an_unclear_order_are_possible() -> None:
    for fact in (diagnosis("metastasis-lung", "2024"), seen("site-lung", True, None)):
        found = site("site_lung", fact)
        assert found.value is UNKNOWN
        assert found.possible


@pytest.mark.parametrize("clinical", [ClinicalStatus.RESOLVED, ClinicalStatus.REMISSION, ClinicalStatus.INACTIVE])
def test_metastasis_that_is_over_does_not_count(clinical: ClinicalStatus) -> None:
    assert site("site_lung", diagnosis("metastasis-lung", -300, clinical=clinical)) == Finding()


@pytest.mark.parametrize(
    "fact",
    [
        diagnosis("metastasis-lung", -30, verification=Verification.POSSIBLE),
        diagnosis("metastasis-lung", -30, text="lung lesion", conflict=False, verification=Verification.POSSIBLE),
    ],
)
def test_provisional_metastasis_is_possible(fact: object) -> None:
    found = site("site_lung", fact)
    assert found.value is UNKNOWN
    assert found.possible


def test_disowned_metastasis_is_nothing() -> None:
    assert site("site_liver", diagnosis("metastasis-liver", -30, disowned=True)) == Finding()


def test_metastasis_that_another_primary_could_explain_is_possible() -> None:
    found = site("site_lung", diagnosis("metastasis-lung", -30), timeline=BREAST)
    assert found.value is UNKNOWN
    assert found.possible
    named = diagnosis("cervical-cancer-separate-metastasis-vagina", -30)
    assert site("site_central_pelvic", named, timeline=BREAST).is_yes


@pytest.mark.parametrize(
    ("fact", "names"),
    [
        (diagnosis("cervical-cancer-local-recurrence", -30), ("site_central_pelvic", "site_pelvic_sidewall")),
        (diagnosis("metastasis-pelvic-soft-tissue", -30), ("site_central_pelvic", "site_pelvic_sidewall")),
        (seen("site-pelvis", True), ("site_central_pelvic", "site_pelvic_sidewall")),
        (seen("site-chest", True), ("site_lung", "site_mediastinum")),
        (diagnosis("metastasis-unspecified-site", -30), ("site_other_distant",)),
        (observed("tnm-regional-nodes", "rn1", -20), ("site_pelvic_nodal", "site_paraaortic")),
    ],
)
def test_vague_places_are_only_possible(fact: object, names: tuple[str, ...]) -> None:
    found = sites(fact)
    for name in NAMES:
        value = found[name]
        assert isinstance(value, Finding)
        assert value.value is UNKNOWN, name
        assert bool(value.possible) == (name in names), name


def test_lung_is_lung_although_the_chest_is_named_as_well() -> None:
    found = sites(observed("own-tumour-at-site", True, -20, sites={"site-chest", "site-lung"}))
    mediastinum = found["site_mediastinum"]
    assert isinstance(mediastinum, Finding)
    assert mediastinum == Finding()


@pytest.mark.parametrize("token", ["m1", "cm1", "rm1", "pm1", "yrm1", "rm1a"])
def test_m_category_one_is_distant(token: str) -> None:
    found = sites(observed("tnm-distant-metastases", token, -20))
    distant, lung = found["site_distant"], found["site_lung"]
    assert isinstance(distant, Finding)
    assert isinstance(lung, Finding)
    assert distant.is_yes
    assert lung.value is UNKNOWN


def test_stated_distant_metastasis() -> None:
    assert site("site_distant", observed("cancer-disease-status", {"distant-metastasis-present"}, -20)).is_yes


# ------------------------------------------------------------------------------------------------------------------ no


@pytest.mark.parametrize(("where", "name"), BODY_SITES.items())
@pytest.mark.parametrize(("date", "value"), [(-42, NO), (-43, UNKNOWN), (0, NO), (1, UNKNOWN), (None, UNKNOWN)])
def test_negative_finding_counts_inside_the_window(where: str, name: str, date: int | None, value: Tri) -> None:
    assert site(name, seen(where, False, date)).value is value


def test_negative_finding_with_a_partial_date_needs_the_day() -> None:
    assert site("site_lung", seen("site-lung", False, "2026-10")).value is UNKNOWN
    assert site("site_lung", seen("site-lung", False, "2026-11")).value is UNKNOWN


@pytest.mark.parametrize("present", [True, False])
def test_weak_findings_do_not_decide(present: bool) -> None:
    assert site("site_lung", seen("site-lung", present, final=False)).value is UNKNOWN
    assert site("site_lung", seen("site-lung", present, text_only=True)).value is UNKNOWN


@pytest.mark.parametrize("token", ["m0", "cm0", "rm0", "pm0", "yrcm0"])
def test_m_category_zero_rules_out_every_distant_site(token: str) -> None:
    found = sites(observed("tnm-distant-metastases", token, -20))
    for name in (*DISTANT, "site_distant"):
        value = found[name]
        assert isinstance(value, Finding)
        assert value.is_no, name
    for name in ("site_central_pelvic", "site_pelvic_sidewall", "site_pelvic_nodal", "site_paraaortic"):
        assert found[name] == Finding(), name


def test_n_category_zero_rules_out_pelvic_and_paraaortic_nodes() -> None:
    found = sites(observed("tnm-regional-nodes", "rn0", -20))
    assert [name for name in NAMES if isinstance(each := found[name], Finding) and each.is_no] == [
        "site_pelvic_nodal",
        "site_paraaortic",
    ]


@pytest.mark.parametrize("token", ["mx", "m", "m0(i+)", "stage m0", "n0", "free text m0 here", "m9"])
def test_only_exact_tokens_count(token: str) -> None:
    assert site("site_distant", observed("tnm-distant-metastases", token, -20)).value is UNKNOWN


def test_category_as_code() -> None:
    value = Value(codes=frozenset({("http://cancerstaging.org", "cM0")}))
    assert site("site_distant", observed("tnm-distant-metastases", value, -20)).is_no


@pytest.mark.parametrize("date", [-39, -43, "2024-01-20"])
def test_category_before_the_recurrence_or_outside_the_window_says_nothing(date: int | str) -> None:
    assert site("site_distant", observed("tnm-distant-metastases", "cm0", date)).value is UNKNOWN


def test_category_without_recurrence_date_counts_only_as_restaging() -> None:
    unknown = Timeline()
    assert site("site_distant", observed("tnm-distant-metastases", "cm0", -20), timeline=unknown).value is UNKNOWN
    assert site("site_distant", observed("tnm-distant-metastases", "rm0", -20), timeline=unknown).is_no


def test_category_of_another_cancer_does_not_count() -> None:
    breast = diagnosis("other-primary-cancer", "2015", reference="Condition/breast")
    category = observed("tnm-distant-metastases", "m0", -20, focus=("Condition/breast",))
    assert site("site_distant", breast, category).value is UNKNOWN


def test_no_history_of_metastatic_cancer_is_no_for_its_own_past() -> None:
    (concept,) = concepts_of([("http://snomed.info/sct", "1287652008")])
    assert site("site_distant", observed(concept, False, -20)).is_no
    assert site("site_distant", observed(concept, False, -20), timeline=Timeline()).is_no
    assert site("site_distant", observed(concept, False, -50)).value is UNKNOWN
    assert site("site_distant", observed(concept, False, -39)).value is UNKNOWN
    assert site("site_distant", observed(concept, False, -20), diagnosis("metastasis-lung", -10)).is_yes


def test_named_distant_sites_all_free_means_no_distant_disease() -> None:
    where = [
        *("site-lung", "site-mediastinum", "site-liver", "site-bone-other", "site-brain-head", "site-abdomen"),
        "site-supraclavicular-lymph-nodes",
    ]
    facts = [seen(each, False) for each in where]
    assert site("site_distant", *facts).is_no
    assert site("site_distant", *facts[1:]).value is UNKNOWN
    assert site("site_distant", *facts, seen("site-skin", True)).is_yes


def test_whole_body_free() -> None:
    found = sites(seen("site-whole-body", False))
    for name in (*NAMES, "site_distant"):
        value = found[name]
        assert isinstance(value, Finding)
        assert value.is_no, name


def test_free_text_report_says_nothing_about_any_site() -> None:
    found = sites(report("imaging-pet-ct", -20, free_text=True))
    for name in NAMES:
        assert found[name] == Finding(), name


def test_report_with_some_sites_says_nothing_about_the_others() -> None:
    result = seen("site-lung", False, reference="Observation/lung")
    found = sites(result, report("imaging-pet-ct", -20, results=("Observation/lung",)))
    lung = found["site_lung"]
    assert isinstance(lung, Finding)
    assert lung.is_no
    assert lung.evidence[0].text == "PET/CT negative for this site (lung)"
    assert found["site_liver"] == Finding()


@pytest.mark.parametrize(
    ("method", "where", "value"),
    [
        ("imaging-mri-pelvis", "site-pelvic-sidewall", NO),
        ("imaging-mri-pelvis", "site-lung", UNKNOWN),
        ("imaging-mri-pelvis", "site-paraaortic-lymph-nodes", UNKNOWN),
        ("imaging-ct-chest", "site-lung", NO),
        ("imaging-ct-chest", "site-cervix", UNKNOWN),
        ("imaging-pet-ct", "site-liver", NO),
        ("imaging-ct-chest-abdomen-pelvis", "site-liver", NO),
    ],
)
def test_examination_rules_out_only_what_it_covers(method: str, where: str, value: Tri) -> None:
    assert site(BODY_SITES[where], seen(where, False, methods=method)).value is value


@pytest.mark.parametrize("key", ["conditions", "observations", "diagnosticReports", "questionnaireResponses"])
def test_no_site_is_ruled_out_while_data_are_missing(key: str) -> None:
    found = sites(
        seen("site-lung", False), observed("tnm-distant-metastases", "rm0", -20), Gap(key=key, cause="refused")
    )
    for name in ("site_lung", "site_distant"):
        value = found[name]
        assert isinstance(value, Finding)
        assert value.value is UNKNOWN
        assert "not obtained" in value.note
        assert value.evidence


def test_yes_stands_although_data_are_missing() -> None:
    assert site("site_lung", seen("site-lung", True), Gap(key="conditions", cause="refused")).is_yes


def test_unreadable_report_keeps_a_no_away() -> None:
    unreadable = Unreadable(reference="DiagnosticReport/9", resource_type="DiagnosticReport", cause="bad")
    assert site("site_lung", seen("site-lung", False), unreadable).value is UNKNOWN


# ----------------------------------------------------------------------------------------------------------- conflicts


def test_newest_examination_of_a_place_wins() -> None:
    assert site("site_lung", seen("site-lung", True, -30), seen("site-lung", False, -10)).is_no
    assert site("site_lung", seen("site-lung", False, -30), seen("site-lung", True, -10)).is_yes
    torn = site("site_lung", seen("site-lung", False, -10), seen("site-lung", True, -10))
    assert torn.value is UNKNOWN
    assert torn.note == CONTRADICTION
    assert len(torn.evidence) == 2


def test_places_of_one_site_do_not_contradict() -> None:
    found = site("site_central_pelvic", seen("site-vaginal-cuff", True), seen("site-cervix", False, -10))
    assert found.is_yes


def test_negative_examination_after_a_diagnosis_contradicts_it() -> None:
    lung = diagnosis("metastasis-lung", -30)
    found = site("site_lung", lung, seen("site-lung", False, -10))
    assert found.value is UNKNOWN
    assert found.note == CONTRADICTION
    assert site("site_lung", diagnosis("metastasis-lung", -5), seen("site-lung", False, -10)).is_yes
    assert site("site_distant", lung, observed("tnm-distant-metastases", "rm0", -10)).note == CONTRADICTION


def test_vague_record_that_is_not_older_keeps_a_no_away() -> None:
    local = diagnosis("cervical-cancer-local-recurrence", -30)
    assert site("site_pelvic_sidewall", local, seen("site-pelvic-sidewall", False, -20)).is_no
    assert site("site_pelvic_sidewall", local, seen("site-pelvic-sidewall", False, -31)).value is UNKNOWN


# ------------------------------------------------------------------------------------------------- chest, counts, signs

_OTHERS = [
    *("site-cervix", "site-pelvic-sidewall", "site-pelvic-lymph-nodes", "site-paraaortic-lymph-nodes", "site-liver"),
    *("site-bone-other", "site-brain-head", "site-abdomen", "site-supraclavicular-lymph-nodes"),
    "site-inguinal-lymph-nodes",
]


def test_isolated_chest() -> None:
    free = [seen(each, False) for each in _OTHERS]
    lung = diagnosis("metastasis-lung", -30)
    assert site("isolated_chest", lung, *free).is_yes
    assert site("isolated_chest", lung, *free[1:]).value is UNKNOWN
    assert site("isolated_chest", lung, *free[1:], seen("site-cervix", True)).is_no
    assert site("isolated_chest", lung, *free, seen("site-skin", True)).is_no
    assert site("isolated_chest", lung, *free, diagnosis("metastasis-unspecified-site", -10)).value is UNKNOWN
    assert site("isolated_chest", *free, seen("site-lung", False), seen("site-mediastinum", False)).is_no
    assert site("isolated_chest", *free).value is UNKNOWN


def test_a_single_distant_lesion_rules_out_the_other_distant_sites() -> None:
    lung = diagnosis("metastasis-lung", -30)
    assert site("site_liver", lung, observed("own-distant-lesion-count", 1, -20)).is_no
    assert site("site_liver", lung, observed("own-distant-lesion-count", 2, -20)).value is UNKNOWN
    assert site("site_liver", lung, observed("own-distant-lesion-count", 1, -43)).value is UNKNOWN
    both = (lung, diagnosis("metastasis-bone", -30), observed("own-distant-lesion-count", 1, -20))
    assert site("site_liver", *both).value is UNKNOWN


@pytest.mark.parametrize(
    ("concept", "name"),
    [("own-distant-lesion-count", "n_distant_lesions"), ("own-pelvic-node-count", "pelvic_node_count")],
)
def test_counts_take_the_newest_statement_of_the_present_disease(concept: str, name: str) -> None:
    assert amount(name, observed(concept, 3, -20), observed(concept, 2, -30)).value == 3
    assert not amount(name, observed(concept, 3, "2024-01-01")).known
    assert not amount(name, observed(concept, 2.5, -20)).known
    assert amount(name, observed(concept, 3, -20), observed(concept, 2, -20)).note == CONTRADICTION


@pytest.mark.parametrize(
    ("concept", "name"),
    [
        ("own-unresectable", "unresectable"),
        ("own-all-lesions-amenable-to-local-therapy", "lesions_all_treatable"),
    ],
)
def test_stated_judgements(concept: str, name: str) -> None:
    assert site(name).value is UNKNOWN
    assert site(name, observed(concept, True, -5)).is_yes
    assert site(name, observed(concept, False, -5)).is_no
    assert site(name, observed(concept, True, -5), observed(concept, False, -4)).is_no
    assert site(name, observed(concept, True, "2024-01-01")).value is UNKNOWN
    assert site(name, observed(concept, True, -5), observed(concept, False, -5)).note == CONTRADICTION
    assert site(name, observed(concept, False, -5), Gap(key="observations", cause="refused")).value is UNKNOWN


@pytest.mark.parametrize(
    ("fact", "name", "value"),
    [
        (diagnosis("leg-oedema", -45, laterality=Laterality.ONE_SIDE), "sign_leg_oedema_unilateral", YES),
        (observed("leg-oedema", True, -5), "sign_leg_oedema_unilateral", UNKNOWN),
        (observed("leg-oedema", False, -5), "sign_leg_oedema_unilateral", NO),
        (diagnosis("leg-oedema", -45), "sign_leg_oedema_unilateral", UNKNOWN),
        (diagnosis("leg-oedema", -45, laterality=Laterality.BOTH_SIDES), "sign_leg_oedema_unilateral", UNKNOWN),
        (diagnosis("oedema-site-unspecified", -45), "sign_leg_oedema_unilateral", UNKNOWN),
        (diagnosis("sciatica", -90), "sign_sciatic_pain", YES),
        (diagnosis("sciatica", -91), "sign_sciatic_pain", UNKNOWN),
        (diagnosis("sciatica", None), "sign_sciatic_pain", UNKNOWN),
        (diagnosis("sciatica", -9, clinical=ClinicalStatus.RESOLVED), "sign_sciatic_pain", UNKNOWN),
        (diagnosis("sciatica", -9, verification=Verification.POSSIBLE), "sign_sciatic_pain", UNKNOWN),
        (diagnosis("lumbosacral-plexus-disorder", -9), "sign_sciatic_pain", UNKNOWN),
        (diagnosis("hydronephrosis", -30), "sign_hydronephrosis", YES),
        (diagnosis("hydronephrosis-stone", -30), "sign_hydronephrosis", UNKNOWN),
        (diagnosis("ureteral-obstruction-without-hydronephrosis", -30), "sign_hydronephrosis", UNKNOWN),
        (observed("hydronephrosis", False, -30), "sign_hydronephrosis", NO),
        (observed("hydronephrosis", False, -91), "sign_hydronephrosis", UNKNOWN),
        (observed("sciatica", True, -30), "sign_sciatic_pain", YES),
    ],
)
def test_signs(fact: object, name: str, value: Tri) -> None:
    assert site(name, fact).value is value


def test_possible_sign_is_pointed_to() -> None:
    assert site("sign_leg_oedema_unilateral", diagnosis("lymphoedema", -45)).possible


def test_sign_on_and_off_follows_the_newest() -> None:
    assert site("sign_hydronephrosis", diagnosis("hydronephrosis", -30), observed("hydronephrosis", False, -10)).is_no
    torn = site("sign_hydronephrosis", diagnosis("hydronephrosis", -10), observed("hydronephrosis", False, -10))
    assert torn.note == CONTRADICTION


def test_signs_that_contradict_on_one_day() -> None:
    torn = site("sign_sciatic_pain", observed("sciatica", True, -5), observed("sciatica", False, -5))
    assert torn.value is UNKNOWN
    assert torn.note == CONTRADICTION


def test_finding_without_an_answer_says_nothing() -> None:
    assert site("site_lung", observed("own-tumour-at-site", None, -20, sites="site-lung")) == Finding()


def test_sidewall_triad_is_all_three() -> None:
    leg = diagnosis("leg-oedema", -45, laterality=Laterality.ONE_SIDE)
    nerve, kidney = diagnosis("sciatica", -41), diagnosis("hydronephrosis", -36)
    assert site("sidewall_triad", leg, nerve, kidney).is_yes
    assert len(site("sidewall_triad", leg, nerve, kidney).evidence) == 3
    assert site("sidewall_triad", leg, nerve).value is UNKNOWN
    assert site("sidewall_triad", leg, nerve, observed("hydronephrosis", False, -5)).is_no


# ----------------------------------------------------------------------------------------------- size and examinations


def size(
    number: float,
    unit: str = "cm",
    date: int | str | None = -20,
    where: str | tuple[str, ...] = "site-cervix",
    focus: tuple[str, ...] = (),
    reference: str = "Observation/size",
) -> Observed:
    part = (frozenset({"tumour-size"}), Value(number=number, unit=unit))
    return observed("tumour-size", None, date, sites=where, focus=focus, components=(part,), reference=reference)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        (size(3.1), 3.1),
        (size(31, "mm"), 3.1),
        (size(3.1, ""), None),
        (size(3.1, "in"), None),
        (size(3.1, date=-60), 3.1),
        (size(3.1, date=-61), None),
        (size(3.1, date=None), None),
        (size(3.1, where="site-lung"), None),
        (size(3.1, where=()), None),
        (size(0), None),
    ],
)
def test_pelvic_tumour_size(fact: Observed, value: float | None) -> None:
    assert amount("central_size_cm", fact).value == value


def test_size_without_site_belongs_to_the_examination_or_cancer_it_names() -> None:
    loose = size(3.1, where=())
    assert amount("central_size_cm", loose).possible
    listed = report("imaging-mri-pelvis", -20, results=("Observation/size",))
    assert amount("central_size_cm", loose, listed).value == 3.1
    cancer = diagnosis("cervical-cancer", "2024-01-10", reference="Condition/primary")
    assert amount("central_size_cm", size(3.1, where=(), focus=("Condition/primary",)), cancer).value == 3.1


def test_newest_size_counts_and_sizes_of_one_day_span() -> None:
    older, newer = size(5.0, date=-30, reference="Observation/1"), size(3.0, date=-20, reference="Observation/2")
    assert amount("central_size_cm", older, newer).value == 3.0
    other = size(4.0, date=-20, reference="Observation/3")
    both = amount("central_size_cm", older, newer, other)
    assert (both.low, both.high) == (3.0, 4.0)


@pytest.mark.parametrize(
    ("facts", "pet", "staged"),
    [
        ((report("imaging-pet-ct", -42),), YES, YES),
        ((report("imaging-pet-ct", -43),), UNKNOWN, UNKNOWN),
        ((report("imaging-pet-ct", -20, final=False),), UNKNOWN, UNKNOWN),
        ((report("imaging-pet-ct", 2),), UNKNOWN, UNKNOWN),
        ((report("imaging-pet-ct", None),), UNKNOWN, UNKNOWN),
        ((report("imaging-pet", -20),), UNKNOWN, UNKNOWN),
        ((treatment("imaging-pet-ct", -20),), YES, YES),
        ((treatment("imaging-pet-ct", -20, occurrence=Occurrence.PLANNED),), UNKNOWN, UNKNOWN),
        ((report("imaging-ct-chest-abdomen-pelvis", -20),), UNKNOWN, YES),
        ((report("imaging-ct-chest", -20), report("imaging-ct-abdomen-pelvis", -25)), UNKNOWN, YES),
        ((report("imaging-ct-chest", -20), report("imaging-ct-abdomen-pelvis", -50)), UNKNOWN, UNKNOWN),
        ((report("imaging-ct-chest", -20),), UNKNOWN, UNKNOWN),
        ((), UNKNOWN, UNKNOWN),
    ],
)
def test_staging_examinations(facts: tuple[object, ...], pet: Tri, staged: Tri) -> None:
    assert site("pet_ct_recent", *facts).value is pet
    assert site("adequate_staging", *facts).value is staged


def test_pet_ct_date_is_the_newest() -> None:
    found = sites(report("imaging-pet-ct", -50), report("imaging-pet-ct", -90))["pet_ct_date"]
    assert isinstance(found, Moment)
    assert found.date == when(-50)
    assert site("pet_ct_recent", report("imaging-pet-ct", -50)).note == "last one 2026-10-05"


def test_pelvic_mri_recent() -> None:
    assert site("pelvic_mri_recent", report("imaging-mri-pelvis", -42)).is_yes
    assert site("pelvic_mri_recent", report("imaging-mri-pelvis", -43)).value is UNKNOWN
    assert site("pelvic_mri_recent", report("imaging-mri-body-part-unspecified", -20)).value is UNKNOWN


# ---------------------------------------------------------------------------------------------------------- properties

_FACTS = (
    seen("site-lung", True, -20, reference="Observation/1"),
    seen("site-lung", False, -20, reference="Observation/2"),
    seen("site-lung", False, -10, reference="Observation/3"),
    seen("site-cervix", False, -10, reference="Observation/4"),
    diagnosis("metastasis-lung", -30, reference="Condition/1"),
    diagnosis("metastasis-liver", "2026", reference="Condition/2"),
    diagnosis("cervical-cancer-local-recurrence", -30, sites="site-cervix", reference="Condition/3"),
    observed("tnm-distant-metastases", "rm0", -10, reference="Observation/5"),
    observed("tnm-distant-metastases", "rm1", -15, reference="Observation/6"),
    observed("own-distant-lesion-count", 1, -10, reference="Observation/7"),
    report("imaging-pet-ct", -20, results=("Observation/1",), reference="DiagnosticReport/1"),
)


@given(facts=st.lists(st.sampled_from(_FACTS), unique=True), data=st.data())
def test_order_never_matters(facts: list[object], data: st.DataObject) -> None:
    assert sites(*facts) == sites(*data.draw(st.permutations(facts)))


@given(facts=st.lists(st.sampled_from(_FACTS), unique=True))
def test_unrelated_facts_change_nothing(facts: list[object]) -> None:
    assert sites(*facts) == sites(*facts, diagnosis("hypertension", -9), observed("body-weight", 70, -3, unit="kg"))


@given(facts=st.lists(st.sampled_from(_FACTS), unique=True))
def test_missing_data_never_rule_a_site_out(facts: list[object]) -> None:
    found = sites(*facts, Gap(key="observations", cause="refused", partial=True))
    assert all(value.value is not NO for name in (*NAMES, "site_distant") if isinstance(value := found[name], Finding))
