"""Sends mutants of the sample patients' calls to a running service and says what became of them (IN-04, IN-08).

``python -m tests.fuzz.requests_under_fire --mutants 10000`` starts a service of its own; ``make fuzz`` calls it. The
mutants go over real sockets from several threads. A seed gives the same mutants, whatever the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import requests

from cds_service.demo import fhir_endpoint
from cds_service.demo.sample_patients import PATIENTS_FOLDER
from cds_service.protocol.response import faults
from tests.fuzz.mutants import SENTINEL, mutant
from tests.fuzz.sample_calls import TODAY, calls
from tests.journeys.served import Served, served

ALLOWED = frozenset({200, 400, 403, 412, 413})
LONGEST_SECONDS = 3.0
WITH_SERVER = 0.3
"""Share of mutants that leave part of the data to be fetched from a FHIR server."""


@dataclass
class Report:
    """What became of the mutants.

    Attributes:
        statuses: how many answers of each status; 0 stands for a connection that broke.
        wrong: a line for each answer that breaks a rule.
        slowest: seconds of the slowest answer.
        changed: untouched calls that were answered otherwise afterwards.
        seconds: all in all.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    changed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def mutants(self) -> int:
        return self.statuses.total()

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500)

    def lines(self) -> list[str]:
        """The figures, and the first answers that were wrong."""
        shown = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        return [
            f"mutants {self.mutants}, 5xx {self.server_errors}, broken connections {self.statuses[0]}",
            f"slowest {self.slowest:.2f} s, {self.seconds:.0f} s in all",
            f"statuses {shown}",
            f"untouched calls answered otherwise afterwards: {len(self.changed)}",
            *self.wrong[:20],
        ]


@contextlib.contextmanager
def target() -> Iterator[tuple[Served, str]]:
    """A service of two workers and a FHIR server with the sample patients; both end with the block."""
    with (
        tempfile.TemporaryDirectory() as folder,
        fhir_endpoint.running(fhir_endpoint.make_app(PATIENTS_FOLDER)) as fhir,
        served(
            Path(folder), "--port", "0", "--workers", "2", TODAY=TODAY, METRICS_PORT="0", LOG_LEVEL="ERROR"
        ) as service,
    ):
        yield service, fhir


def fire(
    service: Served,
    fhir: str,
    mutants: int,
    seed: int,
    *,
    threads: int = 4,
    longest: float = LONGEST_SECONDS,
    progress: bool = False,
) -> Report:
    """Send so many mutants, each thread its own, and compare the untouched calls before and after.

    An answer that takes longer than ``longest`` seconds counts as wrong.
    """
    report = Report()
    lock = threading.Lock()
    start = time.monotonic()
    before = _untouched(service)
    numbers = iter(range(mutants))

    def run() -> None:
        with requests.Session() as session:
            for number in numbers:
                sent = _mutant(fhir, seed, number)
                status, content, seconds = _send(session, service, *sent)
                wrong = verdict(status, content) + ([f"took {seconds:.1f} s"] if seconds > longest else [])
                with lock:
                    report.statuses[status] += 1
                    report.slowest = max(report.slowest, seconds)
                    report.wrong += [f"mutant {number}: {status}: {what}" for what in wrong]
                if progress and number % 500 == 499:
                    sys.stdout.write(f"{number + 1} mutants\n")
                    sys.stdout.flush()

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(run) for _ in range(threads)]:
            done.result()
    after = _untouched(service)
    report.changed = [name for name in before if before[name] != after[name]]
    report.seconds = time.monotonic() - start
    return report


_CALLS = calls()


def _mutant(fhir: str, seed: int, number: int) -> tuple[str, bytes]:
    """Path and body of a mutant, by seed and number alone."""
    random_ = random.Random(f"{seed}/{number}")  # noqa: S311 - chance that can be repeated
    path, body = random_.choice(_CALLS)
    if random_.random() < WITH_SERVER:
        kept = {key: value for key, value in body["prefetch"].items() if random_.random() < 0.5}
        body = {**body, "prefetch": kept, "fhirServer": fhir, "fhirAuthorization": _authorization()}
    return path, mutant(msgspec.json.encode(body), random_)


def _authorization() -> dict[str, Any]:
    said = {"access_token": SENTINEL, "token_type": "Bearer", "scope": "patient/*.rs", "subject": "cds"}
    return {**said, "expires_in": 300}


def _untouched(service: Served) -> dict[str, bytes]:
    answers = {}
    with requests.Session() as session:
        for number, (path, body) in zip(itertools.count(), _CALLS, strict=False):
            status, content, _ = _send(session, service, path, msgspec.json.encode(body))
            answers[f"{number}: {path}: {status}"] = content
    return answers


def _send(session: requests.Session, service: Served, path: str, body: bytes) -> tuple[int, bytes, float]:
    start = time.monotonic()
    try:
        answer = session.post(
            f"{service.url}{path}", data=body, headers={"Content-Type": "application/json"}, timeout=30
        )
    except requests.RequestException:
        return 0, b"", time.monotonic() - start
    return answer.status_code, answer.content, time.monotonic() - start


def verdict(status: int, content: bytes) -> list[str]:
    """What is wrong with an answer, whatever was sent."""
    wrong = [] if status in ALLOWED else ["a status that no input may bring about"]
    try:
        body = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return [*wrong, "not JSON"]
    if status == 200:
        return wrong + faults(content)
    if not isinstance(body, dict) or body.get("resourceType") != "OperationOutcome":
        wrong.append("an error that is no OperationOutcome")
    if SENTINEL.encode() in content:
        wrong.append("an error that echoes its input")
    if any(word in content for word in (b"Traceback", b"site-packages", b"/cds_service/", b"msgspec", b"pydantic")):
        wrong.append("an error that shows its inside")
    return wrong


def main() -> int:
    """Fire and print the figures; 1 when an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with target() as (service, fhir):
        report = fire(service, fhir, args.mutants, args.seed, progress=True)
        series = sum(
            not line.startswith("#") for line in requests.get(service.metrics_url, timeout=10).text.splitlines()
        )
    sys.stdout.write("\n".join([*report.lines(), f"metric series {series}", ""]))
    return int(bool(report.wrong or report.changed or series >= 2000))


if __name__ == "__main__":
    sys.exit(main())
