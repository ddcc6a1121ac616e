"""Starts the service under a production WSGI server: gunicorn, or granian where it is installed.

Both take their settings from the environment and say one line on standard output when they are ready to answer.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from cds_service.app import create_app
from cds_service.errors import SettingsError
from cds_service.settings import Settings

THREADS: Final = 8
GRACEFUL_SECONDS: Final = 10
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - gunicorn's heartbeat file, not a place for data


def default_workers() -> int:
    """Two to four workers, by the processors at hand (RUN-03)."""
    return min(4, max(2, os.cpu_count() or 2))


def announce(host: str, port: int) -> None:
    """Say that the service is ready, on one line."""
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"recurrence-cds is ready: http://{shown}:{port}/cds-services\n")
    sys.stdout.flush()


def gunicorn_options(host: str, port: int, workers: int, deadline_seconds: float) -> dict[str, Any]:
    """The settings of gunicorn (RUN-02, RUN-03); time-outs lie over the deadline of a call."""
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "worker_class": "gthread",
        "workers": workers,
        "threads": THREADS,
        "timeout": max(30, int(deadline_seconds) + GRACEFUL_SECONDS),
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
        "post_worker_init": _first_worker_ready,
    }


def _first_worker_ready(worker: Any) -> None:
    """Called by gunicorn in each worker that has built its application; the first one ever speaks for all."""
    if worker.age == 1:
        host, port = worker.sockets[0].sock.getsockname()[:2]
        announce(host, port)


class Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """The gunicorn server around :func:`create_app`, with options from code alone, not from a file."""

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
        return create_app(self._settings)


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
    try:
        settings = Settings.load(os.environ)
        create_app(settings)
    except SettingsError as error:
        for fault in error.faults:
            sys.stderr.write(f"recurrence-cds: {fault}\n")
        return 2
    if server == "granian":
        return _run_granian(host, port, workers or default_workers())
    try:
        Gunicorn(settings, gunicorn_options(host, port, workers or default_workers(), settings.deadline_seconds)).run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _run_granian(host: str, port: int, workers: int) -> int:
    if find_spec("granian") is None:
        sys.stderr.write("recurrence-cds: granian is not installed; it comes with recurrence-cds[fast]\n")
        return 2
    from granian import Granian  # noqa: PLC0415 - an optional dependency
    from granian.constants import Interfaces  # noqa: PLC0415 - as above
    from granian.log import LogLevels  # noqa: PLC0415 - as above

    server = Granian(
        "cds_service.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=GRACEFUL_SECONDS,
    )
    server.on_startup(lambda: announce(host, port))
    server.serve()
    return 0
