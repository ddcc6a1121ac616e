"""Sessions of the SMART app, sealed by their callers: what is kept here cannot be read here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from cds_service.store.database import Database
from cds_service.store.schema import SESSIONS

MAX_SESSIONS: Final = 2000
"""At a time; the next one takes the place of the one that would end first."""


class SessionStore:
    """Keeps a sealed text under a name until its time is up, for all workers and hosts."""

    def __init__(self, database: Database, limit: int = MAX_SESSIONS) -> None:
        self._database = database
        self._limit = limit

    def put(self, name: str, sealed: str, ends: float) -> None:
        """Keep a session; what is over goes at the same time.

        Args:
            name: 64 hexadecimal digits.
            sealed: what is kept.
            ends: second since 1970 at which it is over.

        Raises:
            StoreUnavailable: it was not kept.
        """
        surplus = sa.select(SESSIONS.c.name).order_by(SESSIONS.c.ends.desc()).offset(self._limit - 1)
        with self._database.writing(durable=False) as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends <= self._database.clock()))
            gone = connection.execute(surplus).scalars().all()
            if gone:
                connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.name.in_(gone)))
            connection.execute(sa.insert(SESSIONS).values(name=name, sealed=sealed, ends=ends))

    def get(self, name: str) -> str | None:
        """What is kept under a name; None when there is nothing or it is over.

        Raises:
            StoreUnavailable: it cannot be said.
        """
        wanted = sa.select(SESSIONS.c.sealed).where(SESSIONS.c.name == name, SESSIONS.c.ends > self._database.clock())
        with self._database.reading() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def purge(self) -> None:
        """Throw away what is over.

        Raises:
            StoreUnavailable: not all of it could be thrown away.
        """
        with self._database.writing(durable=False) as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends <= self._database.clock()))
