"""Versions of the knowledge: what changed, and the pages of old versions, which stay readable (TR-04).

``versions/{version}.html`` is the whole guideline on one page as it was, ``versions/{version}.json`` its content hash
and a digest of each row. ``changes.toml`` says in clinical words what changed, from which source, from which date.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any, Final

import msgspec

from cds_service.pages.tables import RowView, tables

FOLDER: Final = "versions"
ROOT_MARK: Final = "%ROOT%"
NOTICE_MARK: Final = "%NOTICE%"
"""What stands in a stored page for the path of the service and for the site's notice."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the rows it touches, what is different in clinical words, the sources behind it."""

    rows: tuple[str, ...]
    words: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the knowledge, the date from which it holds, and its changes."""

    version: str
    date: str
    summary: str
    changes: tuple[Change, ...]


class Stored(msgspec.Struct, frozen=True, rename="camel"):
    """What is kept of a version beside its page."""

    version: str
    date: str
    content_hash: str
    rows: dict[str, str]


@cache
def releases() -> tuple[Release, ...]:
    """The change list, newest version first."""
    text = resources.files(__package__).joinpath("changes.toml").read_text(encoding="utf-8")
    return tuple(
        Release(
            each["version"],
            each["date"].isoformat(),
            each["summary"],
            tuple(
                Change(tuple(change.get("rows", ())), change["words"], tuple(change.get("sources", ())))
                for change in each.get("change", ())
            ),
        )
        for each in tomllib.loads(text)["release"]
    )


def _folder() -> Any:
    return resources.files(__package__).joinpath(FOLDER)


@cache
def stored() -> Mapping[str, Stored]:
    """Version -> what is kept of it, newest first."""
    found = [
        msgspec.json.decode(each.read_bytes(), type=Stored)
        for each in _folder().iterdir()
        if each.name.endswith(".json")
    ]
    return {each.version: each for each in sorted(found, key=lambda each: each.date, reverse=True)}


def stored_page(version: str, *, root: str, notice: str) -> str | None:
    """The page of a version as it was stored; None for a version that was never stored.

    Args:
        version: as cards name it.
        root: path below which the service is reached, without trailing slash.
        notice: the site's notice.
    """
    if version not in stored():
        return None
    page: str = _folder().joinpath(f"{version}.html").read_text(encoding="utf-8")
    return page.replace(ROOT_MARK, escape(root)).replace(NOTICE_MARK, escape(notice))


def digest(row: RowView) -> str:
    """A digest of what a row says: condition, outputs, text, severity, remarks and sources; not of its vignettes."""
    said = (
        row.conditions,
        [(put.code, put.strength, put.note, put.when, put.firm_if) for put in row.puts],
        (row.text, row.severity, row.remarks),
        [source.id for source in row.sources],
    )
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:16]


def digests() -> dict[str, str]:
    """Fragment of each row -> its digest, now."""
    return {row.anchor: digest(row) for table in tables() for row in table.rows}


def different(old: Mapping[str, str], new: Mapping[str, str]) -> frozenset[str]:
    """Rows that are new, gone or say something else."""
    return frozenset(row for row in old.keys() | new.keys() if old.get(row) != new.get(row))
