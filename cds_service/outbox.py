"""A bounded queue with one writer behind it: what may be written a moment later leaves the path of a call.

Nothing is dropped in silence: what does not find room is counted, and a writer that fails keeps its items and tries
again. The thread is started by the first item, so that a process may still be forked before it has any.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing.util
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from cds_service.errors import ServiceError

Item = TypeVar("Item")
Meter = Callable[[str, int], None]
"""Counts something that happened: name of a fixed set, and how often."""

ROOM: Final = 10_000
BATCH: Final = 500
GATHER_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


def unmetered(name: str, count: int) -> None:
    """A meter that counts nothing."""


class Outbox(Generic[Item]):
    """Items on their way to ``write``, in order, each once.

    Args:
        name: of what is kept; counted are ``<name>_dropped`` and ``<name>_failed``.
        write: keeps a batch or raises a ServiceError, upon which the same batch is tried again.
        meter: where drops and failures are counted.
        room: items that may wait; with more, the newest are dropped.
        gather_seconds: how long the first item of a batch waits for company.
        retry_seconds: pause after a failure.
        monotonic: seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Item]], None],
        *,
        meter: Meter = unmetered,
        room: int = ROOM,
        gather_seconds: float = GATHER_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dropped = 0
        self._name = name
        self._write = write
        self._meter = meter
        self._room = room
        self._gather_seconds = gather_seconds
        self._retry_seconds = retry_seconds
        self._monotonic = monotonic
        self._waiting: deque[Item] = deque()
        self._batch: list[Item] = []
        self._failing_since: float | None = None
        self._something = threading.Event()
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._at_exit: Any = None

    def put(self, item: Item) -> bool:
        """Take one item, without waiting; False when there is no room and it was dropped."""
        if len(self._waiting) >= self._room or self._closing.is_set():
            self.dropped += 1
            self._meter(f"{self._name}_dropped", 1)
            return False
        if self._thread is None or not self._thread.is_alive():
            self._start()
        self._waiting.append(item)
        self._something.set()
        return True

    @property
    def failing_seconds(self) -> float:
        """How long nothing could be written; 0 while all is well."""
        since = self._failing_since
        return 0.0 if since is None else self._monotonic() - since

    def close(self, seconds: float = CLOSE_SECONDS) -> int:
        """Write what waits, within so many seconds, and stop; returns how many items could not be written."""
        self._closing.set()
        self._something.set()
        if self._thread is not None:
            self._thread.join(seconds)
        if self._at_exit is not None:
            self._at_exit.cancel()
            atexit.unregister(self.close)
            self._at_exit = None
        left = len(self._batch) + len(self._waiting)
        if left:
            self._meter(f"{self._name}_dropped", left)
        return left

    def _start(self) -> None:
        """Start the writer; anew in a process forked from one that had it, whose items stay that one's own."""
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            self._waiting.clear()
            self._batch = []
            self._thread = threading.Thread(target=self._run, name=f"{self._name}-outbox", daemon=True)
            self._thread.start()
            # both ways in which a worker process ends: the interpreter's own, and that of multiprocessing
            atexit.unregister(self.close)
            atexit.register(self.close)
            self._at_exit = multiprocessing.util.Finalize(None, self.close, exitpriority=10)

    def _run(self) -> None:
        while True:
            self._something.wait()
            last = self._closing.wait(self._gather_seconds)
            self._something.clear()
            while self._next_batch():
                closing = self._closing.is_set()
                if not self._try():
                    if closing:
                        return
                    self._closing.wait(self._retry_seconds)
            if last:
                return

    def _next_batch(self) -> bool:
        while self._waiting and len(self._batch) < BATCH:
            self._batch.append(self._waiting.popleft())
        return bool(self._batch)

    def _try(self) -> bool:
        try:
            self._write(self._batch)
        except ServiceError:
            if self._failing_since is None:
                self._failing_since = self._monotonic()
                _log.error("outbox-failing", extra={"sink": self._name})
            self._meter(f"{self._name}_failed", 1)
            return False
        except Exception as fault:  # noqa: BLE001 - a batch that breaks the writer must not stop the ones behind it
            self.dropped += len(self._batch)
            self._meter(f"{self._name}_dropped", len(self._batch))
            _log.error("outbox-fault", extra={"sink": self._name, "error": type(fault).__name__})
        else:
            if self._failing_since is not None:
                _log.warning("outbox-recovered", extra={"sink": self._name})
            self._failing_since = None
        self._batch = []
        return True
