"""RecurrenceFeatures: one field for each question that the guideline asks of a patient (decision model, section 2).

Each field says in metadata how it is called on a card (``label``), whether it is *measured* (unknown raises a prompt)
or an *event* (unknown raises nothing, but is listed under "confirm before treating"), and which mCODE element carries
it where one does. The values say what is recorded; only the guideline judges.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

from fhir_mappings.findings import Amount, Choice, Evidence, Feature, Finding, Moment
from fhir_mappings.partial_dates import PartialDate


class Histology(enum.Enum):
    """Histological type of the cervical cancer."""

    SQUAMOUS = "squamous"
    ADENOCARCINOMA = "adenocarcinoma"
    ADENOSQUAMOUS = "adenosquamous"
    NEUROENDOCRINE = "neuroendocrine"
    OTHER = "other"


class Sex(enum.Enum):
    """Sex parameter: sex for clinical use, else birth sex, else administrative gender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class Purpose(enum.Enum):
    """What the features are wanted for; some freshness windows differ."""

    OVERVIEW = "overview"
    """patient-view."""
    ORDER = "order"
    """order-select, order-sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How old data may be, and limits of what counts, in days unless said; the guideline's thresholds fill it in.

    Attributes:
        staging: imaging and examination that say where disease is.
        signs: leg oedema, sciatic pain, hydronephrosis.
        central_size: tumour size.
        pregnancy: positive test or pregnancy condition.
        pregnancy_test: negative test for orders.
        menopause_age: years of age from which pregnancy counts as no.
        ecog_fresh: performance status used without a remark.
        ecog_usable: performance status used in an overview with a remark.
        creatinine_order: creatinine for orders.
        creatinine_overview: creatinine for an overview.
        weight: body weight.
        blood_count: neutrophils, platelets, haemoglobin.
        liver: bilirubin and transaminases.
        blood_pressure: blood pressure pair.
        urine_protein: any urine protein test.
        pelvic_rt_minimum_gy: Gy delivered from which a stopped pelvic course counts as pelvic radiotherapy.
        persistent_months: months after primary treatment within which disease is called persistent.
    """

    staging: int
    signs: int
    central_size: int
    pregnancy: int
    pregnancy_test: int
    menopause_age: int
    ecog_fresh: int
    ecog_usable: int
    creatinine_order: int
    creatinine_overview: int
    weight: int
    blood_count: int
    liver: int
    blood_pressure: int
    urine_protein: int
    pelvic_rt_minimum_gy: float
    persistent_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A surgical procedure done or planned.

    Attributes:
        date: day of the operation; None when not recorded.
        minor: port, biopsy, stent, cystoscopy, brachytherapy applicator and the like.
        urgent: ordered or done as urgent or emergency.
        exenteration: pelvic exenteration.
        evidence: the record.
    """

    date: PartialDate | None
    minor: bool
    urgent: bool
    exenteration: bool
    evidence: Evidence


def _question(label: str, *, event: bool = False, mcode: str = "") -> dict[str, Any]:
    return {"label": label, "event": event, "mcode": mcode}


def _tri(label: str, *, event: bool = False, mcode: str = "") -> Any:
    return field(default=Finding(), metadata=_question(label, event=event, mcode=mcode))


def _amount(label: str, *, event: bool = False, mcode: str = "") -> Any:
    return field(default=Amount(), metadata=_question(label, event=event, mcode=mcode))


def _moment(label: str, *, event: bool = False, mcode: str = "") -> Any:
    return field(default=Moment(), metadata=_question(label, event=event, mcode=mcode))


def _choice(label: str, *, mcode: str = "") -> Any:
    return field(default=Choice(), metadata=_question(label, mcode=mcode))


@dataclass(frozen=True, kw_only=True)
class RecurrenceFeatures:
    """The patient as the guideline sees her or him: every field but the last two is a Feature, unknown by default."""

    # Identity and disease (2.1)
    deceased: Finding = _tri("deceased")
    sex_param: Choice[Sex] = _choice("sex parameter")
    evidence_of_cervix: Finding = _tri("evidence of a cervix")
    age: Amount = _amount("age in years")
    pregnant: Finding = _tri("pregnancy")
    gestation_weeks: Amount = _amount("weeks of gestation")
    cervical_cancer: Finding = _tri("cervical cancer", mcode="PrimaryCancerCondition.code")
    cancer_disowned: Finding = _tri("every cervical cancer record is refuted or entered in error")
    other_primary_cancer: Finding = _tri("another primary cancer")
    histology: Choice[Histology] = _choice("histology", mcode="PrimaryCancerCondition histology-morphology-behavior")
    primary_treatment_end: Moment = _moment("end of primary treatment", mcode="RadiotherapyCourseSummary.performed")
    recurrence: Finding = _tri("recurrence", mcode="CancerDiseaseStatus, SecondaryCancerCondition")
    recurrence_suspected: Finding = _tri("suspicion of recurrence")
    recurrence_date: Moment = _moment("first evidence of this recurrence")
    persistent: Finding = _tri("persistent disease (within 6 months of primary treatment)")
    recurrence_number: Amount = _amount("number of recurrences")
    biopsy_proof: Finding = _tri("recurrence proven by biopsy", mcode="DiagnosticReport (pathology)")
    disease_free_interval: Amount = _amount("disease-free interval in months")
    hospice: Finding = _tri("hospice or comfort-only plan", event=True)

    # Sites (2.2)
    site_central_pelvic: Finding = _tri("central pelvic recurrence", mcode="SecondaryCancerCondition.bodySite")
    site_pelvic_sidewall: Finding = _tri("pelvic side wall recurrence")
    site_pelvic_nodal: Finding = _tri("pelvic nodal recurrence", mcode="SecondaryCancerCondition.bodySite")
    site_paraaortic: Finding = _tri("para-aortic recurrence", mcode="SecondaryCancerCondition.bodySite")
    site_distant: Finding = _tri("distant recurrence", mcode="SecondaryCancerCondition, TNM M category")
    site_lung: Finding = _tri("lung metastasis")
    site_mediastinum: Finding = _tri("mediastinal or intrathoracic nodal metastasis")
    site_liver: Finding = _tri("liver metastasis")
    site_bone: Finding = _tri("bone metastasis")
    site_brain: Finding = _tri("brain metastasis")
    site_peritoneal: Finding = _tri("peritoneal metastasis")
    site_supraclavicular: Finding = _tri("supraclavicular nodal metastasis")
    site_inguinal: Finding = _tri("inguinal nodal metastasis")
    site_other_distant: Finding = _tri("other distant metastasis")
    isolated_chest: Finding = _tri("disease confined to the chest")
    n_distant_lesions: Amount = _amount("number of distant lesions")
    lesions_all_treatable: Finding = _tri("all lesions amenable to local therapy", event=True)
    pelvic_node_count: Amount = _amount("number of involved pelvic nodes")
    sign_leg_oedema_unilateral: Finding = _tri("unilateral leg oedema")
    sign_sciatic_pain: Finding = _tri("sciatic pain")
    sign_hydronephrosis: Finding = _tri("hydronephrosis")
    sidewall_triad: Finding = _tri("side wall triad (leg oedema, sciatic pain, hydronephrosis)")
    unresectable: Finding = _tri("disease judged unresectable", event=True)
    central_size_cm: Amount = _amount("pelvic tumour size", mcode="TumorSize")
    adequate_staging: Finding = _tri("adequate staging")
    pet_ct_recent: Finding = _tri("recent PET/CT")
    pet_ct_date: Moment = _moment("last PET/CT")
    pelvic_mri_recent: Finding = _tri("recent pelvic MRI or examination under anaesthesia")
    metastasis_symptoms: Finding = _tri("painful or bleeding metastasis", event=True)

    # Earlier treatment (2.3)
    prior_pelvic_ebrt: Finding = _tri(
        "earlier external beam radiotherapy to the pelvis", mcode="RadiotherapyCourseSummary"
    )
    prior_pelvic_brachy: Finding = _tri("earlier brachytherapy to the pelvis", mcode="RadiotherapyCourseSummary")
    prior_pelvic_rt: Finding = _tri("earlier pelvic radiotherapy", mcode="RadiotherapyCourseSummary")
    rt_site_unspecified: Finding = _tri("radiotherapy on record without a body site", event=True)
    vaginal_brachy_only: Finding = _tri("vaginal brachytherapy only")
    prior_paraaortic_rt: Finding = _tri("earlier para-aortic radiotherapy", mcode="RadiotherapyCourseSummary")
    prior_exenteration: Finding = _tri(
        "earlier pelvic exenteration", event=True, mcode="CancerRelatedSurgicalProcedure"
    )
    prior_platinum: Finding = _tri("earlier platinum", mcode="CancerRelatedMedicationAdministration")
    systemic_lines: Amount = _amount("systemic lines for recurrent disease")
    progressed_on_after_systemic: Finding = _tri(
        "progression on or after systemic therapy", mcode="CancerDiseaseStatus"
    )
    prior_ici: Finding = _tri("earlier immune checkpoint inhibitor")
    prior_bev: Finding = _tri("earlier bevacizumab")
    prior_tv: Finding = _tri("earlier tisotumab vedotin")
    last_bev_date: Moment = _moment("last bevacizumab dose", event=True)
    last_tv_date: Moment = _moment("last tisotumab vedotin dose", event=True)
    tv_doses: Amount = _amount("tisotumab vedotin doses given", event=True)
    last_paclitaxel_date: Moment = _moment("last paclitaxel dose", event=True)
    last_topotecan_date: Moment = _moment("last topotecan dose", event=True)
    last_major_surgery_date: Moment = _moment("last major surgery", event=True)
    planned_surgery_date: Moment = _moment("next planned major or unspecified elective surgery", event=True)
    wound_healed: Finding = _tri("surgical wound healed", event=True)
    platinum_active: Finding = _tri("platinum being given now", event=True)
    chemotherapy_active: Finding = _tri(
        "platinum, taxane, topotecan or checkpoint inhibitor being given now", event=True
    )
    anticoagulated: Finding = _tri("therapeutic anticoagulation", event=True)
    strong_cyp3a4_inhibitor: Finding = _tri("strong CYP3A4 inhibitor being taken", event=True)
    immunosuppressed: Finding = _tri("systemic immunosuppression or prednisone above 10 mg a day", event=True)

    # Fitness, laboratory, markers (2.4)
    ecog: Amount = _amount("ECOG performance status", mcode="ECOGPerformanceStatus")
    pdl1_cps: Amount = _amount("PD-L1 combined positive score", mcode="TumorMarkerTest")
    her2_ihc: Amount = _amount("HER2 immunohistochemistry score", event=True, mcode="TumorMarkerTest")
    ret_fusion: Finding = _tri("RET fusion", event=True, mcode="GenomicVariant")
    ntrk_fusion: Finding = _tri("NTRK fusion", event=True, mcode="GenomicVariant")
    msi_high: Finding = _tri("MSI-high or mismatch repair deficient", event=True, mcode="TumorMarkerTest")
    tmb_high: Finding = _tri("high tumour mutational burden", event=True, mcode="TumorMarkerTest")
    creatinine: Amount = _amount("serum creatinine")
    crcl: Amount = _amount("creatinine clearance")
    anc: Amount = _amount("neutrophils")
    platelets: Amount = _amount("platelets")
    hb: Amount = _amount("haemoglobin")
    bilirubin_xuln: Amount = _amount("bilirubin, times upper limit of normal")
    ast_alt_xuln: Amount = _amount("AST or ALT, times upper limit of normal")
    bp_systolic: Amount = _amount("systolic blood pressure")
    bp_diastolic: Amount = _amount("diastolic blood pressure")
    urine_dipstick: Amount = _amount("urine protein dipstick (plus signs)")
    urine_protein_creatinine_ratio: Amount = _amount("urine protein to creatinine ratio")
    urine_protein_24h: Amount = _amount("urine protein in 24 hours")
    urine_protein: Finding = _tri("urine protein checked")
    eye_exam_date: Moment = _moment("last eye examination with slit lamp")
    neuropathy_grade: Amount = _amount("neuropathy grade", event=True)
    hearing_loss_grade: Amount = _amount("hearing loss grade", event=True)
    tinnitus_or_hearing_aid: Finding = _tri("tinnitus or hearing aid", event=True)
    weight_kg: Amount = _amount("body weight", mcode="BodyWeight")
    height_cm: Amount = _amount("body height")
    bsa_m2: Amount = _amount("body surface area")

    # Events (2.4, last row)
    gi_perforation: Finding = _tri("gastrointestinal perforation", event=True)
    fistula_active: Finding = _tri("active fistula of an internal organ, tracheo-oesophageal or grade 4", event=True)
    fistula_healed: Finding = _tri("repaired or healed fistula", event=True)
    severe_haemorrhage: Finding = _tri("haemorrhage of grade 3 or 4", event=True)
    severe_haemorrhage_date: Moment = _moment("date of the grade 3 or 4 haemorrhage", event=True)
    vaginal_bleeding_current: Finding = _tri("current vaginal bleeding of grade 1 or 2", event=True)
    haemoptysis: Finding = _tri("haemoptysis", event=True)
    haemoptysis_date: Moment = _moment("date of the haemoptysis", event=True)
    haemorrhage_grade: Amount = _amount("grade of the latest haemorrhage", event=True)
    cns_or_lung_haemorrhage: Finding = _tri("intracranial or pulmonary haemorrhage", event=True)
    arterial_thromboembolism: Finding = _tri("arterial thromboembolism", event=True)
    arterial_thromboembolism_date: Moment = _moment("date of the arterial thromboembolism", event=True)
    venous_thromboembolism: Finding = _tri("venous thromboembolism", event=True)
    vte_grade: Amount = _amount("grade of the venous thromboembolism", event=True)
    htn_crisis: Finding = _tri("hypertensive crisis or encephalopathy", event=True)
    pres: Finding = _tri("posterior reversible encephalopathy syndrome", event=True)
    nephrotic: Finding = _tri("nephrotic syndrome", event=True)
    heart_failure: Finding = _tri("heart failure", event=True)
    necrotising_fasciitis: Finding = _tri("necrotising fasciitis", event=True)
    allergy_cisplatin: Finding = _tri("severe reaction to cisplatin", event=True)
    allergy_carboplatin: Finding = _tri("severe reaction to carboplatin", event=True)
    allergy_paclitaxel: Finding = _tri("severe reaction to paclitaxel or polyoxyl castor oil", event=True)
    autoimmune_active: Finding = _tri("active autoimmune disease", event=True)
    transplant: Finding = _tri("solid organ or allogeneic transplant", event=True)
    irae_severe: Finding = _tri("earlier severe immune-related event", event=True)
    ocular_severe: Finding = _tri("ulcerative keratitis, perforation, scarring or symblepharon", event=True)
    ocular_unresolved: Finding = _tri("unresolved confluent keratitis or conjunctival ulcer", event=True)
    pneumonitis_grade: Amount = _amount("pneumonitis grade", event=True)

    # Operations with their dates, for the intervals of the order checks; not features.
    planned_operations: tuple[Operation, ...] = ()
    past_operations: tuple[Operation, ...] = ()

    def mapping(self) -> dict[str, Feature]:
        """Every feature by name."""
        return dict(zip(FEATURES, _values_of(self), strict=True))


@dataclass(frozen=True, slots=True)
class Question:
    """What is fixed about a feature: its name, its label on cards, whether it is an event, its mCODE element."""

    name: str
    label: str
    event: bool
    mcode: str


@cache
def _questions() -> Mapping[str, Question]:
    return {
        each.name: Question(each.name, each.metadata["label"], each.metadata["event"], each.metadata["mcode"])
        for each in dataclasses.fields(RecurrenceFeatures)
        if "label" in each.metadata
    }


FEATURES: Mapping[str, Question] = _questions()
"""Every feature in the order of the decision model."""

_values_of = attrgetter(*FEATURES)
