"""Drugs taken now that bear on an order: anticoagulants, strong CYP3A4 inhibitors, immunosuppressants, chemotherapy.

All are events (decision model, section 0, rule 3): what is not recorded stays unknown, and no list of drugs, however
long, shows that a drug is not taken; none of these features is ever no.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Final

from fhir_mappings.features.statements import decides, obstacle, sorted_evidence
from fhir_mappings.features.weighing import Said, conditions, ever, future, in_window, joined
from fhir_mappings.findings import Evidence, Feature, Finding
from fhir_mappings.history import Concepts, Drug, DrugRecord, Exposure, History, Occurrence, Route
from fhir_mappings.kleene import Tri
from fhir_mappings.value_sets import groups

CYCLE_DAYS: Final = 28
"""Days after a dose in which chemotherapy counts as under way; cycles of these drugs last 21 to 28 days."""

PREDNISONE_MG: Final = 10.0
"""Prednisone a day above which it counts as immunosuppression (decision model, ``immunotherapy-autoimmune``)."""

_AS_PREDNISONE: Final = MappingProxyType({"prednisone-or-prednisolone": 1.0, "methylprednisolone": 1.25})
"""Milligrams of prednisone that one milligram equals."""

_PREVENTIVE: Final = MappingProxyType(
    {
        "enoxaparin": (40.0, "mg"),
        "dalteparin": (5000.0, "[iU]"),
        "fondaparinux": (2.5, "mg"),
        "apixaban": (2.5, "mg"),
        "rivaroxaban": (10.0, "mg"),
    }
)
"""Highest usual preventive dose; only a higher one is therapeutic. Dose by weight (mg/kg) is therapeutic."""

_INJECTED: Final = frozenset({"enoxaparin", "dalteparin", "fondaparinux"})
"""Given as often to prevent as to treat: without a dose only possible."""

_SUPPRESSANT: Final = frozenset({"immunosuppressant"})
_STEROID: Final = frozenset({"prednisone-or-prednisolone", "methylprednisolone"})
_LOCAL: Final = frozenset({Route.OPHTHALMIC, Route.OTHER})
_DRUG_KEYS: Final = ("medicationStatements", "medicationAdministrations", "medicationRequests")

Judge = Callable[[Drug], Tri]
"""Whether a drug that is being taken answers the question: yes, or unknown (possible)."""


def derive_concurrent_drugs(history: History, *, today: dt.date) -> dict[str, Feature]:
    """The five features of drugs being taken now.

    They are ``anticoagulated``, ``strong_cyp3a4_inhibitor``, ``immunosuppressed``, ``platinum_active`` and
    ``chemotherapy_active``. A drug is taken now when a statement or administration says so; an order alone makes it
    possible. Local routes do not count. A drug known only by a code of no public source makes the feature possible.

    Args:
        history: all facts; drafts never count.
        today: the day of the question.

    Returns:
        The five findings, each yes or unknown.
    """
    chemotherapy = groups.BEVACIZUMAB_PARTNERS
    return {
        "anticoagulated": _taken(
            history,
            today,
            groups.ANTICOAGULANT,
            _therapeutic,
            stated=conditions(history, _LONG_TERM_ANTICOAGULANT, today=today, only_present=True),
        ),
        "strong_cyp3a4_inhibitor": _taken(
            history,
            today,
            groups.STRONG_CYP3A4_INHIBITOR | {"ketoconazole-route-unspecified"},
            _systemic_if_unspecified,
        ),
        "immunosuppressed": _immunosuppressed(history, today),
        "platinum_active": _under_way(history, today, groups.PLATINUM),
        "chemotherapy_active": _under_way(history, today, chemotherapy),
    }


_LONG_TERM_ANTICOAGULANT: Final = frozenset({"anticoagulant-long-term-use"})


def taken_now(drug: Drug, today: dt.date) -> Tri:
    """Whether the record says that the drug is taken now: yes, no (over, not begun, not taken) or unknown."""
    if drug.exposure in (Exposure.NOT_TAKEN, Exposure.PLANNED) or future(drug.start, today):
        return Tri.NO
    if drug.end is not None and drug.end.latest < today:
        return Tri.NO
    if drug.current is Tri.NO:
        return Tri.NO
    if drug.exposure is Exposure.POSSIBLE or drug.kind is DrugRecord.REQUEST:
        return Tri.UNKNOWN
    covered = drug.start is not None and drug.start.latest <= today and drug.end is not None
    if drug.current is Tri.YES or (covered and drug.end is not None and drug.end.earliest >= today):
        return Tri.YES
    return Tri.UNKNOWN


def _evidence(drug: Drug) -> Evidence:
    dose = "" if drug.dose is None else f" {drug.dose.value:g} {drug.dose.unit}".rstrip()
    kind = " (ordered)" if drug.kind is DrugRecord.REQUEST else ""
    return Evidence(drug.reference, f"{drug.text or 'drug on record'}{dose}{kind}", drug.start)


def _taken(
    history: History,
    today: dt.date,
    concepts: Concepts,
    judge: Judge,
    *,
    stated: Iterable[Said] = (),
    note: str = "",
) -> Finding:
    """Yes when a drug of the concepts is taken now and judged to count; else what is possible."""
    said = list(stated)
    for each in history.drugs_about(concepts):
        if each.route in _LOCAL:
            continue
        now = taken_now(each, today)
        if now is Tri.NO:
            continue
        sure = now is Tri.YES and decides(each, concepts) and judge(each) is Tri.YES
        said.append(Said(Tri.YES if sure else Tri.UNKNOWN, _evidence(each)))
    found = ever(said, note=note)
    if found.is_yes:
        return found
    return Finding(Tri.UNKNOWN, (), found.possible, joined(note, obstacle(history, _DRUG_KEYS, concepts)))


def _therapeutic(drug: Drug) -> Tri:
    """Whether the dose treats; unfractionated heparin may be a line flush and never counts alone."""
    if "heparin-unfractionated" in drug.concepts:
        return Tri.UNKNOWN
    limits = [(name, *_PREVENTIVE[name]) for name in sorted(drug.concepts) if name in _PREVENTIVE]
    if not limits:
        return Tri.YES
    name, most, unit = limits[0]
    if drug.dose is None:
        return Tri.UNKNOWN if name in _INJECTED else Tri.YES
    if drug.dose.unit in (f"{unit}/kg", "mg/kg"):
        return Tri.YES
    return Tri.YES if drug.dose.unit == unit and drug.dose.value > most else Tri.UNKNOWN


def _systemic_if_unspecified(drug: Drug) -> Tri:
    """Ingredients that are also sold for the skin or the eye count when the route says systemic."""
    unspecified = any(concept.endswith("-route-unspecified") for concept in drug.concepts)
    return Tri.YES if not unspecified or drug.route is Route.SYSTEMIC else Tri.UNKNOWN


def _above_limit(drug: Drug) -> Tri:
    """Whether one dose is more than 10 mg of prednisone; a lower one may be taken several times a day."""
    factors = [_AS_PREDNISONE[concept] for concept in sorted(drug.concepts) if concept in _AS_PREDNISONE]
    if not factors or drug.dose is None or drug.dose.unit != "mg":
        return Tri.UNKNOWN
    return Tri.YES if drug.dose.value * factors[0] > PREDNISONE_MG else Tri.UNKNOWN


def _immunosuppressed(history: History, today: dt.date) -> Finding:
    """An immunosuppressant, or a steroid at more than 10 mg of prednisone a dose; other steroids are only possible.

    Dexamethasone and hydrocortisone are left possible: short courses against nausea or allergy are the rule here.
    """
    stated = (
        *conditions(history, frozenset({"immunosuppressant-long-term-use"}), today=today, only_present=True),
        *(
            Said(Tri.UNKNOWN, each.evidence)
            for each in conditions(history, frozenset({"immunosuppression-unclear"}), today=today, only_present=True)
        ),
    )
    parts = (
        _taken(
            history,
            today,
            _SUPPRESSANT | {"ciclosporin-route-unspecified"},
            _systemic_if_unspecified,
            stated=stated,
        ),
        _taken(history, today, _STEROID, _above_limit, note="the dose is that of one intake"),
        _taken(history, today, frozenset({"systemic-corticosteroid-other"}), lambda _: Tri.UNKNOWN),
    )
    yes = [each for each in parts if each.is_yes]
    note = joined(*(each.note for each in yes)) if yes else obstacle(history, _DRUG_KEYS, _SUPPRESSANT | _STEROID)
    return Finding(
        Tri.YES if yes else Tri.UNKNOWN,
        sorted_evidence(item for each in yes for item in each.evidence),
        sorted_evidence(item for each in parts for item in each.possible),
        note,
    )


def _under_way(history: History, today: dt.date, concepts: Concepts) -> Finding:
    """Chemotherapy under way: said to be taken now, or last dose within one cycle (:data:`CYCLE_DAYS`)."""
    said: list[Said] = []
    for each in history.drugs_about(concepts):
        if each.route in _LOCAL or future(each.start, today):
            continue
        if each.exposure in (Exposure.NOT_TAKEN, Exposure.PLANNED):
            continue
        recent = taken_now(each, today) | in_window(each.end or each.start, today, CYCLE_DAYS)
        if recent is Tri.NO:
            continue
        given = each.exposure is Exposure.GIVEN and each.kind is not DrugRecord.REQUEST
        sure = recent is Tri.YES and given and decides(each, concepts)
        said.append(Said(Tri.YES if sure else Tri.UNKNOWN, _evidence(each)))
    for done in history.treatments:
        if not done.drugs & concepts or future(done.start, today):
            continue
        given = done.occurrence in (Occurrence.DONE, Occurrence.UNDER_WAY, Occurrence.STOPPED)
        dosed = in_window(done.end or done.start, today, CYCLE_DAYS)
        under_way = Tri.YES if done.occurrence is Occurrence.UNDER_WAY else dosed
        if under_way is Tri.NO or done.occurrence in (Occurrence.PLANNED, Occurrence.NOT_DONE):
            continue
        sure = given and under_way is Tri.YES and not done.conflict and not done.text_only
        said.append(
            Said(Tri.YES if sure else Tri.UNKNOWN, Evidence(done.reference, done.text or "chemotherapy", done.start))
        )
    found = ever(said)
    hindrance = obstacle(history, (*_DRUG_KEYS, "procedures"), concepts)
    return found if found.is_yes else Finding(Tri.UNKNOWN, (), found.possible, hindrance)
