"""The answer to a call: cards and all that hangs on them (CDS Hooks 3.0, "CDS Service Response").

Values without content are left out when encoded, as the specification wants no ``null`` and nothing empty. The types do
not check themselves: :func:`faults` reads a finished answer as a client would and names every rule that it breaks.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

SUMMARY_LIMIT: Final = 140
"""A summary is shorter than this, in code points (CARD-02)."""

Indicator = Literal["info", "warning", "critical"]
SelectionBehavior = Literal["at-most-one", "any"]
ActionType = Literal["create", "update", "delete"]
LinkType = Literal["absolute", "smart"]


class Coding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code of a system; ``display`` is required in override reasons."""

    code: str
    system: str
    display: str | None = None


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a card's advice comes from; ``url`` and ``icon`` are absolute and free of patient data."""

    label: str
    url: str | None = None
    icon: str | None = None
    topic: Coding | None = None


class Action(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One change to the record. ``resource`` is FHIR JSON: a mapping, or ``msgspec.Raw`` of it."""

    type: ActionType
    description: str
    resource: Any = None
    resource_id: str | None = None
    extension: dict[str, Any] | None = None


class Suggestion(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One thing that the user may accept; all its actions are taken together."""

    label: str
    uuid: str | None = None
    is_recommended: bool | None = None
    actions: tuple[Action, ...] = ()


class Link(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A link for the user; ``app_context`` only on SMART links."""

    label: str
    url: str
    type: LinkType = msgspec.field(default_factory=lambda: "absolute")
    app_context: str | None = None


class Card(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One card; ``summary`` is one sentence of plain text of fewer than 140 code points."""

    summary: str
    indicator: Indicator
    source: Source
    uuid: str | None = None
    detail: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: SelectionBehavior | None = None
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True):
    """The whole answer; no cards means that there is nothing to say."""

    cards: tuple[Card, ...] = ()


NO_CARDS: Final = b'{"cards":[]}'


def encode(answer: Answer) -> bytes:
    """The answer as JSON bytes."""
    return msgspec.json.encode(answer)


Faults = Iterator[tuple[str, str]]
_Check = Callable[[Any], str]


def faults(answer: bytes | Mapping[str, Any]) -> list[str]:
    """Every rule of the specification that an answer breaks, as ``path: rule``; empty when it keeps them all.

    Args:
        answer: an answer as sent, or already decoded.
    """
    body = msgspec.json.decode(answer) if isinstance(answer, bytes) else answer
    found = [*_members(body, "", _ANSWER), *_empty(body, "")]
    return [f"{path or 'answer'}: {rule}" for path, rule in found] + _doubled_uuids(body)


def _string(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "is not a string with content"


def _summary(value: Any) -> str:
    if isinstance(value, str) and ("\n" in value or len(value) >= SUMMARY_LIMIT):
        return f"has a line break or {SUMMARY_LIMIT} characters or more"
    return _string(value)


def _url(value: Any) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    return "" if parts and parts.scheme in ("http", "https") and parts.netloc else "is not an absolute http(s) URL"


def _uuid(value: Any) -> str:
    try:
        return "" if str(uuid.UUID(value)) == value.lower() else "is not a plain UUID"
    except (ValueError, AttributeError, TypeError):
        return "is not a plain UUID"


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "is not a boolean"


def _one_of(*allowed: str) -> _Check:
    return lambda value: "" if value in allowed else f"is not one of {', '.join(allowed)}"


def _extension(value: Any) -> str:
    named = isinstance(value, Mapping) and all("." in name for name in value)
    return "" if named else "is not an object with reverse-domain names"


def _resource(value: Any) -> str:
    typed = isinstance(value, Mapping) and isinstance(value.get("resourceType"), str)
    return "" if typed else "is not a FHIR resource"


def _reference(value: Any) -> str:
    fits = isinstance(value, str) and re.fullmatch(r"[A-Za-z]+/[A-Za-z0-9.-]{1,256}", value)
    return "" if fits else "is not a reference of the form Type/id"


class _Shape(msgspec.Struct, frozen=True):
    """The members of one object: name to check, which of them are required, and rules over several of them."""

    members: Mapping[str, Any]
    required: frozenset[str]
    together: tuple[Callable[[Mapping[str, Any]], str], ...] = ()


def _delete_has_id(action: Mapping[str, Any]) -> str:
    if action.get("type") == "delete":
        return "" if "resourceId" in action and "resource" not in action else "delete names resourceId alone (ACT-05)"
    return "" if "resource" in action and "resourceId" not in action else "create and update carry a resource (ACT-03)"


def _app_context_is_smart(link: Mapping[str, Any]) -> str:
    return "appContext is for smart links (LNK-04)" if "appContext" in link and link.get("type") != "smart" else ""


def _suggestions_have_behaviour(card: Mapping[str, Any]) -> str:
    return (
        "suggestions need selectionBehavior (CARD-09)"
        if "suggestions" in card and "selectionBehavior" not in card
        else ""
    )


def _one_recommended(card: Mapping[str, Any]) -> str:
    recommended = [s for s in card.get("suggestions", ()) if isinstance(s, Mapping) and s.get("isRecommended") is True]
    several = len(recommended) > 1 and card.get("selectionBehavior") == "at-most-one"
    return "at most one suggestion is recommended (SUG-04)" if several else ""


_CODING: Final = _Shape({"code": _string, "system": _string, "display": _string}, frozenset({"code", "system"}))
_REASON: Final = _Shape(_CODING.members, frozenset({"code", "system", "display"}))
_SOURCE: Final = _Shape({"label": _string, "url": _url, "icon": _url, "topic": _CODING}, frozenset({"label"}))
_ACTION: Final = _Shape(
    {
        "type": _one_of("create", "update", "delete"),
        "description": _string,
        "resource": _resource,
        "resourceId": _reference,
        "extension": _extension,
    },
    frozenset({"type", "description"}),
    (_delete_has_id,),
)
_SUGGESTION: Final = _Shape(
    {"label": _string, "uuid": _uuid, "isRecommended": _boolean, "actions": [_ACTION]}, frozenset({"label"})
)
_LINK: Final = _Shape(
    {
        "label": _string,
        "url": _url,
        "type": _one_of("absolute", "smart"),
        "appContext": _string,
        "autolaunchable": _boolean,
    },
    frozenset({"label", "url", "type"}),
    (_app_context_is_smart,),
)
_CARD: Final = _Shape(
    {
        "uuid": _uuid,
        "summary": _summary,
        "detail": _string,
        "indicator": _one_of("info", "warning", "critical"),
        "source": _SOURCE,
        "suggestions": [_SUGGESTION],
        "selectionBehavior": _one_of("at-most-one", "any"),
        "overrideReasons": [_REASON],
        "links": [_LINK],
        "extension": _extension,
    },
    frozenset({"summary", "indicator", "source"}),
    (_suggestions_have_behaviour, _one_recommended),
)
_ANSWER: Final = _Shape({"cards": [_CARD], "extension": _extension}, frozenset({"cards"}))


def _members(value: Any, path: str, shape: _Shape) -> Faults:
    if not isinstance(value, Mapping):
        yield path, "is not an object"
        return
    for name in sorted(shape.required - value.keys()):
        yield f"{path}.{name}", "is missing"
    for name, item in value.items():
        yield from _member(item, f"{path}.{name}", shape.members.get(name))
    for rule in shape.together:
        if fault := rule(value):
            yield path, fault


def _member(value: Any, path: str, check: Any) -> Faults:
    if check is None:
        yield path, "is no member of the specification (CARD-13)"
    elif isinstance(check, _Shape):
        yield from _members(value, path, check)
    elif isinstance(check, list):
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield path, "is not an array"
            return
        for place, item in enumerate(value):
            yield from _members(item, f"{path}[{place}]", check[0])
    elif fault := check(value):
        yield path, fault


def _empty(value: Any, path: str) -> Faults:
    """GEN-03 and GEN-04: no null, nothing empty; ``cards`` alone may be."""
    if value is None or (value in ("", [], {}) and path != ".cards"):
        yield path, "is null or empty"
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _empty(item, f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _empty(item, f"{path}[{place}]")


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _doubled_uuids(body: Any) -> list[str]:
    cards = _objects(body, "cards")
    named = [*cards, *(suggestion for card in cards for suggestion in _objects(card, "suggestions"))]
    uuids = [item["uuid"] for item in named if "uuid" in item]
    return [f"uuid {value}: is used twice (CARD-06)" for value in sorted({u for u in uuids if uuids.count(u) > 1})]
