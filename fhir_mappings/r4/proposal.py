"""Proposals and corrected drafts as resources of one FHIR version, built and checked with ``fhir.resources``.

Every proposal is validated once and then copied for each patient, so that a call costs no validation. A corrected
draft is validated each time: a draft that is no valid resource cannot be corrected by us, only withdrawn.
"""

from __future__ import annotations

import copy
import datetime as dt
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_mappings.proposal import PROPOSALS, Proposal
from fhir_mappings.r4.models import IMPORTING

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
_SAMPLE_PATIENT = "Patient/example"


def _concept(proposal: Proposal) -> Json:
    concept: Json = {"text": proposal.words}
    if proposal.coding:
        system, code, display = proposal.coding
        concept["coding"] = [{"system": system, "code": code, "display": display}]
    return concept


def order(concept: Json) -> Json:
    """R4's order of what a CodeableConcept names."""
    return {"resourceType": "ServiceRequest", "code": concept}


def dose(quantity: Json) -> Json:
    """The elements of R4's Dosage that carry a dose."""
    return {"doseAndRate": [{"doseQuantity": quantity}]}


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds proposals and corrected drafts in one FHIR version.

    Attributes:
        package: the Python package of its ``fhir.resources`` classes.
        order: CodeableConcept -> type and code of an order.
        form: element of a Task's input that names a questionnaire.
        dose: Quantity -> the elements of a Dosage that carry it.
    """

    package: str
    order: Callable[[Json], Json] = order
    form: str = "valueCanonical"
    dose: Callable[[Json], Json] = dose
    _templates: dict[tuple[str, str], Json] = field(default_factory=dict)

    def _validate(self, resource: Json) -> None:
        # A class imports those of its elements when it first meets them.
        with IMPORTING:
            fhir = importlib.import_module(self.package)
            fhir.get_fhir_model_class(resource["resourceType"]).model_validate(resource)

    def _template(self, key: str, intent: str) -> Json:
        """The proposal for a placeholder patient, validated."""
        known = self._templates.get((key, intent))
        if known is not None:
            return known
        proposal = PROPOSALS[key]
        resource: Json = {"status": "draft", "intent": intent}
        if proposal.kind == "task":
            resource |= {"resourceType": "Task", "description": proposal.words, "for": {"reference": _SAMPLE_PATIENT}}
            resource["code"] = _concept(proposal)
            if proposal.form:
                resource["input"] = [{"type": {"text": "questionnaire"}, self.form: proposal.form}]
        else:
            resource |= {**self.order(_concept(proposal)), "subject": {"reference": _SAMPLE_PATIENT}}
        self._validate(copy.deepcopy(resource))
        self._templates[key, intent] = resource
        return resource

    def create(self, key: str, patient_id: str, *, intent: str = "proposal") -> Json:
        """A draft resource for the patient.

        Args:
            key: key of :data:`fhir_mappings.proposal.PROPOSALS`.
            patient_id: bare id of the patient.
            intent: FHIR request intent; ``proposal`` unless the hook's orders need another.

        Returns:
            A fresh resource as JSON data (an order or a Task, status draft).

        Raises:
            KeyError: no such proposal.
        """
        template = self._template(key, intent)
        subject = "for" if template["resourceType"] == "Task" else "subject"
        return {**template, subject: {"reference": f"Patient/{patient_id}"}}

    def warm(self) -> None:
        """Validate every proposal before the first call."""
        for key in PROPOSALS:
            self._template(key, "proposal")

    def _checked(self, resource: Json) -> Json | None:
        """The resource without what is empty, which no answer may hold; None where it is not valid then."""
        resource = _without_empty(resource)
        try:
            self._validate(copy.deepcopy(resource))
        except (ValueError, TypeError, AttributeError, KeyError, LookupError, RecursionError):
            return None
        return resource

    def with_dose(self, draft: Mapping[str, Any], dose_mg: float) -> Json | None:
        """The draft MedicationRequest with one dose in mg instead of its own, everything else as it was.

        Returns:
            The whole corrected resource, or None where the draft has no single dose instruction to correct or is not
            valid.
        """
        corrected = copy.deepcopy(dict(draft))
        instructions = corrected.get("dosageInstruction")
        if corrected.get("resourceType") != "MedicationRequest" or not isinstance(instructions, list):
            return None
        if len(instructions) != 1 or not isinstance(instructions[0], dict):
            return None
        value = int(dose_mg) if float(dose_mg).is_integer() else dose_mg
        for name in ("text", "doseAndRate", "doseQuantity", "doseRange"):
            instructions[0].pop(name, None)
        instructions[0] |= self.dose({"value": value, "unit": "mg", "system": UCUM, "code": "mg"})
        return self._checked(corrected)

    def with_start(self, draft: Mapping[str, Any], day: dt.date) -> Json | None:
        """The draft with its start moved to ``day``, everything else as it was.

        Returns:
            The whole corrected resource, or None where this kind of draft has no start that we can set or it is not
            valid.
        """
        corrected = copy.deepcopy(dict(draft))
        kind = corrected.get("resourceType")
        if kind in _ORDERS:
            if not {"occurrencePeriod", "occurrenceTiming"}.isdisjoint(corrected):
                return None
            corrected["occurrenceDateTime"] = day.isoformat()
            return self._checked(corrected)
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
        return self._checked(corrected)


def _without_empty(value: Any) -> Any:
    """JSON data without null, empty texts, arrays and objects, at any depth.

    A null that keeps a place in an array goes as well; where its place mattered, the result is not valid any more.
    """
    if isinstance(value, dict):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in _EMPTY}
    if isinstance(value, list):
        return [item for item in map(_without_empty, value) if item not in _EMPTY]
    return value


_EMPTY: tuple[Any, ...] = (None, "", [], {})
_ORDERS = frozenset({"ServiceRequest", "ProcedureRequest", "ReferralRequest"})
"""Orders of services in any version."""

R4 = Builder("fhir.resources.R4B")
create, with_dose, with_start, warm = R4.create, R4.with_dose, R4.with_start, R4.warm
