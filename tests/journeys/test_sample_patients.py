"""Every hook call of the sample patients over real sockets, nothing prefetched: the service reads the demo's endpoint.

``index.toml`` says which output codes have to come and which must not; the codes are those of the cards' decisions
extension.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cds_service.cli.demo import Demo, demo
from cds_service.demo.sample_patients import SERVICE_OF_HOOK, SamplePatient, Trial, hook_request, load_patients

CALLS = [(patient, trial) for patient in load_patients() for trial in patient.trials]
EXTENSION = "org.recurrence-cds.decisions"


@pytest.fixture(scope="module")
def running_demo() -> Iterator[Demo]:
    with demo() as started:
        yield started


def _cards(running: Demo, patient: SamplePatient, trial: Trial) -> list[dict[str, Any]]:
    body = hook_request(patient, trial, fhir_server=running.fhir)
    url = f"{running.service}/cds-services/{SERVICE_OF_HOOK[trial.hook]}"
    with requests.Session() as session:
        answer = session.post(url, json=body, timeout=20)
    assert answer.status_code == 200, answer.text
    cards: list[dict[str, Any]] = answer.json()["cards"]
    return cards


@pytest.mark.parametrize(
    ("patient", "trial"), CALLS, ids=[f"{patient.id}: {trial.hook}: {trial.what}" for patient, trial in CALLS]
)
def test_a_sample_patient_gets_the_advice_of_her_rows(running_demo: Demo, patient: SamplePatient, trial: Trial) -> None:
    cards = _cards(running_demo, patient, trial)
    codes = {decision["code"] for card in cards for decision in card["extension"][EXTENSION]}
    assert set(trial.expect) - codes == set()
    assert set(trial.never) & codes == set()


def test_a_patient_in_remission_opens_without_cards(running_demo: Demo) -> None:
    (patient,) = (patient for patient in load_patients() if patient.id == "remission")
    assert _cards(running_demo, patient, patient.trials[0]) == []
