"""Starts the service under a production WSGI server: gunicorn, or granian where it is installed.

Both take their settings from the environment and say one line on standard output when they are ready to answer. The
application is imported late: where metrics are kept has to be known before they are first counted.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn import glogging  # type: ignore[import-untyped]
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from cds_service import logs
from cds_service.ehr.watchdog import Watchdog
from cds_service.errors import SettingsError
from cds_service.settings import PREFIX, Settings
from fhir_mappings import versions

SPARE_THREADS: Final = 8
"""Beside those that work and those that wait: they refuse what has no place, and answer probes (RUN-05)."""
GRACEFUL_SECONDS: Final = 10
GARBAGE_THRESHOLD: Final = 50_000
"""New objects before the youngest are searched for cycles; Python's own is 700."""
_ARENAS: Final = 2
"""Heaps of the C library for all threads of a process."""
_M_ARENA_MAX: Final = -8
"""The name of that choice in glibc's ``mallopt``."""
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat file, not a place for data
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


def default_workers() -> int:
    """Two to four workers, by the processors at hand (RUN-03)."""
    return min(4, max(2, os.cpu_count() or 2))


def announce(host: str, port: int) -> None:
    """Say that the service is ready, on one line."""
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"recurrence-cds is ready: http://{shown}:{port}/cds-services\n")
    sys.stdout.flush()


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's threaded worker, with an end to waiting for headers: one byte now and then holds no thread (IN-01)."""

    header_seconds = 10.0

    def init_process(self) -> None:
        """Called by gunicorn in the worker's own process."""
        self._arrivals = Watchdog()
        super().init_process()

    def handle(self, conn: TConn) -> Any:
        """One request of a connection; called by gunicorn in a thread."""
        with self._arrivals.watch(time.monotonic() + self.header_seconds) as arrival:
            arrival.runs_on(conn.sock)
            conn.arrival = arrival
            return super().handle(conn)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """The headers are there; the body has its own time, see ``web.read_body``."""
        self._arrivals.release(conn.arrival)
        return super().handle_request(req, conn)


def threads(settings: Settings) -> int:
    """Of a worker."""
    return settings.calls_at_work + settings.calls_waiting + SPARE_THREADS


def gunicorn_options(host: str, port: int, workers: int, settings: Settings) -> dict[str, Any]:
    """The settings of gunicorn (RUN-02, RUN-03); time-outs lie over the deadline of a call."""
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "worker_class": type("Worker", (Worker,), {"header_seconds": settings.read_seconds}),
        "workers": workers,
        "threads": threads(settings),
        "timeout": max(30, int(settings.deadline_seconds) + GRACEFUL_SECONDS),
        "graceful_timeout": GRACEFUL_SECONDS,
        "keepalive": 75,
        "max_requests": 50000,
        "max_requests_jitter": 5000,
        "worker_tmp_dir": str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None,
        "limit_request_line": 8190,
        "limit_request_field_size": 8190,
        "limit_request_fields": 50,
        "control_socket_disable": True,
        "proc_name": "recurrence-cds",
        "loglevel": "warning",
        "logger_class": Logger,
        "post_worker_init": _worker_ready,
        "child_exit": _worker_gone,
    }


def _worker_ready(worker: Any) -> None:
    """Called by gunicorn in each worker that has built its application; the first one ever speaks for all."""
    worker.wsgi.extensions["recurrence-cds-readiness"].register("running", lambda: None if worker.alive else "stopping")
    _settle()
    if worker.age == 1:
        host, port = worker.sockets[0].sock.getsockname()[:2]
        announce(host, port)
    _warm_behind()


def _worker_gone(_arbiter: Any, worker: Any) -> None:
    """Called by gunicorn in the master: what the worker held open counts no longer."""
    if _METRICS_FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - not before the folder is known

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


class Logger(glogging.Logger):  # type: ignore[misc] # as above
    """gunicorn's logger without its own way out: its records, which quote URLs, pass the formatter of ``logs``."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn."""
        super().setup(cfg)
        for handler in self.error_log.handlers[:]:
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True


class Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """The gunicorn server around ``create_app``, with options from code alone, not from a file."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Hand the options over; called by gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application in each worker; called by gunicorn."""
        return _create_app(self._settings)


def _create_app(settings: Settings) -> Flask:
    from cds_service.app import create_app  # noqa: PLC0415 - not before the folder of the metrics is known

    return create_app(settings)


def application() -> Flask:
    """The application with the settings of the environment and its logs, for a server that builds it itself."""
    settings = Settings.load(os.environ)
    logs.configure(settings.log_level)
    app = _create_app(settings)
    _settle()
    _warm_behind()
    return app


def _check(settings: Settings, workers: int) -> None:
    """Build the application once to see that the settings can be used, and let go of all that it opened.

    Workers are forked from this process: none of them may inherit a connection to the store. What is imported here they
    share; several of them also what the first calls will need, which one alone can import while it answers already.
    """
    gc.disable()
    _create_app(settings).extensions["recurrence-cds-fhir-client"].close()
    if workers > 1:
        versions.warm()
        import_module("cds_service.ehr.transport")
    gc.freeze()
    gc.enable()


def _share_heaps() -> None:
    """Not a heap for each of the many threads, every one of which would keep what its largest call took."""
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def _settle() -> None:
    """In a worker that is ready: leave what will stay out of every collection, and collect less often.

    A call makes some thousand small objects without cycles, which their counts free.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 100)


def _warm_behind() -> None:
    """Import what the first calls need while the server begins to answer; a call that is quicker waits for it."""

    def warm() -> None:
        versions.warm()
        _settle()

    threading.Thread(target=warm, name="warming", daemon=True).start()


def run(host: str, port: int, *, server: str = "gunicorn", workers: int | None = None) -> int:
    """Serve until told to stop.

    Args:
        host: address to listen on.
        port: port to listen on; with gunicorn, 0 takes a free one.
        server: ``gunicorn`` or ``granian``.
        workers: processes; two to four by default.

    Returns:
        Exit status: 0 after an orderly end, 2 when the settings cannot be used (each fault on a line of its own).
    """
    exporter = None
    workers = workers or default_workers()
    try:
        settings = Settings.load(os.environ)
        logs.configure(settings.log_level)
        exporter = _serve_metrics(settings)
        _share_heaps()
        _check(settings, workers)
        if server == "granian":
            return _run_granian(host, port, workers, threads(settings))
        Gunicorn(settings, gunicorn_options(host, port, workers, settings)).run()
    except SettingsError as error:
        for fault in error.faults:
            sys.stderr.write(f"recurrence-cds: {fault}\n")
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    finally:
        if exporter is not None:
            exporter.terminate()
            exporter.wait()
    return 0


def _serve_metrics(settings: Settings) -> subprocess.Popen[str] | None:
    """Start the metrics' own process on their own port, over an empty folder; None when they are not wanted (RUN-08).

    Raises:
        SettingsError: the folder cannot be written or the port cannot be had.
    """
    if settings.metrics_port is None:
        os.environ.pop(_METRICS_FOLDER, None)
        return None
    folder = settings.state_dir / "metrics"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
    except OSError:
        raise SettingsError([f"{PREFIX}STATE_DIR: no folder can be made in it"]) from None
    os.environ[_METRICS_FOLDER] = str(folder)
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "cds_service.metrics_endpoint", settings.metrics_host, str(settings.metrics_port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said = process.stdout.readline() if process.stdout is not None else ""
    if not said.startswith("ready "):
        process.wait()
        raise SettingsError([f"{PREFIX}METRICS_PORT: the port cannot be listened on"])
    sys.stdout.write(f"recurrence-cds metrics: http://{settings.metrics_host}:{said.split()[1]}/metrics\n")
    return process


def _run_granian(host: str, port: int, workers: int, blocking_threads: int) -> int:
    if find_spec("granian") is None:
        sys.stderr.write("recurrence-cds: granian is not installed; it comes with recurrence-cds[fast]\n")
        return 2
    from granian import Granian  # noqa: PLC0415 - an optional dependency
    from granian.constants import Interfaces  # noqa: PLC0415 - as above
    from granian.log import LogLevels  # noqa: PLC0415 - as above

    server = Granian(
        "cds_service.serve:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=blocking_threads,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=GRACEFUL_SECONDS,
    )
    server.on_startup(lambda: announce(host, port))
    server.serve()
    return 0
