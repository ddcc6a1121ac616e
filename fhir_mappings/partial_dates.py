"""FHIR dates as intervals of whole days, and comparisons that may answer "unknown".

``2021-03`` is some day of March 2021. Decision model, rule 5: compute the earliest and the latest possible day; if the
answer differs, the result is unknown. Only this module reads a FHIR date.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

from msgspec import Struct

from fhir_mappings.kleene import Tri

_DATE = re.compile(
    r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)


class PartialDate(Struct, frozen=True, order=True, gc=False):
    """A day known to lie between two days, both included.

    Attributes:
        earliest: first possible day.
        latest: last possible day; never before ``earliest``.
    """

    earliest: dt.date
    latest: dt.date

    def __post_init__(self) -> None:
        if self.latest < self.earliest:
            raise ValueError("a partial date cannot end before it begins")

    @classmethod
    def on(cls, day: dt.date) -> PartialDate:
        """The exact day."""
        return cls(day, day)

    @classmethod
    def read(cls, value: object) -> PartialDate | None:
        """Read a FHIR date, dateTime or instant, as JSON text or as the date objects that FHIR models hold.

        The calendar day is the one written (the patient's local day as the source recorded it).

        Returns:
            The interval, or None for anything that is not a FHIR date (time 24:00, month 13, other types).
        """
        if not isinstance(value, str):
            if isinstance(value, dt.datetime):
                return cls.on(value.date())
            return cls.on(value) if isinstance(value, dt.date) else None
        found = _DATE.fullmatch(value)
        if found is None or "T24:" in value:
            return None
        year, month, day = found.groups()
        try:
            if month is None:
                return cls(dt.date(int(year), 1, 1), dt.date(int(year), 12, 31))
            if day is None:
                last = calendar.monthrange(int(year), int(month))[1]
                return cls(dt.date(int(year), int(month), 1), dt.date(int(year), int(month), last))
            return cls.on(dt.date(int(year), int(month), int(day)))
        except (ValueError, calendar.IllegalMonthError):
            return None

    @property
    def exact(self) -> bool:
        """Whether one single day is meant."""
        return self.earliest == self.latest

    def __str__(self) -> str:
        if self.exact:
            return self.earliest.isoformat()
        if (self.earliest.year, self.earliest.month) == (self.latest.year, self.latest.month):
            return f"{self.earliest:%Y-%m}"
        if self.earliest.year == self.latest.year and (self.earliest.month, self.latest.month) == (1, 12):
            return f"{self.earliest:%Y}"
        return f"{self.earliest} to {self.latest}"


class Days(Struct, frozen=True, gc=False):
    """A number of days known to lie between two bounds, both included; ``low`` may be negative."""

    low: int
    high: int


def days(start: PartialDate, end: PartialDate) -> Days:
    """Whole calendar days from ``start`` to ``end`` (decision model, rule 5), as an interval."""
    return Days((end.earliest - start.latest).days, (end.latest - start.earliest).days)


def before(first: PartialDate, second: PartialDate) -> Tri:
    """Whether ``first`` is a day earlier than ``second``."""
    if first.latest < second.earliest:
        return Tri.YES
    if first.earliest >= second.latest:
        return Tri.NO
    return Tri.UNKNOWN


def recent(when: PartialDate, today: dt.date, window_days: int) -> Tri:
    """Whether ``when`` lies at most ``window_days`` days back from ``today`` and not after it.

    Unknown if that depends on the missing day.
    """
    first = today - dt.timedelta(days=window_days)
    if first <= when.earliest and when.latest <= today:
        return Tri.YES
    return Tri.NO if when.latest < first or today < when.earliest else Tri.UNKNOWN
