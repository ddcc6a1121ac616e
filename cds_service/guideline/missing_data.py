"""What has to be known before an option can be named or an order judged (decision model, section 5).

Read top to bottom: the order of the table is the order of display. A prompt says which answer the missing fact would
change, so that it is more than a nag, and names the suggestion that the cards build for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import Condition, between, under
from cds_service.guideline.rule import Prompt

_RADIOTHERAPY = ("pelvic-radiotherapy", "radiotherapy-site-unknown", "other-radiotherapy")
_CYTOTOXICS = ("cisplatin", "carboplatin", "paclitaxel", "nab-paclitaxel", "topotecan", "other-cytotoxic")
_CHECKPOINT_INHIBITORS = ("pembrolizumab", "cemiplimab", "atezolizumab", "nivolumab")

CHILDBEARING: Condition = between("age", t.CHILDBEARING_AGE_MIN, t.CHILDBEARING_AGE_MAX)
"""Who is asked about pregnancy: no only outside these ages. Hysterectomy and menopause already make pregnancy a no."""

EYE_EXAMINATION_DUE: Condition = under("tv_doses", t.TISOTUMAB_EYE_EXAM_CYCLES)
"""Whose eyes are asked about: no once nine doses of tisotumab vedotin were given (boxed warning, evidence L8)."""

PROMPTS: tuple[Prompt, ...] = (
    Prompt(
        code="missing-recurrence-site",
        features=(
            "site_central_pelvic",
            "site_pelvic_sidewall",
            "site_pelvic_nodal",
            "site_paraaortic",
            "site_distant",
        ),
        title="Where has the disease come back?",
        changes="Every treatment option depends on the site of recurrence; none is named before it is known.",
        filled_by="PET/CT and pelvic MRI, or the staging form",
        suggestion="staging-form",
        warns_on=(),
        sources=("G-ESGO2023", "S01"),
        rank=1,
    ),
    Prompt(
        code="missing-prior-pelvic-rt",
        features=("prior_pelvic_rt",),
        title="Was the pelvis ever irradiated, and in which field?",
        changes="Irradiated: assessment for exenteration. Never irradiated: salvage chemoradiation. A new course to "
        "the pelvis cannot be judged without it.",
        filled_by="the radiotherapy treatment summary, or one question on the staging form",
        suggestion="request-treatment-summary",
        warns_on=("pelvic-radiotherapy", "radiotherapy-site-unknown", "exenteration"),
        sources=("G-TABLE", "D10", "S01", "S28"),
        rank=2,
    ),
    Prompt(
        code="missing-pet-ct",
        features=("site_distant", "site_paraaortic", "site_pelvic_nodal"),
        title="Is there disease outside the pelvis?",
        changes="Distant or para-aortic disease moves the plan from curative local treatment to systemic treatment.",
        filled_by="PET/CT",
        suggestion="order-pet-ct",
        warns_on=("exenteration", "pelvic-radiotherapy"),
        sources=("E25", "S27"),
        rank=3,
    ),
    Prompt(
        code="missing-pelvic-mri",
        features=("site_pelvic_sidewall", "central_size_cm"),
        title="How far does the pelvic tumour reach, and how large is it?",
        changes="Side wall disease rules exenteration out; a central tumour of up to 2 cm has further options.",
        filled_by="pelvic MRI, or examination under anaesthesia",
        suggestion="order-pelvic-mri",
        warns_on=("exenteration",),
        sources=("E25", "E21", "D13", "S26"),
        rank=4,
    ),
    Prompt(
        code="missing-biopsy",
        features=("biopsy_proof",),
        title="Has a biopsy proven this recurrence?",
        changes="About one PET/CT in eight without disease reads positive, and another primary cancer would change the "
        "plan.",
        filled_by="biopsy with pathology report",
        suggestion="order-biopsy",
        warns_on=("exenteration",),
        sources=("E25", "G-ESGO2023", "S05"),
        rank=5,
    ),
    Prompt(
        code="missing-histology",
        features=("histology",),
        title="Which histological type is it?",
        changes="These options are about squamous cell carcinoma; without the type each stays conditional.",
        filled_by="pathology report or review",
        suggestion="order-pathology-review",
        warns_on=(),
        sources=("E22", "policy"),
        rank=6,
    ),
    Prompt(
        code="missing-ecog",
        features=("ecog",),
        title="What is the ECOG performance status?",
        changes="It separates curative surgery, multi-agent treatment and best supportive care.",
        filled_by="an ECOG performance status observation",
        suggestion="record-ecog",
        warns_on=("exenteration", *_CYTOTOXICS),
        sources=("E02", "S26", "S44"),
        rank=7,
    ),
    Prompt(
        code="missing-pdl1-cps",
        features=("pdl1_cps",),
        title="What is the PD-L1 combined positive score (CPS)?",
        changes="Pembrolizumab is an option from CPS 1; a tumour proportion score does not answer this.",
        filled_by="PD-L1 22C3 test with CPS on any tumour sample",
        suggestion="order-pdl1",
        warns_on=("pembrolizumab",),
        sources=("E09", "L6", "D1"),
        rank=8,
    ),
    Prompt(
        code="missing-prior-systemic",
        features=(
            "systemic_lines",
            "progressed_on_after_systemic",
            "prior_ici",
            "prior_platinum",
            "prior_bev",
            "prior_tv",
        ),
        title="Which systemic treatment has there been so far?",
        changes="First-line or second-line options; checkpoint inhibitors if none was used before; cisplatin or "
        "carboplatin. Chemoradiation is not counted as a line.",
        filled_by="the systemic treatment summary",
        suggestion="request-treatment-summary",
        warns_on=(),
        sources=("E13", "E28", "E07", "S01", "S23"),
        rank=9,
    ),
    Prompt(
        code="missing-renal-function",
        features=("crcl",),
        title="What is the current kidney function?",
        changes="Cisplatin or carboplatin, the carboplatin dose, and the topotecan dose.",
        filled_by="creatinine with a current body weight",
        suggestion="order-creatinine",
        warns_on=("cisplatin", "carboplatin", "topotecan"),
        sources=("L2", "L3", "L5"),
        rank=10,
    ),
    Prompt(
        code="missing-blood-count",
        features=("anc", "platelets"),
        title="What are the current neutrophils and platelets?",
        changes="The marrow limits of the drug ordered cannot be checked without them.",
        filled_by="blood count with differential",
        suggestion="order-blood-count",
        warns_on=_CYTOTOXICS,
        sources=("L2", "L4", "L5"),
        rank=11,
    ),
    Prompt(
        code="missing-liver-function",
        features=("bilirubin_xuln", "ast_alt_xuln"),
        title="What are the current bilirubin and transaminases?",
        changes="The paclitaxel dose, or whether paclitaxel is suitable at all.",
        filled_by="liver panel",
        suggestion="order-liver-panel",
        warns_on=("paclitaxel",),
        sources=("L4",),
        rank=12,
    ),
    Prompt(
        code="missing-blood-pressure",
        features=("bp_systolic", "bp_diastolic"),
        title="What is the current blood pressure?",
        changes="The label asks for it every two to three weeks on bevacizumab and withholds the drug in severe "
        "uncontrolled hypertension.",
        filled_by="a blood pressure reading",
        suggestion="record-blood-pressure",
        warns_on=("bevacizumab",),
        sources=("L1", "S36"),
        rank=13,
    ),
    Prompt(
        code="missing-urine-protein",
        features=("urine_protein",),
        title="Has the urine been tested for protein?",
        changes="The label withholds bevacizumab at 2 g of protein in 24 hours or more.",
        filled_by="urine dipstick or protein to creatinine ratio",
        suggestion="order-urine-protein",
        warns_on=("bevacizumab",),
        sources=("L1", "S38"),
        rank=14,
    ),
    Prompt(
        code="missing-pregnancy-test",
        features=("pregnant",),
        title="Is pregnancy excluded?",
        changes="Pregnancy changes every option; each of these treatments can harm the unborn child.",
        filled_by="pregnancy test (hCG)",
        suggestion="order-pregnancy-test",
        warns_on=(
            *_RADIOTHERAPY,
            "bevacizumab",
            "topotecan",
            *_CHECKPOINT_INHIBITORS,
            "tisotumab-vedotin",
            "cisplatin",
            "carboplatin",
            "paclitaxel",
            "nab-paclitaxel",
        ),
        sources=("L1", "L8", "policy"),
        rank=15,
    ),
    Prompt(
        code="missing-eye-exam",
        features=("eye_exam_date",),
        title="When was the last eye examination with slit lamp?",
        changes="The boxed warning asks for one before each of the first nine doses of tisotumab vedotin.",
        filled_by="ophthalmology referral",
        suggestion="refer-eye-exam",
        warns_on=("tisotumab-vedotin",),
        sources=("L8",),
        rank=16,
    ),
    Prompt(
        code="missing-body-weight",
        features=("weight_kg",),
        title="What is the current body weight?",
        changes="The dose of bevacizumab, carboplatin and antibody-drug conjugates cannot be checked without it.",
        filled_by="a body weight of the last 30 days",
        suggestion="record-weight",
        warns_on=("bevacizumab", "carboplatin", "tisotumab-vedotin", "trastuzumab-deruxtecan"),
        sources=("L1", "L3", "L8"),
        rank=17,
    ),
    Prompt(
        code="missing-surgery-date",
        features=("surgery_date_known",),
        title="What is the exact date of the operation?",
        changes="The 28 days between bevacizumab and surgery cannot be counted without it.",
        filled_by="the date of the operation",
        suggestion="ask-surgery-date",
        warns_on=("bevacizumab", "exenteration", "major-surgery"),
        sources=("L1", "D4", "S34"),
        rank=18,
    ),
)
"""All prompts in the order of the table."""

_ALSO_ANSWERS: Mapping[str, tuple[str, ...]] = {
    "missing-prior-pelvic-rt": (
        "prior_pelvic_ebrt",
        "prior_pelvic_brachy",
        "prior_paraaortic_rt",
        "vaginal_brachy_only",
    ),
    "missing-pet-ct": ("isolated_chest", "n_distant_lesions"),
    "missing-renal-function": ("creatinine",),
}
"""Features that the same answer fills, but whose being unknown is no reason to ask when the prompt's own are known."""

_ASKED_BY: Mapping[str, Prompt] = {
    feature: prompt for prompt in PROMPTS for feature in (*prompt.features, *_ALSO_ANSWERS.get(prompt.code, ()))
}


def prompt_for(feature: str) -> Prompt | None:
    """The prompt that asks for a feature; None for one that no prompt asks for (events, derived facts).

    Where two name the feature the later row is the more specific one and wins: an unknown side wall asks for a pelvic
    MRI, not for the site of recurrence as a whole.
    """
    return _ASKED_BY.get(feature)
