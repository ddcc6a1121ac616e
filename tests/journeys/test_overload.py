"""RUN-05: ten times the capacity, a hostile client beside an honest one, and limits that all workers share."""

from __future__ import annotations

import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from tests.contract.calls import PATIENT_VIEW, patient_view
from tests.fuzz.sample_calls import call_of
from tests.journeys.served import Served, served
from tests.token_builders import BASE, claims, header, jwk, key_set, private_key, signed

HOSTILE = "https://hostile.example.org/"
HONEST = "https://honest.example.org/"
NAMES = {HOSTILE: "hostile", HONEST: "honest"}
AT_WORK = 2


def trusted(folder: Path) -> Path:
    """A trusted-clients file with both, their keys beside it."""
    entries = []
    for issuer, name in NAMES.items():
        (folder / f"{name}.json").write_bytes(key_set(jwk(private_key("ES384", name))))
        entries.append(f'[[client]]\nname = "{name}"\nissuer = "{issuer}"\njwks_file = "{name}.json"\n')
    path = folder / "clients.toml"
    path.write_text("\n".join(entries), "utf-8")
    return path


def tokens(issuer: str) -> Iterator[str]:
    for number in itertools.count():
        said = claims(time.time(), iss=issuer, jti=f"{NAMES[issuer]}-{number}")
        yield signed(header(), said, private_key("ES384", NAMES[issuer]))


def call(session: requests.Session, service: Served, token: str, body: bytes) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return session.post(f"{service.url}{PATIENT_VIEW}", data=body, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def heavy_call() -> bytes:
    """A call with the whole record of a sample patient in its prefetch."""
    return msgspec.json.encode(call_of("central-irradiated")[1])


def test_a_flood_is_shed_and_starves_nobody_else(tmp_path: Path, heavy_call: bytes) -> None:
    settings: dict[str, Any] = {
        "MODE": "production",
        "BASE_URL": BASE,
        "TRUSTED_CLIENTS": str(trusted(tmp_path)),
        "CALLS_AT_WORK": str(AT_WORK),
        "CALLS_WAITING": "2",
    }
    flood: list[tuple[int, float]] = []
    over = threading.Event()
    hostile = iter(list(itertools.islice(tokens(HOSTILE), 800)))
    with served(tmp_path, "--port", "0", "--workers", "1", **settings) as service:

        def run() -> None:
            with requests.Session() as session:
                for token in hostile:
                    if over.is_set():
                        return
                    answer = call(session, service, token, heavy_call)
                    assert answer.status_code == 200 or int(answer.headers["Retry-After"]) > 0
                    flood.append((answer.status_code, answer.elapsed.total_seconds()))

        threads = [threading.Thread(target=run) for _ in range(10 * AT_WORK)]
        for thread in threads:
            thread.start()
        with requests.Session() as session:
            honest = [call(session, service, token, heavy_call) for token in itertools.islice(tokens(HONEST), 15)]
        over.set()
        for thread in threads:
            thread.join()
        assert requests.get(f"{service.url}/readyz", timeout=5).status_code == 200
    assert sum(answer.status_code == 200 for answer in honest) >= 0.95 * len(honest)
    assert all("cards" in answer.json() for answer in honest if answer.status_code == 200)
    assert {status for status, _ in flood} == {200, 503}
    refused = [seconds for status, seconds in flood if status == 503]
    assert statistics.median(refused) < 2  # on a machine that the flood itself keeps busy


def test_the_rate_of_a_client_is_counted_over_all_workers(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "MODE": "production",
        "BASE_URL": BASE,
        "TRUSTED_CLIENTS": str(trusted(tmp_path)),
        "CALLS_PER_MINUTE": "6",
        "METRICS_PORT": "0",
    }
    body = msgspec.json.encode(patient_view())
    with served(tmp_path, "--port", "0", "--workers", "2", **settings) as service:
        answers = []
        for token in itertools.islice(tokens(HOSTILE), 14):
            with requests.Session() as session:  # a connection each, so that both workers take some
                answers.append(call(session, service, token, body))
        with requests.Session() as session:
            honest = call(session, service, next(tokens(HONEST)), body)
        scraped = requests.get(service.metrics_url, timeout=5).text
    statuses = [answer.status_code for answer in answers]
    assert 6 <= statuses.count(200) <= 12  # twice the limit when a minute ends in between
    assert statuses.count(429) == 14 - statuses.count(200)
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["issue"][0]["code"] == "throttled"
    assert honest.status_code == 200
    assert f'recurrence_cds_limited_calls_total{{client="{HOSTILE}"}} {float(statuses.count(429))}' in scraped


def test_the_trusted_clients_file_of_these_tests_names_both(tmp_path: Path) -> None:
    text = trusted(tmp_path).read_text("utf-8")
    assert all(issuer in text for issuer in NAMES)
    assert json.loads((tmp_path / "honest.json").read_text("utf-8"))["keys"]
