"""Checks on an order for cisplatin (decision model, section 4).

The label names no number for the kidney and published limits disagree (evidence L2), so that the limits are policy.
"""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    Condition,
    all_of,
    any_of,
    at_least,
    documented,
    no,
    not_yes,
    over,
    under,
    unknown,
    yes,
)
from cds_service.guideline.draft_order_checks.cytotoxic_any import PLATINUM_OR_TAXANE
from cds_service.guideline.rule import Check, Severity

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL

_DOSE: Final = "dose_mg_per_m2"
_OFF_THREE_WEEKLY: Final[Condition] = any_of(
    under(_DOSE, t.CISPLATIN_CYCLE_DOSE_LOW), over(_DOSE, t.CISPLATIN_CYCLE_DOSE_HIGH)
)
_OFF_WEEKLY_BY_SURFACE: Final[Condition] = any_of(
    under(_DOSE, t.CISPLATIN_WEEKLY_DOSE_LOW), over(_DOSE, t.CISPLATIN_WEEKLY_DOSE_HIGH)
)
_OFF_WEEKLY: Final[Condition] = any_of(_OFF_WEEKLY_BY_SURFACE, over("dose_mg", t.CISPLATIN_WEEKLY_MAX_MG))
_WEEKLY: Final[Condition] = any_of(
    yes("weekly_schedule"), all_of(unknown("weekly_schedule"), documented("with_radiotherapy"))
)

CISPLATIN: Final[tuple[Check, ...]] = (
    Check(
        "CIS-01",
        "cisplatin-renal",
        under("crcl", t.CISPLATIN_CRCL_CRITICAL),
        CRITICAL,
        ("L2", "policy"),
        "Creatinine clearance is below 30 mL/min. Cisplatin carries a boxed warning for the kidney; the label names no "
        "limit, and this one is chosen by this project. Carboplatin dosed by kidney function is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CIS-02",
        "cisplatin-renal",
        under("crcl", t.CISPLATIN_CRCL_CARBOPLATIN),
        WARNING,
        ("L2", "policy"),
        "Creatinine clearance is below 50 mL/min. Cisplatin carries a boxed warning for the kidney; published limits "
        "disagree, and this one is chosen by this project. Carboplatin is preferred here.",
        also_in_safety_scope=True,
    ),
    Check(
        "CIS-03",
        "cisplatin-renal",
        under("crcl", t.CISPLATIN_CRCL_WARNING),
        WARNING,
        ("L2", "policy"),
        "Creatinine clearance is below 60 mL/min. The label advises considering an alternative or a lower dose with "
        "impaired kidneys; the limit is chosen by this project. A reduced dose or carboplatin is an option.",
        also_in_safety_scope=True,
    ),
    Check(
        "CIS-04",
        "cisplatin-neuropathy",
        at_least("neuropathy_grade", t.CISPLATIN_NEUROPATHY_CRITICAL),
        CRITICAL,
        ("L2", "policy"),
        "Neuropathy of grade 3 or more is on record. Peripheral neuropathy is a boxed warning of cisplatin and can "
        "worsen after it. Carboplatin is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CIS-05",
        "cisplatin-neuropathy",
        at_least("neuropathy_grade", t.CISPLATIN_NEUROPATHY_WARNING),
        WARNING,
        ("L2", "policy"),
        "Neuropathy of grade 2 or more is on record. Peripheral neuropathy is a boxed warning of cisplatin. Consider "
        "carboplatin, or an examination before each dose.",
        also_in_safety_scope=True,
    ),
    Check(
        "CIS-06",
        "cisplatin-ototoxicity",
        at_least("hearing_loss_grade", t.CISPLATIN_HEARING_CRITICAL),
        CRITICAL,
        ("L2", "policy"),
        "Hearing loss of grade 3 or more is on record. Cisplatin damages hearing in up to 31% after one dose of 50 "
        "mg/m2 (L2). Carboplatin is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CIS-07",
        "cisplatin-ototoxicity",
        any_of(
            at_least("hearing_loss_grade", t.CISPLATIN_HEARING_WARNING),
            documented("tinnitus_or_hearing_aid"),
        ),
        WARNING,
        ("L2", "policy"),
        "Hearing loss of grade 2 or more, tinnitus or a hearing aid is on record. Cisplatin damages hearing in up to "
        "31% after one dose of 50 mg/m2 (L2). Consider audiometry or carboplatin.",
        also_in_safety_scope=True,
    ),
    Check(
        "CIS-08",
        "cisplatin-myelosuppression",
        any_of(under("anc", t.CISPLATIN_ANC_CRITICAL), under("platelets", t.CISPLATIN_PLATELETS_CRITICAL)),
        CRITICAL,
        ("L2", "policy"),
        "Neutrophils are below 500/mm3 or platelets below 25,000/mm3. Marrow suppression is a boxed warning of "
        "cisplatin. A later date, once the counts have recovered, is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CIS-09",
        "cisplatin-myelosuppression",
        any_of(under("anc", t.CISPLATIN_ANC_WARNING), under("platelets", t.CISPLATIN_PLATELETS_WARNING)),
        WARNING,
        ("L2", "policy"),
        "Neutrophils are below 1,500/mm3 or platelets below 100,000/mm3. Marrow suppression is a boxed warning of "
        "cisplatin. Consider waiting for the counts to recover.",
        also_in_safety_scope=True,
    ),
    Check(
        "CIS-10",
        "platinum-hypersensitivity",
        documented("allergy_cisplatin"),
        CRITICAL,
        ("L2", "policy"),
        "A severe reaction to cisplatin is on record. Another dose may bring on another reaction. Treatment without "
        "platinum is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CIS-11",
        "platinum-hypersensitivity",
        documented("allergy_carboplatin"),
        WARNING,
        ("L3", "policy"),
        "A severe reaction to carboplatin is on record. Reactions can cross between platinum drugs. Consider advice "
        "from an allergist, or treatment without platinum.",
        also_in_safety_scope=True,
    ),
    Check(
        "CIS-12",
        "cisplatin-dose",
        over(_DOSE, t.CISPLATIN_DOSE_MAX),
        CRITICAL,
        ("L2", "policy"),
        "The dose is above 100 mg/m2. That is more than any usual dose of one cycle: 50 mg/m2 every 3 weeks with "
        "paclitaxel, 40 mg/m2 weekly with radiotherapy. Consider checking dose and body surface.",
        remedy="dose",
    ),
    Check(
        "CIS-13",
        "cisplatin-dose",
        all_of(_WEEKLY, _OFF_WEEKLY),
        WARNING,
        ("L2", "E22", "policy"),
        "For a weekly dose with radiotherapy this is more than 10% away from 40 mg/m2, or above 70 mg. Consider "
        "checking dose and schedule.",
        remedy="dose",
    ),
    Check(
        "CIS-14",
        "cisplatin-dose",
        all_of(no("weekly_schedule"), _OFF_THREE_WEEKLY),
        WARNING,
        ("E01", "L2", "policy"),
        "The dose is more than 10% away from 50 mg/m2, the dose every 3 weeks with paclitaxel. Consider checking dose "
        "and schedule.",
        remedy="dose",
    ),
    Check(
        "CIS-15",
        "cisplatin-dose",
        all_of(unknown("weekly_schedule"), not_yes("with_radiotherapy"), _OFF_THREE_WEEKLY, _OFF_WEEKLY_BY_SURFACE),
        WARNING,
        ("E01", "L2", "policy"),
        "The order states no schedule, and its dose fits neither 50 mg/m2 every 3 weeks nor 40 mg/m2 weekly. Consider "
        "checking dose and schedule.",
        remedy="dose",
    ),
    *PLATINUM_OR_TAXANE,
)
"""Rows on a cisplatin order."""
