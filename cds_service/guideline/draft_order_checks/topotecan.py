"""Checks on an order for topotecan (decision model, section 4)."""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import Condition, all_of, any_of, at_most, over, under, unknown, yes
from cds_service.guideline.rule import Check, Severity

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL

_LOW_FOR_FIRST: Final[Condition] = any_of(
    under("anc", t.TOPOTECAN_ANC_FIRST), under("platelets", t.TOPOTECAN_PLATELETS_FIRST)
)
_LOW_FOR_LATER: Final[Condition] = any_of(
    at_most("anc", t.TOPOTECAN_ANC_LATER),
    at_most("platelets", t.TOPOTECAN_PLATELETS_LATER),
    under("hb", t.TOPOTECAN_HB_LATER),
)

TOPOTECAN: Final[tuple[Check, ...]] = (
    Check(
        "TOP-01",
        "topotecan-marrow",
        all_of(yes("first_dose"), _LOW_FOR_FIRST),
        CRITICAL,
        ("L5",),
        "Neutrophils are below 1,500/mm3 or platelets below 100,000/mm3. The boxed warning advises against a first "
        "cycle of topotecan at such counts. A later date, once they have recovered, is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TOP-02",
        "topotecan-marrow",
        all_of(at_most("days_since_last_topotecan", t.FIRST_DOSE_DAYS), _LOW_FOR_LATER),
        WARNING,
        ("L5",),
        "A later cycle is advised only with neutrophils above 1,000/mm3, platelets above 100,000/mm3 and haemoglobin "
        "of 9 g/dL or more (L5); one of these is not met. Consider waiting for the counts to recover.",
        also_in_safety_scope=True,
    ),
    Check(
        "TOP-03",
        "topotecan-marrow",
        all_of(unknown("first_dose"), _LOW_FOR_FIRST),
        WARNING,
        ("L5",),
        "Neutrophils are below 1,500/mm3 or platelets below 100,000/mm3, and the date of the last topotecan dose does "
        "not tell whether this is a first cycle. The boxed warning advises against a first cycle at such counts.",
        also_in_safety_scope=True,
    ),
    Check(
        "TOP-04",
        "topotecan-renal",
        under("crcl", t.TOPOTECAN_CRCL_CRITICAL),
        CRITICAL,
        ("L5", "policy"),
        "Creatinine clearance is below 20 mL/min. The label has doses down to 20 mL/min only. Treatment without "
        "topotecan is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TOP-05",
        "topotecan-renal",
        all_of(yes("cisplatin_in_drafts"), over("creatinine", t.TOPOTECAN_CREATININE_WITH_CISPLATIN)),
        CRITICAL,
        ("L5",),
        "Cisplatin is ordered together with it and creatinine is above 1.5 mg/dL. The label advises this combination "
        "only up to 1.5 mg/dL (L5). Paclitaxel with topotecan is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "TOP-06",
        "topotecan-renal",
        under("crcl", t.TOPOTECAN_CRCL_WARNING),
        WARNING,
        ("L5",),
        "Creatinine clearance is below 40 mL/min. The label advises a lower dose from 20 to 39 mL/min, such as 0.75 "
        "mg/m2 as a single agent (L5).",
        also_in_safety_scope=True,
    ),
    Check(
        "TOP-07",
        "topotecan-dose",
        over("dose_mg", t.TOPOTECAN_DOSE_MAX_MG),
        CRITICAL,
        ("L5",),
        "The dose is above 4 mg. The label warns against more than 4 mg in one dose (L5). Consider checking unit and "
        "body surface.",
        also_in_safety_scope=True,
        remedy="dose",
    ),
    Check(
        "TOP-08",
        "topotecan-dose",
        over("dose_mg_per_m2", t.TOPOTECAN_DOSE_HIGH),
        WARNING,
        ("E01", "L5", "policy"),
        "The dose is more than 10% above 0.75 mg/m2, the daily dose of the combinations used in cervical cancer (E01, "
        "L5). Consider checking the dose; as a single agent topotecan is dosed differently.",
        also_in_safety_scope=True,
        remedy="dose",
    ),
    Check(
        "TOP-09",
        "pregnancy-teratogen",
        yes("pregnant"),
        CRITICAL,
        ("L5",),
        "Pregnancy is on record. Topotecan can harm the fetus. Consider referral to a team for cancer in pregnancy "
        "before any dose.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
)
"""Rows on a topotecan order."""
