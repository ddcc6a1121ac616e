"""A soak: steady calls for minutes, one in twenty FHIR answers faulty, and what the service then holds (RUN-12).

``python -m tests.soak --seconds 600`` starts a service of two workers and a FHIR server, both of this machine. Memory,
files and threads of the workers are taken after a time to warm up and at the end. Then the FHIR server hangs, and the
time to answer is taken once more. ``make soak`` calls it.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import requests

from cds_service.demo.sample_patients import SERVICE_OF_HOOK, hook_request, load_patients, record_of
from tests.fuzz.sample_calls import TODAY, calls
from tests.journeys.faulty_fhir_server import FAULTS, Asked, FaultyFhirServer, faulty_fhir_server
from tests.journeys.served import Served, served

DEADLINE_SECONDS: Final = 2.5
FAULTY_SHARE: Final = 0.05
PREFETCHED_SHARE: Final = 0.5
"""Of calls that bring everything along; the others leave it all to the FHIR server."""
LONGEST_GROWTH: Final = 0.10
SPARE: Final = 12
"""Files and threads that come and go with what is under way at the moment of counting."""
_TOO_HEAVY: Final = frozenset({"gzip bomb", "gzip twice"})
"""Faults whose making would keep this process busy, rather than the one that is measured."""


@dataclass(frozen=True)
class Footprint:
    """What the workers hold: memory in KiB, open files, threads."""

    memory: int
    files: int
    threads: int

    @classmethod
    def of(cls, service: Served) -> Footprint:
        """All workers together; the metrics' process is none of them."""
        pids = [
            pid for pid in service.workers() if b"metrics_endpoint" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        status = [Path(f"/proc/{pid}/status").read_text("ascii") for pid in pids]
        return cls(
            memory=sum(_figure(text, "VmRSS") for text in status),
            files=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
            threads=sum(_figure(text, "Threads") for text in status),
        )


def _figure(status: str, name: str) -> int:
    (line,) = (line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


@dataclass
class Seen:
    """Answers of one phase."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Counts and times."""
        shown = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        cuts = statistics.quantiles(self.seconds, n=100) if len(self.seconds) > 1 else [0.0] * 99
        times = f"p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, max {max(self.seconds) * 1000:.0f} ms"
        return f"{name}: {len(self.seconds)} calls, {shown}, {times}"


def steady(service: Served, bodies: Callable[[int], tuple[str, bytes]], seconds: float, rate: float) -> Seen:
    """Calls at a rate, whether or not earlier ones have been answered."""
    seen = Seen()
    lock = threading.Lock()
    local = threading.local()

    def call(number: int) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        path, body = bodies(number)
        start = time.monotonic()
        try:
            answer = local.session.post(
                f"{service.url}{path}", data=body, headers={"Content-Type": "application/json"}, timeout=30
            )
            status = answer.status_code
        except requests.RequestException:
            status = 0
        with lock:
            seen.statuses[status] += 1
            seen.seconds.append(time.monotonic() - start)

    start = time.monotonic()
    with ThreadPoolExecutor(32) as threads:
        for number in range(int(seconds * rate)):
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
            threads.submit(call, number)
    return seen


def _bodies(fhir: str) -> Callable[[int], tuple[str, bytes]]:
    """Calls of all sample patients in turn, some with everything prefetched and some with nothing."""
    whole = [(path, msgspec.json.encode(body)) for path, body in calls()]
    bare = [
        (
            f"/cds-services/{SERVICE_OF_HOOK[trial.hook]}",
            msgspec.json.encode(hook_request(patient, trial, fhir_server=fhir)),
        )
        for patient in load_patients()
        for trial in patient.trials
    ]
    chance = random.Random(1)  # noqa: S311 - the same calls each time
    order = [chance.random() < PREFETCHED_SHARE for _ in range(997)]
    return lambda number: (whole if order[number % len(order)] else bare)[number % len(whole)]


def _fill(world: FaultyFhirServer) -> None:
    """All sample patients in one server, which answers each search with all of a type: more than asked for."""
    for patient in load_patients():
        for entry in record_of(patient)["entry"]:
            resource = entry["resource"]
            held = world.resources.setdefault(resource["resourceType"], [])
            if resource["resourceType"] == "Patient" or len(held) < 60:
                held.append(resource)


def _by_chance() -> Callable[[Asked], str | None]:
    chance = random.Random(2)  # noqa: S311 - as above
    names = sorted(FAULTS.keys() - _TOO_HEAVY)
    return lambda _: chance.choice(names) if chance.random() < FAULTY_SHARE else None


def run(seconds: float, rate: float) -> tuple[list[str], bool]:
    """Soak, then let the server hang.

    Returns:
        Lines with the figures, and whether all is well.
    """
    with tempfile.TemporaryDirectory() as folder, faulty_fhir_server() as world:
        _fill(world)
        world.remembers = False
        world.by_chance = _by_chance()
        settings: dict[str, Any] = {
            "TODAY": TODAY,
            "DEADLINE_SECONDS": str(DEADLINE_SECONDS),
            "LOG_LEVEL": "ERROR",
            "METRICS_PORT": "0",
        }
        with served(Path(folder), "--port", "0", "--workers", "2", **settings) as service:
            bodies = _bodies(world.base)
            warm = steady(service, bodies, seconds * 0.2, rate)
            before = Footprint.of(service)
            soaked = steady(service, bodies, seconds * 0.7, rate)
            time.sleep(min(8.0, seconds * 0.05))
            after = Footprint.of(service)
            world.by_chance = lambda _: "hang before"
            hanging = steady(service, bodies, seconds * 0.1, rate)
    growth = after.memory / before.memory - 1
    lines = [
        warm.line("warming up"),
        soaked.line("soaking"),
        hanging.line("FHIR server hanging"),
        f"before {before}",
        f"after  {after}",
        f"memory grew by {growth:.1%}",
    ]
    fit = (
        all(status in {200, 412} for one in (warm, soaked, hanging) for status in one.statuses)
        and statistics.quantiles(hanging.seconds, n=100)[94] < DEADLINE_SECONDS + 0.5
        and growth < LONGEST_GROWTH
        and after.files <= before.files + SPARE
        and after.threads <= before.threads + SPARE
    )
    return lines, fit


def main() -> int:
    """Soak and print the figures; 1 when something leaked or broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    args = parser.parse_args()
    lines, fit = run(args.seconds, args.rate)
    sys.stdout.write("\n".join([*lines, "all is well" if fit else "NOT WELL", ""]))
    return 0 if fit else 1


if __name__ == "__main__":
    sys.exit(main())
