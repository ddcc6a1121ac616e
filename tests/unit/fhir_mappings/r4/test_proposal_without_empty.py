"""A corrected draft holds nothing empty, whatever the client's own draft held (GEN-05)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fhir_mappings.r4 import proposal

DAY = dt.date(2026, 12, 24)


def draft(**members: Any) -> dict[str, Any]:
    concept = {"text": "Bevacizumab", **members.pop("concept", {})}
    whole = {"resourceType": "MedicationRequest", "id": "d", "status": "draft", "intent": "order"}
    instruction = {"text": "15 mg/kg", "timing": {"repeat": {"boundsPeriod": {"start": "2026-11-24"}}}}
    subject = {"reference": "Patient/p"}
    return {
        **whole,
        "medicationCodeableConcept": concept,
        "subject": subject,
        "dosageInstruction": [instruction],
        **members,
    }


def test_what_is_empty_goes_and_the_rest_stays() -> None:
    moved = proposal.with_start(draft(concept={"coding": []}, note=[], reasonCode=[{}], groupIdentifier=None), DAY)
    assert moved == proposal.with_start(draft(), DAY)
    assert moved is not None
    assert moved["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] == "2026-12-24"


def test_what_counts_as_nothing_but_is_something_stays() -> None:
    moved = proposal.with_start(draft(doNotPerform=False, dispenseRequest={"numberOfRepeatsAllowed": 0}), DAY)
    assert moved is not None
    assert moved["doNotPerform"] is False


def test_a_draft_that_is_nothing_without_what_was_empty_is_not_corrected() -> None:
    assert proposal.with_start(draft(subject={}), DAY) is None
