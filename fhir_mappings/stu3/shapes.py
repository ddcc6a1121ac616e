"""The lean shapes in which STU3 differs from R4; each has R4's names as properties."""

from __future__ import annotations

from typing import Final

from msgspec import field

from fhir_mappings.r4 import shapes
from fhir_mappings.r4.shapes import CodeableConcept, Lean, Reference, Shapes


class DiagnosticReport(Lean, tag="DiagnosticReport", rename="camel"):
    """DiagnosticReport: the conclusion code is called coded diagnosis."""

    subject: Reference | None = None
    code: CodeableConcept | None = None
    conclusion_code: list[CodeableConcept | None] | None = field(default=None, name="codedDiagnosis")


class ImagingStudy(Lean, tag="ImagingStudy", rename="camel"):
    """ImagingStudy: its subject is called patient."""

    subject: Reference | None = field(default=None, name="patient")
    procedure_code: list[CodeableConcept | None] | None = None
    description: str | None = None


class ProcedureRequest(Lean, tag="ProcedureRequest"):
    """ProcedureRequest: one half of R4's ServiceRequest."""

    subject: Reference | None = None
    code: CodeableConcept | None = None


class ReferralRequest(Lean, tag="ReferralRequest", rename="camel"):
    """ReferralRequest: the other half of R4's ServiceRequest; matters by the services asked for."""

    subject: Reference | None = None
    service_requested: list[CodeableConcept | None] | None = None

    @property
    def code(self) -> CodeableConcept | None:
        """The services as one code; several rarely are one order."""
        said = [each for each in self.service_requested or () if each is not None]
        if not said:
            return None
        return CodeableConcept([coding for each in said for coding in each.coding or ()], said[0].text)


class Appointment(Lean, tag="Appointment", rename="camel"):
    """Appointment: the reasons are called so without ``Code``."""

    participant: list[shapes.Participant | None] | None = None
    service_type: list[CodeableConcept | None] | None = None
    reason_code: list[CodeableConcept | None] | None = field(default=None, name="reason")
    description: str | None = None


class QuestionnaireResponse(Lean, tag="QuestionnaireResponse"):
    """QuestionnaireResponse: refers to its questionnaire."""

    subject: Reference | None = None
    asked: Reference | None = field(default=None, name="questionnaire")

    @property
    def questionnaire(self) -> str | None:
        """URL of the questionnaire."""
        return None if self.asked is None else self.asked.reference


class BodySite(shapes.BodyStructure, tag="BodySite"):
    """BodySite: R4's BodyStructure; the code is the place."""

    code: CodeableConcept | None = None

    def __post_init__(self) -> None:
        self.location = self.code


_GONE: Final = frozenset({"ServiceRequest", "BodyStructure"})

STU3: Final = Shapes(
    {
        **{name: shape for name, shape in shapes.R4.by_type.items() if name not in _GONE},
        **shapes.by_type(
            DiagnosticReport,
            ImagingStudy,
            ProcedureRequest,
            ReferralRequest,
            Appointment,
            QuestionnaireResponse,
            BodySite,
        ),
    },
    r4_types={
        "ProcedureRequest": "ServiceRequest",
        "ReferralRequest": "ServiceRequest",
        "BodySite": "BodyStructure",
    },
)
