"""A FHIR server on a real socket that fails on purpose, in one way for each type, and records what it was asked."""

# ruff: noqa: ARG001, ARG005 - every fault has the signature of the table, whatever it needs of it

from __future__ import annotations

import contextlib
import gzip
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Resource = dict[str, Any]

FAR_TOO_LONG = 30.0


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    target: str
    headers: Mapping[str, str]

    @property
    def resource_type(self) -> str:
        return urlsplit(self.target).path.removeprefix("/fhir").strip("/").partition("/")[0]

    @property
    def query(self) -> str:
        return urlsplit(self.target).query


@dataclass
class FaultyFhirServer:
    """What the server holds, how each resource type answers (by default well), and what it was asked.

    ``by_chance`` names the fault of a request in place of its type's, or None to answer well.
    """

    port: int = 0
    resources: dict[str, list[Resource]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    origin: str = "http://127.0.0.1"
    by_chance: Callable[[Asked], str | None] | None = None
    remembers: bool = True

    @property
    def base(self) -> str:
        return f"{self.origin}:{self.port}/fhir"

    def asked_for(self, resource_type: str) -> list[Asked]:
        return [one for one in self.asked if one.resource_type == resource_type]

    def fault_of(self, asked: Asked) -> str | None:
        """Name of the fault that answers a request."""
        if self.by_chance is not None:
            return self.by_chance(asked)
        return self.faults.get(asked.resource_type) or self.faults.get("*")

    def searchset(self, resources: Sequence[Resource], **members: Any) -> bytes:
        entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
        return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}).encode()

    def good(self, asked: Asked) -> bytes:
        """The proper answer: a read by id, or everything of the type."""
        path = urlsplit(asked.target).path.removeprefix("/fhir").strip("/")
        held = self.resources.get(asked.resource_type, [])
        if "/" not in path:
            return reply(self.searchset(held))
        found = [resource for resource in held if resource["id"] == path.partition("/")[2]]
        return reply(json.dumps(found[0]).encode()) if found else reply(OUTCOME, "404 Not Found")


OUTCOME = json.dumps(
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
).encode()


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/fhir+json",
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        world = self.server.world
        world.connections += 1
        with contextlib.suppress(OSError):  # the client has hung up, which is what many of these faults are for
            while asked := self._next():
                if world.remembers:
                    world.asked.append(asked)
                fault = world.fault_of(asked)
                hangs_up = FAULTS[fault](world, asked, self.wfile.write) if fault else self._answer_well(asked)
                if hangs_up:
                    return

    def _next(self) -> Asked | None:
        line = self.rfile.readline(65536)
        if not line:
            return None
        headers = {}
        while header := self.rfile.readline(65536).strip():
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Asked(line.decode("latin-1").split(" ")[1], headers)

    def _answer_well(self, asked: Asked) -> bool:
        self.wfile.write(self.server.world.good(asked))
        return False


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, world: FaultyFhirServer, tls: ssl.SSLContext | None) -> None:
        self.world = world
        self._tls = tls
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        with contextlib.suppress(OSError), self._tls.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


Write = Callable[[bytes], Any]
Fault = Callable[[FaultyFhirServer, Asked, Write], bool]
"""Answers in its own bad way; returns whether the connection is to be closed after it."""


def _fixed(answer: Callable[[FaultyFhirServer, Asked], bytes]) -> Fault:
    def fault(world: FaultyFhirServer, asked: Asked, write: Write) -> bool:
        write(answer(world, asked))
        return False

    return fault


def _hang_before(world: FaultyFhirServer, asked: Asked, write: Write) -> bool:
    world.released.wait(FAR_TOO_LONG)
    return True


def _hang_inside(world: FaultyFhirServer, asked: Asked, write: Write) -> bool:
    whole = world.good(asked)
    write(whole[: len(whole) - 20])
    world.released.wait(FAR_TOO_LONG)
    return True


def _drip(part_that_flows: Callable[[bytes], int]) -> Fault:
    def fault(world: FaultyFhirServer, asked: Asked, write: Write) -> bool:
        whole = world.good(asked)
        flows = part_that_flows(whole)
        write(whole[:flows])
        for place in range(flows, len(whole)):
            if world.released.wait(0.05):
                break
            write(whole[place : place + 1])
        return True

    return fault


def _truncated(world: FaultyFhirServer, asked: Asked, write: Write) -> bool:
    whole = world.good(asked)
    write(whole[: len(whole) - 20])
    return True


def _hang_up(world: FaultyFhirServer, asked: Asked, write: Write) -> bool:
    return True


def _pages(next_url: Callable[[FaultyFhirServer, int], str]) -> Callable[[FaultyFhirServer, Asked], bytes]:
    """Every page holds the type's resources once more under new ids, and leads on."""

    def answer(world: FaultyFhirServer, asked: Asked) -> bytes:
        page = int(asked.query.rpartition("page=")[2]) if "page=" in asked.query else 1
        held = [
            {**resource, "id": f"{resource['id']}-{page}"} for resource in world.resources.get(asked.resource_type, [])
        ]
        link = next_url(world, page).replace("TYPE", asked.resource_type)
        return reply(world.searchset(held, link=[{"relation": "next", "url": link}]))

    return answer


def _two_pages(world: FaultyFhirServer, asked: Asked) -> bytes:
    held = world.resources.get(asked.resource_type, [])
    if "page=2" in asked.query:
        return reply(world.searchset(held[1:]))
    link = [{"relation": "next", "url": f"{asked.resource_type}?page=2"}]
    return reply(world.searchset(held[:1], link=link))


def _dead_second_page(world: FaultyFhirServer, asked: Asked) -> bytes:
    return reply(OUTCOME, "500 Internal Server Error") if "page=2" in asked.query else _two_pages(world, asked)


def _once(status: str, **headers: str) -> Callable[[FaultyFhirServer, Asked], bytes]:
    """Fails the first time it is asked for a type, then answers well."""

    def answer(world: FaultyFhirServer, asked: Asked) -> bytes:
        if len(world.asked_for(asked.resource_type)) == 1:
            return reply(OUTCOME, status, **headers)
        return world.good(asked)

    return answer


def _always(status: str, body: bytes = OUTCOME, **headers: str) -> Callable[[FaultyFhirServer, Asked], bytes]:
    return lambda world, asked: reply(body, status, **headers)


def _matches_and(*issues: Resource) -> Callable[[FaultyFhirServer, Asked], bytes]:
    def answer(world: FaultyFhirServer, asked: Asked) -> bytes:
        held = world.resources.get(asked.resource_type, [])
        return reply(world.searchset([*held, {"resourceType": "OperationOutcome", "issue": list(issues)}]))

    return answer


def _bomb(times: int) -> Callable[[FaultyFhirServer, Asked], bytes]:
    body = b'{"resourceType":"Bundle","x":"' + b" " * 60_000_000 + b'"}'
    for _ in range(times):
        body = gzip.compress(body, 9)
    return lambda world, asked: reply(body, Content_Encoding=", ".join(["gzip"] * times))


def _many_entries(world: FaultyFhirServer, asked: Asked) -> bytes:
    return reply(world.searchset([{"resourceType": asked.resource_type, "id": str(n)} for n in range(2001)]))


FAULTS: dict[str, Fault] = {
    "hang before": _hang_before,
    "hang inside": _hang_inside,
    "drip headers": _drip(lambda whole: 0),
    "drip body": _drip(lambda whole: whole.index(b"\r\n\r\n") + 8),
    "truncated": _truncated,
    "hang up": _hang_up,
    "redirect": _fixed(lambda world, asked: reply(b"", "302 Found", Location=f"{world.base}/Elsewhere")),
    "redirect to itself": _fixed(lambda world, asked: reply(b"", "307 Temporary", Location=asked.target)),
    "400": _fixed(_always("400 Bad Request")),
    "401": _fixed(_always("401 Unauthorized")),
    "403": _fixed(_always("403 Forbidden")),
    "404": _fixed(_always("404 Not Found")),
    "410": _fixed(_always("410 Gone")),
    "429 for an hour": _fixed(_always("429 Too Many Requests", Retry_After="3600")),
    "429 once": _fixed(_once("429 Too Many Requests", Retry_After="0")),
    "500": _fixed(_always("500 Internal Server Error")),
    "503 once": _fixed(_once("503 Service Unavailable")),
    "503": _fixed(_always("503 Service Unavailable", Retry_After="junk")),
    "204": _fixed(lambda world, asked: b"HTTP/1.1 204 No Content\r\n\r\n"),
    "empty": _fixed(_always("200 OK", b"")),
    "html": _fixed(_always("200 OK", b"<html><body>Sign in</body></html>")),
    "not utf-8": _fixed(_always("200 OK", b'{"resourceType":"Bundle","x":"\xff"}')),
    "deep": _fixed(_always("200 OK", b'{"resourceType":"Bundle","x":' + b"[" * 65 + b"]" * 65 + b"}")),
    "outcome": _fixed(_always("200 OK")),
    "wrong type": _fixed(lambda world, asked: reply(world.searchset([{"resourceType": "Basic", "id": "1"}]))),
    "collection": _fixed(_always("200 OK", b'{"resourceType":"Bundle","type":"collection"}')),
    "matches and an error": _fixed(_matches_and({"severity": "error", "code": "processing"})),
    "matches and a warning": _fixed(_matches_and({"severity": "warning", "code": "processing"})),
    "two pages": _fixed(_two_pages),
    "dead second page": _fixed(_dead_second_page),
    "endless pages": _fixed(_pages(lambda world, page: f"{world.base}/TYPE?page={page + 1}")),
    "self link": _fixed(_pages(lambda world, page: f"{world.base}/TYPE?page=2")),
    "foreign next": _fixed(_pages(lambda world, page: "http://127.0.0.2:9/fhir/TYPE?page=2")),
    "next outside the path": _fixed(_pages(lambda world, page: f"{world.base}/../other/TYPE?page=2")),
    "next with a user": _fixed(_pages(lambda world, page: f"http://127.0.0.1:{world.port}@127.0.0.2/fhir/TYPE")),
    "gzip bomb": _fixed(_bomb(1)),
    "gzip twice": _fixed(_bomb(2)),
    "many entries": _fixed(_many_entries),
    "cookie": _fixed(lambda world, asked: world.good(asked).replace(b"\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n", 1)),
}
"""Name of each fault to how it answers."""


@contextlib.contextmanager
def faulty_fhir_server(tls: ssl.SSLContext | None = None) -> Iterator[FaultyFhirServer]:
    """A server on a free port of this machine, until the block ends; with ``tls`` under https://localhost."""
    world = FaultyFhirServer(origin="http://127.0.0.1" if tls is None else "https://localhost")
    with _Server(world, tls) as server:
        world.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield world
        finally:
            world.released.set()
            server.shutdown()
            thread.join()


def elapsed(start: float) -> float:
    """Seconds since ``start`` of ``time.monotonic``."""
    return time.monotonic() - start
