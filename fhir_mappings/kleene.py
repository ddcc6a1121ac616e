"""Kleene's three values and their and / or / not: decision model, rule 1."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from functools import reduce


class Tri(enum.Enum):
    """Kleene's three values; ``unknown`` is never read as ``no``."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __and__(self, other: Tri) -> Tri:
        if Tri.NO in (self, other):
            return Tri.NO
        return Tri.UNKNOWN if Tri.UNKNOWN in (self, other) else Tri.YES

    def __or__(self, other: Tri) -> Tri:
        if Tri.YES in (self, other):
            return Tri.YES
        return Tri.UNKNOWN if Tri.UNKNOWN in (self, other) else Tri.NO

    def __invert__(self) -> Tri:
        if self is Tri.UNKNOWN:
            return self
        return Tri.NO if self is Tri.YES else Tri.YES

    def __bool__(self) -> bool:
        raise TypeError("a three-valued answer has no truth value; compare with Tri.YES, Tri.NO or Tri.UNKNOWN")


def all_yes(values: Iterable[Tri]) -> Tri:
    """Kleene AND; yes for nothing at all."""
    return reduce(Tri.__and__, values, Tri.YES)


def any_yes(values: Iterable[Tri]) -> Tri:
    """Kleene OR; no for nothing at all."""
    return reduce(Tri.__or__, values, Tri.NO)
