"""The tables. No patient is named in any of them; only ``feedback.comment`` may speak of one (KEEP-07, KEEP-08)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

VERSION: Final = 1
"""Of the tables below; a release that changes them brings the migration from the version before."""

METADATA: Final = MetaData()
_ID: Final = BigInteger().with_variant(Integer(), "sqlite")

SCHEMA: Final = Table(
    "recurrence_cds_schema",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("probed", Double, nullable=False),
)
"""One row: the version of the tables, and when readiness last wrote here."""

FEEDBACK: Final = Table(
    "recurrence_cds_feedback",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("received", Double, nullable=False, index=True),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("suggestions", Text, nullable=False),
    Column("reason_system", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("reason_display", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("outcome_time", Text, nullable=False),
    UniqueConstraint("digest", name="recurrence_cds_feedback_once"),
    Index("recurrence_cds_feedback_card", "issuer", "card"),
)
"""One row for each item of feedback; ``digest`` is over all that makes it the same item (KEEP-02)."""

CARDS: Final = Table(
    "recurrence_cds_issued_card",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("card", String(36), primary_key=True),
    Column("shown", Double, nullable=False, index=True),
    Column("tenant", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("version", Text, nullable=False),
)
"""One row for each card shown; ``rules`` is ``row:code`` of each decision on it, parted by spaces."""

CLAIMS: Final = Table(
    "recurrence_cds_replay_claim",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("expires", Double, nullable=False, index=True),
)
"""One row for each token id seen, by the digest of issuer and id."""

RATES: Final = Table(
    "recurrence_cds_rate",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("seconds", Integer, primary_key=True, autoincrement=False),
    Column("window", BigInteger, primary_key=True, autoincrement=False),
    Column("calls", BigInteger, nullable=False),
)
"""Calls of an issuer in the window that began ``window * seconds`` after 1970."""

SESSIONS: Final = Table(
    "recurrence_cds_app_session",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("ends", Double, nullable=False, index=True),
    Column("sealed", Text, nullable=False),
)
"""One row for each open page of the SMART app; ``sealed`` opens with a key that only the browser has."""
