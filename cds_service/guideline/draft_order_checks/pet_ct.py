"""Checks on an order for PET/CT (decision model, section 4): a needed test deserves no card."""

from __future__ import annotations

from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import all_of, at_least, at_most, not_yes, yes
from cds_service.guideline.rule import Check, Severity

PET_CT: Final[tuple[Check, ...]] = (
    Check(
        "PET-01",
        "pet-ct-recent",
        all_of(
            at_least("days_since_pet_ct", t.SAME_DAY),
            at_most("days_since_pet_ct", t.PET_CT_REPEAT_DAYS),
            not_yes("event_since_pet_ct"),
        ),
        Severity.INFO,
        ("policy",),
        "A final PET/CT of the last 28 days is on record and nothing new is recorded since. Consider whether its "
        "result answers the question.",
    ),
    Check(
        "PET-02",
        "pet-ct-pregnancy",
        yes("pregnant"),
        Severity.WARNING,
        ("policy",),
        "Pregnancy is on record. PET/CT exposes the fetus to radiation; MRI without contrast is an option.",
    ),
)
"""Rows on an order for PET/CT."""
