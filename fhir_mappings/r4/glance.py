"""A glance at Patient and Conditions: whether they leave open that the patient has a disease. Nothing is read for it.

Most calls are about patients without the disease that this service is for. Codes and subjects of Conditions, and the
names of ``Patient.deceased[x]``, are the same in every FHIR version that is read, so that one glance serves them all.
"""

from __future__ import annotations

from fhir_mappings.history import Concepts, SetAside
from fhir_mappings.r4.screen import screen
from fhir_mappings.record import Record

_ALL_OWN = SetAside()
_DEATH = b'"deceased'


def rules_out(record: Record, concepts: Concepts) -> bool:
    """Whether no Condition can be about one of the concepts, nothing can hide one, and no word is of a death.

    Args:
        record: Patient and Conditions, as obtained.
        concepts: what a Condition must not be about, by code or by telling words.

    Returns:
        True only when it is certain: a gap, a Condition that cannot be screened, or one of another patient or of none
        makes it False.
    """
    if any(_DEATH in bytes(payload) for payload in record.obtained["patient"].payloads):
        return False
    screened = screen(record)
    if screened.gaps or screened.unreadable or screened.set_aside != _ALL_OWN:
        return False
    return not any(each.found.damaged or each.meaning.concepts & concepts for each in screened.candidates)
