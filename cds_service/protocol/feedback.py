"""Feedback on cards as clients send it (CDS Hooks 3.0, "Feedback"), read strictly: a doubled name is refused."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal

import msgspec

from cds_service import strict_json
from cds_service.errors import BadRequest, BodyTooLarge, MalformedJson

MAX_ITEMS: Final = 1000
MAX_SUGGESTIONS: Final = 100
MAX_NAME: Final = 256
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class Reason(msgspec.Struct, frozen=True):
    """The Coding picked among a card's override reasons."""

    code: str
    system: str | None = None
    display: str | None = None


class OverrideReason(msgspec.Struct, frozen=True, rename="camel"):
    """Why a card was overridden: a coded reason, words of the user, or both (FB-08: not neither)."""

    reason: Reason | None = None
    user_comment: str | None = None


class AcceptedSuggestion(msgspec.Struct, frozen=True):
    """The uuid of a suggestion that was accepted."""

    id: str


class Feedback(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one card."""

    card: str
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: str
    accepted_suggestions: tuple[AcceptedSuggestion, ...] | None = None
    override_reason: OverrideReason | None = None


class _Body(msgspec.Struct, frozen=True):
    feedback: tuple[Feedback, ...]


def decode(body: bytes) -> tuple[Feedback, ...]:
    """Read one feedback body; an empty ``feedback`` array is taken.

    ``null`` stands for an absent member, as in requests.

    Raises:
        BadRequest: with the rule that was broken, by element and place in the array (KEEP-03).
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
    for place, item in enumerate(items):
        _check(item, f"feedback[{place}]")
    return items


def _place(message: str) -> str:
    """The element that msgspec's message points at, without the values that it may quote."""
    found = re.search(r"at `\$\.?([\w.\[\]]*)`", message)
    return found.group(1) if found else "feedback"


def _check(item: Feedback, element: str) -> None:
    """The rules that lie beyond types; ``element`` is the item's place, such as ``feedback[3]``."""
    _name(item.card, f"{element}.card")
    if not _is_instant(item.outcome_timestamp):
        raise BadRequest("It is not a date and time with zone", f"{element}.outcomeTimestamp")
    suggestions = item.accepted_suggestions or ()
    if item.outcome == "accepted" and not suggestions:
        raise BadRequest("An accepted card needs them", f"{element}.acceptedSuggestions")
    if len(suggestions) > MAX_SUGGESTIONS:
        raise BadRequest(f"They are more than {MAX_SUGGESTIONS}", f"{element}.acceptedSuggestions")
    for place, suggestion in enumerate(suggestions):
        _name(suggestion.id, f"{element}.acceptedSuggestions[{place}].id")
    given = item.override_reason
    if given is None:
        return
    if given.reason is None and not given.user_comment:
        raise BadRequest("It is empty", f"{element}.overrideReason")
    if given.reason is not None:
        _name(given.reason.code, f"{element}.overrideReason.reason.code")
        for name, value in (("system", given.reason.system), ("display", given.reason.display)):
            if value:
                _name(value, f"{element}.overrideReason.reason.{name}")


def _name(value: str, element: str) -> None:
    """Something that names a thing: not empty, of a length that can be kept, without control characters."""
    if not value or len(value) > MAX_NAME or not value.isprintable():
        raise BadRequest(f"It is empty, longer than {MAX_NAME} characters, or holds control characters", element)


def _is_instant(text: str) -> bool:
    try:
        return _INSTANT.fullmatch(text) is not None and datetime.fromisoformat(text) is not None
    except ValueError:
        return False
