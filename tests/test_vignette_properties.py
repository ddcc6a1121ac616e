"""What must hold for every vignette however its record is put: order, retracted and foreign data, descent, gaps.

Decision model, section 0; requirements SAFE-03, SAFE-05 and SAFE-09.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cards import DATA_WORDS
from cds_service.guideline.draft_order_checks import CHECKS, families
from cds_service.guideline.judgements import judge
from cds_service.guideline.rule import Decided, Scope
from cds_service.guideline.thresholds import WINDOWS
from cds_service.protocol.response import encode
from fhir_mappings import versions
from fhir_mappings.features.derive import derive
from fhir_mappings.features.fields import Purpose
from fhir_mappings.findings import Feature, Finding
from fhir_mappings.kleene import Tri
from fhir_mappings.record import Obtained, Record, State
from tests import fhir_builders as fhir
from tests.fhir_builders import KEY_OF_TYPE, SUBJECT, Json
from tests.vignette import TODAY, Vignette, code, vignettes
from tests.vignette_runs import ask, named, run

each_case = pytest.mark.parametrize("case", vignettes(), ids=lambda case: case.id)

OF_RICH_RECORDS: Final = (
    "pathway/central-irradiated",
    "systemic/second-line: told by drug records and disease status",
    "pathway/central-irradiated: second recurrence after salvage chemoradiation",
    "orders/bevacizumab-and-surgery: two drafts: bevacizumab and exenteration",
    "pathway/radiotherapy-and-central-pelvis: central, stated none but a dated course on record",
)


def with_resources(case: Vignette, resources: list[Json], drafts: tuple[Json, ...] | None = None) -> Record:
    """The case's record with other resources."""
    return fhir.a_record(*resources, drafts=case.drafts if drafts is None else drafts, selections=case.selected)


def turned(value: Any, chance: random.Random) -> Any:
    """The same JSON with the keys of every object in another order; arrays stay."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: turned(value[key], chance) for key in keys}
    return [turned(each, chance) for each in value] if isinstance(value, list) else value


def decisions(decided: Decided) -> tuple[Any, ...]:
    """Everything that was decided."""
    return decided.scope_row, decided.decisions


# ------------------------------------------------------------------------------------------------------------ order


@each_case
def test_the_order_of_resources_and_of_keys_changes_nothing(case: Vignette) -> None:
    chance = random.Random(case.id)  # noqa: S311 - shuffles, guards nothing
    resources = [turned(each, chance) for each in case.resources]
    chance.shuffle(resources)
    assert encode(ask(case, with_resources(case, resources)).answer) == encode(run(case).answer)


@pytest.mark.parametrize("name", OF_RICH_RECORDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_order_gives_the_same_bytes(name: str, data: st.DataObject) -> None:
    case = named(name)
    resources = data.draw(st.permutations(case.resources))
    assert encode(ask(case, with_resources(case, resources)).answer) == encode(run(case).answer)


@pytest.mark.parametrize("case", [each for each in vignettes() if len(each.drafts or ()) > 1], ids=lambda case: case.id)
def test_the_order_of_drafts_changes_no_decision(case: Vignette) -> None:
    assert case.drafts is not None
    turned_round = with_resources(case, list(case.resources), case.drafts[::-1])
    found = ask(case, turned_round).decided
    assert found.scope_row == run(case).decided.scope_row
    assert sorted(map(repr, found.decisions)) == sorted(map(repr, run(case).decided.decisions))


# --------------------------------------------------------------------------- retracted and foreign data


def flipped(resource: Json) -> Json:
    """The opposite of a finding, where it has one."""
    return {**resource, "valueBoolean": not resource["valueBoolean"]} if "valueBoolean" in resource else resource


def retracted(resource: Json) -> Json:
    """A copy of the resource, of the opposite value, entered in error."""
    copy = {**flipped(resource), "id": f"{resource['id']}-error"}
    if resource["resourceType"] in {"Condition", "AllergyIntolerance"}:
        system = {"Condition": "condition-ver-status", "AllergyIntolerance": "allergyintolerance-verification"}
        url = f"http://terminology.hl7.org/CodeSystem/{system[resource['resourceType']]}"
        copy["verificationStatus"] = fhir.codeable(fhir.coding(url, "entered-in-error"))
        return {name: value for name, value in copy.items() if name != "clinicalStatus"}
    return {**copy, "status": "entered-in-error"}


RETRACTED_EVENTS: Final[tuple[Json, ...]] = tuple(
    retracted(each)
    for each in (
        fhir.a_procedure(code("radiotherapy to the pelvis"), id="rt", performedDateTime="2024-01-10"),
        fhir.a_procedure(code("pelvic exenteration"), id="ex", performedDateTime="2026-11-10"),
        fhir.a_procedure(code("bowel resection"), id="op", performedDateTime="2026-11-20"),
        fhir.a_condition(code("vesicovaginal fistula"), id="fistula", onsetDateTime="2026-10-01"),
        fhir.a_condition(code("liver metastasis"), id="liver", onsetDateTime="2026-10-01"),
        fhir.a_condition(code("pregnancy"), id="pregnancy", onsetDateTime="2026-10-01"),
        fhir.a_condition(code("breast cancer"), id="breast", onsetDateTime="2026-01-01"),
        fhir.an_observation(code("ECOG"), id="ecog", on="2026-11-23", valueInteger=4),
        fhir.our_observation("hospice", True, id="hospice", on="2026-11-23"),
        fhir.our_observation("prior-pelvic-radiotherapy", True, id="stated", on="2026-11-23"),
        fhir.a_medication_statement(code("pembrolizumab"), id="ici", effectiveDateTime="2026-09-01"),
        fhir.a_medication_administration(code("bevacizumab"), id="bev", on="2026-11-20"),
        fhir.a_service_request(code("bowel resection"), id="plan", occurrenceDateTime="2026-12-01"),
        fhir.an_allergy(code("cisplatin"), id="allergy"),
    )
)


@each_case
def test_data_entered_in_error_change_no_decision(case: Vignette) -> None:
    extra = [retracted(each) for each in case.resources if each["resourceType"] != "Patient"]
    record = with_resources(case, [*case.resources, *extra, *RETRACTED_EVENTS])
    assert decisions(ask(case, record).decided)[1] == decisions(run(case).decided)[1]


OF_SOMEONE_ELSE: Final[tuple[Json, ...]] = tuple(
    {**each, "id": f"{each['id']}-other", "subject": {"reference": "Patient/other"}}
    for each in (
        fhir.a_procedure(code("radiotherapy to the pelvis"), id="rt", performedDateTime="2024-01-10"),
        fhir.a_condition(code("liver metastasis"), id="liver", onsetDateTime="2026-10-01"),
        fhir.an_observation(code("ECOG"), id="ecog", on="2026-11-23", valueInteger=4),
        fhir.our_observation("prior-pelvic-radiotherapy", True, id="stated", on="2026-11-23"),
        fhir.a_medication_administration(code("bevacizumab"), id="bev", on="2026-11-20"),
    )
)


UNRELATED: Final[tuple[Json, ...]] = (
    fhir.a_condition(code("sinusitis"), id="unrelated-sinusitis", onsetDateTime="2026-10-01"),
    fhir.a_condition(code("high blood pressure"), id="unrelated-pressure", onsetDateTime="2014-10-01"),
    fhir.a_condition(fhir.codeable(text="chronic low back pain"), id="unrelated-back", onsetDateTime="2020-10-01"),
    fhir.a_procedure(fhir.snomed("73761001"), id="unrelated-colonoscopy", performedDateTime="2026-10-01"),
    fhir.a_medication_statement(
        code("amlodipine"), id="unrelated-amlodipine", status="active", effectiveDateTime="2020-01-01"
    ),
    fhir.a_medication_request(code("amlodipine"), id="unrelated-amlodipine-order", authoredOn="2026-10-01"),
    fhir.an_observation(
        fhir.codeable(fhir.coding("http://loinc.org", "2093-3")), id="unrelated-cholesterol", on="2026-11-20"
    ),
    fhir.a_report(fhir.codeable(fhir.coding("http://loinc.org", "57698-3")), id="unrelated-lipids", on="2026-11-20"),
    fhir.an_allergy(
        fhir.codeable(fhir.coding("http://www.nlm.nih.gov/research/umls/rxnorm", "7980")), id="unrelated-penicillin"
    ),
)
IMMUNIZATION: Final[Json] = {
    "resourceType": "Immunization",
    "id": "flu",
    "status": "completed",
    "vaccineCode": code("influenza vaccine"),
    "patient": SUBJECT,
    "occurrenceDateTime": "2026-10-15",
}
FAMILY: Final[Json] = {
    "resourceType": "FamilyMemberHistory",
    "id": "mother",
    "status": "completed",
    "patient": SUBJECT,
    "relationship": fhir.codeable(text="mother"),
    "condition": [{"code": code("squamous cell carcinoma of the cervix")}],
}
COVERAGE: Final[Json] = {
    "resourceType": "Coverage",
    "id": "insurance",
    "status": "active",
    "beneficiary": SUBJECT,
    "type": fhir.codeable(text="public insurance"),
    "payor": [{"display": "Sample Payer"}],
}


def beside(record: Record, key: str, *extra: Json) -> Record:
    """The record with further entries in the Bundle of one key, whatever their type."""
    held = [json.loads(bytes(payload)) for payload in record.obtained[key].payloads]
    entries = [entry["resource"] for bundle in held for entry in bundle["entry"]]
    obtained = {**record.obtained, key: fhir.obtained(key, fhir.a_bundle(*entries, *extra))}
    return Record(
        record.patient_id,
        record.base_url,
        obtained,
        record.draft_orders,
        record.selections,
        record.fhir_version,
    )


@each_case
def test_unrelated_data_and_those_of_someone_else_change_no_decision(case: Vignette) -> None:
    record = with_resources(case, [*case.resources, *UNRELATED, *OF_SOMEONE_ELSE])
    record = beside(record, "conditions", IMMUNIZATION, FAMILY, COVERAGE)
    assert decisions(ask(case, record).decided) == decisions(run(case).decided)


# ------------------------------------------------------------------------------------------------------------ descent


def described(patient: Json) -> Json:
    """The Patient with what no rule may read: race, ethnicity, language, marital status, address."""
    base = "http://hl7.org/fhir/us/core/StructureDefinition"
    told = [
        {
            "url": f"{base}/us-core-{name}",
            "extension": [
                {"url": "ombCategory", "valueCoding": fhir.coding("urn:oid:2.16.840.1.113883.6.238", number)},
                {"url": "text", "valueString": "as told"},
            ],
        }
        for name, number in (("race", "2054-5"), ("ethnicity", "2135-2"))
    ]
    return {
        **patient,
        "extension": [*patient.get("extension", ()), *told],
        "maritalStatus": fhir.codeable(text="married"),
        "communication": [{"language": fhir.codeable(text="Spanish")}],
        "address": [{"postalCode": "60601", "country": "US"}],
        "name": [{"family": "Testpatient", "given": ["A"]}],
    }


@each_case
def test_race_ethnicity_and_insurance_change_not_a_byte(case: Vignette) -> None:
    resources = [described(each) if each["resourceType"] == "Patient" else each for each in case.resources]
    record = beside(with_resources(case, resources), "conditions", COVERAGE)
    assert encode(ask(case, record).answer) == encode(run(case).answer)


# ---------------------------------------------------------------------------------- four states of data


def unusable(resource: Json) -> Json:
    """The resource with a modifier that no one here knows: what it says must not be used (SAFE-04)."""
    return {**resource, "modifierExtension": [{"url": "https://example.org/negated", "valueBoolean": True}]}


def states(case: Vignette, key: str) -> Iterator[tuple[State | str, Record]]:
    """The record with one kind of data looked for and not there, not obtained, cut short, and unreadable."""
    record = case.record()
    ours = [each for each in case.resources if KEY_OF_TYPE[each["resourceType"]] == key]
    answers: Mapping[State | str, Obtained] = {
        State.NONE: Obtained(key, State.NONE),
        State.NOT_OBTAINED: Obtained(key, State.NOT_OBTAINED, cause="the FHIR server refused access"),
        "cut short": fhir.obtained(key, fhir.a_bundle(), incomplete="more pages could not be read"),
        "unreadable": fhir.obtained(key, fhir.a_bundle(*map(unusable, ours))),
    }
    for state, answer in answers.items():
        yield (
            state,
            Record(
                record.patient_id,
                record.base_url,
                {**record.obtained, key: answer},
                record.draft_orders,
                record.selections,
                record.fhir_version,
            ),
        )


def facts_of(case: Vignette, record: Record) -> dict[str, Feature]:
    purpose = Purpose.OVERVIEW if case.hook == "patient-view" else Purpose.ORDER
    return judge(derive(versions.read(record), today=case.today, purpose=purpose, windows=WINDOWS), case.today)


def keys_of(case: Vignette) -> list[str]:
    """The kinds of data that the case has."""
    return sorted({KEY_OF_TYPE[each["resourceType"]] for each in case.resources} - {"patient"})


RESTS_ON_A_YES: Final = frozenset({"isolated_chest", "oligometastatic"})
"""A no of these comes from disease found elsewhere, which a gap in the treatments leaves undated, not absent."""


@each_case
def test_what_was_not_obtained_or_not_readable_never_makes_a_no(case: Vignette) -> None:
    whole = facts_of(case, case.record())
    turned_to_no = []
    for key in keys_of(case):
        for state, record in states(case, key):
            if state is State.NONE:
                continue
            for name, fact in facts_of(case, record).items():
                before = whole[name]
                if name in RESTS_ON_A_YES or not isinstance(fact, Finding) or not isinstance(before, Finding):
                    continue
                if fact.is_no and not before.is_no:
                    turned_to_no.append((key, state, name, before.value))
    assert turned_to_no == []


ASKED: Final = [case for case in vignettes() if case.scope in {"G6", "G7", "G8"}]
"""In scope: opened charts, and orders that rules are about."""


def concerned(case: Vignette) -> bool:
    """Whether an opened chart, or an order that has rules."""
    drafts = run(case).history.drafts
    return case.hook == "patient-view" or any(each.selected and families(each) & CHECKS.keys() for each in drafts)


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.id)
def test_a_gap_is_told_and_is_not_the_same_as_nothing_there(case: Vignette) -> None:
    if not concerned(case):
        return
    for key in keys_of(case):
        by_state = dict(states(case, key))
        missing = ask(case, by_state[State.NOT_OBTAINED])
        if missing.decided.scope is Scope.SAFETY:
            continue
        cards = json.loads(encode(missing.answer))["cards"]
        assert any(f"{DATA_WORDS[key]}: not obtained" in card["detail"] for card in cards), key
        assert encode(missing.answer) != encode(ask(case, by_state[State.NONE]).answer)


def test_the_vignettes_are_of_one_day() -> None:
    assert {case.today for case in vignettes()} == {TODAY}


def test_there_are_noes_that_a_gap_could_have_made() -> None:
    case = named("pathway/radiotherapy-and-central-pelvis")
    assert {name for name, fact in facts_of(case, case.record()).items() if getattr(fact, "value", None) is Tri.NO} >= {
        "prior_pelvic_rt",
        "site_distant",
        "site_pelvic_sidewall",
    }
