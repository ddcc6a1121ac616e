"""What only STU3 has, and R4's ways in an STU3 record."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.history import ClinicalStatus, Exposure, Occurrence, Verification
from fhir_mappings.kleene import Tri
from tests.convert import to_version
from tests.fhir_builders import (
    SUBJECT,
    Json,
    a_condition,
    a_medication_administration,
    a_medication_statement,
    a_procedure,
    a_questionnaire_response,
    a_service_request,
    an_observation,
    coded,
    quantity,
    read,
)

STU3 = "3.0.2"


def stu3(made: Json, **more: Any) -> Json:
    return {**to_version(STU3, made), **more}


@pytest.mark.parametrize(
    ("status", "taken", "exposure", "current"),
    [
        ("active", "y", Exposure.GIVEN, Tri.YES),
        ("completed", "y", Exposure.GIVEN, Tri.NO),
        ("intended", "y", Exposure.PLANNED, Tri.NO),
        ("active", "n", Exposure.NOT_TAKEN, Tri.NO),
        ("completed", "unk", Exposure.POSSIBLE, Tri.UNKNOWN),
        ("completed", "na", Exposure.POSSIBLE, Tri.UNKNOWN),
    ],
)
def test_taken_stands_above_the_status(status: str, taken: str, exposure: Exposure, current: Tri) -> None:
    (drug,) = read(stu3(a_medication_statement("cisplatin"), status=status, taken=taken), fhir_version=STU3).drugs
    assert (drug.exposure, drug.current) == (exposure, current)


def test_what_is_withdrawn_stays_so_whatever_else_it_says() -> None:
    withdrawn = "entered-in-error"
    history = read(
        stu3(a_medication_statement("cisplatin"), status=withdrawn, taken="n"),
        stu3(a_medication_administration("cisplatin"), status=withdrawn, notGiven=True),
        stu3(a_procedure("pelvic-exenteration"), status=withdrawn, notDone=True),
        stu3(a_condition("cervical-cancer", bodySite="odd"), verificationStatus=withdrawn),
        fhir_version=STU3,
    )
    assert history.set_aside.entered_in_error == 4
    assert history.unreadable == ()


@pytest.mark.parametrize(
    ("status", "flag", "occurrence"),
    [
        ("completed", False, Occurrence.DONE),
        ("completed", True, Occurrence.NOT_DONE),
        ("aborted", False, Occurrence.STOPPED),
        ("suspended", False, Occurrence.PLANNED),
    ],
)
def test_not_done_stands_above_the_status(status: str, *, flag: bool, occurrence: Occurrence) -> None:
    made = stu3(a_procedure("pelvic-exenteration"), status=status, notDone=flag)
    (treatment,) = read(made, fhir_version=STU3).treatments
    assert treatment.occurrence is occurrence


def test_a_condition_of_unknown_verification_is_not_confirmed() -> None:
    made = stu3(a_condition("cervical-cancer"), verificationStatus="unknown", clinicalStatus="recurrence")
    (diagnosis,) = read(made, fhir_version=STU3).diagnoses
    assert diagnosis.verification is Verification.POSSIBLE
    assert diagnosis.clinical is ClinicalStatus.RECURRENCE


@pytest.mark.parametrize("more", [{}, {"description": "Referral"}])
def test_a_referral_is_a_plan(more: Json) -> None:
    referral = {
        "resourceType": "ReferralRequest",
        "id": "r",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
        "serviceRequested": [coded("pelvic-exenteration"), coded("imaging-pet-ct")],
        "occurrenceDateTime": "2026-02-03",
        **more,
    }
    (plan,) = read(referral, fhir_version=STU3).plans
    assert {"pelvic-exenteration", "imaging-pet-ct"} <= plan.concepts
    assert plan.active
    assert str(plan.date) == "2026-02-03"
    (order,) = read(drafts=[{**referral, "status": "draft"}], fhir_version=STU3).drafts
    assert "pelvic-exenteration" in order.concepts


def test_a_referral_for_nothing_said_matters_not() -> None:
    referral = {"resourceType": "ReferralRequest", "id": "r", "status": "active", "intent": "order", "subject": SUBJECT}
    history = read(referral, fhir_version=STU3)
    assert (history.plans, history.unreadable) == ((), ())


def test_a_request_that_cannot_be_read_hides_what_a_service_request_would() -> None:
    made = stu3(a_service_request("pelvic-exenteration"), status="odd")
    (unreadable,) = read(made, fhir_version=STU3).unreadable
    assert unreadable.resource_type == "ServiceRequest"
    assert unreadable.reference.startswith("ProcedureRequest/")


@pytest.mark.parametrize("questionnaire", [None, {"display": "staging"}, {"reference": "Questionnaire/other"}])
def test_answers_to_another_questionnaire_say_nothing(questionnaire: Any) -> None:
    made = stu3(a_questionnaire_response({"pdl1-cps": 5}), questionnaire=questionnaire)
    assert read(made, fhir_version=STU3).observed == ()


def test_a_service_request_is_not_of_stu3() -> None:
    drafted = a_service_request("pelvic-exenteration", status="draft")
    (order,) = read(a_service_request("pelvic-exenteration"), drafts=[drafted], fhir_version=STU3).drafts
    assert order.concepts == frozenset()


@pytest.mark.parametrize(
    "made",
    [
        a_condition("cervical-cancer"),
        a_condition(
            "cervical-cancer", clinicalStatus="active", verificationStatus="confirmed", recordedDate="2024-01-02"
        ),
        a_medication_statement("cisplatin"),
        an_observation("ecog-performance-status", valueInteger=1),
    ],
)
def test_a_resource_in_the_way_of_r4_is_unreadable_not_half_read(made: Json) -> None:
    history = read(made, fhir_version=STU3)
    assert (history.diagnoses, history.drugs, history.observed) == ((), (), ())
    assert len(history.unreadable) == 1


def test_a_truth_in_a_component_is_not_of_stu3_and_costs_its_observation() -> None:
    part = {"code": coded("ecog-performance-status"), "valueBoolean": True}
    made = stu3(an_observation("blood-pressure-panel", component=[part]))
    assert len(read(made, fhir_version=STU3).unreadable) == 1


def test_several_interpretations_are_not_of_stu3() -> None:
    made = stu3(an_observation("creatinine-serum", valueQuantity=quantity(1, "mg/dL")))
    made["interpretation"] = [{"text": "high"}]
    assert len(read(made, fhir_version=STU3).unreadable) == 1
