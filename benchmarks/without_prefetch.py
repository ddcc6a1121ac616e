"""How long a call without prefetch takes, against the slowest of its FHIR queries asked alone."""

from __future__ import annotations

import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.driver import measure
from benchmarks.records import ROTATION, Call
from benchmarks.servers import HOST, OURS, Server, free_port, running
from cds_service.demo.fhir_endpoint import PATH
from cds_service.demo.sample_patients import SERVICE_OF_HOOK, Trial, hook_request, load_patients
from cds_service.hooks.prefetch import PATIENT_TOKEN, TEMPLATES

__all__ = ["DELAY_MS", "WithoutPrefetch", "compare"]

DELAY_MS: Final = 100.0
_TRIES: Final = 5
_START_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class WithoutPrefetch:
    """Median times in ms over the eight patients.

    Attributes:
        slowest_query: the slowest of the ten queries, each asked alone over a kept-alive connection.
        call: the whole hook call.
    """

    slowest_query: float
    call: float


def compare(cores: set[int], count: int) -> WithoutPrefetch:
    """Ask the endpoint query by query, then make the calls."""
    port = free_port()
    with _endpoint(port):
        patients = {patient.id: patient for patient in load_patients()}
        slowest = []
        connection = http.client.HTTPConnection(HOST, port, timeout=_START_SECONDS)
        for name in ROTATION:
            times = [_query(connection, template.replace(PATIENT_TOKEN, name)) for template in TEMPLATES.values()]
            slowest.append(max(times))
        connection.close()
        trial = Trial("patient-view", "")
        server = f"http://{HOST}:{port}{PATH}"
        calls = [
            Call(f"/cds-services/{SERVICE_OF_HOOK['patient-view']}", _body(hook_request(
                patients[name], trial, fhir_server=server
            )))
            for name in ROTATION
        ]  # fmt: skip
        settings = {"RECURRENCE_CDS_TODAY": "2026-11-24"}
        with running(OURS, "gunicorn", cores, settings) as service:
            return WithoutPrefetch(statistics.median(slowest), _median(service, calls, count))


def _median(service: Server, calls: list[Call], count: int) -> float:
    measure(service, calls, len(calls), 1)
    return measure(service, calls, count, 1).percentile(0.5)


def _body(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _query(connection: http.client.HTTPConnection, relative_url: str) -> float:
    """The fastest of a few tries in ms: what the server needs, without the chance of a busy machine."""
    times = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        connection.request("GET", f"{PATH}/{relative_url}")
        connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1e3)
    return min(times)


@contextlib.contextmanager
def _endpoint(port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.slow_fhir", str(port), str(DELAY_MS)]
    process = subprocess.Popen(command)  # noqa: S603 - our own
    try:
        end = time.perf_counter() + _START_SECONDS
        while time.perf_counter() < end:
            connection = http.client.HTTPConnection(HOST, port, timeout=_START_SECONDS)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", f"{PATH}/metadata")
                connection.getresponse().read()
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()
