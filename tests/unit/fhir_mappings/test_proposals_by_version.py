"""Proposals and corrected drafts in the caller's FHIR version: valid there, whole, and the caller's own otherwise."""

from __future__ import annotations

import datetime as dt
from types import ModuleType
from typing import Any

import fhir.resources
import fhir.resources.R4B
import fhir.resources.STU3
import pytest

from fhir_mappings import versions
from fhir_mappings.proposal import PROPOSALS, STAGING_QUESTIONNAIRE
from tests.convert import to_version
from tests.fhir_builders import Json, a_medication_request, a_service_request, quantity, snomed

CLASSES: dict[str, Any] = {"4": fhir.resources.R4B, "5": fhir.resources, "3": fhir.resources.STU3}
FHIR_VERSIONS = {"4": "4.0.1", "5": "5.0.0", "3": "3.0.2"}
DAY = dt.date(2026, 12, 24)
each_version = pytest.mark.parametrize("version", CLASSES)


def builder(version: str) -> ModuleType:
    return versions.PROPOSALS[version]


def check(version: str, resource: Json) -> None:
    CLASSES[version].get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@each_version
@pytest.mark.parametrize("key", PROPOSALS)
def test_every_proposal_is_a_valid_draft_for_the_patient(version: str, key: str) -> None:
    made = builder(version).create(key, "p1", intent="order")
    check(version, made)
    assert (made["status"], made["intent"]) == ("draft", "order")
    assert {"reference": "Patient/p1"} in (made.get("for"), made.get("subject"))
    assert PROPOSALS[key].words in str(made)


@each_version
def test_a_copy_is_the_callers_own(version: str) -> None:
    first = builder(version).create("order-pet-ct", "p1")
    first["subject"] = {"reference": "Patient/other"}
    assert builder(version).create("order-pet-ct", "p2")["subject"] == {"reference": "Patient/p2"}


def test_an_order_has_its_type_and_code_as_the_version_writes_them() -> None:
    code = {"coding": [{"system": "http://snomed.info/sct", "code": "443271005", "display": "FDG PET with CT"}]}
    code["text"] = "PET/CT for restaging"  # type: ignore[assignment]
    made = {version: builder(version).create("order-pet-ct", "p1") for version in CLASSES}
    assert {version: each["resourceType"] for version, each in made.items()} == {
        "4": "ServiceRequest",
        "5": "ServiceRequest",
        "3": "ProcedureRequest",
    }
    assert made["4"]["code"] == made["3"]["code"] == made["5"]["code"]["concept"] == code


@each_version
def test_a_task_names_the_form_to_fill_in(version: str) -> None:
    (asked,) = builder(version).create("staging-form", "p1")["input"]
    element = "valueUri" if version == "3" else "valueCanonical"
    assert asked[element] == STAGING_QUESTIONNAIRE


def drafted(version: str, made: Json) -> Json:
    return to_version(FHIR_VERSIONS[version], {**made, "status": "draft"})


DOSAGE = {"route": snomed("47625008"), "doseAndRate": [{"doseQuantity": quantity(900, "mg")}]}


@each_version
def test_a_corrected_dose_stands_where_the_draft_had_its_own(version: str) -> None:
    draft = drafted(version, a_medication_request("cisplatin", dosageInstruction=[DOSAGE]))
    corrected = builder(version).with_dose(draft, 700.0)
    wanted = drafted(
        version,
        a_medication_request(
            "cisplatin",
            id=draft["id"],
            dosageInstruction=[{**DOSAGE, "doseAndRate": [{"doseQuantity": quantity(700, "mg")}]}],
        ),
    )
    assert corrected == wanted
    check(version, corrected)


@each_version
def test_a_moved_order_keeps_the_rest(version: str) -> None:
    draft = drafted(version, a_service_request("pelvic-exenteration", occurrenceDateTime="2026-11-30"))
    moved = builder(version).with_start(draft, DAY)
    assert moved == {**draft, "occurrenceDateTime": "2026-12-24"}
    check(version, moved)


@each_version
def test_a_drug_is_moved_by_its_timing(version: str) -> None:
    bounds = {"timing": {"repeat": {"boundsPeriod": {"start": "2026-11-30"}}}}
    draft = drafted(version, a_medication_request("cisplatin", dosageInstruction=[{**DOSAGE, **bounds}]))
    moved = builder(version).with_start(draft, DAY)
    assert moved["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] == "2026-12-24"
    without = drafted(version, a_medication_request("cisplatin", dosageInstruction=[DOSAGE]))
    assert builder(version).with_start(without, DAY)["dosageInstruction"][0]["timing"] == {"event": ["2026-12-24"]}


@each_version
def test_a_draft_that_is_not_valid_in_the_version_is_not_corrected(version: str) -> None:
    other = "5" if version != "5" else "4"
    draft = drafted(other, a_medication_request("cisplatin", dosageInstruction=[DOSAGE]))
    assert builder(version).with_dose(draft, 700.0) is None


@each_version
@pytest.mark.parametrize(
    "more",
    [
        {"dosageInstruction": None},
        {"dosageInstruction": []},
        {"dosageInstruction": [DOSAGE, DOSAGE]},
        {"dosageInstruction": ["odd"]},
        {"dosageInstruction": [{"timing": "odd"}]},
    ],
)
def test_without_one_instruction_nothing_can_be_corrected(version: str, more: Json) -> None:
    draft = {"resourceType": "MedicationRequest", "status": "draft", "intent": "order", **more}
    assert builder(version).with_start(draft, DAY) is None
    if more["dosageInstruction"] != [{"timing": "odd"}]:
        assert builder(version).with_dose(draft, 700.0) is None


@each_version
def test_an_order_with_a_period_is_not_moved(version: str) -> None:
    draft = drafted(version, a_service_request("pelvic-exenteration", occurrencePeriod={"start": "2026-11-30"}))
    assert builder(version).with_start(draft, DAY) is None
    assert builder(version).with_dose(draft, 700.0) is None


@each_version
def test_everything_can_be_made_ready_beforehand(version: str) -> None:
    builder(version).warm()
    assert builder(version).create("record-ecog", "p1")["resourceType"] == "Task"
