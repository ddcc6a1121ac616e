"""The strict gate for JSON that comes in from outside: hook bodies, FHIR answers, tokens, key sets, feedback (IN-02).

The decoder (msgspec) already refuses NaN, Infinity, lone surrogates, comments and trailing text; what it lets through
in parts that stay raw is checked here: UTF-8, and nesting. ``decode`` refuses doubled names as well, for the texts in
which a second value would be a trick (tokens, key sets, feedback).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from cds_service.errors import MalformedJson

MAX_DEPTH: Final = 64
"""Arrays and objects within one another; FHIR records of real systems stay below 20."""

_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def check(data: bytes, *, depth: int = MAX_DEPTH) -> None:
    """Refuse text that is not UTF-8 or nests deeper than ``depth`` levels.

    The nesting is measured on the brackets alone, which costs a tenth of a decode; brackets inside strings can only
    raise a false alarm of the innocent, which the exact count then clears. Text made to hide its nesting from the quick
    count meets the decoder's own limit.

    Raises:
        MalformedJson: with the rule that was broken.
    """
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedJson("it is not UTF-8") from None
    if _nests_deeper(data.translate(None, _NOT_BRACKETS), depth) and _nests_deeper(
        _STRING.sub(b"", data).translate(None, _NOT_BRACKETS), depth
    ):
        raise MalformedJson(f"it nests deeper than {depth} levels or its brackets do not match")


def _nests_deeper(brackets: bytes, depth: int) -> bool:
    """Whether taking out innermost pairs, at most ``depth`` times, leaves anything."""
    for _ in range(depth):
        if not brackets:
            return False
        # By way of a mark, so that what stands around a pair waits for the next round.
        fewer = brackets.replace(b"[]", b"\0").replace(b"{}", b"").translate(None, b"\0")
        if len(fewer) == len(brackets):
            return True
        brackets = fewer
    return bool(brackets)


def decode(data: bytes, *, depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text in which no object names a member twice.

    Args:
        data: UTF-8 without byte order mark.
        depth: of nesting, at most.

    Raises:
        MalformedJson: with the rule that was broken; nothing else is raised, whatever the text.
    """
    check(data, depth=depth)
    try:
        msgspec.json.decode(data)  # refuses what json lets through: NaN, lone surrogates, numbers out of range
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise MalformedJson("it is not well-formed JSON") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("a name stands twice in one object")
    return members
