"""``python -m benchmarks``: measures, prints the tables, and writes them to docs/performance.md unless ``--quick``.

The bare service and ours run at the same time on one core and are asked in turns, so that what disturbs the one
disturbs the other; of the rounds the cheapest counts.
"""

from __future__ import annotations

import argparse
import compileall
import datetime as dt
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import many_patients, report, steps, with_tokens, without_prefetch
from benchmarks.driver import measure
from benchmarks.records import HUGE, MEDIUM, SMALL, Call, Size, calls
from benchmarks.report import Latency, Measured, Process, Row
from benchmarks.servers import BARE, OURS, Server, running

_SETTINGS: Final = {
    "RECURRENCE_CDS_TODAY": steps.TODAY.isoformat(),
    # One worker that takes all that is asked at a time: with the default it would refuse some of 32 calls (RUN-05).
    "RECURRENCE_CDS_CALLS_AT_WORK": "32",
}
_PERCENTILES: Final = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        counts: calls of a round, by size.
        rounds: of each kind of call.
        servers: that are measured.
        hooks: that are called.
        concurrencies: at which percentiles are taken.
        spread: calls for these percentiles.
        rest: whether the parts besides the servers are measured as well.
    """

    counts: dict[Size, int]
    rounds: int
    servers: tuple[str, ...]
    hooks: tuple[str, ...]
    concurrencies: tuple[int, ...]
    spread: int
    rest: bool


WHOLE: Final = Extent(
    counts={SMALL: 240, MEDIUM: 160, HUGE: 24},
    rounds=5,
    servers=("gunicorn", "granian"),
    hooks=("patient-view", "order-sign"),
    concurrencies=(1, 8, 32),
    spread=400,
    rest=True,
)
QUICK: Final = Extent(
    counts={SMALL: 80, MEDIUM: 48},
    rounds=3,
    servers=("gunicorn",),
    hooks=("patient-view",),
    concurrencies=(8,),
    spread=120,
    rest=False,
)


def _cheapest(server: Server, requests: Sequence[Call], count: int, best: float) -> float:
    return min(best, measure(server, requests, count, 1).processor_ms)


def _costs(bare: Server, ours: Server, name: str, extent: Extent) -> list[Row]:
    rows = []
    for hook in extent.hooks:
        for size, count in extent.counts.items():
            for cancer in (False, True):
                requests = calls(size, cancer=cancer, hook=hook)
                least = {BARE: float("inf"), OURS: float("inf")}
                for server in (bare, ours):
                    measure(server, requests, len(requests), 1)
                for _ in range(extent.rounds):
                    least[BARE] = _cheapest(bare, requests, count, least[BARE])
                    least[OURS] = _cheapest(ours, requests, count, least[OURS])
                rows.append(Row(name, hook, size.name, cancer, least[BARE], least[OURS]))
                _say(f"{name} {hook} {size.name} {'cancer' if cancer else 'no cancer'}: {rows[-1].ratio:.2f}")
    return rows


def _latencies(bare: Server, ours: Server, name: str, extent: Extent) -> list[Latency]:
    found = []
    for cancer in (False, True):
        requests = calls(MEDIUM, cancer=cancer)
        for concurrency in extent.concurrencies:
            of_each = []
            for server in (bare, ours):
                timing = measure(server, requests, extent.spread, concurrency)
                of_each.append(tuple(timing.percentile(share) for share in _PERCENTILES))
            (b50, b95, b99), (o50, o95, o99) = of_each
            found.append(Latency(name, cancer, concurrency, (b50, b95, b99), (o50, o95, o99)))
    return found


def run(extent: Extent) -> Measured:
    """Measure."""
    for package in ("cds_service", "fhir_mappings"):
        compileall.compile_dir(package, quiet=1)  # as pip does; a checkout would be compiled at every start
    every = sorted(os.sched_getaffinity(0))
    served, driving = ({every[0]}, set(every[1:])) if len(every) > 1 else (set(every), set(every))
    os.sched_setaffinity(0, driving)
    measured = Measured(load=os.getloadavg()[0])
    for name in extent.servers:
        with running(BARE, name, served) as bare, running(OURS, name, served, _SETTINGS) as ours:
            # Before the huge requests: what they need of memory is theirs, not the workers'.
            measured.latencies += _latencies(bare, ours, name, extent)
            memory = bare.memory(), ours.memory()
            measured.rows += _costs(bare, ours, name, extent)
            measured.processes.append(Process(name, *memory, bare.start_seconds, ours.start_seconds))
    for cancer in (False, True):
        measured.steps[cancer] = steps.shares(calls(MEDIUM, cancer=cancer), 4 * extent.rounds)
    if extent.rest:
        for name in extent.servers:
            measured.with_tokens.append(with_tokens.compare(name, served, extent.counts[MEDIUM], extent.rounds))
        measured.without_prefetch = without_prefetch.compare(served, 40)
        measured.patients_a_minute = many_patients.a_minute_and_core(served)
    os.sched_setaffinity(0, set(every))
    return measured


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Measure as much as is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first look in less than a minute; writes nothing")
    quick = parser.parse_args().quick
    logging.disable(logging.WARNING)
    measured = run(QUICK if quick else WHOLE)
    today = dt.datetime.now(tz=dt.UTC).date()
    sys.stdout.write(report.tables(measured, today) + "\n")
    if not quick:
        report.write(measured, today)
    return 0


if __name__ == "__main__":
    sys.exit(main())
