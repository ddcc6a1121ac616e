"""Concepts and their codes: reads the TOML files beside this module, checks them, and finds the concept of a code.

A row says what a code means, never what to conclude. Matching follows four rules: compare system and code, never the
display; the exact pair first; then, for ICD, ICD-10-PCS and ATC, the longest row that is a prefix of the code and
includes its descendants; SNOMED CT and RxNorm match exactly, since only a terminology server knows what lies below a
code: what one said ahead of time can be handed in (``use_expansions``). No match means unknown, not absent.

One pair belongs to one concept only (checked when the files are read). A file may hold more codes for the concepts of
others (``[additions.<concept>]``). A *refinement* names a part of a concept more
closely (the lung within the chest): a code of a refinement means its concept as well.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.value_sets.broader import agree
from fhir_mappings.value_sets.systems import CPT, FALLBACKS, PREFIX_SYSTEMS, SYSTEM_NAMES, normalise

FOLDER: Final = Path(__file__).parent
SOURCES_FILE: Final = "sources.toml"
KINDS: Final = frozenset(
    {"condition", "morphology", "procedure", "medication", "observation", "body-site", "status", "finding"}
)
SHORTEST_PREFIX: Final = 3
CACHED_CODES: Final = 16384
LONGEST_CODE: Final = 64
"""Characters; a longer code or one of a URI four times as long is no code of ours and is not looked up."""

Coding = tuple[str | None, str | None]
"""(system, code) as received; either may be missing."""


class ValueSetError(ValueError):
    """A value set file that does not hold together; the message names the file, the concept and what is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One code of a concept.

    Attributes:
        system: FHIR URI of the code system.
        code: as FHIR carries it.
        display: our own plain words; empty for CPT, whose descriptors are licensed.
        includes_descendants: the code stands for everything below it as well.
        source: where the code was seen together with its meaning.
        verified: whether it was seen there; false for own knowledge only.
        topic: the TOML file that the row stands in, without its ending.
    """

    system: str
    code: str
    display: str
    includes_descendants: bool
    source: str
    verified: bool
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """A clinical concept.

    Attributes:
        name: kebab-case id.
        kind: what the concept is, one of KINDS; not which resource carries it.
        title: plain words for a card.
        topic: the TOML file it stands in, without its ending.
        rows: its codes, CPT included.
        within: the wider concept of a refinement; empty otherwise.
    """

    name: str
    kind: str
    title: str
    topic: str
    rows: tuple[Row, ...]
    within: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """The header of one TOML file: name of the file, title, purpose, version and date of its content."""

    name: str
    title: str
    purpose: str
    version: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class Match:
    """What a code means.

    Attributes:
        concept: id of the concept.
        row: the row that said so.
        exact: whether the row has this very code; false when the code lies below it.
        refinement: id of the refinement that the code belongs to as well, or None.
    """

    concept: str
    row: Row
    exact: bool
    refinement: str | None = None

    @property
    def concepts(self) -> frozenset[str]:
        """The concept and, if any, its refinement."""
        return frozenset({self.concept} if self.refinement is None else {self.concept, self.refinement})


_Index = dict[tuple[str, str], tuple[str, Row]]


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise ValueSetError(f"{where}: {name} is missing or not a text")
    return value


def _row(entry: Mapping[str, Any], sources: Mapping[str, str], topic: str, where: str) -> Row:
    extra = entry.keys() - {"system", "code", "display", "includes_descendants", "source", "verified"}
    if extra:
        raise ValueSetError(f"{where}: unknown {', '.join(sorted(extra))}")
    try:
        row = Row(
            SYSTEM_NAMES[entry["system"]],
            entry["code"],
            entry.get("display", ""),
            entry.get("includes_descendants", False),
            sources[entry["source"]],
            entry.get("verified", True),
            topic,
        )
    except KeyError as missing:
        raise ValueSetError(f"{where}: no such system, source or field: {missing}") from None
    if (row.system == CPT) == bool(row.display):
        raise ValueSetError(f"{where}: {row.code}: every row has a display, except CPT, which has none")
    if normalise(row.system, row.code) != (row.system, row.code):
        raise ValueSetError(f"{where}: {row.code} is not written as FHIR carries it")
    return row


_Additions = dict[str, tuple[Row, ...]]
"""Concept of another file -> more codes of it."""


def _read_file(path: Path, sources: Mapping[str, str]) -> tuple[Topic, list[Concept], _Additions]:
    with path.open("rb") as file:
        content = tomllib.load(file)
    date = content.get("date")
    if not isinstance(date, dt.date):
        raise ValueSetError(f"{path.name}: date is missing")
    title, purpose, version = (_text(content, name, path.name) for name in ("title", "purpose", "version"))
    topic = Topic(path.stem, title, purpose, version, date)
    concepts = []
    for name, table in content.get("concepts", {}).items():
        where = f"{path.name}: {name}"
        kind = _text(table, "kind", where)
        if kind not in KINDS:
            raise ValueSetError(f"{where}: unknown kind {kind}")
        rows = tuple(_row(entry, sources, path.stem, where) for entry in table["codes"])
        concepts.append(Concept(name, kind, _text(table, "title", where), path.stem, rows, table.get("within", "")))
    additions = {
        name: tuple(_row(entry, sources, path.stem, f"{path.name}: {name}") for entry in table["codes"])
        for name, table in content.get("additions", {}).items()
    }
    return topic, concepts, additions


def _index(concepts: Iterable[Concept]) -> _Index:
    index: _Index = {}
    for concept in concepts:
        for row in concept.rows:
            taken = index.setdefault((row.system, row.code), (concept.name, row))
            if taken[1] is not row:
                raise ValueSetError(f"{row.system}|{row.code} stands in {taken[0]} and in {concept.name}")
    return index


def read_folder(folder: Path) -> tuple[dict[str, Topic], dict[str, Concept]]:
    """Reads and checks every value set file of a folder.

    Args:
        folder: holds sources.toml and one TOML file a topic.

    Returns:
        Topics by file name without ending, and concepts by id.

    Raises:
        ValueSetError: a file lacks a field, names an unknown system, kind or source, or repeats a concept or a code.
    """
    with (folder / SOURCES_FILE).open("rb") as file:
        sources: dict[str, str] = tomllib.load(file)["sources"]
    topics: dict[str, Topic] = {}
    concepts: dict[str, Concept] = {}
    more: list[tuple[str, _Additions]] = []
    for path in sorted(folder.glob("*.toml")):
        if path.name == SOURCES_FILE:
            continue
        topic, found, additions = _read_file(path, sources)
        more.append((path.name, additions))
        topics[topic.name] = topic
        for concept in found:
            if concept.name in concepts:
                raise ValueSetError(f"{concept.name} stands in {concepts[concept.name].topic} and in {concept.topic}")
            concepts[concept.name] = concept
    for name_of_file, additions in more:
        for name, rows in additions.items():
            if name not in concepts:
                raise ValueSetError(f"{name_of_file}: {name} is no concept to add to")
            concepts[name] = replace(concepts[name], rows=(*concepts[name].rows, *rows))
    for concept in concepts.values():
        wider = concepts.get(concept.within)
        if concept.within and (wider is None or wider.within or wider.kind != concept.kind):
            raise ValueSetError(f"{concept.name}: {concept.within} is no concept of the same kind")
    return topics, concepts


def _prefixes(system: str, code: str) -> Iterator[str]:
    yield code
    if system in PREFIX_SYSTEMS:
        for length in range(len(code) - 1, SHORTEST_PREFIX - 1, -1):
            yield code[:length]


def _search(index: _Index, system: str, code: str) -> tuple[str, Row, bool] | None:
    for prefix in _prefixes(system, code):
        found = index.get((system, prefix))
        if found is not None and (prefix == code or found[1].includes_descendants):
            return *found, prefix == code
    return _search(index, FALLBACKS[system], code) if system in FALLBACKS else None


class ValueSets:
    """Finds concepts by code; immutable once built.

    Args:
        concepts: by id.
        with_cpt: whether CPT rows count.
        below: (system, code) -> code of the row that it lies below, as a terminology server said.
    """

    def __init__(
        self,
        concepts: Mapping[str, Concept],
        *,
        with_cpt: bool = True,
        below: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._concepts = concepts
        self.below = dict(below or {})
        self.with_cpt = with_cpt
        usable = [concept for concept in concepts.values() if not concept.within]
        self._index = _index(usable)
        self._refinements = _index(concept for concept in concepts.values() if concept.within)
        if not with_cpt:
            self._index = {pair: found for pair, found in self._index.items() if pair[0] != CPT}
        self.match = lru_cache(maxsize=CACHED_CODES)(self._match)

    def _match(self, system: str, code: str) -> Match | None:
        system, code = normalise(system, code)
        found = _search(self._index, system, code)
        if found is None and (system, code) in self.below:
            above = self._index.get((system, self.below[system, code]))
            found = None if above is None else (*above, False)
        if found is None:
            return None
        concept, row, exact = found
        closer = _search(self._refinements, system, code)
        refinement = None if closer is None or self._concepts[closer[0]].within != concept else closer[0]
        return Match(concept, row, exact, refinement)

    def rows(self, concept: str) -> tuple[Row, ...]:
        """The codes of a concept that count; KeyError for an unknown id."""
        rows = self._concepts[concept].rows
        return rows if self.with_cpt else tuple(row for row in rows if row.system != CPT)


_read: Final = read_folder(FOLDER)
TOPICS: Final[Mapping[str, Topic]] = MappingProxyType(_read[0])
"""Header of each file by topic."""
CONCEPTS: Final[Mapping[str, Concept]] = MappingProxyType(_read[1])
"""Every concept and refinement by id."""
_current = ValueSets(CONCEPTS)


def use_cpt(use: bool) -> None:
    """Counts CPT rows (the default) or leaves them out of every search, for a site without an AMA licence.

    Called once by the app with its setting before the first request; concepts stay known, their CPT codes do not match.
    """
    global _current  # noqa: PLW0603 - one process, one licence
    if use != _current.with_cpt:
        _current = ValueSets(CONCEPTS, with_cpt=use, below=_current.below)


def use_expansions(below: Mapping[tuple[str, str], str]) -> None:
    """Lets codes match that a terminology server said lie below one of our rows with descendants.

    Args:
        below: (system, code) -> code of the closest row above it; an empty mapping takes them back.
    """
    global _current  # noqa: PLW0603 - one process, one terminology
    _current = ValueSets(CONCEPTS, with_cpt=_current.with_cpt, below=below)


def expanded() -> bool:
    """Whether descendants known to a terminology server are matched."""
    return bool(_current.below)


def concept_of(system: str | None, code: str | None) -> Match | None:
    """What a coding means: exact pair first, else the longest prefix row with descendants, else None (unknown)."""
    if not system or not code or len(code) > LONGEST_CODE or len(system) > 4 * LONGEST_CODE:
        return None
    return _current.match(system, code)


def concepts_of(codings: Iterable[Coding]) -> frozenset[str]:
    """Ids of all concepts and refinements that the codings of one CodeableConcept lead to."""
    found: set[str] = set()
    for system, code in codings:
        match = concept_of(system, code)
        if match is not None:
            found.add(match.concept)
            if match.refinement is not None:
                found.add(match.refinement)
    return frozenset(found)


def conflicting(codings: Iterable[Coding]) -> frozenset[str]:
    """The concepts over which the codings of one CodeableConcept disagree; empty when they agree.

    Two concepts disagree when they are of the same kind and neither generalises the other, unless they answer different
    questions (part of the cervix and tissue type; place and technique of radiotherapy). To be reported, not resolved.
    """
    found = {match.concept for match in (concept_of(*coding) for coding in codings) if match is not None}
    if len(found) < 2:
        return frozenset()
    return frozenset(
        concept
        for concept in found
        for other in found
        if CONCEPTS[concept].kind == CONCEPTS[other].kind and not agree(concept, other)
    )


def kind_of(concept: str) -> str:
    """The kind of a concept (one of KINDS); KeyError for an unknown id."""
    return CONCEPTS[concept].kind


def title_of(concept: str) -> str:
    """The concept in plain words for a card; KeyError for an unknown id."""
    return CONCEPTS[concept].title


def codes_of(concept: str) -> tuple[Row, ...]:
    """The codes of a concept, without CPT when that is switched off; KeyError for an unknown id."""
    return _current.rows(concept)
