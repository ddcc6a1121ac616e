"""Who may work now: so many calls at a time in this worker, so many waiting, the rest refused at once (RUN-05).

A client holds at most its share of the places, so that one that floods the service meets its own limit and not the
others'. The rate of calls over all workers and hosts is a matter of the store (``RateStore``).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from cds_service.errors import Overloaded
from cds_service.turns import aside

WORKING = 8
WAITING = 16
PATIENCE_SECONDS = 1.0
RETRY_AFTER_SECONDS = 2


class Admission:
    """The places of one worker. Safe to use from several threads.

    Args:
        working: calls at work at a time.
        waiting: further calls that may wait for a place.
        patience_seconds: that a call waits before it is refused.
        clients: how many clients share the places; with more than one, each may hold two thirds of them.
    """

    def __init__(
        self,
        working: int = WORKING,
        waiting: int = WAITING,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        clients: int = 1,
    ) -> None:
        self._free = working
        self._total = working + waiting
        self._patience = patience_seconds
        self._work_share = working if clients < 2 else max(1, working * 2 // 3)
        self._share = self._total if clients < 2 else max(1, self._total * 2 // 3)
        self._inside: Counter[str] = Counter()
        self._at_work: Counter[str] = Counter()
        self._lock = threading.Condition()

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A place to work for a call of this client, until the block ends.

        Raises:
            Overloaded: at once when there is no place to wait either, else when none became free in time.
        """
        with self._lock:
            if self._inside.total() >= self._total or self._inside[client] >= self._share:
                raise Overloaded(RETRY_AFTER_SECONDS)
            self._inside[client] += 1
            at_work = self._begin(client)
        if not at_work:
            with aside():
                self._wait(client)
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
                self._at_work[client] -= 1
                self._leave(client)
                self._lock.notify_all()

    def _begin(self, client: str) -> bool:
        if self._free <= 0 or self._at_work[client] >= self._work_share:
            return False
        self._free -= 1
        self._at_work[client] += 1
        return True

    def _wait(self, client: str) -> None:
        until = time.monotonic() + self._patience
        with self._lock:
            while not self._begin(client):
                left = until - time.monotonic()
                if left <= 0:
                    self._leave(client)
                    raise Overloaded(RETRY_AFTER_SECONDS)
                self._lock.wait(left)

    def _leave(self, client: str) -> None:
        self._inside[client] -= 1
        if not self._inside[client]:
            del self._inside[client]
            del self._at_work[client]
