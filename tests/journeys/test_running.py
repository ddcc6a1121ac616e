"""The service as it runs: metrics, readiness, slow senders, smuggling, restarts (IN-01, RUN-01 to RUN-03, RUN-08)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec
import pytest
import requests

from tests.contract.calls import PATIENT_VIEW, patient_view
from tests.journeys.served import Served, served

BODY = msgspec.json.encode(patient_view(context={"userId": "Patient/p1", "patientId": "p1"}))
JSON = {"Content-Type": "application/json"}
READ_SECONDS = 0.6


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("running")
    with served(folder, "--port", "0", "--workers", "2", METRICS_PORT="0", READ_SECONDS=str(READ_SECONDS)) as one:
        yield one


def say(service: Served, request: bytes, *further: bytes, pause: float = 0.0, patience: float = 5.0) -> bytes:
    """Everything that comes back until the service closes the connection or falls silent."""
    answer = b""
    with socket.create_connection(service.address, timeout=patience) as line, contextlib.suppress(OSError):
        line.sendall(request)
        for part in further:
            time.sleep(pause)
            line.sendall(part)
        while data := line.recv(65536):
            answer += data
    return answer


def head(*lines: str, path: str = PATIENT_VIEW, method: str = "POST") -> bytes:
    said = (f"{method} {path} HTTP/1.1", "Host: cds", "Content-Type: application/json", *lines)
    return "".join(f"{line}\r\n" for line in (*said, "")).encode("latin-1")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def scraped(service: Served) -> dict[str, float]:
    text = requests.get(service.metrics_url, timeout=5).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_run_01_ready_and_alive(service: Served) -> None:
    assert requests.get(f"{service.url}/healthz", timeout=5).json() == {"status": "ok"}
    ready = requests.get(f"{service.url}/readyz", timeout=5)
    assert (ready.status_code, ready.json()["checks"]["running"]) == (200, "ok")


def test_run_08_the_sum_over_all_workers_is_right_and_series_are_bounded(service: Served) -> None:
    name = 'recurrence_cds_calls_total{service="cervical-recurrence-patient-view",status="200"}'
    before = scraped(service).get(name, 0)
    for _ in range(40):  # a connection each, so that both workers take some
        assert requests.post(f"{service.url}{PATIENT_VIEW}", data=BODY, headers=JSON, timeout=5).status_code == 200
    after = scraped(service)
    assert after[name] == before + 40
    assert len(after) < 2000


def test_run_08_metrics_are_not_served_on_the_service_port(service: Served) -> None:
    assert requests.get(f"{service.url}/metrics", timeout=5).status_code == 404


def test_in_01_headers_that_drip_are_cut_off(service: Served) -> None:
    start = time.monotonic()
    answer = say(service, b"POST /cds-", *[b"s"] * 40, pause=0.05)
    assert answer == b"" or status(answer) in {400, 408}
    assert time.monotonic() - start < READ_SECONDS + 3


@pytest.mark.parametrize("framing", [f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"])
def test_in_01_a_body_that_drips_is_answered_408_and_holds_no_thread(service: Served, framing: str) -> None:
    first = BODY[:10] if framing.startswith("Content") else b"400\r\n" + BODY[:10]
    start = time.monotonic()
    with contextlib.ExitStack() as lines:
        slow = [lines.enter_context(socket.create_connection(service.address, timeout=5)) for _ in range(30)]
        for line in slow:
            line.sendall(head(framing) + first)
        fast = requests.post(f"{service.url}{PATIENT_VIEW}", data=BODY, headers=JSON, timeout=5)
        assert fast.status_code == 200
        for _ in range(60):
            if time.monotonic() - start > READ_SECONDS + 0.3:
                break
            time.sleep(0.05)
            for line in slow:
                with contextlib.suppress(OSError):
                    line.sendall(b" ")
        answers = [line.recv(65536) for line in slow]
    assert {status(answer) for answer in answers} == {408}
    assert b'"code":"timeout"' in answers[0]
    assert time.monotonic() - start < READ_SECONDS + 4


SMUGGLED = {
    "length and chunked": head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "two lengths": head("Content-Length: 5", "Content-Length: 6") + b"{}   ",
    "a length with a sign": head("Content-Length: +5") + b"{}   ",
    "chunked twice": head("Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "chunked in disguise": head("Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "a folded line": head("X-Folded: a", " Content-Length: 5") + b"{}   ",
    "a space before the colon": head("Content-Length : 5") + b"{}   ",
    "a bare line feed": b"POST /cds-services HTTP/1.1\nHost: cds\n\n",
    "a control character": head("X-Odd: a\x00b", "Content-Length: 0"),
    "a bad chunk": head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
    "too many headers": head(*[f"X-{number}: 1" for number in range(60)], "Content-Length: 0"),
    "too long a header": head("X-Long: " + "a" * 9000, "Content-Length: 0"),
    "too long a line": head("Content-Length: 0", path="/" + "a" * 9000),
}


@pytest.mark.parametrize("request_bytes", SMUGGLED.values(), ids=list(SMUGGLED))
def test_run_03_what_two_servers_may_read_differently_is_refused(service: Served, request_bytes: bytes) -> None:
    answer = say(service, request_bytes)
    assert status(answer) in {400, 414, 431, 501}
    assert answer.count(b"HTTP/1.1 ") == 1  # nothing behind it was taken for a request
    assert requests.get(f"{service.url}/healthz", timeout=5).status_code == 200


def test_run_03_a_plain_request_is_answered_by_the_same_means(service: Served) -> None:
    assert status(say(service, head(f"Content-Length: {len(BODY)}", "Connection: close") + BODY)) == 200


def test_run_03_no_control_socket_and_no_server_version(service: Served) -> None:
    listening = Path("/proc/net/unix").read_text("ascii").lower()
    assert "gunicorn" not in listening
    assert "/" not in requests.get(f"{service.url}/healthz", timeout=5).headers.get("Server", "")


class Load:
    """Calls one after the other over kept connections, from several threads, until told to stop."""

    def __init__(self, url: str, threads: int) -> None:
        self.seen: list[int | str] = []
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._over.is_set():
                try:
                    answer = session.post(f"{self._url}{PATIENT_VIEW}", data=BODY, headers=JSON, timeout=10)
                    self.seen.append(answer.status_code)
                except requests.RequestException as error:
                    self.seen.append(type(error).__name__)
                time.sleep(0.005)


def test_run_02_workers_are_replaced_under_load_without_a_lost_call(tmp_path: Path) -> None:
    with served(tmp_path, "--port", "0", "--workers", "2") as service:
        before = set(service.workers())
        with Load(service.url, 4) as load:
            time.sleep(0.3)
            os.kill(service.process.pid, signal.SIGHUP)
            until = time.monotonic() + 20
            while before & set(service.workers()) and time.monotonic() < until:
                time.sleep(0.1)
            time.sleep(0.3)
        assert not before & set(service.workers())
    assert set(load.seen) == {200}
    assert len(load.seen) > 50


def test_run_02_a_call_under_way_is_finished_after_the_order_to_stop(tmp_path: Path) -> None:
    with served(tmp_path, "--port", "0", "--workers", "1") as service:
        with socket.create_connection(service.address, timeout=10) as line:
            line.sendall(head(f"Content-Length: {len(BODY)}") + BODY[:20])
            time.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            line.sendall(BODY[20:])
            assert status(line.recv(65536)) == 200
        assert service.process.wait(15) == 0


def test_run_08_a_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError), served(tmp_path, "--port", "0", METRICS_PORT=port):
            raise ZeroDivisionError
