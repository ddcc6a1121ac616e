"""Draft orders (R4) to try on the sample patients: what an order entry screen would put into ``draftOrders``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cds_service.demo.sample_patients import DEMO_TODAY
from tests.sample_patients.chart import MCODE, ONCOLOGIST, Json, concept, quantity


def drug(
    patient: str,
    name: str,
    dose: float,
    unit: str,
    *,
    every_weeks: int = 3,
    start: dt.date = DEMO_TODAY,
    text: str = "",
) -> Json:
    """A draft MedicationRequest for infusions of one drug."""
    words = text or f"{dose:g} {unit} intravenously every {every_weeks} weeks"
    return {
        "resourceType": "MedicationRequest",
        "id": f"draft-{name.replace(' ', '-')}",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": concept(name),
        "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": DEMO_TODAY.isoformat(),
        "requester": {"reference": ONCOLOGIST},
        "dosageInstruction": [
            {
                "text": words,
                "timing": {
                    "repeat": {
                        "boundsPeriod": {"start": start.isoformat()},
                        "frequency": 1,
                        "period": every_weeks,
                        "periodUnit": "wk",
                    }
                },
                "route": concept("intravenous"),
                "doseAndRate": [{"doseQuantity": quantity(dose, unit)}],
            }
        ],
    }


def service(
    patient: str,
    code: str,
    *,
    what: str,
    sites: Sequence[str] = (),
    due: dt.date | None = None,
    intent: str | None = "curative intent",
    elective: bool = False,
) -> Json:
    """A draft ServiceRequest: an operation, a course of radiotherapy, an examination."""
    draft: Json = {
        "resourceType": "ServiceRequest",
        "id": f"draft-{what}",
        "status": "draft",
        "intent": "order",
        "priority": "routine",
        "code": concept(code),
        "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": DEMO_TODAY.isoformat(),
        "requester": {"reference": ONCOLOGIST},
    }
    if intent:
        draft["extension"] = [{"url": f"{MCODE}/mcode-procedure-intent", "valueCodeableConcept": concept(intent)}]
    if sites:
        draft["bodySite"] = [concept(site) for site in sites]
    if due:
        draft["occurrenceDateTime"] = due.isoformat()
    if elective:
        draft["orderDetail"] = [concept("elective")]
    return draft


def exenteration(patient: str, *, in_days: int = 21) -> Json:
    """A draft for pelvic exenteration, elective."""
    due = DEMO_TODAY + dt.timedelta(days=in_days)
    return service(patient, "exenteration", what="exenteration", sites=["pelvis"], due=due, elective=True)


def pelvic_radiotherapy(patient: str) -> Json:
    """A draft for curative external beam radiotherapy to the pelvis."""
    due = DEMO_TODAY + dt.timedelta(days=7)
    return service(patient, "external beam", what="pelvic-radiotherapy", sites=["pelvis"], due=due)
