"""Conditions over features with three-valued answers: the words in which every row of the guideline is written.

A condition is a value: it can be evaluated, asked which features it reads, and put into words, so that a card, a test
and the guideline pages all tell the same row. Semantics follow decision model section 0:

- ``yes`` / ``no`` need a recorded yes / an evidenced no; an unknown feature makes them unknown.
- ``not_yes`` is true for no **and** unknown: it only lets a *documented* fact block.
- ``documented`` is false unless the feature is yes: such a row is never merely "possible".
- ``all_of`` / ``any_of`` / ``negation`` are Kleene's.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain

from msgspec import Struct

from cds_service.guideline.thresholds import Threshold
from fhir_mappings.findings import Amount, Choice, Feature, Finding
from fhir_mappings.kleene import Tri

Facts = Mapping[str, Feature]
"""Every feature, judgement and (in order checks) order fact by name."""

Label = Callable[[str], str]
"""From a feature's name to its words."""


class Outcome(Struct, frozen=True, gc=False):
    """What a condition came to.

    Attributes:
        value: yes (fires), no, or unknown (possible).
        because: names of the features whose known values made it so.
        missing: names of the unknown features that leave it open.
        unchecked: names of the unknown features that ``not_yes`` let pass: "confirm before treating".
    """

    value: Tri
    because: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


class Condition(ABC):
    """Something that a patient's facts answer with yes, no or unknown."""

    __slots__ = ()

    @abstractmethod
    def evaluate(self, facts: Facts) -> Outcome:
        """Answer for these facts; raises KeyError for a feature that does not exist."""

    @abstractmethod
    def features(self) -> Iterator[str]:
        """Names of all features read, in order, doubled ones included."""

    @abstractmethod
    def words(self, label: Label) -> str:
        """The condition in plain words."""

    def __and__(self, other: Condition) -> Condition:
        return AllOf((self, other))

    def __or__(self, other: Condition) -> Condition:
        return AnyOf((self, other))


@cache  # there are three for each feature that a row names
def _single(value: Tri, feature: str) -> Outcome:
    return Outcome(value, missing=(feature,)) if value is Tri.UNKNOWN else Outcome(value, because=(feature,))


@cache
def _passed(feature: str) -> Outcome:
    return Outcome(Tri.YES, unchecked=(feature,))


def _truth(feature: Feature, name: str) -> Tri:
    if isinstance(feature, Finding):
        return feature.value
    raise TypeError(f"{name} is not a yes/no feature")


@dataclass(frozen=True, slots=True)
class Is(Condition):
    """The feature is recorded as the wanted value."""

    feature: str
    wanted: Tri

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        value = _truth(facts[self.feature], self.feature)
        return _single(value if self.wanted is Tri.YES else ~value, self.feature)

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield self.feature

    def words(self, label: Label) -> str:
        """See Condition."""
        return f"{label(self.feature)}: {self.wanted.value}"


@dataclass(frozen=True, slots=True)
class NotYes(Condition):
    """The feature is not documented as yes; an unknown passes and is listed as unchecked."""

    feature: str

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        value = _truth(facts[self.feature], self.feature)
        return _passed(self.feature) if value is Tri.UNKNOWN else _single(~value, self.feature)

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield self.feature

    def words(self, label: Label) -> str:
        """See Condition."""
        return f"{label(self.feature)}: not documented"


@dataclass(frozen=True, slots=True)
class Documented(Condition):
    """The feature is recorded as yes; anything else is false, so the row is never merely possible."""

    feature: str

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        value = _truth(facts[self.feature], self.feature)
        return _single(Tri.YES if value is Tri.YES else Tri.NO, self.feature)

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield self.feature

    def words(self, label: Label) -> str:
        """See Condition."""
        return f"{label(self.feature)}: documented"


@dataclass(frozen=True, slots=True)
class Known(Condition):
    """Whether the feature has a value at all; ``wanted`` false asks for an unknown one. Never unknown itself."""

    feature: str
    wanted: bool = True

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        if facts[self.feature].known:
            return _single(Tri.YES if self.wanted else Tri.NO, self.feature)
        return Outcome(Tri.NO if self.wanted else Tri.YES, missing=(self.feature,))

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield self.feature

    def words(self, label: Label) -> str:
        """See Condition."""
        return f"{label(self.feature)}: {'known' if self.wanted else 'not known'}"


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """A choice feature has one of the given values."""

    feature: str
    values: tuple[enum.Enum, ...]

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        found = facts[self.feature]
        if not isinstance(found, Choice):
            raise TypeError(f"{self.feature} is not a choice feature")
        if found.value is None:
            return _single(Tri.UNKNOWN, self.feature)
        return _single(Tri.YES if found.value in self.values else Tri.NO, self.feature)

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield self.feature

    def words(self, label: Label) -> str:
        """See Condition."""
        return f"{label(self.feature)}: {' or '.join(str(value.value) for value in self.values)}"


@dataclass(frozen=True, slots=True)
class Between(Condition):
    """An amount lies between two bounds, both included; an open side is None.

    ``above`` / ``below`` make a bound exclusive.
    """

    feature: str
    low: Threshold | None = None
    high: Threshold | None = None
    above: bool = False
    below: bool = False

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        found = facts[self.feature]
        if not isinstance(found, Amount):
            raise TypeError(f"{self.feature} is not an amount")
        if not found.known:
            return _single(Tri.UNKNOWN, self.feature)
        value = Tri.YES
        if self.low is not None:
            value = value & (found.above(self.low.value) if self.above else found.at_least(self.low.value))
        if self.high is not None:
            value = value & ~(found.at_least(self.high.value) if self.below else found.above(self.high.value))
        return _single(value, self.feature)

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield self.feature

    def words(self, label: Label) -> str:
        """See Condition."""
        parts = []
        if self.low is not None and self.low == self.high:
            return f"{label(self.feature)}: {self.low.show()}"
        if self.low is not None:
            parts.append(f"{'over' if self.above else 'at least'} {self.low.show()}")
        if self.high is not None:
            parts.append(f"{'under' if self.below else 'at most'} {self.high.show()}")
        return f"{label(self.feature)}: {' and '.join(parts)}"


def _merge(parts: list[tuple[str, ...]]) -> tuple[str, ...]:
    told = [part for part in parts if part]
    if len(told) < 2:
        return told[0] if told else ()
    return tuple(dict.fromkeys(chain.from_iterable(told)))


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """Kleene AND. A no names only what made it no; an unknown names what is missing and what already holds."""

    parts: tuple[Condition, ...]

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        outcomes = [part.evaluate(facts) for part in self.parts]
        values = {outcome.value for outcome in outcomes}
        if Tri.NO in values:
            return Outcome(Tri.NO, _merge([outcome.because for outcome in outcomes if outcome.value is Tri.NO]))
        return Outcome(
            Tri.UNKNOWN if Tri.UNKNOWN in values else Tri.YES,
            _merge([outcome.because for outcome in outcomes]),
            _merge([outcome.missing for outcome in outcomes]),
            _merge([outcome.unchecked for outcome in outcomes]),
        )

    def features(self) -> Iterator[str]:
        """See Condition."""
        for part in self.parts:
            yield from part.features()

    def words(self, label: Label) -> str:
        """See Condition."""
        return "; ".join(
            f"({part.words(label)})" if isinstance(part, AnyOf) else part.words(label) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """Kleene OR. A yes names only what made it yes; an unknown names what is missing."""

    parts: tuple[Condition, ...]

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        outcomes = [part.evaluate(facts) for part in self.parts]
        for wanted in (Tri.YES, Tri.UNKNOWN, Tri.NO):
            chosen = [outcome for outcome in outcomes if outcome.value is wanted]
            if chosen:
                return Outcome(
                    wanted,
                    _merge([outcome.because for outcome in chosen]),
                    _merge([outcome.missing for outcome in chosen]),
                    _merge([outcome.unchecked for outcome in chosen]),
                )
        return Outcome(Tri.NO)

    def features(self) -> Iterator[str]:
        """See Condition."""
        for part in self.parts:
            yield from part.features()

    def words(self, label: Label) -> str:
        """See Condition."""
        return ", or ".join(
            f"({part.words(label)})" if isinstance(part, AllOf) else part.words(label) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Negation(Condition):
    """Kleene NOT."""

    part: Condition

    def evaluate(self, facts: Facts) -> Outcome:
        """See Condition."""
        outcome = self.part.evaluate(facts)
        return Outcome(~outcome.value, outcome.because, outcome.missing, outcome.unchecked)

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield from self.part.features()

    def words(self, label: Label) -> str:
        """See Condition."""
        return f"not ({self.part.words(label)})"


@dataclass(frozen=True, slots=True)
class Always(Condition):
    """True for every patient."""

    def evaluate(self, facts: Facts) -> Outcome:  # noqa: ARG002 - the signature is the interface
        """See Condition."""
        return _HOLDS

    def features(self) -> Iterator[str]:
        """See Condition."""
        yield from ()

    def words(self, label: Label) -> str:  # noqa: ARG002 - the signature is the interface
        """See Condition."""
        return "always"


_HOLDS = Outcome(Tri.YES)
ALWAYS = Always()


def yes(feature: str) -> Condition:
    """The feature is recorded as yes."""
    return Is(feature, Tri.YES)


def no(feature: str) -> Condition:
    """The feature is an evidenced no."""
    return Is(feature, Tri.NO)


def not_yes(feature: str) -> Condition:
    """The feature is not documented as yes (the tables' ``≠yes``)."""
    return NotYes(feature)


def documented(feature: str) -> Condition:
    """The feature is documented as yes; unknown counts as not documented."""
    return Documented(feature)


def known(feature: str) -> Condition:
    """The feature has a value."""
    return Known(feature)


def unknown(feature: str) -> Condition:
    """The feature has no value."""
    return Known(feature, wanted=False)


def one_of(feature: str, *values: enum.Enum) -> Condition:
    """The choice feature has one of the values."""
    return OneOf(feature, values)


def at_least(feature: str, low: Threshold) -> Condition:
    """Amount >= low."""
    return Between(feature, low=low)


def over(feature: str, low: Threshold) -> Condition:
    """Amount > low."""
    return Between(feature, low=low, above=True)


def at_most(feature: str, high: Threshold) -> Condition:
    """Amount <= high."""
    return Between(feature, high=high)


def under(feature: str, high: Threshold) -> Condition:
    """Amount < high."""
    return Between(feature, high=high, below=True)


def between(feature: str, low: Threshold, high: Threshold) -> Condition:
    """Low <= amount <= high."""
    return Between(feature, low=low, high=high)


def all_of(*parts: Condition) -> Condition:
    """Kleene AND of the parts."""
    return AllOf(parts)


def any_of(*parts: Condition) -> Condition:
    """Kleene OR of the parts."""
    return AnyOf(parts)


def negation(part: Condition) -> Condition:
    """Kleene NOT of the part."""
    return Negation(part)


__all__ = [
    "ALWAYS",
    "Condition",
    "Facts",
    "Label",
    "Outcome",
    "all_of",
    "any_of",
    "at_least",
    "at_most",
    "between",
    "documented",
    "known",
    "negation",
    "no",
    "not_yes",
    "one_of",
    "over",
    "under",
    "unknown",
    "yes",
]
