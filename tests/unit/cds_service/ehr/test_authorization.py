"""The exchanges with an authorization server: bounded, never redirected, never to an address that is not meant."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cds_service.ehr.addresses import parse_base
from cds_service.ehr.authorization import MAX_BYTES, AuthorizationServers, Reply
from cds_service.errors import Cause, FetchFailure


@contextmanager
def answering(*parts: bytes, pause: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers each connection with the same bytes; its address, and what it was sent."""
    asked: list[bytes] = []
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        while not over.is_set():
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            with taken:
                asked.append(_request(taken))
                try:
                    for part in parts:
                        taken.sendall(part)
                        time.sleep(pause)
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _request(taken: socket.socket) -> bytes:
    """Headers and body of one request, however many packets it comes in."""
    came = taken.recv(65536)
    while b"\r\n\r\n" not in came:
        came += taken.recv(65536)
    head, _, body = came.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length is not None and len(body) < int(length.group(1)):
        body += taken.recv(65536)
    return head + b"\r\n\r\n" + body


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)


def failure(servers: AuthorizationServers, url: str) -> Cause:
    with pytest.raises(FetchFailure) as caught:
        servers.configuration(parse_base(url))
    return caught.value.cause


def test_the_configuration_is_asked_for_below_the_base() -> None:
    with answering(ok(b"{}")) as (url, asked):
        assert AuthorizationServers().configuration(parse_base(f"{url}/fhir")) == Reply(200, b"{}")
    assert asked[0].startswith(b"GET /fhir/.well-known/smart-configuration HTTP/1.1\r\n")
    assert b"authorization" not in asked[0].lower()


def test_a_token_is_asked_for_by_form_and_with_the_clients_own_secret() -> None:
    with answering(ok(b"{}")) as (url, asked):
        servers = AuthorizationServers()
        servers.token(f"{url}/token", {"code": "a b"}, server=parse_base(url), client=("ours", "hush"))
        servers.token(f"{url}/token", {"code": "a b"}, server=parse_base(url))
    assert asked[0].endswith(b"\r\n\r\ncode=a+b")
    assert b"Authorization: Basic b3VyczpodXNo\r\n" in asked[0]
    assert b"Authorization" not in asked[1]


@pytest.mark.parametrize("status", [b"301 Moved", b"307 Temporary Redirect", b"308 Permanent Redirect"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: bytes) -> None:
    with answering(ok(b"{}")) as (decoy, followed):
        moved = b"HTTP/1.1 %s\r\nLocation: %s/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        with answering(moved % (status, decoy.encode())) as (url, _):
            reply = AuthorizationServers().token(f"{url}/token", {"code": "x"}, server=parse_base(url))
    assert str(reply.status).encode() == status[:3]
    assert followed == []


def test_a_server_that_drips_is_cut_off_in_time() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with answering(head, *[b"x"] * 50, pause=0.1) as (url, _):
        began = time.monotonic()
        assert failure(AuthorizationServers(seconds=0.4), url) is Cause.TIMED_OUT
        assert time.monotonic() - began < 2


def test_an_answer_that_is_too_large_is_not_read() -> None:
    with answering(ok(b"x" * (MAX_BYTES + 1))) as (url, _):
        assert failure(AuthorizationServers(), url) is Cause.TOO_LARGE


def test_nobody_there_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert failure(AuthorizationServers(), f"http://127.0.0.1:{port}") is Cause.UNREACHABLE


def test_a_server_elsewhere_cannot_send_us_to_this_machine() -> None:
    """The token endpoint is the server's to name, but not as an address inside."""
    with answering(ok(b"{}")) as (url, asked), pytest.raises(FetchFailure) as caught:
        AuthorizationServers().token(f"{url}/token", {}, server=parse_base("https://ehr.example.org/fhir"))
    assert caught.value.cause is Cause.ADDRESS_REFUSED
    assert asked == []
