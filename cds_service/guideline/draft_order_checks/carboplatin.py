"""Checks on an order for carboplatin (decision model, section 4): the Calvert dose first of all (evidence L3)."""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import all_of, any_of, documented, known, no, not_yes, over, under, unknown
from cds_service.guideline.draft_order_checks.cytotoxic_any import PLATINUM_OR_TAXANE
from cds_service.guideline.rule import Check, Severity

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL

CARBOPLATIN: Final[tuple[Check, ...]] = (
    Check(
        "CAR-01",
        "platinum-hypersensitivity",
        documented("allergy_carboplatin"),
        CRITICAL,
        ("L3", "policy"),
        "A severe reaction to carboplatin is on record. The label's boxed warning names anaphylaxis (unverified). "
        "Treatment without platinum is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CAR-02",
        "platinum-hypersensitivity",
        documented("allergy_cisplatin"),
        WARNING,
        ("L3", "L2", "policy"),
        "A severe reaction to cisplatin is on record. Reactions can cross between platinum drugs. Consider advice from "
        "an allergist, or treatment without platinum.",
        also_in_safety_scope=True,
    ),
    Check(
        "CAR-03",
        "carboplatin-dose-calvert",
        over("dose_mg", t.CARBOPLATIN_DOSE_MAX_MG),
        CRITICAL,
        ("L3",),
        "The dose is above 900 mg. With kidney function capped at 125 mL/min, AUC 6 comes to 900 mg at most (L3). "
        "Consider checking AUC and kidney function.",
        also_in_safety_scope=True,
        remedy="dose",
    ),
    Check(
        "CAR-04",
        "carboplatin-dose-calvert",
        all_of(known("dose_auc"), over("calvert_deviation_percent", t.CARBOPLATIN_DEVIATION_PERCENT)),
        WARNING,
        ("L3", "policy"),
        "The dose in mg is more than 10% away from the Calvert formula for the AUC ordered: AUC x (GFR + 25), GFR "
        "capped at 125 mL/min (L3). Consider checking dose and kidney function.",
        also_in_safety_scope=True,
        remedy="dose",
    ),
    # No corrected dose is offered here: the order may mean another AUC, such as 2 each week with radiotherapy.
    Check(
        "CAR-05",
        "carboplatin-dose-calvert",
        all_of(unknown("dose_auc"), over("calvert_deviation_percent", t.CARBOPLATIN_DEVIATION_PERCENT)),
        WARNING,
        ("L3", "E07", "policy"),
        "The order names no AUC, and its dose is more than 10% away from AUC 5 by the Calvert formula: AUC x (GFR + "
        "25), GFR capped at 125 mL/min (L3). Consider adding the AUC, such as 2 for a weekly dose with radiotherapy.",
        also_in_safety_scope=True,
    ),
    Check(
        "CAR-06",
        "carboplatin-platinum-naive",
        all_of(no("prior_platinum"), not_yes("cisplatin_ineligible")),
        INFO,
        ("E07", "D11"),
        "No platinum was used before, and no reason against cisplatin is documented. In the trial subgroup without "
        "earlier platinum, cisplatin with paclitaxel did better than carboplatin with paclitaxel (E07; numbers "
        "unverified).",
    ),
    Check(
        "CAR-07",
        "carboplatin-myelosuppression",
        any_of(under("anc", t.CARBOPLATIN_ANC_WARNING), under("platelets", t.CARBOPLATIN_PLATELETS_WARNING)),
        WARNING,
        ("L3", "policy"),
        "Neutrophils are below 1,500/mm3 or platelets below 100,000/mm3. Marrow suppression is a boxed warning of "
        "carboplatin (unverified). Consider waiting for the counts to recover.",
        also_in_safety_scope=True,
    ),
    *PLATINUM_OR_TAXANE,
)
"""Rows on a carboplatin order."""
