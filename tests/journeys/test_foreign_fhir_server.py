"""The services read a FHIR server that nobody here wrote: nothing is prefetched, every fact comes through its searches.

Medplum's router by default; ``RECURRENCE_CDS_TEST_FHIR_SERVER`` puts another server in its place (HAPI by its URL).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from cds_service.app import create_app
from cds_service.demo.sample_patients import (
    DEMO_TODAY,
    SERVICE_OF_HOOK,
    SamplePatient,
    Trial,
    hook_request,
    load_patients,
    record_of,
)
from cds_service.settings import Settings
from tests.machine import not_run

FOLDER = Path(__file__).parents[1] / "foreign_server"
PATIENTS = [
    patient
    for patient in load_patients()
    if patient.id in {"central-irradiated", "second-line", "bevacizumab-before-surgery"}
]
CALLS = [(patient, trial) for patient in PATIENTS for trial in patient.trials]
INSTALL_SECONDS = 300
EXTENSION = "org.recurrence-cds.decisions"


def _installed() -> None:
    if (FOLDER / "node_modules" / "@medplum" / "fhir-router").is_dir():
        return
    npm = shutil.which("npm")
    if npm is None:
        not_run("a foreign FHIR server: npm is not installed")
    installed = subprocess.run(  # noqa: S603 - npm of the machine, exact versions of package.json
        [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=FOLDER,
        capture_output=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if installed.returncode:
        not_run("a foreign FHIR server: npm could not install it")


@contextlib.contextmanager
def _medplum() -> Iterator[str]:
    node = shutil.which("node")
    if node is None:
        not_run("a foreign FHIR server: node is not installed")
    _installed()
    with subprocess.Popen(  # noqa: S603 - node of the machine, our own few lines
        [node, "server.mjs"], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            base = process.stdout.readline().strip()
            assert base, "the foreign FHIR server did not start"
            yield base
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def fhir_server() -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        base = os.environ.get("RECURRENCE_CDS_TEST_FHIR_SERVER") or stack.enter_context(_medplum())
        session = stack.enter_context(requests.Session())
        for patient in PATIENTS:
            for entry in record_of(patient)["entry"]:
                resource = entry["resource"]
                url = f"{base}/{resource['resourceType']}/{resource['id']}"
                stored = session.put(url, json=resource, timeout=20)
                assert stored.ok, f"{url}: {stored.status_code}"
        yield base


@pytest.fixture(scope="module")
def service(fhir_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(
        fhir_servers=(f"{fhir_server.rstrip('/')}/",),
        state_dir=tmp_path_factory.mktemp("state"),
        deadline_seconds=20,
    )
    server = make_server("127.0.0.1", 0, create_app(settings, today=DEMO_TODAY), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _cards(service: str, body: dict[str, Any], hook: str) -> list[dict[str, Any]]:
    with requests.Session() as session:
        answer = session.post(f"{service}/cds-services/{SERVICE_OF_HOOK[hook]}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    cards: list[dict[str, Any]] = answer.json()["cards"]
    return cards


@pytest.mark.parametrize(("patient", "trial"), CALLS, ids=[f"{p.id}: {t.what}" for p, t in CALLS])
def test_the_advice_is_that_of_the_sample_patient(
    service: str, fhir_server: str, patient: SamplePatient, trial: Trial
) -> None:
    cards = _cards(service, hook_request(patient, trial, fhir_server=fhir_server), trial.hook)
    codes = {decision["code"] for card in cards for decision in card.get("extension", {}).get(EXTENSION, ())}
    assert set(trial.expect) - codes == set()
    assert set(trial.never) & codes == set()
    assert not any("not obtained" in card["detail"] for card in cards), "every search was answered"


def test_a_patient_that_the_server_does_not_have_is_412(service: str, fhir_server: str) -> None:
    body = hook_request(PATIENTS[0], PATIENTS[0].trials[0], fhir_server=fhir_server)
    body["context"]["patientId"] = "nobody"
    with requests.Session() as session:
        answer = session.post(f"{service}/cds-services/{SERVICE_OF_HOOK['patient-view']}", json=body, timeout=30)
    assert answer.status_code == 412
    assert answer.json()["resourceType"] == "OperationOutcome"
