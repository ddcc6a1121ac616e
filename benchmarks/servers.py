"""Starts the servers to be measured, each in processes of its own, and reads what they cost (Linux: ``/proc``)."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
BARE: Final = "bare Flask + orjson"
OURS: Final = "recurrence-cds"
_START_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.002
_STOP_SECONDS: Final = 10
_PROC: Final = Path("/proc")
_CPUCLOCK_SCHED: Final = 2
_KIB_A_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        port: on the loopback.
        pid: of its first process.
        start_seconds: from the call of the command to the first answer.
    """

    port: int
    pid: int
    start_seconds: float

    def processes(self) -> list[int]:
        """Its process and all that came from it."""
        parents: dict[int, list[int]] = {}
        for entry in _PROC.iterdir():
            if entry.name.isdigit() and (parent := _parent(entry)) is not None:
                parents.setdefault(parent, []).append(int(entry.name))
        family = [self.pid]
        for pid in family:
            family.extend(parents.get(pid, ()))
        return family

    def processor_seconds(self) -> float:
        """Time on the processor of all its processes so far."""
        return sum(_on_processor(pid) for pid in self.processes())

    def memory(self) -> float:
        """Resident memory of its largest process, in MB: the worker that answers."""
        return max(_resident(pid) for pid in self.processes())


def _parent(process: Path) -> int | None:
    try:
        stat = (process / "stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


def _on_processor(pid: int) -> float:
    """Of a whole process, threads that have ended included, in seconds; 0 for one that is gone."""
    with contextlib.suppress(OSError):
        # As clock_getcpuclockid(3) makes it of a process id, which Python does not offer.
        return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)
    return 0.0


def _resident(pid: int) -> float:
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / _KIB_A_MB
    return 0.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def _on_cores(cores: set[int]) -> Iterator[None]:
    """This process, and those that it starts, run on these cores as long as the context lasts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def running(which: str, server: str, cores: set[int], settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server with one worker, on these cores, for as long as the context lasts.

    Args:
        which: BARE or OURS.
        server: ``gunicorn`` or ``granian``.
        cores: that its processes may run on.
        settings: environment of the service.
    """
    port = free_port()
    if which == BARE:
        command = [sys.executable, "-m", "benchmarks.bare", server, str(port)]
    else:
        options = ["--host", HOST, "--port", str(port), "--server", server, "--workers", "1"]
        command = [str(Path(sys.executable).with_name("recurrence-cds")), "serve", *options]
    with tempfile.TemporaryDirectory(prefix="recurrence-cds-bench-") as folder:
        environment = {**os.environ, "RECURRENCE_CDS_STATE_DIR": folder, **(settings or {})}
        began = time.perf_counter()
        with _on_cores(cores):
            process = subprocess.Popen(  # noqa: S603 - our own
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        try:
            yield Server(port, process.pid, _answering(port, process) - began)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answering(port: int, process: subprocess.Popen[bytes]) -> float:
    """When the server first answered."""
    end = time.perf_counter() + _START_SECONDS
    while time.perf_counter() < end and process.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=_START_SECONDS)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/cds-services")
            connection.getresponse().read()
            return time.perf_counter()
        connection.close()
        time.sleep(_POLL_SECONDS)
    raise RuntimeError("the server to be measured did not start")
