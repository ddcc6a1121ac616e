"""FHIR R4 and R4B, and what the other versions have in common with them; one reader a resource type.

R4 is the form in which the others are described: their folders say only in what they differ (a :class:`Form`), and
their resources are seen under R4's names. How a record is read: :mod:`~fhir_mappings.r4.reading`.

Add a resource type: its lean shape, a line in the screen's table of meanings, a reader, and a line in READERS.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fhir_mappings.history import History
from fhir_mappings.r4 import (
    allergy_intolerance,
    condition,
    medication,
    observation,
    plan,
    procedure,
    questionnaire_response,
    reading,
    report,
    shapes,
)
from fhir_mappings.r4.models import Models
from fhir_mappings.r4.source import Form, Reader
from fhir_mappings.record import Record

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "Condition": condition.READER,
        "Procedure": procedure.READER,
        "MedicationStatement": medication.STATEMENT,
        "MedicationAdministration": medication.ADMINISTRATION,
        "MedicationRequest": medication.REQUEST,
        "Observation": observation.READER,
        "DiagnosticReport": report.REPORT,
        "ImagingStudy": report.STUDY,
        "ServiceRequest": plan.REQUEST,
        "Appointment": plan.APPOINTMENT,
        "AllergyIntolerance": allergy_intolerance.READER,
        "QuestionnaireResponse": questionnaire_response.READER,
    }
)
"""Resource type -> how it is read."""

FORM: Final = Form(models=Models("R4", "fhir.resources.R4B"), shapes=shapes.R4, readers=READERS)
"""R4 and R4B, read with the classes of R4B."""


def read(record: Record) -> History:
    """Read one call's FHIR R4 data; see :func:`fhir_mappings.r4.reading.read`."""
    return reading.read(record, FORM)


def warm() -> None:
    """Import every class that readers of R4 use."""
    reading.warm(FORM)


__all__ = ["FORM", "READERS", "read", "warm"]
