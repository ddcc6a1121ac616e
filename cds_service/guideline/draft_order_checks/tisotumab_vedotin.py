"""Checks on an order for tisotumab vedotin (decision model, section 4): the boxed warning is about the eyes (L8)."""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    all_of,
    any_of,
    at_least,
    documented,
    known,
    not_yes,
    over,
    under,
    unknown,
    yes,
)
from cds_service.guideline.rule import Check, Severity

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL

TISOTUMAB_VEDOTIN: Final[tuple[Check, ...]] = (
    Check(
        "TV-01",
        "tisotumab-ocular",
        documented("ocular_severe"),
        CRITICAL,
        ("L8", "E13"),
        "Ulcerative keratitis, perforation, scarring or symblepharon of the eye is on record. The label advises "
        "discontinuing tisotumab vedotin for good. Another second-line treatment is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TV-02",
        "tisotumab-ocular",
        documented("ocular_unresolved"),
        CRITICAL,
        ("L8", "E13"),
        "Confluent keratitis or a conjunctival ulcer is on record and not resolved. The label advises withholding "
        "tisotumab vedotin the first time, and discontinuing it the second time.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TV-03",
        "missing-eye-exam",
        all_of(unknown("eye_exam_date"), not_yes("nine_tv_doses_given")),
        WARNING,
        ("L8",),
        "No eye examination with slit lamp is on record. The boxed warning advises one before the first dose and "
        "before each of the first nine doses.",
        also_in_safety_scope=True,
    ),
    Check(
        "TV-04",
        "missing-eye-exam",
        all_of(known("eye_exam_date"), not_yes("eye_exam_since_last_dose"), not_yes("nine_tv_doses_given")),
        WARNING,
        ("L8", "policy"),
        "No eye examination since the last dose, or in the 28 days before a first dose, is on record. The boxed "
        "warning advises one with slit lamp before each of the first nine doses.",
        also_in_safety_scope=True,
    ),
    Check(
        "TV-05",
        "tisotumab-dose",
        any_of(
            over("dose_mg", t.TISOTUMAB_DOSE_MAX_MG),
            over("dose_mg_per_kg", t.TISOTUMAB_DOSE_CRITICAL),
        ),
        CRITICAL,
        ("L8", "policy"),
        "The dose is above 200 mg or above 2.2 mg/kg. The label's dose is 2 mg/kg every 3 weeks, at most 200 mg (L8). "
        "Consider checking dose and weight.",
        also_in_safety_scope=True,
        remedy="dose",
    ),
    Check(
        "TV-06",
        "tisotumab-dose",
        over("tisotumab_deviation_percent", t.DOSE_TOLERANCE_PERCENT),
        WARNING,
        ("L8", "policy"),
        "The dose is more than 10% away from 2 mg/kg and from the reduced doses of 1.3 and 0.9 mg/kg, each counted up "
        "to 100 kg (L8). Consider checking dose and weight.",
        also_in_safety_scope=True,
        remedy="dose",
    ),
    Check(
        "TV-07",
        "tisotumab-line",
        under("systemic_lines", t.SECOND_LINE_FROM),
        WARNING,
        ("L8", "E13"),
        "No systemic line for recurrent disease has been used, as recorded. The label is for progression on or after "
        "chemotherapy. A first-line regimen is an option.",
    ),
    Check(
        "TV-08",
        "tisotumab-neuropathy",
        at_least("neuropathy_grade", t.TISOTUMAB_NEUROPATHY_CRITICAL),
        CRITICAL,
        ("L8", "E13"),
        "Neuropathy of grade 3 or more is on record. The label advises discontinuing tisotumab vedotin (L8, "
        "unverified).",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TV-09",
        "tisotumab-neuropathy",
        at_least("neuropathy_grade", t.TISOTUMAB_NEUROPATHY_WARNING),
        WARNING,
        ("L8", "E13"),
        "Neuropathy of grade 2 or more is on record. The label advises withholding tisotumab vedotin until it "
        "improves, then a lower dose (L8, unverified).",
        also_in_safety_scope=True,
    ),
    Check(
        "TV-10",
        "tisotumab-bleeding",
        documented("cns_or_lung_haemorrhage"),
        CRITICAL,
        ("L8", "E13"),
        "An intracranial or pulmonary haemorrhage is on record. The label advises discontinuing tisotumab vedotin "
        "after one of any grade (L8, unverified).",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TV-11",
        "tisotumab-bleeding",
        at_least("haemorrhage_grade", t.TISOTUMAB_BLEEDING_CRITICAL),
        CRITICAL,
        ("L8", "E13"),
        "A haemorrhage of grade 4 or more is on record. The label advises discontinuing tisotumab vedotin (L8, "
        "unverified).",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TV-12",
        "tisotumab-bleeding",
        at_least("haemorrhage_grade", t.TISOTUMAB_BLEEDING_WARNING),
        WARNING,
        ("L8", "E13"),
        "A haemorrhage of grade 3 or more is on record. The label advises withholding tisotumab vedotin until it has "
        "resolved (L8, unverified).",
        also_in_safety_scope=True,
    ),
    Check(
        "TV-13",
        "tisotumab-pneumonitis",
        at_least("pneumonitis_grade", t.TISOTUMAB_PNEUMONITIS_CRITICAL),
        CRITICAL,
        ("L8",),
        "Pneumonitis of grade 3 or more is on record. The label advises discontinuing tisotumab vedotin (L8, "
        "unverified).",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TV-14",
        "tisotumab-pneumonitis",
        at_least("pneumonitis_grade", t.TISOTUMAB_PNEUMONITIS_WARNING),
        WARNING,
        ("L8",),
        "Pneumonitis of grade 2 or more is on record. The label advises withholding tisotumab vedotin until it "
        "improves (L8, unverified).",
        also_in_safety_scope=True,
    ),
    Check(
        "TV-15",
        "tisotumab-hepatic",
        over("bilirubin_xuln", t.TISOTUMAB_BILIRUBIN_WARNING),
        WARNING,
        ("L8",),
        "Bilirubin is above 1.5 times the upper limit of normal. The label advises against tisotumab vedotin in "
        "moderate or severe hepatic impairment (L8, unverified).",
        also_in_safety_scope=True,
    ),
    Check(
        "TV-16",
        "tisotumab-cyp3a4",
        documented("strong_cyp3a4_inhibitor"),
        INFO,
        ("L8",),
        "A strong CYP3A4 inhibitor is recorded as being taken. It may raise exposure to the drug carried by tisotumab "
        "vedotin; the label advises close monitoring for adverse effects.",
    ),
    Check(
        "TV-17",
        "pregnancy-teratogen",
        yes("pregnant"),
        CRITICAL,
        ("L8",),
        "Pregnancy is on record. Tisotumab vedotin can harm the fetus. Consider referral to a team for cancer in "
        "pregnancy before any dose.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
)
"""Rows on an order for tisotumab vedotin."""
