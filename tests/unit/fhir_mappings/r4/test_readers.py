"""One resource in, its facts out: every reader, every status."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest

from fhir_mappings import r4
from fhir_mappings.history import (
    ClinicalStatus,
    Dose,
    DrugRecord,
    Exposure,
    History,
    Intent,
    Laterality,
    Occurrence,
    Priority,
    Route,
    Value,
    Verification,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.source import Form
from fhir_mappings.value_sets.systems import ICDO3, SNOMED
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
    coding,
    our_observation,
    quantity,
    read,
    snomed,
)

CANCER = "cervical-squamous-cell-carcinoma"
MODIFIER = [{"url": "http://example.org/not", "valueBoolean": True}]


def day(text: str) -> PartialDate:
    found = PartialDate.read(text)
    assert found is not None
    return found


def between(first: str, last: str) -> PartialDate:
    return PartialDate(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def extension(url: str, **value: Any) -> Json:
    return {"url": url, **value}


def facts(history: History) -> list[Any]:
    kinds = ("diagnoses", "treatments", "drugs", "observed", "reports", "plans", "allergies")
    return [fact for kind in kinds for fact in getattr(history, kind)]


# ------------------------------------------------------------------------------------------- rules for all


ONE_OF_EACH = {
    "Condition": a_condition(CANCER),
    "Procedure": a_procedure("pelvic-exenteration"),
    "MedicationStatement": a_medication_statement("cisplatin"),
    "MedicationAdministration": a_medication_administration("cisplatin"),
    "MedicationRequest": a_medication_request("cisplatin"),
    "Observation": an_observation("ecog-performance-status", valueInteger=1),
    "DiagnosticReport": a_report("imaging-pet-ct"),
    "ImagingStudy": an_imaging_study("imaging-pet-ct"),
    "ServiceRequest": a_service_request("pelvic-exenteration"),
    "Appointment": an_appointment("pelvic-exenteration"),
    "AllergyIntolerance": an_allergy("cisplatin"),
    "QuestionnaireResponse": a_questionnaire_response({"pdl1-cps": 5}),
}


@pytest.mark.parametrize("resource_type", ONE_OF_EACH)
def test_each_type_is_read(resource_type: str) -> None:
    (fact,) = facts(read(ONE_OF_EACH[resource_type]))
    assert fact.reference == f"{resource_type}/{ONE_OF_EACH[resource_type]['id']}"
    assert fact.concepts
    assert fact.text


@pytest.mark.parametrize("resource_type", ONE_OF_EACH)
@pytest.mark.parametrize("modifier", [{"modifierExtension": MODIFIER}, {"implicitRules": "http://example.org/rules"}])
def test_an_unknown_modifier_makes_it_unreadable(resource_type: str, modifier: Json) -> None:
    history = read({**ONE_OF_EACH[resource_type], **modifier})
    assert facts(history) == []
    (unreadable,) = history.unreadable
    assert unreadable.resource_type == resource_type
    assert "not known" in unreadable.cause
    assert history.set_aside.unknown_modifier == 1


@pytest.mark.parametrize("resource_type", ONE_OF_EACH)
@pytest.mark.parametrize("extensions", [[{"url": "http://vendor.example.org/x", "valueThing": {}}, "odd"], "odd"])
def test_empty_modifiers_and_vendor_elements_cost_nothing(resource_type: str, extensions: Any) -> None:
    plain = ONE_OF_EACH[resource_type]
    untidy = {
        **plain,
        "modifierExtension": [],
        "implicitRules": None,
        "vendorElement": {"deep": [1, None]},
        "language": 7,
        "note": "not an annotation",
        "extension": extensions,
        "meta": {"lastUpdated": "2026-01-01T00:00:00Z", "odd": None},
    }
    assert facts(read(untidy)) == facts(read(plain))


@pytest.mark.parametrize(
    "resource_type",
    sorted(ONE_OF_EACH.keys() - {"Condition", "AllergyIntolerance"}),
)
@pytest.mark.parametrize("status", ["bogus", "", None, "Completed"])
def test_an_unknown_status_makes_it_unreadable(resource_type: str, status: str | None) -> None:
    history = read({**ONE_OF_EACH[resource_type], "status": status})
    assert facts(history) == []
    assert len(history.unreadable) == 1
    assert "status" in history.unreadable[0].cause


@pytest.mark.parametrize("resource_type", sorted(ONE_OF_EACH.keys() - {"Condition", "AllergyIntolerance"}))
def test_entered_in_error_is_counted_not_read(resource_type: str) -> None:
    for broken in ({}, {"modifierExtension": MODIFIER}):
        history = read({**ONE_OF_EACH[resource_type], **broken, "status": "entered-in-error"})
        assert facts(history) == []
        assert history.unreadable == ()
        assert history.set_aside.entered_in_error == 1


@pytest.mark.parametrize(
    ("resource", "cause"),
    [
        (a_procedure("pelvic-exenteration", performedDateTime=17), "it is not valid FHIR R4: performedDateTime"),
        (a_procedure("pelvic-exenteration", bodySite="pelvis"), "it is not valid FHIR R4: bodySite"),
        (
            an_observation("ecog-performance-status", valueInteger=1, valueString="1"),
            "it is not valid FHIR R4",
        ),
        (an_observation("ecog-performance-status", valueQuantity={"value": "x"}), "not valid FHIR R4: valueQuantity"),
        (a_procedure("pelvic-exenteration", occurrenceDateTime="2026-01-01"), "it is not in the form of FHIR R4"),
        (a_procedure("pelvic-exenteration", notDone=False), "it is not in the form of FHIR R4"),
        (a_medication_statement("cisplatin", taken="n"), "it is not in the form of FHIR R4"),
        (a_condition(CANCER, clinicalStatus="active"), "it is not valid FHIR R4: clinicalStatus"),
        (a_condition(CANCER, verification="certain"), "its verification status is not known here"),
        (
            a_condition(CANCER, verificationStatus=codeable(coding("x", "confirmed"), coding("x", "provisional"))),
            "its verification status is not known here",
        ),
        (an_allergy("cisplatin", verification="certain"), "its status is not known here"),
        (an_allergy("cisplatin", clinicalStatus=codeable(text="gone")), "its status is not known here"),
        (a_medication_request("cisplatin", intent="wish"), "its intent is not known here"),
        (a_service_request("pelvic-exenteration", intent=None), "intent"),
        (a_service_request("pelvic-exenteration", intent="wish"), "its intent is not known here"),
        (
            an_observation("ecog-performance-status", component=[{"code": codeable(), "modifierExtension": MODIFIER}]),
            "a modifier that is not known",
        ),
    ],
)
def test_what_is_needed_and_cannot_be_read_is_unreadable(resource: Json, cause: str) -> None:
    history = read(resource)
    assert facts(history) == []
    (unreadable,) = history.unreadable
    assert cause in unreadable.cause
    assert unreadable.concepts


def test_extensions_nested_without_end_do_not_matter() -> None:
    nested: Json = {"url": "http://vendor.example.org/x"}
    for _ in range(150):
        nested = {"url": "http://vendor.example.org/x", "extension": [nested]}
    assert len(facts(read(a_condition(CANCER, extension=[nested])))) == 1


def test_known_extensions_nested_without_end_are_unreadable() -> None:
    nested: Json = {"url": "volume"}
    for _ in range(300):
        nested = {"url": "volume", "extension": [nested]}
    history = read(a_procedure("pelvic-exenteration", extension=[nested]))
    assert len(facts(history)) + len(history.unreadable) == 1


def test_a_fault_in_a_reader_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Form, "quick", lambda *_: lambda _raw: (object(), False))
    history = read(a_procedure("pelvic-exenteration"), patient=a_patient(id="other"))
    assert [each.cause for each in history.unreadable] == ["it could not be read"]


def test_classes_can_be_imported_ahead() -> None:
    r4.warm()
    assert "fhir.resources.R4B.appointment" in sys.modules
    assert "fhir.resources.R4B.timing" in sys.modules


# ------------------------------------------------------------------------------------------- Patient


def test_a_patient() -> None:
    patient = read(
        a_patient(
            extension=[
                extension("http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", valueCode="F"),
                extension(
                    "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
                    extension=[
                        extension(
                            "value",
                            valueCodeableConcept=codeable(
                                coding(
                                    "http://terminology.hl7.org/CodeSystem/sex-parameter-for-clinical-use",
                                    "female-typical",
                                )
                            ),
                        )
                    ],
                ),
            ]
        )
    ).patient
    assert patient is not None
    assert patient.reference == "Patient/p1"
    assert patient.birth == day("1970-05-01")
    assert (patient.gender, patient.birth_sex, patient.sex_for_clinical_use) == ("female", "F", "female-typical")


@pytest.mark.parametrize(
    ("elements", "deceased"),
    [
        ({}, Tri.UNKNOWN),
        ({"deceasedBoolean": True}, Tri.YES),
        ({"deceasedBoolean": False}, Tri.NO),
        ({"deceasedDateTime": "2026"}, Tri.YES),
    ],
)
def test_deceased(elements: Json, deceased: Tri) -> None:
    patient = read(a_patient(**elements)).patient
    assert patient is not None
    assert patient.deceased is deceased


def test_a_broken_birth_date_costs_the_age_not_the_patient() -> None:
    history = read(a_patient(birthDate="1970-13-45", deceasedBoolean=True))
    assert history.patient is not None
    assert history.patient.birth is None
    assert history.patient.deceased is Tri.YES
    assert [each.cause for each in history.unreadable] == ["it is not valid FHIR R4: birthDate"]


@pytest.mark.parametrize("broken", [{"deceasedBoolean": "perhaps"}, {"modifierExtension": MODIFIER}])
def test_a_patient_that_may_be_dead_is_unreadable(broken: Json) -> None:
    history = read(a_patient(**broken))
    assert history.patient is None
    assert history.unreadable


# ------------------------------------------------------------------------------------------- Condition


@pytest.mark.parametrize(
    ("word", "sure", "disowned"),
    [
        ("confirmed", Verification.CONFIRMED, False),
        (None, Verification.CONFIRMED, False),
        ("unconfirmed", Verification.POSSIBLE, False),
        ("provisional", Verification.POSSIBLE, False),
        ("differential", Verification.POSSIBLE, False),
        ("refuted", Verification.POSSIBLE, True),
        ("entered-in-error", Verification.POSSIBLE, True),
    ],
)
def test_verification(word: str | None, sure: Verification, disowned: bool) -> None:
    (diagnosis,) = read(a_condition(CANCER, verification=word)).diagnoses
    assert (diagnosis.verification, diagnosis.disowned) == (sure, disowned)


@pytest.mark.parametrize("status", [*(each for each in ClinicalStatus if each is not ClinicalStatus.UNKNOWN)])
def test_clinical_status(status: ClinicalStatus) -> None:
    (diagnosis,) = read(a_condition(CANCER, clinical=status.value)).diagnoses
    assert diagnosis.clinical is status
    assert status.value in diagnosis.text


@pytest.mark.parametrize("word", ["gone", None])
def test_other_clinical_status_words_are_unknown(word: str | None) -> None:
    (diagnosis,) = read(a_condition(CANCER, clinical=word)).diagnoses
    assert diagnosis.clinical is ClinicalStatus.UNKNOWN


def test_a_status_given_as_text_is_read() -> None:
    (diagnosis,) = read(a_condition(CANCER, clinicalStatus=codeable(text="Recurrence"))).diagnoses
    assert diagnosis.clinical is ClinicalStatus.RECURRENCE


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        ({"onsetDateTime": "2021-03"}, between("2021-03-01", "2021-03-31")),
        ({"onsetDateTime": "2021-03-04T10:00:00+02:00"}, day("2021-03-04")),
        ({"onsetPeriod": {"start": "2021-03-01", "end": "2021-04-02"}}, between("2021-03-01", "2021-04-02")),
        ({"onsetPeriod": {"start": "2021-03-01"}}, day("2021-03-01")),
        ({"onsetPeriod": {"start": "2021-03-01", "end": "2020"}}, None),
        ({"onsetAge": quantity(50, "a")}, between("2020-05-01", "2021-04-30")),
        ({"onsetAge": quantity(50, "mo")}, None),
        ({"onsetAge": quantity(99999, "a")}, None),
        ({"onsetRange": {"low": quantity(50, "a"), "high": quantity(52, "a")}}, between("2020-05-01", "2023-04-30")),
        ({"onsetString": " 2021 "}, between("2021-01-01", "2021-12-31")),
        ({"onsetString": "last summer"}, None),
        ({}, None),
    ],
)
def test_onset(onset: Json, expected: PartialDate | None) -> None:
    (diagnosis,) = read(a_condition(CANCER, recordedDate="2022-01-02", **onset)).diagnoses
    assert diagnosis.onset == expected
    assert diagnosis.date == (expected or day("2022-01-02"))


def test_an_age_needs_a_birth_date_and_knows_leap_years() -> None:
    aged = a_condition(CANCER, onsetAge=quantity(50, "a"))
    assert read(aged, patient=a_patient(birthDate=None)).diagnoses[0].onset is None
    assert read(aged, patient=a_patient(birthDate="1972-02-29")).diagnoses[0].onset == between(
        "2022-02-28", "2023-02-27"
    )


def test_a_condition_with_everything() -> None:
    (diagnosis,) = read(
        a_condition(
            "metastasis-lung",
            clinical="resolved",
            abatementDateTime="2025-02-03",
            bodySite=[
                {
                    **coded("site-lung"),
                    "extension": [
                        extension(
                            "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier",
                            valueCodeableConcept=snomed("7771000"),
                        )
                    ],
                }
            ],
            severity=codeable(coding("http://hl7.org/fhir/us/ctcae/CodeSystem/ctcae-grade-code-system", "3")),
            extension=[
                extension(
                    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior",
                    valueCodeableConcept=codeable(coding(ICDO3, "8073/3")),
                )
            ],
        )
    ).diagnoses
    assert diagnosis.abatement == day("2025-02-03")
    assert diagnosis.body_sites == {"site-lung", "site-chest"}
    assert diagnosis.laterality is Laterality.ONE_SIDE
    assert diagnosis.morphology == {"squamous-morphology"}
    assert diagnosis.grade == 3
    assert diagnosis.text == "metastasis to the lung, lung, resolved"


@pytest.mark.parametrize(
    ("codes", "side"),
    [
        (("7771000",), Laterality.ONE_SIDE),
        (("66459002",), Laterality.ONE_SIDE),
        (("7771000", "24028007"), Laterality.BOTH_SIDES),
        (("51440002",), Laterality.BOTH_SIDES),
        (("255503000",), Laterality.UNKNOWN),
    ],
)
def test_laterality(codes: tuple[str, ...], side: Laterality) -> None:
    sites = [
        {
            "text": "leg",
            "extension": [
                extension(
                    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality",
                    valueCodeableConcept=snomed(code),
                )
            ],
        }
        for code in codes
    ]
    (diagnosis,) = read(a_condition("leg-oedema", bodySite=sites)).diagnoses
    assert diagnosis.laterality is side


def test_our_side_wall_codes_have_a_side() -> None:
    system = "http://recurrence-cds.org/fhir/CodeSystem/recurrence-sites"
    one = codeable(coding(system, "pelvic-sidewall-left"))
    (diagnosis,) = read(a_condition(CANCER, bodySite=[one])).diagnoses
    assert diagnosis.body_sites == {"site-pelvic-sidewall"}
    assert diagnosis.laterality is Laterality.ONE_SIDE


@pytest.mark.parametrize(
    ("elements", "grade"),
    [
        ({"severity": snomed("24484000")}, None),
        ({"severity": codeable(text="grade 3")}, None),
        (
            {"extension": [extension("http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade", valueInteger=4)]},
            4,
        ),
        (
            {
                "extension": [
                    extension(
                        "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade",
                        valueCodeableConcept=codeable(coding("urn:ctcae", "2")),
                    )
                ]
            },
            2,
        ),
    ],
)
def test_only_a_ctcae_grade_is_a_grade(elements: Json, grade: int | None) -> None:
    (diagnosis,) = read(a_condition("peripheral-neuropathy", **elements)).diagnoses
    assert diagnosis.grade == grade


# ------------------------------------------------------------------------------------------- Procedure


@pytest.mark.parametrize(
    ("status", "occurrence"),
    [
        ("completed", Occurrence.DONE),
        ("in-progress", Occurrence.UNDER_WAY),
        ("stopped", Occurrence.STOPPED),
        ("preparation", Occurrence.PLANNED),
        ("on-hold", Occurrence.PLANNED),
        ("not-done", Occurrence.NOT_DONE),
        ("unknown", Occurrence.UNKNOWN),
    ],
)
def test_procedure_statuses(status: str, occurrence: Occurrence) -> None:
    history = read(a_procedure("pelvic-exenteration", status=status, performedDateTime="2026-03-02"))
    (treatment,) = history.treatments
    assert treatment.occurrence is occurrence
    assert treatment.start == treatment.end == day("2026-03-02")
    planned = [(plan.reference, plan.date, plan.active) for plan in history.plans]
    assert planned == ([(treatment.reference, day("2026-03-02"), True)] if occurrence is Occurrence.PLANNED else [])


@pytest.mark.parametrize(
    ("performed", "start", "end"),
    [
        ({"performedPeriod": {"start": "2020-01-02", "end": "2020-02"}}, "2020-01-02", "2020-02"),
        ({"performedPeriod": {"start": "2020-01-02"}}, "2020-01-02", None),
        ({"performedString": "2019"}, "2019", "2019"),
        ({}, None, None),
    ],
)
def test_performed(performed: Json, start: str | None, end: str | None) -> None:
    (treatment,) = read(a_procedure("radiotherapy-any", **performed)).treatments
    assert treatment.start == (None if start is None else day(start))
    assert treatment.end == (None if end is None else day(end))


MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"


def course(*volumes: Json, **more: Any) -> Json:
    return a_procedure(
        "radiotherapy-course-summary",
        extension=[
            extension(f"{MCODE}mcode-procedure-intent", valueCodeableConcept=coded("treatment-intent-curative")),
            extension(
                f"{MCODE}mcode-radiotherapy-modality-and-technique",
                extension=[
                    extension(
                        f"{MCODE}mcode-radiotherapy-modality",
                        valueCodeableConcept=coded("radiotherapy-external-beam"),
                    ),
                    extension(f"{MCODE}mcode-radiotherapy-technique", valueCodeableConcept=coded("radiotherapy-imrt")),
                ],
            ),
            *volumes,
        ],
        **more,
    )


def volume(dose: Json | None, reference: str | None = None) -> Json:
    parts = [] if dose is None else [extension("totalDoseDelivered", valueQuantity=dose)]
    parts += [] if reference is None else [extension("volume", valueReference={"reference": reference})]
    return extension(f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume", extension=parts)


def test_a_radiotherapy_course_summary() -> None:
    place = {"resourceType": "BodyStructure", "id": "v", "patient": SUBJECT, "location": coded("site-cervix")}
    inside = {"resourceType": "BodyStructure", "id": "n", "location": coded("site-paraaortic-lymph-nodes")}
    (treatment,) = read(
        course(
            volume(quantity(4500, "cGy"), "BodyStructure/v"),
            volume(quantity(55.8, "Gy"), "#n"),
            volume(quantity(3, "mg"), "BodyStructure/gone"),
            volume(None),
            contained=[inside],
        ),
        place,
    ).treatments
    assert treatment.concepts == {"radiotherapy-course-summary"}
    assert treatment.qualifiers == {"radiotherapy-external-beam", "radiotherapy-imrt"}
    assert treatment.body_sites == {"site-cervix", "site-paraaortic-lymph-nodes"}
    assert treatment.recorded_site
    assert treatment.dose_gy == 55.8
    assert treatment.intent is Intent.CURATIVE
    assert "55.8 Gy" in treatment.text


@pytest.mark.parametrize(
    ("site", "sites", "recorded"),
    [
        (None, frozenset(), False),
        ("site-pelvis", {"site-pelvis"}, True),
        (codeable(text="somewhere"), frozenset(), True),
    ],
)
def test_whether_a_site_was_recorded(site: Any, sites: frozenset[str], recorded: bool) -> None:
    (treatment,) = read(a_procedure("radiotherapy-any", site=site)).treatments
    assert (treatment.body_sites, treatment.recorded_site) == (sites, recorded)


def test_a_category_tells_when_the_code_does_not() -> None:
    (treatment,) = read(a_procedure(codeable(text="OPS 8-52"), category=coded("radiotherapy-any"))).treatments
    assert treatment.concepts == {"radiotherapy-any"}
    assert not treatment.text_only
    assert treatment.qualifiers == {"radiotherapy-any"}


def test_what_was_used_counts() -> None:
    history = read(
        a_procedure(codeable(text="infusion"), id="1", usedReference=[{"reference": "Medication/m"}, {}]),
        a_procedure("chemotherapy-procedure", id="2", usedCode=[coded("carboplatin")]),
        a_procedure(codeable(text="infusion"), id="3", usedCode=[coded("carboplatin")]),
        a_procedure(codeable(text="infusion"), id="4", usedReference=[{"reference": "Device/d"}]),
        {**a_medication("cisplatin"), "id": "m"},
    )
    assert [(each.reference, *each.drugs) for each in history.treatments] == [
        ("Procedure/1", "cisplatin"),
        ("Procedure/2", "carboplatin"),
        ("Procedure/3", "carboplatin"),
    ]


def test_reasons_come_from_codes_and_from_conditions_at_hand() -> None:
    (treatment,) = read(
        a_procedure(
            "chemotherapy-procedure",
            reasonCode=[coded("metastasis-lung")],
            reasonReference=[{"reference": "Condition/c"}, {"reference": "Condition/gone"}],
        ),
        a_condition(CANCER, id="c"),
    ).treatments
    assert treatment.reasons == {"metastasis-lung", CANCER}


def test_an_elective_marker_is_read() -> None:
    elective = codeable(coding(SNOMED, "103390000"), *coded("pelvic-exenteration")["coding"])
    (treatment,) = read(a_procedure(elective)).treatments
    assert treatment.priority is Priority.ELECTIVE
    assert not treatment.conflict


# ------------------------------------------------------------------------------------------- drugs


@pytest.mark.parametrize(
    ("status", "exposure", "current"),
    [
        ("active", Exposure.GIVEN, Tri.YES),
        ("completed", Exposure.GIVEN, Tri.NO),
        ("stopped", Exposure.GIVEN, Tri.NO),
        ("on-hold", Exposure.POSSIBLE, Tri.NO),
        ("unknown", Exposure.POSSIBLE, Tri.UNKNOWN),
        ("intended", Exposure.PLANNED, Tri.NO),
        ("not-taken", Exposure.NOT_TAKEN, Tri.NO),
    ],
)
def test_medication_statement_statuses(status: str, exposure: Exposure, current: Tri) -> None:
    (drug,) = read(a_medication_statement("cisplatin", status=status)).drugs
    assert (drug.kind, drug.exposure, drug.current) == (DrugRecord.STATEMENT, exposure, current)


@pytest.mark.parametrize(
    ("status", "exposure", "current"),
    [
        ("in-progress", Exposure.GIVEN, Tri.YES),
        ("completed", Exposure.GIVEN, Tri.NO),
        ("stopped", Exposure.GIVEN, Tri.NO),
        ("on-hold", Exposure.POSSIBLE, Tri.NO),
        ("unknown", Exposure.POSSIBLE, Tri.UNKNOWN),
        ("not-done", Exposure.NOT_TAKEN, Tri.NO),
    ],
)
def test_medication_administration_statuses(status: str, exposure: Exposure, current: Tri) -> None:
    (drug,) = read(a_medication_administration("cisplatin", status=status)).drugs
    assert (drug.kind, drug.exposure, drug.current) == (DrugRecord.ADMINISTRATION, exposure, current)


@pytest.mark.parametrize(
    ("status", "intent", "exposure", "current"),
    [
        ("active", "order", Exposure.POSSIBLE, Tri.UNKNOWN),
        ("completed", "order", Exposure.POSSIBLE, Tri.NO),
        ("stopped", "instance-order", Exposure.POSSIBLE, Tri.NO),
        ("on-hold", "order", Exposure.POSSIBLE, Tri.NO),
        ("unknown", "order", Exposure.POSSIBLE, Tri.UNKNOWN),
        ("active", "plan", Exposure.PLANNED, Tri.NO),
        ("active", "proposal", Exposure.PLANNED, Tri.NO),
        ("draft", "order", Exposure.PLANNED, Tri.NO),
        ("cancelled", "plan", Exposure.NOT_TAKEN, Tri.NO),
    ],
)
def test_medication_request_statuses(status: str, intent: str, exposure: Exposure, current: Tri) -> None:
    (drug,) = read(a_medication_request("cisplatin", status=status, intent=intent, authoredOn="2026-02")).drugs
    assert (drug.kind, drug.exposure, drug.current) == (DrugRecord.REQUEST, exposure, current)
    assert drug.start == day("2026-02")


@pytest.mark.parametrize(
    "resource",
    [
        a_medication_request("cisplatin", doNotPerform=True),
        a_service_request("pelvic-exenteration", doNotPerform=True),
        an_observation("ecog-performance-status", status="cancelled"),
        a_report("imaging-pet-ct", status="cancelled"),
        an_imaging_study("imaging-pet-ct", status="cancelled"),
        an_allergy("cisplatin", verification="refuted"),
        a_questionnaire_response({"pdl1-cps": 5}, status="stopped"),
    ],
)
def test_what_is_forbidden_cancelled_or_refuted_says_nothing(resource: Json) -> None:
    history = read(resource)
    assert facts(history) == []
    assert history.unreadable == ()


def dosage(value: float, unit: str, route: Json | None = None) -> Json:
    found: Json = {"doseAndRate": [{"doseQuantity": quantity(value, unit)}]}
    return {**found, **({} if route is None else {"route": route})}


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (snomed("47625008"), Route.SYSTEMIC),
        (snomed("418401004"), Route.OPHTHALMIC),
        (snomed("6064005"), Route.OTHER),
        (codeable(text="Intravitreal injection (eye)"), Route.OPHTHALMIC),
        (codeable(coding("urn:local", "9", "Intravenous route")), Route.SYSTEMIC),
        (codeable(text="by mouthpiece"), Route.UNKNOWN),
        (None, Route.UNKNOWN),
    ],
)
def test_routes(route: Json | None, expected: Route) -> None:
    statement = a_medication_statement("bevacizumab", dosage=[dosage(1.25, "mg", route)])
    given = a_medication_administration(
        "bevacizumab", dosage={"dose": quantity(1.25, "mg"), **({} if route is None else {"route": route})}
    )
    ordered = a_medication_request("bevacizumab", dosageInstruction=[dosage(1.25, "mg", route)])
    for drug in read(statement, given, ordered).drugs:
        assert drug.route is expected
        assert drug.dose == Dose(value=1.25, unit="mg")


def test_differing_routes_and_doses_are_unknown() -> None:
    (drug,) = read(
        a_medication_statement(
            "bevacizumab", dosage=[dosage(1, "mg", snomed("47625008")), dosage(2, "mg", snomed("418401004")), {}]
        )
    ).drugs
    assert drug.route is Route.UNKNOWN
    assert drug.dose is None


def test_dates_and_intent_of_a_drug() -> None:
    (drug,) = read(
        a_medication_statement(
            codeable(text="Mvasi 400 mg"),
            effectivePeriod={"start": "2025-01-02", "end": "2025-03"},
            extension=[
                extension(f"{MCODE}mcode-treatment-intent", valueCodeableConcept=coded("treatment-intent-palliative"))
            ],
        )
    ).drugs
    assert (drug.start, drug.end) == (day("2025-01-02"), day("2025-03"))
    assert drug.intent is Intent.PALLIATIVE
    assert drug.by_name
    assert drug.concepts == {"bevacizumab-awwb"}


def test_an_administration_without_dosage_has_neither_dose_nor_route() -> None:
    (drug,) = read(a_medication_administration("cisplatin")).drugs
    assert drug.dose is None
    assert drug.route is Route.UNKNOWN
    assert drug.start == drug.end == day("2026-01-10")


# ------------------------------------------------------------------------------------------- Observation


@pytest.mark.parametrize(
    ("elements", "value"),
    [
        ({"valueQuantity": quantity(1.1, "mg/dL")}, Value(number=1.1, unit="mg/dL")),
        ({"valueQuantity": {"value": 97, "unit": "umol/L"}}, Value(number=97, unit="umol/L")),
        ({"valueQuantity": quantity(5, "1", "<")}, Value(number=5, unit="1", comparator="<")),
        ({"valueQuantity": {"unit": "mg/dL"}}, Value(unit="mg/dL")),
        ({"valueInteger": 0}, Value(number=0)),
        ({"valueBoolean": False}, Value(truth=False)),
        ({"valueString": "  rM0\n"}, Value(token="rm0")),
        ({"valueCodeableConcept": codeable(text="Not  Detected")}, Value(token="not detected")),
        (
            {"valueCodeableConcept": codeable(coding("http://cancerstaging.org", " cM1 ", "M0"))},
            Value(codes=frozenset({("http://cancerstaging.org", "cM1")})),
        ),
        ({"valueRange": {"low": quantity(3, "cm"), "high": quantity(3, "cm")}}, Value(number=3, unit="cm")),
        ({"valueRange": {"low": quantity(3, "cm")}}, Value(number=3, unit="cm", comparator=">=")),
        ({"valueRange": {"high": quantity(3, "cm")}}, Value(number=3, unit="cm", comparator="<=")),
        ({"valueRange": {"low": quantity(3, "cm"), "high": quantity(4, "cm")}}, Value(token="3-4", unit="cm")),
        (
            {"valueRatio": {"numerator": quantity(30, "mg"), "denominator": quantity(10, "mg")}},
            Value(number=3),
        ),
        (
            {"valueRatio": {"numerator": quantity(30, "mg"), "denominator": {"value": 2}}},
            Value(number=15, unit="mg"),
        ),
        (
            {"valueRatio": {"numerator": quantity(30, "mg"), "denominator": quantity(2, "g")}},
            Value(number=15, unit="mg/g"),
        ),
        ({"valueRatio": {"numerator": quantity(30, "mg"), "denominator": quantity(0, "mg")}}, Value()),
        ({"dataAbsentReason": codeable(text="not done")}, Value(absent=True)),
        (
            {"interpretation": [codeable(coding("http://x", "H"), coding("http://x", "POS"))]},
            Value(interpretation=frozenset({"H", "POS"})),
        ),
        (
            {"valueQuantity": quantity(2, "mg/dL"), "referenceRange": [{"high": quantity(1.2, "mg/dL")}]},
            Value(number=2, unit="mg/dL", reference_high=1.2),
        ),
        (
            {"valueQuantity": quantity(2, "mg/dL"), "referenceRange": [{"high": {"value": 1.2}}, {"text": "x"}]},
            Value(number=2, unit="mg/dL", reference_high=1.2),
        ),
        (
            {"valueQuantity": quantity(2, "mg/dL"), "referenceRange": [{"high": quantity(20, "umol/L")}]},
            Value(number=2, unit="mg/dL"),
        ),
        (
            {
                "valueQuantity": quantity(2, "mg/dL"),
                "referenceRange": [{"high": quantity(1.2, "mg/dL")}, {"high": quantity(1.3, "mg/dL")}],
            },
            Value(number=2, unit="mg/dL"),
        ),
        ({}, Value()),
    ],
)
def test_values(elements: Json, value: Value) -> None:
    (observed,) = read(an_observation("creatinine-serum", **elements)).observed
    assert observed.value == value
    component = {"code": coded("blood-pressure-systolic"), **elements}
    (panel,) = read(an_observation("blood-pressure-panel", component=[component])).observed
    assert panel.components == ((frozenset({"blood-pressure-systolic"}), value),)


def test_a_coded_value_is_its_concept() -> None:
    (observed,) = read(
        an_observation("cancer-disease-status", valueCodeableConcept=coded("disease-status-worsened"))
    ).observed
    assert observed.value.concepts == {"disease-status-worsened"}
    assert observed.text.startswith("cancer disease status: ")


@pytest.mark.parametrize(
    ("status", "final"),
    [
        ("final", True),
        ("amended", True),
        ("corrected", True),
        ("preliminary", False),
        ("registered", False),
        ("unknown", False),
    ],
)
def test_observation_statuses(status: str, final: bool) -> None:
    (observed,) = read(an_observation("ecog-performance-status", status=status, valueInteger=1)).observed
    assert observed.final is final
    assert observed.text == f"ECOG performance status: 1{'' if final else ', not final'}"


@pytest.mark.parametrize(
    ("elements", "date"),
    [
        ({"effectiveDateTime": "2026-01"}, between("2026-01-01", "2026-01-31")),
        ({"effectiveInstant": "2026-01-02T10:00:00Z"}, day("2026-01-02")),
        ({"effectivePeriod": {"start": "2026-01-02", "end": "2026-01-04"}}, between("2026-01-02", "2026-01-04")),
        ({"issued": "2026-01-02T10:00:00Z"}, None),
    ],
)
def test_the_date_of_an_observation(elements: Json, date: PartialDate | None) -> None:
    (observed,) = read(an_observation("ecog-performance-status", on=None, **elements)).observed
    assert observed.date == date


def test_an_observation_with_everything_around() -> None:
    (observed,) = read(
        our_observation(
            "tumour-at-site",
            False,
            site="site-vaginal-cuff",
            method=coded("imaging-pet-ct"),
            focus=[{"reference": "https://ehr.example.org/fhir/Condition/c/_history/2"}, {}],
            specimen={"reference": "Specimen/s"},
        )
    ).observed
    assert observed.concepts == {"own-tumour-at-site"}
    assert observed.value.truth is False
    assert observed.body_sites == {"site-vaginal-cuff"}
    assert observed.methods == {"imaging-pet-ct"}
    assert observed.focus == ("Condition/c", "Specimen/s")
    assert observed.text == "tumour present at the body site, vaginal cuff: no"


def test_a_component_makes_an_unknown_panel_matter() -> None:
    component = {"code": coded("blood-pressure-systolic"), "valueQuantity": quantity(150, "mm[Hg]")}
    (observed,) = read(an_observation(codeable(text="vitals"), component=[component, None])).observed
    assert observed.concepts == frozenset()
    assert observed.text == "vitals: systolic blood pressure 150 mm[Hg]"


# ------------------------------------------------------------------------------------------- reports, plans, allergies


@pytest.mark.parametrize(
    ("status", "final"),
    [
        ("final", True),
        ("amended", True),
        ("corrected", True),
        ("appended", True),
        ("registered", False),
        ("partial", False),
        ("preliminary", False),
        ("unknown", False),
    ],
)
def test_report_statuses(status: str, final: bool) -> None:
    (report,) = read(a_report("imaging-pet-ct", status=status)).reports
    assert report.final is final
    assert report.date == day("2026-01-10")


@pytest.mark.parametrize(
    ("elements", "free_text"),
    [
        ({}, False),
        ({"conclusion": "no sign of recurrence"}, True),
        ({"presentedForm": [{"contentType": "application/pdf"}]}, True),
        ({"text": {"status": "additional", "div": "<div/>"}}, True),
        ({"text": {"status": "generated", "div": "<div/>"}}, False),
        ({"conclusion": ""}, False),
    ],
)
def test_free_text_of_a_report(elements: Json, free_text: bool) -> None:
    (report,) = read(a_report("imaging-pet-ct", **elements)).reports
    assert report.free_text is free_text
    assert "recurrence" not in report.text


def test_conclusion_codes_and_results() -> None:
    (report,) = read(
        a_report(
            codeable(text="pathology"),
            conclusionCode=[coded("squamous-morphology")],
            result=[{"reference": "Observation/2"}, {"reference": "Observation/1"}, {"display": "x"}],
        )
    ).reports
    assert report.conclusions == {"squamous-morphology"}
    assert report.results == ("Observation/1", "Observation/2")


@pytest.mark.parametrize(("status", "final"), [("available", True), ("registered", False), ("unknown", False)])
def test_imaging_study_statuses(status: str, final: bool) -> None:
    (report,) = read(an_imaging_study("imaging-mri-pelvis", status=status)).reports
    assert report.final is final
    assert report.date == day("2026-01-10")
    assert not report.free_text


def test_an_imaging_study_known_by_its_description() -> None:
    (report,) = read(an_imaging_study(None, description="PET/CT whole body")).reports
    assert report.text_only
    assert report.concepts == {"imaging-pet-ct"}


@pytest.mark.parametrize(
    ("status", "intent", "active"),
    [
        ("active", "order", True),
        ("on-hold", "plan", True),
        ("active", "directive", True),
        ("active", "proposal", False),
        ("draft", "order", False),
        ("revoked", "order", False),
        ("completed", "order", False),
        ("unknown", "order", False),
    ],
)
def test_service_request_statuses(status: str, intent: str, active: bool) -> None:
    (plan,) = read(a_service_request("pelvic-exenteration", status=status, intent=intent)).plans
    assert plan.active is active


@pytest.mark.parametrize(
    ("elements", "priority"),
    [
        ({}, Priority.UNSPECIFIED),
        ({"priority": "routine"}, Priority.UNSPECIFIED),
        ({"priority": "urgent"}, Priority.URGENT),
        ({"priority": "asap"}, Priority.URGENT),
        ({"priority": "stat"}, Priority.URGENT),
        ({"category": [coded("elective-marker")]}, Priority.ELECTIVE),
        ({"orderDetail": [coded("urgent-marker")]}, Priority.URGENT),
        ({"category": [coded("elective-marker")], "priority": "stat"}, Priority.UNSPECIFIED),
    ],
)
def test_priorities(elements: Json, priority: Priority) -> None:
    (plan,) = read(a_service_request("pelvic-exenteration", **elements)).plans
    assert plan.priority is priority


def test_the_date_and_site_of_a_plan() -> None:
    history = read(
        a_service_request("radiotherapy-any", site="site-pelvis", occurrencePeriod={"start": "2026-03-01"}),
        an_appointment("pelvic-exenteration", start="2026-03-02"),
        an_appointment(
            "pelvic-exenteration", start=None, requestedPeriod=[{"start": "2026-04-01", "end": "2026-04-03"}]
        ),
        an_appointment(codeable(text="visit"), description="Pelvic exenteration, theatre 3"),
    )
    assert {plan.date for plan in history.plans} == {
        day("2026-03-01"),
        day("2026-03-02"),
        between("2026-04-01", "2026-04-03"),
        day("2026-02-01"),
    }
    assert [plan.body_sites for plan in history.plans if plan.body_sites] == [{"site-pelvis"}]
    assert [plan.concepts for plan in history.plans if plan.text_only] == [{"pelvic-exenteration"}]


@pytest.mark.parametrize(
    ("status", "active"),
    [
        ("booked", True),
        ("pending", True),
        ("arrived", True),
        ("checked-in", True),
        ("waitlist", True),
        ("proposed", False),
        ("fulfilled", False),
        ("cancelled", False),
        ("noshow", False),
    ],
)
def test_appointment_statuses(status: str, active: bool) -> None:
    (plan,) = read(an_appointment("pelvic-exenteration", status=status)).plans
    assert plan.active is active


@pytest.mark.parametrize(
    ("severities", "criticality", "severe"),
    [
        (["severe"], None, Tri.YES),
        (["mild", "severe"], "low", Tri.YES),
        ([], "high", Tri.YES),
        (["mild", "moderate"], "low", Tri.NO),
        (["mild"], None, Tri.UNKNOWN),
        (["mild", None], "low", Tri.UNKNOWN),
        ([], "low", Tri.UNKNOWN),
        ([], "unable-to-assess", Tri.UNKNOWN),
    ],
)
def test_severity_of_an_allergy(severities: list[str | None], criticality: str | None, severe: Tri) -> None:
    reactions = [{"manifestation": [codeable(text="x")], "severity": each} for each in severities]
    (allergy,) = read(an_allergy("paclitaxel-conventional", reaction=reactions, criticality=criticality)).allergies
    assert allergy.severe is severe


@pytest.mark.parametrize(
    ("elements", "active", "date"),
    [
        ({}, True, None),
        ({"clinicalStatus": codeable(text="inactive"), "recordedDate": "2020"}, False, "2020"),
        (
            {"clinicalStatus": codeable(text="resolved"), "lastOccurrence": "2021", "recordedDate": "2020"},
            False,
            "2021",
        ),
        ({"clinicalStatus": codeable(text="active"), "onsetDateTime": "2019", "recordedDate": "2020"}, True, "2019"),
    ],
)
def test_activity_and_date_of_an_allergy(elements: Json, active: bool, date: str | None) -> None:
    (allergy,) = read(an_allergy("cisplatin", **elements)).allergies
    assert allergy.active is active
    assert allergy.date == (None if date is None else day(date))


def test_an_unconfirmed_allergy_is_possible_and_an_erroneous_one_counted() -> None:
    (allergy,) = read(an_allergy("cisplatin", verification="unconfirmed")).allergies
    assert allergy.verification is Verification.POSSIBLE
    (unsaid,) = read(an_allergy("cisplatin", verificationStatus=None)).allergies
    assert unsaid.verification is Verification.CONFIRMED
    assert read(an_allergy("cisplatin", verification="entered-in-error")).set_aside.entered_in_error == 1


# ------------------------------------------------------------------------------------------- QuestionnaireResponse


def test_answers_are_observations() -> None:
    response = a_questionnaire_response(
        {
            "pdl1-cps": 5,
            "tumour-at-site:site-vaginal-cuff": False,
            "tumour-at-site:nowhere": True,
            "hospice": True,
            "unknown-question": True,
        },
        id="q",
    )
    response["item"].append({"linkId": "group", "item": [{"linkId": "menopausal", "answer": [{"valueBoolean": True}]}]})
    response["item"].append({"linkId": "recurrence-number"})
    response["item"].append({"linkId": "unresectable", "answer": [{"valueBoolean": True}, {"valueBoolean": False}]})
    observed = read(response).observed
    said = {(next(iter(each.concepts)), each.value.truth, each.value.number, each.body_sites) for each in observed}
    assert said == {
        ("own-pdl1-cps", None, 5.0, frozenset()),
        ("own-tumour-at-site", False, None, frozenset({"site-vaginal-cuff"})),
        ("own-tumour-at-site", True, None, frozenset()),
        ("own-hospice", True, None, frozenset()),
        ("own-menopausal", True, None, frozenset()),
    }
    assert {each.reference for each in observed} == {"QuestionnaireResponse/q"}
    assert {each.date for each in observed} == {day("2026-01-10")}


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"valueDecimal": 5.5}, Value(number=5.5)),
        ({"valueQuantity": quantity(5, "1", ">")}, Value(number=5, unit="1", comparator=">")),
        ({"valueString": "CPS 5"}, Value(token="cps 5")),
        (
            {"valueCoding": coding(SNOMED, "271299001")},
            Value(codes=frozenset({(SNOMED, "271299001")}), concepts=frozenset({"disease-status-worsened"})),
        ),
    ],
)
def test_kinds_of_answers(answer: Json, value: Value) -> None:
    response = a_questionnaire_response({}, item=[{"linkId": "pdl1-cps", "answer": [answer]}])
    (observed,) = read(response).observed
    assert observed.value == value


def test_an_answer_of_another_kind_says_nothing() -> None:
    response = a_questionnaire_response(
        {}, item=[{"linkId": "pdl1-cps", "answer": [{"valueReference": {"reference": "Observation/1"}}]}]
    )
    assert read(response).observed == ()


def test_an_unfinished_response_is_not_final() -> None:
    (observed,) = read(a_questionnaire_response({"pdl1-cps": 5}, status="in-progress")).observed
    assert not observed.final
    assert observed.text.endswith("not final")


# ------------------------------------------------------------------------------------------- what profiles add

MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko"


def test_a_verification_status_is_read_by_hl7s_code() -> None:
    status = codeable(
        coding("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        coding(f"{MII}/CodeSystem/mii-cs-onko-primaertumor-diagnosesicherung", "7"),
    )
    (diagnosis,) = read(a_condition(CANCER, verificationStatus=status)).diagnoses
    assert diagnosis.verification is Verification.CONFIRMED


def test_the_day_of_the_diagnosis_stands_above_the_day_of_its_record() -> None:
    asserted = extension("http://hl7.org/fhir/StructureDefinition/condition-assertedDate", valueDateTime="2022-10-02")
    (diagnosis,) = read(a_condition(CANCER, recordedDate="2024-01-01", extension=[asserted])).diagnoses
    assert diagnosis.recorded == day("2022-10-02")
    (diagnosis,) = read(a_condition(CANCER, recordedDate="2024-01-01")).diagnoses
    assert diagnosis.recorded == day("2024-01-01")


def test_the_german_extensions_are_read_like_those_of_mcode() -> None:
    tissue = extension(
        f"{MII}/StructureDefinition/mii-ex-onko-histology-morphology-behavior-icdo3",
        valueCodeableConcept=codeable(coding(ICDO3, "8070/3")),
    )
    (diagnosis,) = read(a_condition("cervical-cancer", extension=[tissue])).diagnoses
    assert "squamous-morphology" in diagnosis.morphology
    for kind in ("operation", "strahlentherapie", "systemische-therapie"):
        intent = extension(
            f"{MII}/StructureDefinition/mii-ex-onko-{kind}-intention",
            valueCodeableConcept=codeable(coding(f"{MII}/CodeSystem/mii-cs-onko-intention", "P")),
        )
        (treatment,) = read(a_procedure("radiotherapy-any", extension=[intent])).treatments
        assert treatment.intent is Intent.PALLIATIVE


@pytest.mark.parametrize(("code", "token"), [("1229901006", "m0"), ("1229903009", "m1"), ("30893008", "m0")])
def test_a_coded_tnm_category_is_its_token(code: str, token: str) -> None:
    value = {**snomed(code), "text": "as coded"}
    (observed,) = read(an_observation("tnm-distant-metastases", valueCodeableConcept=value)).observed
    assert observed.value.token == token


@pytest.mark.parametrize(
    "resource",
    [
        a_report(codeable(text="letter"), codedDiagnosis=[coded("metastasis-lung")]),
        an_imaging_study(None, procedure=[{"concept": coded("imaging-pet-ct")}]),
        a_service_request({"concept": coded("pelvic-exenteration")}),
        an_appointment("pelvic-exenteration", serviceType=[{"concept": coded("pelvic-exenteration")}]),
        an_appointment("pelvic-exenteration", serviceType=None, reason=[coded("pelvic-exenteration")]),
        a_medication_statement(None, medication={"concept": coded("cisplatin")}),
    ],
    ids=lambda resource: resource["resourceType"],
)
def test_a_resource_in_the_way_of_another_version_is_not_passed_over(resource: Json) -> None:
    history = read(resource)
    assert facts(history) == []
    assert [each.resource_type for each in history.unreadable] == [resource["resourceType"]]


@pytest.mark.parametrize(("reference", "own"), [("urn:uuid:p1", 1), ("urn:uuid:p2", 0)])
def test_a_subject_named_by_the_uuid_that_is_the_patients_id_is_hers(reference: str, own: int) -> None:
    history = read(a_condition(CANCER, subject={"reference": reference}))
    assert (len(history.diagnoses), history.set_aside.wrong_patient) == (own, 1 - own)
