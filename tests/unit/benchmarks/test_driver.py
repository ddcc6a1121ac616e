"""The driver makes the calls that it is told to make, and lets no failed one pass for a quick one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.driver import measure
from benchmarks.records import Call
from benchmarks.servers import Server

BODY = b'{"hook":"patient-view"}' * 50_000
"""More than a socket takes at once."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((body, self.headers["Authorization"]))  # type: ignore[attr-defined]
        self.send_response(200 if self.path == "/good" else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(name="server")
def a_server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.heard = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def known(server: ThreadingHTTPServer) -> Server:
    return Server(server.server_address[1], os.getpid(), 0.0)


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_each_call_is_made_and_timed(server: ThreadingHTTPServer, concurrency: int) -> None:
    timing = measure(known(server), [Call("/good", BODY), Call("/good", b"{}", "abc")], 10, concurrency)
    assert len(timing.latencies_ms) == 10
    assert list(timing.latencies_ms) == sorted(timing.latencies_ms)
    heard = server.heard  # type: ignore[attr-defined]
    assert sorted(heard, key=str) == sorted([(BODY, None)] * 5 + [(b"{}", "Bearer abc")] * 5, key=str)


def test_a_refused_call_ends_the_measurement(server: ThreadingHTTPServer) -> None:
    with pytest.raises(RuntimeError, match="503"):
        measure(known(server), [Call("/bad", b"{}")], 3, 1)
