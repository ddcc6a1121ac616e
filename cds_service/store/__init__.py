"""What has to outlive a process: feedback, issued cards, token ids already seen, counts for rate limits, app sessions.

One interface over two databases: an SQLite file for one host, PostgreSQL for more (KEEP-06). A change is kept when its
method has returned, and not at all when it has raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cds_service.outbox import Meter, Outbox, unmetered
from cds_service.store.cards import IssuedCard, IssuedCards
from cds_service.store.claims import RateStore, ReplayStore
from cds_service.store.database import Database
from cds_service.store.feedback import FeedbackStore
from cds_service.store.sessions import SessionStore
from cds_service.store.upkeep import Upkeep

__all__ = ["IssuedCard", "Store", "open_store"]


@dataclass(frozen=True, slots=True)
class Store:
    """All that is kept, in one database.

    Attributes:
        database: the connections; ``ready()`` says whether it can be written.
        feedback: what became of cards.
        cards: cards shown, read side.
        shown: where to put cards that were just shown; they are written a moment later.
        replay: token ids seen.
        rates: counts for rate limits.
        sessions: open pages of the SMART app, sealed.
        upkeep: throws away what is too old; to be nudged now and then.
    """

    database: Database
    feedback: FeedbackStore
    cards: IssuedCards
    shown: Outbox[IssuedCard]
    replay: ReplayStore
    rates: RateStore
    sessions: SessionStore
    upkeep: Upkeep

    def ready(self) -> bool:
        """Whether it can be written; also the occasion to throw away what is too old."""
        self.upkeep.nudge()
        return self.database.ready()

    def close(self) -> None:
        """Write what waits and let go of the connections."""
        self.shown.close()
        self.upkeep.close()
        self.database.close()


def open_store(
    url: str,
    *,
    feedback_keep_days: int = 730,
    meter: Meter = unmetered,
    clock: Callable[[], float] = time.time,
) -> Store:
    """The store in the database of ``url``, created when it is not there.

    A database that cannot be reached or written now is taken all the same: each use raises StoreUnavailable until it
    can.

    Args:
        url: ``sqlite:///<path of a file>`` or ``postgresql+psycopg://...``.
        feedback_keep_days: age at which feedback is thrown away; 0 keeps it for ever.
        meter: where failures and drops are counted.
        clock: seconds since 1970.

    Raises:
        SettingsError: the file is damaged, no file of this product or of a later release, or its driver is missing.
    """
    database = Database(url, meter=meter, clock=clock)
    database.prepare()
    cards = IssuedCards(database)
    feedback = FeedbackStore(database)
    sessions = SessionStore(database)
    return Store(
        database=database,
        feedback=feedback,
        cards=cards,
        shown=Outbox("shown_cards", cards.record, meter=meter),
        replay=ReplayStore(database),
        rates=RateStore(database),
        sessions=sessions,
        upkeep=Upkeep(feedback, cards, sessions, keep_days=feedback_keep_days),
    )
