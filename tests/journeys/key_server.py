"""A key server on a real socket that answers well or in one of many bad ways, and records what it was asked."""

from __future__ import annotations

import contextlib
import gzip
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

FAR_TOO_LONG = 30.0


@dataclass
class KeyServer:
    """What the server holds, how it answers, and the request lines that came.

    Attributes:
        port: that it listens on.
        document: the good answer.
        mode: one of MODES.
        elsewhere: where a redirect points to.
        asked: targets of the requests that came.
        headers: of the last request.
        scheme: https or http.
    """

    port: int = 0
    document: bytes = b'{"keys":[]}'
    mode: str = "good"
    elsewhere: str = ""
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        host = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{host}:{self.port}/jwks.json"


def reply(body: bytes, status: str = "200 OK", *lines: str) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


Write = Callable[[bytes], Any]


def _fixed(answer: Callable[[KeyServer], bytes]) -> Callable[[KeyServer, Write], None]:
    return lambda server, write: write(answer(server))


def _hang_before(server: KeyServer, _: Write) -> None:
    server.released.wait(FAR_TOO_LONG)


def _hang_inside(server: KeyServer, write: Write) -> None:
    write(reply(server.document)[:-20])
    server.released.wait(FAR_TOO_LONG)


def _drip(server: KeyServer, write: Write) -> None:
    for byte in reply(server.document):
        if server.released.wait(0.1):
            return
        write(bytes([byte]))


def _drip_body(server: KeyServer, write: Write) -> None:
    head, _, body = reply(server.document).partition(b"\r\n\r\n")
    write(head + b"\r\n\r\n")
    for byte in body:
        if server.released.wait(0.1):
            return
        write(bytes([byte]))


def _stream(server: KeyServer, write: Write) -> None:
    """200 MB without a stated length, of which the server notes how much was taken."""
    write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    block = b" " * 1_000_000
    for _ in range(200):
        write(block)
        server.asked.append("a million bytes")


def _packed(times: int) -> Callable[[KeyServer, Write], None]:
    def answer(server: KeyServer) -> bytes:
        body = server.document[:-1] + b" " * 60_000_000 + b"}"
        for _ in range(times):
            body = gzip.compress(body, 1)
        return reply(body, "200 OK", f"Content-Encoding: {', '.join(['gzip'] * times)}")

    return _fixed(answer)


def _changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[KeyServer, Write], None]:
    """The good document, changed."""
    return _fixed(lambda server: reply(json.dumps(change(json.loads(server.document))).encode()))


def _redirect(status: str) -> Callable[[KeyServer, Write], None]:
    return _fixed(lambda server: reply(server.document, status, f"Location: {server.elsewhere}"))


MODES: dict[str, Callable[[KeyServer, Write], None]] = {
    "good": _fixed(lambda server: reply(server.document)),
    "good in gzip": _fixed(lambda server: reply(gzip.compress(server.document), "200 OK", "Content-Encoding: gzip")),
    "hang before": _hang_before,
    "hang inside": _hang_inside,
    "slow drip": _drip,
    "slow drip in the body": _drip_body,
    "200 MB": _stream,
    "gzip bomb": _packed(1),
    "gzip twice": _packed(2),
    "no gzip": _fixed(lambda server: reply(server.document, "200 OK", "Content-Encoding: gzip")),
    "redirect 301": _redirect("301 Moved Permanently"),
    "redirect 302": _redirect("302 Found"),
    "redirect 307": _redirect("307 Temporary Redirect"),
    "redirect 308": _redirect("308 Permanent Redirect"),
    "204": _fixed(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n"),
    "404": _fixed(lambda server: reply(server.document, "404 Not Found")),
    "500": _fixed(lambda server: reply(server.document, "500 Internal Server Error")),
    "html": _fixed(lambda _: reply(b"<html><body>Sign in</body></html>")),
    "empty": _fixed(lambda _: reply(b"")),
    "truncated": _fixed(lambda server: reply(server.document)[:-20]),
    "hang up": lambda _, __: None,
    "no http": _fixed(lambda _: b"220 mail.example.org ESMTP\r\n"),
    "endless header": _fixed(lambda _: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000),
    "doubled name": _fixed(lambda server: reply(server.document[:-1] + b',"keys":[]}')),
    "junk keys": _changed(lambda _: {"keys": [None, 7, "key", [], {}, {"kty": "oct", "k": "AAAA", "kid": "key-1"}]}),
    "no keys": _changed(lambda _: {"keys": []}),
    "no set": _changed(lambda document: document["keys"]),
    "101 keys": _changed(lambda document: {"keys": document["keys"] * 101}),
    "for encryption": _changed(lambda document: {"keys": [{**key, "use": "enc"} for key in document["keys"]]}),
    "deep": _changed(lambda document: {**document, "x": json.loads("[" * 40 + "]" * 40)}),
}
"""Name of each mode to how it answers; every connection is closed after one answer."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        keys = self.server.keys
        with contextlib.suppress(OSError):  # the client has hung up, as it should on many of these
            line = self.rfile.readline(65536)
            if not line:
                return
            headers = {}
            while header := self.rfile.readline(65536).strip():
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            keys.asked.append(line.decode("latin-1").split(" ")[1])
            keys.headers = headers
            MODES[keys.mode](keys, self.wfile.write)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, keys: KeyServer, tls: ssl.SSLContext | None) -> None:
        self.keys = keys
        self._tls = tls
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        with contextlib.suppress(OSError), self._tls.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


@contextlib.contextmanager
def key_server(document: bytes, tls: ssl.SSLContext | None = None) -> Iterator[KeyServer]:
    """A server on a free port of this machine, until the block ends; with ``tls`` as https://localhost."""
    keys = KeyServer(document=document, scheme="https" if tls is not None else "http")
    with _Server(keys, tls) as server:
        keys.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield keys
        finally:
            keys.released.set()
            server.shutdown()
            thread.join()
