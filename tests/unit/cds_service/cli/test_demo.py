"""``recurrence-cds demo``: both servers up, one call answered. The clinical half is a stand-in here."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest
import requests

from cds_service.app import create_app
from cds_service.cli import demo as command
from cds_service.demo.sample_patients import DEMO_TODAY, SERVICE_OF_HOOK, hook_request, load_patients
from cds_service.hooks import published
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.site import Site
from fhir_mappings.record import Record, State

CENTRAL = load_patients()[0]


def _answer(service: Service, request: HookRequest, record: Record, *, today: date, site: Site) -> dict[str, Any]:
    """A card that tells what was gathered, in place of the clinical half."""
    present = sorted(key for key, obtained in record.obtained.items() if obtained.state is State.PRESENT)
    card = {
        "summary": f"{service.hook} on {today.isoformat()} for {request.context['patientId']}",
        "detail": f"Present: **{', '.join(present)}** at {site.base_url}",
        "indicator": "warning",
        "source": {"label": "test"},
    }
    return {"cards": [card]}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "create_app", partial(create_app, answer=_answer))


def _parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(["--port", "0", "--fhir-port", "0", *arguments])


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_the_wanted_ports_are_the_documented_ones() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    args = parser.parse_args([])
    assert (args.port, args.fhir_port, args.patient, args.once) == (8080, 8081, "central-irradiated", False)


@pytest.mark.usefixtures("stand_in")
def test_once_prints_the_cards_of_the_ready_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(_parsed("--once")) == 0
    printed = capsys.readouterr().out
    assert "patient-view for central-irradiated: 1 cards" in printed
    assert "warning: patient-view on 2026-11-24 for central-irradiated" in printed
    assert "conditions" in printed


@pytest.mark.usefixtures("stand_in")
def test_once_takes_a_patient_and_a_hook(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(_parsed("--once", "--patient", "pregnancy", "--hook", "order-select")) == 0
    assert "order-select on 2026-11-24 for pregnancy" in capsys.readouterr().out


def test_an_unknown_patient_is_named_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(_parsed("--once", "--patient", "nobody")) == 2
    printed = capsys.readouterr().out
    assert "no sample patient 'nobody'" in printed
    assert "central-irradiated" in printed


def test_a_hook_without_orders_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(_parsed("--patient", "remission", "--hook", "order-select")) == 2
    assert "No draft orders for order-select come with remission" in capsys.readouterr().out


@pytest.mark.usefixtures("stand_in")
def test_an_answer_other_than_200_is_shown_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SERVICE_OF_HOOK, "patient-view", "no-such-service")
    assert command.run(_parsed("--once")) == 1
    assert "The service answered 404" in capsys.readouterr().out


@pytest.mark.usefixtures("stand_in")
def test_without_once_it_introduces_itself_and_the_printed_call_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[dict[str, Any]] = []

    def paste_the_call() -> None:
        printed = capsys.readouterr().out
        assert printed.startswith("Workbench:")
        assert "Today is fixed to 2026-11-24" in printed
        assert all(patient.id in printed for patient in load_patients())
        (line,) = (line for line in printed.splitlines() if line.startswith("curl "))
        body, url = line.split(" -d '", 1)[1].rsplit("' ", 1)
        with requests.Session() as session:
            answers.append(session.post(url, json=json.loads(body)).json())

    monkeypatch.setattr(command, "_until_interrupted", paste_the_call)
    assert command.run(_parsed()) == 0
    assert answers[0]["cards"][0]["summary"] == "patient-view on 2026-11-24 for central-irradiated"


@pytest.mark.usefixtures("stand_in")
def test_a_busy_port_is_passed_over(busy_port: int) -> None:
    with command.demo(port=busy_port, fhir_port=busy_port) as running_demo, requests.Session() as session:
        assert not running_demo.service.endswith(f":{busy_port}")
        assert session.get(f"{running_demo.fhir}/metadata").status_code == 200
        body = hook_request(CENTRAL, CENTRAL.trials[0], fhir_server=running_demo.fhir)
        answer = session.post(f"{running_demo.service}/cds-services/{SERVICE_OF_HOOK['patient-view']}", json=body)
    assert running_demo.service in answer.json()["cards"][0]["detail"]


def test_the_demo_asks_the_services_that_are_published() -> None:
    assert {service.hook: service.id for service in published()} == dict(SERVICE_OF_HOOK)


def test_waiting_ends_with_a_termination_signal() -> None:
    before = signal.getsignal(signal.SIGTERM)
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGTERM])
    timer.start()
    command._until_interrupted()
    timer.join()
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_clock_of_the_demo_is_the_day_of_the_records() -> None:
    assert date(2026, 11, 24) == DEMO_TODAY
