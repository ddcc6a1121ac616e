"""What a resource's codes and words mean to us: concepts, or words that may point to something."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from fhir_mappings.history import NONE, Concepts
from fhir_mappings.value_sets import CONCEPTS, concept_of, conflicting, most_specific, title_of

LONGEST_TEXT: Final = 160
"""Characters kept of a text of the record."""


class Meaning(Struct, frozen=True, gc=False):
    """What the code of a resource says.

    Attributes:
        concepts: matched by codings, by a drug's name, or hinted at by words.
        text: the record's own words for it, cut at LONGEST_TEXT; empty when there are none.
        by_name: no coding is known, the concepts come from the name of a drug.
        text_only: no coding is known; the concepts are only what the words hint at.
        conflict: codings of one CodeableConcept contradict one another.
        unresolved: a reference to a medication that is not at hand and does not name a known drug.
    """

    concepts: Concepts = NONE
    text: str = ""
    by_name: bool = False
    text_only: bool = False
    conflict: bool = False
    unresolved: bool = False


NOTHING: Final = Meaning()


def concepts_in(concept: Any) -> Concepts:
    """Concepts that the codings of one CodeableConcept (lean or model, or None) match."""
    found: Concepts = NONE
    if concept is not None:
        for coding in concept.coding or ():
            if coding is not None and (match := concept_of(coding.system, coding.code)) is not None:
                found |= match.concepts
    return found


def concepts_over(concepts: Iterable[Any] | None) -> Concepts:
    """Concepts of a list of CodeableConcepts (or None)."""
    return frozenset().union(*(concepts_in(each) for each in concepts or () if each is not None))


def contradictory(concept: Any) -> bool:
    """Whether the codings of one CodeableConcept lead to concepts that cannot all be true."""
    codings = [(each.system, each.code) for each in concept.coding or () if each is not None]
    return len(codings) > 1 and bool(conflicting(codings))


def text_of(concept: Any) -> str:
    """The record's words: the text, else the first display; cut at LONGEST_TEXT, white space single."""
    if concept is None:
        return ""
    words = concept.text or next((each.display for each in concept.coding or () if each and each.display), None)
    return tidy(words)


def tidy(text: str | None) -> str:
    """A text with single white space, at most LONGEST_TEXT characters."""
    return " ".join(text.split())[:LONGEST_TEXT].rstrip() if text else ""


@lru_cache(maxsize=4096)
def words(*groups: Concepts) -> str:
    """Concepts in plain words, each group sorted: the closest of them only (lung, not chest and lung)."""
    said: list[str] = []
    for group in groups:
        wider = {CONCEPTS[concept].within for concept in group}
        titles = sorted(title_of(concept) for concept in most_specific(group - wider))
        said.extend(title for title in titles if title not in said)
    return ", ".join(said)
