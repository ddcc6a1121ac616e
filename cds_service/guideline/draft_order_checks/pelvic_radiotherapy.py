"""Checks on an order for radiotherapy to the pelvis: external beam, stereotactic, brachytherapy (decision model, 4).

Radiotherapy to a named site elsewhere has no rule here. An order that does not say whether the pelvis is in the field
gets the same rows, as warnings at most, and each says that the site is missing.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    all_of,
    any_of,
    at_least,
    at_most,
    documented,
    no,
    not_yes,
    unknown,
    yes,
)
from cds_service.guideline.rule import Check, Severity

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL

PELVIC_RADIOTHERAPY: Final[tuple[Check, ...]] = (
    # Vaginal brachytherapy alone leaves whole-pelvis radiotherapy possible (P4a): PRT-05 warns in its place.
    Check(
        "PRT-01",
        "pelvic-rt-repeat",
        all_of(
            yes("prior_pelvic_rt"),
            not_yes("vaginal_brachy_only"),
            not_yes("specialised_technique"),
            not_yes("palliative_intent"),
            not_yes("adjacent_bone"),
        ),
        CRITICAL,
        ("S28", "D10", "G-TABLE"),
        "The pelvis has been irradiated before. A second conventional course to the pelvis is ruled out in most cases "
        "because of its toxicity. Options: surgery for central disease, systemic therapy, or review of re-irradiation "
        "by a specialist centre.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
    Check(
        "PRT-02",
        "pelvic-rt-repeat",
        all_of(
            yes("prior_pelvic_rt"),
            any_of(documented("specialised_technique"), documented("palliative_intent"), documented("adjacent_bone")),
        ),
        WARNING,
        ("S29", "D10", "E24"),
        "The pelvis has been irradiated before. Stereotactic, intraoperative or brachytherapy re-irradiation, "
        "palliative treatment and treatment of bone nearby are possible in selected patients; consider specialist "
        "review of the dose already received.",
        also_in_safety_scope=True,
        adds=("reirradiation-specialist-review",),
    ),
    Check(
        "PRT-03",
        "missing-prior-pelvic-rt",
        all_of(unknown("prior_pelvic_rt"), documented("rt_site_unspecified")),
        WARNING,
        ("S01", "S28"),
        "Earlier radiotherapy is on record without a body site: it may have been to the pelvis. If so, this course "
        "would be re-irradiation. The treatment summary would settle it before planning.",
        also_in_safety_scope=True,
    ),
    Check(
        "PRT-04",
        "missing-prior-pelvic-rt",
        unknown("prior_pelvic_rt"),
        WARNING,
        ("S01", "S28"),
        "Nothing on record says whether the pelvis has been irradiated before. If it has, this course would be "
        "re-irradiation.",
        also_in_safety_scope=True,
    ),
    Check(
        "PRT-05",
        "pelvic-rt-vaginal-brachy",
        yes("vaginal_brachy_only"),
        WARNING,
        ("policy", "S08"),
        "Only vaginal brachytherapy is on record before. Radiotherapy to the whole pelvis may still be possible; "
        "consider review of the summed dose by radiation oncology.",
        also_in_safety_scope=True,
    ),
    Check(
        "PRT-06",
        "pelvic-rt-distant-disease",
        all_of(yes("site_distant"), yes("curative_intent")),
        WARNING,
        ("S04", "S44"),
        "Distant disease is on record and the order has curative intent. Systemic therapy is an option for distant "
        "disease, and radiotherapy for symptoms.",
    ),
    Check(
        "PRT-07",
        "pelvic-rt-no-concurrent-chemo",
        all_of(
            no("prior_pelvic_rt"),
            yes("curative_intent"),
            not_yes("platinum_in_drafts"),
            not_yes("platinum_active"),
            not_yes("cisplatin_ineligible"),
        ),
        INFO,
        ("S03", "S09", "E22"),
        "No platinum is ordered with it or recorded as being given. Concurrent cisplatin is the usual partner of "
        "salvage radiotherapy to a pelvis never irradiated.",
    ),
    Check(
        "PRT-08",
        "pelvic-rt-bevacizumab",
        all_of(at_least("days_since_last_bev", t.SAME_DAY), at_most("days_since_last_bev", t.RT_BEVACIZUMAB_DAYS)),
        WARNING,
        ("E27", "policy"),
        "Bevacizumab was last given 28 days or less before this order. Bevacizumab before or after pelvic "
        "radiotherapy raises the rate of fistula and perforation; consider more time between them.",
        also_in_safety_scope=True,
        remedy="date",
    ),
    Check(
        "PRT-09",
        "pelvic-rt-bevacizumab",
        documented("bevacizumab_in_drafts"),
        WARNING,
        ("E27", "policy"),
        "Bevacizumab is ordered together with pelvic radiotherapy. Bevacizumab before or after pelvic radiotherapy "
        "raises the rate of fistula and perforation; consider leaving it out or delaying it.",
        also_in_safety_scope=True,
    ),
    Check(
        "PRT-10",
        "pregnancy-teratogen",
        yes("pregnant"),
        CRITICAL,
        ("policy",),
        "Pregnancy is on record. Radiotherapy to the pelvis harms the fetus. Consider referral to a team for cancer in "
        "pregnancy first.",
        also_in_safety_scope=True,
        remedy="delete",
    ),
)
"""Rows on an order for radiotherapy to the pelvis."""

_SITE_MISSING: Final = " The order does not say whether the pelvis is in the field; this applies if it is."


def _site_missing(check: Check) -> Check:
    severity = WARNING if check.severity is CRITICAL else check.severity
    return dataclasses.replace(
        check, id=f"{check.id}-SITE", severity=severity, text=check.text + _SITE_MISSING, remedy=""
    )


RADIOTHERAPY_SITE_UNKNOWN: Final[tuple[Check, ...]] = tuple(_site_missing(check) for check in PELVIC_RADIOTHERAPY)
"""The same rows for radiotherapy that may be pelvic: warnings at most."""
