"""The bundled sample patients: what each stands for, where its record is, and hook calls worth trying on it.

``patients/index.toml`` lists them; every record is a collection Bundle of FHIR R4 resources, every draft order a single
resource in ``patients/orders``. All of it is synthetic and dated around ``DEMO_TODAY``.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

DEMO_TODAY: Final = dt.date(2026, 11, 24)
"""The day on which the sample records were taken: windows of 28 or 42 days hold only with the clock fixed to it."""

PATIENTS_FOLDER: Final = Path(__file__).parent / "patients"

SERVICE_OF_HOOK: Final = {
    "patient-view": "cervical-recurrence-patient-view",
    "order-select": "cervical-recurrence-order-select",
    "order-sign": "cervical-recurrence-order-sign",
}
"""The service id that answers each hook."""

_INSTANCES: Final = uuid.UUID("6f0c2f0e-7a5b-5d1c-9a57-5d2f6d0b8c11")


@dataclass(frozen=True, slots=True)
class Trial:
    """One hook call worth trying on a patient.

    Attributes:
        hook: ``patient-view``, ``order-select`` or ``order-sign``.
        what: one line for people.
        orders: file names below ``patients/orders``; empty for patient-view.
        expect: output codes that the cards must carry.
        never: output codes that the cards must not carry.
    """

    hook: str
    what: str
    orders: tuple[str, ...] = ()
    expect: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SamplePatient:
    """One sample patient.

    Attributes:
        id: FHIR id of the Patient.
        file: file name of the Bundle below ``patients``.
        title: a few words.
        story: one sentence.
        rows: rows of the decision model that the record stands for.
        resources: how many resources the Bundle holds.
        trials: hook calls worth trying, patient-view first.
    """

    id: str
    file: str
    title: str
    story: str
    rows: tuple[str, ...]
    resources: int
    trials: tuple[Trial, ...]


@cache
def load_patients(folder: Path = PATIENTS_FOLDER) -> tuple[SamplePatient, ...]:
    """The patients of ``index.toml`` in its order.

    Raises:
        OSError: the folder has no index.
        KeyError: an entry lacks a field.
    """
    index = tomllib.loads((folder / "index.toml").read_text(encoding="utf-8"))
    return tuple(_patient(entry) for entry in index["patient"])


def _patient(entry: Mapping[str, Any]) -> SamplePatient:
    trials = tuple(
        Trial(
            hook=trial["hook"],
            what=trial["what"],
            orders=tuple(trial["orders"]),
            expect=tuple(trial["expect"]),
            never=tuple(trial["never"]),
        )
        for trial in entry["try"]
    )
    return SamplePatient(
        id=entry["id"],
        file=entry["file"],
        title=entry["title"],
        story=entry["story"],
        rows=tuple(entry["rows"]),
        resources=entry["resources"],
        trials=trials,
    )


def record_of(patient: SamplePatient, folder: Path = PATIENTS_FOLDER) -> dict[str, Any]:
    """The patient's collection Bundle, decoded."""
    bundle: dict[str, Any] = json.loads((folder / patient.file).read_text(encoding="utf-8"))
    return bundle


def hook_request(
    patient: SamplePatient,
    trial: Trial,
    *,
    fhir_server: str | None,
    prefetch: Mapping[str, Any] | None = None,
    folder: Path = PATIENTS_FOLDER,
) -> dict[str, Any]:
    """The JSON body of the hook call of ``trial``.

    Args:
        patient: whose call it is.
        trial: hook and draft orders.
        fhir_server: base URL the service may read the rest from; None leaves it out.
        prefetch: prefetched resources by key; None leaves it out.
        folder: where the orders are.

    Returns:
        A CDS Hooks request. The hookInstance is the same for the same patient, hook and orders.
    """
    context: dict[str, Any] = {"userId": "Practitioner/demo-oncologist", "patientId": patient.id}
    if trial.hook != "patient-view":
        drafts = [json.loads((folder / "orders" / name).read_text(encoding="utf-8")) for name in trial.orders]
        context["draftOrders"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": draft} for draft in drafts],
        }
        if trial.hook == "order-select":
            context["selections"] = _references(drafts)
    name = "/".join((patient.id, trial.hook, *trial.orders))
    body: dict[str, Any] = {"hook": trial.hook, "hookInstance": str(uuid.uuid5(_INSTANCES, name)), "context": context}
    if fhir_server is not None:
        body["fhirServer"] = fhir_server
    if prefetch is not None:
        body["prefetch"] = dict(prefetch)
    return body


def _references(drafts: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{draft['resourceType']}/{draft['id']}" for draft in drafts]
