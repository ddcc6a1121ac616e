"""The screen: what a payload may look like, whose it is, what matters, and what is missing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from typing import Any

import pytest

from fhir_mappings import versions
from fhir_mappings.history import Fact, History
from fhir_mappings.r4.screen import screen
from fhir_mappings.record import Obtained, Record, State
from fhir_mappings.value_sets.systems import ICD10CM, LOINC, SNOMED
from tests.fhir_builders import (
    BASE_URL,
    PATIENT_ID,
    SUBJECT,
    a_bundle,
    a_condition,
    a_medication,
    a_medication_request,
    a_medication_statement,
    a_patient,
    a_procedure,
    a_questionnaire_response,
    a_record,
    a_report,
    an_allergy,
    an_appointment,
    an_observation,
    as_bytes,
    codeable,
    coded,
    coding,
    read,
    snomed,
    without_subject,
)

CANCER = "cervical-squamous-cell-carcinoma"


def of_payload(*payloads: bytes, base_url: str = BASE_URL, incomplete: str = "") -> History:
    held = Obtained("all", State.PRESENT, payloads=payloads, incomplete=incomplete)
    return versions.read(Record(PATIENT_ID, base_url, {"all": held}, fhir_version="4.0.1"))


def condition_entries(*entries: Any, **frame: Any) -> bytes:
    return as_bytes({"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **frame})


def nested_bundles(depth: int) -> bytes:
    content: Any = a_condition(CANCER)
    for _ in range(depth):
        content = {"resourceType": "Bundle", "entry": [{"resource": content}]}
    return as_bytes(content)


@pytest.mark.parametrize(
    "payload",
    [
        nested_bundles(3),
        as_bytes(a_bundle(a_condition(CANCER))),
        as_bytes(a_bundle(a_condition(CANCER), kind=None)),
        as_bytes(a_bundle(a_condition(CANCER), kind="batch-response")),
        as_bytes(a_condition(CANCER)),
        as_bytes([a_condition(CANCER)]),
        as_bytes([a_bundle(a_condition(CANCER)), a_patient()]),
        condition_entries(None, {"resource": None}, {"response": {"status": "204"}}, {"resource": a_condition(CANCER)}),
        condition_entries(a_condition(CANCER)),
        condition_entries({"resource": a_bundle(a_condition(CANCER))}),
        condition_entries({"fullUrl": 7, "resource": a_condition(CANCER)}, "nonsense", 3),
        condition_entries({"resource": {"resourceType": "Zoo", "code": 4}}, {"resource": a_condition(CANCER)}),
        condition_entries({"resource": {"code": 4}}, {"resource": a_condition(CANCER)}),
        condition_entries({"resource": a_condition(CANCER), "search": {"mode": "match"}}, link=None),
        condition_entries({"resource": a_condition(CANCER)}, link=[{"relation": "self", "url": "x"}]),
        as_bytes(a_condition(CANCER) | {"link": 5, "entry": "x"}),
        b"\xef\xbb\xbf" + as_bytes(a_condition(CANCER)),
        b"  \n" + as_bytes([a_condition(CANCER)]),
    ],
)
def test_whatever_holds_a_resource_is_opened(payload: bytes) -> None:
    history = of_payload(payload)
    assert [each.concepts for each in history.diagnoses] == [frozenset({CANCER})]
    assert history.gaps == ()
    assert history.unreadable == ()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_payloads_of_any_buffer_are_read(kind: Any) -> None:
    held = Obtained("conditions", State.PRESENT, payloads=(kind(as_bytes(a_bundle(a_condition(CANCER)))),))
    assert len(versions.read(Record(PATIENT_ID, obtained={"conditions": held})).diagnoses) == 1


@pytest.mark.parametrize("payload", [b"null", b"[]", b"{}", as_bytes({"resourceType": "Bundle"}), b"[null]"])
def test_nothing_is_neither_fact_nor_gap(payload: bytes) -> None:
    assert of_payload(payload) == History()


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (b"", "the answer is not valid JSON"),
        (b"{", "the answer is not valid JSON"),
        (b"<html>", "the answer is not valid JSON"),
        (b'{"resourceType":"Bundle","entry":[{"resource":' + b"[" * 5000, "the answer is not valid JSON"),
        (b'{"resourceType":"Condition","id":"\xff"}', "an entry is not valid JSON"),
        (condition_entries({"resource": a_condition(CANCER)}).replace(b'"active"', b'"\\ud800"'), "not valid JSON"),
        (b"7", "the answer is no FHIR resource"),
        (condition_entries({"resource": a_condition(CANCER)}, implicitRules="http://x"), "rules that are not known"),
        (
            condition_entries({"resource": a_condition(CANCER)}, link=[{"relation": "next", "url": "x"}]),
            "more pages were not read",
        ),
        (
            condition_entries(a_condition(CANCER), link=[{"relation": "next", "url": "x"}]),
            "more pages were not read",
        ),
        (
            condition_entries(a_condition(CANCER), implicitRules="http://x"),
            "the answer follows rules that are not known here",
        ),
        (nested_bundles(6), "Bundles are nested too deep"),
        (condition_entries({"fullUrl": 7}, implicitRules="http://x"), "rules that are not known here"),
        (
            condition_entries({"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}}),
            "the server reported an error",
        ),
        (
            as_bytes({"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "incomplete"}]}),
            "the server reported an error",
        ),
    ],
)
def test_what_speaks_against_completeness_is_a_gap(payload: bytes, cause: str) -> None:
    (gap,) = of_payload(payload).gaps
    assert gap.key == "all"
    assert cause in gap.cause


def test_a_warning_alone_is_no_gap() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "informational"}, {}]}
    assert of_payload(condition_entries({"resource": outcome, "search": {"mode": "outcome"}})).gaps == ()


def test_the_last_page_without_a_next_ends_the_search() -> None:
    first = condition_entries({"resource": a_condition(CANCER)}, link=[{"relation": "next", "url": "x"}])
    last = condition_entries({"resource": a_condition(CANCER)})
    assert of_payload(first, last).gaps == ()
    (gap,) = of_payload(first, first).gaps
    assert gap.partial


def test_states_of_the_record_become_gaps() -> None:
    record = a_record(a_condition(CANCER), not_obtained={"procedures": "the FHIR server refused access"})
    record = Record(
        record.patient_id,
        record.base_url,
        {**record.obtained, "conditions": Obtained("conditions", State.PRESENT, incomplete="one page was late")},
    )
    gaps = {gap.key: gap for gap in versions.read(record).gaps}
    assert gaps.keys() == {"conditions", "procedures"}
    assert gaps["procedures"].cause == "the FHIR server refused access"
    assert not gaps["procedures"].partial
    assert gaps["conditions"].cause == "one page was late"
    assert gaps["conditions"].partial


@pytest.mark.parametrize(
    "reference",
    [
        f"Patient/{PATIENT_ID}",
        f"Patient/{PATIENT_ID}/_history/3",
        f"{BASE_URL}Patient/{PATIENT_ID}",
        f"{BASE_URL}Patient/{PATIENT_ID}/_history/3",
    ],
)
def test_this_patient_is_known_by_every_form_of_reference(reference: str) -> None:
    history = read(a_condition(CANCER, subject={"reference": reference}))
    assert len(history.diagnoses) == 1
    assert history.set_aside.wrong_patient == 0


@pytest.mark.parametrize(
    ("subject", "foreign"),
    [
        ({"reference": "Patient/other"}, True),
        ({"reference": f"https://elsewhere.example.org/fhir/Patient/{PATIENT_ID}"}, True),
        ({"reference": f"Group/{PATIENT_ID}"}, True),
        ({"reference": "urn:uuid:0b0ecd05-0000-4000-8000-000000000001"}, True),
        ({"reference": f"XPatient/{PATIENT_ID}"}, True),
        ({"reference": "#p"}, False),
        ({"display": "Jane"}, False),
        ({}, False),
        (None, False),
        ("Patient/p1", False),
    ],
)
def test_other_patients_and_nobody_are_set_aside_and_counted(subject: Any, foreign: bool) -> None:
    history = read(a_condition(CANCER, subject=subject))
    assert history.diagnoses == ()
    assert history.unreadable == ()
    assert (history.set_aside.wrong_patient, history.set_aside.no_subject) == ((1, 0) if foreign else (0, 1))


def test_without_a_base_no_absolute_reference_is_local() -> None:
    history = read(a_condition(CANCER, subject={"reference": f"{BASE_URL}Patient/{PATIENT_ID}"}), base_url="")
    assert history.set_aside.wrong_patient == 1


def test_a_urn_names_the_patient_of_the_same_payload_only() -> None:
    urn = "urn:uuid:0b0ecd05-0000-4000-8000-000000000001"
    condition = {"resource": a_condition(CANCER, subject={"reference": urn})}
    patient = {"fullUrl": urn, "resource": a_patient()}
    assert len(of_payload(condition_entries(condition, patient)).diagnoses) == 1
    apart = of_payload(condition_entries(condition), condition_entries(patient))
    assert apart.diagnoses == ()
    assert apart.set_aside.wrong_patient == 1


def test_a_patient_without_id_is_known_by_its_urn() -> None:
    urn = f"urn:uuid:{PATIENT_ID}"
    history = of_payload(
        condition_entries(
            {"fullUrl": urn, "resource": a_patient(id=None)},
            {"resource": a_condition(CANCER, subject={"reference": urn})},
        )
    )
    assert history.patient is not None
    assert len(history.diagnoses) == 1


def test_the_same_server_url_counts_inside_a_bundle_only_when_the_call_has_no_base() -> None:
    url = f"https://elsewhere.example.org/Patient/{PATIENT_ID}"
    payload = condition_entries(
        {"fullUrl": url, "resource": a_patient()}, {"resource": a_condition(CANCER, subject={"reference": url})}
    )
    assert len(of_payload(payload, base_url="").diagnoses) == 1
    assert of_payload(payload).diagnoses == ()


def test_another_patient_resource_is_counted_not_read() -> None:
    history = read(a_patient(id="other"))
    assert history.patient is None
    assert history.set_aside.wrong_patient == 1


def test_allergies_and_appointments_name_their_patient_elsewhere() -> None:
    other = {"reference": "Patient/other"}
    history = read(
        an_allergy("cisplatin", patient=other),
        an_appointment("pelvic-exenteration", participant=[{"actor": other, "status": "accepted"}]),
        an_appointment("pelvic-exenteration", participant=[{"actor": {"reference": "Practitioner/1"}, "status": "x"}]),
        an_appointment("pelvic-exenteration", participant=[{"status": "x"}, {"actor": SUBJECT, "status": "accepted"}]),
        without_subject(an_allergy("cisplatin")),
    )
    assert history.allergies == ()
    assert len(history.plans) == 1
    assert (history.set_aside.wrong_patient, history.set_aside.no_subject) == (2, 2)


def test_the_same_foreign_resource_under_two_keys_counts_once() -> None:
    payload = as_bytes(a_bundle(a_condition(CANCER, id="c", subject={"reference": "Patient/other"})))
    assert of_payload(payload, payload).set_aside.wrong_patient == 1


def test_the_newest_version_of_one_resource_is_read() -> None:
    old = a_condition(CANCER, id="c", meta={"versionId": "2", "lastUpdated": "2026-01-01T00:00:00Z"})
    new = a_condition(CANCER, id="c", clinical="recurrence", meta={"lastUpdated": "2026-01-01T01:00:00+00:30"})
    for payloads in ((old, new), (new, old)):
        (diagnosis,) = of_payload(*map(as_bytes, payloads)).diagnoses
        assert diagnosis.clinical.value == "recurrence"


@pytest.mark.parametrize(
    "meta", [{}, {"versionId": "x", "lastUpdated": "yesterday"}, {"lastUpdated": "2026-01-01T00:00:00"}, 7]
)
def test_undated_versions_are_chosen_between_in_any_order_alike(meta: Any) -> None:
    one, other = a_condition(CANCER, id="c", meta=meta), a_condition(CANCER, id="c", clinical="remission", meta=meta)
    read_so = of_payload(as_bytes(one), as_bytes(other))
    assert len(read_so.diagnoses) == 1
    assert read_so == of_payload(as_bytes(other), as_bytes(one))


def test_resources_without_id_are_kept_apart_by_their_content() -> None:
    one = a_condition(CANCER, id=None)
    other = a_condition(CANCER, id=None, clinical="remission")
    history = of_payload(condition_entries(*({"resource": each} for each in (one, other, one))))
    assert [each.reference for each in history.diagnoses] == ["Condition?", "Condition?"]


def test_an_id_may_come_from_the_full_url() -> None:
    entries = [
        {"fullUrl": f"{BASE_URL}Condition/7", "resource": a_condition(CANCER, id=None)},
        {"fullUrl": "urn:uuid:8", "resource": a_condition(CANCER, id=None)},
        {"fullUrl": "https://example.org/odd/9", "resource": a_condition(CANCER, id=None)},
    ]
    references = [each.reference for each in of_payload(condition_entries(*entries)).diagnoses]
    assert references == ["Condition/7", "Condition/8", "Condition?"]


@pytest.mark.parametrize(
    "resource",
    [
        a_condition(snomed("38341003000")),
        a_condition(codeable(coding(ICD10CM, "J45.9", "malignant-sounding cancer"), text="cancer")),
        an_observation(codeable(coding(LOINC, "00000-0", "ECOG performance status"))),
        a_condition(codeable(text="Family history of cervical cancer")),
        a_condition(codeable(text="Cervicalgia")),
        a_condition(codeable(text="Recurrent cystitis")),
        a_condition({}),
        a_condition(codeable({}), code=codeable({})),
        a_medication_statement(codeable(text="lisinopril 10 mg")),
        an_allergy(codeable(text="peanut")),
        {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed", "patient": SUBJECT},
        a_questionnaire_response({"pdl1-cps": 5}, questionnaire="http://example.org/Questionnaire/other"),
    ],
)
def test_what_says_nothing_to_us_is_passed_over_silently(resource: dict[str, Any]) -> None:
    history = of_payload(as_bytes(a_patient()), as_bytes(resource))
    assert history == History(patient=history.patient)


@pytest.mark.parametrize(
    ("resource", "concept"),
    [
        (a_condition(codeable(text="Recurrent carcinoma of the vault")), "recurrent-malignancy-unspecified-site"),
        (a_condition(codeable(text="CERVICAL CANCER")), "cervical-cancer"),
        (a_condition(codeable(coding(SNOMED, "1", "Carcinoma of the cervix"))), "cervical-cancer"),
        (a_procedure(codeable(text="Pelvic exenteration")), "pelvic-exenteration"),
        (a_procedure(codeable(text="Radiotherapy")), "radiotherapy-any"),
        (a_procedure(codeable(text="Radical hysterectomy")), "radical-hysterectomy"),
        (a_report(codeable(coding("urn:local", "PETCT", "FDG PET/CT"))), "imaging-pet-ct"),
        (an_observation(codeable(text="PD-L1 CPS"), valueString="5"), "own-pdl1-cps"),
    ],
)
def test_telling_words_keep_a_resource_as_possible(resource: dict[str, Any], concept: str) -> None:
    history = read(resource)
    found: list[Fact] = [*history.diagnoses, *history.treatments, *history.observed, *history.reports]
    (fact,) = found
    assert fact.text_only
    assert fact.concepts == {concept}
    assert fact.text


def test_a_code_is_stronger_than_words() -> None:
    both = codeable(coding(SNOMED, "254886006", "Screening, family"), text="something else")
    (diagnosis,) = read(a_condition(both)).diagnoses
    assert not diagnosis.text_only
    assert CANCER in diagnosis.concepts


def test_codings_that_contradict_each_other_are_marked() -> None:
    both = codeable(
        *read_codings("cervical-squamous-cell-carcinoma"), *read_codings("cervical-neuroendocrine-carcinoma")
    )
    (diagnosis,) = read(a_condition(both)).diagnoses
    assert diagnosis.conflict


def read_codings(concept: str) -> list[dict[str, Any]]:
    codings: list[dict[str, Any]] = a_condition(concept)["code"]["coding"]
    return codings


@pytest.mark.parametrize(
    "damage",
    [{"code": "C53.9"}, {"code": [codeable(text="x")]}, {"code": {"coding": "C53.9"}}],
)
def test_a_resource_whose_subject_matter_cannot_be_read_is_unreadable(damage: dict[str, Any]) -> None:
    (unreadable,) = read(a_condition(CANCER, id="c", **damage)).unreadable
    assert unreadable.reference == "Condition/c"
    assert unreadable.cause == "what it is about could not be read"
    assert unreadable.concepts == frozenset()


def test_a_withdrawn_resource_that_cannot_be_read_is_counted_only() -> None:
    history = read(
        an_observation("ecog-performance-status", code="x", status="entered-in-error"),
        a_condition(CANCER, code="x", verification="refuted"),
        a_medication_request(None, status="cancelled"),
    )
    assert history.unreadable == ()
    assert history.set_aside.entered_in_error == 1


def test_a_refuted_condition_that_is_broken_elsewhere_changes_nothing() -> None:
    history = read(a_condition(CANCER, verification="refuted", bodySite="cervix"))
    assert history == History(patient=history.patient)


def test_a_category_alone_needs_no_code() -> None:
    (treatment,) = read(a_procedure({}, category=coded("radiotherapy-any"), code=None)).treatments
    assert treatment.concepts == {"radiotherapy-any"}


def test_medications_are_found_wherever_they_lie() -> None:
    drug = "pembrolizumab"
    inside = {**a_medication(drug), "id": "m"}
    history = read(
        a_medication_statement(
            None,
            id="1",
            medicationReference={"reference": "#m"},
            contained=[inside, {"x": 1}, 5, {"resourceType": "Medication"}],
        ),
        a_medication_statement(None, id="2", medicationReference={"reference": "Medication/m2"}),
        a_medication_statement(None, id="3", medicationReference={"reference": f"{BASE_URL}Medication/m2/_history/1"}),
        a_medication_statement(
            None, id="4", medicationReference={"reference": "Medication/gone", "display": "Keytruda 25 mg/mL"}
        ),
        a_medication_statement(None, id="5", medicationReference={"display": "KEYTRUDA"}),
        {
            "resourceType": "Medication",
            "id": "m2",
            "code": codeable(text="infusion"),
            "ingredient": [{"itemCodeableConcept": a_medication(drug)["code"]}, {}],
        },
    )
    assert [each.concepts for each in history.drugs] == [frozenset({drug})] * 5
    assert [each.by_name for each in history.drugs] == [False, False, False, True, True]


def test_a_contained_medication_named_only_in_the_reference_still_counts_by_name() -> None:
    statement = a_medication_statement(
        None,
        medicationReference={"reference": "#m", "display": "bevacizumab"},
        contained=[{"resourceType": "Medication", "id": "m", "code": codeable(text="local 17")}],
    )
    (drug,) = read(statement).drugs
    assert drug.by_name


@pytest.mark.parametrize(
    "medication",
    [
        {"medicationReference": {"reference": "Medication/gone"}},
        {"medicationReference": {"reference": "#gone"}},
        {"medicationReference": {"reference": "#m"}, "contained": "broken"},
        {"medicationReference": {"reference": "Medication/bad"}},
        {"medicationReference": {}},
        {"medicationCodeableConcept": {}},
        {"medicationCodeableConcept": codeable({})},
        {},
    ],
)
def test_a_drug_that_nobody_can_name_is_unreadable(medication: dict[str, Any]) -> None:
    history = read(
        a_medication_statement(None, **medication),
        {**a_medication("pembrolizumab"), "id": "bad", "status": "entered-in-error"},
    )
    (unreadable,) = history.unreadable
    assert unreadable.cause == "the drug it refers to was not obtained"
    assert history.drugs == ()


def test_medications_of_one_name_give_the_same_in_any_order() -> None:
    twins = [{**a_medication(drug), "id": "m"} for drug in ("pembrolizumab", "cisplatin")]
    statement = a_medication_statement(None, medicationReference={"reference": "Medication/m"})
    seen = {of_payload(as_bytes(statement), *map(as_bytes, order)).drugs for order in (twins, twins[::-1])}
    assert len(seen) == 1


def test_an_allergy_is_known_by_a_reaction_too() -> None:
    allergy = an_allergy(codeable(text="chemotherapy"))
    allergy["reaction"][0]["substance"] = codeable(text="carboplatin")
    (read_so,) = read(allergy).allergies
    assert read_so.concepts == {"carboplatin"}
    assert read_so.by_name


def test_the_order_of_keys_payloads_and_entries_does_not_matter() -> None:
    resources = [
        a_condition(CANCER, id=f"c{number}", clinical="recurrence" if number % 2 else "active") for number in range(8)
    ]
    resources += [a_procedure("radiotherapy-any", id=f"p{number}") for number in range(4)]
    resources += [a_medication_statement("cisplatin", id="m", medicationReference=None)]
    resources += [a_condition(CANCER, id="c1"), a_condition(CANCER, subject={"reference": "Patient/other"})]
    rng = random.Random(7)  # noqa: S311 - a fixed shuffle
    histories = set()
    for _ in range(5):
        rng.shuffle(resources)
        histories.add(repr(of_payload(as_bytes(a_bundle(*resources[:6])), as_bytes(a_bundle(*resources[6:])))))
    assert len(histories) == 1


def test_the_screen_costs_irrelevant_resources_no_model() -> None:
    resources = [an_observation(codeable(coding(LOINC, "8867-4", "Heart rate"))) for _ in range(50)]
    screened = screen(a_record(*resources, a_condition(CANCER)))
    assert [each.found.resource_type for each in screened.candidates] == ["Condition"]


def haemoglobin(number: int, on: str | None, **more: Any) -> dict[str, Any]:
    return an_observation(
        "haemoglobin", on=on, id=f"h{number}", **{"valueQuantity": {"value": number, "unit": "g/dL"}, **more}
    )


def test_old_measurements_are_superseded_by_three_newer_days() -> None:
    years = [haemoglobin(number, f"20{number}-01-01") for number in range(10, 20)]
    years += [haemoglobin(19 + extra, "2017-01-01T08:00:00Z") for extra in (1, 2)]
    kept = {each.value.number for each in read(*years).observed}
    assert kept == {17, 18, 19, 20, 21}


def test_with_the_day_of_the_call_two_days_are_kept_and_all_after_it() -> None:
    years = [haemoglobin(number, f"20{number}-01-01") for number in range(10, 20)]
    record = dataclasses.replace(a_record(*years), today=dt.date(2016, 1, 1))
    kept = {each.value.number for each in versions.read(record).observed}
    assert kept == {15, 16, 17, 18, 19}


@pytest.mark.parametrize(
    "old",
    [
        haemoglobin(1, "2010-01-01", status="preliminary"),
        haemoglobin(1, "2010"),
        haemoglobin(1, None),
        haemoglobin(1, "2010-01-01", valueQuantity=None, dataAbsentReason=codeable(text="refused")),
        haemoglobin(1, "2010-01-01", valueQuantity=None, valueString="low"),
        haemoglobin(1, "2010-01-01", code=codeable(text="ECOG")),
        an_observation("ecog-performance-status", on="2010-01-01", id="h1", valueInteger=1),
    ],
)
def test_what_is_not_firm_or_not_a_measurement_is_never_left_out(old: dict[str, Any]) -> None:
    newer = [haemoglobin(number, f"20{number}-01-01") for number in range(15, 20)]
    assert "Observation/h1" in {each.reference for each in read(old, *newer).observed}


def test_what_is_not_firm_supersedes_nothing() -> None:
    newer = [haemoglobin(number, f"20{number}-01-01", status="preliminary") for number in range(15, 20)]
    assert len(read(haemoglobin(1, "2010-01-01"), *newer).observed) == 6


def test_blood_pressures_are_superseded_by_whole_pairs_only() -> None:
    def pressure(year: int, *values: int) -> dict[str, Any]:
        parts = [
            {"code": coded(concept), **({"valueQuantity": {"value": value, "unit": "mm[Hg]"}} if value else {})}
            for concept, value in zip(("blood-pressure-systolic", "blood-pressure-diastolic"), values, strict=True)
        ]
        return an_observation("blood-pressure-panel", id=str(year), on=f"{year}-01-01", component=parts)

    whole = [pressure(year, 130, 80) for year in range(2010, 2015)]
    assert {each.reference[-4:] for each in read(*whole).observed} == {"2012", "2013", "2014"}
    partial = [pressure(year, 130, 0) for year in range(2015, 2020)]
    assert len(read(*whole, *partial).observed) == 8


def test_dipsticks_are_superseded_too() -> None:
    dipsticks = [
        an_observation(
            "urine-protein-dipstick", id=str(year), on=f"{year}-01-01", valueCodeableConcept=codeable(text="1+")
        )
        for year in range(2010, 2015)
    ]
    assert len(read(*dipsticks).observed) == 3


def test_names_doubled_in_json_take_the_last() -> None:
    text = json.dumps(a_condition(CANCER))
    doubled = text[:-1] + ', "subject": {"reference": "Patient/other"}}'
    assert of_payload(doubled.encode()).set_aside.wrong_patient == 1
