"""Proposals and corrected drafts as FHIR R4 resources, built and checked with the ``fhir.resources`` R4B classes.

Every proposal is validated once and then copied for each patient, so that a call costs no validation. A corrected
draft is validated each time: a draft that is no valid resource cannot be corrected by us, only withdrawn.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from fhir_mappings.proposal import PROPOSALS, Proposal

UCUM = "http://unitsofmeasure.org"
_SAMPLE_PATIENT = "Patient/example"


def _concept(proposal: Proposal) -> dict[str, Any]:
    concept: dict[str, Any] = {"text": proposal.words}
    if proposal.coding:
        system, code, display = proposal.coding
        concept["coding"] = [{"system": system, "code": code, "display": display}]
    return concept


@cache
def _template(key: str, intent: str) -> dict[str, Any]:
    """The proposal for a placeholder patient, validated."""
    proposal = PROPOSALS[key]
    resource: dict[str, Any] = {"status": "draft", "intent": intent}
    if proposal.kind == "task":
        resource |= {"resourceType": "Task", "description": proposal.words, "for": {"reference": _SAMPLE_PATIENT}}
        resource["code"] = _concept(proposal)
        if proposal.form:
            resource["input"] = [{"type": {"text": "questionnaire"}, "valueCanonical": proposal.form}]
    else:
        resource |= {"resourceType": "ServiceRequest", "code": _concept(proposal)}
        resource["subject"] = {"reference": _SAMPLE_PATIENT}
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource


def create(key: str, patient_id: str, *, intent: str = "proposal") -> dict[str, Any]:
    """A draft resource for the patient.

    Args:
        key: key of :data:`fhir_mappings.proposal.PROPOSALS`.
        patient_id: bare id of the patient.
        intent: FHIR request intent; ``proposal`` unless the hook's orders need another.

    Returns:
        A fresh FHIR R4 resource as JSON data (ServiceRequest or Task, status draft).

    Raises:
        KeyError: no such proposal.
    """
    template = _template(key, intent)
    subject = "for" if template["resourceType"] == "Task" else "subject"
    return {**template, subject: {"reference": f"Patient/{patient_id}"}}


def warm() -> None:
    """Validate every proposal before the first call."""
    for key in PROPOSALS:
        _template(key, "proposal")


def _checked(resource: dict[str, Any]) -> dict[str, Any] | None:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(copy.deepcopy(resource))
    except (ValueError, TypeError, AttributeError, KeyError, LookupError, RecursionError):
        return None
    return resource


def with_dose(draft: Mapping[str, Any], dose_mg: float) -> dict[str, Any] | None:
    """The draft MedicationRequest with one dose in mg instead of its own, everything else as it was.

    Returns:
        The whole corrected resource, or None where the draft has no single dose instruction to correct or is not valid.
    """
    corrected = copy.deepcopy(dict(draft))
    instructions = corrected.get("dosageInstruction")
    if corrected.get("resourceType") != "MedicationRequest" or not isinstance(instructions, list):
        return None
    if len(instructions) != 1 or not isinstance(instructions[0], dict):
        return None
    value = int(dose_mg) if float(dose_mg).is_integer() else dose_mg
    quantity = {"value": value, "unit": "mg", "system": UCUM, "code": "mg"}
    instructions[0].pop("text", None)
    instructions[0]["doseAndRate"] = [{"doseQuantity": quantity}]
    return _checked(corrected)


def with_start(draft: Mapping[str, Any], day: dt.date) -> dict[str, Any] | None:
    """The draft with its start moved to ``day``, everything else as it was.

    Returns:
        The whole corrected resource, or None where this kind of draft has no start that we can set or it is not valid.
    """
    corrected = copy.deepcopy(dict(draft))
    kind = corrected.get("resourceType")
    if kind == "ServiceRequest":
        if not {"occurrencePeriod", "occurrenceTiming"}.isdisjoint(corrected):
            return None
        corrected["occurrenceDateTime"] = day.isoformat()
        return _checked(corrected)
    instructions = corrected.get("dosageInstruction")
    if kind != "MedicationRequest" or not isinstance(instructions, list) or len(instructions) != 1:
        return None
    timing = instructions[0].setdefault("timing", {}) if isinstance(instructions[0], dict) else None
    if not isinstance(timing, dict):
        return None
    repeat = timing.get("repeat")
    if isinstance(repeat, dict) and isinstance(repeat.get("boundsPeriod"), dict):
        repeat["boundsPeriod"]["start"] = day.isoformat()
    else:
        timing["event"] = [day.isoformat()]
    return _checked(corrected)
