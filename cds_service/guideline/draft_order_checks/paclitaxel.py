"""Checks on an order for paclitaxel (decision model, section 4).

Protein-bound (nab-) paclitaxel holds no polyoxyl castor oil and has doses of its own: its order gets the same rows on
blood counts, liver, nerves and pregnancy, and each says that the label read is that of solvent-based paclitaxel.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import all_of, any_of, at_least, at_most, documented, over, under, yes
from cds_service.guideline.draft_order_checks.cytotoxic_any import PLATINUM_OR_TAXANE
from cds_service.guideline.rule import Check, Severity

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL

_ANY_FORMULATION: Final[tuple[Check, ...]] = (
    Check(
        "PAC-01",
        "paclitaxel-neutropenia",
        under("anc", t.PACLITAXEL_ANC_CRITICAL),
        CRITICAL,
        ("L4",),
        "Neutrophils are below 1,500/mm3. The boxed warning advises against paclitaxel in solid tumours at such a "
        "baseline. A later date, once the count has recovered, is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "PAC-02",
        "paclitaxel-platelets",
        all_of(
            under("platelets", t.PACLITAXEL_PLATELETS_WARNING),
            at_most("days_since_last_paclitaxel", t.FIRST_DOSE_DAYS),
        ),
        WARNING,
        ("L4",),
        "Platelets are below 100,000/mm3 and this is a later cycle. The label advises the next cycle only above "
        "100,000/mm3. Consider waiting for the count to recover.",
        also_in_safety_scope=True,
    ),
    Check(
        "PAC-03",
        "paclitaxel-hepatic",
        any_of(
            over("bilirubin_xuln", t.PACLITAXEL_BILIRUBIN_CRITICAL),
            at_least("ast_alt_xuln", t.PACLITAXEL_TRANSAMINASES_CRITICAL),
        ),
        CRITICAL,
        ("L4",),
        "Bilirubin is above 5 times, or AST or ALT at least 10 times the upper limit of normal. The label's table "
        "advises against paclitaxel here (L4, unverified). Treatment without paclitaxel is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "PAC-04",
        "paclitaxel-hepatic",
        any_of(
            over("bilirubin_xuln", t.PACLITAXEL_BILIRUBIN_WARNING),
            at_least("ast_alt_xuln", t.PACLITAXEL_TRANSAMINASES_WARNING),
        ),
        WARNING,
        ("L4", "policy"),
        "Bilirubin is above 1.25 times, or AST or ALT at least twice the upper limit of normal. The label's table "
        "lowers the dose with rising bilirubin: 135 mg/m2 up to 2 times, 90 mg/m2 up to 5 times (L4, unverified). "
        "Consider a lower dose.",
        also_in_safety_scope=True,
    ),
    Check(
        "PAC-05",
        "paclitaxel-neuropathy",
        at_least("neuropathy_grade", t.PACLITAXEL_NEUROPATHY_CRITICAL),
        CRITICAL,
        ("L4", "policy"),
        "Neuropathy of grade 3 or more is on record. Paclitaxel adds to it. Another drug is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "PAC-06",
        "paclitaxel-neuropathy",
        at_least("neuropathy_grade", t.PACLITAXEL_NEUROPATHY_WARNING),
        WARNING,
        ("L4", "policy"),
        "Neuropathy of grade 2 or more is on record. Paclitaxel adds to it. Consider a lower dose or another drug.",
        also_in_safety_scope=True,
    ),
)

PACLITAXEL: Final[tuple[Check, ...]] = (
    *_ANY_FORMULATION,
    Check(
        "PAC-07",
        "paclitaxel-hypersensitivity",
        documented("allergy_paclitaxel"),
        CRITICAL,
        ("L4",),
        "A severe reaction to paclitaxel or to a product with polyoxyl castor oil is on record. The boxed warning "
        "advises against paclitaxel after it. A drug without this solvent is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "PAC-08",
        "paclitaxel-dose",
        over("dose_mg_per_m2", t.PACLITAXEL_DOSE_HIGH),
        WARNING,
        ("E01", "L4", "policy"),
        "The dose is more than 10% above 175 mg/m2, the highest dose of the trials (E01). Consider checking dose and "
        "body surface.",
        remedy="dose",
    ),
    Check(
        "PAC-09",
        "paclitaxel-dose",
        all_of(
            at_least("dose_mg_per_m2", t.PACLITAXEL_DOSE_LOW),
            at_least("infusion_hours", t.PACLITAXEL_LONG_INFUSION_HOURS),
            yes("cisplatin_in_drafts"),
        ),
        WARNING,
        ("E01", "policy"),
        "175 mg/m2 over 24 hours is ordered together with cisplatin. The trial's doses were 135 mg/m2 over 24 hours or "
        "175 mg/m2 over 3 hours (E01). Consider checking dose and duration.",
        remedy="dose",
    ),
    *PLATINUM_OR_TAXANE,
)
"""Rows on an order for paclitaxel that is not said to be protein-bound."""

_OTHER_LABEL: Final = " The label read is that of solvent-based paclitaxel; protein-bound paclitaxel has its own."

NAB_PACLITAXEL: Final[tuple[Check, ...]] = (
    *(dataclasses.replace(row, id=f"{row.id}-NAB", text=row.text + _OTHER_LABEL) for row in _ANY_FORMULATION),
    *PLATINUM_OR_TAXANE,
)
"""Rows on an order for protein-bound paclitaxel: none on the solvent, none on the dose."""
