"""Makes calls over kept-alive connections, several side by side, and notes how long each took."""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from benchmarks.records import Call
from benchmarks.servers import HOST, Server

_CHUNK: Final = 1 << 16
_TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """What a number of calls cost.

    Attributes:
        processor_ms: processor time of the server's processes for each call.
        latencies_ms: of each call, sorted.
    """

    processor_ms: float
    latencies_ms: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """The latency that this share of the calls kept within, in ms."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


class _Connection:
    """One kept-alive connection and the call under way on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=_TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def ask(self, request: bytes) -> None:
        """Begin a call."""
        self._unsent = memoryview(request)
        self._received = bytearray()
        self._began = time.perf_counter()

    def proceed(self) -> tuple[int, float] | None:
        """Send or read what can be at once; the status and the time taken in ms when the answer is whole."""
        if self._unsent:
            self._unsent = self._unsent[self.socket.send(self._unsent) :]
            return None
        some = self.socket.recv(_CHUNK)
        if not some:
            raise ConnectionError("the server closed the connection")
        self._received += some
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]):
            return None
        return int(head.split(b" ", 2)[1]), (time.perf_counter() - self._began) * 1e3

    @property
    def waits_for(self) -> int:
        """Whether it waits to send or to read, in the selector's words."""
        return selectors.EVENT_WRITE if self._unsent else selectors.EVENT_READ


def as_http(call: Call) -> bytes:
    """The call as it goes over the wire."""
    authorization = f"Authorization: Bearer {call.token}\r\n" if call.token else ""
    head = (
        f"POST {call.path} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}Content-Type: application/json\r\n"
        f"Content-Length: {len(call.body)}\r\n\r\n"
    )
    return head.encode() + call.body


def measure(server: Server, calls: Sequence[Call], count: int, concurrency: int) -> Timing:
    """Make ``count`` calls in rotation, ``concurrency`` at a time.

    One loop serves all connections: threads of the driver would wait for one another, and their waits would count as
    the server's.

    Raises:
        RuntimeError: a call was not answered with 200, or not at all.
    """
    rotation = itertools.cycle([as_http(call) for call in calls])
    left = count
    latencies: list[float] = []
    before = server.processor_seconds()
    with contextlib.ExitStack() as closing, selectors.DefaultSelector() as selector:
        for _ in range(min(concurrency, count)):
            connection = _Connection(server.port)
            closing.callback(connection.socket.close)
            connection.ask(next(rotation))
            selector.register(connection.socket, connection.waits_for, connection)
            left -= 1
        while selector.get_map():
            ready = selector.select(_TIMEOUT_SECONDS)
            if not ready:
                raise RuntimeError("a call failed: no answer came")
            for key, _ in ready:
                connection = key.data
                answer = connection.proceed()
                if answer is not None:
                    latencies.append(_time_of(answer))
                    if not left:
                        selector.unregister(connection.socket)
                        continue
                    connection.ask(next(rotation))
                    left -= 1
                if connection.waits_for != key.events:
                    selector.modify(connection.socket, connection.waits_for, connection)
    spent = server.processor_seconds() - before
    return Timing(spent / count * 1e3, tuple(sorted(latencies)))


def _time_of(answer: tuple[int, float]) -> float:
    status, spent_ms = answer
    if status != HTTPStatus.OK:
        raise RuntimeError(f"a call failed: status {status}")
    return spent_ms
