"""The hook calls of the sample patients with all that the service asks for in their prefetch."""

from __future__ import annotations

from functools import cache
from typing import Any

from cds_service import hooks
from cds_service.demo.sample_patients import (
    SERVICE_OF_HOOK,
    SamplePatient,
    Trial,
    hook_request,
    load_patients,
    record_of,
)

TODAY = "2026-11-24"
"""The day that the sample patients' stories end on."""


def calls() -> list[tuple[str, dict[str, Any]]]:
    """Path and body of every trial of every sample patient."""
    return [
        (f"/cds-services/{SERVICE_OF_HOOK[trial.hook]}", whole_call(patient, trial))
        for patient in load_patients()
        for trial in patient.trials
    ]


def call_of(patient_id: str, hook: str = "patient-view") -> tuple[str, dict[str, Any]]:
    """Path and body of a patient's first trial for a hook."""
    patient = next(patient for patient in load_patients() if patient.id == patient_id)
    trial = next(trial for trial in patient.trials if trial.hook == hook)
    return f"/cds-services/{SERVICE_OF_HOOK[hook]}", whole_call(patient, trial)


def whole_call(patient: SamplePatient, trial: Trial) -> dict[str, Any]:
    """The call with nothing left to be fetched; a Medication comes with the first key that points to Medications."""
    (service,) = (service for service in hooks.SERVICES if service.hook == trial.hook)
    resources = _resources(patient)
    prefetch: dict[str, Any] = {}
    for key, template in service.prefetch.items():
        kind = template.replace("/", "?").partition("?")[0]
        found = [resource for resource in resources if resource["resourceType"] == kind]
        if key == "medicationRequests":
            found += [resource for resource in resources if resource["resourceType"] == "Medication"]
        entries = [{"resource": resource} for resource in found]
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        prefetch[key] = found[0] if kind == "Patient" else bundle
    return hook_request(patient, trial, fhir_server=None, prefetch=prefetch)


@cache
def _resources(patient: SamplePatient) -> tuple[dict[str, Any], ...]:
    return tuple(entry["resource"] for entry in record_of(patient)["entry"])
