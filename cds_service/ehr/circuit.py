"""A circuit for one FHIR base: after failures in a row nothing is asked for a while, then one probe decides (OUT-13).

State lives in the worker and is lost with it; nothing of a patient is in it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "open"]


class Circuit:
    """Counts failures in a row. Safe to use from several threads.

    Args:
        failures: in a row that open it.
        open_seconds: that it stays open before one probe may pass.
        turned: told of each change of state.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        failures: int,
        open_seconds: float,
        *,
        turned: Callable[[State], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._open_seconds = open_seconds
        self._turned = turned
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._closed_again_at: float | None = None

    def allows(self) -> bool:
        """Whether the server may be asked now; when open for long enough, one caller gets True: the probe."""
        with self._lock:
            if self._closed_again_at is None:
                return True
            now = self._clock()
            if now < self._closed_again_at:
                return False
            self._closed_again_at = now + self._open_seconds
            return True

    def succeeded(self) -> None:
        """The server answered."""
        with self._lock:
            was_open = self._closed_again_at is not None
            self._in_a_row = 0
            self._closed_again_at = None
        if was_open:
            self._turned("closed")

    def failed(self) -> None:
        """The server could not be reached, did not answer in time, or answered that it failed."""
        with self._lock:
            self._in_a_row += 1
            opens = self._closed_again_at is None and self._in_a_row >= self._failures
            if opens:
                self._closed_again_at = self._clock() + self._open_seconds
        if opens:
            self._turned("open")
