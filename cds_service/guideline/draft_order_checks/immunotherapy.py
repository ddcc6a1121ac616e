"""Checks on an order for an immune checkpoint inhibitor (decision model, section 4), by drug.

The dose rows read what the order says of dose and interval: one that is not stated is taken to fit, so that an order
draws a warning when what it does state fits no schedule. Products for injection under the skin have doses of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    ALWAYS,
    Condition,
    all_of,
    any_of,
    between,
    documented,
    negation,
    not_yes,
    under,
    unknown,
    yes,
)
from cds_service.guideline.draft_order_checks.recognise import Family
from cds_service.guideline.rule import Check, Severity
from cds_service.guideline.thresholds import Threshold

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


def _schedule(dose: Threshold, interval: Threshold) -> Condition:
    return all_of(between("dose_mg", dose, dose), between("interval_days", interval, interval))


def _fits_none(*schedules: Condition) -> Condition:
    return all_of(not_yes("subcutaneous_product"), negation(any_of(*schedules)))


_EVERY: Final[tuple[Check, ...]] = (
    Check(
        "ICI-03",
        "immunotherapy-prior-irae",
        documented("irae_severe"),
        CRITICAL,
        ("L6",),
        "A severe immune-related event is on record: myocarditis, Stevens-Johnson syndrome or toxic epidermal "
        "necrolysis, pneumonitis of grade 3 or 4, a neurological event, or any of grade 4. The label advises "
        "discontinuing checkpoint inhibitors for good after such an event.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "ICI-04",
        "immunotherapy-transplant",
        documented("transplant"),
        CRITICAL,
        ("L6", "policy"),
        "A solid organ or allogeneic transplant is on record. A checkpoint inhibitor can bring on rejection or "
        "graft-versus-host disease (L6, unverified). Treatment without one is an option.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "ICI-05",
        "immunotherapy-autoimmune",
        all_of(documented("autoimmune_active"), documented("immunosuppressed")),
        WARNING,
        ("policy",),
        "Active autoimmune disease and systemic immunosuppression are on record. A checkpoint inhibitor can worsen "
        "autoimmune disease. Consider advice from the specialist who treats it.",
        also_in_safety_scope=True,
    ),
    Check(
        "ICI-06",
        "immunotherapy-autoimmune",
        documented("immunosuppressed"),
        WARNING,
        ("policy",),
        "Systemic immunosuppression, or prednisone above 10 mg a day, is on record. It may weaken a checkpoint "
        "inhibitor, and the disease it treats may worsen. Consider settling both first.",
        also_in_safety_scope=True,
    ),
    Check(
        "ICI-07",
        "immunotherapy-prior-ici",
        yes("prior_ici"),
        WARNING,
        ("E28", "E08", "E10", "policy"),
        "A checkpoint inhibitor was used before. The trials of immunotherapy for recurrence do not answer for relapse "
        "after one (E28). If this is a new course, consider tisotumab vedotin or a clinical trial.",
    ),
    Check(
        "ICI-08",
        "pregnancy-teratogen",
        yes("pregnant"),
        CRITICAL,
        ("L6", "policy"),
        "Pregnancy is on record. Checkpoint inhibitors can harm the fetus. Consider referral to a team for cancer in "
        "pregnancy before any dose.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
)

_PEMBROLIZUMAB: Final[tuple[Check, ...]] = (
    Check(
        "ICI-01",
        "immunotherapy-pdl1",
        under("pdl1_cps", t.PDL1_CPS_POSITIVE),
        WARNING,
        ("E09", "L6", "D1"),
        "The PD-L1 combined positive score is below 1. The label asks for 1 or more, and no benefit was seen below 1 "
        "(E09). Chemotherapy without pembrolizumab is an option.",
    ),
    Check(
        "ICI-02",
        "missing-pdl1-cps",
        unknown("pdl1_cps"),
        WARNING,
        ("E09", "L6", "D1"),
        "No PD-L1 combined positive score is on record. The label asks for 1 or more by an approved test; a tumour "
        "proportion score does not answer this.",
    ),
    *_EVERY,
    Check(
        "ICI-09",
        "immunotherapy-dose",
        _fits_none(
            _schedule(t.PEMBROLIZUMAB_DOSE_3_WEEKS, t.ICI_CYCLE_DAYS),
            _schedule(t.PEMBROLIZUMAB_DOSE_6_WEEKS, t.ICI_LONG_CYCLE_DAYS),
        ),
        WARNING,
        ("L6", "E08"),
        "The order fits neither 200 mg every 3 weeks nor 400 mg every 6 weeks, the label's doses of pembrolizumab "
        "(L6). Consider checking dose and interval.",
        remedy="dose",
    ),
)

_CEMIPLIMAB: Final[tuple[Check, ...]] = (
    *_EVERY,
    Check(
        "ICI-10",
        "immunotherapy-dose",
        _fits_none(_schedule(t.CEMIPLIMAB_DOSE, t.ICI_CYCLE_DAYS)),
        WARNING,
        ("L7", "E12"),
        "The order does not fit 350 mg every 3 weeks, the dose of cemiplimab (L7). Consider checking dose and "
        "interval.",
        remedy="dose",
    ),
    Check(
        "ICI-12",
        "immunotherapy-regulatory",
        ALWAYS,
        INFO,
        ("L7", "E12"),
        "Cemiplimab has an EU label for cervical cancer after platinum and no FDA cervical indication; the US "
        "application was withdrawn in January 2022 (E12).",
    ),
)

_ATEZOLIZUMAB: Final[tuple[Check, ...]] = (
    *_EVERY,
    Check(
        "ICI-11",
        "immunotherapy-dose",
        _fits_none(_schedule(t.ATEZOLIZUMAB_DOSE, t.ICI_CYCLE_DAYS)),
        WARNING,
        ("E10", "L10"),
        "The order does not fit 1200 mg every 3 weeks, the dose of atezolizumab in cervical cancer (E10). Consider "
        "checking dose and interval.",
        remedy="dose",
    ),
    Check(
        "ICI-13",
        "immunotherapy-regulatory",
        ALWAYS,
        INFO,
        ("E10", "L10"),
        "Atezolizumab has no cervical indication in the US; use there is off-label (L10, unverified).",
    ),
)

IMMUNOTHERAPY: Final[Mapping[str, tuple[Check, ...]]] = MappingProxyType(
    {
        Family.PEMBROLIZUMAB: _PEMBROLIZUMAB,
        Family.CEMIPLIMAB: _CEMIPLIMAB,
        Family.ATEZOLIZUMAB: _ATEZOLIZUMAB,
        Family.NIVOLUMAB: _EVERY,
    }
)
"""Rows on an order for a checkpoint inhibitor, by drug; no dose is standard for nivolumab in this disease."""
