"""Acknowledged means kept: killed processes, many clients, a store that is away (KEEP-01, -02, -04, -05)."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.store import open_store
from tests.contract.calls import PATIENT_VIEW, patient_view
from tests.journeys.served import Served, served
from tests.machine import small_disk

FEEDBACK = f"{PATIENT_VIEW}/feedback"
CLIENTS = 8
KILLS = 6
BETWEEN_KILLS = 40
PATIENCE = 60.0


def item(card: str) -> dict[str, Any]:
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-24T12:00:00Z"}


def send(session: requests.Session, url: str, *cards: str) -> int:
    body = {"feedback": [item(card) for card in cards]}
    return session.post(f"{url}{FEEDBACK}", json=body, timeout=10).status_code


def kill(service: Served) -> None:
    """All its processes at once, with no time to do anything."""
    workers = service.workers()
    for process in (service.process.pid, *workers):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    service.process.wait()
    for worker in workers:
        while Path(f"/proc/{worker}").exists():
            time.sleep(0.01)


@dataclass
class Load:
    """Clients that send item after item to wherever the service is, and remember what was acknowledged."""

    url: str = ""
    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, _: int) -> None:
        while not self.over.is_set():
            card = f"card-{next(self.numbers)}"
            with contextlib.suppress(requests.RequestException), requests.Session() as session:
                status = send(session, self.url, card, f"{card}-b")
                self.statuses[status] += 1
                if status == 200:
                    self.acknowledged.append(card)
                    continue
            self.over.wait(0.1)

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.acknowledged) < count:
            assert time.monotonic() < until, f"only {len(self.acknowledged)} acknowledged: {self.statuses}"
            time.sleep(0.01)


def test_keep_01_and_keep_02_killing_every_process_loses_nothing_acknowledged(tmp_path: Path) -> None:
    load = Load(url="http://127.0.0.1:9")
    with ThreadPoolExecutor(CLIENTS) as clients:
        try:
            for number in range(KILLS + 1):
                with served(tmp_path, "--port", "0", "--workers", "2") as service:
                    load.url = service.url
                    if not number:
                        running = [clients.submit(load.run, client) for client in range(CLIENTS)]
                    load.wait_for((number + 1) * BETWEEN_KILLS)
                    if number < KILLS:
                        kill(service)
                    else:
                        load.over.set()
                        for one in running:
                            one.result()
                        with requests.Session() as session:
                            assert send(session, service.url, *load.acknowledged[:50]) == 200
        finally:
            load.over.set()
    store = open_store(f"sqlite:///{tmp_path / 'recurrence-cds.sqlite3'}")
    kept = [one.card for one in store.feedback.kept()]
    store.close()
    lost = {*load.acknowledged, *(f"{card}-b" for card in load.acknowledged)} - set(kept)
    assert not lost
    assert len(kept) == len(set(kept)) >= 2 * (KILLS + 1) * BETWEEN_KILLS
    assert {status for status in load.statuses if status >= 500} == set()


def test_keep_04_fifty_clients_of_four_workers_get_no_5xx(tmp_path: Path) -> None:
    clients, each = 50, 6
    with served(tmp_path, "--port", "0", "--workers", "4") as service:

        def run(client: int) -> list[int]:
            with requests.Session() as session:
                return [send(session, service.url, f"{client}-{number}") for number in range(each)]

        with ThreadPoolExecutor(clients) as threads:
            statuses = Counter(status for some in threads.map(run, range(clients)) for status in some)
    assert statuses == {200: clients * each}
    store = open_store(f"sqlite:///{tmp_path / 'recurrence-cds.sqlite3'}")
    assert store.feedback.count() == clients * each
    store.close()


def ready(url: str, *, expected: int) -> bool:
    """Whether readiness says so before patience ends."""
    until = time.monotonic() + PATIENCE
    while requests.get(f"{url}/readyz", timeout=5).status_code != expected:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("failure", ["continue", "refuse"])
def test_keep_05_and_aud_02_with_a_full_disk_calls_are_answered_as_the_site_has_chosen(
    tmp_path: Path, failure: str
) -> None:
    call = patient_view(context={"userId": "Practitioner/1", "patientId": "p1"})
    call["prefetch"]["conditions"] = None
    with small_disk(tmp_path / "small", 2048) as folder:
        with (
            served(tmp_path, "--port", "0", "--workers", "1", STATE_DIR=str(folder), AUDIT_FAILURE=failure) as service,
            requests.Session() as session,
        ):
            assert send(session, service.url, "before") == 200
            filler = folder / "filler"
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as full:
                while True:
                    full.write(b"x" * 4096)
            cards = [f"card-{number}" + "x" * 200 for number in range(900)]
            assert send(session, service.url, *cards) == 503
            answers = [session.post(f"{service.url}{PATIENT_VIEW}", json=call, timeout=10) for _ in range(3)]
            if failure == "continue":
                assert [answer.status_code for answer in answers] == [200] * 3
            else:
                assert answers[-1].status_code == 503
                assert answers[-1].json()["resourceType"] == "OperationOutcome"
                assert answers[-1].headers["Cache-Control"] == "no-store"
            assert ready(service.url, expected=503)
            assert session.get(f"{service.url}/healthz", timeout=5).status_code == 200
            filler.unlink()
            assert ready(service.url, expected=200)
            assert send(session, service.url, "after") == 200
            assert session.post(f"{service.url}{PATIENT_VIEW}", json=call, timeout=10).status_code == 200
        store = open_store(f"sqlite:///{folder / 'recurrence-cds.sqlite3'}")
        assert [one.card for one in store.feedback.kept()] == ["before", "after"]
        store.close()


def test_keep_05_a_damaged_file_ends_the_start_with_a_line(tmp_path: Path) -> None:
    (tmp_path / "recurrence-cds.sqlite3").write_bytes(b"no database" * 1000)
    log = tmp_path / "log"
    with pytest.raises(AssertionError), served(tmp_path, "--port", "0", log=log):
        pass
    assert "quick_check" in log.read_text("utf-8")
