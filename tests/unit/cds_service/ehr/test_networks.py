"""OUT-03: where a name may lead to, and that the address that was checked is the one that is connected to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import FhirClient
from cds_service.ehr.networks import Networks, parse_network
from cds_service.errors import Cause, FetchFailure

PRIVATE = Networks((parse_network("10.1.0.0/16"), parse_network("fd12::/16")))


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.9", "203.0.113.7", "2001:db8::1", "fd12::1"])
def test_without_a_list_every_host_of_the_site_or_the_world_may_be_asked(address: str) -> None:
    assert Networks().permit(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "100.100.100.200",
        "fd00:ec2::254",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "not an address",
    ],
)
def test_this_machine_metadata_and_what_is_no_host_are_refused(address: str) -> None:
    assert not Networks().permit(address)


def test_a_list_is_the_whole_truth() -> None:
    assert PRIVATE.permit("10.1.2.3")
    assert PRIVATE.permit("::ffff:10.1.2.3")
    assert PRIVATE.permit("fd12::5")
    assert not PRIVATE.permit("10.2.0.1")
    assert not PRIVATE.permit("203.0.113.7")
    assert Networks((parse_network("127.0.0.1"),)).permit("127.0.0.1")


def test_this_machine_by_its_own_name() -> None:
    assert Networks(loopback=True).permit("127.0.0.1")
    assert Networks(PRIVATE.listed, loopback=True).permit("::1")


@pytest.mark.parametrize("text", ["10.1.2.3/16", "ten", "10.0.0.0/33", "10.0.0.0-10.0.0.9"])
def test_what_is_no_network_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="has to be networks"):
        parse_network(text)


class Resolver:
    """Stands for name lookup: other answers each time, and a count. Addresses in figures are looked up as always."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked = 0
        self._real = socket.getaddrinfo

    def __call__(self, host: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "ehr.test":
            return self._real(host, port, *args, **kwargs)
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answer.split()]


class Listener:
    """Takes connections on this machine and counts them; answers each with a Patient."""

    BODY = b'{"resourceType":"Patient","id":"p1"}'

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.socket = socket.create_server((address, 0))
        self.port: int = self.socket.getsockname()[1]
        self.heads: list[bytes] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                taken, _ = self.socket.accept()
            except OSError:
                return
            with taken:
                self.heads.append(taken.recv(65536))
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(self.BODY), self.BODY))

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def read(port: int, *networks: str, seconds: float = 5) -> bytes:
    base = parse_base(f"http://ehr.test:{port}/fhir")
    client = FhirClient([base], networks=[parse_network(network) for network in networks])
    try:
        return client.access(base, None, time.monotonic() + seconds).read("Patient/p1")
    finally:
        client.close()


def test_the_name_is_looked_up_once_and_kept_in_the_host_header(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver("127.0.0.1", "127.0.0.9")
    monkeypatch.setattr("socket.getaddrinfo", resolver)
    assert b'"p1"' in read(listener.port, "127.0.0.1")
    assert resolver.asked == 1
    assert f"Host: ehr.test:{listener.port}".encode() in listener.heads[0]


def test_a_resolver_that_changes_its_answer_cannot_move_the_connection(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", Resolver("127.0.0.7", "127.0.0.1"))
    with pytest.raises(FetchFailure) as caught:
        read(listener.port, "127.0.0.7")
    assert caught.value.cause in {Cause.UNREACHABLE, Cause.ADDRESS_REFUSED}
    assert listener.heads == []


@pytest.mark.parametrize("networks", [(), ("10.0.0.0/8",)])
def test_an_address_outside_the_networks_is_not_connected_to(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, networks: tuple[str, ...]
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", Resolver("127.0.0.1"))
    with pytest.raises(FetchFailure) as caught:
        read(listener.port, *networks)
    assert caught.value.cause is Cause.ADDRESS_REFUSED
    assert listener.heads == []


def test_the_next_address_is_tried_when_one_does_not_answer(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", Resolver("127.0.0.7 127.0.0.1"))
    assert b'"p1"' in read(listener.port, "127.0.0.0/8")


def test_a_name_that_is_not_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", Resolver(None))
    with pytest.raises(FetchFailure) as caught:
        read(9)
    assert caught.value.cause is Cause.UNREACHABLE
