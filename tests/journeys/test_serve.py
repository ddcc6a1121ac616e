"""``recurrence-cds serve`` as a process: ready line, calls, faults of the settings, orderly end (RUN-02, RUN-04)."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from pathlib import Path

import msgspec
import pytest
import requests

from tests.contract.calls import PATIENT_VIEW, patient_view
from tests.journeys.served import SECONDS_TO_START, command, environment, served


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get_when_up(session: requests.Session, url: str) -> requests.Response:
    for _ in range(SECONDS_TO_START * 10):
        with contextlib.suppress(requests.ConnectionError):
            return session.get(url, timeout=5)
        time.sleep(0.1)
    raise AssertionError(f"{url} did not come up")


@pytest.mark.parametrize("server", ["gunicorn", "granian"])
def test_the_service_answers_over_a_socket_and_ends_in_order(tmp_path: Path, server: str) -> None:
    port = "0" if server == "gunicorn" else str(free_port())
    with (
        served(tmp_path, "--port", port, "--workers", "1", "--server", server) as service,
        requests.Session() as session,
    ):
        url = service.url
        assert len(get_when_up(session, f"{url}/cds-services").json()["services"]) == 3
        body = msgspec.json.encode(patient_view(context={"userId": "Patient/p1", "patientId": "p1"}))
        headers = {"Content-Type": "application/json"}
        plain = session.post(f"{url}{PATIENT_VIEW}", data=body, headers=headers, timeout=5)
        chunked = session.post(f"{url}{PATIENT_VIEW}", data=iter([body[:20], body[20:]]), headers=headers, timeout=5)
        assert [plain.json(), chunked.json()] == [{"cards": []}, {"cards": []}]
        assert session.post(f"{url}{PATIENT_VIEW}", data=b"{", headers=headers, timeout=5).status_code == 400
        too_large = session.post(f"{url}{PATIENT_VIEW}", data=b" " * (5 << 20), headers=headers, timeout=5)
        assert too_large.status_code == 413
        session.close()
        assert service.stop() == 0
    assert not list(tmp_path.rglob("*gunicorn*"))


def test_faults_of_the_settings_end_the_start_with_a_line_each(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own command line
        command("--port", "0"),
        env=environment(tmp_path, DEADLINE_SECONDS="soon", NO_SUCH="1"),
        capture_output=True,
        text=True,
        timeout=SECONDS_TO_START,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.split(":")[1].strip() for line in ended.stderr.splitlines()] == [
        "RECURRENCE_CDS_DEADLINE_SECONDS",
        "RECURRENCE_CDS_NO_SUCH",
    ]
