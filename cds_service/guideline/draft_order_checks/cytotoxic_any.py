"""Checks that several drugs share: performance status, and pregnancy with a platinum or a taxane (decision model, 4).

A shared row keeps one id in every family that has it, so that an order of two of these drugs asks it once.
"""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import all_of, at_least, not_yes, yes
from cds_service.guideline.rule import Check, Severity

CYTOTOXIC_ANY: Final[tuple[Check, ...]] = (
    Check(
        "CYT-01",
        "performance-status-chemo",
        at_least("ecog", t.ECOG_POOR),
        Severity.WARNING,
        ("E02", "E07", "S44"),
        "The performance status is ECOG 3 or 4. The trials of these drugs took patients with 0 or 1 (E02), some with 2 "
        "(E07). Consider best supportive care and palliative care first, and a new look if the cause can be reversed.",
    ),
)
"""Rows on any cytotoxic drug, bevacizumab or antibody-drug conjugate."""

PLATINUM_OR_TAXANE: Final[tuple[Check, ...]] = (
    Check(
        "CYT-02",
        "pregnancy-teratogen",
        all_of(yes("pregnant"), not_yes("fourteen_weeks_reached")),
        Severity.CRITICAL,
        ("L2", "L3", "L4", "policy"),
        "Pregnancy is on record, before 14 weeks or of a length not known. Platinum and taxanes can harm the fetus, "
        "most of all in the first trimester. Consider referral to a team for cancer in pregnancy before any dose.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "CYT-03",
        "pregnancy-teratogen",
        all_of(yes("pregnant"), yes("fourteen_weeks_reached")),
        Severity.WARNING,
        ("L2", "L3", "L4", "policy"),
        "Pregnancy of 14 weeks or more is on record. Platinum and taxanes can harm the fetus. They are an option only "
        "with a team for cancer in pregnancy; consider referral to one first.",
        also_in_safety_scope=True,
    ),
)
"""Rows on a platinum or a taxane in pregnancy."""
