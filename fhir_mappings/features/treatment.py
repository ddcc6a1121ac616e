"""Earlier and planned treatment besides radiotherapy: drugs, systemic lines, operations, wound (2.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from fhir_mappings.features import statements
from fhir_mappings.features.course import Timeline
from fhir_mappings.features.fields import Operation
from fhir_mappings.features.radiotherapy import Course, Reach
from fhir_mappings.features.statements import (
    CONTRADICTION,
    STATED,
    counted,
    decides,
    happened,
    newer,
    order,
    settle,
    sorted_evidence,
    stated,
)
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import (
    Concepts,
    Drug,
    DrugRecord,
    Exposure,
    History,
    Intent,
    Occurrence,
    Plan,
    Priority,
    Route,
    Treatment,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, before, days
from fhir_mappings.value_sets import groups

CYCLE_GAP_DAYS: Final = 42
"""Doses of one drug at most six weeks apart are one course: three-weekly cycles with one left out."""

JOINED_DAYS: Final = 21
"""Drugs whose courses begin within one cycle of each other, or overlap, are one regimen."""

MARGIN_DAYS: Final = 7
"""Sensitising drugs begin at most a week before radiotherapy and end at most a week after it."""

COURSE_DAYS: Final = 60
"""A radiotherapy record with a single date may stand for a course of up to about eight weeks around it."""

OCULAR_MG: Final = 5.0
"""Bevacizumab of at most 5 mg a dose is for the eye (record representation, "Text")."""

LINES: Final = "own-systemic-lines-recurrent"

_TAKEN: Final = (Occurrence.DONE, Occurrence.STOPPED, Occurrence.UNDER_WAY)
_LISTS: Final = ("medicationStatements", "medicationAdministrations", "procedures")
_LOCAL: Final = (Route.OPHTHALMIC, Route.OTHER)

_PLATINUM: Final[tuple[Concepts, ...]] = (groups.CISPLATIN, groups.CARBOPLATIN)
_CHECKPOINT: Final[tuple[Concepts, ...]] = (
    groups.PEMBROLIZUMAB,
    groups.CEMIPLIMAB,
    groups.ATEZOLIZUMAB,
    groups.NIVOLUMAB,
)
_SENSITISING: Final = frozenset(
    groups.PLATINUM | groups.FLUOROURACIL_SYSTEMIC | groups.IMMUNE_CHECKPOINT_INHIBITORS | {"gemcitabine"}
)
"""Drugs given with radiotherapy, checkpoint inhibitors of chemoradiation trials included."""

_UNNAMED: Final = frozenset(groups.CHEMOTHERAPY_DRUG_UNSPECIFIED | {"immunotherapy-encounter"})
_RECURRENT_REASON: Final = frozenset(groups.METASTASIS | groups.LOCAL_RECURRENCE | groups.RECURRENCE_STATED)
_HYSTERECTOMY: Final = frozenset({"hysterectomy-total", "radical-hysterectomy"})
_SURGICAL: Final = frozenset(groups.SURGERY | groups.SURGERY_MINOR)


class _Given(Struct, frozen=True, gc=False):
    """One record of drugs that reached the patient, or may have.

    Attributes:
        drugs: concepts of the drugs.
        start: first day.
        end: last day known; never after today.
        sure: given, not merely ordered.
        doses: whether it is one dose rather than a period.
        reasons: concepts of the reason.
    """

    drugs: Concepts
    start: PartialDate | None
    end: PartialDate | None
    sure: bool
    doses: bool
    intent: Intent
    reasons: Concepts
    evidence: Evidence


class _Regimen(Struct, frozen=True, gc=False):
    """Drugs given together over a period; a record of several drugs may stand among its records once for each."""

    drugs: Concepts
    start: PartialDate
    end: PartialDate
    records: tuple[_Given, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The records of the regimen."""
        return sorted_evidence(record.evidence for record in self.records)


def derive_treatment(
    history: History, today: dt.date, *, courses: tuple[Course, ...], timeline: Timeline
) -> dict[str, Feature]:
    """Drugs, lines, exenteration, operations and wound (decision model 2.3).

    Args:
        history: the history.
        today: facts dated later are plans, not history.
        courses: radiotherapy on record, which tells chemoradiation.
        timeline: from :mod:`~fhir_mappings.features.course`; a regimen is a line when it began at or after
            ``advanced_since``.

    Returns:
        The features by name. Operations with their dates: :func:`planned_operations`, :func:`past_operations`.
    """
    given = _exposures(history, today)
    lines, regimens = _lines(history, today, given, courses, timeline)
    last_surgery = _last_surgery(history, today)
    tisotumab = _prior(history, today, given, (groups.TISOTUMAB_VEDOTIN,), "own-prior-tisotumab-vedotin")
    return {
        "prior_exenteration": _exenteration(history, today),
        "prior_platinum": _prior(history, today, given, _PLATINUM, "own-prior-platinum"),
        "systemic_lines": lines,
        "progressed_on_after_systemic": _progressed(history, today, regimens, timeline),
        "prior_ici": _prior(history, today, given, _CHECKPOINT, "own-prior-immune-checkpoint-inhibitor"),
        "prior_bev": _prior(history, today, given, (groups.BEVACIZUMAB_SYSTEMIC,), "own-prior-bevacizumab"),
        "prior_tv": tisotumab,
        "last_bev_date": _last_dose(given, groups.BEVACIZUMAB_SYSTEMIC),
        "last_tv_date": _last_dose(given, groups.TISOTUMAB_VEDOTIN),
        "tv_doses": _doses(history, given, tisotumab),
        "last_paclitaxel_date": _last_dose(given, groups.PACLITAXEL_NOT_PROTEIN_BOUND),
        "last_topotecan_date": _last_dose(given, groups.TOPOTECAN),
        "last_major_surgery_date": last_surgery,
        "planned_surgery_date": _next_surgery(history, today),
        "wound_healed": stated(
            history,
            "own-surgical-wound-healed",
            today,
            yes="surgical wound healed, as stated",
            no="surgical wound not healed, as stated",
            since=last_surgery.date,
        ),
    }


# -------------------------------------------------------------------------------------------------------------- drugs


def _exposures(history: History, today: dt.date) -> tuple[_Given, ...]:
    """Every record of an anticancer drug that reached the patient or may have, oldest first.

    Statements, administrations and procedures that name the drug count as given; an order, or a statement of unknown
    status, may have been. Local routes and doses for the eye are left out, as are records dated after today.
    """
    found: list[_Given] = []
    for item in history.drugs_about(groups.SYSTEMIC_ANTINEOPLASTICS):
        drugs = item.concepts & groups.SYSTEMIC_ANTINEOPLASTICS
        taken = item.exposure in (Exposure.GIVEN, Exposure.POSSIBLE)
        if not drugs or not taken or _local(item) or not happened(item.start or item.end, today):
            continue
        sure = item.exposure is Exposure.GIVEN and decides(item, groups.SYSTEMIC_ANTINEOPLASTICS)
        start, end = item.start or item.end, _until(item, today)
        text = f"{item.text or 'drug'} {'given' if sure else 'ordered or possibly given'}"
        text += " (by name)" if item.by_name else ""
        single = item.kind is DrugRecord.ADMINISTRATION
        evidence = Evidence(item.reference, text, end if single else start)
        found.append(_Given(drugs, start, end, sure, single, item.intent, item.reasons, evidence))
    for treatment in history.treatments:
        drugs = treatment.drugs & groups.SYSTEMIC_ANTINEOPLASTICS
        if not drugs or treatment.occurrence is Occurrence.NOT_DONE or treatment.occurrence is Occurrence.PLANNED:
            continue
        if not happened(treatment.start or treatment.end, today):
            continue
        sure = treatment.occurrence in _TAKEN and not treatment.conflict
        start, end = treatment.start or treatment.end, _clipped(treatment.end or treatment.start, today)
        evidence = Evidence(
            treatment.reference, f"{treatment.text or 'drug treatment'}, {treatment.occurrence.value}", end
        )
        single = start == end
        found.append(_Given(drugs, start, end, sure, single, treatment.intent, treatment.reasons, evidence))
    return tuple(sorted(found, key=lambda each: order(each.start, each.evidence.reference)))


def _local(item: Drug) -> bool:
    if item.route in _LOCAL:
        return True
    small = item.dose is not None and item.dose.unit == "mg" and item.dose.value <= OCULAR_MG
    return small and bool(item.concepts & groups.BEVACIZUMAB_SYSTEMIC)


def _clipped(date: PartialDate | None, today: dt.date) -> PartialDate | None:
    """The date without its part after today."""
    if date is None or date.latest <= today:
        return date
    return PartialDate(min(date.earliest, today), today)


def _until(item: Drug, today: dt.date) -> PartialDate | None:
    """Last day of a drug record: its end, today for one being taken, between start and today for an open one."""
    if item.end is not None:
        return _clipped(item.end, today)
    if item.start is None or item.kind is DrugRecord.REQUEST:
        return item.start
    return PartialDate(min(item.start.earliest, today), today)


def _prior(
    history: History, today: dt.date, given: Iterable[_Given], drugs: tuple[Concepts, ...], question: str
) -> Finding:
    """Whether any of the drugs was ever given.

    Yes by a record of exposure, or stated. No by an explicit statement, or by a "not taken" statement of every drug of
    the kind; a mere absence of records is unknown. A statement of none holds although medication lists are missing, for
    it is made about all of them (the note says so), but not while statements are incomplete or a record of the drug
    could not be read; "not taken" needs complete medication lists (SAFE-05). An order may have been given: it keeps a
    no from standing unless the statement is at least a day newer.
    """
    every = frozenset().union(*drugs)
    ours = [each for each in given if each.drugs & every]
    sure = sorted_evidence(each.evidence for each in ours if each.sure)
    answers, loose = statements.answers(
        history, question, today, yes="given before, as stated", no="never given, as stated"
    )
    said = settle(answers)
    maybe = sorted_evidence([*(each.evidence for each in ours if not each.sure), *loose])
    if sure:
        if said.value is False and all(newer(said.date, each.start) is Tri.YES for each in ours if each.sure):
            return Finding(evidence=sorted_evidence([*sure, *said.evidence]), possible=maybe, note=CONTRADICTION)
        return Finding(Tri.YES, sorted_evidence([*sure, *(said.evidence if said.value else ())]))
    if said.contradicted:
        return Finding(evidence=said.evidence, possible=maybe, note=CONTRADICTION)
    if said.value:
        return Finding(Tri.YES, said.evidence)
    lists = statements.obstacle(history, (*_LISTS, "medicationRequests"), every)
    if said.value is False:
        open_orders = [each for each in ours if newer(said.date, each.start) is not Tri.YES]
        unread = any(item.concepts & every for item in history.unreadable)
        hindrance = "a record of the drug could not be read" if unread else ""
        hindrance = hindrance or statements.obstacle(history, STATED, frozenset({question}))
        if open_orders or hindrance:
            return Finding(evidence=() if open_orders else said.evidence, possible=maybe, note=hindrance)
        return Finding(Tri.NO, said.evidence, note=f"{lists}; as stated" if lists else "")
    refused = [_not_taken(history, kind, today) for kind in drugs]
    if all(refused) and not maybe and not lists:
        return Finding(Tri.NO, sorted_evidence(each for part in refused for each in part))
    return Finding(possible=maybe, note=lists)


def _not_taken(history: History, kind: Concepts, today: dt.date) -> list[Evidence]:
    return [
        Evidence(item.reference, "stated as not taken", item.start)
        for item in history.drugs_about(kind)
        if item.kind is DrugRecord.STATEMENT
        and item.exposure is Exposure.NOT_TAKEN
        and decides(item, kind)
        and happened(item.start, today)
    ]


def _last_dose(given: Iterable[_Given], drugs: Concepts) -> Moment:
    """The newest dose given: of an open period some day between its start and today."""
    ours = [each for each in given if each.drugs & drugs]
    possible = sorted_evidence(each.evidence for each in ours if not each.sure or each.end is None)
    sure = [(each.end, each.evidence) for each in ours if each.sure and each.end is not None]
    if not sure:
        return Moment(possible=possible)
    last = PartialDate(max(end.earliest for end, _ in sure), max(end.latest for end, _ in sure))
    newest = [evidence for end, evidence in sure if end.latest == last.latest]
    return Moment(last, sorted_evidence(newest), possible)


def _doses(history: History, given: Iterable[_Given], prior: Finding) -> Amount:
    """Doses of tisotumab vedotin: distinct days of administration, when these are complete; 0 when never given."""
    if prior.is_no:
        return Amount.exactly(0, evidence=prior.evidence)
    ours = [each for each in given if each.sure and each.drugs & groups.TISOTUMAB_VEDOTIN]
    single = [each for each in ours if each.doses]
    hindrance = statements.obstacle(history, ("medicationAdministrations",), groups.TISOTUMAB_VEDOTIN)
    exact = {each.end for each in single if each.end is not None and each.end.exact}
    vague = [each for each in single if each.end is None or not each.end.exact]
    evidence = sorted_evidence(each.evidence for each in ours)
    if not single or hindrance:
        return Amount(possible=evidence, note=hindrance)
    return Amount(max(1, len(exact)), len(exact) + len(vague), evidence=evidence)


# -------------------------------------------------------------------------------------------------------------- lines


def _lines(
    history: History, today: dt.date, given: tuple[_Given, ...], courses: tuple[Course, ...], timeline: Timeline
) -> tuple[Amount, list[_Regimen]]:
    """Systemic lines for recurrent disease, and the regimens that surely are lines.

    A stated number holds, plus the lines that began after it was stated. Without one the regimens on record are
    counted: an absence of drug records, or of any that counts, is unknown and never 0.
    """
    certain, uncertain = _sorted_lines(history, today, given, courses, timeline)
    said = settle(counted(history, frozenset({LINES}), today, "systemic lines for recurrent disease, as stated"))
    evidence = sorted_evidence(each for regimen in certain for each in regimen.evidence)
    possible = sorted_evidence(uncertain)
    if said.contradicted:
        return Amount(evidence=said.evidence, possible=possible, note=CONTRADICTION), certain
    if said.value is not None:
        later = [regimen for regimen in certain if newer(regimen.start, said.date) is Tri.YES]
        before_it = len(certain) - len(later)
        together = sorted_evidence([*said.evidence, *(each for regimen in later for each in regimen.evidence)])
        hindrance = statements.obstacle(history, STATED, frozenset({LINES}))
        if hindrance and said.value == 0 and not later:
            return Amount(evidence=said.evidence, possible=possible, note=hindrance), certain
        if before_it > said.value:
            both = sorted_evidence([*together, *evidence])
            low, high = said.value + len(later), float(len(certain))
            return Amount(low, high, "", said.date, both, possible, CONTRADICTION), certain
        return Amount(said.value + len(later), said.value + len(later), "", said.date, together), certain
    if not certain:
        hindrance = statements.obstacle(history, _LISTS, groups.SYSTEMIC_ANTINEOPLASTICS)
        return Amount(possible=possible, note=hindrance), certain
    number = float(len(certain))
    newest = certain[-1].start
    return Amount(number, number + (1 if uncertain else 0), "", newest, evidence, possible), certain


def _sorted_lines(
    history: History, today: dt.date, given: tuple[_Given, ...], courses: tuple[Course, ...], timeline: Timeline
) -> tuple[list[_Regimen], list[Evidence]]:
    """Regimens that surely are lines, and records that may be one."""
    certain: list[_Regimen] = []
    doubtful: list[_Regimen] = []
    settled: list[_Regimen] = []
    for regimen in _regimens([each for each in given if each.sure]):
        counts = _is_line(regimen, courses, timeline)
        (certain if counts is Tri.YES else settled if counts is Tri.NO else doubtful).append(regimen)
    uncertain = [each for regimen in doubtful for each in regimen.evidence]
    uncertain += [each.evidence for each in given if each.sure and each.start is None]
    known = [*certain, *settled]
    for order_ in _regimens([each for each in given if not each.sure]):
        if (
            not any(_overlap(order_, regimen) for regimen in known)
            and _is_line(order_, courses, timeline) is not Tri.NO
        ):
            uncertain += order_.evidence
    uncertain += _unnamed(history, today, known, courses, timeline)
    return certain, uncertain


def _regimens(records: list[_Given]) -> list[_Regimen]:
    """Courses of single drugs, then those that overlap or begin within one cycle of each other joined."""
    single: list[_Regimen] = []
    for drug in sorted(frozenset().union(*(each.drugs for each in records))):
        mine = [
            _Regimen(frozenset({drug}), each.start, each.end or each.start, (each,))
            for each in records
            if drug in each.drugs and each.start is not None
        ]
        for one in sorted(mine, key=lambda each: (*_period(each), each.records[0].evidence.reference)):
            last = single[-1] if single else None
            if last is not None and last.drugs == one.drugs and days(last.end, one.start).low <= CYCLE_GAP_DAYS:
                single[-1] = _merged(last, one)
            else:
                single.append(one)
    joined: list[_Regimen] = []
    for one in sorted(single, key=lambda each: (*_period(each), sorted(each.drugs))):
        partner = next((index for index, other in enumerate(joined) if _together(other, one)), None)
        if partner is None:
            joined.append(one)
        else:
            joined[partner] = _merged(joined[partner], one)
    return joined


def _period(regimen: _Regimen) -> tuple[dt.date, dt.date, dt.date, dt.date]:
    return regimen.start.earliest, regimen.start.latest, regimen.end.earliest, regimen.end.latest


def _merged(first: _Regimen, second: _Regimen) -> _Regimen:
    return _Regimen(
        first.drugs | second.drugs,
        min(first.start, second.start),
        max(first.end, second.end, key=lambda end: (end.latest, end.earliest)),
        (*first.records, *second.records),
    )


def _together(first: _Regimen, second: _Regimen) -> bool:
    """Whether two courses, the first not the later one, are of one regimen."""
    return _overlap(first, second) or abs(days(first.start, second.start).low) <= JOINED_DAYS


def _overlap(first: _Regimen, second: _Regimen) -> bool:
    """Whether the periods surely share more than a day; an open end reaches as far as it surely does."""
    return before(second.start, first.end) is Tri.YES and before(first.start, second.end) is Tri.YES


def _is_line(regimen: _Regimen, courses: tuple[Course, ...], timeline: Timeline) -> Tri:
    """Whether a regimen was for recurrent or metastatic disease.

    Sensitising drugs inside a radiotherapy course are chemoradiation. A stated reason or intent decides next.
    Otherwise the date does: before the first evidence of recurrence (or of a metastatic primary) it was part of primary
    treatment.
    """
    sensitising = regimen.drugs <= _SENSITISING
    if sensitising and any(_within(regimen, course, MARGIN_DAYS) for course in courses):
        return Tri.NO
    intents = {record.intent for record in regimen.records}
    reasons = frozenset().union(*(record.reasons for record in regimen.records))
    if reasons & _RECURRENT_REASON or Intent.PALLIATIVE in intents:
        return Tri.YES
    if Intent.CURATIVE in intents:
        return Tri.NO
    if timeline.other_primary.is_yes and not reasons & groups.CERVICAL_CANCER:
        return Tri.UNKNOWN
    if timeline.advanced_since is None:
        return Tri.UNKNOWN
    begun = ~before(regimen.start, timeline.advanced_since)
    alone = [course for course in courses if course.treatment.start == course.treatment.end]
    if begun is Tri.YES and sensitising and any(_within(regimen, course, COURSE_DAYS) for course in alone):
        return Tri.UNKNOWN
    return begun


def _within(regimen: _Regimen, course: Course, margin: int) -> bool:
    """Whether the regimen began in the course, widened by ``margin`` days; palliative and other fields do not count."""
    start, end = course.treatment.start or course.treatment.end, course.treatment.end or course.treatment.start
    near = course.pelvis in (Reach.REACHED, Reach.UNSPECIFIED) or course.paraaortic is Reach.REACHED
    given = course.delivered is not Tri.NO and course.treatment.intent is not Intent.PALLIATIVE
    if start is None or end is None or not near or not given:
        return False
    return days(start, regimen.start).low >= -margin and days(regimen.start, end).low >= -margin


def _unnamed(
    history: History, today: dt.date, known: list[_Regimen], courses: tuple[Course, ...], timeline: Timeline
) -> list[Evidence]:
    """Chemotherapy on record without its drug that no known regimen or radiotherapy course explains."""
    spoken: list[tuple[PartialDate | None, Evidence]] = []
    for treatment in history.treatments:
        if treatment.concepts & _UNNAMED and not treatment.drugs and treatment.occurrence in _TAKEN:
            when = treatment.start or treatment.end
            spoken.append((when, Evidence(treatment.reference, "chemotherapy, drug not recorded", when)))
    spoken += [
        (item.date, Evidence(item.reference, "chemotherapy, drug not recorded", item.date))
        for item in history.diagnoses
        if item.concepts & _UNNAMED and not item.disowned
    ]
    found: list[Evidence] = []
    for when, evidence in spoken:
        if not happened(when, today):
            continue
        if when is not None:
            visit = _Regimen(frozenset(), when, when, ())
            primary = timeline.advanced_since is not None and before(when, timeline.advanced_since) is Tri.YES
            explained = any(days(each.start, when).low >= 0 and days(when, each.end).high >= 0 for each in known)
            if primary or explained or any(_within(visit, course, MARGIN_DAYS) for course in courses):
                continue
        found.append(evidence)
    return found


def _progressed(history: History, today: dt.date, lines: list[_Regimen], timeline: Timeline) -> Finding:
    """Stated, or disease status worsened after the start of a counted line; a record without one says nothing."""
    yes, no = "progression on or after systemic therapy, as stated", "no progression on systemic therapy, as stated"
    said = stated(history, "own-progressed-after-systemic", today, yes=yes, no=no)
    worsened = sorted_evidence(
        sign.evidence
        for sign in timeline.worsened
        if any(newer(sign.date, regimen.start) is Tri.YES for regimen in lines)
    )
    loose = sorted_evidence(sign.evidence for sign in timeline.worsened if sign.evidence not in worsened)
    if said.note == CONTRADICTION or (worsened and said.is_no):
        return Finding(evidence=sorted_evidence([*said.evidence, *worsened]), note=CONTRADICTION)
    if worsened or said.is_yes:
        return Finding(Tri.YES, sorted_evidence([*worsened, *said.evidence]))
    if said.is_no:
        return said
    return Finding(said.value, said.evidence, sorted_evidence([*said.possible, *loose]), said.note)


# --------------------------------------------------------------------------------------------------------- operations


def _exenteration(history: History, today: dt.date) -> Finding:
    """Pelvic exenteration by its own code, or by removals of one day that make one (terminology, "Surgery").

    Uterus and cervix (or a hysterectomy, then or earlier) with the vagina, and with bladder and urethra (anterior) or
    rectum (posterior). Hysterectomy, trachelectomy or cystectomy alone are none. A no is an exenteration recorded as
    not done, with complete procedures (SAFE-05).
    """
    done = [
        item
        for item in history.treatments
        if item.occurrence is Occurrence.DONE and happened(item.start or item.end, today)
    ]
    sure = [_operation(item, "pelvic exenteration") for item in done if decides(item, groups.EXENTERATION)]
    maybe = [
        _operation(item, f"pelvic exenteration, {item.occurrence.value}")
        for item in history.treatments
        if item.concepts & groups.EXENTERATION
        and item.occurrence in (Occurrence.STOPPED, Occurrence.UNDER_WAY, Occurrence.UNKNOWN)
    ]
    surgery = [item for item in done if decides(item, groups.SURGERY)]
    for day in sorted({item.start for item in surgery if item.start is not None and item.start.exact}):
        parts = [item for item in surgery if item.start == day]
        concepts = frozenset().union(*(item.concepts for item in parts))
        uterus = _uterus_gone(concepts, done, day)
        front = bool(concepts & groups.EXENTERATION_BLADDER)
        back = bool(concepts & groups.EXENTERATION_RECTUM)
        whole = concepts & groups.EXENTERATION_VAGINA and ((front and concepts & groups.EXENTERATION_URETHRA) or back)
        evidence = [_operation(item, item.text or "removal of a pelvic organ") for item in parts]
        if uterus and whole:
            sure += evidence
        elif uterus and (front or back):
            maybe += evidence
    if sure:
        return Finding(Tri.YES, sorted_evidence(sure))
    refused = [
        _operation(item, "pelvic exenteration not done")
        for item in history.treatments
        if item.occurrence is Occurrence.NOT_DONE and decides(item, groups.EXENTERATION)
    ]
    hindrance = statements.obstacle(history, ("procedures",), groups.SURGERY)
    if refused and not maybe and not hindrance:
        return Finding(Tri.NO, sorted_evidence(refused))
    return Finding(possible=sorted_evidence(maybe), note=hindrance if refused else "")


def _uterus_gone(concepts: Concepts, done: list[Treatment], day: PartialDate) -> bool:
    """Uterus and cervix removed in the same operation or before it."""
    if concepts & _HYSTERECTOMY or (concepts & groups.EXENTERATION_UTERUS and concepts & groups.EXENTERATION_CERVIX):
        return True
    removed = _HYSTERECTOMY | groups.EXENTERATION_UTERUS
    return any(
        item.start is not None and before(item.start, day) is Tri.YES and decides(item, removed) for item in done
    )


def _operation(item: Treatment | Plan, text: str) -> Evidence:
    when = item.date if isinstance(item, Plan) else item.end or item.start
    return Evidence(item.reference, text, when)


def past_operations(history: History, today: dt.date) -> tuple[Operation, ...]:
    """Major operations done up to today, begun and stopped ones included (there is a wound), oldest first."""
    found = [
        _as_operation(item, item.end or item.start, item.priority)
        for item in history.treatments_about(groups.SURGERY_MAJOR)
        if item.occurrence in _TAKEN and decides(item, groups.SURGERY_MAJOR) and happened(item.start or item.end, today)
    ]
    return tuple(sorted(found, key=_operation_order))


def planned_operations(history: History, today: dt.date) -> tuple[Operation, ...]:
    """Operations requested, booked or in preparation and still active, minor ones marked; earliest first.

    One asked for in the past without having been done is kept with its date. Two plans of one day, such as a request
    and its appointment, stay two; the intervals are the same.
    """
    found = [
        _as_operation(item, item.date, item.priority)
        for item in history.plans
        if item.active and decides(item, _SURGICAL)
    ]
    found += [
        _as_operation(item, item.start or item.end, item.priority)
        for item in history.treatments_about(_SURGICAL)
        if decides(item, _SURGICAL)
        and (item.occurrence is Occurrence.PLANNED or not happened(item.start or item.end, today))
        and item.occurrence is not Occurrence.NOT_DONE
    ]
    return tuple(sorted(found, key=_operation_order))


def _operation_order(operation: Operation) -> tuple[dt.date, dt.date, str]:
    return order(operation.date, operation.evidence.reference)


def _as_operation(item: Treatment | Plan, date: PartialDate | None, priority: Priority) -> Operation:
    exenteration = bool(item.concepts & groups.EXENTERATION)
    text = item.text or ("pelvic exenteration" if exenteration else "operation")
    return Operation(
        date=date,
        minor=not item.concepts & groups.SURGERY,
        urgent=priority is Priority.URGENT,
        exenteration=exenteration,
        evidence=Evidence(item.reference, text, date),
    )


def _last_surgery(history: History, today: dt.date) -> Moment:
    """Newest major operation; operations of unstated extent or date are only possible."""
    past = past_operations(history, today)
    dated = [each for each in past if each.date is not None]
    vague = [each.evidence for each in past if each.date is None]
    vague += [
        _operation(item, item.text or "operation, extent not recorded")
        for item in history.treatments_about(groups.SURGERY_UNSPECIFIED)
        if item.occurrence in _TAKEN
        and decides(item, groups.SURGERY_UNSPECIFIED)
        and not item.concepts & groups.SURGERY_MAJOR
        and happened(item.start or item.end, today)
    ]
    if not dated:
        return Moment(possible=sorted_evidence(vague))
    last = max(dated, key=lambda each: (each.date.latest, each.date.earliest) if each.date else (dt.date.min,) * 2)
    same = [each.evidence for each in dated if each.date == last.date]
    return Moment(last.date, sorted_evidence(same), sorted_evidence(vague))


def _next_surgery(history: History, today: dt.date) -> Moment:
    """The earliest operation planned from today on that is neither minor nor urgent; undated ones are only possible."""
    plans = [each for each in planned_operations(history, today) if not each.minor and not each.urgent]
    ahead = [each for each in plans if each.date is not None and each.date.latest >= today]
    undated = sorted_evidence(each.evidence for each in plans if each.date is None)
    if not ahead:
        return Moment(possible=undated, note="date of the planned operation not recorded" if undated else "")
    same = [each.evidence for each in ahead if each.date == ahead[0].date]
    return Moment(ahead[0].date, sorted_evidence(same), undated)
