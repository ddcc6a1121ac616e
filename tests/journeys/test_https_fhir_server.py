"""OUT-02: https with certificate and name checked. OUT-05: a proxy by setting, never from the environment."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import FhirClient
from cds_service.errors import Cause, FetchFailure
from tests.journeys.certificates import Authority, self_signed
from tests.journeys.faulty_fhir_server import FaultyFhirServer, elapsed, faulty_fhir_server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None) -> Iterator[FaultyFhirServer]:
    with faulty_fhir_server(tls) as world:
        world.resources = {"Patient": [{"resourceType": "Patient", "id": "p1"}]}
        yield world


def read(
    server: FaultyFhirServer, *, ca_file: Path | None = None, proxy: str | None = None, seconds: float = 5
) -> bytes:
    base = parse_base(server.base)
    client = FhirClient([base], ca_file=str(ca_file) if ca_file else None, proxy=proxy)
    try:
        return client.access(base, "s3cret", time.monotonic() + seconds).read("Patient/p1")
    finally:
        client.close()


def cause(server: FaultyFhirServer, ca_file: Path | None, seconds: float = 5) -> Cause:
    with pytest.raises(FetchFailure) as caught:
        read(server, ca_file=ca_file, seconds=seconds)
    return caught.value.cause


def test_a_server_that_the_own_authority_vouches_for_is_asked(authority: Authority) -> None:
    with serving(authority.server()) as server:
        assert b'"p1"' in read(server, ca_file=authority.file)
        assert [one.headers["authorization"] for one in server.asked] == ["Bearer s3cret"]


def test_a_server_that_nobody_vouches_for_learns_nothing(authority: Authority, tmp_path: Path) -> None:
    with serving(self_signed(tmp_path)) as server:
        assert cause(server, authority.file) is Cause.NOT_TRUSTED
        assert server.asked == []


def test_the_own_authority_is_unknown_without_the_setting(authority: Authority) -> None:
    with serving(authority.server()) as server:
        assert cause(server, None) is Cause.NOT_TRUSTED
        assert server.asked == []


@pytest.mark.parametrize("host", ["ehr.example.org", "127.0.0.1"])
def test_a_certificate_for_another_name_is_refused(authority: Authority, host: str) -> None:
    with serving(authority.server(host)) as server:
        assert cause(server, authority.file) is Cause.NOT_TRUSTED
        assert server.asked == []


def test_a_certificate_that_has_run_out_is_refused(authority: Authority) -> None:
    with serving(authority.server(days_left=-1)) as server:
        assert cause(server, authority.file) is Cause.NOT_TRUSTED
        assert server.asked == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_older_than_1_2_is_refused(authority: Authority) -> None:
    old = authority.server()
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1_1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(old) as server:
        assert cause(server, authority.file) is Cause.NOT_TRUSTED
        assert server.asked == []


def test_a_server_that_speaks_no_tls_is_refused(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            taken, _ = plain.accept()
            with taken:
                taken.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                taken.recv(65536)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        server = FaultyFhirServer(port=plain.getsockname()[1], origin="https://localhost")
        assert cause(server, authority.file) is Cause.NOT_TRUSTED
        thread.join()


def test_a_handshake_that_hangs_ends_at_the_deadline(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = FaultyFhirServer(port=mute.getsockname()[1], origin="https://localhost")
        start = time.monotonic()
        assert cause(server, authority.file, seconds=0.4) is Cause.TIMED_OUT
        assert elapsed(start) < 1


class Proxy(socketserver.ThreadingTCPServer):
    """A forward proxy that remembers first lines and leads everything to one port of this machine."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.lines: list[str] = []
        self.port = port
        super().__init__(("127.0.0.1", 0), _Forward)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Forward(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        line = head.partition(b"\r\n")[0].decode()
        self.server.lines.append(line)
        with socket.create_connection(("127.0.0.1", self.server.port)) as beyond:
            if line.startswith("CONNECT "):
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(beyond, self.connection), daemon=True)
                back.start()
                _pump(self.connection, beyond)
                back.join()
            else:
                beyond.sendall(head.replace(b"http://ehr.test:80", b"", 1))
                beyond.shutdown(socket.SHUT_WR)
                _pump(beyond, self.connection)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def proxying(server: FaultyFhirServer) -> Iterator[Proxy]:
    with Proxy(server.port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


def test_https_goes_through_the_proxy_of_the_settings_and_is_still_checked(authority: Authority) -> None:
    with serving(authority.server("ehr.test")) as server, proxying(server) as proxy:
        server.origin = "https://ehr.test"
        assert b'"p1"' in read(server, ca_file=authority.file, proxy=proxy.url)
        (line,) = proxy.lines
        assert line.startswith(f"CONNECT ehr.test:{server.port} ")
        with pytest.raises(FetchFailure) as caught:
            read(server, proxy=proxy.url)
        assert caught.value.cause is Cause.NOT_TRUSTED


def test_plain_http_goes_through_the_proxy_of_the_settings() -> None:
    with serving(None) as server, proxying(server) as proxy:
        elsewhere = FaultyFhirServer(port=80, origin="http://ehr.test")
        assert b'"p1"' in read(elsewhere, proxy=proxy.url)
        assert proxy.lines == ["GET http://ehr.test/fhir/Patient/p1 HTTP/1.1"]


def test_this_machine_is_asked_without_a_proxy() -> None:
    with serving(None) as server, proxying(server) as proxy:
        assert b'"p1"' in read(server, proxy=proxy.url)
        assert proxy.lines == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(None) as server, proxying(server) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("REQUEST_METHOD", raising=False)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        assert b'"p1"' in read(server)
        assert proxy.lines == []
