"""Features of a patient with the records that say so: yes / no / unknown, amounts, choices and dates.

A feature of the patient is always one of the four classes below. Each carries its evidence, so that a card can say why,
and the records that only *may* say so (free text, no body site), so that a prompt can point to them.
"""

from __future__ import annotations

import enum
from typing import Final, Generic, TypeVar

from msgspec import Struct

from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate


class Evidence(Struct, frozen=True, gc=False):
    """One record that speaks to a feature.

    Attributes:
        reference: ``Procedure/123``; for a fact derived from several records each has its own Evidence.
        text: the fact in a few plain words with its value, fit for a card once escaped
            ("external beam radiotherapy, pelvis, 45 Gy, completed").
        date: when it holds, if recorded.
    """

    reference: str
    text: str
    date: PartialDate | None = None


class Finding(Struct, frozen=True, gc=False):
    """A three-valued feature.

    Attributes:
        value: yes, no or unknown.
        evidence: the records that make it yes or no (or that contradict each other, when unknown for that reason).
        possible: records that may say yes but cannot decide; a prompt names them.
        note: why it is unknown or how it was concluded, in a few words; may be empty.
    """

    value: Tri = Tri.UNKNOWN
    evidence: tuple[Evidence, ...] = ()
    possible: tuple[Evidence, ...] = ()
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether it is yes or no."""
        return self.value is not Tri.UNKNOWN

    @property
    def is_yes(self) -> bool:
        """Whether it is yes."""
        return self.value is Tri.YES

    @property
    def is_no(self) -> bool:
        """Whether it is an evidenced no."""
        return self.value is Tri.NO

    def show(self) -> str:
        """The value as the decisions extension writes it."""
        return self.value.value


NOTHING: Final = Finding()
"""No record says anything: unknown without evidence. Most questions about most patients come to this."""


class Amount(Struct, frozen=True, gc=False):
    """A numeric feature as an interval: ``CPS 5`` is 5..5, ``CPS positive`` is 1..100, unknown has no bounds.

    Attributes:
        low: lowest possible value, None when unknown.
        high: highest possible value, None when unknown.
        unit: UCUM or plain unit for display, such as ``mL/min``; empty for counts and grades.
        date: day of the decisive measurement.
        evidence: as in Finding.
        possible: as in Finding.
        note: as in Finding ("measured 45 days ago").
    """

    low: float | None = None
    high: float | None = None
    unit: str = ""
    date: PartialDate | None = None
    evidence: tuple[Evidence, ...] = ()
    possible: tuple[Evidence, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError("an amount has both bounds or none")

    @classmethod
    def exactly(
        cls,
        value: float,
        unit: str = "",
        *,
        date: PartialDate | None = None,
        evidence: tuple[Evidence, ...] = (),
        note: str = "",
    ) -> Amount:
        """A single known value."""
        return cls(value, value, unit, date, evidence, (), note)

    @property
    def known(self) -> bool:
        """Whether any bound is known."""
        return self.low is not None

    @property
    def value(self) -> float | None:
        """The single value, None when unknown or only bounded."""
        return self.low if self.low == self.high else None

    def at_least(self, bound: float) -> Tri:
        """Whether the value is ``bound`` or more."""
        if self.low is None or self.high is None:
            return Tri.UNKNOWN
        if self.low >= bound:
            return Tri.YES
        return Tri.NO if self.high < bound else Tri.UNKNOWN

    def above(self, bound: float) -> Tri:
        """Whether the value is more than ``bound``."""
        if self.low is None or self.high is None:
            return Tri.UNKNOWN
        if self.low > bound:
            return Tri.YES
        return Tri.NO if self.high <= bound else Tri.UNKNOWN

    def show(self) -> str:
        """The value with its unit, ``unknown`` without one."""
        if self.low is None or self.high is None:
            return "unknown"
        shown = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        return f"{shown} {self.unit}".rstrip()


ChoiceValue_co = TypeVar("ChoiceValue_co", bound=enum.Enum, covariant=True)


class Choice(Struct, Generic[ChoiceValue_co], frozen=True, gc=False):
    """A feature with one of a few named values (an enumeration with string values); ``value`` None is unknown."""

    value: ChoiceValue_co | None = None
    evidence: tuple[Evidence, ...] = ()
    possible: tuple[Evidence, ...] = ()
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether a value is known."""
        return self.value is not None

    def show(self) -> str:
        """The value's own word, ``unknown`` without one."""
        return "unknown" if self.value is None else str(self.value.value)


class Moment(Struct, frozen=True, gc=False):
    """A date feature; ``date`` None is unknown."""

    date: PartialDate | None = None
    evidence: tuple[Evidence, ...] = ()
    possible: tuple[Evidence, ...] = ()
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether a date (perhaps partial) is known."""
        return self.date is not None

    def show(self) -> str:
        """The date, ``unknown`` without one."""
        return "unknown" if self.date is None else str(self.date)


Feature = Finding | Amount | Choice[enum.Enum] | Moment
"""What every field of the recurrence features is."""
