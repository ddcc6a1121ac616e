"""Every number that a rule compares with: value, unit, meaning, source; *policy* marks what this project chose.

Policy numbers are to be ratified by the site (decision model, marks *(policy)*); the guideline pages list them so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_mappings.features.fields import Windows


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number.

    Attributes:
        value: the number in ``unit``.
        unit: UCUM or plain unit; empty for counts and grades.
        meaning: what it separates, in a few words.
        sources: ids of citations.
        policy: chosen by this project where sources are silent or disagree.
    """

    value: float
    unit: str
    meaning: str
    sources: tuple[str, ...]
    policy: bool = False

    def show(self) -> str:
        """The number with its unit."""
        return f"{self.value:g} {self.unit}".rstrip()


# How old data may be (decision model, section 2): what is older counts as unknown
STAGING_DAYS = Threshold(
    42, "days", "imaging and examination that say where disease is", ("policy", "E25"), policy=True
)
SIGNS_DAYS = Threshold(90, "days", "leg oedema, sciatic pain and hydronephrosis", ("policy",), policy=True)
CENTRAL_SIZE_DAYS = Threshold(60, "days", "tumour size on imaging or examination", ("policy",), policy=True)
PREGNANCY_DAYS = Threshold(300, "days", "a positive test or a pregnancy on record", ("policy",), policy=True)
PREGNANCY_TEST_DAYS = Threshold(7, "days", "a negative pregnancy test, for orders", ("policy",), policy=True)
ECOG_FRESH_DAYS = Threshold(30, "days", "performance status used without a remark", ("policy",), policy=True)
ECOG_USABLE_DAYS = Threshold(
    90, "days", "performance status used in an overview, with its date", ("policy",), policy=True
)
CREATININE_ORDER_DAYS = Threshold(14, "days", "creatinine, for orders", ("policy",), policy=True)
CREATININE_OVERVIEW_DAYS = Threshold(30, "days", "creatinine, for an overview", ("policy",), policy=True)
WEIGHT_DAYS = Threshold(30, "days", "body weight", ("policy",), policy=True)
BLOOD_COUNT_DAYS = Threshold(7, "days", "neutrophils, platelets and haemoglobin", ("policy",), policy=True)
LIVER_DAYS = Threshold(14, "days", "bilirubin and transaminases", ("policy",), policy=True)
BLOOD_PRESSURE_DAYS = Threshold(
    21, "days", "blood pressure; the label asks for it every 2 to 3 weeks", ("policy", "L1", "S36"), policy=True
)
URINE_PROTEIN_DAYS = Threshold(28, "days", "any urine protein test", ("policy", "S38"), policy=True)
EYE_EXAM_DAYS = Threshold(
    28, "days", "eye examination before the first dose of tisotumab vedotin", ("policy", "L8"), policy=True
)

# What counts as what (sections 0 and 2)
MENOPAUSE_AGE = Threshold(56, "years", "age from which pregnancy counts as no", ("policy",), policy=True)
CHILDBEARING_AGE_MIN = Threshold(
    12, "years", "youngest age at which a pregnancy test is asked for", ("policy",), policy=True
)
CHILDBEARING_AGE_MAX = Threshold(
    55, "years", "oldest age at which a pregnancy test is asked for", ("policy",), policy=True
)
PELVIC_RT_MINIMUM_GY = Threshold(
    20, "Gy", "a stopped pelvic course counts as pelvic radiotherapy from here", ("policy",), policy=True
)
PERSISTENT_MONTHS = Threshold(
    6, "months", "disease this soon after primary treatment is called persistent", ("policy",), policy=True
)

# Pathway (section 3)
ECOG_FIT_FOR_EXENTERATION = Threshold(
    1, "", "worst performance status at which exenteration is recommended", ("S26", "E21")
)
ECOG_LIMITED = Threshold(
    2, "", "performance status at which every option is put one step weaker", ("policy", "S26", "S44"), policy=True
)
ECOG_POOR = Threshold(3, "", "performance status from which supportive care leads", ("S44",))
SMALL_CENTRAL_TUMOUR_CM = Threshold(
    2, "cm", "central tumour small enough for hysterectomy or brachytherapy", ("G-TABLE", "D13")
)
BULKY_TUMOUR_CM = Threshold(
    4, "cm", "tumour in an irradiated pelvis counts as bulky from here", ("policy", "S17", "E20"), policy=True
)
SEVERAL_PELVIC_NODES = Threshold(
    2, "", "involved pelvic nodes from which palliative care joins in", ("policy", "S44"), policy=True
)
REPEATED_RECURRENCE = Threshold(2, "", "number of recurrences from which this is not the first", ("S05",))
EARLY_RECURRENCE_MONTHS = Threshold(
    24, "months", "most recurrences come within this time after treatment", ("S43", "E26")
)
OLIGOMETASTATIC_LESIONS_MIN = Threshold(1, "", "fewest lesions called oligometastatic", ("policy", "E29"), policy=True)
OLIGOMETASTATIC_LESIONS_MAX = Threshold(5, "", "most lesions called oligometastatic", ("policy", "E29"), policy=True)

# Systemic tables (section 3)
PDL1_CPS_POSITIVE = Threshold(
    1, "", "combined positive score from which pembrolizumab is indicated", ("E08", "E09", "L6")
)
HER2_STRONG = Threshold(3, "", "HER2 immunohistochemistry score for trastuzumab deruxtecan", ("E16",))
SECOND_LINE_FROM = Threshold(
    1, "", "systemic lines for recurrence from which the second-line table applies", ("S23", "E13")
)
CISPLATIN_INELIGIBLE_CRCL = Threshold(
    50, "mL/min", "creatinine clearance below which cisplatin counts as unsuitable", ("policy", "L2"), policy=True
)
CISPLATIN_ELIGIBLE_CRCL = Threshold(
    60, "mL/min", "creatinine clearance from which kidneys count as fit for cisplatin", ("policy", "L2"), policy=True
)
CISPLATIN_INELIGIBLE_NEUROPATHY = Threshold(
    2, "", "neuropathy grade from which cisplatin counts as unsuitable", ("policy", "L2"), policy=True
)
CISPLATIN_INELIGIBLE_HEARING = Threshold(
    2, "", "hearing loss grade from which cisplatin counts as unsuitable", ("policy", "L2"), policy=True
)

# Order checks, every family (section 4)
SAME_DAY = Threshold(
    0, "days", "the day of the order itself; intervals count forward from here", ("policy",), policy=True
)
FIRST_DOSE_DAYS = Threshold(
    90, "days", "no dose of the drug in this time makes the ordered one a first dose", ("policy",), policy=True
)
DOSE_TOLERANCE_PERCENT = Threshold(
    10, "%", "deviation from a standard dose that passes without remark", ("policy",), policy=True
)
SECOND_TRIMESTER_WEEKS = Threshold(
    14,
    "weeks",
    "gestation before which platinum and paclitaxel are critical in pregnancy",
    ("policy", "L2", "L4"),
    policy=True,
)

# Bevacizumab
BEV_DOSE = Threshold(15, "mg/kg", "dose each cycle", ("E01", "L1", "S12"))
BEV_DOSE_LOW = Threshold(13.5, "mg/kg", "lowest dose without remark: 15 less 10%", ("policy", "L1"), policy=True)
BEV_DOSE_HIGH = Threshold(16.5, "mg/kg", "highest dose without remark: 15 and 10%", ("policy", "L1"), policy=True)
BEV_CYCLE_DAYS = Threshold(21, "days", "time between doses", ("E01", "L1", "S12"))
BEV_DOSE_INTERVAL_DAYS = Threshold(
    20, "days", "next dose sooner than this draws a remark", ("policy", "L1", "S12"), policy=True
)
BEV_SURGERY_HOLD_DAYS = Threshold(28, "days", "time without bevacizumab before elective surgery", ("L1", "S34"))
BEV_SURGERY_EXTENDED_DAYS = Threshold(42, "days", "six weeks before surgery, asked for by several guidelines", ("D4",))
BEV_AFTER_SURGERY_DAYS = Threshold(28, "days", "time after major surgery before bevacizumab", ("L1", "D4"))
BEV_WOUND_WATCH_DAYS = Threshold(
    90, "days", "time after major surgery in which wound healing is asked for", ("policy", "S35", "L1"), policy=True
)
BEV_HAEMORRHAGE_DAYS = Threshold(
    180, "days", "a haemorrhage of grade 3 or 4 counts as recent", ("policy", "S32", "L1"), policy=True
)
BEV_HAEMORRHAGE_GRADE = Threshold(3, "", "haemorrhage grade from which the label says to discontinue", ("L1", "S32"))
BEV_HAEMOPTYSIS_DAYS = Threshold(28, "days", "haemoptysis counts as recent", ("policy", "L1"), policy=True)
BEV_HAEMOPTYSIS_ML = Threshold(2.5, "mL", "haemoptysis from half a teaspoon", ("L1",))
BEV_FISTULA_GRADE = Threshold(4, "", "fistula grade that counts at any site", ("L1", "D3"))
BEV_ARTERIAL_EVENT_DAYS = Threshold(
    365, "days", "an arterial thromboembolism counts as recent: 12 months", ("policy", "L1"), policy=True
)
BEV_VENOUS_EVENT_GRADE = Threshold(
    4, "", "venous thromboembolism grade at which the label says to discontinue", ("L1",)
)
BEV_SYSTOLIC_CRITICAL = Threshold(
    180, "mmHg", "systolic pressure of severe uncontrolled hypertension", ("policy", "L1", "S37"), policy=True
)
BEV_DIASTOLIC_CRITICAL = Threshold(
    120, "mmHg", "diastolic pressure of severe uncontrolled hypertension", ("policy", "L1", "S37"), policy=True
)
BEV_SYSTOLIC_WARNING = Threshold(
    150, "mmHg", "systolic pressure to control first", ("policy", "L1", "S36"), policy=True
)
BEV_DIASTOLIC_WARNING = Threshold(
    100, "mmHg", "diastolic pressure to control first", ("policy", "L1", "S36"), policy=True
)
BEV_PROTEIN_24H_CRITICAL = Threshold(
    2, "g/24 h", "urine protein at which the label withholds bevacizumab", ("L1", "S38")
)
BEV_UPCR_CRITICAL = Threshold(
    2, "g/g", "protein to creatinine ratio read as 2 g in 24 hours", ("policy", "L1"), policy=True
)
BEV_UPCR_WARNING = Threshold(1, "g/g", "protein to creatinine ratio that kept patients out of the trial", ("E02",))
BEV_DIPSTICK_WARNING = Threshold(2, "", "plus signs on a dipstick that call for a 24-hour collection", ("L1",))
BEV_OPHTHALMIC_MAX_MG = Threshold(
    5,
    "mg",
    "flat dose up to which bevacizumab of no stated route is taken as meant for the eye",
    ("policy", "L1"),
    policy=True,
)

# Pelvic radiotherapy and PET/CT
RT_BEVACIZUMAB_DAYS = Threshold(
    28, "days", "bevacizumab this close to pelvic radiotherapy draws a warning", ("policy", "E27"), policy=True
)
PET_CT_REPEAT_DAYS = Threshold(
    28, "days", "a PET/CT this recent makes a new one worth a remark", ("policy",), policy=True
)

# Cisplatin
CISPLATIN_CRCL_CRITICAL = Threshold(
    30, "mL/min", "creatinine clearance below which cisplatin is critical", ("policy", "L2"), policy=True
)
CISPLATIN_CRCL_CARBOPLATIN = Threshold(
    50, "mL/min", "creatinine clearance below which carboplatin is preferred", ("policy", "L2"), policy=True
)
CISPLATIN_CRCL_WARNING = Threshold(
    60, "mL/min", "creatinine clearance below which cisplatin draws a warning", ("policy", "L2"), policy=True
)
CISPLATIN_NEUROPATHY_CRITICAL = Threshold(
    3, "", "neuropathy grade at which cisplatin is critical", ("policy", "L2"), policy=True
)
CISPLATIN_NEUROPATHY_WARNING = Threshold(
    2, "", "neuropathy grade at which cisplatin draws a warning", ("policy", "L2"), policy=True
)
CISPLATIN_HEARING_CRITICAL = Threshold(
    3, "", "hearing loss grade at which cisplatin is critical", ("policy", "L2"), policy=True
)
CISPLATIN_HEARING_WARNING = Threshold(
    2, "", "hearing loss grade at which cisplatin draws a warning", ("policy", "L2"), policy=True
)
CISPLATIN_ANC_CRITICAL = Threshold(
    500, "/mm3", "neutrophils below which cisplatin is critical", ("policy", "L2"), policy=True
)
CISPLATIN_ANC_WARNING = Threshold(
    1500, "/mm3", "neutrophils below which cisplatin draws a warning", ("policy", "L2"), policy=True
)
CISPLATIN_PLATELETS_CRITICAL = Threshold(
    25000, "/mm3", "platelets below which cisplatin is critical", ("policy", "L2"), policy=True
)
CISPLATIN_PLATELETS_WARNING = Threshold(
    100000, "/mm3", "platelets below which cisplatin draws a warning", ("policy", "L2"), policy=True
)
CISPLATIN_DOSE_MAX = Threshold(100, "mg/m2", "most cisplatin in one cycle", ("policy", "L2"), policy=True)
CISPLATIN_CYCLE_DOSE = Threshold(50, "mg/m2", "dose every 3 weeks with paclitaxel", ("E01", "L2"))
CISPLATIN_CYCLE_DOSE_LOW = Threshold(45, "mg/m2", "lowest 3-weekly dose without remark", ("policy", "E01"), policy=True)
CISPLATIN_CYCLE_DOSE_HIGH = Threshold(
    55, "mg/m2", "highest 3-weekly dose without remark", ("policy", "E01"), policy=True
)
CISPLATIN_WEEKLY_DOSE = Threshold(40, "mg/m2", "weekly dose with radiotherapy", ("L2", "E22"))
CISPLATIN_WEEKLY_DOSE_LOW = Threshold(36, "mg/m2", "lowest weekly dose without remark", ("policy", "L2"), policy=True)
CISPLATIN_WEEKLY_DOSE_HIGH = Threshold(44, "mg/m2", "highest weekly dose without remark", ("policy", "L2"), policy=True)
CISPLATIN_WEEKLY_MAX_MG = Threshold(
    70, "mg", "highest weekly dose whatever the body surface", ("policy", "L2"), policy=True
)

# Carboplatin
CARBOPLATIN_DOSE_MAX_MG = Threshold(900, "mg", "AUC 6 at the capped kidney function: 6 x 150", ("L3",))
CARBOPLATIN_AUC_DEFAULT = Threshold(5, "mg/mL.min", "target AUC when the order names none", ("E07", "L3"))
CARBOPLATIN_GFR_CAP = Threshold(125, "mL/min", "highest kidney function to put into the formula", ("L3",))
CARBOPLATIN_GFR_ADDEND = Threshold(25, "mL/min", "constant of the dose formula: AUC x (GFR + 25)", ("L3",))
CARBOPLATIN_DEVIATION_PERCENT = Threshold(
    10, "%", "deviation from the formula that passes without remark", ("policy", "L3"), policy=True
)
CARBOPLATIN_ANC_WARNING = Threshold(
    1500, "/mm3", "neutrophils below which carboplatin draws a warning", ("policy", "L3"), policy=True
)
CARBOPLATIN_PLATELETS_WARNING = Threshold(
    100000, "/mm3", "platelets below which carboplatin draws a warning", ("policy", "L3"), policy=True
)

# Paclitaxel
PACLITAXEL_ANC_CRITICAL = Threshold(1500, "/mm3", "neutrophils below which the boxed warning applies", ("L4",))
PACLITAXEL_PLATELETS_WARNING = Threshold(
    100000, "/mm3", "platelets below which the label delays the next cycle", ("L4",)
)
PACLITAXEL_BILIRUBIN_CRITICAL = Threshold(
    5, "x ULN", "bilirubin above which paclitaxel is not recommended (unverified)", ("L4",)
)
PACLITAXEL_TRANSAMINASES_CRITICAL = Threshold(
    10, "x ULN", "transaminases from which paclitaxel is not recommended (unverified)", ("L4",)
)
PACLITAXEL_BILIRUBIN_WARNING = Threshold(
    1.25, "x ULN", "bilirubin above which the dose is reduced (unverified)", ("L4",)
)
PACLITAXEL_TRANSAMINASES_WARNING = Threshold(
    2, "x ULN", "transaminases from which the dose draws a warning", ("policy", "L4"), policy=True
)
PACLITAXEL_NEUROPATHY_CRITICAL = Threshold(
    3, "", "neuropathy grade at which paclitaxel is critical", ("policy", "L4"), policy=True
)
PACLITAXEL_NEUROPATHY_WARNING = Threshold(
    2, "", "neuropathy grade at which paclitaxel draws a warning", ("policy", "L4"), policy=True
)
PACLITAXEL_DOSE = Threshold(175, "mg/m2", "dose over 3 hours", ("E01", "L4"))
PACLITAXEL_DOSE_LOW = Threshold(157.5, "mg/m2", "lowest dose read as 175: less 10%", ("policy", "E01"), policy=True)
PACLITAXEL_DOSE_HIGH = Threshold(
    192.5, "mg/m2", "highest dose without remark: 175 and 10%", ("policy", "E01"), policy=True
)
PACLITAXEL_LONG_DOSE = Threshold(135, "mg/m2", "dose over 24 hours with cisplatin", ("E01", "L4"))
PACLITAXEL_LONG_INFUSION_HOURS = Threshold(24, "h", "length of the long infusion", ("E01",))

# Topotecan
TOPOTECAN_ANC_FIRST = Threshold(1500, "/mm3", "neutrophils below which a first cycle is critical", ("L5",))
TOPOTECAN_PLATELETS_FIRST = Threshold(100000, "/mm3", "platelets below which a first cycle is critical", ("L5",))
TOPOTECAN_ANC_LATER = Threshold(1000, "/mm3", "neutrophils at or below which a later cycle waits", ("L5",))
TOPOTECAN_PLATELETS_LATER = Threshold(100000, "/mm3", "platelets at or below which a later cycle waits", ("L5",))
TOPOTECAN_HB_LATER = Threshold(9, "g/dL", "haemoglobin below which a later cycle waits", ("L5",))
TOPOTECAN_CRCL_CRITICAL = Threshold(
    20, "mL/min", "creatinine clearance below which topotecan is critical", ("policy", "L5"), policy=True
)
TOPOTECAN_CRCL_WARNING = Threshold(40, "mL/min", "creatinine clearance below which the dose is reduced", ("L5",))
TOPOTECAN_CREATININE_WITH_CISPLATIN = Threshold(
    1.5, "mg/dL", "highest creatinine for topotecan with cisplatin", ("L5",)
)
TOPOTECAN_DOSE_MAX_MG = Threshold(4, "mg", "most topotecan in one dose", ("L5",))
TOPOTECAN_DOSE = Threshold(0.75, "mg/m2", "daily dose in cervical combinations", ("E01", "L5"))
TOPOTECAN_DOSE_HIGH = Threshold(
    0.825, "mg/m2", "highest dose without remark: 0.75 and 10%", ("policy", "L5"), policy=True
)

# Immune checkpoint inhibitors
ICI_PREDNISONE_MG = Threshold(
    10, "mg/day", "prednisone above which immunosuppression draws a warning", ("policy",), policy=True
)
PEMBROLIZUMAB_DOSE_3_WEEKS = Threshold(200, "mg", "dose every 3 weeks", ("L6", "E08"))
PEMBROLIZUMAB_DOSE_6_WEEKS = Threshold(400, "mg", "dose every 6 weeks", ("L6",))
CEMIPLIMAB_DOSE = Threshold(350, "mg", "dose every 3 weeks", ("L7", "E12"))
ATEZOLIZUMAB_DOSE = Threshold(1200, "mg", "dose every 3 weeks", ("L10", "E10"))
ICI_CYCLE_DAYS = Threshold(21, "days", "three weeks between doses", ("L6", "L7", "E10"))
ICI_LONG_CYCLE_DAYS = Threshold(42, "days", "six weeks between doses of pembrolizumab 400 mg", ("L6",))

# Tisotumab vedotin
TISOTUMAB_DOSE = Threshold(2, "mg/kg", "dose every 3 weeks", ("L8", "E13"))
TISOTUMAB_DOSE_LOW = Threshold(
    1.8, "mg/kg", "lowest full dose without remark: 2 less 10%", ("policy", "L8"), policy=True
)
TISOTUMAB_DOSE_CRITICAL = Threshold(
    2.2, "mg/kg", "dose above which the order is critical", ("policy", "L8"), policy=True
)
TISOTUMAB_DOSE_MAX_MG = Threshold(200, "mg", "most tisotumab vedotin in one dose", ("L8",))
TISOTUMAB_FIRST_REDUCTION = Threshold(1.3, "mg/kg", "first reduced dose", ("L8",))
TISOTUMAB_SECOND_REDUCTION = Threshold(0.9, "mg/kg", "second reduced dose", ("L8",))
TISOTUMAB_EYE_EXAM_CYCLES = Threshold(9, "", "cycles before each of which an eye examination is due", ("L8",))
TISOTUMAB_NEUROPATHY_CRITICAL = Threshold(
    3, "", "neuropathy grade at which the label ends treatment (unverified)", ("L8",)
)
TISOTUMAB_NEUROPATHY_WARNING = Threshold(2, "", "neuropathy grade at which the label withholds (unverified)", ("L8",))
TISOTUMAB_BLEEDING_CRITICAL = Threshold(4, "", "haemorrhage grade that is critical at any site (unverified)", ("L8",))
TISOTUMAB_BLEEDING_WARNING = Threshold(3, "", "haemorrhage grade at which the label withholds (unverified)", ("L8",))
TISOTUMAB_PNEUMONITIS_CRITICAL = Threshold(
    3, "", "pneumonitis grade at which the label ends treatment (unverified)", ("L8",)
)
TISOTUMAB_PNEUMONITIS_WARNING = Threshold(2, "", "pneumonitis grade at which the label withholds (unverified)", ("L8",))
TISOTUMAB_BILIRUBIN_WARNING = Threshold(
    1.5, "x ULN", "bilirubin above which hepatic impairment draws a warning (unverified)", ("L8",)
)

WINDOWS = Windows(
    staging=int(STAGING_DAYS.value),
    signs=int(SIGNS_DAYS.value),
    central_size=int(CENTRAL_SIZE_DAYS.value),
    pregnancy=int(PREGNANCY_DAYS.value),
    pregnancy_test=int(PREGNANCY_TEST_DAYS.value),
    menopause_age=int(MENOPAUSE_AGE.value),
    ecog_fresh=int(ECOG_FRESH_DAYS.value),
    ecog_usable=int(ECOG_USABLE_DAYS.value),
    creatinine_order=int(CREATININE_ORDER_DAYS.value),
    creatinine_overview=int(CREATININE_OVERVIEW_DAYS.value),
    weight=int(WEIGHT_DAYS.value),
    blood_count=int(BLOOD_COUNT_DAYS.value),
    liver=int(LIVER_DAYS.value),
    blood_pressure=int(BLOOD_PRESSURE_DAYS.value),
    urine_protein=int(URINE_PROTEIN_DAYS.value),
    pelvic_rt_minimum_gy=PELVIC_RT_MINIMUM_GY.value,
    persistent_months=int(PERSISTENT_MONTHS.value),
)
"""How old data may be, for the derivation of features."""

ALL: Mapping[str, Threshold] = {name: value for name, value in globals().items() if isinstance(value, Threshold)}
"""Every threshold by name, in the order of the sections; new ones belong above this line."""
