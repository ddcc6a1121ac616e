"""What one call of the whole service leaves behind: audit records and shown cards that fit (AUD-01, KEEP-07)."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from cds_service.app import create_app
from cds_service.demo.sample_patients import hook_request, load_patients, record_of
from cds_service.settings import Settings
from cds_service.store import open_store
from tests.contract.calls import post
from tests.journeys.faulty_fhir_server import FaultyFhirServer, faulty_fhir_server

EXTENSION = "org.recurrence-cds.decisions"
URL = "/cds-services/cervical-recurrence-{hook}"


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path, deadline_seconds=10)


@pytest.fixture
def service(site: Settings) -> Iterator[Flask]:
    app = create_app(site, today=date(2026, 11, 24))
    yield app
    app.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def ehr() -> Iterator[FaultyFhirServer]:
    with faulty_fhir_server() as server:
        yield server


def rules(cards: list[dict[str, Any]]) -> dict[str, None]:
    """``row:code`` of all decisions, in order of display."""
    return dict.fromkeys(f"{one['row']}:{one['code']}" for card in cards for one in card["extension"][EXTENSION])


@pytest.mark.parametrize("name", ["central-irradiated", "fistula"])
def test_records_and_cards_fit_the_answer(service: Flask, site: Settings, ehr: FaultyFhirServer, name: str) -> None:
    (patient,) = (one for one in load_patients() if one.id == name)
    held: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in record_of(patient)["entry"]:
        held[entry["resource"]["resourceType"]].append(entry["resource"])
    ehr.resources = held
    trial = patient.trials[0]
    body = hook_request(patient, trial, fhir_server=ehr.base)
    answer = post(service.test_client(), body, URL.format(hook=trial.hook))
    assert answer.status_code == 200
    cards = msgspec.json.decode(answer.data)["cards"]
    assert cards
    service.extensions["recurrence-cds-fhir-client"].close()
    events = [json.loads(line) for line in site.audited_in.read_bytes().splitlines()]
    kinds = Counter(event["subtype"][0]["code"] for event in events)
    assert kinds["search-type"] + kinds["read"] == len(ehr.asked) > 5
    (call,) = (event for event in events if event["subtype"][0]["code"] == "operation")
    details = call["entity"][-1]["detail"]
    assert [one["valueString"] for one in details if one["type"].endswith(".rule")] == list(rules(cards))
    said = {one["type"].rpartition(".")[2]: one["valueString"] for one in details}
    assert (said["hook"], said["hook-instance"]) == (trial.hook, body["hookInstance"])
    assert said["shown"] == str(len(cards))
    assert said["scope"].startswith("G")
    store = open_store(site.stored_in)
    shown = list(store.feedback.outcomes())
    store.close()
    assert sorted(one.rules for one in shown) == sorted(tuple(rules([card])) for card in cards)
    assert {one.version for one in shown} == {said["knowledge"]}
