"""The keys of one client, kept for minutes, fetched anew when needed and never more than once a minute (AUTH-15).

One thread fetches; calls that can be answered with the keys at hand do not wait for it. A withdrawn key is refused once
the kept keys are no longer fresh; while the key server is down, the last good keys serve for a day.
"""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from cds_service.auth.keys import Key, KeySet, UnusableKeySet

FRESH_SECONDS: Final = 300.0
"""Keys younger than this are used without a question."""
REFRESH_SECONDS: Final = 240.0
"""Keys older than this are fetched anew beside the calls, so that these seldom have to wait."""
PAUSE_SECONDS: Final = 60.0
"""At least this long between the starts of two fetches, whatever they were for and however they ended."""
LAST_GOOD_SECONDS: Final = 24 * 3600.0
FETCH_SECONDS: Final = 2.0
WAIT_SECONDS: Final = FETCH_SECONDS + 0.5
"""A call waits no longer for a fetch, also when the name service hangs, which no one can cut off."""

_log = logging.getLogger(__name__)


class KeyEvent(enum.StrEnum):
    """What became of a client's keys; also the label of a metric."""

    FETCHED = "fetched"
    FAILED = "failed"
    SERVED_OLD = "served-old"


class KeyCache:
    """The keys of one client. Safe to use from several threads.

    Args:
        load: fetches and reads the key set; raises UnusableKeySet when there is none.
        issuer: of the client's tokens, for the log.
        clock: seconds that only grow.
        report: told what became of the keys.
    """

    def __init__(
        self,
        load: Callable[[], KeySet],
        *,
        issuer: str,
        clock: Callable[[], float] = time.monotonic,
        report: Callable[[KeyEvent], None] = lambda _: None,
    ) -> None:
        self._load = load
        self._issuer = issuer
        self._clock = clock
        self._report = report
        self._changed = threading.Condition()
        self._keys: KeySet | None = None
        self._loaded_at = 0.0
        self._started_at: float | None = None
        self._loading = False
        self._failing = False

    def find(self, key_id: str) -> tuple[Key, ...] | None:
        """The client's keys of this ``kid``: none when it has no such key, None when its keys cannot be had at all."""
        with self._changed:
            known = self._known(key_id)
            if not known or self._age() >= REFRESH_SECONDS:
                self._start()
            if self._loading and (not known or (self._age() >= FRESH_SECONDS and not self._failing)):
                self._changed.wait_for(lambda: not self._loading, WAIT_SECONDS)
            keys = self._held()
            if keys is None:
                return None
            if self._age() >= FRESH_SECONDS:
                self._report(KeyEvent.SERVED_OLD)
            return keys.keys.get(key_id, ())

    def ready(self) -> bool:
        """Whether there are keys to verify with; the first question sets off the first fetch and does not wait."""
        with self._changed:
            if self._held() is None:
                self._start()
            return self._held() is not None

    def _held(self) -> KeySet | None:
        """The last good keys, if not older than a day."""
        return self._keys if self._age() < LAST_GOOD_SECONDS else None

    def _known(self, key_id: str) -> bool:
        keys = self._held()
        return keys is not None and key_id in keys.keys

    def _age(self) -> float:
        return self._clock() - self._loaded_at

    def _start(self) -> None:
        """Begin a fetch unless one is under way or the last began less than a minute ago; the lock is held."""
        now = self._clock()
        if self._loading or (self._started_at is not None and now - self._started_at < PAUSE_SECONDS):
            return
        self._loading = True
        self._started_at = now
        threading.Thread(target=self._run, name="client-keys", daemon=True).start()

    def _run(self) -> None:
        keys: KeySet | None = None
        began = self._clock()
        try:
            keys = self._load()
        except UnusableKeySet as fault:
            # What is wrong with which key is for the command line; the log says what is wrong with the whole.
            reason = str(fault).partition(";")[0]
            _log.warning("auth-keys-unavailable", extra={"issuer": self._issuer, "reason": reason})
        finally:
            self._settle(keys, began)

    def _settle(self, keys: KeySet | None, began: float) -> None:
        """Keep what a fetch brought, and wake those who wait for it."""
        try:
            self._report(KeyEvent.FETCHED if keys is not None else KeyEvent.FAILED)
        finally:
            with self._changed:
                self._loading = False
                self._failing = keys is None
                if keys is not None:
                    self._keys = keys
                    self._loaded_at = began
                self._changed.notify_all()
