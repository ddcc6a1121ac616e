"""Cards that were shown: which, by which rule and version, to whom; nothing clinical (KEEP-07)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cds_service.store.database import Database
from cds_service.store.schema import CARDS


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """One card as it was shown.

    Attributes:
        card: its uuid.
        rules: ``row:code`` of each decision on it, in display order.
        version: of the knowledge.
        service: id of the service that showed it.
        topic: group or alert of the card.
        issuer: ``iss`` of the client; empty in sandbox mode.
        tenant: the client's tenant; empty when not said.
        user_id: ``context.userId``, as ``Type/id``.
        shown: when, in seconds since 1970.
    """

    card: str
    rules: tuple[str, ...]
    version: str
    service: str
    topic: str
    issuer: str
    tenant: str
    user_id: str
    shown: float


class IssuedCards:
    """The cards shown, by issuer and uuid; the same call gives the same uuids, which count once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = database.insert(CARDS).on_conflict_do_nothing()

    def record(self, cards: Sequence[IssuedCard]) -> None:
        """Keep them; those that are there already stay as they are.

        Raises:
            StoreUnavailable: none of them was kept.
        """
        rows = [
            {
                "issuer": card.issuer,
                "card": card.card,
                "shown": card.shown,
                "tenant": card.tenant,
                "user_id": card.user_id,
                "service": card.service,
                "topic": card.topic,
                "rules": " ".join(card.rules),
                "version": card.version,
            }
            for card in sorted(cards, key=lambda card: (card.issuer, card.card))
        ]
        if not rows:
            return
        with self._database.writing(durable=False) as connection:
            connection.execute(self._insert, rows)

    def purge(self, before: float) -> int:
        """Throw away what was shown before that moment; returns how many."""
        with self._database.writing() as connection:
            return connection.execute(sa.delete(CARDS).where(CARDS.c.shown < before)).rowcount
