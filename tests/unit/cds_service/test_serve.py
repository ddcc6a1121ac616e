"""The options of the servers; that they serve is shown in tests/journeys/test_serve.py."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cds_service import serve
from cds_service.admission import WAITING, WORKING
from cds_service.readiness import Readiness
from cds_service.settings import Settings


def worker(age: int, host: str = "127.0.0.1") -> Any:
    listener = SimpleNamespace(getsockname=lambda: (host, 8001, 0, 0))
    app = SimpleNamespace(extensions={"recurrence-cds-readiness": Readiness()})
    return SimpleNamespace(age=age, sockets=[SimpleNamespace(sock=listener)], wsgi=app, alive=True)


def test_run_03_gunicorn_is_set_up_without_control_socket_and_with_limits() -> None:
    settings = Settings(deadline_seconds=25)
    application = serve.Gunicorn(settings, serve.gunicorn_options("::1", 0, 2, settings))
    config = application.cfg
    assert config.control_socket_disable is True
    assert issubclass(config.worker_class, serve.Worker)
    assert (config.workers, config.threads) == (2, WORKING + WAITING + serve.SPARE_THREADS)
    assert config.keepalive >= 75
    assert config.address == [("::1", 0)]
    assert config.timeout > 25 + config.graceful_timeout - 1
    assert (config.limit_request_line, config.limit_request_field_size, config.limit_request_fields) == (8190, 8190, 50)
    assert config.max_requests_jitter > 0
    assert application.load().name == "cds_service"


def test_run_02_a_worker_that_was_told_to_stop_is_not_ready() -> None:
    one = worker(age=2)
    serve.gunicorn_options("127.0.0.1", 0, 2, Settings())["post_worker_init"](one)
    readiness = one.wsgi.extensions["recurrence-cds-readiness"]
    assert readiness.report() == {"running": "ok"}
    one.alive = False
    assert readiness.report() == {"running": "stopping"}


def test_only_the_first_worker_ever_says_that_all_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    ready = serve.gunicorn_options("127.0.0.1", 0, 2, Settings())["post_worker_init"]
    ready(worker(age=1))
    ready(worker(age=2))
    ready(worker(age=1, host="::1"))
    assert capsys.readouterr().out.splitlines() == [
        "recurrence-cds is ready: http://127.0.0.1:8001/cds-services",
        "recurrence-cds is ready: http://[::1]:8001/cds-services",
    ]


SLOW = (
    *("requests", "urllib3", "pydantic", "fhir_core", "jwt", "cryptography", "markdown_it"),
    *("sqlalchemy.dialects.postgresql", "cds_service.web_smart"),
)
"""What takes long to load and is not needed for the first answer."""
START = f"""
import sys
from pathlib import Path
import cds_service.cli.serve
from cds_service.app import create_app
from cds_service.settings import Settings
app = create_app(Settings(state_dir=Path(sys.argv[1])))
assert app.test_client().get("/cds-services").status_code == 200
print(*(name for name in {SLOW} if name in sys.modules))
"""


def test_the_start_does_without_what_is_slow_to_load(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert ran.stdout.split() == []


def test_a_c_library_without_that_choice_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    serve._share_heaps()


@pytest.mark.parametrize(("processors", "workers"), [(None, 2), (1, 2), (3, 3), (64, 4)])
def test_two_to_four_workers(monkeypatch: pytest.MonkeyPatch, processors: int | None, workers: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    assert serve.default_workers() == workers


def test_granian_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.environ", {})
    monkeypatch.setattr(serve, "find_spec", {"granian": None}.__getitem__)
    assert serve.run("127.0.0.1", 0, server="granian") == 2
    assert "recurrence-cds[fast]" in capsys.readouterr().err


def test_production_mode_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Settings, "load", lambda _: Settings(mode="production"))
    assert serve.run("127.0.0.1", 0) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "client authentication" in line
