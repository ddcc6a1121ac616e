"""Facts about one draft order: its doses, its dates against the patient's events, and what else is ordered with it.

They are features like the others (three values, intervals for partial dates, evidence) and are found by name among the
facts that a check reads. What the record cannot answer is unknown. Days are whole calendar days (decision model,
section 0, rule 5); a draft never counts as history, but two drafts of one call can conflict (rule 6).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cds_service.guideline import thresholds as t
from cds_service.guideline.draft_order_checks.recognise import (
    IMMUNOTHERAPY,
    LARGE_OPERATION,
    PLATINUM,
    RADIOTHERAPY,
    Family,
    families,
    is_conventional,
    is_specialised,
    milligrams,
    targets_bone,
    targets_pelvic_organ,
)
from fhir_mappings.features.fields import Operation, RecurrenceFeatures
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import DraftOrder, Intent, Priority
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, days
from fhir_mappings.value_sets import groups

ORDER_FACTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "order_date": "date of the order",
        "dose_mg": "dose ordered",
        "dose_mg_per_kg": "dose ordered per kg of body weight",
        "dose_mg_per_m2": "dose ordered per square metre of body surface",
        "dose_auc": "target AUC ordered",
        "calvert_dose_mg": "dose by the Calvert formula",
        "calvert_deviation_percent": "difference from the dose by the Calvert formula",
        "tisotumab_deviation_percent": "difference from the nearest dose of tisotumab vedotin",
        "subcutaneous_product": "product for injection under the skin",
        "infusion_hours": "duration of the infusion",
        "interval_days": "interval between doses ordered",
        "weekly_schedule": "weekly schedule",
        "days_to_elective_surgery": "days from the order to the next planned operation",
        "days_to_other_surgery": "days from the order to the next small or urgent operation",
        "days_since_major_surgery": "days from the last major operation to the order",
        "days_since_last_dose": "days from the last dose of this drug to the order",
        "days_since_last_bev": "days from the last bevacizumab dose to the order",
        "days_since_last_tv": "days from the last tisotumab vedotin dose to the order",
        "days_since_last_paclitaxel": "days from the last paclitaxel dose to the order",
        "days_since_last_topotecan": "days from the last topotecan dose to the order",
        "days_from_last_bev_to_surgery": "days from the last bevacizumab dose to the operation",
        "days_since_severe_haemorrhage": "days from the grade 3 or 4 haemorrhage to the order",
        "days_since_haemoptysis": "days from the haemoptysis to the order",
        "days_since_arterial_thromboembolism": "days from the arterial thromboembolism to the order",
        "days_since_pet_ct": "days from the last PET/CT to the order",
        "days_since_eye_exam": "days from the last eye examination to the order",
        "event_since_pet_ct": "a new finding since the last PET/CT",
        "next_operation_date": "date of the next planned operation",
        "last_operation_date": "date of the major operation before the order",
        "last_dose_date": "date of the last dose of this drug",
        "bev_before_surgery_date": "date of the bevacizumab dose before the operation",
        "first_dose": "first dose of this drug",
        "later_cycle": "later cycle of this drug",
        "surgery_date_known": "date of the operation known",
        "surgery_urgent": "operation urgent",
        "specialised_technique": "stereotactic, intraoperative or brachytherapy technique",
        "palliative_intent": "palliative intent of the order",
        "curative_intent": "curative intent of the order",
        "pelvic_field": "pelvis in the field",
        "adjacent_bone": "bone as the target of the radiotherapy",
        "platinum_in_drafts": "platinum ordered together with it",
        "cisplatin_in_drafts": "cisplatin ordered together with it",
        "bevacizumab_in_drafts": "bevacizumab ordered together with it",
        "bevacizumab_in_drafts_or_recent": "bevacizumab recent or ordered together with it",
        "partner_present": "a partner drug ordered together with it or being given",
        "maintenance": "bevacizumab continued after a recent dose",
        "with_radiotherapy": "radiotherapy ordered together with it",
        "eye_exam_since_last_dose": "eye examination since the last dose",
        "fourteen_weeks_reached": "14 weeks of gestation reached",
        "nine_tv_doses_given": "nine doses of tisotumab vedotin given",
    }
)
"""Every order fact and its words."""

DATED_EVENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "days_since_severe_haemorrhage": "severe_haemorrhage",
        "days_since_haemoptysis": "haemoptysis",
        "days_since_arterial_thromboembolism": "arterial_thromboembolism",
        "days_since_last_bev": "prior_bev",
        "days_from_last_bev_to_surgery": "prior_bev",
        "days_since_last_tv": "prior_tv",
    }
)
"""Day count -> the feature that, being yes, says that the event happened although its date is not known."""

DATE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "days_to_elective_surgery": "the planned operation",
        "days_to_other_surgery": "the planned operation",
        "days_since_major_surgery": "the operation",
        "days_since_last_dose": "the last dose",
        "days_since_last_bev": "the last bevacizumab dose",
        "days_since_last_tv": "the last tisotumab vedotin dose",
        "days_since_last_paclitaxel": "the last paclitaxel dose",
        "days_since_last_topotecan": "the last topotecan dose",
        "days_from_last_bev_to_surgery": "the last bevacizumab dose or of the operation",
        "days_since_severe_haemorrhage": "the haemorrhage",
        "days_since_haemoptysis": "the haemoptysis",
        "days_since_arterial_thromboembolism": "the arterial thromboembolism",
        "days_since_pet_ct": "the PET/CT",
        "days_since_eye_exam": "the eye examination",
    }
)
"""Day count -> what it is that lacks an exact date, as "the exact date of ..."."""

OPERATION_DAYS: Final = frozenset(
    {"days_to_elective_surgery", "days_to_other_surgery", "days_since_major_surgery", "days_from_last_bev_to_surgery"}
)
"""Day counts whose missing date the prompt ``missing-surgery-date`` asks for."""

_LAST_DOSE: Final[Mapping[Family, str]] = MappingProxyType(
    {
        Family.BEVACIZUMAB: "last_bev_date",
        Family.TISOTUMAB_VEDOTIN: "last_tv_date",
        Family.PACLITAXEL: "last_paclitaxel_date",
        Family.TOPOTECAN: "last_topotecan_date",
    }
)
_EXPOSURE: Final[Mapping[Family, str]] = MappingProxyType(
    {
        Family.BEVACIZUMAB: "prior_bev",
        Family.TISOTUMAB_VEDOTIN: "prior_tv",
        Family.CISPLATIN: "prior_platinum",
        Family.CARBOPLATIN: "prior_platinum",
        **dict.fromkeys(sorted(IMMUNOTHERAPY), "prior_ici"),
    }
)
_PARTNERS: Final = groups.BEVACIZUMAB_PARTNERS
_UNDER_THE_SKIN: Final = frozenset(
    {"pembrolizumab-berahyaluronidase", "atezolizumab-hyaluronidase", "nivolumab-hyaluronidase"}
)
_TISOTUMAB_STEPS: Final = (t.TISOTUMAB_DOSE, t.TISOTUMAB_FIRST_REDUCTION, t.TISOTUMAB_SECOND_REDUCTION)
_TISOTUMAB_FULL_WEIGHT: Final = t.TISOTUMAB_DOSE_MAX_MG.value / t.TISOTUMAB_DOSE.value
"""Weight in kg above which the dose rises no further: 200 mg at 2 mg/kg."""
_AUC_UNITS: Final = frozenset({"{auc}", "auc", "[auc]", "mg.min/ml", "mg/ml.min", "mg/ml*min", "min.mg/ml"})
_WEEK: Final = range(6, 9)
"""Days between doses that make a schedule weekly: a day early or late does not change it."""


@dataclass(frozen=True, slots=True)
class _Dated:
    """Something with a date that an interval is counted from or to."""

    date: PartialDate
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    """One draft among the others of its call."""

    draft: DraftOrder
    others: tuple[DraftOrder, ...]
    features: RecurrenceFeatures
    today: PartialDate
    families: frozenset[Family]
    date: PartialDate
    families_of_others: tuple[frozenset[Family], ...]

    def moment(self, name: str) -> Moment:
        found = getattr(self.features, name)
        return found if isinstance(found, Moment) else Moment()

    def finding(self, name: str) -> Finding:
        found = getattr(self.features, name)
        return found if isinstance(found, Finding) else Finding()


def _when(draft: DraftOrder, today: PartialDate) -> PartialDate:
    return draft.start or draft.authored or today


def _evidence(draft: DraftOrder) -> tuple[Evidence, ...]:
    return (Evidence(draft.reference, draft.text, draft.start),) if draft.reference else ()


def _count(start: _Dated | None, end: _Dated | None) -> Amount:
    """Days from one to the other; unknown when either is missing."""
    if start is None or end is None:
        return Amount()
    span = days(start.date, end.date)
    exact = start.date.exact and end.date.exact
    note = "" if exact else "the exact date is not recorded"
    return Amount(span.low, span.high, "days", None, tuple(dict.fromkeys((*start.evidence, *end.evidence))), (), note)


def _nearest(candidates: Iterable[tuple[_Dated, Amount]]) -> tuple[Amount, Moment]:
    """The smallest count of days that is not negative, as an interval over all candidates that may be it.

    A candidate that may lie on the other side (its count may be negative) cannot bound the others; when there are only
    such ones the lower bound stays negative, so that no comparison is certain. The date given is the latest that may
    be meant, so that a day counted from it is far enough from any of them.
    """
    reachable = [(each, span) for each, span in candidates if span.high is not None and span.high >= 0]
    spans = [(span.low, span.high) for _, span in reachable if span.low is not None and span.high is not None]
    if not spans:
        return Amount(), Moment()
    certain = [last for first, last in spans if first >= 0]
    low = min(first for first, _ in spans)
    high = min(certain) if certain else max(last for _, last in spans)
    if certain:
        low = max(low, 0.0)
    near = [(each, span) for each, span in reachable if span.low is not None and span.low <= high]
    dated = max((each for each, _ in near), key=lambda each: (each.date.latest, each.date.earliest))
    evidence = tuple(dict.fromkeys(item for _, span in near for item in span.evidence))
    note = "" if low == high else "the exact date is not recorded"
    return Amount(low, high, "days", None, evidence, (), note), Moment(dated.date, dated.evidence)


def _dated(moment: Moment) -> _Dated | None:
    return None if moment.date is None else _Dated(moment.date, moment.evidence)


# ------------------------------------------------------------------------------- doses


def _scaled(dose: Amount, factor: Amount, scale: Callable[[float, float], float]) -> Amount:
    """A dose turned into another unit by weight, surface or clearance; unknown when either is."""
    if dose.low is None or dose.high is None or factor.low is None or factor.high is None:
        return Amount()
    values = [round(scale(each, by), 6) for each in (dose.low, dose.high) for by in (factor.low, factor.high) if by > 0]
    if not values:
        return Amount()
    return Amount(min(values), max(values), "", None, tuple(dict.fromkeys((*dose.evidence, *factor.evidence))))


def _unit(amount: Amount, unit: str) -> Amount:
    return Amount(amount.low, amount.high, unit, None, amount.evidence, (), amount.note) if amount.known else amount


def _ordered(draft: DraftOrder, accepts: Callable[[str], bool]) -> Amount:
    """The largest dose of the draft in a unit; several instructions are told by a note."""
    values = [dose.value for dose in draft.doses if accepts(dose.unit.strip().lower())]
    if not values:
        return Amount()
    note = "largest of several dose instructions" if len(set(values)) > 1 else ""
    return Amount.exactly(max(values), evidence=_evidence(draft), note=note)


def _flat(draft: DraftOrder) -> Amount:
    found = [milligrams(dose.value, dose.unit) for dose in draft.doses]
    values = [value for value in found if value is not None]
    if not values:
        return Amount()
    note = "largest of several dose instructions" if len(set(values)) > 1 else ""
    return Amount.exactly(max(values), evidence=_evidence(draft), note=note)


def _calvert_factor(crcl: Amount) -> Amount:
    """Capped clearance plus 25, in mL/min; mg = AUC x this (evidence L3)."""
    if crcl.low is None or crcl.high is None:
        return Amount()
    cap, added = t.CARBOPLATIN_GFR_CAP.value, t.CARBOPLATIN_GFR_ADDEND.value
    return Amount(min(crcl.low, cap) + added, min(crcl.high, cap) + added, "mL/min", None, crcl.evidence)


def _deviation(dose: Amount, expected: Amount) -> Amount:
    """Distance of the dose from the expected one in percent of it, never negative."""
    signed = _scaled(dose, expected, lambda mg, by: (mg - by) / by * 100)
    if signed.low is None or signed.high is None:
        return Amount()
    sizes = (abs(signed.low), abs(signed.high))
    low = 0.0 if signed.low <= 0 <= signed.high else min(sizes)
    return Amount(low, max(sizes), "%", None, signed.evidence)


def _tisotumab_deviation(flat: Amount, per_kg: Amount, weight: Amount) -> Amount:
    """Distance in percent from the nearest of the label's three doses, weight counted up to 100 kg (evidence L8)."""
    dose, size = per_kg, Amount.exactly(1)
    if flat.known and weight.low is not None and weight.high is not None:
        most = _TISOTUMAB_FULL_WEIGHT
        dose, size = flat, Amount(min(weight.low, most), min(weight.high, most), "kg", None, weight.evidence)
    gaps = [
        _deviation(dose, _scaled(Amount.exactly(step.value), size, lambda mg, by: mg * by)) for step in _TISOTUMAB_STEPS
    ]
    lows = [gap.low for gap in gaps if gap.low is not None]
    highs = [gap.high for gap in gaps if gap.high is not None]
    return Amount(min(lows), min(highs), "%", None, gaps[0].evidence) if lows and highs else Amount()


def _doses(call: _Call) -> dict[str, Feature]:
    draft, features = call.draft, call.features
    flat = _flat(draft)
    per_kg = _ordered(draft, lambda unit: unit == "mg/kg")
    per_m2 = _ordered(draft, lambda unit: unit in {"mg/m2", "mg/m²"})
    auc = _ordered(draft, lambda unit: unit in _AUC_UNITS)
    carboplatin = Family.CARBOPLATIN in call.families
    factor = _calvert_factor(features.crcl) if carboplatin else Amount()
    target = auc if auc.known else Amount.exactly(t.CARBOPLATIN_AUC_DEFAULT.value, note="no AUC ordered")
    expected = _scaled(target, factor, lambda by_auc, by: by_auc * by)
    if not flat.known:
        for dose, by in ((per_kg, features.weight_kg), (per_m2, features.bsa_m2), (auc, factor)):
            if dose.known:
                flat = _scaled(dose, by, lambda value, size: value * size)
                break
    if not per_kg.known:
        per_kg = _scaled(flat, features.weight_kg, lambda mg, size: mg / size)
    if not per_m2.known:
        per_m2 = _scaled(flat, features.bsa_m2, lambda mg, size: mg / size)
    hours, interval = draft.infusion_hours, draft.interval_days
    said = _evidence(draft)
    weekly = Finding() if interval is None else Finding(Tri.YES if interval in _WEEK else Tri.NO, said)
    return {
        "dose_mg": _unit(flat, "mg"),
        "dose_mg_per_kg": _unit(per_kg, "mg/kg"),
        "dose_mg_per_m2": _unit(per_m2, "mg/m2"),
        "dose_auc": auc,
        "calvert_dose_mg": _unit(expected, "mg"),
        "calvert_deviation_percent": _deviation(flat, expected),
        "tisotumab_deviation_percent": (
            _tisotumab_deviation(flat, per_kg, features.weight_kg)
            if Family.TISOTUMAB_VEDOTIN in call.families
            else Amount()
        ),
        "subcutaneous_product": Finding(Tri.YES, said) if draft.concepts & _UNDER_THE_SKIN else Finding(),
        "infusion_hours": Amount() if hours is None else Amount.exactly(hours, "h", evidence=said),
        "interval_days": Amount() if interval is None else Amount.exactly(interval, "days", evidence=said),
        "weekly_schedule": weekly,
    }


# -------------------------------------------------------------------------- operations


@dataclass(frozen=True, slots=True)
class _Operations:
    """Operations planned or drafted, and done, as the intervals need them."""

    elective: tuple[_Dated, ...]
    other: tuple[_Dated, ...]
    large: tuple[_Dated, ...]
    """Any large one ahead, urgent ones included."""
    done: tuple[_Dated, ...]
    undated: tuple[Evidence, ...]
    """Elective ones without a date."""


def _operations(call: _Call) -> _Operations:
    features = call.features
    planned = list(features.planned_operations)
    for other in call.others:
        kinds = families(other)
        if kinds & (LARGE_OPERATION | {Family.MINOR_SURGERY}):
            planned.append(
                Operation(
                    date=other.start,
                    minor=not kinds & LARGE_OPERATION,
                    urgent=other.priority is Priority.URGENT,
                    exenteration=Family.EXENTERATION in kinds,
                    evidence=Evidence(other.reference, other.text, other.start),
                )
            )
    dated = [(each, _Dated(each.date, (each.evidence,))) for each in planned if each.date is not None]
    elective = [at for each, at in dated if not each.minor and not each.urgent]
    if not features.planned_operations and (alone := _dated(features.planned_surgery_date)) is not None:
        elective.append(alone)
    done = [_Dated(each.date, (each.evidence,)) for each in features.past_operations if each.date and not each.minor]
    if not done and (last := _dated(features.last_major_surgery_date)) is not None:
        done.append(last)
    urgent = [at for each, at in dated if each.urgent and not each.minor]
    return _Operations(
        elective=tuple(elective),
        other=tuple(at for each, at in dated if each.minor or each.urgent),
        large=(*elective, *urgent),
        done=tuple(done),
        undated=tuple(each.evidence for each in planned if each.date is None and not each.minor and not each.urgent),
    )


def _surgery_known(call: _Call, operations: _Operations) -> Finding:
    """Yes: a date is recorded; no: an operation is drafted or planned without one; unknown: no operation at all."""
    if call.families & (LARGE_OPERATION | {Family.MINOR_SURGERY}):
        return Finding(Tri.NO if call.draft.start is None else Tri.YES, _evidence(call.draft))
    if operations.undated:
        return Finding(Tri.NO, operations.undated, note="an operation is planned without a date")
    if operations.elective:
        return Finding(Tri.YES, tuple(item for each in operations.elective for item in each.evidence))
    return Finding()


def _surgery(call: _Call, order: _Dated) -> dict[str, Feature]:
    operations = _operations(call)
    ahead, ahead_on = _nearest((each, _count(order, each)) for each in operations.elective)
    other, _ = _nearest((each, _count(order, each)) for each in operations.other)
    before = [(each, _count(each, order)) for each in operations.done]
    # An operation ahead of today but before the order counts like one done; on the same day it is still ahead.
    before += [
        (each, span)
        for each in operations.large
        if each.date.latest >= call.today.earliest and (span := _count(each, order)).low is not None and span.low > 0
    ]
    since, since_on = _nearest(before)
    doses = [each for each in (_dated(call.moment("last_bev_date")),) if each is not None]
    doses += [
        _Dated(_when(each, call.today), _evidence(each)) for each in call.others if Family.BEVACIZUMAB in families(each)
    ]
    operation = bool(call.families & LARGE_OPERATION)
    to_surgery, dose_on = _nearest((each, _count(each, order)) for each in doses) if operation else (Amount(), Moment())
    urgent = {Priority.URGENT: Tri.YES, Priority.ELECTIVE: Tri.NO}.get(call.draft.priority, Tri.UNKNOWN)
    return {
        "days_to_elective_surgery": ahead,
        "next_operation_date": ahead_on,
        "days_to_other_surgery": other,
        "days_since_major_surgery": since,
        "last_operation_date": since_on,
        "days_from_last_bev_to_surgery": to_surgery,
        "bev_before_surgery_date": dose_on,
        "surgery_date_known": _surgery_known(call, operations),
        "surgery_urgent": Finding(urgent, _evidence(call.draft) if urgent is not Tri.UNKNOWN else ()),
    }


# ------------------------------------------------------------------- doses given before


def _only(options: Mapping[Family, str], found: frozenset[Family]) -> str:
    return next((name for family, name in options.items() if family in found), "")


def _at_most(amount: Amount, limit: float) -> Tri:
    return ~amount.above(limit)


def _first_dose(call: _Call, since: Amount) -> Finding:
    """Yes when no dose of this drug is documented in the last 90 days (decision model, section 4, bevacizumab)."""
    dated, exposure = _only(_LAST_DOSE, call.families), _only(_EXPOSURE, call.families)
    if since.known:
        return Finding(since.above(t.FIRST_DOSE_DAYS.value), since.evidence)
    exposed = call.finding(exposure) if exposure else Finding()
    if exposed.is_no:
        return Finding(Tri.YES, exposed.evidence)
    if exposed.is_yes or not dated:
        return Finding(note="dates of earlier doses not recorded")
    return Finding(Tri.YES, note="no dose documented in the last 90 days")


def _eye_exam(call: _Call, first: Finding, since_exam: Amount) -> Finding:
    """After the last dose; before a first dose within 28 days of the order (evidence L8)."""
    exam, dose = _dated(call.moment("eye_exam_date")), _dated(call.moment("last_tv_date"))
    if exam is None:
        return Finding()
    evidence = (*exam.evidence, *(dose.evidence if dose else ()))
    if dose is not None and not first.is_yes:
        return Finding(_count(dose, exam).above(0), evidence)
    return Finding(_at_most(since_exam, t.EYE_EXAM_DAYS.value) & since_exam.at_least(0), evidence)


def _doses_before(call: _Call, order: _Dated) -> dict[str, Feature]:
    name = _only(_LAST_DOSE, call.families)
    last = call.moment(name) if name else Moment()
    since = _count(_dated(last), order)
    first = _first_dose(call, since)
    later = Finding(~first.value, first.evidence, note=first.note)
    eye = _count(_dated(call.moment("eye_exam_date")), order)
    given = call.features.tv_doses
    return {
        "days_since_last_dose": since,
        "last_dose_date": last,
        "days_since_last_bev": _count(_dated(call.moment("last_bev_date")), order),
        "days_since_last_tv": _count(_dated(call.moment("last_tv_date")), order),
        "days_since_last_paclitaxel": _count(_dated(call.moment("last_paclitaxel_date")), order),
        "days_since_last_topotecan": _count(_dated(call.moment("last_topotecan_date")), order),
        "first_dose": first,
        "later_cycle": later,
        "maintenance": later if Family.BEVACIZUMAB in call.families else Finding(),
        "days_since_eye_exam": eye,
        "eye_exam_since_last_dose": _eye_exam(call, first, eye),
        "nine_tv_doses_given": Finding(given.at_least(t.TISOTUMAB_EYE_EXAM_CYCLES.value), given.evidence),
    }


def _events(call: _Call, order: _Dated) -> dict[str, Feature]:
    pet = _dated(call.moment("pet_ct_date"))
    later = [
        (each, _count(pet, each))
        for name in ("recurrence_date", "last_major_surgery_date")
        if (each := _dated(call.moment(name))) is not None
    ]
    changed = [(each, span.above(0)) for each, span in later]
    since = Tri.UNKNOWN
    if any(value is Tri.YES for _, value in changed):
        since = Tri.YES
    evidence = tuple(item for each, value in changed if value is Tri.YES for item in each.evidence)
    weeks = call.features.gestation_weeks
    return {
        "days_since_severe_haemorrhage": _count(_dated(call.moment("severe_haemorrhage_date")), order),
        "days_since_haemoptysis": _count(_dated(call.moment("haemoptysis_date")), order),
        "days_since_arterial_thromboembolism": _count(_dated(call.moment("arterial_thromboembolism_date")), order),
        "days_since_pet_ct": _count(pet, order),
        "event_since_pet_ct": Finding(since, evidence),
        "fourteen_weeks_reached": Finding(weeks.at_least(t.SECOND_TRIMESTER_WEEKS.value), weeks.evidence),
    }


# ------------------------------------------------------------------ what is ordered with


def _together(call: _Call, wanted: Callable[[DraftOrder, frozenset[Family]], bool]) -> Finding:
    """Whether another draft of the call is of a kind; an order that could not be read leaves it unknown."""
    found = [each for each, of in zip(call.others, call.families_of_others, strict=True) if wanted(each, of)]
    if found:
        return Finding(Tri.YES, tuple(item for each in found for item in _evidence(each)))
    unread = tuple(item for each in call.others if each.unread for item in _evidence(each))
    return Finding(Tri.UNKNOWN, possible=unread) if any(each.unread for each in call.others) else Finding(Tri.NO)


def _of(*wanted: Family) -> Callable[[DraftOrder, frozenset[Family]], bool]:
    return lambda _, of: not of.isdisjoint(wanted)


def _with_others(call: _Call, last_bev: Amount) -> dict[str, Feature]:
    bevacizumab = _together(call, _of(Family.BEVACIZUMAB))
    recent = last_bev.at_least(0) & _at_most(last_bev, t.RT_BEVACIZUMAB_DAYS.value)
    if not last_bev.known and call.features.prior_bev.is_no:
        recent = Tri.NO
    partner = _together(call, lambda draft, _: bool(draft.concepts & _PARTNERS))
    active = call.features.chemotherapy_active
    radiotherapy = _together(call, _of(*RADIOTHERAPY))
    return {
        "platinum_in_drafts": _together(call, _of(*PLATINUM)),
        "cisplatin_in_drafts": _together(call, _of(Family.CISPLATIN)),
        "bevacizumab_in_drafts": bevacizumab,
        "bevacizumab_in_drafts_or_recent": Finding(
            bevacizumab.value | recent, tuple(dict.fromkeys((*bevacizumab.evidence, *last_bev.evidence)))
        ),
        "partner_present": Finding(
            partner.value | active.value, tuple(dict.fromkeys((*partner.evidence, *active.evidence))), partner.possible
        ),
        # Radiotherapy under way is not among the drafts, so that none drafted does not make it a no.
        "with_radiotherapy": radiotherapy if radiotherapy.is_yes else Finding(possible=radiotherapy.possible),
    }


def _field(call: _Call) -> dict[str, Feature]:
    """What a radiotherapy draft says of its target, technique and intent."""
    draft, said = call.draft, _evidence(call.draft)
    intent = {Intent.PALLIATIVE: Tri.YES, Intent.CURATIVE: Tri.NO}.get(draft.intent, Tri.UNKNOWN)
    known = said if intent is not Tri.UNKNOWN else ()
    facts: dict[str, Feature] = {
        "palliative_intent": Finding(intent, known),
        "curative_intent": Finding(~intent, known),
        "specialised_technique": Finding(),
        "pelvic_field": Finding(),
        "adjacent_bone": Finding(),
    }
    if not call.families & RADIOTHERAPY:
        return facts
    if is_specialised(draft) or is_conventional(draft):
        facts["specialised_technique"] = Finding(Tri.YES if is_specialised(draft) else Tri.NO, said)
    if Family.PELVIC_RADIOTHERAPY in call.families:
        facts["pelvic_field"] = Finding(Tri.YES, said)
    elif Family.RADIOTHERAPY_SITE_UNKNOWN not in call.families:
        facts["pelvic_field"] = Finding(Tri.NO, said)
    if targets_bone(draft) or targets_pelvic_organ(draft):
        facts["adjacent_bone"] = Finding(Tri.YES if targets_bone(draft) else Tri.NO, said)
    return facts


def facts_of_today(features: RecurrenceFeatures, today: dt.date) -> dict[str, Feature]:
    """Operations and dated events around any drug that would be ordered alone today.

    Args:
        features: the patient's features, planned and past operations included.
        today: the day of the order.

    Returns:
        The part of :func:`order_facts` that does not hang on what is ordered.
    """
    now = PartialDate.on(today)
    anything = DraftOrder(reference="", resource_type="MedicationRequest")
    call = _Call(anything, (), features, now, frozenset(), now, ())
    order = _Dated(now, ())
    return {**_surgery(call, order), **_events(call, order)}


def order_facts(
    draft: DraftOrder, drafts: Sequence[DraftOrder], features: RecurrenceFeatures, today: dt.date
) -> dict[str, Feature]:
    """Every order fact of one draft.

    Args:
        draft: the order asked about.
        drafts: all drafts of the call, ``draft`` among them or not; the others count as planned together with it.
        features: the patient's features, planned and past operations included.
        today: the day of the call; the order's date when the draft has none.

    Returns:
        A feature for each name of ORDER_FACTS.
    """
    now = PartialDate.on(today)
    others = tuple(each for each in drafts if each is not draft)
    of_others = tuple(families(each) for each in others)
    call = _Call(draft, others, features, now, families(draft), _when(draft, now), of_others)
    order = _Dated(call.date, _evidence(draft))
    before = _doses_before(call, order)
    last_bev = _count(_dated(call.moment("last_bev_date")), order)
    return {
        "order_date": Moment(call.date, _evidence(draft)),
        **_doses(call),
        **_surgery(call, order),
        **before,
        **_events(call, order),
        **_with_others(call, last_bev),
        **_field(call),
    }
