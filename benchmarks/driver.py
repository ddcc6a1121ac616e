"""Makes calls over kept-alive connections, several side by side, and notes how long each took."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=_TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> int:
        """Send a request and read its whole answer; returns the status."""
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._some()
        head = received[:end].decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].split("\r\n", 1)[0])
        left = end + 4 + length - len(received)
        while left > 0:
            left -= len(self._some())
        return int(head.split(" ", 2)[1])

    def _some(self) -> bytes:
        some = self._socket.recv(_CHUNK)
        if not some:
            raise ConnectionError("the server closed the connection")
        return some

    def close(self) -> None:
        self._socket.close()


def as_http(call: Call) -> bytes:
    """The call as it goes over the wire."""
    head = (
        f"POST {call.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(call.body)}\r\n\r\n"
    )
    return head.encode() + call.body


def measure(server: Server, calls: Sequence[Call], count: int, concurrency: int) -> Timing:
    """Make ``count`` calls in rotation, ``concurrency`` at a time.

    Raises:
        RuntimeError: a call was not answered with 200.
    """
    requests = [as_http(call) for call in calls]
    places = itertools.count()
    latencies: list[float] = []
    faults: list[str] = []

    def work(connection: _Connection) -> None:
        while not faults and (place := next(places)) < count:
            request = requests[place % len(requests)]
            began = time.perf_counter()
            try:
                status = connection.ask(request)
            except OSError as fault:
                faults.append(str(fault))
                return
            latencies.append((time.perf_counter() - began) * 1e3)
            if status != 200:
                faults.append(f"status {status}")

    connections = [_Connection(server.port) for _ in range(concurrency)]
    threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
    before = server.processor_seconds()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = server.processor_seconds() - before
    for connection in connections:
        connection.close()
    if faults:
        raise RuntimeError(f"a call failed: {faults[0]}")
    return Timing(spent / count * 1e3, tuple(sorted(latencies)))
