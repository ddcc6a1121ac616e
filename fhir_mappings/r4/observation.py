"""Observation -> Observed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import NONE, Observed, Value
from fhir_mappings.r4.elements import choice_of_date, codes, concepts_in, references, sites_of, span, unit_of
from fhir_mappings.r4.meaning import tidy, words
from fhir_mappings.r4.source import Read, Reader, Source, status_word

_STATUSES: Final[Mapping[str, bool | None]] = MappingProxyType(
    {
        "final": True,
        "amended": True,
        "corrected": True,
        "preliminary": False,
        "registered": False,
        "unknown": False,
        "cancelled": None,
    }
)
"""Status -> final; None is not read at all."""

_CATEGORY: Final = "tnm-category-"
"""How the concepts of TNM categories begin."""

VALUES: Final = (
    *("valueQuantity", "valueInteger", "valueBoolean", "valueCodeableConcept", "valueString", "valueRange"),
    *("valueRatio", "dataAbsentReason", "interpretation", "referenceRange"),
)
"""The elements of an Observation or of a component that carry its value."""

_ELEMENTS: Final = (
    *("status", "code", "effectiveDateTime", "effectiveInstant", "effectivePeriod"),
    *(*VALUES, "component", "bodySite", "method", "focus", "specimen"),
)


def _upper_limit(part: Any, unit: str) -> float | None:
    """Upper limit of the reference range in the unit of the value; None when several ranges differ."""
    if part.referenceRange is None:
        return None
    highs = [each.high for each in part.referenceRange if each.high is not None and each.high.value is not None]
    limits = {float(high.value) for high in highs if not unit_of(high) or unit_of(high) == unit}
    return limits.pop() if len(limits) == 1 and len(highs) == 1 else None


def _range(part: Any) -> tuple[float | None, str, str, str]:
    """Number, comparator, unit and text of a valueRange: one bound is a comparison, two differing ones are text."""
    low, high = part.valueRange.low, part.valueRange.high
    low = low if low is not None and low.value is not None else None
    high = high if high is not None and high.value is not None else None
    unit = unit_of(low or high) if low or high else ""
    if low is not None and high is not None:
        if low.value == high.value:
            return float(low.value), "", unit, ""
        return None, "", unit, f"{float(low.value):g}-{float(high.value):g}"
    if low is not None:
        return float(low.value), ">=", unit, ""
    return (float(high.value), "<=", unit, "") if high is not None else (None, "", "", "")


def value_of(part: Any) -> Value:
    """The value of an Observation, of a component, or of an answer.

    A coded value keeps its text as token, a coded TNM category (``tnm-category-m0``) is its token (``m0``); displays of
    codings are never compared. A ratio is its quotient when both
    terms have the same unit or the denominator has none.
    """
    number: float | None = None
    comparator = unit = token = ""
    if (quantity := part.valueQuantity) is not None:
        number = float(quantity.value) if quantity.value is not None else None
        comparator, unit = quantity.comparator or "", unit_of(quantity)
    elif part.valueInteger is not None:
        number = float(part.valueInteger)
    elif part.valueRange is not None:
        number, comparator, unit, token = _range(part)
    elif part.valueRatio is not None:
        number, unit = _quotient(part.valueRatio)
    elif part.valueString is not None:
        token = tidy(part.valueString).lower()
    concepts, coded = NONE, part.valueCodeableConcept
    if coded is not None:
        concepts = concepts_in(coded)
        token = tidy(coded.text).lower() or token
        for concept in concepts:
            if concept.startswith(_CATEGORY):
                token = concept.removeprefix(_CATEGORY)
    return Value(
        number=number,
        comparator=comparator,
        unit=unit,
        truth=part.valueBoolean,
        concepts=concepts,
        codes=frozenset(codes(coded)),
        token=token,
        reference_high=_upper_limit(part, unit),
        interpretation=frozenset(code for each in part.interpretation or () for _, code in codes(each)),
        absent=part.dataAbsentReason is not None,
    )


def _quotient(ratio: Any) -> tuple[float | None, str]:
    above, below = ratio.numerator, ratio.denominator
    if above is None or above.value is None or below is None or not below.value:
        return None, ""
    top, bottom = unit_of(above), unit_of(below)
    number = float(above.value) / float(below.value)
    if bottom in {"", "1", top}:
        return number, "" if bottom == top else top
    return number, f"{top}/{bottom}"


def shown(value: Value) -> str:
    """A value in plain words."""
    if value.absent:
        return "not obtained"
    if value.truth is not None:
        return "yes" if value.truth else "no"
    if value.number is not None:
        return f"{value.comparator}{value.number:g} {value.unit}".rstrip()
    return words(value.concepts) or value.token


def read(observation: Any, source: Source) -> tuple[Read, ...]:
    """Read an observation; one that was cancelled says nothing. Its date is effective[x] only, never ``issued``."""
    final = status_word(observation.status, _STATUSES)
    if final is None:
        return ()
    value = value_of(observation)
    components = tuple(
        (concepts_in(each.code), value_of(each)) for each in observation.component or () if each is not None
    )
    body_sites = NONE if observation.bodySite is None else sites_of([observation.bodySite])
    parts = ", ".join(f"{words(concepts)} {shown(each)}".strip() for concepts, each in components if concepts)
    said = shown(value)
    fact = source.fact(sites=body_sites)
    fact["text"] = ": ".join(part for part in (fact["text"], said or parts) if part)
    if not final:
        fact["text"] += ", not final"
    pointed = [*references(observation.focus)]
    if observation.specimen is not None:
        pointed.append(observation.specimen.reference)
    return (
        Observed(
            **fact,
            final=final,
            date=span(*choice_of_date(observation, "effective", source.birth)),
            value=value,
            components=components,
            body_sites=body_sites,
            methods=concepts_in(observation.method),
            focus=tuple(sorted({source.lookup.local(each) for each in pointed if each})),
        ),
    )


READER: Final = Reader(elements=_ELEMENTS, read=read)
