"""Checks on an order for bevacizumab, any biosimilar, by a systemic route (decision model, section 4).

The label has two clocks around an operation (disagreement D4): 28 days before an elective one, and 28 days after a
major one and until the wound has healed. Several guidelines ask for six weeks before; that is information.
"""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    Condition,
    all_of,
    any_of,
    at_least,
    at_most,
    documented,
    no,
    not_yes,
    over,
    under,
    unknown,
    yes,
)
from cds_service.guideline.rule import Check, Severity
from cds_service.guideline.thresholds import Threshold

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


def days_from(feature: str, low: Threshold, below: Threshold) -> Condition:
    """A count of days lies between ``low`` (included) and ``below`` (not included)."""
    return all_of(at_least(feature, low), under(feature, below))


_SINCE_OPERATION = "days_since_major_surgery"
_HEALING_TIME = all_of(
    at_least(_SINCE_OPERATION, t.BEV_AFTER_SURGERY_DAYS), at_most(_SINCE_OPERATION, t.BEV_WOUND_WATCH_DAYS)
)
_DOSE_OFF = any_of(under("dose_mg_per_kg", t.BEV_DOSE_LOW), over("dose_mg_per_kg", t.BEV_DOSE_HIGH))

BEVACIZUMAB: Final[tuple[Check, ...]] = (
    Check(
        "BEV-01",
        "bevacizumab-surgery-interval",
        days_from("days_to_elective_surgery", t.SAME_DAY, t.BEV_SURGERY_HOLD_DAYS),
        CRITICAL,
        ("L1", "S34", "D4"),
        "An elective operation is planned less than 28 days after this bevacizumab order. The label advises at least "
        "28 days without bevacizumab before elective surgery. Options: a later date for the operation, or bevacizumab "
        "from 28 days after it, once the wound has healed.",
        also_in_safety_scope=True,
        remedy="date",
    ),
    Check(
        "BEV-02",
        "bevacizumab-surgery-interval",
        days_from("days_to_other_surgery", t.SAME_DAY, t.BEV_SURGERY_HOLD_DAYS),
        WARNING,
        ("policy", "L1"),
        "A small or urgent operation is planned less than 28 days after this bevacizumab order. Consider with the "
        "surgeon whether bevacizumab can wait, because it delays wound healing and adds to bleeding.",
        also_in_safety_scope=True,
    ),
    Check(
        "BEV-03",
        "bevacizumab-surgery-interval",
        no("surgery_date_known"),
        WARNING,
        ("L1", "S34"),
        "An elective operation is planned without a date. The label advises at least 28 days without bevacizumab "
        "before elective surgery. Consider settling the date of the operation before this dose.",
        also_in_safety_scope=True,
        adds=("missing-surgery-date",),
    ),
    Check(
        "BEV-04",
        "bevacizumab-surgery-interval-extended",
        days_from("days_to_elective_surgery", t.BEV_SURGERY_HOLD_DAYS, t.BEV_SURGERY_EXTENDED_DAYS),
        INFO,
        ("D4", "L1"),
        "An elective operation is planned 28 to 41 days after this bevacizumab order. That meets the label's 28 days; "
        "several guidelines ask for six weeks.",
    ),
    Check(
        "BEV-05",
        "bevacizumab-post-surgery-interval",
        days_from(_SINCE_OPERATION, t.SAME_DAY, t.BEV_AFTER_SURGERY_DAYS),
        CRITICAL,
        ("L1", "S35", "D4"),
        "This bevacizumab order falls less than 28 days after major surgery. The label advises at least 28 days after "
        "major surgery, and until the wound has healed adequately. A later date is an option.",
        also_in_safety_scope=True,
        remedy="date",
    ),
    Check(
        "BEV-06",
        "bevacizumab-wound-healing",
        all_of(_HEALING_TIME, no("wound_healed")),
        CRITICAL,
        ("L1", "S35"),
        "The surgical wound is recorded as not healed. The label advises withholding bevacizumab until the wound has "
        "healed adequately.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-07",
        "bevacizumab-wound-healing",
        all_of(_HEALING_TIME, unknown("wound_healed")),
        WARNING,
        ("L1", "S35"),
        "Major surgery was 28 to 90 days before this order and nothing says whether the wound has healed. The label "
        "advises withholding bevacizumab until it has; a note on the wound would settle this.",
        also_in_safety_scope=True,
    ),
    Check(
        "BEV-08",
        "bevacizumab-gi-perforation",
        documented("gi_perforation"),
        CRITICAL,
        ("L1", "S30", "S33", "D3"),
        "A gastrointestinal perforation is on record. The label advises against bevacizumab after a perforation of any "
        "grade.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-09",
        "bevacizumab-fistula",
        documented("fistula_active"),
        CRITICAL,
        ("L1", "S31", "S33", "D3"),
        "A fistula of an internal organ, a tracheo-oesophageal fistula or a grade 4 fistula is on record. The label "
        "advises against bevacizumab.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-10",
        "bevacizumab-fistula",
        documented("fistula_healed"),
        WARNING,
        ("L1", "S31", "D3"),
        "A repaired or healed fistula is on record. Bevacizumab raises the risk of fistula, most of all in cervical "
        "cancer; weigh the benefit against a new one.",
        also_in_safety_scope=True,
    ),
    Check(
        "BEV-11",
        "bevacizumab-hemorrhage",
        all_of(documented("severe_haemorrhage"), at_most("days_since_severe_haemorrhage", t.BEV_HAEMORRHAGE_DAYS)),
        CRITICAL,
        ("L1", "S32", "S33", "policy"),
        "A haemorrhage of grade 3 or 4 is on record within 180 days. The label advises discontinuing bevacizumab for "
        "it.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-12",
        "bevacizumab-hemorrhage",
        all_of(documented("haemoptysis"), at_most("days_since_haemoptysis", t.BEV_HAEMOPTYSIS_DAYS)),
        CRITICAL,
        ("L1", "S32", "policy"),
        "Haemoptysis is on record within 28 days. The label advises against bevacizumab after recent haemoptysis of "
        "half a teaspoon (2.5 mL) or more.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-13",
        "bevacizumab-hemorrhage",
        documented("vaginal_bleeding_current"),
        WARNING,
        ("S32", "E01"),
        "Vaginal bleeding of grade 1 or 2 is on record now. The trial left out patients with active bleeding; consider "
        "controlling it first.",
    ),
    Check(
        "BEV-14",
        "bevacizumab-thromboembolism",
        all_of(
            documented("arterial_thromboembolism"),
            at_most("days_since_arterial_thromboembolism", t.BEV_ARTERIAL_EVENT_DAYS),
        ),
        CRITICAL,
        ("L1", "policy"),
        "An arterial thromboembolism is on record within 12 months. The label advises discontinuing bevacizumab for a "
        "severe one.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-15",
        "bevacizumab-thromboembolism",
        at_least("vte_grade", t.BEV_VENOUS_EVENT_GRADE),
        CRITICAL,
        ("L1",),
        "A thromboembolism of grade 4 is on record. The label advises discontinuing bevacizumab for it.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-16",
        "bevacizumab-thromboembolism",
        all_of(
            documented("arterial_thromboembolism"),
            over("days_since_arterial_thromboembolism", t.BEV_ARTERIAL_EVENT_DAYS),
        ),
        WARNING,
        ("L1", "policy"),
        "An arterial thromboembolism more than 12 months ago is on record. Bevacizumab raises the risk of another; "
        "weigh the benefit against it.",
    ),
    Check(
        "BEV-17",
        "bevacizumab-thromboembolism",
        all_of(documented("venous_thromboembolism"), not_yes("anticoagulated")),
        WARNING,
        ("E01", "L1"),
        "A venous thromboembolism is on record and no therapeutic anticoagulation is documented. The trial left out "
        "patients whose thromboembolism was not adequately anticoagulated.",
    ),
    Check(
        "BEV-18",
        "bevacizumab-hypertension",
        documented("htn_crisis"),
        CRITICAL,
        ("L1", "S37"),
        "A hypertensive crisis or hypertensive encephalopathy is on record. The label advises discontinuing "
        "bevacizumab for it.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-19",
        "bevacizumab-hypertension",
        any_of(at_least("bp_systolic", t.BEV_SYSTOLIC_CRITICAL), at_least("bp_diastolic", t.BEV_DIASTOLIC_CRITICAL)),
        CRITICAL,
        ("L1", "S37", "policy"),
        "The latest blood pressure is 180/120 mmHg or more. The label advises withholding bevacizumab in severe "
        "hypertension until it is controlled.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-20",
        "bevacizumab-hypertension",
        any_of(at_least("bp_systolic", t.BEV_SYSTOLIC_WARNING), at_least("bp_diastolic", t.BEV_DIASTOLIC_WARNING)),
        WARNING,
        ("S36", "L1", "policy"),
        "The latest blood pressure is 150/100 mmHg or more. Consider treating it and measuring it again before this "
        "dose.",
        also_in_safety_scope=True,
    ),
    Check(
        "BEV-21",
        "bevacizumab-proteinuria",
        documented("nephrotic"),
        CRITICAL,
        ("L1", "S39"),
        "Nephrotic syndrome is on record. The label advises discontinuing bevacizumab for it.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-22",
        "bevacizumab-proteinuria",
        at_least("urine_protein_24h", t.BEV_PROTEIN_24H_CRITICAL),
        CRITICAL,
        ("L1", "S38"),
        "Urine protein is 2 g in 24 hours or more. The label advises withholding bevacizumab until it is below 2 g.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-23",
        "bevacizumab-proteinuria",
        at_least("urine_protein_creatinine_ratio", t.BEV_UPCR_CRITICAL),
        CRITICAL,
        ("L1", "S38", "policy"),
        "The urine protein to creatinine ratio is 2 or more. The label advises withholding bevacizumab until protein "
        "is below 2 g in 24 hours; the ratio is read in its place.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-24",
        "bevacizumab-proteinuria",
        all_of(
            at_least("urine_protein_creatinine_ratio", t.BEV_UPCR_WARNING),
            under("urine_protein_creatinine_ratio", t.BEV_UPCR_CRITICAL),
        ),
        WARNING,
        ("E02", "L1"),
        "The urine protein to creatinine ratio is between 1 and 2. The trial asked for less than 1; consider "
        "repeating it before each dose.",
        also_in_safety_scope=True,
    ),
    Check(
        "BEV-25",
        "bevacizumab-proteinuria",
        all_of(
            at_least("urine_dipstick", t.BEV_DIPSTICK_WARNING),
            unknown("urine_protein_24h"),
            unknown("urine_protein_creatinine_ratio"),
        ),
        WARNING,
        ("L1", "S38"),
        "The urine dipstick shows 2+ protein or more and the amount has not been measured. The label advises a "
        "24-hour collection.",
        also_in_safety_scope=True,
    ),
    Check(
        "BEV-26",
        "bevacizumab-pres",
        documented("pres"),
        CRITICAL,
        ("L1",),
        "Posterior reversible encephalopathy syndrome is on record. The label advises discontinuing bevacizumab for "
        "it.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-27",
        "bevacizumab-heart-failure",
        documented("heart_failure"),
        CRITICAL,
        ("L1",),
        "Heart failure is on record. The label advises discontinuing bevacizumab for congestive heart failure.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-28",
        "bevacizumab-necrotising-fasciitis",
        documented("necrotising_fasciitis"),
        CRITICAL,
        ("L1",),
        "Necrotising fasciitis is on record. The label advises discontinuing bevacizumab for it.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "BEV-29",
        "bevacizumab-prior-pelvic-rt",
        all_of(yes("prior_pelvic_rt"), not_yes("later_cycle")),
        WARNING,
        ("E02", "E27", "S31"),
        "The pelvis has been irradiated. In GOG-240 every fistula occurred in a patient with earlier pelvic "
        "radiotherapy (any grade 15% with bevacizumab, 1% without; E02). Weigh this with the patient "
        "before a first dose.",
    ),
    Check(
        "BEV-30",
        "bevacizumab-prior-pelvic-rt",
        all_of(yes("prior_pelvic_rt"), yes("later_cycle")),
        INFO,
        ("E02", "E27", "S31"),
        "The pelvis has been irradiated: the risk of fistula and perforation is higher. Consider looking for "
        "signs of either before each dose.",
    ),
    Check(
        "BEV-31",
        "bevacizumab-dose",
        _DOSE_OFF,
        WARNING,
        ("S12", "L1", "E01", "policy"),
        "The dose is more than 10% away from 15 mg/kg. The label's dose for cervical cancer is 15 mg/kg every 3 weeks, "
        "without dose reductions. Consider checking dose and weight.",
        remedy="dose",
    ),
    Check(
        "BEV-32",
        "bevacizumab-dose",
        days_from("days_since_last_dose", t.SAME_DAY, t.BEV_DOSE_INTERVAL_DAYS),
        WARNING,
        ("S12", "L1", "policy"),
        "This dose comes less than 20 days after the one before. The label's interval is 3 weeks. Consider a later "
        "date.",
        remedy="date",
    ),
    Check(
        "BEV-33",
        "bevacizumab-dose",
        under("interval_days", t.BEV_DOSE_INTERVAL_DAYS),
        WARNING,
        ("S12", "L1", "policy"),
        "The doses ordered are less than 20 days apart. The label's interval is 3 weeks. Consider a longer interval.",
    ),
    Check(
        "BEV-34",
        "bevacizumab-partner",
        all_of(not_yes("partner_present"), not_yes("maintenance")),
        INFO,
        ("L1", "E01"),
        "No platinum, taxane, topotecan or checkpoint inhibitor is ordered with it or recorded as being given. In "
        "cervical cancer bevacizumab is labelled with chemotherapy.",
    ),
    Check(
        "BEV-35",
        "pregnancy-teratogen",
        yes("pregnant"),
        CRITICAL,
        ("L1",),
        "Pregnancy is on record. Bevacizumab can harm the fetus. Consider referral to a team for cancer in pregnancy "
        "before any dose.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
)
"""Rows on a bevacizumab order."""
