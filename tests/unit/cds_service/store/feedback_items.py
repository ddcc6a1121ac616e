"""Items of feedback and shown cards as tests need them."""

from __future__ import annotations

from cds_service.protocol.feedback import AcceptedSuggestion, Feedback, OverrideReason, Reason
from cds_service.store import IssuedCard

SERVICE = "cervical-recurrence-patient-view"
TIME = "2026-11-24T12:00:00Z"


def overridden(card: str = "card-1", *, time: str = TIME, code: str = "", comment: str = "") -> Feedback:
    reason = Reason(code, "https://example.org/reasons", f"Words of {code}") if code else None
    given = OverrideReason(reason, comment) if reason or comment else None
    return Feedback(card, "overridden", time, (), given)


def accepted(card: str = "card-1", *suggestions: str, time: str = TIME) -> Feedback:
    return Feedback(card, "accepted", time, tuple(AcceptedSuggestion(one) for one in suggestions or ("s1",)))


def shown(
    card: str = "card-1",
    *rules: str,
    issuer: str = "",
    version: str = "2026.11",
    when: float = 1_795_521_600.0,
) -> IssuedCard:
    return IssuedCard(
        card=card,
        rules=rules or ("P3:pelvic-exenteration",),
        version=version,
        service=SERVICE,
        topic="options",
        issuer=issuer,
        tenant="",
        user_id="Practitioner/1",
        shown=when,
    )
