"""The quick way and the long way read the same: each resource, with each oddity at each of its places."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from fhir_mappings import r4, r5, stu3, versions
from fhir_mappings.history import History
from fhir_mappings.r4 import models, plain
from fhir_mappings.r4.known_names import CTCAE_GRADE, LATERALITY, LOCATION_QUALIFIER, NAMES
from fhir_mappings.r4.source import Form
from tests.convert import to_version
from tests.fhir_builders import (
    Json,
    a_condition,
    a_medication_administration,
    a_medication_request,
    a_medication_statement,
    a_procedure,
    a_record,
    a_report,
    a_service_request,
    an_allergy,
    an_appointment,
    an_imaging_study,
    an_observation,
    codeable,
    coded,
    quantity,
    snomed,
)

MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition"
INTENT = {"url": f"{MCODE}/mcode-procedure-intent", "valueCodeableConcept": coded("treatment-intent-curative")}
DOSAGE = {
    "route": snomed("47625008"),
    "timing": {"event": ["2024-01-02"], "repeat": {"frequency": 1, "period": 21, "periodUnit": "d"}},
    "doseAndRate": [{"doseQuantity": quantity(80, "mg")}],
}
RESOURCES: dict[str, Json] = {
    "condition": a_condition(
        "cervical-squamous-cell-carcinoma",
        clinical="recurrence",
        onsetAge={"value": 52, "code": "a", "system": "http://unitsofmeasure.org", "unit": "years"},
        recordedDate="2025-03-04",
        abatementPeriod={"start": "2025-06", "end": "2025-07-01T10:00:00+02:00"},
        bodySite=[
            {
                **coded("site-lung"),
                "extension": [
                    {"url": LATERALITY[0], "valueCodeableConcept": snomed("7771000")},
                    {"url": LOCATION_QUALIFIER, "valueCodeableConcept": coded("site-pelvis")},
                ],
            }
        ],
        severity=codeable(text="severe"),
        extension=[
            {
                "url": f"{MCODE}/mcode-histology-morphology-behavior",
                "valueCodeableConcept": coded("squamous-morphology"),
            },
            {"url": "http://example.org/unknown", "valueString": "of a vendor"},
            {"url": CTCAE_GRADE, "valueInteger": 3},
        ],
    ),
    "course": a_procedure(
        codeable(text="course"),
        category=coded("radiotherapy-any"),
        performedPeriod={"start": "2024-01-02", "end": "2024-02-20"},
        bodySite=[coded("site-pelvis")],
        reasonReference=[{"reference": "Condition/cancer"}],
        usedCode=[coded("cisplatin")],
        extension=[
            {
                "url": f"{MCODE}/mcode-radiotherapy-dose-delivered-to-volume",
                "extension": [
                    {"url": "volume", "valueReference": {"reference": "BodyStructure/volume"}},
                    {"url": "totalDoseDelivered", "valueQuantity": quantity(4500, "cGy")},
                ],
            },
            INTENT,
        ],
    ),
    "statement": a_medication_statement(
        "cisplatin", dosage=[DOSAGE], effectiveDateTime="2024-01-02", extension=[INTENT]
    ),
    "administration": a_medication_administration(
        "cisplatin", dosage={"route": snomed("47625008"), "dose": quantity(70, "mg")}, effectiveDateTime="2024-01-02"
    ),
    "request": a_medication_request(
        "cisplatin",
        authoredOn="2024-01-02T08:00:00Z",
        dosageInstruction=[DOSAGE],
        reasonCode=[coded("cervical-cancer")],
    ),
    "quantity": an_observation(
        "creatinine-serum",
        valueQuantity=quantity(1.2, "mg/dL", "<"),
        interpretation=[codeable({"code": "H"})],
        referenceRange=[{"high": quantity(1.1, "mg/dL"), "low": quantity(1, "mg/dL")}],
        method=codeable(text="enzymatic"),
        focus=[{"reference": "Condition/cancer"}],
        specimen={"reference": "Specimen/s", "display": "blood"},
    ),
    "range": an_observation("tumour-size", valueRange={"low": quantity(1.5, "cm"), "high": quantity(2, "cm")}),
    "whole number": an_observation("ecog-performance-status", valueInteger=1),
    "components": an_observation(
        "blood-pressure-panel",
        component=[
            {"code": coded("blood-pressure-systolic"), "valueQuantity": quantity(120, "mm[Hg]")},
            {"code": coded("blood-pressure-diastolic"), "dataAbsentReason": codeable(text="unknown")},
        ],
    ),
    "coded value": an_observation(
        "cancer-disease-status", valueCodeableConcept=snomed("271299001"), bodySite=coded("site-lung")
    ),
    "report": a_report(
        "imaging-pet-ct",
        conclusionCode=[coded("metastasis-lung")],
        conclusion="free text",
        presentedForm=[{"title": "scan"}],
        text={"status": "additional", "div": "<div>more</div>"},
        result=[{"reference": "Observation/o"}],
    ),
    "study": an_imaging_study("imaging-pet-ct", started="2024-05-06"),
    "service": a_service_request(
        "pelvic-exenteration",
        site="site-pelvis",
        occurrencePeriod={"start": "2026-03-01", "end": "2026-04-01"},
        priority="urgent",
        category=[coded("urgent-marker")],
        orderDetail=[coded("elective-marker")],
        doNotPerform=False,
    ),
    "appointment": an_appointment("pelvic-exenteration"),
    "allergy": an_allergy(
        "cisplatin",
        criticality="low",
        recordedDate="2024-01-02",
        onsetString="2024",
        reaction=[{"substance": coded("cisplatin"), "manifestation": [codeable(text="rash")], "severity": "mild"}],
    ),
}
ODD: tuple[Any, ...] = (
    *(None, "", " ", " x ", "two  blanks", "plain", "2024", "2024-02-29", "2023-02-29", "2024-02-30", "2024-1-1"),
    *("2024-13-01", "2024-01-02T25:00:00Z", "2024-01-02T10:00:00", "2024-01-02T10:00:60Z", "2024-01-02T10:00:00+14:00"),
    *("0000", "5", 5, -1, 1.5, 1e-7, 2**40, True, False, [], {}, [None], [{}], {"id": "x"}, [[]], ["plain"]),
    *({"text": "words"}, {"text": " "}, {"value": 7}, {"reference": "Condition/other"}, {"coding": []}),
    *({"coding": [None, {"code": "7771000", "system": "http://snomed.info/sct"}]}, {"coding": {"code": "x"}}),
    *({"modifierExtension": [{"url": "http://example.org/not"}], "text": "words"}, {"extension": [INTENT]}),
    {"extension": [{"url": "a", "extension": [{"url": "b", "extension": [INTENT]}]}], "text": "words"},
)
ADDED = (
    *sorted(NAMES),
    *("modifierExtension", "implicitRules", "id", "note", "language", "contained", "medication", "assertedDate"),
    *("effectiveInstant", "effectivePeriod", "valueRatio", "performedString", "onsetDateTime", "abatementBoolean"),
    *("medicationReference", "deceasedBoolean", "conclusion", "text", "usedReference", "started"),
)
"""Names put beside the others, with an odd value each."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*path, name)
        yield from places(inner, (*path, name))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def spoilt(resource: Json) -> Iterator[Json]:
    """The resource with each value replaced by each odd one, and with each further name in each of its objects."""
    for path in places(resource):
        if path[0] in ("resourceType", "subject", "patient"):
            continue
        for odd in ODD:
            made = copy.deepcopy(resource)
            at(made, path[:-1])[path[-1]] = odd
            yield made
    for path in [(), *places(resource)]:
        if not isinstance(at(resource, path), dict):
            continue
        for number, name in enumerate(ADDED):
            if name not in at(resource, path):
                made = copy.deepcopy(resource)
                at(made, path)[name] = ODD[(number * 7 + len(path)) % len(ODD)]
                yield made


def read_both(resource: Json, version: str, monkeypatch: pytest.MonkeyPatch) -> tuple[History, History]:
    record = a_record(resource, fhir_version=version)
    quick = versions.read(record)
    with monkeypatch.context() as patched:
        patched.setattr(Form, "quick", lambda *_: lambda _raw: None)
        return quick, versions.read(record)


@pytest.mark.parametrize("version", ["4.0.1", "5.0.0", "3.0.2"])
@pytest.mark.parametrize("name", RESOURCES)
def test_both_ways_read_the_same(name: str, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = RESOURCES[name] if version == "4.0.1" else to_version(version, RESOURCES[name])
    quick, long = read_both(resource, version, monkeypatch)
    assert quick == long
    assert quick != versions.read(a_record(fhir_version=version))
    # R4 whole; of the others, which share its code, every third oddity.
    for odd in itertools.islice(spoilt(resource), 0, None, 1 if version == "4.0.1" else 3):
        quick, long = read_both(odd, version, monkeypatch)
        assert quick == long, odd


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_without_oddities_goes_the_quick_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    the_long_way = models.Models.resource

    def for_patients(form: models.Models, resource_type: str, *rest: Any) -> Any:
        assert resource_type == "Patient"
        return the_long_way(form, resource_type, *rest)

    monkeypatch.setattr(models.Models, "resource", for_patients)
    resource = {**RESOURCES[name], "meta": {"versionId": "1"}, "note": [{"text": "nothing of ours"}]}
    assert not versions.read(a_record(resource)).unreadable


@pytest.mark.parametrize("folder", [r4, r5, stu3])
def test_which_types_have_no_quick_way(folder: Any) -> None:
    form = folder.FORM
    without = {
        name
        for name, reader in form.readers.items()
        if plain.decoder(
            models._class(form.models.package, name), reader.elements, models.SCREENED, reader.foreign, reader.free_text
        )
        is None
    }
    # Items stand in items; STU3's study has an identifier of a type of its own.
    assert without == {"QuestionnaireResponse"} | ({"ImagingStudy"} if folder is stu3 else set())
