"""Every vignette once more in FHIR R5 and STU3: the same decisions, and suggestions in the caller's version."""

from __future__ import annotations

import dataclasses
import json
from functools import cache

import fhir.resources
import fhir.resources.STU3
import pytest

from cds_service.demo.sample_patients import DEMO_TODAY, SamplePatient, load_patients, record_of
from cds_service.guideline.decide import Occasion
from cds_service.pipeline import Consultation, consult
from cds_service.protocol.response import encode
from cds_service.site import Site
from fhir_mappings.record import Obtained, Record, State
from tests import fhir_builders as fhir_json
from tests.convert import InexpressibleError, reference_to, to_version
from tests.vignette import Vignette, vignettes
from tests.vignette_runs import ask, run, shown

CLASSES = {"5.0.0": fhir.resources.get_fhir_model_class, "3.0.2": fhir.resources.STU3.get_fhir_model_class}
NOT_IN_STU3 = {"orders/other-drugs: a drug that must not be given"}
"""Cases that turn on something for which STU3 has no place."""


def in_version(case: Vignette, version: str) -> Vignette:
    """The case with its resources, drafts and selections as the version writes them."""
    return dataclasses.replace(
        case,
        resources=tuple(to_version(version, each) for each in case.resources),
        drafts=None if case.drafts is None else tuple(to_version(version, each) for each in case.drafts),
        selected=None if case.selected is None else tuple(reference_to(version, each) for each in case.selected),
    )


def record_in(case: Vignette, version: str) -> Record:
    return dataclasses.replace(in_version(case, version).record(), fhir_version=version)


CASES = [
    pytest.param(case, version, id=f"{version}: {case.id}")
    for version in CLASSES
    for case in vignettes()
    if version != "3.0.2" or case.id not in NOT_IN_STU3
]


@pytest.mark.parametrize(("case", "version"), CASES)
def test_the_same_patient_gets_the_same_advice(case: Vignette, version: str) -> None:
    there, here = ask(case, record_in(case, version)), run(case)
    assert there.decided.scope_row == here.decided.scope_row
    assert shown(there.decided.decisions) == shown(here.decided.decisions)
    features = here.features.mapping()
    assert {name: each.show() for name, each in there.features.mapping().items()} == {
        name: each.show() for name, each in features.items()
    }
    check_suggestions(there, version)


def check_suggestions(consultation: Consultation, version: str) -> None:
    """Every resource suggested is valid in the version, and there are as many as the answer has."""
    for card in json.loads(encode(consultation.answer))["cards"]:
        for suggestion in card.get("suggestions", ()):
            for action in suggestion["actions"]:
                if action["type"] != "delete":
                    validate(version, json.dumps(action["resource"]))


@cache
def validate(version: str, resource: str) -> None:
    """Raises unless it is a valid resource of the version; most suggestions come again and again."""
    content = json.loads(resource)
    CLASSES[version](content["resourceType"]).model_validate(content)


def test_what_stu3_cannot_say_is_listed() -> None:
    for name in NOT_IN_STU3:
        (case,) = (each for each in vignettes() if each.id == name)
        with pytest.raises(InexpressibleError):
            in_version(case, "3.0.2")


@pytest.mark.parametrize("version", CLASSES)
@pytest.mark.parametrize("patient", load_patients(), ids=lambda patient: patient.id)
def test_the_version_of_a_whole_record_need_not_be_stated(patient: SamplePatient, version: str) -> None:
    bundle = record_of(patient)
    here = consulted(patient, bundle, "4.0.1")
    there = consulted(patient, to_version(version, bundle), "")
    assert there.history.unreadable == ()
    assert shown(there.decided.decisions) == shown(here.decided.decisions)
    check_suggestions(there, version)


def consulted(patient: SamplePatient, bundle: fhir_json.Json, version: str) -> Consultation:
    held = Obtained("record", State.PRESENT, payloads=(fhir_json.as_bytes(bundle),))
    return consult(
        Record(patient.id, obtained={"record": held}, fhir_version=version),
        occasion=Occasion.PATIENT_VIEW,
        hook_instance="version",
        today=DEMO_TODAY,
        site=Site(),
    )
