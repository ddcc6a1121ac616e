"""Token ids already seen, and calls counted: what all workers and hosts have to agree upon."""

from __future__ import annotations

import hashlib
import math
from typing import Final

import sqlalchemy as sa

from cds_service.store.database import Database
from cds_service.store.schema import CLAIMS, RATES

KEPT_BEYOND: Final = 120.0
"""Seconds that a claim outlives its token: the skew that verification allows, and as much between two hosts' clocks."""
PURGE_SECONDS: Final = 60.0
PURGE_ROWS: Final = 5000


class ReplayStore:
    """Each token id of an issuer is claimed once, over all threads, workers, hosts and restarts (AUTH-13)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purged = 0.0
        # Put together once: that costs as much as to carry it out.
        self._claim = database.insert(CLAIMS).on_conflict_do_nothing().returning(CLAIMS.c.digest)

    def claim(self, issuer: str, jti: str, expires_at: float) -> bool:
        """Claim a token id; True for the first, False for every other until the token has expired.

        Args:
            issuer: ``iss`` of the token.
            jti: its id, of any length and content.
            expires_at: ``exp``, in seconds since 1970.

        Raises:
            StoreUnavailable: nobody can say whether it was seen; not to be let in.
        """
        now = self._database.clock()
        digest = hashlib.sha256(b"\0".join(part.encode("utf-8", "surrogatepass") for part in (issuer, jti))).hexdigest()
        with self._database.writing() as connection:
            first = connection.execute(self._claim, {"digest": digest, "expires": expires_at}).first() is not None
            if now - self._purged >= PURGE_SECONDS:
                self._purged = now
                old = sa.select(CLAIMS.c.digest).where(CLAIMS.c.expires < now - KEPT_BEYOND).limit(PURGE_ROWS)
                connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.digest.in_(old)))
        return first


class RateStore:
    """Calls of an issuer in fixed windows of time, counted over all workers and hosts (RUN-05)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purged = 0.0
        self._hit = (
            database.insert(RATES)
            .on_conflict_do_update(
                index_elements=[RATES.c.issuer, RATES.c.seconds, RATES.c.window], set_={"calls": RATES.c.calls + 1}
            )
            .returning(RATES.c.calls)
        )

    def hit(self, issuer: str, window_seconds: int, limit: int) -> int | None:
        """Count one call.

        Args:
            issuer: who calls.
            window_seconds: length of a window.
            limit: calls in one window.

        Returns:
            None while the limit is kept, else the seconds (at least 1) after which the next window begins.

        Raises:
            StoreUnavailable: it cannot be counted.
        """
        now = self._database.clock()
        window = int(now // window_seconds)
        row = {"issuer": issuer, "seconds": window_seconds, "window": window, "calls": 1}
        with self._database.writing(durable=False) as connection:
            calls: int = connection.execute(self._hit, row).scalar_one()
            if now - self._purged >= PURGE_SECONDS:
                self._purged = now
                connection.execute(sa.delete(RATES).where((RATES.c.window + 2) * RATES.c.seconds < now))
        return None if calls <= limit else max(1, math.ceil((window + 1) * window_seconds - now))
