"""Numbers of the record: units, bounds, age of the value, contradictions -> one Amount.

A value counts only with a UCUM unit that its scale knows; nothing is assumed for a missing one. The newest value
decides; when it cannot be read, an older one does not take its place. Decision model, section 0 (rules 4, 5) and 2.4.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.features.statements import CONTRADICTION, decides, obstacle, order, sorted_evidence
from fhir_mappings.features.weighing import (
    future,
    in_window,
    joined,
    of_condition,
    present,
    relevant,
    sure,
)
from fhir_mappings.findings import Amount, Evidence
from fhir_mappings.history import Concepts, History, Observed, Value
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, days

Interval = tuple[float, float]
"""Lowest and highest possible value, both included."""

Reader = Callable[[Value], Interval | str | None]
"""Value -> interval, or why it cannot be used in plain words, or None when it is no measurement at all."""

SAME = 0.01
"""Relative difference up to which two values of one day are the same value, rounded in another unit."""

_ANNOTATION = re.compile(r"\{(?![^{}]*1\.73)[^{}]*\}")
"""A UCUM annotation; one that names 1.73 square metres changes the quantity and stays."""


def ucum(unit: str) -> str:
    """A UCUM code as the scales spell it: no annotation, ``u`` for micro, ``10*`` for powers of ten, no leading 1."""
    plain = unit.strip()
    if "{" in plain:
        plain = _ANNOTATION.sub("", plain)
    plain = plain.replace("µ", "u").replace("μ", "u").replace("10^", "10*")
    return "/" + plain[2:] if plain.startswith("1/") else plain


@dataclass(frozen=True, slots=True)
class Scale:
    """How one quantity is read.

    Attributes:
        unit: unit of the result.
        factors: UCUM code -> factor into ``unit``; any other unit makes the value unusable.
        lowest: no value below it is believed; also the bound of "less than".
        highest: no value above it is believed; also the bound of "more than".
    """

    unit: str
    factors: Mapping[str, float]
    lowest: float
    highest: float


def bounds(value: Value, factor: float, lowest: float, highest: float) -> Interval | str | None:
    """The interval that number and comparator mean; ``<`` and ``>`` leave the bound itself out."""
    if value.number is None or math.isnan(value.number):
        return None
    number = value.number * factor
    if not lowest <= number <= highest:
        return f"the value {value.number:g} {value.unit}".rstrip() + " is not believable"
    if not value.comparator:
        return number, number
    return {
        "<": (lowest, max(lowest, math.nextafter(number, -math.inf))),
        "<=": (lowest, number),
        ">": (min(highest, math.nextafter(number, math.inf)), highest),
        ">=": (number, highest),
    }.get(value.comparator, f"the comparator {value.comparator} is not known")


def quantity(scale: Scale) -> Reader:
    """Reads numbers with a unit of the scale."""

    def read(value: Value) -> Interval | str | None:
        if value.number is None:
            return None
        factor = scale.factors.get(ucum(value.unit))
        if factor is None:
            return f"the unit {value.unit} is not known" if value.unit else "the unit is missing"
        return bounds(value, factor, scale.lowest, scale.highest)

    return read


def grade(value: Value) -> Interval | str | None:
    """Reads a CTCAE grade: a whole number from 0 to 5 without a unit."""
    return whole(value, 5)


def whole(value: Value, highest: int) -> Interval | str | None:
    """Reads a whole number from 0 to ``highest``; a score has no unit, ``1`` or an annotation such as ``{score}``."""
    if value.number is None:
        return None
    if ucum(value.unit) not in ("", "1"):
        return f"the unit {value.unit} does not belong to a score"
    if not value.number.is_integer():
        return f"the value {value.number:g} is no whole number"
    return bounds(value, 1, 0, highest)


class Measurement(Struct, frozen=True, kw_only=True, gc=False):
    """One value of one record.

    Attributes:
        evidence: the record with its value.
        interval: what it can be; None when it cannot be used.
        cause: why it cannot be used.
        firm: final and coded, so that it may decide; else it is only possible.
    """

    evidence: Evidence
    interval: Interval | None = None
    cause: str = ""
    firm: bool = True

    @property
    def date(self) -> PartialDate | None:
        """When it was measured."""
        return self.evidence.date


def worded(value: Value) -> str:
    """A value as recorded."""
    if value.number is not None:
        return f"{value.comparator}{value.number:g} {value.unit}".rstrip()
    return value.token


def measurement(each: Observed, value: Value, read: Reader, label: str, *, coded: bool) -> Measurement:
    """One value of an observation as a measurement; ``coded`` false for one that text alone describes."""
    found = read(value)
    state = "" if each.final else " (preliminary)"
    evidence = Evidence(each.reference, f"{label} {worded(value)}".rstrip() + state, each.date)
    firm = each.final and coded and found is not None
    if isinstance(found, tuple):
        return Measurement(evidence=evidence, interval=found, firm=firm)
    return Measurement(evidence=evidence, cause=found or "", firm=firm)


def measurements(history: History, concepts: Concepts, read: Reader, label: str) -> tuple[Measurement, ...]:
    """The values of all observations, and of their components, about the concepts; absent data are left out."""
    found = []
    for each in history.observed_about(concepts):
        if each.concepts & concepts and not each.value.absent:
            found.append(measurement(each, each.value, read, label, coded=decides(each, concepts)))
        found.extend(
            measurement(each, value, read, label, coded=not each.text_only)
            for codes, value in each.components
            if codes & concepts and not value.absent
        )
    return tuple(found)


def graded(
    history: History, concepts: Concepts, label: str, *, today: dt.date, only_present: bool = True
) -> tuple[Measurement, ...]:
    """The CTCAE grades of Conditions about the concepts; one without a grade, or not confirmed, is only possible."""
    return tuple(
        Measurement(
            evidence=of_condition(each, each.text or label),
            interval=None if each.grade is None else (float(each.grade), float(each.grade)),
            cause="the grade is not recorded" if each.grade is None else "",
            firm=each.grade is not None and sure(each, concepts),
        )
        for each in relevant(history, concepts, today)
        if not only_present or present(each, today)
    )


def _alike(ends: Iterable[float]) -> bool:
    return math.isclose(min(ends), max(ends), rel_tol=SAME, abs_tol=1e-9)


def _of_the_day(group: list[Measurement], unit: str, *, spread: bool) -> Amount:
    """One amount of the values that no other one is newer than."""
    intervals = [each.interval for each in group if each.interval is not None]
    evidence = sorted_evidence([each.evidence for each in group])
    if len(intervals) < len(group):
        causes = (each.cause for each in group if each.interval is None)
        return Amount(unit=unit, possible=evidence, note=joined(*causes))
    low, high = intervals[-1]
    if len(intervals) > 1:
        lows, highs = zip(*intervals, strict=True)
        if not (_alike(lows) and _alike(highs)):
            if not spread:
                return Amount(unit=unit, evidence=evidence, note=CONTRADICTION)
            low, high = min(lows), max(highs)
    return Amount(low, high, unit, group[-1].date, evidence)


def _too_old(amount: Amount, group: list[Measurement], today: dt.date, window: int) -> str:
    """Why the value does not count for its age; empty when it does."""
    ages = {in_window(each.date, today, window) for each in group}
    if ages == {Tri.YES}:
        return ""
    if any(each.date is None for each in group):
        return "the date of the value is not recorded"
    if Tri.NO in ages:
        return f"last value of {amount.date or group[-1].date} is older than {window} days"
    return f"the exact day of the value ({group[-1].date}) is needed"


def amount_of(
    values: Iterable[Measurement],
    *,
    unit: str,
    today: dt.date,
    window: int | None = None,
    fresh: int | None = None,
    spread: bool = False,
) -> Amount:
    """The newest value.

    Args:
        values: what the records say.
        unit: unit of the result.
        today: the day of the question.
        window: greatest age in days; None for any age, undated values included.
        fresh: age in days beyond which the age is said in the note.
        spread: several values of one day are usual (blood pressure): give their range instead of a contradiction.

    Returns:
        The newest value as an interval; unknown with a note and the records in ``possible`` when it is too old, lies in
        the future, is preliminary or cannot be read; unknown with all records as evidence when values of one day
        contradict one another.
    """
    everything = sorted(values, key=_oldest_first)
    if not everything:
        return Amount(unit=unit)
    notes: list[str] = []
    firm: list[Measurement] = []
    loose: list[Evidence] = []
    for each in everything:
        if future(each.evidence.date, today):
            notes = ["a value dated after today was left out"]
        elif each.firm:
            firm.append(each)
        else:
            loose.append(each.evidence)
    group = _newest(firm)
    if not group:
        notes += ["only preliminary or unclear values"] if loose else []
        return Amount(unit=unit, possible=sorted_evidence(loose), note=joined(*notes))
    found = _of_the_day(group, unit, spread=spread)
    if window is not None and (old := _too_old(found, group, today, window)):
        found = Amount(unit=unit, possible=sorted_evidence([each.evidence for each in group]), note=old)
    if found.known and fresh is not None and found.date is not None:
        age = days(found.date, PartialDate.on(today)).high
        notes += [f"measured {age} days ago"] if age > fresh else []
    if not loose and not notes:
        return found
    if not found.known and not found.evidence:
        loose += found.possible
    return replace(found, possible=sorted_evidence(loose), note=joined(found.note, *notes))


def _newest(firm: list[Measurement]) -> list[Measurement]:
    """Those that no other one is surely newer than."""
    if len(firm) < 2:
        return firm
    last = max([each.date.earliest for each in firm if each.date is not None], default=None)
    return [each for each in firm if last is None or (each.date is not None and each.date.latest >= last)]


def _oldest_first(each: Measurement) -> tuple[dt.date, dt.date, str, str]:
    return (*order(each.evidence.date, each.evidence.reference), each.evidence.text)


def incomplete(amount: Amount, history: History, concepts: Concepts, *keys: str) -> Amount:
    """The amount with a note when its kind of data was not (wholly) obtained or read: a newer value may exist."""
    hindrance = obstacle(history, keys, concepts)
    return replace(amount, note=joined(amount.note, hindrance)) if hindrance else amount
