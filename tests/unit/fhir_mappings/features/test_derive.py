"""All features together: completeness, and the worked mixed patterns of the decision model as features."""

from __future__ import annotations

from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.features.derive import derive
from fhir_mappings.features.fields import FEATURES, Histology, Purpose, RecurrenceFeatures
from fhir_mappings.findings import Amount, Choice, Finding, Moment
from fhir_mappings.history import (
    ClinicalStatus,
    Diagnosis,
    DraftOrder,
    DrugRecord,
    Exposure,
    Gap,
    Intent,
    Laterality,
    Observed,
    Treatment,
)
from fhir_mappings.kleene import Tri
from tests.history_builders import TODAY, WINDOWS, diagnosis, drug, history, observed, plan, report, treatment

PRIMARY = diagnosis(
    "cervical-squamous-cell-carcinoma",
    "2024-03-04",
    sites="site-cervix",
    clinical=ClinicalStatus.RECURRENCE,
    reference="Condition/primary",
)
PELVIC = treatment(
    "radiotherapy-course-summary",
    "2024-04-08",
    "2024-05-13",
    sites={"site-pelvis", "site-cervix"},
    qualifiers="radiotherapy-external-beam",
    intent=Intent.CURATIVE,
    dose_gy=45.0,
    reference="Procedure/rt",
)
SURGERY = treatment("radical-hysterectomy", "2024-04-08", intent=Intent.CURATIVE, reference="Procedure/op")
BIOPSY = observed("own-biopsy-malignant", True, -23, reference="Observation/biopsy")
SEARCHED = (
    *("site-cervix", "site-pelvic-sidewall", "site-pelvic-lymph-nodes", "site-paraaortic-lymph-nodes", "site-lung"),
    *("site-mediastinum", "site-liver", "site-bone-other", "site-brain-head", "site-abdomen"),
    *("site-supraclavicular-lymph-nodes", "site-inguinal-lymph-nodes"),
)
EVERY_SITE = (
    *("site_central_pelvic", "site_pelvic_sidewall", "site_pelvic_nodal", "site_paraaortic", "site_distant"),
    *("site_lung", "site_mediastinum", "site_liver", "site_bone", "site_brain", "site_peritoneal"),
    *("site_supraclavicular", "site_inguinal"),
)


def staging(*present: str, distant: bool = False) -> list[object]:
    found: list[object] = [
        observed("own-tumour-at-site", site in present, -20, sites=site, reference=f"Observation/{site}")
        for site in dict.fromkeys((*present, *SEARCHED))
    ]
    found.append(observed("tnm-distant-metastases", "rm1" if distant else "rm0", -20, reference="Observation/m"))
    return [*found, report("imaging-pet-ct", -20, reference="DiagnosticReport/pet")]


def features(*facts: object, purpose: Purpose = Purpose.OVERVIEW) -> RecurrenceFeatures:
    return derive(history(*facts), today=TODAY, purpose=purpose, windows=WINDOWS)


def yes(found: RecurrenceFeatures) -> set[str]:
    return {name for name in EVERY_SITE if getattr(found, name).is_yes}


def no(found: RecurrenceFeatures) -> set[str]:
    return {name for name in EVERY_SITE if getattr(found, name).is_no}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_feature_is_derived_and_of_its_kind(purpose: Purpose) -> None:
    found = features(PRIMARY, PELVIC, BIOPSY, *staging("site-cervix"), purpose=purpose)
    kinds = get_type_hints(RecurrenceFeatures)
    for name in FEATURES:
        kind = kinds[name]
        assert isinstance(getattr(found, name), getattr(kind, "__origin__", kind)), name


def test_nothing_on_record_is_unknown_everywhere() -> None:
    for name, value in features().mapping().items():
        if isinstance(value, Finding):
            assert value.value is Tri.UNKNOWN, name
            assert not value.evidence, name
        else:
            assert isinstance(value, Amount | Choice | Moment)
            assert not value.known, name


def test_central_and_irradiated() -> None:
    local = diagnosis("cervical-cancer-local-recurrence", -31, sites="site-cervix")
    found = features(PRIMARY, PELVIC, local, BIOPSY, *staging("site-cervix"))
    assert found.recurrence.is_yes
    assert yes(found) == {"site_central_pelvic"}
    assert no(found) == set(EVERY_SITE) - {"site_central_pelvic"}
    assert found.prior_pelvic_rt.is_yes
    assert found.biopsy_proof.is_yes
    assert found.histology.value is Histology.SQUAMOUS
    assert found.adequate_staging.is_yes
    assert not found.prior_exenteration.known


def test_central_and_lung_irradiated() -> None:
    facts = (diagnosis("cervical-cancer-local-recurrence", -31, sites="site-cervix"), diagnosis("metastasis-lung", -31))
    found = features(PRIMARY, PELVIC, *facts, *staging("site-cervix", "site-lung", distant=True))
    assert yes(found) == {"site_central_pelvic", "site_lung", "site_distant"}
    assert found.isolated_chest.is_no
    assert found.prior_pelvic_rt.is_yes


def test_central_with_a_bare_history_of_radiotherapy() -> None:
    facts = (
        diagnosis("cervical-cancer-local-recurrence", -31, sites="site-vaginal-cuff"),
        diagnosis("history-of-radiotherapy", "2024"),
    )
    found = features(PRIMARY, SURGERY, *facts, *staging("site-vaginal-cuff"))
    assert found.site_central_pelvic.is_yes
    assert found.prior_pelvic_rt.value is Tri.UNKNOWN
    assert found.rt_site_unspecified.is_yes


def test_central_with_breast_radiotherapy_only() -> None:
    facts = (
        diagnosis("cervical-cancer-local-recurrence", -31, sites="site-vaginal-cuff"),
        diagnosis("other-primary-cancer", "2015", clinical=ClinicalStatus.REMISSION),
        treatment("radiotherapy-course-summary", "2015-06-01", "2015-07-10", sites="site-breast"),
    )
    found = features(PRIMARY, SURGERY, *facts, *staging("site-vaginal-cuff"))
    assert found.recurrence.is_yes
    assert found.site_central_pelvic.is_yes
    assert found.prior_pelvic_rt == Finding()
    assert not found.rt_site_unspecified.known


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ((PELVIC,), Tri.YES),
        ((SURGERY, observed("own-prior-pelvic-radiotherapy", False, -25)), Tri.NO),
        ((SURGERY,), Tri.UNKNOWN),
    ],
)
def test_every_state_of_earlier_pelvic_radiotherapy_beside_central_disease(
    facts: tuple[object, ...], value: Tri
) -> None:
    local = diagnosis("cervical-cancer-local-recurrence", -31, sites="site-vaginal-cuff")
    found = features(PRIMARY, *facts, local, BIOPSY, *staging("site-vaginal-cuff"))
    assert found.site_central_pelvic.is_yes
    assert found.prior_pelvic_rt.value is value
    assert found.recurrence.is_yes
    assert found.biopsy_proof.is_yes


def test_para_aortic_only_with_an_irradiated_pelvis() -> None:
    nodes = diagnosis("metastasis-paraaortic-abdominal-lymph-nodes", -34, sites="site-paraaortic-lymph-nodes")
    extent = observed("own-prior-paraaortic-radiotherapy", False, -20)
    found = features(PRIMARY, PELVIC, nodes, extent, *staging("site-paraaortic-lymph-nodes"))
    assert yes(found) == {"site_paraaortic"}
    assert found.prior_pelvic_rt.is_yes
    assert found.prior_paraaortic_rt.is_no


def test_single_lung_nodule() -> None:
    facts = (
        diagnosis("metastasis-lung", -27),
        observed("own-distant-lesion-count", 1, -20),
        observed("own-all-lesions-amenable-to-local-therapy", True, -9),
    )
    found = features(PRIMARY, PELVIC, *facts, *staging("site-lung", distant=True))
    assert found.isolated_chest.is_yes
    assert found.n_distant_lesions.value == 1
    assert found.lesions_all_treatable.is_yes
    assert not found.biopsy_proof.known


def test_central_after_salvage_chemoradiation() -> None:
    facts = (
        diagnosis("cervical-cancer-local-recurrence", "2025-01-10", sites="site-vaginal-cuff", reference="Condition/1"),
        treatment("radiotherapy-pelvis", "2025-02-10", "2025-03-20", reference="Procedure/salvage"),
        *(drug("cisplatin", f"2025-02-{day}") for day in ("10", "17", "24")),
        diagnosis("cervical-cancer-local-recurrence", -31, sites="site-cervix", reference="Condition/2"),
    )
    found = features(PRIMARY, SURGERY, *facts, *staging("site-cervix"))
    assert found.recurrence_number.value == 2
    assert found.prior_pelvic_rt.is_yes
    assert found.site_central_pelvic.is_yes
    assert not found.systemic_lines.known
    assert found.prior_platinum.is_yes


def test_central_after_exenteration() -> None:
    facts = (
        diagnosis("cervical-cancer-local-recurrence", "2025-01-10", sites="site-cervix", reference="Condition/1"),
        treatment("pelvic-exenteration", "2025-02-10", reference="Procedure/exenteration"),
        diagnosis("cervical-cancer-local-recurrence", -31, sites="site-vaginal-cuff", reference="Condition/2"),
    )
    found = features(PRIMARY, PELVIC, *facts)
    assert found.prior_exenteration.is_yes
    assert found.site_central_pelvic.is_yes
    assert [operation.exenteration for operation in found.past_operations] == [True]


def test_side_wall_triad_irradiated() -> None:
    facts = (
        diagnosis("leg-oedema", -45, laterality=Laterality.ONE_SIDE),
        diagnosis("sciatica", -41),
        diagnosis("hydronephrosis", -36),
    )
    found = features(PRIMARY, PELVIC, *facts, *staging("site-pelvic-sidewall"))
    assert found.sidewall_triad.is_yes
    assert found.site_pelvic_sidewall.is_yes
    assert found.prior_pelvic_rt.is_yes


def test_only_a_lung_metastasis_beside_active_breast_cancer() -> None:
    cancer = replace(PRIMARY, clinical=ClinicalStatus.ACTIVE)
    breast = diagnosis("other-primary-cancer", "2015", clinical=ClinicalStatus.ACTIVE)
    found = features(cancer, PELVIC, diagnosis("metastasis-lung", -27), breast)
    assert found.recurrence.value is Tri.UNKNOWN
    assert found.recurrence_suspected.is_yes
    assert not found.site_lung.is_yes
    assert found.site_lung.possible


def test_worsened_without_a_treatment_date() -> None:
    cancer = replace(PRIMARY, clinical=ClinicalStatus.ACTIVE)
    found = features(cancer, observed("cancer-disease-status", {"disease-status-worsened"}, -10))
    assert found.recurrence.value is Tri.UNKNOWN
    assert found.recurrence_suspected.is_yes


def test_second_line_after_progression() -> None:
    facts = [
        diagnosis("metastasis-lung", "2025-10-20"),
        *(drug(name, "2025-12-01", "2026-03-16", kind=DrugRecord.STATEMENT) for name in ("cisplatin", "bevacizumab")),
        observed("cancer-disease-status", {"disease-status-worsened"}, -20),
    ]
    found = features(PRIMARY, PELVIC, *facts)
    assert found.systemic_lines.value == 1
    assert found.progressed_on_after_systemic.is_yes
    assert found.prior_bev.is_yes
    assert str(found.last_bev_date.date) == "2026-03-16"


def test_drafts_never_count_as_history() -> None:
    draft = DraftOrder(
        reference="MedicationRequest/draft", resource_type="MedicationRequest", concepts=frozenset({"bevacizumab"})
    )
    operation = DraftOrder(
        reference="ServiceRequest/draft", resource_type="ServiceRequest", concepts=frozenset({"pelvic-exenteration"})
    )
    assert features(PRIMARY, PELVIC, draft, operation) == features(PRIMARY, PELVIC)


def test_planned_operation_and_last_bevacizumab_meet() -> None:
    found = features(PRIMARY, PELVIC, plan("bowel-resection", 18), drug("bevacizumab-awwb", -9))
    assert found.planned_operations[0].date == found.planned_surgery_date.date
    assert found.last_bev_date.known


_FACTS: tuple[Diagnosis | Treatment | Observed, ...] = (
    PRIMARY,
    PELVIC,
    SURGERY,
    BIOPSY,
    diagnosis("metastasis-lung", -31, reference="Condition/lung"),
    diagnosis("history-of-radiotherapy", "2024", reference="Condition/z"),
    observed("own-prior-pelvic-radiotherapy", False, -25, reference="Observation/denied"),
    observed("tnm-distant-metastases", "rm0", -20, reference="Observation/m"),
    observed("own-systemic-lines-recurrent", 0, -12, reference="Observation/lines"),
)


@given(facts=st.lists(st.sampled_from(_FACTS), unique_by=lambda fact: fact.reference), data=st.data())
def test_order_of_the_record_never_matters(facts: list[object], data: st.DataObject) -> None:
    assert features(*facts) == features(*data.draw(st.permutations(facts)))


@given(facts=st.lists(st.sampled_from(_FACTS), unique_by=lambda fact: fact.reference))
def test_losing_all_but_the_patient_never_adds_a_no(facts: list[object]) -> None:
    keys = ("conditions", "procedures", "observations", "diagnosticReports", "questionnaireResponses")
    found = features(*facts, *(Gap(key=key, cause="refused", partial=True) for key in keys))
    for name in ("prior_pelvic_rt", "recurrence", "biopsy_proof", *EVERY_SITE):
        assert not getattr(found, name).is_no, name


def test_an_order_alone_is_no_exposure() -> None:
    order = drug("bevacizumab", -9, kind=DrugRecord.REQUEST, exposure=Exposure.POSSIBLE)
    found = features(PRIMARY, PELVIC, order)
    assert found.prior_bev.value is Tri.UNKNOWN
    assert found.prior_bev.possible
    assert not found.last_bev_date.known
