"""Patient."""

from __future__ import annotations

from typing import Any, Final

from fhir_mappings.history import Patient
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.elements import codes, extensions
from fhir_mappings.r4.known_names import BIRTH_SEX, SEX_FOR_CLINICAL_USE, VALUE

ELEMENTS: Final = ("gender", "birthDate", "deceasedBoolean", "deceasedDateTime", "extension")
INDISPENSABLE: Final = ("deceasedBoolean", "deceasedDateTime")
"""What is still read when the rest is broken: age and sex may stay unknown, not whether the patient lives."""


def _deceased(patient: Any) -> Tri:
    if patient.deceasedDateTime is not None or patient.deceasedBoolean is True:
        return Tri.YES
    return Tri.NO if patient.deceasedBoolean is False else Tri.UNKNOWN


def read(patient: Any, reference: str) -> Patient:
    """Read the patient; of several differing sex parameters for clinical use, none counts."""
    for_clinical_use = {
        code
        for each in extensions(patient, SEX_FOR_CLINICAL_USE)
        for part in extensions(each, VALUE)
        for _, code in codes(part.valueCodeableConcept)
    }
    birth_sex = {each.valueCode for each in extensions(patient, BIRTH_SEX) if each.valueCode}
    return Patient(
        reference=reference,
        birth=PartialDate.read(patient.birthDate),
        deceased=_deceased(patient),
        gender=patient.gender or "",
        birth_sex=birth_sex.pop() if len(birth_sex) == 1 else "",
        sex_for_clinical_use=for_clinical_use.pop() if len(for_clinical_use) == 1 else "",
    )
