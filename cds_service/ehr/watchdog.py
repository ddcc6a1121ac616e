"""Closes a connection when its time is up, whatever it is doing (OUT-08, IN-01).

A socket time-out bounds one silence, not an exchange: a server that sends one byte now and then holds a reader for
ever. One thread for each client watches the exchanges under way and shuts the socket of each that is over its deadline;
the reader then sees the end of the stream at once. The thread works on a duplicate of the socket, so that a TLS
handshake or a read in progress is cut off as well and no Python object is shared between threads.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator


class Exchange:
    """One request under way: when it has to be over, the socket that it runs on, and how that is shut."""

    def __init__(self, deadline: float, lock: threading.Condition, how: int = socket.SHUT_RDWR) -> None:
        self.deadline = deadline
        self.expired = False
        self._how = how
        self._lock = lock
        self._twin: socket.socket | None = None

    def runs_on(self, twin: socket.socket) -> None:
        """Name the socket to shut; raises TimeoutError when it is already too late."""
        with self._lock:
            if self.expired:
                raise TimeoutError
            self._twin = twin

    def expire(self) -> None:
        """Shut the socket; called with the lock held."""
        self.expired = True
        if self._twin is not None:
            with contextlib.suppress(OSError):  # closed by its owner in the meantime
                self._twin.shutdown(self._how)


class Watchdog:
    """Watches exchanges; its thread starts with the first one and ends when none came for a while."""

    IDLE_SECONDS = 5.0

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._watched: set[Exchange] = set()
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    @contextlib.contextmanager
    def watch(self, deadline: float, how: int = socket.SHUT_RDWR) -> Iterator[Exchange]:
        """Watch what happens inside the block until ``deadline`` (of ``time.monotonic``).

        Args:
            deadline: when the socket is shut.
            how: what of it, as for ``socket.shutdown``; reading alone leaves the way open for an answer.
        """
        exchange = Exchange(deadline, self._lock, how)
        with self._lock:
            self._watched.add(exchange)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline < self._wakes_at:  # a later one is seen when the thread wakes, which costs no switch now
                self._lock.notify()
        try:
            yield exchange
        finally:
            self.release(exchange)

    def release(self, exchange: Exchange) -> None:
        """Watch it no longer, although its block goes on."""
        with self._lock:
            self._watched.discard(exchange)

    def _run(self) -> None:
        with self._lock:
            while True:
                now = time.monotonic()
                for exchange in [one for one in self._watched if one.deadline <= now]:
                    self._watched.discard(exchange)
                    exchange.expire()
                if self._watched:
                    self._wakes_at = min(one.deadline for one in self._watched)
                    self._lock.wait(self._wakes_at - now)
                    continue
                self._wakes_at = now + self.IDLE_SECONDS
                if not self._lock.wait(self.IDLE_SECONDS) and not self._watched:
                    self._thread = None
                    return
