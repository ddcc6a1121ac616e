"""What only R5 has, and R4's ways in an R5 record."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.history import Exposure, History, Verification
from fhir_mappings.kleene import Tri
from fhir_mappings.value_sets.systems import SNOMED
from tests.convert import to_version
from tests.fhir_builders import (
    Json,
    a_medication_administration,
    a_medication_request,
    a_medication_statement,
    a_procedure,
    a_report,
    a_service_request,
    an_allergy,
    an_imaging_study,
    codeable,
    coded,
    coding,
    read,
)

R5 = "5.0.0"


def read_r5(*resources: Json, **record: Any) -> History:
    return read(*(to_version(R5, each) for each in resources), fhir_version=R5, **record)


def statement(code: str | None, status: str = "recorded") -> Json:
    made = to_version(R5, a_medication_statement("cisplatin", status="active"))
    del made["adherence"]
    adherence = {} if code is None else {"adherence": {"code": codeable(coding("http://x.example.org", code))}}
    return {**made, "status": status, **adherence}


@pytest.mark.parametrize(
    ("code", "exposure", "current"),
    [
        ("taking", Exposure.GIVEN, Tri.YES),
        ("taking-as-directed", Exposure.GIVEN, Tri.YES),
        ("taking-not-as-directed", Exposure.GIVEN, Tri.YES),
        ("on-hold", Exposure.POSSIBLE, Tri.NO),
        ("on-hold-as-directed", Exposure.POSSIBLE, Tri.NO),
        ("on-hold-not-as-directed", Exposure.POSSIBLE, Tri.NO),
        ("stopped", Exposure.GIVEN, Tri.NO),
        ("stopped-as-directed", Exposure.GIVEN, Tri.NO),
        ("stopped-not-as-directed", Exposure.GIVEN, Tri.NO),
        ("not-taking", Exposure.NOT_TAKEN, Tri.NO),
        ("unknown", Exposure.POSSIBLE, Tri.UNKNOWN),
        (None, Exposure.POSSIBLE, Tri.UNKNOWN),
    ],
)
@pytest.mark.parametrize("status", ["recorded", "draft"])
def test_adherence_says_whether_a_drug_was_taken(
    code: str | None, exposure: Exposure, current: Tri, status: str
) -> None:
    (drug,) = read(statement(code, status), fhir_version=R5).drugs
    assert (drug.exposure, drug.current) == (exposure, current)


@pytest.mark.parametrize("made", [statement("sometimes"), statement("taking", status="active")])
def test_an_adherence_or_status_that_r5_does_not_have_is_unreadable(made: Json) -> None:
    history = read(made, fhir_version=R5)
    assert history.drugs == ()
    assert len(history.unreadable) == 1


def test_a_contradictory_adherence_is_unreadable() -> None:
    made = statement("taking")
    made["adherence"]["code"]["coding"].append(coding("http://x.example.org", "not-taking"))
    assert len(read(made, fhir_version=R5).unreadable) == 1


def test_an_order_that_ended_may_have_been_given() -> None:
    (drug,) = read_r5(a_medication_request("cisplatin", status="ended")).drugs
    assert (drug.exposure, drug.current) == (Exposure.POSSIBLE, Tri.NO)


def test_a_modified_report_is_not_final() -> None:
    (report,) = read_r5(a_report("imaging-pet-ct", status="modified")).reports
    assert not report.final


def test_a_presumed_allergy_is_possible() -> None:
    (allergy,) = read_r5(an_allergy("cisplatin", verification="presumed")).allergies
    assert allergy.verification is Verification.POSSIBLE


def test_several_categories_count_together() -> None:
    made = to_version(R5, a_procedure(codeable(text="course")))
    made["category"] = [codeable(text="other"), coded("radiotherapy-any")]
    (treatment,) = read(made, fhir_version=R5).treatments
    assert "radiotherapy-any" in treatment.concepts


def test_several_included_structures_are_all_treated() -> None:
    volume = {
        "resourceType": "BodyStructure",
        "id": "v",
        "patient": {"reference": "Patient/p1"},
        "includedStructure": [{"structure": coded("site-pelvis")}, {"structure": coded("site-paraaortic-lymph-nodes")}],
    }
    url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume"
    inner = [{"url": "volume", "valueReference": {"reference": "BodyStructure/v"}}]
    course = a_procedure("radiotherapy-any", extension=[{"url": url, "extension": inner}])
    (treatment,) = read_r5(course, volume).treatments
    assert {"site-pelvis", "site-paraaortic-lymph-nodes"} <= treatment.body_sites


@pytest.mark.parametrize(
    "made",
    [
        a_procedure("pelvic-exenteration", performedDateTime="2024-01-02"),
        a_medication_administration("cisplatin"),
        a_medication_statement("cisplatin"),
        a_service_request("pelvic-exenteration"),
    ],
    ids=lambda made: made["resourceType"],
)
def test_a_resource_in_the_way_of_r4_is_unreadable_not_half_read(made: Json) -> None:
    history = read(made, fhir_version=R5)
    assert (history.treatments, history.drugs, history.plans) == ((), (), ())
    assert len(history.unreadable) == 1


@pytest.mark.parametrize(
    "made",
    [
        {**a_procedure("pelvic-exenteration"), "used": "odd"},
        {**to_version(R5, an_imaging_study("imaging-pet-ct")), "started": 2024},
    ],
)
def test_what_is_not_valid_r5_is_unreadable(made: Json) -> None:
    (unreadable,) = read(made, fhir_version=R5).unreadable
    assert unreadable.resource_type == made["resourceType"]


@pytest.mark.parametrize("reason", ["odd", ["odd"], [{"concept": "odd"}]])
def test_a_draft_whose_reason_is_odd_is_read_for_the_rest(reason: Any) -> None:
    draft = {**to_version(R5, a_service_request("pelvic-exenteration", status="draft")), "reason": reason}
    (order,) = read(drafts=[draft], fhir_version=R5).drafts
    assert "pelvic-exenteration" in order.concepts


def test_a_draft_of_a_reference_only_asks_for_nothing_known() -> None:
    draft = a_service_request(
        "pelvic-exenteration", status="draft", code={"reference": {"reference": "PlanDefinition/x"}}
    )
    (order,) = read(drafts=[draft], fhir_version=R5).drafts
    assert order.concepts == frozenset()


def test_a_service_may_be_requested_by_words() -> None:
    made = a_service_request(codeable(coding(SNOMED, "1"), text="pelvic exenteration"))
    (plan,) = read_r5(made).plans
    assert plan.text_only
