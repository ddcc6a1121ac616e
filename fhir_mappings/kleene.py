"""Kleene's three values and their and / or / not: decision model, rule 1."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Tri(enum.Enum):
    """Kleene's three values; ``unknown`` is never read as ``no``."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # each is one object; Enum's own hashes the name, in Python, at every look-up

    def __and__(self, other: Tri) -> Tri:
        if self is Tri.NO or other is Tri.NO:
            return Tri.NO
        return self if other is Tri.YES else other

    def __or__(self, other: Tri) -> Tri:
        if self is Tri.YES or other is Tri.YES:
            return Tri.YES
        return self if other is Tri.NO else other

    def __invert__(self) -> Tri:
        if self is Tri.UNKNOWN:
            return self
        return Tri.NO if self is Tri.YES else Tri.YES

    def __bool__(self) -> bool:
        raise TypeError("a three-valued answer has no truth value; compare with Tri.YES, Tri.NO or Tri.UNKNOWN")


def all_yes(values: Iterable[Tri]) -> Tri:
    """Kleene AND; yes for nothing at all."""
    told = set(values)
    if Tri.NO in told:
        return Tri.NO
    return Tri.UNKNOWN if Tri.UNKNOWN in told else Tri.YES


def any_yes(values: Iterable[Tri]) -> Tri:
    """Kleene OR; no for nothing at all."""
    told = set(values)
    if Tri.YES in told:
        return Tri.YES
    return Tri.UNKNOWN if Tri.UNKNOWN in told else Tri.NO
