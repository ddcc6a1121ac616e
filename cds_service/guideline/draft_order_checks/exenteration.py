"""Checks on an order for pelvic exenteration (decision model, section 4; selection: evidence section 6).

Exenteration is for disease confined to the central pelvis, proven by biopsy, after pelvic radiotherapy, in a patient
fit for it. A hysterectomy is not an exenteration and has no row here.
"""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    all_of,
    any_of,
    at_least,
    documented,
    no,
    not_yes,
    unknown,
    yes,
)
from cds_service.guideline.draft_order_checks.bevacizumab import days_from
from cds_service.guideline.rule import Check, Severity

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL

_SIDEWALL_SIGN = any_of(
    documented("sign_leg_oedema_unilateral"), documented("sign_sciatic_pain"), documented("sign_hydronephrosis")
)
_BEV_TOO_CLOSE = days_from("days_from_last_bev_to_surgery", t.SAME_DAY, t.BEV_SURGERY_HOLD_DAYS)

EXENTERATION: Final[tuple[Check, ...]] = (
    Check(
        "EXE-01",
        "exenteration-distant-disease",
        yes("site_distant"),
        CRITICAL,
        ("S26", "E21", "G-TABLE"),
        "Distant disease is on record. Exenteration is for disease confined to the central pelvis; systemic therapy is "
        "an option.",
        remedy="delete",
    ),
    Check(
        "EXE-02",
        "exenteration-distant-disease",
        yes("site_paraaortic"),
        CRITICAL,
        ("S26", "E21"),
        "Para-aortic disease is on record. Exenteration is for disease confined to the central pelvis; radiotherapy to "
        "an extended field or systemic therapy are options.",
        remedy="delete",
    ),
    Check(
        "EXE-03",
        "exenteration-sidewall",
        yes("site_pelvic_sidewall"),
        CRITICAL,
        ("E21", "S26", "G-TABLE"),
        "Disease at the pelvic side wall is on record. Exenteration is for disease free of the side wall; surgery that "
        "reaches it is done in very experienced centres only.",
        remedy="delete",
    ),
    Check(
        "EXE-04",
        "exenteration-sidewall",
        yes("sidewall_triad"),
        CRITICAL,
        ("E21",),
        "One-sided leg oedema, sciatic pain and hydronephrosis are all on record. Together they point to disease fixed "
        "to the side wall, which has been taken as a contraindication to exenteration.",
        remedy="delete",
    ),
    Check(
        "EXE-05",
        "exenteration-sidewall",
        all_of(_SIDEWALL_SIGN, not_yes("sidewall_triad"), not_yes("site_pelvic_sidewall")),
        WARNING,
        ("E21", "policy"),
        "A sign that can point to the pelvic side wall is on record. It does not rule exenteration out; a pelvic MRI "
        "is an option to look at the side wall first.",
        adds=("missing-pelvic-mri",),
    ),
    Check(
        "EXE-06",
        "exenteration-not-central",
        all_of(yes("adequate_staging"), no("site_central_pelvic")),
        CRITICAL,
        ("S26", "S05"),
        "Adequate imaging shows no central pelvic recurrence. Exenteration is for a central pelvic recurrence.",
        remedy="delete",
    ),
    Check(
        "EXE-07",
        "exenteration-performance-status",
        at_least("ecog", t.ECOG_POOR),
        CRITICAL,
        ("S26", "policy"),
        "ECOG performance status is 3 or 4. Exenteration asks for an adequate performance status (0 or 1, 2 with "
        "caution).",
        remedy="delete",
    ),
    Check(
        "EXE-08",
        "exenteration-performance-status",
        at_least("ecog", t.ECOG_LIMITED),
        WARNING,
        ("S26", "policy"),
        "ECOG performance status is 2. Exenteration is usually kept for 0 or 1; at 2 consider it with caution, after "
        "review of fitness for surgery.",
    ),
    Check(
        "EXE-09",
        "exenteration-no-prior-rt",
        no("prior_pelvic_rt"),
        WARNING,
        ("S03", "S08", "G-TABLE"),
        "The pelvis has never been irradiated. Salvage chemoradiation is recommended before exenteration in a pelvis "
        "never irradiated.",
    ),
    Check(
        "EXE-10",
        "missing-prior-pelvic-rt",
        unknown("prior_pelvic_rt"),
        WARNING,
        ("S01",),
        "Nothing on record says whether the pelvis has been irradiated. If it has not, chemoradiation comes first.",
    ),
    Check(
        "EXE-11",
        "missing-pet-ct",
        all_of(
            any_of(unknown("site_distant"), unknown("site_paraaortic"), unknown("site_pelvic_nodal")),
            not_yes("site_distant"),
        ),
        WARNING,
        ("S27", "E25"),
        "Imaging that excludes disease outside the central pelvis is not on record. PET/CT is recommended before "
        "exenteration.",
    ),
    Check(
        "EXE-12",
        "missing-biopsy",
        unknown("biopsy_proof"),
        WARNING,
        ("E25", "G-TABLE"),
        "No biopsy of this recurrence is on record. Proof by biopsy is advised before exenteration.",
    ),
    Check(
        "EXE-13",
        "missing-ecog",
        unknown("ecog"),
        WARNING,
        ("S26",),
        "No recent performance status is on record. It decides whether exenteration is an option.",
    ),
    Check(
        "EXE-14",
        "missing-pelvic-mri",
        any_of(unknown("site_pelvic_sidewall"), all_of(unknown("central_size_cm"), not_yes("pelvic_mri_recent"))),
        WARNING,
        ("E25", "E21"),
        "Whether the pelvic side wall is free, or how large the tumour is, is not on record. Pelvic MRI is an option "
        "to see the local extent before exenteration.",
    ),
    Check(
        "EXE-15",
        "exenteration-biopsy-negative",
        no("biopsy_proof"),
        CRITICAL,
        ("E25", "policy"),
        "The latest biopsy shows no cancer. Exenteration is for a recurrence proven by biopsy.",
        remedy="delete",
    ),
    Check(
        "EXE-16",
        "bevacizumab-surgery-interval",
        all_of(_BEV_TOO_CLOSE, yes("surgery_date_known")),
        CRITICAL,
        ("L1", "S34"),
        "Bevacizumab falls less than 28 days before this operation. The label advises at least 28 days without "
        "bevacizumab before elective surgery. Options: a later date for the operation, or leaving the dose out.",
        also_in_safety_scope=True,
        remedy="date",
    ),
    Check(
        "EXE-17",
        "bevacizumab-surgery-interval",
        all_of(_BEV_TOO_CLOSE, no("surgery_date_known")),
        CRITICAL,
        ("L1", "S34"),
        "This operation has no date. Counted to the day of the order, bevacizumab falls less than 28 days before it. "
        "The label advises at least 28 days without bevacizumab before elective surgery; a date would settle this.",
        also_in_safety_scope=True,
        adds=("missing-surgery-date",),
        remedy="date",
    ),
    Check(
        "EXE-18",
        "pregnancy-mdt-referral",
        yes("pregnant"),
        CRITICAL,
        ("policy", "S26"),
        "Pregnancy is on record. Consider referral to a team for cancer in pregnancy before exenteration.",
        remedy="delete",
    ),
)
"""Rows on an order for pelvic exenteration."""
