"""Feedback on cards as clients send it (CDS Hooks 3.0, "Feedback"), read strictly: a doubled name is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal

import msgspec

from cds_service import strict_json
from cds_service.errors import BadRequest, BodyTooLarge, MalformedJson

MAX_ITEMS: Final = 1000
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


class Reason(msgspec.Struct, frozen=True):
    """The Coding picked among a card's override reasons."""

    code: str
    system: str = ""
    display: str = ""


class OverrideReason(msgspec.Struct, frozen=True, rename="camel"):
    """Why a card was overridden: a coded reason, words of the user, or both (FB-08: not neither)."""

    reason: Reason | None = None
    user_comment: str = ""


class AcceptedSuggestion(msgspec.Struct, frozen=True):
    """The uuid of a suggestion that was accepted."""

    id: str


class Feedback(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one card."""

    card: str
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: str
    accepted_suggestions: tuple[AcceptedSuggestion, ...] = ()
    override_reason: OverrideReason | None = None


class _Body(msgspec.Struct, frozen=True):
    feedback: tuple[Feedback, ...]


def decode(body: bytes) -> tuple[Feedback, ...]:
    """Read one feedback body; an empty ``feedback`` array is taken.

    Raises:
        BadRequest: with the rule that was broken, by element.
        BodyTooLarge: more than 1000 items.
    """
    try:
        items = msgspec.convert(strict_json.decode(body), _Body).feedback
    except MalformedJson as fault:
        raise BadRequest(f"The body is not usable JSON: {fault}") from None
    except msgspec.ValidationError as fault:
        raise BadRequest("It is missing or not of the form that CDS Hooks gives", _place(str(fault))) from None
    if len(items) > MAX_ITEMS:
        raise BodyTooLarge(f"It has more than {MAX_ITEMS} items", "feedback")
    for item in items:
        _check(item)
    return items


def _place(message: str) -> str:
    """The element that msgspec's message points at, without the values that it may quote."""
    found = re.search(r"at `\$\.?([\w.\[\]]*)`", message)
    return found.group(1) if found else "feedback"


def _check(item: Feedback) -> None:
    if not item.card:
        raise BadRequest("It is empty", "feedback.card")
    if not _INSTANT.fullmatch(item.outcome_timestamp):
        raise BadRequest("It is not a date and time with zone", "feedback.outcomeTimestamp")
    try:
        datetime.fromisoformat(item.outcome_timestamp)
    except ValueError:
        raise BadRequest("It is not a date and time with zone", "feedback.outcomeTimestamp") from None
    if item.outcome == "accepted" and not item.accepted_suggestions:
        raise BadRequest("An accepted card needs them", "feedback.acceptedSuggestions")
    if (
        item.override_reason is not None
        and item.override_reason.reason is None
        and not item.override_reason.user_comment
    ):
        raise BadRequest("It is empty", "feedback.overrideReason")
