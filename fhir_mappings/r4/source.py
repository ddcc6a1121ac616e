"""What a reader is given beside the model, and how it says that a resource is withdrawn or unusable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar

from msgspec import Struct

from fhir_mappings.history import Allergy, Concepts, Diagnosis, Drug, Observed, Plan, Report, Treatment
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.lookup import Contained, Lookup
from fhir_mappings.r4.meaning import Meaning, words
from fhir_mappings.r4.models import Invalid, Models, Quick
from fhir_mappings.r4.shapes import Shapes

Read = Diagnosis | Treatment | Drug | Observed | Report | Plan | Allergy
"""What a reader makes of a resource."""


class EnteredInError(Exception):
    """The resource is withdrawn by its author: counted, not read."""


class Source(Struct, frozen=True, gc=False):
    """Where a resource stands.

    Attributes:
        reference: ``Type/id`` or ``Type?``.
        meaning: what the screen found its code to mean.
        lookup: finds what references point to.
        contained: its contained resources.
        birth: the patient's date of birth, for dates given as an age.
        free_text: it has text beside its data that only a person can read.
    """

    reference: str
    meaning: Meaning
    lookup: Lookup
    contained: Contained
    birth: PartialDate | None = None
    free_text: bool = False

    def fact(self, *more: str, sites: Concepts = frozenset()) -> _Common:
        """What every fact has, with its text: the concept in plain words, where, then more words."""
        meaning = self.meaning
        coded = bool(meaning.concepts) and not meaning.text_only
        said = words(meaning.concepts, sites) if coded else ", ".join(filter(None, (meaning.text, words(sites))))
        return {
            "reference": self.reference,
            "concepts": meaning.concepts,
            "text": ", ".join(part for part in (said, *more) if part),
            "by_name": meaning.by_name,
            "text_only": meaning.text_only,
            "conflict": meaning.conflict,
        }


class _Common(TypedDict):
    reference: str
    concepts: Concepts
    text: str
    by_name: bool
    text_only: bool
    conflict: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """How one resource type is read.

    Attributes:
        elements: top-level elements that the reader needs; the rest is never validated.
        read: model and source -> facts. Raises EnteredInError, or Invalid for a status that is not known.
        foreign: elements of other FHIR versions that would change the meaning if passed over.
        free_text: elements for a person to read, of which it is told that they are there, as of the narrative.
    """

    elements: tuple[str, ...]
    read: Callable[[Any, Source], tuple[Read, ...]]
    foreign: tuple[str, ...] = ()
    free_text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """How one FHIR version is read: everything in which ``r4``, ``r5`` and ``stu3`` differ.

    Attributes:
        models: its ``fhir.resources`` classes.
        shapes: what the screen decodes.
        readers: resource type -> how it is read. Patient is read apart; FamilyMemberHistory never is.
        draft: a draft order's JSON -> the same with R4's names at the top level.
    """

    models: Models
    shapes: Shapes
    readers: Mapping[str, Reader]
    draft: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    _quick: dict[str, Quick] = field(default_factory=dict, init=False, repr=False, compare=False)

    def quick(self, resource_type: str) -> Quick:
        """How a plain resource of a type that has a reader is read."""
        if resource_type not in self._quick:
            reader = self.readers[resource_type]
            self._quick[resource_type] = self.models.plain(
                resource_type, reader.elements, refused=reader.foreign, free_text=reader.free_text
            )
        return self._quick[resource_type]


Word = TypeVar("Word")


def status_word(word: str | None, known: Mapping[str, Word]) -> Word:
    """Our value for a status.

    Raises:
        EnteredInError: for ``entered-in-error``.
        Invalid: for a word that FHIR R4 does not have (requirement SAFE-03), and for none.
    """
    if word == "entered-in-error":
        raise EnteredInError
    if word is None or word not in known:
        raise Invalid("its status is not known here")
    return known[word]
