"""Sample patients consulted in memory, for tests of what the workbench shows of them."""

from __future__ import annotations

from functools import cache

from cds_service.demo.sample_patients import DEMO_TODAY, PATIENTS_FOLDER, load_patients
from cds_service.guideline.decide import Occasion
from cds_service.pipeline import Consultation, consult
from cds_service.site import Site
from fhir_mappings.record import Obtained, Record, State

IDS = tuple(patient.id for patient in load_patients())
HOOK_INSTANCE = "00000000-0000-4000-8000-000000000000"


@cache
def record(identity: str, draft_orders: bytes | None = None) -> Record:
    content = (PATIENTS_FOLDER / f"{identity}.json").read_bytes()
    obtained = {"file": Obtained("file", State.PRESENT, payloads=(content,))}
    return Record(identity, obtained=obtained, draft_orders=draft_orders)


@cache
def consulted(identity: str, draft_orders: bytes | None = None) -> Consultation:
    return consult(
        record(identity, draft_orders),
        occasion=Occasion.PATIENT_VIEW if draft_orders is None else Occasion.ORDER_SIGN,
        hook_instance=HOOK_INSTANCE,
        today=DEMO_TODAY,
        site=Site(),
    )
