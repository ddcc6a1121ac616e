"""``measured.json``: what a run of the tests found out about rows, features and order facts."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

import msgspec

FILE: Final = "measured.json"


class Case(msgspec.Struct, frozen=True):
    """One vignette: file and variation, and its story in a line."""

    id: str
    story: str


class RowCases(msgspec.Struct, frozen=True, rename="camel"):
    """How many vignettes make a row speak or have it stay silent, and the first of each."""

    speaks: int = 0
    speaks_in: tuple[Case, ...] = ()
    silent: int = 0
    silent_in: tuple[Case, ...] = ()


class Totals(msgspec.Struct, frozen=True, rename="camel"):
    """Numbers of the methods page."""

    vignettes: int
    files: int
    by_hook: dict[str, int]
    decisions: int
    codes_put_out: int
    rows: int
    rows_that_speak: int
    rows_without_vignette: tuple[str, ...]


class Measured(msgspec.Struct, frozen=True, rename="camel"):
    """The whole file.

    Attributes:
        knowledge: version of the knowledge that was run.
        totals: how many vignettes there are, and what they cover.
        rows: row id -> its vignettes.
        features: feature -> concepts of the value sets that change it when a record has them.
        order_facts: order fact -> features that it rests on.
        patient: ``birthDate`` and ``sex`` -> features that change with them.
    """

    knowledge: str
    totals: Totals
    rows: dict[str, RowCases]
    features: dict[str, tuple[str, ...]]
    order_facts: dict[str, tuple[str, ...]]
    patient: dict[str, tuple[str, ...]]


@cache
def measured() -> Measured:
    """The file as packaged."""
    content = resources.files(__package__).joinpath(FILE).read_bytes()
    return msgspec.json.decode(content, type=Measured)
