"""What is read of a person and of a record, against what is declared: TR-05, TR-20, TR-21, TR-22, TR-24."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.decide import Occasion
from cds_service.pages import elements, transparency
from cds_service.pages.elements import PERSONAL
from cds_service.pages.inputs import rests_on
from cds_service.pages.tables import tables
from cds_service.pipeline import consult
from cds_service.protocol.response import encode
from cds_service.site import Site
from fhir_mappings.r4 import draft_order, known_names, patient
from tests.fhir_builders import Json
from tests.vignette import Vignette, vignettes


@pytest.fixture(autouse=True)
def read_anew() -> Any:
    def forget() -> None:
        elements.elements.cache_clear()
        elements.extensions.cache_clear()

    forget()
    yield
    forget()


def test_tr_05_what_is_declared_of_a_person_is_what_is_read() -> None:
    assert transparency.contradictions() == ()
    read = {each.key for each in PERSONAL if elements.read_of(each)}
    assert read == {"useOfSex", "useOfDateOfBirth", "useOfHealthStatusAssessments"}


def test_tr_05_a_reader_that_asks_for_race_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    monkeypatch.setattr(known_names, "EXTENSIONS", known_names.EXTENSIONS | {url})
    assert transparency.contradictions() == (f"race is declared unused, but read: {url}",)


def test_tr_05_a_reader_that_asks_for_language_or_an_address_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "ELEMENTS", (*patient.ELEMENTS, "communication", "address"))
    assert [each.partition(" is ")[0] for each in transparency.contradictions()] == [
        "language",
        "social determinants of health",
    ]


def test_tr_05_a_declared_use_that_is_not_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "ELEMENTS", tuple(name for name in patient.ELEMENTS if name != "birthDate"))
    assert transparency.contradictions() == ("date of birth is declared used, but nothing of it is read",)


def test_tr_05_the_lists_are_those_of_the_readers() -> None:
    named = [value for value in vars(known_names).values() if isinstance(value, (str, tuple))]
    urls = {url for value in named for url in ((value,) if isinstance(value, str) else value)}
    assert set(elements.extensions()) == {url for url in urls if url.startswith("http")}
    drafted = {
        f"{kind}.{name}" for kind, names in draft_order.READ.items() for name in set(names) - elements.BOOKKEEPING
    }
    assert drafted <= set(elements.elements())
    assert {form.models.version for form in elements.forms()} >= {"R4"}
    for form in elements.forms():
        for kind, reader in form.readers.items():
            for name in set(reader.elements) - elements.BOOKKEEPING:
                assert f"{kind}.{name}" in elements.elements()


# Data of a person that no rule may look at: put into any record, they change no card.
_EXTENSIONS = [
    {
        "url": f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind}",
        "extension": [
            {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code}},
            {"url": "text", "valueString": "as stated"},
        ],
    }
    for kind, code in (("race", "2054-5"), ("race", "2106-3"), ("ethnicity", "2135-2"), ("ethnicity", "2186-5"))
] + [
    {
        "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-genderIdentity",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "446151000124109"}]},
    }
]
_ELEMENTS: list[Json] = [
    {"communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}, "preferred": True}]},
    {"language": "so"},
    {"address": [{"city": "Springfield", "postalCode": "00000", "country": "US"}]},
    {"maritalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "D"}]}},
]
_CODES = [code for each in PERSONAL if not elements.read_of(each) for code in each.codes]


def _observation(code: str, patient_id: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"personal-{code}",
        "status": "final",
        "category": [{"coding": [{"code": "social-history"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": "2026-11-01",
        "valueCodeableConcept": {"text": "as stated"},
    }


def _cards(case: Vignette) -> Any:
    answer = consult(
        case.record(), occasion=Occasion(case.hook), hook_instance="same", today=case.today, site=Site()
    ).answer
    return json.loads(encode(answer))


@settings(max_examples=60, deadline=None)
@given(
    case=st.sampled_from(vignettes()),
    extensions=st.lists(st.sampled_from(_EXTENSIONS), max_size=3),
    members=st.lists(st.sampled_from(_ELEMENTS), max_size=3),
    codes=st.lists(st.sampled_from(_CODES), max_size=3, unique=True),
)
def test_tr_05_data_that_are_not_used_change_no_card(
    case: Vignette, extensions: list[Json], members: list[Json], codes: list[str]
) -> None:
    resources = []
    for each in case.resources:
        if each["resourceType"] != "Patient":
            resources.append(each)
            continue
        more = {name: value for part in members for name, value in part.items()}
        resources.append({**each, **more, "extension": [*each.get("extension", ()), *extensions]})
    who = next(each["id"] for each in case.resources if each["resourceType"] == "Patient")
    told = dataclasses.replace(case, resources=(*resources, *(_observation(code, who) for code in codes)))
    assert _cards(told) == _cards(case)


def test_tr_20_no_image_signal_or_raw_sequence_is_read() -> None:
    assert elements.signals_read() == ()
    kinds = {name.partition(".")[0] for name in elements.elements()}
    assert not kinds & {"Media", "DocumentReference", "Binary", "MolecularSequence", "Specimen"}


def test_tr_20_an_attachment_that_a_reader_asks_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "ELEMENTS", (*patient.ELEMENTS, "photo"))
    monkeypatch.setattr(draft_order, "READ", {**draft_order.READ, "DiagnosticReport": ("presentedForm",)})
    assert elements.signals_read() == ("DiagnosticReport.presentedForm",)


MARKERS = {
    "pdl1_cps": r"CPS|PD-L1",
    "her2_ihc": r"HER2",
    "ret_fusion": r"\bRET\b",
    "ntrk_fusion": r"NTRK",
    "msi_high": r"MSI|mismatch|microsatellite",
    "tmb_high": r"TMB|mutational burden|tumour mutation",
}


@pytest.mark.parametrize("marker", MARKERS)
def test_tr_21_each_biomarker_is_named_by_a_source_of_the_rows_that_read_it(marker: str) -> None:
    rows = [row for table in tables() for row in table.rows if marker in dict(row.reads)]
    assert rows
    for row in rows:
        said = " ".join(f"{each.label} {each.population} {each.result} {each.limits}" for each in row.sources)
        assert re.search(MARKERS[marker], said), row.id


def test_tr_21_every_row_that_offers_or_warns_has_a_source() -> None:
    silent = {"G0", "G1", "G2", "G3", "G4", "G5", "G6b", "G8"}
    assert {row.id for table in tables() for row in table.rows if not row.sources} == silent


def test_tr_21_every_source_that_is_cited_exists_and_says_what_it_found() -> None:
    assert all(each.result and each.population for each in CITATIONS.values())


def test_every_fact_of_a_row_comes_down_to_features_or_to_the_order_itself() -> None:
    alone = {name for table in tables() for row in table.rows for name, _ in row.reads if not rests_on(name)}
    assert all(not name.startswith(("prior_", "site_")) for name in alone)
    assert "crcl" in rests_on("cisplatin_ineligible")
    assert "weight_kg" in rests_on("dose_mg_per_kg")
