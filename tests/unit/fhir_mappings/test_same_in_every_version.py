"""The same fact in R4, R5 and STU3 gives the same history, one resource type after the other."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings import r4, r5, stu3
from fhir_mappings.history import History
from tests.convert import reference_to, to_version
from tests.fhir_builders import (
    SUBJECT,
    Json,
    a_condition,
    a_medication,
    a_medication_administration,
    a_medication_request,
    a_medication_statement,
    a_patient,
    a_procedure,
    a_questionnaire_response,
    a_report,
    a_service_request,
    an_allergy,
    an_appointment,
    an_imaging_study,
    an_observation,
    codeable,
    coded,
    quantity,
    read,
    snomed,
)

MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition"
CANCER = a_condition(
    "cervical-squamous-cell-carcinoma",
    id="cancer",
    clinical="recurrence",
    onsetAge={"value": 52, "code": "a", "system": "http://unitsofmeasure.org", "unit": "years"},
    recordedDate="2025-03-04",
    abatementDateTime="2025-06",
    bodySite=[coded("site-lung")],
    severity=codeable(text="severe"),
    extension=[
        {"url": f"{MCODE}/mcode-histology-morphology-behavior", "valueCodeableConcept": coded("squamous-morphology")}
    ],
)
COURSE = a_procedure(
    codeable(text="course"),
    category=coded("radiotherapy-any"),
    performedPeriod={"start": "2024-01-02", "end": "2024-02-20"},
    bodySite=[coded("site-pelvis")],
    reasonReference=[{"reference": "Condition/cancer"}],
    extension=[
        {
            "url": f"{MCODE}/mcode-radiotherapy-dose-delivered-to-volume",
            "extension": [
                {"url": "volume", "valueReference": {"reference": "BodyStructure/volume"}},
                {"url": "totalDoseDelivered", "valueQuantity": quantity(4500, "cGy")},
            ],
        },
        {"url": f"{MCODE}/mcode-procedure-intent", "valueCodeableConcept": coded("treatment-intent-curative")},
    ],
)
VOLUME = {
    "resourceType": "BodyStructure",
    "id": "volume",
    "patient": SUBJECT,
    "location": coded("site-paraaortic-lymph-nodes"),
}
DOSAGE = {
    "route": snomed("47625008"),
    "timing": {"repeat": {"frequency": 1, "period": 21, "periodUnit": "d"}},
    "doseAndRate": [{"doseQuantity": quantity(80, "mg")}],
}
SITUATIONS: dict[str, tuple[Json, ...]] = {
    "condition": (CANCER,),
    "condition, nothing said": (a_condition("cervical-cancer", clinical=None, verification=None),),
    **{
        f"condition {word}": (a_condition("cervical-cancer", verification=word),)
        for word in ("refuted", "differential")
    },
    **{
        f"condition {word}": (a_condition("cervical-cancer", clinical=word),)
        for word in ("active", "inactive", "remission", "resolved")
    },
    **{
        f"procedure {word}": (a_procedure("pelvic-exenteration", status=word, performedDateTime="2024-05-06"),)
        for word in (
            *("completed", "in-progress", "stopped", "preparation", "on-hold", "not-done", "unknown"),
            "entered-in-error",
        )
    },
    "radiotherapy course": (CANCER, COURSE, VOLUME),
    "procedure with a drug": (
        a_procedure(
            "chemotherapy-procedure",
            usedCode=[coded("cisplatin")],
            usedReference=[{"reference": "Medication/m"}],
            reasonCode=[coded("cervical-cancer")],
        ),
        a_medication(codeable(text="infusion"), id="m", ingredient=[{"itemCodeableConcept": coded("carboplatin")}]),
    ),
    **{
        f"statement {word}": (
            a_medication_statement(
                "cisplatin", status=word, dosage=[DOSAGE], effectivePeriod={"start": "2024-01-02", "end": "2024-03-01"}
            ),
        )
        for word in ("active", "stopped", "on-hold", "not-taken", "unknown", "entered-in-error")
    },
    **{
        f"administration {word}": (
            a_medication_administration(
                "cisplatin", status=word, dosage={"route": snomed("47625008"), "dose": quantity(70, "mg")}
            ),
        )
        for word in ("in-progress", "completed", "stopped", "on-hold", "unknown", "not-done", "entered-in-error")
    },
    **{
        f"request {word}": (
            a_medication_request(
                "cisplatin",
                status=word,
                authoredOn="2024-01-02",
                dosageInstruction=[DOSAGE],
                reasonCode=[coded("cervical-cancer")],
            ),
        )
        for word in ("active", "on-hold", "completed", "stopped", "unknown", "draft", "cancelled", "entered-in-error")
    },
    "drug by reference": (
        a_medication_administration(None, medicationReference={"reference": "Medication/m"}),
        a_medication("cisplatin", id="m"),
    ),
    "drug by contained reference": (
        a_medication_request(
            None,
            medicationReference={"reference": "#m"},
            contained=[{"resourceType": "Medication", "id": "m", "code": coded("cisplatin")}],
        ),
    ),
    "drug by display": (a_medication_statement(None, medicationReference={"display": "Cisplatin 50 mg"}),),
    "drug unresolved": (a_medication_statement(None, medicationReference={"reference": "Medication/elsewhere"}),),
    "whole number": (an_observation("ecog-performance-status", valueInteger=1),),
    "quantity": (
        an_observation(
            "creatinine-serum",
            valueQuantity=quantity(1.2, "mg/dL", "<"),
            interpretation=[codeable({"code": "H"})],
            referenceRange=[{"high": quantity(1.1, "mg/dL")}],
        ),
    ),
    "components": (
        an_observation(
            "blood-pressure-panel",
            component=[
                {"code": coded("blood-pressure-systolic"), "valueQuantity": quantity(120, "mm[Hg]")},
                {"code": coded("blood-pressure-diastolic"), "dataAbsentReason": codeable(text="unknown")},
            ],
        ),
    ),
    "coded value": (
        an_observation(
            "cancer-disease-status",
            valueCodeableConcept=snomed("271299001"),
            bodySite=coded("site-lung"),
            method=coded("imaging-pet-ct"),
            specimen={"reference": "Specimen/s"},
        ),
    ),
    **{
        f"report {word}": (
            a_report(
                "imaging-pet-ct",
                status=word,
                conclusionCode=[coded("metastasis-lung")],
                conclusion="free text",
                result=[{"reference": "Observation/o"}],
            ),
        )
        for word in ("final", "preliminary", "cancelled", "entered-in-error")
    },
    "study": (an_imaging_study("imaging-pet-ct"),),
    "study by description": (an_imaging_study(None, description="PET/CT of the trunk"),),
    **{
        f"service {word}": (
            a_service_request(
                "pelvic-exenteration",
                status=word,
                site="site-pelvis",
                occurrenceDateTime="2026-02-03",
                priority="urgent",
                category=[coded("urgent-marker")],
            ),
        )
        for word in ("active", "on-hold", "draft", "revoked", "completed", "unknown", "entered-in-error")
    },
    "service forbidden": (a_service_request("pelvic-exenteration", doNotPerform=True),),
    "appointment": (an_appointment("pelvic-exenteration"),),
    "appointment by reason": (
        an_appointment("pelvic-exenteration", serviceType=None, reasonCode=[coded("pelvic-exenteration")]),
    ),
    **{
        f"allergy {word}": (an_allergy("cisplatin", verification=word),)
        for word in ("confirmed", "unconfirmed", "refuted")
    },
    "allergy to what reacted": (
        an_allergy(
            codeable(text="infusion"),
            criticality="low",
            recordedDate="2024-01-02",
            reaction=[{"substance": coded("cisplatin"), "manifestation": [codeable(text="rash")], "severity": "mild"}],
        ),
    ),
    "answers": (a_questionnaire_response({"pdl1-cps": 5, "tumour-at-site:site-lung": True}),),
    "a dead patient": (a_patient(deceasedDateTime="2026-01-02"),),
    "another patient's": (a_procedure("pelvic-exenteration", subject={"reference": "Patient/other"}),),
    "modifier": (a_procedure("pelvic-exenteration", modifierExtension=[{"url": "http://example.org/not"}]),),
}
DRAFTS = {
    "drug": a_medication_request(
        "cisplatin",
        status="draft",
        authoredOn="2026-02-01",
        dosageInstruction=[DOSAGE],
        reasonReference=[{"reference": "Condition/cancer"}],
        reasonCode=[coded("cervical-cancer")],
    ),
    "drug by reference": a_medication_request(None, status="draft", medicationReference={"reference": "Medication/x"}),
    "service": a_service_request(
        "radiotherapy-external-beam",
        status="draft",
        site="site-pelvis",
        occurrencePeriod={"start": "2026-03-01", "end": "2026-04-01"},
        reasonCode=[coded("cervical-cancer")],
        orderDetail=[coded("elective-marker")],
    ),
}
WORDED_OTHERWISE = {"it is not valid FHIR R4": "it is not valid FHIR"}


def alike(history: History, version: str) -> Any:
    """The history without what differs by its nature: names of types in references, and the drafts as received."""

    def told(fact: Any) -> Any:
        return replace(fact, reference=reference_to(version, fact.reference))

    kinds = ("diagnoses", "treatments", "drugs", "observed", "reports", "plans", "allergies", "unreadable")
    return (
        history.patient,
        {kind: [told(fact) for fact in getattr(history, kind)] for kind in kinds},
        [
            replace(told(draft), resource={}, resource_type=reference_to(version, f"{draft.resource_type}/"))
            for draft in history.drafts
        ],
        history.gaps,
        history.set_aside,
    )


@pytest.mark.parametrize("version", ["5.0.0", "3.0.2"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_record_reads_the_same(situation: str, version: str) -> None:
    resources = SITUATIONS[situation]
    here = read(*resources)
    there = read(*(to_version(version, each) for each in resources), fhir_version=version)
    assert alike(there, version) == alike(here, version)


@pytest.mark.parametrize("version", ["5.0.0", "3.0.2"])
@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_reads_the_same(name: str, version: str) -> None:
    here = read(CANCER, drafts=[DRAFTS[name]])
    there = read(to_version(version, CANCER), drafts=[to_version(version, DRAFTS[name])], fhir_version=version)
    assert alike(there, version) == alike(here, version)


@pytest.mark.parametrize("folder", [r4, r5, stu3])
def test_every_type_read_has_a_shape_and_a_meaning(folder: Any) -> None:
    assert set(folder.READERS) <= set(folder.FORM.shapes.by_type)
    assert folder.FORM.shapes.r4_types.keys() <= folder.FORM.shapes.by_type.keys()
