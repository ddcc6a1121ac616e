"""Records that nobody here wrote, through ``evaluate`` and through the three services: facts or a named gap, no crash.

The folder of third-party records is used where it lies beside the project; without it the packaged sample patients
stand in. What a record plainly states has to show: those lines are tested where the record is at hand.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.cli import evaluate
from cds_service.demo.sample_patients import PATIENTS_FOLDER
from cds_service.pipeline import Consultation
from cds_service.settings import Settings
from fhir_mappings import versions
from fhir_mappings.history import Observed
from tests.contract.calls import URLS, diagnostics, post
from tests.fhir_builders import KEY_OF_TYPE, a_medication_request

SHARED = Path(__file__).parents[2] / "shared" / "data"
TODAY = dt.date(2026, 11, 24)
NOT_FHIR = {"LICENSES", "cds-hooks", "odd", "other-version-dstu2"}
"""Folders that hold something else than sound records of the versions read."""
FAULTS = (
    "malformed JSON",
    "neither FHIR nor a hook request",
    "no Patient with an id in it",
    "a hook that this service does not answer",
    "no usable hook request",
    "the hook request names no patient",
    "is not supported; this service reads FHIR STU3, R4, R5",
)
"""Why a file cannot be evaluated, in the words of ``evaluate``."""


def folders() -> list[Path]:
    if not SHARED.is_dir():
        return [PATIENTS_FOLDER]
    return sorted(path for path in SHARED.iterdir() if path.is_dir() and path.name != "LICENSES")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".json", ".ndjson", ".gz"})


def cases(folder: Path) -> Iterator[evaluate.Case]:
    for path in files(folder):
        yield from evaluate.cases(path)


each_folder = pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)


@each_folder
def test_every_record_yields_features_or_a_named_gap(folder: Path) -> None:
    seen = 0
    for case in cases(folder):
        seen += 1
        result = evaluate.evaluate(case, TODAY)
        if isinstance(result, str):
            assert any(fault in result for fault in FAULTS), (case.name, result)
            continue
        features = result.features.mapping()
        told = any(each.known or each.possible or each.note for each in features.values())
        history = result.history
        named = history.patient is not None or history.gaps or history.unreadable
        assert told or named, case.name
        assert all(gap.cause for gap in history.gaps)
        assert all(each.cause for each in history.unreadable)
        assert evaluate.as_text(case, result)
        assert json.loads(evaluate.as_line(case, result))["scope_row"] == result.decided.scope_row
    assert seen >= len(files(folder))


@pytest.fixture(scope="module")
def web() -> Iterator[FlaskClient]:
    application = create_app(Settings(deadline_seconds=5), today=TODAY)
    yield application.test_client()
    application.extensions["recurrence-cds-fhir-client"].close()


def resources(content: Any) -> Iterator[dict[str, Any]]:
    """Every resource of a decoded file: in Bundles of any depth, in arrays, or alone."""
    if isinstance(content, list):
        for each in content:
            yield from resources(each)
    elif isinstance(content, dict) and content.get("resourceType") == "Bundle":
        entries = content.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            yield from resources(entry.get("resource") if isinstance(entry, dict) else None)
    elif isinstance(content, dict) and isinstance(content.get("resourceType"), str):
        yield content


def prefetch(case: evaluate.Case) -> dict[str, Any]:
    """The record of a case as a client sends it: each kind of resource in a Bundle of its own."""
    found: dict[str, Any] = {
        key: {"resourceType": "Bundle", "type": "searchset", "entry": []}
        for key in KEY_OF_TYPE.values()
        if key != "patient"
    }
    for obtained in case.record.obtained.values():
        for payload in obtained.payloads:
            for resource in resources(msgspec.json.decode(bytes(payload))):
                key = KEY_OF_TYPE.get(resource["resourceType"])
                if key == "patient" and resource.get("id") == case.record.patient_id:
                    found[key] = resource
                elif key is not None and key != "patient":
                    found[key]["entry"].append({"resource": resource})
    return found


def call(case: evaluate.Case, hook: str) -> dict[str, Any]:
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": case.record.patient_id}
    if hook != "patient-view":
        draft = {**a_medication_request("cisplatin", status="draft"), "id": "draft"}
        del draft["subject"]
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
        if hook == "order-select":
            context["selections"] = ["MedicationRequest/draft"]
    return {"hook": hook, "hookInstance": "real data", "context": context, "prefetch": prefetch(case)}


@each_folder
@pytest.mark.parametrize("hook", URLS)
def test_every_record_gets_an_answer_from_every_service(web: FlaskClient, folder: Path, hook: str) -> None:
    for case in cases(folder):
        if case.fault:
            continue
        response = post(web, call(case, hook), URLS[hook])
        if response.status_code == 200:
            assert isinstance(msgspec.json.decode(response.data)["cards"], list)
        else:
            # Without the Patient, or in a version that is not read, the service says what it lacks.
            assert response.status_code in {400, 412}, (case.name, response.status_code)
            assert diagnostics(response)


def test_sound_records_can_be_read_to_the_last_resource() -> None:
    left: dict[str, set[str]] = {}
    for folder in folders():
        for case in cases(folder) if folder.name not in NOT_FHIR else ():
            result = evaluate.evaluate(case, TODAY)
            if isinstance(result, Consultation):
                for each in result.history.unreadable:
                    left.setdefault(folder.name, set()).add(f"{each.reference}: {each.cause}")
    assert {name: len(what) for name, what in left.items()} == (LEFT if SHARED.is_dir() else {})


LEFT = {
    "onco-mcode-extraction": 1,  # a template with YYYY-MM-DD where its date belongs
    "onco-mii-de": 1,  # a Procedure of status "final", which FHIR does not have
    "onco-registry-de": 2,  # MedicationStatements cut out of their Bundle, the drug left behind
}
"""Folder -> resources that cannot be used, each with its cause."""


def at_hand(rows: dict[str, Any], stand_in: dict[str, Any]) -> list[Any]:
    """The rows of the third-party folder where it is at hand, and those of the packaged patients always."""
    there = {SHARED / name: what for name, what in rows.items()} if SHARED.is_dir() else {}
    here = {PATIENTS_FOLDER / name: what for name, what in stand_in.items()}
    return [pytest.param(path, what, id=path.name) for path, what in (there | here).items()]


def consulted(path: Path) -> Consultation:
    (case,) = evaluate.cases(path)
    result = evaluate.evaluate(case, TODAY)
    assert isinstance(result, Consultation)
    return result


@pytest.mark.parametrize(
    ("path", "facts"),
    at_hand(
        {
            "cervical-radiotherapy-us/xrts-06-cervix-brachytherapy.bundle.json": {
                "sex_param": "female",
                "prior_pelvic_brachy": "yes",
                "prior_pelvic_rt": "yes",
                "primary_treatment_end": "2021-09-20",
            },
            "cervical-small/healthchain-qa_patient.json": {"cervical_cancer": "yes", "cancer_disowned": "no"},
            "cervical-registry-de/Testpatientin_Cervix.bundle.json": {"other_primary_cancer": "yes", "age": "76 years"},
            "cervical-lt-r5/lt-cervical-screening.r5.bundle.json": {"sex_param": "female", "age": "41 years"},
            "onco-radiotherapy-us/xrts-03.bundle.json": {"prior_pelvic_ebrt": "yes", "vaginal_brachy_only": "no"},
            "onco-mcode-ig/jenny-m.bundle.json": {
                "her2_ihc": "0 to 1",
                "last_paclitaxel_date": "2018-04-22",
                "height_cm": "165.1 cm",
            },
            "onco-mcode-ig/single/Condition-secondary-cancer-condition-brain-mets.json": {"site_brain": "yes"},
            "onco-mcode-ig/single/Condition-john-anyperson-chf.json": {"heart_failure": "yes"},
            "onco-registry-de/Testpatient_1.bundle.json": {"prior_ici": "yes", "rt_site_unspecified": "yes"},
            "onco-pathways/T0_patient.json.gz": {"other_primary_cancer": "yes", "rt_site_unspecified": "yes"},
        },
        {"central-irradiated.json": {"cervical_cancer": "yes", "prior_pelvic_rt": "yes"}},
    ),
)
def test_what_a_record_plainly_states_shows(path: Path, facts: dict[str, str]) -> None:
    features = consulted(path).features.mapping()
    assert {feature: features[feature].show() for feature in facts} == facts


@pytest.mark.parametrize(
    ("path", "concepts"),
    at_hand(
        {
            "cervical-registry-de/Testpatientin_Cervix.bundle.json": {
                "cervical-carcinoma-in-situ",  # ICD-10-GM D06.9
                "squamous-morphology-in-situ",  # ICD-O-3 8077/2 in the German extension
                "tumour-morphology-observation",
                "ecog-performance-status",
                "tnm-distant-metastases",
                "surgery-any",
            },
            "onco-mcode-ig/single/Observation-tnm-clinical-regional-nodes-category-cN3.json": {"tnm-category-n3"},
            "onco-mcode-ig/single/Observation-no-history-of-metastatic-cancer.json": {"history-of-metastatic-cancer"},
            "onco-registry-us/ccrr-content-bundle-example.json": {"tnm-category-m0", "tnm-category-n0"},
            "official-stu3/Procedure-f201.json": {"chemotherapy-procedure"},
            "official-stu3/Procedure-f002.json": {"site-lung"},
        },
        {"distant-cps-positive.json": {"cervical-squamous-cell-carcinoma"}},
    ),
)
def test_what_a_record_plainly_states_is_read(path: Path, concepts: set[str]) -> None:
    history = consulted(path).history
    found = {
        concept
        for each in (*history.diagnoses, *history.treatments, *history.observed)
        for source in (each, *([each.value] if isinstance(each, Observed) else ()))
        for concept in (*source.concepts, *getattr(each, "body_sites", ()), *getattr(each, "morphology", ()))
    }
    assert concepts <= found


@pytest.mark.parametrize(
    ("path", "builder"),
    at_hand(
        {
            "official-r5/procedure-example.json": "r5",
            "official-stu3/Observation-blood-pressure-cancel.json": "stu3",
            "official-r4b/": "r4",
        },
        {"remission.json": "r4"},
    ),
)
def test_the_version_of_a_record_is_found(path: Path, builder: str) -> None:
    for each in files(path) if path.is_dir() else (path,):
        for case in evaluate.cases(each):
            if not case.fault:
                assert versions.proposals(case.record).__name__ == f"fhir_mappings.{builder}.proposal"


def test_dstu2_gets_a_clear_answer(tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    condition = {"resourceType": "Condition", "patient": {"reference": "Patient/p1"}, "dateRecorded": "2015-01-01"}
    made.write_text(json.dumps([{"resourceType": "Patient", "id": "p1"}, condition]), encoding="utf-8")
    for path in (made, *SHARED.glob("other-version-dstu2/*.json*")):
        assert {evaluate.evaluate(case, TODAY) for case in evaluate.cases(path)} == {
            "FHIR DSTU2 is not supported; this service reads FHIR STU3, R4, R5"
        }
