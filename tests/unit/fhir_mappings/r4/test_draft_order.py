"""Draft orders: read for what they hold, whatever they lack."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fhir_mappings import versions
from fhir_mappings.history import Dose, DraftOrder, History, Intent, Priority, Route
from fhir_mappings.partial_dates import PartialDate
from tests.fhir_builders import (
    BASE_URL,
    PATIENT_ID,
    Json,
    a_condition,
    a_medication,
    a_medication_request,
    a_record,
    a_service_request,
    as_bytes,
    codeable,
    coded,
    coding,
    quantity,
    read,
    snomed,
)

MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"


def drafted(*drafts: Json, **record: Any) -> History:
    return read(drafts=drafts, **record)


def only(*drafts: Json, **record: Any) -> DraftOrder:
    (draft,) = drafted(*drafts, **record).drafts
    return draft


def raw_drafts(content: Any) -> History:
    record = dataclasses.replace(a_record(), draft_orders=as_bytes(content))
    return versions.read(record)


def draft_drug(code: Any = "bevacizumab", **more: Any) -> Json:
    return a_medication_request(code, **{"status": "draft", **more})


def test_a_drug_draft_with_everything() -> None:
    resource = draft_drug(
        id="a.b-" + "x" * 200,
        authoredOn="2026-02-01T10:00:00Z",
        priority="urgent",
        reasonCode=[coded("cervical-cancer")],
        reasonReference=[{"reference": "Condition/c"}],
        extension=[
            {
                "url": f"{MCODE}mcode-treatment-intent",
                "valueCodeableConcept": coded("treatment-intent-palliative"),
            }
        ],
        dosageInstruction=[
            {
                "route": snomed("47625008"),
                "timing": {
                    "event": ["2026-02-12"],
                    "repeat": {
                        "boundsPeriod": {"start": "2026-02-10", "end": "2026-08"},
                        "frequency": 1,
                        "period": 3,
                        "periodUnit": "wk",
                        "duration": 90,
                        "durationUnit": "min",
                    },
                },
                "doseAndRate": [
                    {"doseQuantity": quantity(15, "mg/kg")},
                    {"doseRange": {"low": quantity(900, "mg"), "high": quantity(950, "mg")}},
                ],
            },
            {"doseAndRate": [{"doseQuantity": quantity(15, "mg/kg")}]},
        ],
    )
    draft = read(a_condition("metastasis-lung", id="c"), drafts=[resource]).drafts[0]
    assert draft.reference == f"MedicationRequest/{resource['id']}"
    assert draft.resource == resource
    assert draft.concepts == {"bevacizumab"}
    assert draft.authored == PartialDate.read("2026-02-01")
    assert draft.start == PartialDate.read("2026-02-10")
    assert draft.end == PartialDate.read("2026-08")
    assert draft.interval_days == 21
    assert draft.infusion_hours == 1.5
    assert draft.doses == tuple(
        Dose(value=value, unit=unit) for value, unit in ((15, "mg/kg"), (900, "mg"), (950, "mg"))
    )
    assert draft.route is Route.SYSTEMIC
    assert draft.intent is Intent.PALLIATIVE
    assert draft.priority is Priority.URGENT
    assert draft.reasons == {"cervical-cancer", "metastasis-lung"}
    assert draft.text == "bevacizumab"
    assert draft.selected


def test_drafts_never_become_history() -> None:
    history = drafted(draft_drug(), a_service_request("pelvic-exenteration", status="draft"))
    assert len(history.drafts) == 2
    assert history.drugs == ()
    assert history.plans == ()


def test_a_service_draft_with_everything() -> None:
    draft = only(
        a_service_request(
            "radiotherapy-external-beam",
            status="draft",
            intent="plan",
            site="site-pelvis",
            occurrencePeriod={"start": "2026-03-01", "end": "2026-04-15"},
            orderDetail=[coded("radiotherapy-imrt"), coded("elective-marker")],
            extension=[
                {
                    "url": f"{MCODE}mcode-radiotherapy-modality-and-technique",
                    "extension": [
                        {
                            "url": f"{MCODE}mcode-radiotherapy-technique",
                            "valueCodeableConcept": coded("radiotherapy-stereotactic-body"),
                        }
                    ],
                }
            ],
        )
    )
    assert draft.body_sites == {"site-pelvis"}
    assert draft.recorded_site
    assert draft.technique == {"radiotherapy-imrt", "radiotherapy-stereotactic-body"}
    assert draft.priority is Priority.ELECTIVE
    assert (draft.start, draft.end) == (PartialDate.read("2026-03-01"), PartialDate.read("2026-04-15"))


@pytest.mark.parametrize(
    ("elements", "start"),
    [
        ({"occurrenceDateTime": "2026-03"}, "2026-03"),
        ({"occurrenceTiming": {"event": ["2026-03-02", "2026-03-01"]}}, "2026-03-01"),
        ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-03-05"}}}}, "2026-03-05"),
        ({"occurrenceDateTime": 5}, None),
        ({}, None),
    ],
)
def test_the_start_of_a_service_draft(elements: Json, start: str | None) -> None:
    draft = only(a_service_request("pelvic-exenteration", status="draft", **elements))
    assert draft.start == (None if start is None else PartialDate.read(start))


@pytest.mark.parametrize(
    ("repeat", "days"),
    [
        ({"frequency": 1, "period": 21, "periodUnit": "d"}, 21),
        ({"period": 1, "periodUnit": "wk"}, 7),
        ({"frequency": 2, "period": 2, "periodUnit": "wk"}, 7),
        ({"frequency": 2, "period": 1, "periodUnit": "d"}, None),
        ({"frequency": 2, "period": 3, "periodUnit": "d"}, None),
        ({"period": 1, "periodUnit": "mo"}, None),
        ({"frequency": 1}, None),
    ],
)
def test_days_between_doses(repeat: Json, days: int | None) -> None:
    assert only(draft_drug(dosageInstruction=[{"timing": {"repeat": repeat}}])).interval_days == days


def test_instructions_that_differ_have_no_one_interval_or_duration() -> None:
    draft = only(
        draft_drug(
            dosageInstruction=[
                {"timing": {"repeat": {"period": each, "periodUnit": "wk", "duration": each, "durationUnit": "h"}}}
                for each in (1, 3)
            ]
        )
    )
    assert (draft.interval_days, draft.infusion_hours) == (None, None)


@pytest.mark.parametrize(
    ("repeat", "hours"),
    [
        ({"duration": 3, "durationUnit": "h"}, 3.0),
        ({"duration": 3, "durationMax": 24, "durationUnit": "h"}, 24.0),
        ({"duration": 1, "durationUnit": "d"}, 24.0),
        ({"duration": 1, "durationUnit": "mo"}, None),
        ({"durationUnit": "h"}, None),
    ],
)
def test_hours_of_an_infusion(repeat: Json, hours: float | None) -> None:
    assert only(draft_drug(dosageInstruction=[{"timing": {"repeat": repeat}}])).infusion_hours == hours


@pytest.mark.parametrize(
    "elements",
    [
        {"intent": None, "status": None, "subject": None, "medicationCodeableConcept": None},
        {"category": {"coding": [{"code": "outpatient"}]}},
        {"category": "outpatient"},
        {"reasonCode": [], "dosageInstruction": []},
        {"reasonCode": {"coding": [{}]}},
        {"reasonCode": [None, {}]},
        {"requester": {"extension": [{"url": "http://x", "valueCode": "unknown"}]}},
        {"extension": [{"url": "com.epic.cdshooks.request.bpa-trigger-action", "valueString": "23"}]},
        {"id": None},
        {"id": 7},
        {"identifier": "not an identifier"},
        {"intent": "plan"},
        {"status": "on-hold"},
    ],
)
def test_unfinished_drafts_are_read_without_complaint(elements: Json) -> None:
    history = drafted(draft_drug(**elements))
    assert len(history.drafts) == 1
    assert history.unreadable == ()
    assert not history.drafts[0].unread


@pytest.mark.parametrize(
    ("elements", "part"),
    [
        ({"dosageInstruction": ["15 mg/kg"]}, "dosageInstruction"),
        ({"dosageInstruction": [{"doseAndRate": {"doseQuantity": 3}}, "x"]}, "dosageInstruction"),
        ({"reasonReference": ["Condition/1"]}, "reasonReference"),
        ({"medicationCodeableConcept": "bevacizumab"}, "medicationCodeableConcept"),
    ],
)
def test_a_part_that_matters_and_cannot_be_read_is_told(elements: Json, part: str) -> None:
    history = drafted(draft_drug(id="d", **elements))
    (unreadable,) = history.unreadable
    assert unreadable.reference == "MedicationRequest/d"
    assert unreadable.cause == f"a part of it is not valid FHIR: {part}"
    assert len(history.drafts) == 1


@pytest.mark.parametrize(
    "modifier",
    [
        {"modifierExtension": [{"url": "http://x", "valueBoolean": True}]},
        {"implicitRules": "http://x"},
        {"dosageInstruction": [{"modifierExtension": [{"url": "http://x", "valueBoolean": True}]}]},
    ],
)
def test_a_draft_with_an_unknown_modifier_asks_for_nothing_we_know(modifier: Json) -> None:
    history = drafted(draft_drug(**modifier))
    assert history.drafts[0].concepts == frozenset()
    assert history.unreadable[0].concepts == {"bevacizumab"}


def test_a_draft_that_forbids_asks_for_nothing() -> None:
    assert only(draft_drug(doNotPerform=True)).concepts == frozenset()


def test_other_kinds_of_drafts_are_kept_without_concepts() -> None:
    device = {"resourceType": "DeviceRequest", "id": "d", "codeCodeableConcept": coded("cisplatin")}
    diet = {"resourceType": "NutritionOrder"}
    history = raw_drafts({"resourceType": "Bundle", "entry": [{"resource": device}, {"resource": diet}]})
    assert [(each.resource_type, each.reference, each.concepts) for each in history.drafts] == [
        ("DeviceRequest", "DeviceRequest/d", frozenset()),
        ("NutritionOrder", "NutritionOrder?", frozenset()),
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"resourceType": "Bundle", "entry": [{"resource": draft_drug(id="d")}]},
        {"resourceType": "Bundle", "type": "collection", "entry": [None, 7, {}, {"resource": draft_drug(id="d")}]},
        {"entry": [draft_drug(id="d")]},
        [draft_drug(id="d")],
        {"entry": [{"resource": {"resourceType": 5}}, {"fullUrl": 8, "resource": draft_drug(id="d")}]},
    ],
)
def test_drafts_in_odd_bundles_are_found(content: Any) -> None:
    assert [each.reference for each in raw_drafts(content).drafts] == ["MedicationRequest/d"]


@pytest.mark.parametrize("content", [None, {}, {"entry": None}, {"entry": "x"}, []])
def test_no_drafts_is_no_fault(content: Any) -> None:
    history = raw_drafts(content)
    assert history.drafts == ()
    assert history.gaps == ()


def test_malformed_drafts_are_a_gap() -> None:
    history = versions.read(dataclasses.replace(a_record(), draft_orders=b"{"))
    (gap,) = history.gaps
    assert gap.key == "draftOrders"
    assert not gap.partial


def test_medications_are_resolved_from_the_bundle_its_contents_and_what_was_fetched() -> None:
    inside = {**a_medication("cisplatin"), "id": "m"}
    urn = "urn:uuid:0b0ecd05-0000-4000-8000-000000000002"
    drafts = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": draft_drug(None, id="1", medicationReference={"reference": "#m"}, contained=[inside])},
            {"resource": draft_drug(None, id="2", medicationReference={"reference": "Medication/n"})},
            {"resource": draft_drug(None, id="3", medicationReference={"reference": urn})},
            {"resource": draft_drug(None, id="4", medicationReference={"reference": f"{BASE_URL}Medication/far"})},
            {"resource": {**a_medication("cisplatin"), "id": "n"}},
            {"fullUrl": urn, "resource": a_medication("cisplatin")},
        ],
    }
    record = dataclasses.replace(a_record({**a_medication("cisplatin"), "id": "far"}), draft_orders=as_bytes(drafts))
    history = versions.read(record)
    assert [each.concepts for each in history.drafts] == [frozenset({"cisplatin"})] * 4


@pytest.mark.parametrize(
    ("reference", "concepts", "unread"),
    [
        ({"reference": "Medication/gone"}, frozenset(), True),
        ({"reference": "Medication/gone", "display": "AVASTIN 25 mg/mL"}, {"bevacizumab"}, False),
        ({"reference": "Medication/gone", "display": "aspirin"}, frozenset(), True),
        ({}, frozenset(), False),
    ],
)
def test_a_medication_that_is_not_at_hand(reference: Json, concepts: Any, unread: bool) -> None:
    draft = only(draft_drug(None, medicationReference=reference))
    assert draft.concepts == concepts
    assert draft.unread is unread
    assert draft.by_name is bool(concepts)


def test_a_draft_of_another_patient_is_set_aside() -> None:
    history = drafted(draft_drug(subject={"reference": "Patient/other"}), draft_drug(subject={"display": "she"}))
    assert len(history.drafts) == 1
    assert history.set_aside.wrong_patient == 1


@pytest.mark.parametrize(
    ("selections", "selected"),
    [
        (None, ["1", "2", "3"]),
        (("MedicationRequest/2",), ["2"]),
        ((f"{BASE_URL}MedicationRequest/2/_history/1", "MedicationRequest/3"), ["2", "3"]),
        (("2",), ["2"]),
        (("ServiceRequest/2",), ["1", "2", "3"]),
        ((), []),
    ],
)
def test_selections(selections: tuple[str, ...] | None, selected: list[str]) -> None:
    history = drafted(*(draft_drug(id=each) for each in "123"), selections=selections)
    assert [each.reference[-1] for each in history.drafts if each.selected] == selected


def test_drafts_keep_their_order_and_their_json() -> None:
    drafts = [
        draft_drug(id="z", note=[{"text": "é"}]),
        draft_drug(id="a", dispenseRequest={"quantity": {"value": 1.50}}),
    ]
    assert [each.resource for each in drafted(*drafts).drafts] == drafts


def test_words_alone_are_words_alone() -> None:
    draft = only(a_service_request(codeable(text="Pelvic exenteration"), status="draft"))
    assert draft.text_only
    assert draft.text == "Pelvic exenteration"
    local = only(a_service_request(codeable(coding("urn:x", "1", "CT head")), status="draft"))
    assert local.concepts == frozenset()


def test_the_patient_of_the_call_may_be_named_with_a_full_url() -> None:
    assert only(draft_drug(subject={"reference": f"{BASE_URL}Patient/{PATIENT_ID}"})).concepts == {"bevacizumab"}
