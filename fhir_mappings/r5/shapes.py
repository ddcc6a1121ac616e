"""The lean shapes in which R5 differs from R4; each has R4's names as properties."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Raw, Struct, field

from fhir_mappings.r4 import shapes
from fhir_mappings.r4.shapes import ABSENT, CodeableConcept, Lean, Reference, Shapes


class CodeableReference(Struct, gc=False):
    """CodeableReference: a concept, a reference, or both; a ``coding`` of its own is R4's CodeableConcept."""

    concept: CodeableConcept | None = None
    reference: Reference | None = None
    coding: Raw = ABSENT


Several = list[CodeableReference | None]


def _concepts(several: Iterable[CodeableReference | None] | None) -> list[CodeableConcept | None]:
    return [each.concept for each in several or () if each is not None]


def _merged(several: Iterable[CodeableConcept | None] | None) -> CodeableConcept | None:
    """One CodeableConcept of all codings; None of none."""
    said = [each for each in several or () if each is not None]
    if not said:
        return None
    return CodeableConcept([coding for each in said for coding in each.coding or ()], said[0].text)


class Procedure(Lean, tag="Procedure"):
    """Procedure: several categories; what was used is one list."""

    subject: Reference | None = None
    code: CodeableConcept | None = None
    categories: list[CodeableConcept | None] | None = field(default=None, name="category")
    used: Several | None = None
    contained: Raw = ABSENT

    @property
    def category(self) -> CodeableConcept | None:
        """All categories as one."""
        return _merged(self.categories)

    @property
    def used_code(self) -> list[CodeableConcept | None]:
        """What was used, by code."""
        return _concepts(self.used)

    @property
    def used_reference(self) -> list[Reference | None]:
        """What was used, by reference."""
        return [each.reference for each in self.used or () if each is not None]


class _Medicated(Lean):
    """What every record of a drug has."""

    subject: Reference | None = None
    medication: CodeableReference | None = None
    contained: Raw = ABSENT

    @property
    def medication_codeable_concept(self) -> CodeableConcept | None:
        """The drug by code."""
        return None if self.medication is None else self.medication.concept

    @property
    def medication_reference(self) -> Reference | None:
        """The drug by reference."""
        return None if self.medication is None else self.medication.reference


class MedicationStatement(_Medicated, tag="MedicationStatement"):
    """MedicationStatement: matters by its drug."""


class MedicationRequest(_Medicated, tag="MedicationRequest"):
    """MedicationRequest: matters by its drug."""


class MedicationAdministration(_Medicated, tag="MedicationAdministration"):
    """MedicationAdministration: matters by its drug."""


class ImagingStudy(Lean, tag="ImagingStudy"):
    """ImagingStudy: the procedures are CodeableReferences."""

    subject: Reference | None = None
    procedure: Several | None = None
    description: str | None = None

    @property
    def procedure_code(self) -> list[CodeableConcept | None]:
        """The procedures by code."""
        return _concepts(self.procedure)


class ServiceRequest(Lean, tag="ServiceRequest"):
    """ServiceRequest: the code is a CodeableReference."""

    subject: Reference | None = None
    requested: CodeableReference | None = field(default=None, name="code")

    @property
    def code(self) -> CodeableConcept | None:
        """What is requested, by code."""
        return None if self.requested is None else self.requested.concept

    @property
    def foreign(self) -> bool:
        """R4's code."""
        return self.requested is not None and self.requested.coding is not ABSENT


class Appointment(Lean, tag="Appointment"):
    """Appointment: service types and reasons are CodeableReferences."""

    participant: list[shapes.Participant | None] | None = None
    services: Several | None = field(default=None, name="serviceType")
    reason: Several | None = None
    description: str | None = None

    @property
    def service_type(self) -> list[CodeableConcept | None]:
        """The services by code."""
        return _concepts(self.services)

    @property
    def reason_code(self) -> list[CodeableConcept | None]:
        """The reasons by code."""
        return _concepts(self.reason)


class Ingredient(shapes.Ingredient):
    """Medication.ingredient: a CodeableReference."""

    item: CodeableReference | None = None

    def __post_init__(self) -> None:
        if self.item is not None:
            self.item_codeable_concept = self.item.concept


class Medication(shapes.Medication, tag="Medication"):
    """Medication: not a fact, but others point to it."""

    ingredient: list[Ingredient | None] | None = None  # type: ignore[assignment]


class Structure(Struct, gc=False):
    """BodyStructure.includedStructure: where."""

    structure: CodeableConcept | None = None


class BodyStructure(shapes.BodyStructure, tag="BodyStructure", rename="camel"):
    """BodyStructure: a treated volume, which may consist of several structures."""

    included_structure: list[Structure | None] | None = None

    def __post_init__(self) -> None:
        self.location = _merged(each.structure for each in self.included_structure or () if each is not None)


R5: Final = Shapes(
    {
        **shapes.R4.by_type,
        **shapes.by_type(
            Procedure,
            MedicationStatement,
            MedicationRequest,
            MedicationAdministration,
            ImagingStudy,
            ServiceRequest,
            Appointment,
            Medication,
            BodyStructure,
        ),
    }
)
