"""A glance at Patient and Conditions: whether they leave open that the patient has a disease. Nothing is read for it.

Most calls are about patients without the disease that this service is for. Codes and subjects of Conditions, and the
names of ``Patient.deceased[x]``, are the same in every FHIR version that is read, so that one glance serves them all.

Nearly every record has the plain form that is looked at here in one decode; any other goes through the screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import Struct

from fhir_mappings.history import Concepts, SetAside
from fhir_mappings.r4 import shapes
from fhir_mappings.r4.lookup import DECODE_ERRORS
from fhir_mappings.r4.meaning import concepts_over
from fhir_mappings.r4.screen import screen
from fhir_mappings.r4.telling_words import hinted_by_any
from fhir_mappings.record import Record, State

_ALL_OWN: Final = SetAside()
_DEATH: Final = b'"deceased'


def rules_out(record: Record, concepts: Concepts) -> bool:
    """Whether no Condition can be about one of the concepts, nothing can hide one, and no word is of a death.

    Args:
        record: Patient and Conditions, as obtained.
        concepts: what a Condition must not be about, by code or by telling words.

    Returns:
        True only when it is certain: a gap, a Condition that cannot be screened, or one of another patient or of none
        makes it False.
    """
    if any(each.state is State.NOT_OBTAINED or each.incomplete for each in record.obtained.values()):
        return False
    if any(_DEATH in bytes(payload) for payload in record.obtained["patient"].payloads):
        return False
    conditions = _plain_conditions(record)
    if conditions is None:
        return _screened_out(record, concepts)
    codes = [each.code for each in conditions if each.code is not None]
    if concepts_over(codes) & concepts:
        return False
    # What a word points to, a code beside it may rule out: that is for the screen to weigh.
    return not hinted_by_any("Condition", _texts(codes)) & concepts or _screened_out(record, concepts)


def _screened_out(record: Record, concepts: Concepts) -> bool:
    """The same of any form, by the screen that the whole record would go through."""
    screened = screen(record)
    if screened.gaps or screened.unreadable or screened.set_aside != _ALL_OWN:
        return False
    return not any(each.found.damaged or each.meaning.concepts & concepts for each in screened.candidates)


# ------------------------------------------------------------------------------------------- the plain form


class _Patient(Struct, gc=False, tag_field="resourceType", tag="Patient"):
    id: str


class _Condition(Struct, gc=False, tag_field="resourceType", tag="Condition"):
    subject: shapes.Reference
    id: str | None = None
    code: shapes.CodeableConcept | None = None


class _Entry(Struct, gc=False):
    resource: _Condition


class _Link(Struct, gc=False):
    relation: Literal["self", "first", "last", "previous"]


class _Bundle(Struct, gc=False, rename="camel", tag_field="resourceType", tag="Bundle"):
    entry: list[_Entry] = []
    link: list[_Link] = []
    implicit_rules: None = None


_PATIENT: Final = msgspec.json.Decoder(_Patient)
_BUNDLE: Final = msgspec.json.Decoder(_Bundle)


def _plain_conditions(record: Record) -> list[_Condition] | None:
    """The Conditions if all is there, whole, of this patient and in Bundles of nothing else; None when it is not."""
    own = f"Patient/{record.patient_id}"
    subjects = {own, f"{record.base_url}{own}"}
    try:
        patients = [_PATIENT.decode(payload) for payload in record.obtained["patient"].payloads]
        bundles = [_BUNDLE.decode(payload) for payload in record.obtained["conditions"].payloads]
    except DECODE_ERRORS:
        return None
    conditions = [entry.resource for bundle in bundles for entry in bundle.entry]
    plain = all(each.id == record.patient_id for each in patients) and all(
        each.subject.reference in subjects for each in conditions
    )
    return conditions if plain else None


def _texts(codes: Iterable[shapes.CodeableConcept]) -> set[str]:
    """The words of the codes."""
    texts = {code.text for code in codes}
    texts |= {coding.display for code in codes for coding in code.coding or () if coding is not None}
    return {text for text in texts if text}
