"""Checks on an order for any other major operation: the interval to bevacizumab only (decision model, section 4)."""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import all_of, documented, no, not_yes, yes
from cds_service.guideline.draft_order_checks.bevacizumab import days_from
from cds_service.guideline.rule import Check, Severity

_BEV_TOO_CLOSE = days_from("days_from_last_bev_to_surgery", t.SAME_DAY, t.BEV_SURGERY_HOLD_DAYS)

MAJOR_SURGERY: Final[tuple[Check, ...]] = (
    Check(
        "SUR-01",
        "bevacizumab-surgery-interval",
        all_of(_BEV_TOO_CLOSE, yes("surgery_date_known"), not_yes("surgery_urgent")),
        Severity.CRITICAL,
        ("L1", "S34"),
        "Bevacizumab falls less than 28 days before this operation. The label advises at least 28 days without "
        "bevacizumab before elective surgery. Options: a later date for the operation, or leaving the dose out.",
        also_in_safety_scope=True,
        remedy="date",
    ),
    Check(
        "SUR-02",
        "bevacizumab-surgery-interval",
        all_of(_BEV_TOO_CLOSE, no("surgery_date_known"), not_yes("surgery_urgent")),
        Severity.CRITICAL,
        ("L1", "S34"),
        "This operation has no date. Counted to the day of the order, bevacizumab falls less than 28 days before it. "
        "The label advises at least 28 days without bevacizumab before elective surgery; a date would settle this.",
        also_in_safety_scope=True,
        adds=("missing-surgery-date",),
        remedy="date",
    ),
    Check(
        "SUR-03",
        "bevacizumab-surgery-interval",
        all_of(_BEV_TOO_CLOSE, documented("surgery_urgent")),
        Severity.WARNING,
        ("policy", "L1"),
        "Bevacizumab falls less than 28 days before this urgent operation. It delays wound healing and adds to "
        "bleeding; consider telling the surgical and anaesthetic teams.",
        also_in_safety_scope=True,
    ),
)
"""Rows on an order for a major operation that is not an exenteration."""
