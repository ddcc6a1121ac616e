"""Throws away what is older than the site keeps (KEEP-08), besides the work and not in its way."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from cds_service.errors import StoreUnavailable
from cds_service.store.cards import IssuedCards
from cds_service.store.feedback import MAX_UNMATCHED, FeedbackStore
from cds_service.store.sessions import SessionStore

EVERY_SECONDS: Final = 3600.0
DAY: Final = 86400.0
CARDS_LONGER: Final = 30 * DAY
"""Shown cards outlive the feedback on them, so that every item that is kept can still be joined to its card."""

_log = logging.getLogger(__name__)


class Upkeep:
    """Runs a purge when the last one is an hour ago.

    Args:
        feedback: what is purged.
        cards: as above.
        sessions: as above.
        keep_days: age of feedback; 0 keeps it for ever.
        monotonic: seconds that only grow.
    """

    def __init__(
        self,
        feedback: FeedbackStore,
        cards: IssuedCards,
        sessions: SessionStore,
        *,
        keep_days: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feedback = feedback
        self._cards = cards
        self._sessions = sessions
        self._keep_days = keep_days
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._due = monotonic()
        self._thread: threading.Thread | None = None

    def nudge(self) -> threading.Thread | None:
        """Start a purge in a thread of its own if one is due; returns at once, with the thread."""
        with self._lock:
            if self._monotonic() < self._due:
                return None
            self._due = self._monotonic() + EVERY_SECONDS
            self._thread = threading.Thread(target=self._quietly, name="upkeep", daemon=True)
            self._thread.start()
            return self._thread

    def close(self) -> None:
        """Wait for a purge that is under way, and begin none again."""
        with self._lock:
            self._due = float("inf")
        if self._thread is not None:
            self._thread.join()

    def purge(self) -> int:
        """Throw away what is too old or too much; returns how many items of feedback.

        Raises:
            StoreUnavailable: not all of it could be thrown away.
        """
        self._sessions.purge()
        gone = self._feedback.purge_unmatched(MAX_UNMATCHED)
        if self._keep_days:
            now = self._feedback.now()
            gone += self._feedback.purge(now - self._keep_days * DAY)
            self._cards.purge(now - self._keep_days * DAY - CARDS_LONGER)
        return gone

    def _quietly(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            gone = self.purge()
            _log.info("purged", extra={"count": gone})
