"""Facts that are judged rather than measured: contraindications and eligibility that several tables ask about.

Each is a feature like the others, with the evidence of the features behind it, and is found by name among the facts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    Condition,
    Facts,
    all_of,
    any_of,
    at_least,
    between,
    no,
    under,
    yes,
)
from cds_service.guideline.draft_order_checks import CHECKS, facts_of_today
from cds_service.guideline.rule import Check, Severity
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Evidence, Feature, Finding
from fhir_mappings.kleene import Tri

JUDGEMENTS: dict[str, str] = {
    "bev_contraindicated": "bevacizumab contraindicated",
    "ici_contraindicated": "immune checkpoint inhibitor contraindicated",
    "cisplatin_ineligible": "not suitable for cisplatin",
    "platinums_unsuitable": "both cisplatin and carboplatin unsuitable",
    "oligometastatic": "oligometastatic disease",
}
"""Name of each judgement and its words."""

_CISPLATIN_UNSUITABLE = any_of(
    under("crcl", t.CISPLATIN_INELIGIBLE_CRCL),
    at_least("neuropathy_grade", t.CISPLATIN_INELIGIBLE_NEUROPATHY),
    at_least("hearing_loss_grade", t.CISPLATIN_INELIGIBLE_HEARING),
    yes("allergy_cisplatin"),
)
_KIDNEYS_FIT = at_least("crcl", t.CISPLATIN_ELIGIBLE_CRCL)
_PLATINUMS_UNSUITABLE = all_of(yes("cisplatin_ineligible"), yes("allergy_carboplatin"))
_OLIGOMETASTATIC = all_of(
    between("n_distant_lesions", t.OLIGOMETASTATIC_LESIONS_MIN, t.OLIGOMETASTATIC_LESIONS_MAX),
    yes("lesions_all_treatable"),
    *(no(site) for site in ("site_central_pelvic", "site_pelvic_sidewall", "site_pelvic_nodal")),
)

YES_WHEN: Mapping[str, Condition] = {
    "cisplatin_ineligible": _CISPLATIN_UNSUITABLE,
    "platinums_unsuitable": _PLATINUMS_UNSUITABLE,
    "oligometastatic": _OLIGOMETASTATIC,
}
"""When a judgement is yes; the others are yes when a critical row of the drug's order checks would fire today."""


def evidence_of(facts: Facts, names: tuple[str, ...]) -> tuple[Evidence, ...]:
    """The evidence of the named features, each record once, in order."""
    return tuple(dict.fromkeys(each for name in names for each in facts[name].evidence))


def _finding(condition: Condition, facts: Facts) -> Finding:
    outcome = condition.evaluate(facts)
    return Finding(outcome.value, evidence_of(facts, outcome.because))


def _cisplatin_ineligible(facts: Facts) -> Finding:
    """Yes when one reason is documented; no only with fresh, good kidneys and no other reason recorded.

    A reason that may be on record (an unconfirmed reaction, allergies that were not obtained) leaves it open (SAFE-05).
    """
    unsuitable = _CISPLATIN_UNSUITABLE.evaluate(facts)
    if unsuitable.value is Tri.YES:
        return Finding(Tri.YES, evidence_of(facts, unsuitable.because))
    fit = _KIDNEYS_FIT.evaluate(facts)
    doubts = [facts[name] for name in unsuitable.missing if facts[name].possible or facts[name].note]
    if fit.value is not Tri.YES:
        return Finding()
    if doubts:
        possible = tuple(dict.fromkeys(each for doubt in doubts for each in doubt.possible))
        return Finding(possible=possible, note="; ".join(dict.fromkeys(doubt.note for doubt in doubts if doubt.note)))
    return Finding(Tri.NO, evidence_of(facts, fit.because), note="kidney function adequate, nothing else recorded")


_DRUG_ORDERED = {"bev_contraindicated": "bevacizumab", "ici_contraindicated": "pembrolizumab"}
"""Judgement -> family and concept of the order whose critical rows decide it."""


@cache
def _critical(judgement: str) -> tuple[Check, ...]:
    return tuple(check for check in CHECKS[_DRUG_ORDERED[judgement]] if check.severity is Severity.CRITICAL)


@cache
def read_by(judgement: str) -> tuple[str, ...]:
    """Names of the features, judgements and order facts that a judgement rests on, in order."""
    conditions = [YES_WHEN[judgement]] if judgement in YES_WHEN else [check.when for check in _critical(judgement)]
    return tuple(dict.fromkeys(name for condition in conditions for name in condition.features()))


@cache
def events_behind(judgement: str) -> tuple[str, ...]:
    """The event features that a judgement rests on: to be confirmed before treating while they are not recorded."""
    if judgement == "oligometastatic":
        return ()  # asked for only where documented, so that nothing is to be confirmed
    return tuple(name for name in read_by(judgement) if name in FEATURES and FEATURES[name].event)


def _contraindicated(judgement: str, ordered: Facts) -> Finding:
    """Whether a critical row of the order checks would fire if the drug were ordered today; never a plain no."""
    firing = {
        check.code: evidence_of(ordered, outcome.because)
        for check in _critical(judgement)
        if (outcome := check.when.evaluate(ordered)).value is Tri.YES
    }
    if not firing:
        return Finding(note="no contraindication documented")
    evidence = tuple(dict.fromkeys(each for found in firing.values() for each in found))
    return Finding(Tri.YES, evidence, note=", ".join(firing))


def judge(features: RecurrenceFeatures, today: dt.date) -> dict[str, Feature]:
    """All facts that the tables may ask about: the features plus the judgements.

    Args:
        features: as derived from the record.
        today: the day of the call.

    Returns:
        Feature by name.
    """
    facts: dict[str, Feature] = features.mapping()
    facts["cisplatin_ineligible"] = _cisplatin_ineligible(facts)
    facts["platinums_unsuitable"] = _finding(_PLATINUMS_UNSUITABLE, facts)
    facts["oligometastatic"] = _finding(_OLIGOMETASTATIC, facts)
    ordered = {**facts, **facts_of_today(features, today)}
    facts |= {judgement: _contraindicated(judgement, ordered) for judgement in _DRUG_ORDERED}
    return facts


__all__ = ["JUDGEMENTS", "YES_WHEN", "events_behind", "evidence_of", "judge", "read_by"]
