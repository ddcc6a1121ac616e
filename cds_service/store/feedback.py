"""What users did with cards: each kept once, batches whole or not at all, and read again for reports (KEEP-01..08)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from cds_service.protocol.feedback import Feedback
from cds_service.store.database import Database
from cds_service.store.schema import CARDS, FEEDBACK

MAX_COMMENT: Final = 4000
"""Characters of a comment that are kept (KEEP-08)."""
MAX_UNMATCHED: Final = 100_000
"""Items about cards that nobody knows of showing; with more, the oldest go (KEEP-07)."""
_PAGE: Final = 1000
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Kept:
    """One item of feedback with the card that it is about.

    Attributes:
        card: uuid of the card, as the client sent it.
        service: id of the service that got the feedback.
        issuer: ``iss`` of the client; empty in sandbox mode.
        tenant: of the client; empty when not said.
        outcome: ``accepted`` or ``overridden``.
        suggestions: uuids of the suggestions that were accepted.
        reason_system: code system of the override reason; empty for none.
        reason_code: its code.
        reason_display: its words.
        comment: the user's words; may speak of a patient.
        outcome_time: when the user acted, as sent.
        received: when it was kept, in seconds since 1970.
        matched: whether the card is known to have been shown; the rest is empty if not.
        rules: ``row:code`` of each decision on the card.
        version: of the knowledge behind the card.
        user_id: whom the card was shown to.
    """

    card: str
    service: str
    issuer: str
    tenant: str
    outcome: str
    suggestions: tuple[str, ...]
    reason_system: str
    reason_code: str
    reason_display: str
    comment: str
    outcome_time: str
    received: float
    matched: bool
    rules: tuple[str, ...]
    version: str
    user_id: str


@dataclass(frozen=True, slots=True)
class CardOutcome:
    """What became of one card that was shown: its latest outcome, or empty when nobody answered."""

    rules: tuple[str, ...]
    version: str
    outcome: str
    reasons: tuple[str, ...]


class FeedbackStore:
    """All feedback, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> float:
        """The moment by the store's clock, in seconds since 1970."""
        return self._database.clock()

    def add(self, items: Sequence[Feedback], *, service: str, issuer: str = "", tenant: str = "") -> int:
        """Keep a batch, all or nothing; an item that is there already counts as kept (KEEP-02, KEEP-03).

        Args:
            items: as read from one body.
            service: id of the service that they were sent to.
            issuer: of the client; empty in sandbox mode.
            tenant: of the client.

        Returns:
            How many were new.

        Raises:
            StoreUnavailable: none of them was kept.
        """
        received = self.now()
        rows = {
            row["digest"]: row for row in (_row(item, service=service, issuer=issuer, tenant=tenant) for item in items)
        }
        if not rows:
            return 0
        values = [{**rows[digest], "received": received} for digest in sorted(rows)]
        with self._database.writing() as connection:
            before = connection.execute(
                sa.select(sa.func.count()).where(FEEDBACK.c.digest.in_(sorted(rows)))
            ).scalar_one()
            connection.execute(self._database.insert(FEEDBACK).on_conflict_do_nothing(), values)
        return len(values) - int(before)

    def kept(self, *, since: float = 0.0, until: float | None = None) -> Iterator[Kept]:
        """Every item in the order it was received, each with its card.

        Args:
            since: moment of receipt from which on, in seconds since 1970.
            until: moment before which; None for no end.

        Raises:
            StoreUnavailable: it cannot be read (any further).
        """
        joined = FEEDBACK.outerjoin(CARDS, (CARDS.c.issuer == FEEDBACK.c.issuer) & (CARDS.c.card == FEEDBACK.c.card))
        wanted = sa.select(FEEDBACK, CARDS.c.rules, CARDS.c.version, CARDS.c.user_id).select_from(joined)
        wanted = wanted.where(FEEDBACK.c.received >= since).order_by(FEEDBACK.c.id).limit(_PAGE)
        if until is not None:
            wanted = wanted.where(FEEDBACK.c.received < until)
        last = 0
        while True:
            with self._database.reading() as connection:
                page = connection.execute(wanted.where(FEEDBACK.c.id > last)).all()
            for row in page:
                yield _kept(row)
            if len(page) < _PAGE:
                return
            last = page[-1].id

    def outcomes(self, *, since: float = 0.0, until: float | None = None) -> Iterator[CardOutcome]:
        """Every card that was shown, with what became of it: accepted if ever accepted, else overridden if ever so.

        Args:
            since: moment of showing from which on, in seconds since 1970.
            until: moment before which; None for no end.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        joined = CARDS.outerjoin(FEEDBACK, (CARDS.c.issuer == FEEDBACK.c.issuer) & (CARDS.c.card == FEEDBACK.c.card))
        wanted = (
            sa.select(
                CARDS.c.issuer,
                CARDS.c.card,
                CARDS.c.rules,
                CARDS.c.version,
                FEEDBACK.c.outcome,
                FEEDBACK.c.reason_code,
                FEEDBACK.c.reason_display,
            )
            .select_from(joined)
            .where(CARDS.c.shown >= since)
            .order_by(CARDS.c.issuer, CARDS.c.card, FEEDBACK.c.id)
        )
        if until is not None:
            wanted = wanted.where(CARDS.c.shown < until)
        with self._database.reading() as connection:
            rows = connection.execution_options(yield_per=_PAGE).execute(wanted)
            group: list[Any] = []
            for row in rows:
                if group and (row.issuer, row.card) != (group[0].issuer, group[0].card):
                    yield _outcome(group)
                    group = []
                group.append(row)
            if group:
                yield _outcome(group)

    def count(self) -> int:
        """How many items are kept."""
        with self._database.reading() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(FEEDBACK)).scalar_one())

    def purge(self, before: float) -> int:
        """Throw away what was received before that moment; returns how many."""
        with self._database.writing() as connection:
            return connection.execute(sa.delete(FEEDBACK).where(FEEDBACK.c.received < before)).rowcount

    def purge_unmatched(self, keep: int) -> int:
        """Throw away the oldest items about unknown cards until ``keep`` are left; returns how many."""
        known = sa.exists().where((CARDS.c.issuer == FEEDBACK.c.issuer) & (CARDS.c.card == FEEDBACK.c.card))
        beyond = sa.select(FEEDBACK.c.id).where(~known).order_by(FEEDBACK.c.id.desc()).offset(keep)
        with self._database.writing() as connection:
            return connection.execute(sa.delete(FEEDBACK).where(FEEDBACK.c.id.in_(beyond))).rowcount


def _row(item: Feedback, *, service: str, issuer: str, tenant: str) -> dict[str, Any]:
    reason = item.override_reason.reason if item.override_reason is not None else None
    comment = (item.override_reason.user_comment or "") if item.override_reason is not None else ""
    row = {
        "issuer": issuer,
        "tenant": tenant,
        "service": service,
        "card": item.card,
        "outcome": item.outcome,
        "suggestions": json.dumps(sorted({suggestion.id for suggestion in item.accepted_suggestions or ()})),
        "reason_system": (reason.system or "") if reason is not None else "",
        "reason_code": reason.code if reason is not None else "",
        "comment": _plain(comment)[:MAX_COMMENT],
        "outcome_time": item.outcome_timestamp,
    }
    digest = hashlib.sha256(msgspec.json.encode([row[name] for name in _SAME])).hexdigest()
    return {**row, "digest": digest, "reason_display": (reason.display or "") if reason is not None else ""}


_SAME: Final = (
    "issuer",
    "service",
    "card",
    "outcome",
    "suggestions",
    "reason_system",
    "reason_code",
    "comment",
    "outcome_time",
)
"""What makes two items the same one, sent twice (KEEP-02); the comment is part of the reason."""


def _plain(text: str) -> str:
    """A user's words without control characters and direction marks; line breaks and tabs stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _kept(row: Any) -> Kept:
    return Kept(
        card=row.card,
        service=row.service,
        issuer=row.issuer,
        tenant=row.tenant,
        outcome=row.outcome,
        suggestions=tuple(json.loads(row.suggestions)),
        reason_system=row.reason_system,
        reason_code=row.reason_code,
        reason_display=row.reason_display,
        comment=row.comment,
        outcome_time=row.outcome_time,
        received=row.received,
        matched=row.rules is not None,
        rules=tuple((row.rules or "").split()),
        version=row.version or "",
        user_id=row.user_id or "",
    )


def _outcome(rows: Sequence[Any]) -> CardOutcome:
    outcomes = {row.outcome for row in rows}
    final = "accepted" if "accepted" in outcomes else "overridden" if "overridden" in outcomes else ""
    reasons = dict.fromkeys(
        row.reason_display or row.reason_code for row in rows if row.outcome == "overridden" and row.reason_code
    )
    return CardOutcome(tuple(rows[0].rules.split()), rows[0].version, final, tuple(reasons))
