from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_mappings.proposal import PROPOSALS, STAGING_QUESTIONNAIRE
from fhir_mappings.r4 import proposal
from fhir_mappings.value_sets import concept_of

DRAFT: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "Bevacizumab"},
    "subject": {"reference": "Patient/p"},
    "dosageInstruction": [
        {
            "text": "7.5 mg/kg",
            "route": {"text": "intravenous"},
            "timing": {"repeat": {"boundsPeriod": {"start": "2026-11-24"}, "period": 3, "periodUnit": "wk"}},
            "doseAndRate": [{"doseQuantity": {"value": 7.5, "unit": "mg/kg"}}],
        }
    ],
    "note": [{"text": "kept"}],
}
SURGERY: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "s1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
    "occurrenceDateTime": "2026-12-01",
}
DAY = dt.date(2026, 12, 30)


@pytest.mark.parametrize("key", PROPOSALS)
def test_every_proposal_is_a_valid_draft_for_its_patient(key: str) -> None:
    resource = proposal.create(key, "p7")
    get_fhir_model_class(resource["resourceType"]).model_validate(copy.deepcopy(resource))
    assert (resource["status"], resource["intent"]) == ("draft", "proposal")
    assert {"reference": "Patient/p7"} in (resource.get("subject"), resource.get("for"))


@pytest.mark.parametrize("key", [key for key, each in PROPOSALS.items() if each.coding])
def test_every_code_sent_out_is_one_that_we_read_ourselves(key: str) -> None:
    coding = PROPOSALS[key].coding
    assert coding is not None
    assert concept_of(coding[0], coding[1]) is not None


def test_forms_name_the_questionnaire() -> None:
    assert proposal.create("staging-form", "p")["input"] == [
        {"type": {"text": "questionnaire"}, "valueCanonical": STAGING_QUESTIONNAIRE}
    ]


def test_one_call_never_sees_the_patient_of_another() -> None:
    proposal.create("order-pet-ct", "first")
    assert proposal.create("order-pet-ct", "second")["subject"] == {"reference": "Patient/second"}


def test_another_intent_where_the_hook_needs_it() -> None:
    assert proposal.create("order-pet-ct", "p", intent="order")["intent"] == "order"


def test_an_unknown_proposal_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        proposal.create("order-a-miracle", "p")


def test_a_corrected_dose_leaves_everything_else_as_it_was() -> None:
    before = copy.deepcopy(DRAFT)
    corrected = proposal.with_dose(DRAFT, 900)
    assert before == DRAFT
    assert corrected is not None
    instruction = corrected["dosageInstruction"][0]
    assert instruction["doseAndRate"][0]["doseQuantity"] == {
        "value": 900, "unit": "mg", "system": proposal.UCUM, "code": "mg",
    }  # fmt: skip
    assert "text" not in instruction, "the old dose must not stand beside the new one"
    assert instruction["timing"] == before["dosageInstruction"][0]["timing"]
    assert {name: corrected[name] for name in before if name != "dosageInstruction"} == {
        name: before[name] for name in before if name != "dosageInstruction"
    }


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in DRAFT.items() if key != name}


@pytest.mark.parametrize(
    "draft",
    [
        SURGERY,
        without("dosageInstruction"),
        without("intent"),
        DRAFT | {"dosageInstruction": DRAFT["dosageInstruction"] * 2},
        DRAFT | {"dosageInstruction": ["odd"]},
        DRAFT | {"category": {"text": "an object where a list belongs"}},
    ],
)
def test_a_draft_that_cannot_be_corrected_soundly_is_not_corrected(draft: dict[str, Any]) -> None:
    assert proposal.with_dose(draft, 900) is None


def test_a_medication_order_moves_in_its_bounds_or_by_an_event() -> None:
    moved = proposal.with_start(DRAFT, DAY)
    assert moved is not None
    assert moved["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-12-30"}
    bare = DRAFT | {"dosageInstruction": [{"route": {"text": "intravenous"}}]}
    moved = proposal.with_start(bare, DAY)
    assert moved is not None
    assert moved["dosageInstruction"][0]["timing"] == {"event": ["2026-12-30"]}


def test_an_operation_moves_to_the_day() -> None:
    moved = proposal.with_start(SURGERY, DAY)
    assert moved == SURGERY | {"occurrenceDateTime": "2026-12-30"}


@pytest.mark.parametrize(
    "draft",
    [
        SURGERY | {"occurrencePeriod": {"start": "2026-12-01"}},
        SURGERY | {"status": 7},
        DRAFT | {"dosageInstruction": [{"timing": "odd"}]},
        DRAFT | {"dosageInstruction": ["odd"]},
        without("dosageInstruction"),
        {"resourceType": "NutritionOrder"},
    ],
)
def test_what_has_no_start_that_we_can_set_is_not_moved(draft: dict[str, Any]) -> None:
    assert proposal.with_start(draft, DAY) is None


def test_warming_validates_every_proposal() -> None:
    proposal.warm()
