"""Pregnancy and its weeks (decision model, section 2.1, row ``pregnant``)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fhir_mappings.features.fields import Windows
from fhir_mappings.features.measured import Scale, amount_of, measurements, quantity
from fhir_mappings.features.statements import CONTRADICTION, decides, obstacle, sorted_evidence
from fhir_mappings.features.weighing import (
    conditions,
    future,
    in_past,
    in_window,
    joined,
    of_condition,
    present,
    relevant,
    sure,
    surely_before,
)
from fhir_mappings.findings import Amount, Evidence, Feature, Finding
from fhir_mappings.history import Concepts, History, Occurrence, Value
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, days
from fhir_mappings.value_sets import groups

LONGEST: Final = 42.0
"""Weeks that no pregnancy lasts much beyond; upper bound where only the beginning is known."""

_WEEKS: Final = Scale("wk", {"wk": 1, "d": 1 / 7}, 0, 45)
_TEST: Final = frozenset({"pregnancy-test"})
_HCG: Final = frozenset({"hcg-quantitative"})
_STATED: Final[Concepts] = groups.PREGNANCY | groups.NOT_PREGNANT
_TOLD_BY: Final[Concepts] = _STATED | _TEST | _HCG
_GESTATION: Final = frozenset({"gestational-age"})
_UTERUS_REMOVED: Final[Concepts] = groups.HYSTERECTOMY | groups.EXENTERATION
_POSITIVE: Final = frozenset({"positive", "detected", "pregnant"})
_NEGATIVE: Final = frozenset({"negative", "not detected", "not pregnant"})


def derive_pregnancy(history: History, *, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """``pregnant`` and ``gestation_weeks``.

    Yes: a positive test or a pregnancy condition that is not over, within ``windows.pregnancy`` days, and no negative
    test on a later day. No: uterus removed, menopause on record, age from ``windows.menopause_age``, or a negative test
    within ``windows.pregnancy_test`` days that nothing positive is newer than; a test gives no ``no`` while
    observations or conditions are missing or unreadable. A lasting reason for no beside a current yes is a
    contradiction: unknown. An hCG amount alone decides nothing, since some tumours make it.

    Args:
        history: all facts.
        today: the day of the question.
        windows: the day limits named above.

    Returns:
        The two features by name; weeks unknown unless pregnant is yes.
    """
    pregnant = _pregnant(history, today, windows)
    return {"pregnant": pregnant, "gestation_weeks": _weeks(history, pregnant, today, windows)}


def _outcome(value: Value) -> Tri:
    yes = value.truth is True or value.token in _POSITIVE or bool(value.concepts & {"result-positive", "pregnancy"})
    no = value.truth is False or value.token in _NEGATIVE or bool(value.concepts & {"result-negative", "not-pregnant"})
    if yes == no:
        return Tri.UNKNOWN
    return Tri.YES if yes else Tri.NO


def _tests(history: History, today: dt.date) -> tuple[list[Evidence], list[Evidence], list[Evidence]]:
    """Positive, negative and undecided tests up to today."""
    positive: list[Evidence] = []
    negative: list[Evidence] = []
    unclear: list[Evidence] = []
    for each in history.observed_about(_TOLD_BY):
        if future(each.date, today) or each.value.absent:
            continue
        if each.concepts & _HCG and not each.concepts & _TEST:
            unclear.append(Evidence(each.reference, "hCG amount, which does not show pregnancy by itself", each.date))
            continue
        if not each.concepts & (_STATED | _TEST) and not each.value.concepts & _STATED:
            continue
        outcome = _outcome(each.value)
        if each.concepts & groups.NOT_PREGNANT and outcome is Tri.YES:
            outcome = Tri.NO
        firm = each.final and each.date is not None and not each.text_only and not each.conflict
        words = {Tri.YES: "positive", Tri.NO: "negative", Tri.UNKNOWN: "without a clear result"}[outcome]
        evidence = Evidence(each.reference, f"pregnancy test {words}", each.date)
        if not firm or outcome is Tri.UNKNOWN:
            unclear += [] if outcome is Tri.NO else [evidence]
        else:
            (positive if outcome is Tri.YES else negative).append(evidence)
    negative += [
        of_condition(each, "not pregnant")
        for each in relevant(history, groups.NOT_PREGNANT, today)
        if sure(each, groups.NOT_PREGNANT) and each.date is not None
    ]
    return positive, negative, unclear


def _lasting_no(history: History, today: dt.date, windows: Windows) -> list[Evidence]:
    """Reasons that rule pregnancy out for good: uterus removed, menopause, age."""
    found = [
        Evidence(each.reference, "uterus removed", each.end or each.start)
        for each in history.treatments_about(_UTERUS_REMOVED)
        if each.occurrence is Occurrence.DONE and decides(each, _UTERUS_REMOVED) and not future(each.start, today)
    ]
    found += [
        said.evidence
        for concepts, words in ((groups.HYSTERECTOMY_HISTORY, "uterus removed"), (groups.MENOPAUSE, "menopause"))
        for said in conditions(history, concepts, today=today, text=words)
        if said.answer is Tri.YES
    ]
    found += [
        Evidence(each.reference, "after the menopause", each.date)
        for each in history.observed_about(groups.MENOPAUSE)
        if each.final and each.value.truth is True and decides(each, groups.MENOPAUSE) and not future(each.date, today)
    ]
    patient = history.patient
    if patient is not None and patient.birth is not None:
        youngest = patient.birth.latest
        years = today.year - youngest.year - ((today.month, today.day) < (youngest.month, youngest.day))
        if years >= windows.menopause_age:
            found.append(Evidence(patient.reference, f"age {windows.menopause_age} or more", patient.birth))
    return found


def _pregnant(history: History, today: dt.date, windows: Windows) -> Finding:
    positive, negative, unclear = _tests(history, today)
    current: list[Evidence] = []
    for each in relevant(history, groups.PREGNANCY, today):
        if not present(each, today):
            continue
        dated = in_window(each.date, today, windows.pregnancy)
        if dated is Tri.YES and sure(each, groups.PREGNANCY):
            current.append(of_condition(each, each.text or "pregnancy"))
        elif dated is not Tri.NO:
            unclear.append(of_condition(each, each.text or "pregnancy"))
    current += [each for each in positive if in_window(each.date, today, windows.pregnancy) is Tri.YES]
    standing = [each for each in current if not any(surely_before(each.date, other.date) for other in negative)]
    lasting = sorted_evidence(_lasting_no(history, today, windows))
    possible = sorted_evidence(unclear)
    disputed = [each for each in negative if not all(surely_before(each.date, other.date) for other in standing)]
    if standing and (lasting or disputed):
        return Finding(Tri.UNKNOWN, sorted_evidence((*standing, *lasting, *disputed)), possible, CONTRADICTION)
    if standing:
        return Finding(Tri.YES, sorted_evidence(standing), possible)
    if lasting:
        return Finding(Tri.NO, lasting)
    recent = [each for each in negative if in_window(each.date, today, windows.pregnancy_test) is Tri.YES]
    newer = [each for each in unclear if not any(surely_before(each.date, test.date) for test in recent)]
    hindrance = obstacle(history, ("observations", "conditions"), groups.PREGNANCY | _TEST)
    if recent and not newer and not hindrance:
        return Finding(Tri.NO, sorted_evidence(recent))
    old = [each for each in negative if each not in recent]
    note = ""
    if not recent and old:
        last = max(old, key=lambda each: (each.date.latest if each.date else dt.date.min, each.reference))
        note = f"last negative test of {last.date} is older than {windows.pregnancy_test} days"
    return Finding(Tri.UNKNOWN, (), possible, joined(note, hindrance))


def _weeks(history: History, pregnant: Finding, today: dt.date, windows: Windows) -> Amount:
    """Weeks of gestation today: a recorded gestational age carried forward, else between time since onset and 42.

    Every record that makes pregnant yes has a date (its window needs one).
    """
    if pregnant.value is not Tri.YES:
        return Amount(unit="wk")
    recorded = amount_of(
        measurements(history, _GESTATION, quantity(_WEEKS), "gestational age"),
        unit="wk",
        today=today,
        window=windows.pregnancy,
    )
    if recorded.low is not None and recorded.high is not None and recorded.date is not None:
        passed = days(recorded.date, PartialDate.on(today))
        return Amount(
            recorded.low + max(0, passed.low) / 7,
            recorded.high + passed.high / 7,
            "wk",
            recorded.date,
            recorded.evidence,
            recorded.possible,
            joined("carried forward from the recorded gestational age", recorded.note),
        )
    first = min(past for each in pregnant.evidence if (past := in_past(each.date, today)) is not None)
    least = min(LONGEST, max(0, days(first, PartialDate.on(today)).low) / 7)
    note = joined("at least the time since the first record of this pregnancy", recorded.note)
    return Amount(least, LONGEST, "wk", first, pregnant.evidence, recorded.possible, note)
