"""Raw JSON in, History out, for a FHIR version described by its Form.

First :mod:`~fhir_mappings.r4.screen` finds the few resources that matter, then each becomes a ``fhir.resources`` model
of its needed elements, and its reader turns that into facts. Nothing is raised for bad data: what cannot be read is
``Unreadable``, what did not come is a ``Gap``, what must not count is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import (
    Allergy,
    Diagnosis,
    DraftOrder,
    Drug,
    History,
    Observed,
    Patient,
    Plan,
    Report,
    SetAside,
    Treatment,
    Unreadable,
)
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4 import draft_order, models, patient, shapes
from fhir_mappings.r4.plain import MORE_THAN_DATA
from fhir_mappings.r4.screen import ENTERED_IN_ERROR, Candidate, Found, Screened, screen, status_words
from fhir_mappings.r4.source import EnteredInError, Form, Read, Reader, Source
from fhir_mappings.record import Record

_MODIFIER: Final = b'"modifierExtension"'


def _says_something(lean: shapes.Lean) -> bool:
    """Whether the code that the screen saw, if the resource type has one, is more than empty shells."""
    if not hasattr(lean, "code"):
        return True
    concept: shapes.CodeableConcept | None = lean.code
    if concept is None:
        return False
    words = [concept.text]
    for coding in concept.coding or ():
        if coding is not None:
            words += [coding.code, coding.display, coding.system]
    return any(word is not None and word.strip() for word in words)


def _free_text(content: Mapping[str, Any], reader: Reader) -> bool:
    """Whether a resource has text beside its data that only a person can read, as far as its reader asks for it."""
    narrative = content.get("text")
    told = isinstance(narrative, dict) and narrative.get("status") in MORE_THAN_DATA
    return bool(reader.free_text) and (told or any(content.get(name) for name in reader.free_text))


def warm(form: Form) -> None:
    """Import every class of ``fhir.resources`` that readers use; the first call of a process is slow without."""
    form.models.warm({"Patient": patient.ELEMENTS, **{name: reader.elements for name, reader in form.readers.items()}})
    for name in form.readers:
        form.quick(name)


@dataclass(slots=True)
class _Reading:
    """What one call's readers have made so far."""

    screened: Screened
    form: Form
    birth: PartialDate | None = None
    read: list[Read] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    entered_in_error: int = 0
    unknown_modifier: int = 0

    def fail(self, found: Found, fault: models.Invalid, candidate: Candidate | None = None) -> None:
        """Note what could not be read; a modifier that is not known is counted as well."""
        self.unknown_modifier += isinstance(fault, models.UnknownModifier)
        concepts = candidate.meaning.concepts if candidate is not None else frozenset()
        self.unreadable.append(
            Unreadable(reference=found.reference, resource_type=found.r4_type, cause=str(fault), concepts=concepts)
        )

    def patient(self) -> Patient | None:
        """Read the Patient first: ages become dates by the date of birth."""
        found = self.screened.patient
        if found is None:
            return None
        who = self._patient(found, patient.ELEMENTS)
        if who is None and not self.unknown_modifier:
            who = self._patient(found, patient.INDISPENSABLE)
        self.birth = who.birth if who is not None else None
        return who

    def _patient(self, found: Found, elements: tuple[str, ...]) -> Patient | None:
        try:
            model = self.form.models.resource("Patient", shapes.ANYTHING.decode(found.raw), elements)
        except models.Invalid as fault:
            self.fail(found, fault)
            return None
        return patient.read(model, found.reference)

    def candidate(self, candidate: Candidate) -> None:
        """Read one candidate."""
        found, reader = candidate.found, self.form.readers[candidate.found.resource_type]
        try:
            self.read += self._facts(candidate, reader)
        except EnteredInError:
            self.entered_in_error += 1
        except models.Invalid as fault:
            said = status_words(found)
            if ENTERED_IN_ERROR in said:
                self.entered_in_error += 1
            elif "refuted" not in said:
                self.fail(found, fault, candidate)
        except (AttributeError, TypeError, ValueError, RecursionError):
            # A shape that passed validation and still has no sense; its content must not reach a log.
            self.fail(found, models.Invalid("it could not be read"), candidate)

    def _facts(self, candidate: Candidate, reader: Reader) -> tuple[Read, ...]:
        found = candidate.found
        raw = found.raw
        # What the screen saw of code and subject stands for them, unless a modifier may be inside.
        screened = not found.damaged and _MODIFIER not in raw
        if screened and _says_something(found.lean):
            plain = self.form.quick(found.resource_type)(raw)
            if plain is not None:
                seen, free_text = plain
                return reader.read(seen, self._source(candidate, free_text=free_text))
        content = shapes.ANYTHING.decode(raw)
        if any(content.get(name) is not None for name in reader.foreign):
            raise models.Invalid(f"it is not in the form of FHIR {self.form.models.version}")
        known = models.SCREENED if screened else frozenset()
        seen = self.form.models.resource(found.resource_type, content, reader.elements, known)
        return reader.read(seen, self._source(candidate, free_text=_free_text(content, reader)))

    def _source(self, candidate: Candidate, *, free_text: bool) -> Source:
        found = candidate.found
        return Source(
            reference=found.reference,
            meaning=candidate.meaning,
            lookup=self.screened.lookup,
            contained=self.screened.lookup.contained_in(getattr(found.lean, "contained", shapes.ABSENT)),
            birth=self.birth,
            free_text=free_text,
        )

    def drafts(self) -> tuple[DraftOrder, ...]:
        """Read the draft orders, in the order in which they came."""
        found = self.screened.drafts
        chosen = draft_order.selected_among(found, self.screened.selections, self.screened.lookup)
        orders: list[DraftOrder] = []
        for position, each in enumerate(found):
            draft = draft_order.read(
                each,
                shapes.ANYTHING.decode(each.raw),
                self.form,
                selected=position in chosen,
                lookup=self.screened.lookup,
            )
            orders.append(draft.order)
            if draft.unreadable is not None:
                self.unreadable.append(draft.unreadable)
        return tuple(orders)


_KINDS: Final[Mapping[type[Read], str]] = MappingProxyType(
    {
        Diagnosis: "diagnoses",
        Treatment: "treatments",
        Drug: "drugs",
        Observed: "observed",
        Report: "reports",
        Plan: "plans",
        Allergy: "allergies",
    }
)


def read(record: Record, form: Form) -> History:
    """Read one call's data.

    Args:
        record: raw JSON for each prefetch key, and the draft orders.
        form: the FHIR version that it is written in.

    Returns:
        The history, each kind sorted by reference: the order of arrival does not matter. Drafts keep their order.
    """
    screened = screen(record, form.shapes)
    reading = _Reading(screened, form)
    who = reading.patient()
    for candidate in screened.candidates:
        reading.candidate(candidate)
    drafts = reading.drafts()
    facts: dict[str, list[Read]] = {kind: [] for kind in _KINDS.values()}
    for fact in reading.read:
        facts[_KINDS[type(fact)]].append(fact)
    aside = screened.set_aside
    return History(
        patient=who,
        drafts=drafts,
        unreadable=tuple(
            sorted((*screened.unreadable, *reading.unreadable), key=lambda each: (each.reference, each.cause))
        ),
        gaps=tuple(sorted(screened.gaps, key=lambda gap: gap.key)),
        set_aside=SetAside(
            wrong_patient=aside.wrong_patient,
            no_subject=aside.no_subject,
            entered_in_error=aside.entered_in_error + reading.entered_in_error,
            unknown_modifier=aside.unknown_modifier + reading.unknown_modifier,
        ),
        **{kind: tuple(several) for kind, several in facts.items()},  # type: ignore[arg-type]
    )
