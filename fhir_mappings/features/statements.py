"""How statements of a record are weighed: which facts may decide, what stands in the way of a no, which one wins.

Every feature module asks these questions the same way, so they have one place (decision model, rules 2, 4 and 5;
requirement SAFE-05).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from fhir_mappings.findings import NOTHING, Evidence, Finding
from fhir_mappings.history import Concepts, Fact, History, Observed
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, before

CONTRADICTION: Final = "records contradict one another"
FUTURE: Final = "dated after today, not counted"

STATED: Final = ("observations", "questionnaireResponses")
"""Prefetch keys of explicit statements: our own codes come as Observations or as answers to the questionnaire."""

_KINDS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "patient": ("patient data", frozenset({"Patient"})),
    "conditions": ("diagnoses", frozenset({"Condition"})),
    "procedures": ("procedure history", frozenset({"Procedure"})),
    "medicationStatements": ("medication history", frozenset({"MedicationStatement"})),
    "medicationRequests": ("medication orders", frozenset({"MedicationRequest"})),
    "medicationAdministrations": ("medication history", frozenset({"MedicationAdministration"})),
    "observations": ("observations", frozenset({"Observation"})),
    "diagnosticReports": ("reports", frozenset({"DiagnosticReport", "ImagingStudy"})),
    "serviceRequests": ("requests", frozenset({"ServiceRequest", "Appointment"})),
    "allergyIntolerances": ("allergies", frozenset({"AllergyIntolerance"})),
    "questionnaireResponses": ("questionnaire answers", frozenset({"QuestionnaireResponse"})),
}

Stated = TypeVar("Stated")


class Statement(Struct, Generic[Stated], frozen=True, gc=False):
    """One record that says ``value``, when it says so, and the record itself."""

    value: Stated
    date: PartialDate | None
    evidence: Evidence


class Verdict(Struct, Generic[Stated], frozen=True, gc=False):
    """What several statements come to.

    Attributes:
        value: the value that holds; None when there is no statement or they contradict each other.
        evidence: the statements behind the value, or all of them when they contradict.
        date: the newest date of those that hold.
        contradicted: whether they contradict each other.
    """

    value: Stated | None = None
    evidence: tuple[Evidence, ...] = ()
    date: PartialDate | None = None
    contradicted: bool = False


_NOTHING_SAID: Final[Verdict[Any]] = Verdict()


def order(date: PartialDate | None, reference: str) -> tuple[dt.date, dt.date, str]:
    """Sort key by date, undated first, then by reference, so that results do not hang on the order of a bundle."""
    return (dt.date.min, dt.date.min, reference) if date is None else (date.earliest, date.latest, reference)


def sorted_evidence(items: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The evidence by date and reference, each record once."""
    every = tuple(items)
    if len(every) < 2:
        return every
    unique = {(*order(item.date, item.reference), item.text, item.date is None): item for item in every}
    return tuple(unique[place] for place in sorted(unique))


def settle(statements: Iterable[Statement[Stated]]) -> Verdict[Stated]:
    """The value that holds: all agree, or one is at least a day newer than every statement that says otherwise."""
    every = list(statements)
    if not every:
        return _NOTHING_SAID
    if len(every) == 1:
        (only,) = every
        return Verdict(only.value, (only.evidence,), only.date)
    every.sort(key=lambda each: (*order(each.date, each.evidence.reference), repr(each.value)))
    for candidate in reversed(every):
        others = [each for each in every if each.value != candidate.value]
        if all(newer(candidate.date, other.date) is Tri.YES for other in others):
            same = [each for each in every if each.value == candidate.value]
            dates = [each.date for each in same if each.date is not None]
            newest = max(dates, key=lambda date: (date.latest, date.earliest), default=None)
            return Verdict(candidate.value, sorted_evidence(each.evidence for each in same), newest)
    return Verdict(evidence=sorted_evidence(each.evidence for each in every), contradicted=True)


def newer(date: PartialDate | None, than: PartialDate | None) -> Tri:
    """Whether ``date`` is at least a day later than ``than``; unknown when either is not recorded."""
    if date is None or than is None:
        return Tri.UNKNOWN
    return before(than, date)


def decides(fact: Fact, concepts: Concepts) -> bool:
    """Whether the fact may make a question about these concepts yes or no.

    Text does not, apart from a drug's exact name. Codings that lead to different concepts do only when each of them is
    among ``concepts``, since then each gives the same answer.
    """
    if fact.concepts.isdisjoint(concepts) or (fact.text_only and not fact.by_name):
        return False
    return not fact.conflict or fact.concepts <= concepts


def happened(date: PartialDate | None, today: dt.date) -> bool:
    """Whether the date can lie on or before today; an undated fact has happened."""
    return date is None or date.earliest <= today


def obstacle(history: History, keys: Iterable[str], concepts: Concepts) -> str:
    """Why the absence or denial of ``concepts`` is not certain; empty when nothing stands in the way (SAFE-05).

    Args:
        history: the history.
        keys: prefetch keys whose data could hold the opposite.
        concepts: what an unreadable resource would have to say to matter; one that says nothing matters by its type.

    Returns:
        Plain words for a note, such as ``procedure history not obtained``.
    """
    if not history.gaps and not history.unreadable:
        return ""
    types: set[str] = set()
    for key in keys:
        name, members = _KINDS[key]
        types |= members
        if (gap := history.gap(key)) is not None:
            return f"{name} {'only partly obtained' if gap.partial else 'not obtained'}"
    for item in sorted(history.unreadable, key=lambda each: each.reference):
        if item.concepts & concepts or (not item.concepts and item.resource_type in types):
            return f"a record ({item.resource_type}) could not be read"
    return ""


def answers(
    history: History, concept: str, today: dt.date, *, yes: str, no: str
) -> tuple[tuple[Statement[bool], ...], tuple[Evidence, ...]]:
    """Boolean answers to one of our own codes.

    Args:
        history: the history.
        concept: concept id of the question.
        today: answers dated later do not count.
        yes: evidence text of true.
        no: evidence text of false.

    Returns:
        The final answers, and as evidence those that cannot decide (preliminary, conflicting).
    """
    firm: list[Statement[bool]] = []
    loose: list[Evidence] = []
    asked = frozenset({concept})
    told = history.observed_about(asked)
    if not told:
        return (), ()
    for item in told:
        if concept not in item.concepts or item.value.truth is None or not happened(item.date, today):
            continue
        evidence = Evidence(item.reference, yes if item.value.truth else no, item.date)
        if item.final and decides(item, asked):
            firm.append(Statement(item.value.truth, item.date, evidence))
        elif item.value.truth:
            loose.append(evidence)
    return tuple(firm), sorted_evidence(loose)


def stated(
    history: History, concept: str, today: dt.date, *, yes: str, no: str, since: PartialDate | None = None
) -> Finding:
    """A feature that only an explicit statement carries: the newest answer wins.

    ``since`` drops answers given before that day. A no stands only when observations and questionnaire answers are
    complete, for one of them could hold a newer yes (SAFE-05).
    """
    firm, loose = answers(history, concept, today, yes=yes, no=no)
    if not firm and not loose:
        return NOTHING
    if since is not None:
        firm = tuple(each for each in firm if each.date is None or before(each.date, since) is not Tri.YES)
    verdict = settle(firm)
    if verdict.contradicted:
        return Finding(evidence=verdict.evidence, possible=loose, note=CONTRADICTION)
    if verdict.value is None:
        return Finding(possible=loose)
    if verdict.value:
        return Finding(Tri.YES, verdict.evidence)
    if hindrance := obstacle(history, STATED, frozenset({concept})):
        return Finding(evidence=verdict.evidence, possible=loose, note=hindrance)
    return Finding(Tri.NO, verdict.evidence)


def counted(history: History, concepts: Concepts, today: dt.date, unit: str) -> tuple[Statement[float], ...]:
    """Whole, non-negative numbers stated under ``concepts``, with ``unit`` as their word in the evidence."""
    return tuple(
        Statement(item.value.number, item.date, Evidence(item.reference, f"{item.value.number:g} {unit}", item.date))
        for item in history.observed_about(concepts)
        if item.final
        and decides(item, concepts)
        and item.value.number is not None
        and not item.value.comparator
        and item.value.number >= 0
        and item.value.number == int(item.value.number)
        and happened(item.date, today)
    )


def values(history: History, concepts: Concepts, today: dt.date) -> list[Observed]:
    """Final observations of the concepts up to today, oldest first."""
    found = [
        item
        for item in history.observed_about(concepts)
        if item.final and decides(item, concepts) and not item.value.absent and happened(item.date, today)
    ]
    return sorted(found, key=lambda item: order(item.date, item.reference))
