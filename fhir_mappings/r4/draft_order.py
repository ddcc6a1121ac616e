"""``context.draftOrders`` -> DraftOrder: read leniently, since drafts are unfinished by nature.

Each element is validated by itself, so that a draft without intent or drug, with an object where FHIR has a list, or
with an id of any length, is still read for the rest (``hook-contexts``, "What real clients send"). An element that
matters and cannot be read is told as Unreadable. Drafts never become history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import NONE, DraftOrder, Unreadable
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4 import models
from fhir_mappings.r4.elements import (
    concepts_in,
    concepts_over,
    doses,
    extensions,
    intent_of,
    period,
    priority,
    references,
    route,
    sites_of,
)
from fhir_mappings.r4.known_names import TREATMENT_INTENT
from fhir_mappings.r4.lookup import Lookup
from fhir_mappings.r4.meaning import Meaning, words
from fhir_mappings.r4.procedure import technique
from fhir_mappings.r4.screen import Found, meaning_of_draft
from fhir_mappings.r4.source import Form
from fhir_mappings.value_sets import kind_of

_LISTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bodySite": "CodeableConcept",
        "category": "CodeableConcept",
        "orderDetail": "CodeableConcept",
        "reasonCode": "CodeableConcept",
        "reasonReference": "Reference",
        "dosageInstruction": "Dosage",
        "extension": "Extension",
    }
)
_SINGLES: Final[Mapping[str, str]] = MappingProxyType({"occurrencePeriod": "Period", "occurrenceTiming": "Timing"})
READ: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "MedicationRequest": ("category", "reasonCode", "reasonReference", "dosageInstruction", "extension"),
        "ServiceRequest": (
            *("bodySite", "category", "orderDetail", "reasonCode", "reasonReference", "extension"),
            *("occurrencePeriod", "occurrenceTiming"),
        ),
    }
)
"""What is read of a draft order beside its code, status, intent, priority and dates."""
_UNIMPORTANT: Final = frozenset({"category", "contained", "id", "subject"})
"""Elements whose loss is not told: they only add to what the code says, or are given by the call."""

_DAYS: Final[Mapping[str, int]] = MappingProxyType({"d": 1, "wk": 7})
_HOURS: Final[Mapping[str, float]] = MappingProxyType({"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0})


@dataclass(slots=True)
class _Parts:
    """The elements of one draft that could be read; those that could not are named in ``broken``."""

    lists: dict[str, list[Any]] = field(default_factory=dict)
    singles: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    extension: list[Any] = field(default_factory=list)

    def several(self, name: str) -> list[Any]:
        return self.lists.get(name, [])


def _parts(content: Mapping[str, Any], names: tuple[str, ...], form: Form) -> _Parts:
    """Validate each element alone. Raises models.UnknownModifier."""
    parts = _Parts()
    for name in names:
        value = content.get(name)
        if not value:
            continue
        several = value if isinstance(value, list) else [value]
        if name == "extension":
            several = models.known_extensions(value)
        for each in several:
            if not each:
                continue
            try:
                read = form.models.element(_LISTS.get(name) or _SINGLES[name], each)
            except models.UnknownModifier:
                raise
            except models.Invalid:
                if name not in _UNIMPORTANT and name not in parts.broken:
                    parts.broken.append(name)
                continue
            if name in _SINGLES:
                parts.singles[name] = read
            else:
                parts.lists.setdefault(name, []).append(read)
    parts.extension = parts.several("extension")
    return parts


def _word(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    return value if isinstance(value, str) else ""


def _interval(repeat: Any) -> int | None:
    """Whole days between doses: period over frequency; None for parts of days, months and anything unclear."""
    if repeat is None or repeat.period is None or repeat.periodUnit not in _DAYS:
        return None
    between = float(repeat.period) * _DAYS[repeat.periodUnit] / (repeat.frequency or 1)
    return int(between) if between >= 1 and between == int(between) else None


def _infusion(repeat: Any) -> float | None:
    """Hours that one administration takes: duration, or its longest."""
    if repeat is None or repeat.durationUnit not in _HOURS:
        return None
    length = repeat.durationMax if repeat.durationMax is not None else repeat.duration
    return None if length is None else round(float(length) * _HOURS[repeat.durationUnit], 4)


def _only(values: list[Any]) -> Any:
    """The one value that all who say something agree on, else None."""
    said = {each for each in values if each is not None}
    return said.pop() if len(said) == 1 else None


def _bounds(timings: list[Any]) -> tuple[PartialDate | None, PartialDate | None]:
    """First day and last day of the timings, by their events and bounds."""
    starts: list[PartialDate] = []
    ends: list[PartialDate] = []
    for timing in timings:
        starts += [day for each in timing.event or () if (day := PartialDate.read(each)) is not None]
        start, end = period(timing.repeat.boundsPeriod if timing.repeat is not None else None)
        starts += [start] if start is not None else []
        ends += [end] if end is not None else []
    return min(starts, default=None), max(ends, default=None)


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft as read, and what of it could not be."""

    order: DraftOrder
    unreadable: Unreadable | None = None


def read(found: Found, content: Mapping[str, Any], form: Form, *, selected: bool, lookup: Lookup) -> Draft:
    """Read one draft.

    Args:
        found: the draft as screened.
        content: its decoded JSON, kept whole in the DraftOrder.
        form: the FHIR version that it is written in.
        selected: whether the hook asks about it.
        lookup: finds the medication it refers to.

    Returns:
        The order. With an unknown modifier, or ``doNotPerform``, it has no concepts: it asks for nothing we know.
    """
    bare = DraftOrder(reference=found.reference, resource_type=found.resource_type, resource=content, selected=selected)
    names = READ.get(found.r4_type)
    if names is None or content.get("doNotPerform") is True:
        return Draft(bare)
    meaning = meaning_of_draft(found, lookup)
    try:
        models.refuse_unknown_rules(content)
        parts = _parts(form.draft(content), names, form)
    except models.UnknownModifier as fault:
        return Draft(bare, _unreadable(found, meaning, str(fault)))
    order = _order(found, content, meaning, parts, selected=selected, lookup=lookup)
    broken = [*parts.broken, *sorted(found.damaged - _UNIMPORTANT)]
    cause = f"a part of it is not valid FHIR: {', '.join(broken)}" if broken else ""
    if found.lean.foreign:
        cause = f"it is not in the form of FHIR {form.models.version}"
    return Draft(order, _unreadable(found, meaning, cause) if cause else None)


def _order(
    found: Found, content: Mapping[str, Any], meaning: Meaning, parts: _Parts, *, selected: bool, lookup: Lookup
) -> DraftOrder:
    dosages = parts.several("dosageInstruction")
    timings = [each.timing for each in dosages if each.timing is not None]
    timings += [parts.singles["occurrenceTiming"]] if "occurrenceTiming" in parts.singles else []
    repeats = [timing.repeat for timing in timings if timing.repeat is not None]
    start, end = period(parts.singles.get("occurrencePeriod"))
    first, last = _bounds(timings)
    sites = sites_of(parts.several("bodySite"))
    detail = concepts_over(parts.several("orderDetail"))
    marks = concepts_over(parts.several("category")) | detail
    asked = technique(parts) | {each for each in detail if kind_of(each) == "procedure"}
    intent = [each for url in TREATMENT_INTENT for each in extensions(parts, url)]
    return DraftOrder(
        reference=found.reference,
        concepts=meaning.concepts,
        text=meaning.text if meaning.text_only else words(meaning.concepts, sites) or meaning.text,
        by_name=meaning.by_name,
        text_only=meaning.text_only,
        conflict=meaning.conflict,
        resource_type=found.resource_type,
        resource=content,
        selected=selected,
        start=start or PartialDate.read(content.get("occurrenceDateTime")) or first,
        authored=PartialDate.read(content.get("authoredOn")),
        end=end or last,
        doses=doses(dosages),
        interval_days=_only([_interval(each) for each in repeats]),
        infusion_hours=_only([_infusion(each) for each in repeats]),
        route=route(each.route for each in dosages if each.route is not None),
        body_sites=sites,
        recorded_site=bool(parts.several("bodySite")),
        technique=asked,
        intent=intent_of(NONE.union(*(concepts_in(each.valueCodeableConcept) for each in intent))),
        priority=priority(_word(content, "priority"), marks, meaning.concepts),
        reasons=concepts_over(parts.several("reasonCode"))
        | lookup.conditions(references(parts.several("reasonReference"))),
        unread=not meaning.concepts and _unresolved(found, lookup),
    )


def _unresolved(found: Found, lookup: Lookup) -> bool:
    """Whether a draft refers to a medication that is not at hand; before one is picked there is nothing to resolve."""
    if found.r4_type != "MedicationRequest":
        return False
    lean: Any = found.lean
    reference = lean.medication_reference.reference if lean.medication_reference is not None else None
    return bool(reference) and lookup.medication(reference, lookup.contained_in(lean.contained)) is None


def _unreadable(found: Found, meaning: Meaning, cause: str) -> Unreadable:
    return Unreadable(reference=found.reference, resource_type=found.r4_type, cause=cause, concepts=meaning.concepts)


def selected_among(found: list[Found], selections: tuple[str, ...] | None, lookup: Lookup) -> set[int]:
    """Positions of the drafts that the hook asks about.

    All without selections (order-sign). Selections that name none of the drafts leave all selected: better asked too
    much than a selected order passed over. An empty selection selects nothing.
    """
    if selections is None:
        return set(range(len(found)))
    wanted = {lookup.local(each) for each in selections}
    chosen = {
        position
        for position, each in enumerate(found)
        if wanted & {each.reference, each.identity, lookup.local(each.full_url)} - {""}
    }
    return chosen if chosen or not wanted else set(range(len(found)))
