"""When a glance at Patient and Conditions is enough to say that nothing is about a disease."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhir_mappings.features.course import MAY_BE_CERVICAL
from fhir_mappings.r4 import glance
from fhir_mappings.r4.telling_words import hinted, hinted_by_any
from fhir_mappings.record import Obtained, Record, State
from tests import fhir_builders as fhir
from tests.fhir_builders import Json, codeable

BASE = "https://ehr.example.org/fhir/"
HARMLESS = fhir.a_condition("hypertension")
CANCER = fhir.a_condition("cervical-cancer")
WORDED = fhir.a_condition(codeable(text="Carcinoma of the cervix"))
COLON = fhir.a_condition(
    codeable({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C18.9"}, text="Colon cancer")
)
WARNING = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


def came(key: str, value: Any, incomplete: str = "") -> Obtained:
    payload = memoryview(json.dumps(value).encode())
    return Obtained(key, State.PRESENT, payloads=(payload,), incomplete=incomplete)


def ruled_out(conditions: Any, patient: Json | None = None) -> bool:
    """What the glance says of these two; the Conditions as JSON, or as they were obtained."""
    obtained = {
        "patient": came("patient", fhir.a_patient() if patient is None else patient),
        "conditions": conditions if isinstance(conditions, Obtained) else came("conditions", conditions),
    }
    return glance.rules_out(Record(fhir.PATIENT_ID, base_url=BASE, obtained=obtained), MAY_BE_CERVICAL)


def of(subject: str) -> Json:
    return {**HARMLESS, "subject": {"reference": subject}}


@pytest.mark.parametrize(
    "conditions",
    [
        fhir.a_bundle(),
        fhir.a_bundle(HARMLESS),
        fhir.a_bundle(HARMLESS, fhir.a_condition(codeable(text="Gastroenteritis"))),
        fhir.a_bundle(of(f"{BASE}Patient/{fhir.PATIENT_ID}")),
        fhir.a_bundle(of(f"Patient/{fhir.PATIENT_ID}/_history/2")),
        fhir.a_bundle(HARMLESS, WARNING),
        fhir.a_bundle(COLON),
        {**fhir.a_bundle(HARMLESS), "link": [{"relation": "self", "url": f"{BASE}Condition"}]},
        HARMLESS,
        [HARMLESS],
    ],
)
def test_harmless_conditions_rule_it_out(conditions: Any) -> None:
    assert ruled_out(conditions)


@pytest.mark.parametrize(
    "conditions",
    [
        fhir.a_bundle(HARMLESS, CANCER),
        fhir.a_bundle(HARMLESS, WORDED),
        CANCER,
        [HARMLESS, WORDED],
        fhir.a_bundle(COLON, CANCER),
        fhir.a_bundle(of("Patient/somebody-else")),
        fhir.a_bundle({name: value for name, value in HARMLESS.items() if name != "subject"}),
        fhir.a_bundle({**HARMLESS, "code": "I10"}),
        fhir.a_bundle(HARMLESS, ERROR),
        {**fhir.a_bundle(HARMLESS), "link": [{"relation": "next", "url": f"{BASE}Condition?page=2"}]},
        {**fhir.a_bundle(HARMLESS), "implicitRules": "https://example.org/rules"},
    ],
)
def test_what_may_be_about_it_or_hide_it_does_not(conditions: Any) -> None:
    assert not ruled_out(conditions)


def test_a_gap_a_death_or_another_patient_do_not_rule_it_out() -> None:
    assert not ruled_out(Obtained("conditions", State.NOT_OBTAINED, cause="timed out"))
    assert not ruled_out(came("conditions", fhir.a_bundle(HARMLESS), incomplete="more pages could not be read"))
    assert not ruled_out(fhir.a_bundle(), fhir.a_patient() | {"deceasedBoolean": False})
    assert not ruled_out(fhir.a_bundle(), fhir.a_patient() | {"id": "somebody-else"})


def test_no_condition_at_all_rules_it_out() -> None:
    assert ruled_out(Obtained("conditions", State.NONE))


def test_texts_together_hint_at_what_each_hints_at() -> None:
    texts = ["Hypertension", "Family history of cancer", "Carcinoma of the cervix"]
    assert hinted_by_any("Condition", texts) == hinted("Condition", texts[2])
    assert not hinted_by_any("Condition", texts[:2])
    assert not hinted_by_any("Condition", [])
