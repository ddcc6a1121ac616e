"""The strict gate for JSON that comes in from outside: hook bodies, FHIR answers, tokens, key sets, feedback (IN-02).

The decoder (msgspec) already refuses NaN, Infinity, lone surrogates, comments and trailing text; what it lets through
in parts that stay raw is checked here: UTF-8, and nesting. ``decode`` refuses doubled names as well, for the texts in
which a second value would be a trick (tokens, key sets, feedback).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

import msgspec

from cds_service.errors import MalformedJson

MAX_DEPTH: Final = 64
"""Arrays and objects within one another; FHIR records of real systems stay below 20."""

_BRACKETS: Final = b"[]{}"
_EITHER_KIND: Final = bytes.maketrans(_BRACKETS, b"[][]")
_OPEN: Final = _BRACKETS[0]
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_PIECE: Final = 96
"""Brackets that are counted at once: of FHIR, half of them open, so that these seldom come to the limit."""


def check(data: bytes, *, depth: int = MAX_DEPTH) -> None:
    """Refuse text that is not UTF-8 or nests deeper than ``depth`` levels.

    The nesting is measured on the brackets alone, all of one kind: whether they match is for the decoder to say.
    Brackets inside strings can only raise a false alarm of the innocent, which the exact count then clears. Text made
    to hide its nesting from the quick count meets the decoder's own limit.

    Raises:
        MalformedJson: with the rule that was broken.
    """
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedJson("it is not UTF-8") from None
    if not _is_shallow(data, depth) and not _is_shallow(_STRING.sub(b"", data), depth):
        raise MalformedJson(f"it nests deeper than {depth} levels or its brackets do not match")


def _is_shallow(data: bytes, depth: int) -> bool:
    """Whether every bracket is closed, and never more than ``depth`` of them are open."""
    brackets = data.translate(_EITHER_KIND, _NOT_BRACKETS)
    level = 0
    for start in range(0, len(brackets), _PIECE):
        end = min(start + _PIECE, len(brackets))
        opening = brackets.count(b"[", start, end)
        # As if all that open stood before all that close: only when this is too much, one has to look closely.
        if level + opening > depth and _highest(brackets[start:end], level) > depth:
            return False
        level += 2 * opening - (end - start)
        if level < 0:
            return False
    return level == 0


def _highest(brackets: bytes, level: int) -> int:
    """The deepest level within a piece."""
    return max(accumulate((1 if bracket == _OPEN else -1 for bracket in brackets), initial=level))


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
