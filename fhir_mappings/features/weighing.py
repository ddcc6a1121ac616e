"""Conditions and findings: which record says "this happened", which only makes it possible, and what is there now.

Decision model, section 0, rules 1 to 5, and record representation, "Text". Used by the features of fitness and events;
explicit answers to our own codes are weighed in :mod:`~fhir_mappings.features.statements`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from msgspec import Struct

from fhir_mappings.features.statements import FUTURE, decides, sorted_evidence
from fhir_mappings.findings import NOTHING, Evidence, Finding
from fhir_mappings.history import (
    UNVERIFIED,
    ClinicalStatus,
    Concepts,
    Diagnosis,
    Fact,
    History,
    Observed,
    Verification,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, recent

_OVER = frozenset({ClinicalStatus.INACTIVE, ClinicalStatus.REMISSION, ClinicalStatus.RESOLVED})


class Said(Struct, frozen=True, gc=False):
    """What one record says about a question: yes, no, or (unknown) that it is possible."""

    answer: Tri
    evidence: Evidence


def about(fact: Fact, concepts: Concepts) -> bool:
    """Whether the fact has one of the concepts, or the unverified counterpart of one."""
    return any(concept.removesuffix(UNVERIFIED) in concepts for concept in fact.concepts)


def in_past(date: PartialDate | None, today: dt.date) -> PartialDate | None:
    """The part of a recorded date that is not after today; None when all of it is, or for no date."""
    if date is None or date.earliest > today:
        return None
    return date if date.latest <= today else PartialDate(date.earliest, today)


def future(date: PartialDate | None, today: dt.date) -> bool:
    """Whether the date lies wholly after today: such a record is not history."""
    return date is not None and date.earliest > today


def in_window(date: PartialDate | None, today: dt.date, window: int) -> Tri:
    """Whether the date lies at most ``window`` days back; unknown for no date."""
    past = in_past(date, today)
    return Tri.UNKNOWN if past is None else recent(past, today, window)


def surely_before(first: PartialDate | None, second: PartialDate | None) -> bool:
    """Whether the first date is a day or more before the second whatever the missing parts are; undated comes first."""
    if second is None:
        return False
    return first is None or first.latest < second.earliest


def joined(*notes: str) -> str:
    """Notes as one text, each once, empty ones left out."""
    return "; ".join(dict.fromkeys(filter(None, notes)))


def present(condition: Diagnosis, today: dt.date) -> bool:
    """Whether the condition is there now: not resolved, inactive or in remission, and not ended.

    A missing clinical status counts as present, as a missing verification status counts as confirmed (rule 4).
    """
    if condition.clinical in _OVER:
        return False
    return condition.abatement is None or condition.abatement.earliest > today


def sure(condition: Diagnosis, concepts: Concepts) -> bool:
    """Whether the condition is confirmed and its code decides about these concepts."""
    return condition.verification is Verification.CONFIRMED and decides(condition, concepts)


def relevant(history: History, concepts: Concepts, today: dt.date) -> tuple[Diagnosis, ...]:
    """Conditions about the concepts that began by today, refuted ones left out, in a fixed order."""
    told = history.diagnoses_about(concepts)
    if not told:
        return ()
    found = [each for each in told if not each.disowned and not future(each.date, today)]
    return tuple(sorted(found, key=lambda each: each.reference))


def of_condition(condition: Diagnosis, text: str = "") -> Evidence:
    """Evidence of a condition: ``text`` or the record's own words, and the CTCAE grade where recorded."""
    words = text or condition.text or "condition on record"
    if condition.grade is not None:
        words += f", grade {condition.grade}"
    return Evidence(condition.reference, words, condition.date)


def conditions(
    history: History, concepts: Concepts, *, today: dt.date, text: str = "", only_present: bool = False
) -> tuple[Said, ...]:
    """What the Conditions say about these concepts.

    Args:
        history: all facts.
        concepts: what is asked for.
        today: the day of the question.
        text: plain words for the evidence where the record has none.
        only_present: leave out conditions that are over; else resolved ones count as well ("ever").

    Returns:
        Yes for a confirmed condition; unknown (possible) for an unconfirmed one, one by text alone, one of an
        unverified code or of disagreeing codings. Never no.
    """
    return tuple(
        [
            Said(Tri.YES if sure(each, concepts) else Tri.UNKNOWN, of_condition(each, each.text or text))
            for each in relevant(history, concepts, today)
            if not only_present or present(each, today)
        ]
    )


def findings(
    history: History, concepts: Concepts, *, today: dt.date, window: int | None = None, text: str = ""
) -> tuple[Said, ...]:
    """What Observations say about these concepts, by their code and a boolean, or by a coded value.

    Returns:
        Yes for true and for a coded value among the concepts; no for false, if dated within ``window`` days (any date
        for None); unknown (possible) for preliminary and textual results. Absent data say nothing.
    """
    found = []
    for each in history.observed_about(concepts):
        value = each.value
        if future(each.date, today) or value.absent:
            continue
        named = bool(value.concepts & concepts)
        if not named and not (about(each, concepts) and (value.truth is not None or value.token)):
            continue
        firm = each.final and not each.text_only and (not each.conflict if named else decides(each, concepts))
        answer = Tri.UNKNOWN
        if firm and (named or value.truth is True):
            answer = Tri.YES
        elif firm and value.truth is False:
            if window is not None and in_window(each.date, today, window) is not Tri.YES:
                continue
            answer = Tri.NO
        elif value.truth is False:
            continue
        words = f"{each.text or text or 'finding on record'}{': no' if value.truth is False else ''}"
        found.append(Said(answer, Evidence(each.reference, words, each.date)))
    return tuple(found)


def postdated(history: History, concepts: Concepts, today: dt.date) -> str:
    """A note when a condition or observation about the concepts is dated after today and left out; else empty."""
    facts: tuple[Diagnosis | Observed, ...] = (*history.diagnoses_about(concepts), *history.observed_about(concepts))
    return FUTURE if any(future(each.date, today) and about(each, concepts) for each in facts) else ""


def ever(said: Iterable[Said], *, note: str = "", hindrance: str = "", aside: str = "") -> Finding:
    """Whether something ever happened.

    Args:
        said: what the records say.
        note: the finding's note.
        hindrance: why a no is out of reach (:func:`~fhir_mappings.features.statements.obstacle`), else empty.
        aside: added to the note of an unknown, without standing in the way of a no (:func:`postdated`).

    Returns:
        Yes when any record says yes; no when one says no, none makes it possible and nothing may hide a yes; else
        unknown with the possible records.
    """
    every = tuple(said)
    if not every:
        told = joined(note, hindrance, aside)
        return Finding(note=told) if told else NOTHING
    yes, no, possible = (
        sorted_evidence([each.evidence for each in every if each.answer is answer])
        for answer in (Tri.YES, Tri.NO, Tri.UNKNOWN)
    )
    if yes:
        return Finding(Tri.YES, yes, possible, note)
    if no and not possible and not hindrance:
        return Finding(Tri.NO, no, (), note)
    return Finding(Tri.UNKNOWN, (), possible, joined(note, hindrance, aside))


def last_date(evidence: Iterable[Evidence]) -> PartialDate | None:
    """The newest recorded date of the evidence."""
    dates = [each.date for each in evidence if each.date is not None]
    return max(dates, key=lambda date: (date.latest, date.earliest), default=None)
