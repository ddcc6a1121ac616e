"""The lean shape of each resource: only what tells whether it matters, decoded in one pass over the raw JSON.

Every structure ignores elements that it does not name; those of another JSON type than FHIR's make the decoder raise
``msgspec.ValidationError``, upon which :mod:`fhir_mappings.r4.screen` keeps what can be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Union

import msgspec
from msgspec import Raw, Struct

ABSENT: Final = Raw(b"")
"""Stands for raw JSON that was not there."""


class Coding(Struct, gc=False, rename="camel"):
    """Coding: system, code, display."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Struct, gc=False, rename="camel"):
    """CodeableConcept: codings (any of which may be null in real records) and text."""

    coding: list[Coding | None] | None = None
    text: str | None = None


class Reference(Struct, gc=False, rename="camel"):
    """Reference: literal reference and display."""

    reference: str | None = None
    display: str | None = None


class Lean(Struct, gc=False, rename="camel", tag_field="resourceType"):
    """What every resource has."""

    id: str | None = None

    @property
    def foreign(self) -> bool:
        """Whether it says what it is about in the way of another FHIR version, so that nothing was found by R4's."""
        return False


class Patient(Lean, tag="Patient"):
    """Patient: always read."""


class Condition(Lean, tag="Condition"):
    """Condition: matters by its code."""

    subject: Reference | None = None
    code: CodeableConcept | None = None


class Procedure(Lean, tag="Procedure"):
    """Procedure: matters by code, category or what was used."""

    subject: Reference | None = None
    code: CodeableConcept | None = None
    category: CodeableConcept | None = None
    used_code: list[CodeableConcept | None] | None = None
    used_reference: list[Reference | None] | None = None
    contained: Raw = ABSENT


class _Medicated(Lean):
    """What every record of a drug has."""

    subject: Reference | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    contained: Raw = ABSENT
    medication: Raw = ABSENT

    @property
    def foreign(self) -> bool:
        """R5's medication."""
        return self.medication is not ABSENT


class MedicationStatement(_Medicated, tag="MedicationStatement"):
    """MedicationStatement: matters by its drug."""


class MedicationRequest(_Medicated, tag="MedicationRequest"):
    """MedicationRequest: matters by its drug."""


class MedicationAdministration(_Medicated, tag="MedicationAdministration"):
    """MedicationAdministration: matters by its drug."""


class Component(Struct, gc=False, rename="camel"):
    """Observation.component: its code, and whether it has a value."""

    code: CodeableConcept | None = None
    value_quantity: Raw = ABSENT


class Observation(Lean, tag="Observation"):
    """Observation: matters by its code or a component's; status, day and value tell what is superseded."""

    subject: Reference | None = None
    code: CodeableConcept | None = None
    component: list[Component | None] | None = None
    status: str | None = None
    effective_date_time: str | None = None
    value_quantity: Raw = ABSENT
    value_codeable_concept: Raw = ABSENT


class DiagnosticReport(Lean, tag="DiagnosticReport"):
    """DiagnosticReport: matters by code or conclusion code."""

    subject: Reference | None = None
    code: CodeableConcept | None = None
    conclusion_code: list[CodeableConcept | None] | None = None
    coded_diagnosis: Raw = ABSENT

    @property
    def foreign(self) -> bool:
        """STU3's conclusion code."""
        return self.coded_diagnosis is not ABSENT


class ImagingStudy(Lean, tag="ImagingStudy"):
    """ImagingStudy: matters by procedure code or description."""

    subject: Reference | None = None
    procedure_code: list[CodeableConcept | None] | None = None
    description: str | None = None
    procedure: Raw = ABSENT

    @property
    def foreign(self) -> bool:
        """R5's procedure code."""
        return self.procedure is not ABSENT


class ConceptOrReference(CodeableConcept):
    """CodeableConcept where R5 has a CodeableReference."""

    concept: Raw = ABSENT
    reference: Raw = ABSENT

    @property
    def foreign(self) -> bool:
        """It is a CodeableReference."""
        return self.concept is not ABSENT or self.reference is not ABSENT


class ServiceRequest(Lean, tag="ServiceRequest"):
    """ServiceRequest: matters by its code."""

    subject: Reference | None = None
    code: ConceptOrReference | None = None

    @property
    def foreign(self) -> bool:
        """R5's code."""
        return self.code is not None and self.code.foreign


class Participant(Struct, gc=False, rename="camel"):
    """Appointment.participant: who."""

    actor: Reference | None = None


class Appointment(Lean, tag="Appointment"):
    """Appointment: matters by service, reason or description."""

    participant: list[Participant | None] | None = None
    service_type: list[ConceptOrReference | None] | None = None
    reason_code: list[CodeableConcept | None] | None = None
    description: str | None = None
    reason: Raw = ABSENT

    @property
    def foreign(self) -> bool:
        """R5's service type, or the reason of R5 and STU3."""
        return self.reason is not ABSENT or any(each is not None and each.foreign for each in self.service_type or ())


class Reaction(Struct, gc=False, rename="camel"):
    """AllergyIntolerance.reaction: the substance."""

    substance: CodeableConcept | None = None


class AllergyIntolerance(Lean, tag="AllergyIntolerance"):
    """AllergyIntolerance: matters by its substance."""

    patient: Reference | None = None
    code: CodeableConcept | None = None
    reaction: list[Reaction | None] | None = None


class QuestionnaireResponse(Lean, tag="QuestionnaireResponse"):
    """QuestionnaireResponse: matters when it answers our questionnaire."""

    subject: Reference | None = None
    questionnaire: str | None = None


class Ingredient(Struct, gc=False, rename="camel"):
    """Medication.ingredient: what."""

    item_codeable_concept: CodeableConcept | None = None


class Medication(Lean, tag="Medication"):
    """Medication: not a fact, but others point to it."""

    code: CodeableConcept | None = None
    status: str | None = None
    ingredient: list[Ingredient | None] | None = None


class BodyStructure(Lean, tag="BodyStructure"):
    """BodyStructure: a treated volume that a Procedure points to."""

    patient: Reference | None = None
    location: CodeableConcept | None = None


class Issue(Struct, gc=False, rename="camel"):
    """OperationOutcome.issue: how bad, and of what kind."""

    severity: str | None = None
    code: str | None = None


class OperationOutcome(Lean, tag="OperationOutcome"):
    """OperationOutcome: tells that an answer is not whole."""

    issue: list[Issue | None] | None = None


class NestedBundle(Lean, tag="Bundle"):
    """A Bundle as an entry (batch-response)."""


# Types often met beside those read. A type missing here is passed over as well, only more slowly.
_PASSED_OVER: Final = (
    *("Account", "AdverseEvent", "Basic", "Binary", "CarePlan", "CareTeam", "ChargeItem", "Claim"),
    *("ClaimResponse", "ClinicalImpression", "Communication", "CommunicationRequest", "Composition", "Consent"),
    *("Coverage", "Device", "DeviceRequest", "DeviceUseStatement", "DocumentReference", "Encounter"),
    *("EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal", "Group"),
    *("HealthcareService", "Immunization", "ImmunizationRecommendation", "List", "Location", "Media"),
    *("MedicationDispense", "MolecularSequence", "NutritionOrder", "Organization", "Person", "Practitioner"),
    *("PractitionerRole", "Provenance", "Questionnaire", "RelatedPerson", "ResearchSubject", "RiskAssessment"),
    *("Schedule", "Slot", "Specimen", "Substance", "SupplyDelivery", "SupplyRequest", "Task"),
    *("VisionPrescription",),
)


class Passed(Lean):
    """A resource of a type that no reader reads."""


_OTHERS: Final = tuple(
    msgspec.defstruct(f"Passed{name}", (), bases=(Passed,), tag_field="resourceType", tag=name, gc=False)
    for name in _PASSED_OVER
)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The lean shapes of one FHIR version. A shape that differs from R4's has R4's names as properties.

    Attributes:
        by_type: resource type -> lean shape.
        r4_types: what R4 calls a type, where the names differ.
        types: lean shape -> (resource type, R4's name of it).
        resource: decodes one resource's JSON to its lean shape.
    """

    by_type: Mapping[str, type[Lean]]
    r4_types: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[type[Lean], tuple[str, str]] = field(init=False)
    resource: msgspec.json.Decoder[Any] = field(init=False)

    def __post_init__(self) -> None:
        types = {shape: (name, self.r4_types.get(name, name)) for name, shape in self.by_type.items()}
        object.__setattr__(self, "types", types)
        decoder = msgspec.json.Decoder[Any](Union[(*self.by_type.values(), *_OTHERS)])
        object.__setattr__(self, "resource", decoder)


def by_type(*shapes: type[Lean]) -> Mapping[str, type[Lean]]:
    """Resource type -> shape."""
    return MappingProxyType({str(shape.__struct_config__.tag): shape for shape in shapes})


R4: Final = Shapes(
    by_type(
        Patient,
        Condition,
        Procedure,
        MedicationStatement,
        MedicationRequest,
        MedicationAdministration,
        Observation,
        DiagnosticReport,
        ImagingStudy,
        ServiceRequest,
        Appointment,
        AllergyIntolerance,
        QuestionnaireResponse,
        Medication,
        BodyStructure,
        OperationOutcome,
        NestedBundle,
    )
)


class Search(Struct, gc=False, rename="camel"):
    """Bundle.entry.search: match, include or outcome."""

    mode: str | None = None


class Entry(Struct, gc=False, rename="camel"):
    """Bundle.entry: the resource stays raw. A bare resource in its place shows by its type."""

    full_url: str | None = None
    resource: Raw = ABSENT
    resource_type: str | None = None
    search: Search | None = None


class Link(Struct, gc=False, rename="camel"):
    """Bundle.link: relation only."""

    relation: str | None = None


class Envelope(Struct, gc=False, rename="camel"):
    """A Bundle, or a single resource seen from outside."""

    resource_type: str | None = None
    implicit_rules: str | None = None
    entry: list[Entry | None] | None = None
    link: list[Link | None] | None = None


ENVELOPE: Final = msgspec.json.Decoder(Envelope)
RAW_LIST: Final = msgspec.json.Decoder(list[Raw])
ANYTHING: Final = msgspec.json.Decoder[Any]()
