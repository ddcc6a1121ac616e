"""Resources that others point to: medications, treated volumes and the conditions that are someone's reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.history import NONE, Concepts
from fhir_mappings.r4.shapes import ABSENT, RAW_LIST, BodyStructure, Lean, Medication, Shapes

Contained = Mapping[str, Lean]
"""``#id`` -> the contained resource."""

NO_CONTAINED: Final[Contained] = MappingProxyType({})
DECODE_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for JSON that is malformed, of another shape, not UTF-8, or too deep."""

Shape = TypeVar("Shape", bound=Lean)


@dataclass(slots=True)
class Lookup:
    """Finds what a reference points to among everything one call brought.

    Attributes:
        shapes: the lean shapes of the FHIR version read.
        base_url: the FHIR base of the call, with its slash, or empty: references below it are local.
    """

    shapes: Shapes
    base_url: str = ""
    _resources: dict[str, Lean] = field(default_factory=dict)
    _conditions: dict[str, Concepts] = field(default_factory=dict)

    def contained_in(self, raw: Raw) -> Contained:
        """The contained resources of a resource by ``#id``; those that cannot be decoded are left out."""
        if raw is ABSENT:
            return NO_CONTAINED
        found: dict[str, Lean] = {}
        try:
            parts = RAW_LIST.decode(raw)
        except DECODE_ERRORS:
            return NO_CONTAINED
        for part in parts:
            try:
                resource = self.shapes.resource.decode(part)
            except DECODE_ERRORS:
                continue
            if resource.id:
                found[f"#{resource.id.lstrip('#')}"] = resource
        return found

    def local(self, reference: str | None) -> str:
        """``Type/id`` of a relative, versioned or absolute reference below the base; any other stays as it is."""
        bare = (reference or "").partition("/_history/")[0]
        return bare.removeprefix(self.base_url) if self.base_url else bare

    def add(self, resource_type: str, resource: Lean, full_url: str | None) -> None:
        """Make a resource known by its id and its fullUrl; of two with one name, the same one wins in any order."""
        for name in (f"{resource_type}/{resource.id}" if resource.id else "", self.local(full_url)):
            known = self._resources.get(name)
            if name and (known is None or msgspec.json.encode(known) < msgspec.json.encode(resource)):
                self._resources[name] = resource

    def add_condition(self, reference: str, full_url: str | None, concepts: Concepts) -> None:
        """Make known what a condition of this patient means, for others that name it as their reason."""
        for name in (reference, self.local(full_url)):
            if name:
                self._conditions[name] = self._conditions.get(name, NONE) | concepts

    def conditions(self, references: list[str | None]) -> Concepts:
        """The concepts of the conditions referred to, as far as they are at hand."""
        return frozenset().union(*(self._conditions.get(self.local(each), NONE) for each in references))

    def medication(self, reference: str | None, contained: Contained) -> Medication | None:
        """The medication referred to (contained, of any Bundle or fetched), unless it is entered in error."""
        found = self._find(reference, contained, Medication)
        return None if found is None or found.status == "entered-in-error" else found

    def volume(self, reference: str | None, contained: Contained) -> BodyStructure | None:
        """The body structure referred to."""
        return self._find(reference, contained, BodyStructure)

    def _find(self, reference: str | None, contained: Contained, shape: type[Shape]) -> Shape | None:
        if not reference:
            return None
        found = contained.get(reference) if reference[0] == "#" else self._resources.get(self.local(reference))
        return found if isinstance(found, shape) else None
