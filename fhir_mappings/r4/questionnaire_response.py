"""QuestionnaireResponse to our Questionnaire ``recurrence-staging`` -> one Observed for each answer.

An item's ``linkId`` is a code of our CodeSystem ``recurrence-findings`` (``pdl1-cps``); a question about one body site
adds the concept of the site after a colon (``tumour-at-site:site-vaginal-cuff``). Items may be grouped to any depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import NONE, Concepts, Observed, Value
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.elements import codes, concepts_in, unit_of
from fhir_mappings.r4.meaning import tidy, words
from fhir_mappings.r4.observation import shown
from fhir_mappings.r4.source import Read, Reader, Source, status_word
from fhir_mappings.value_sets import CONCEPTS, concepts_of
from fhir_mappings.value_sets.systems import RECURRENCE_FINDINGS

_STATUSES: Final[Mapping[str, bool | None]] = MappingProxyType(
    {"completed": True, "amended": True, "in-progress": False, "stopped": None}
)


class _Coded:
    """One Coding where a CodeableConcept is read."""

    def __init__(self, coding: Any) -> None:
        self.coding = [coding]
        self.text = None


def _items(items: Any) -> Iterator[Any]:
    for item in items or ():
        yield item
        yield from _items(item.item)
        for answer in item.answer or ():
            yield from _items(answer.item)


def _question(link: str) -> tuple[Concepts, Concepts]:
    """The fact asked for and the body site, as concepts; nothing for a question that is not ours."""
    code, _, site = link.partition(":")
    return concepts_of([(RECURRENCE_FINDINGS, code)]), frozenset({site}) if site in CONCEPTS else NONE


def _value(answer: Any) -> Value | None:
    if answer.valueBoolean is not None:
        return Value(truth=answer.valueBoolean)
    if answer.valueInteger is not None:
        return Value(number=float(answer.valueInteger))
    if answer.valueDecimal is not None:
        return Value(number=float(answer.valueDecimal))
    if answer.valueQuantity is not None and answer.valueQuantity.value is not None:
        quantity = answer.valueQuantity
        return Value(number=float(quantity.value), comparator=quantity.comparator or "", unit=unit_of(quantity))
    if answer.valueCoding is not None:
        coded = _Coded(answer.valueCoding)
        return Value(concepts=concepts_in(coded), codes=frozenset(codes(coded)))
    if answer.valueString is not None:
        return Value(token=tidy(answer.valueString).lower())
    return None


def read(response: Any, source: Source) -> tuple[Read, ...]:
    """Read the answers; a question answered more than once, or not at all, says nothing."""
    final = status_word(response.status, _STATUSES)
    if final is None:
        return ()
    found: list[Observed] = []
    for item in _items(response.item):
        concepts, site = _question(item.linkId or "")
        values = [value for answer in item.answer or () if (value := _value(answer)) is not None]
        if not concepts or len(values) != 1:
            continue
        found.append(
            Observed(
                reference=source.reference,
                concepts=concepts,
                text=f"{words(concepts, site)}: {shown(values[0])}{'' if final else ', not final'}",
                final=final,
                date=PartialDate.read(response.authored),
                value=values[0],
                body_sites=site,
            )
        )
    return tuple(found)


READER: Final = Reader(elements=("subject", "status", "authored", "item"), read=read)
