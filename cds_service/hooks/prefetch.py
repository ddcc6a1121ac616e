"""The questions put to the record: prefetch key to template, for discovery and for the fall-back alike.

Each template has ``{{context.patientId}}`` as its only token, names no parameter twice, and keeps to parameters that US
Core servers offer (PF-04 to PF-14). ``_count`` asks for large pages, so that few round trips fit into the deadline.

*Observations* are asked for by code, not by category: performance status, PD-L1, TNM categories, tumour findings and
the codes of this project carry no category in many systems, so that a search by category would miss what decides;
a search without either is refused by some servers and returns every vital sign of years by the others. The list is
that of the value sets: a code that is read is a code that is asked for. Codes stand without their system, which matches
the old spellings of a system as well.

*MedicationRequests* are asked for with patient and intent, the pair that US Core servers have to serve.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fhir_mappings.value_sets.concepts import CONCEPTS

PATIENT_TOKEN: Final = "{{context.patientId}}"  # noqa: S105 - a template's token, not a secret
_COUNT: Final = "_count=200"
_SNOMED_CT: Final = "http://snomed.info/sct"
_SIGNS_TOPIC: Final = "pelvic_signs"
"""Signs that a record may hold as Condition or as Observation; as the latter with a SNOMED CT code."""


def observation_codes() -> tuple[str, ...]:
    """Every code that an Observation of interest may carry, sorted; without its system."""
    return tuple(
        sorted(
            {
                row.code
                for concept in CONCEPTS.values()
                for row in concept.rows
                if concept.kind == "observation" or (concept.topic == _SIGNS_TOPIC and row.system == _SNOMED_CT)
            }
        )
    )


def _search(resource_type: str, parameters: str = "") -> str:
    return f"{resource_type}?patient={PATIENT_TOKEN}{parameters}&{_COUNT}"


TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "patient": f"Patient/{PATIENT_TOKEN}",
        "conditions": _search("Condition"),
        "procedures": _search("Procedure"),
        "medicationStatements": _search("MedicationStatement"),
        "medicationRequests": _search("MedicationRequest", "&intent=order"),
        "medicationAdministrations": _search("MedicationAdministration"),
        "observations": _search("Observation", f"&code={','.join(observation_codes())}"),
        "diagnosticReports": _search("DiagnosticReport"),
        "serviceRequests": _search("ServiceRequest"),
        "allergyIntolerances": _search("AllergyIntolerance"),
    }
)
"""Asked for by every service."""

OPTIONAL_TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {"questionnaireResponses": _search("QuestionnaireResponse")}
)
"""Asked for only where the site says that its server has them; read whenever a client sends them."""
