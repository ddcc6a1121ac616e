"""One strict gate for JSON that comes in from outside: hook bodies and the answers of FHIR servers (IN-02).

The decoder (msgspec) already refuses NaN, Infinity, lone surrogates, comments and trailing text; what it lets through
in parts that stay raw is checked here: UTF-8, and nesting of at most 64.
"""

from __future__ import annotations

import re
from typing import Final

from cds_service.errors import MalformedJson

MAX_DEPTH: Final = 64
"""Arrays and objects within one another; FHIR records of real systems stay below 20."""

_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def check(data: bytes) -> None:
    """Refuse text that is not UTF-8 or nests deeper than 64.

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
    if _nests_deeper(data.translate(None, _NOT_BRACKETS)) and _nests_deeper(
        _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    ):
        raise MalformedJson(f"it nests deeper than {MAX_DEPTH} levels or its brackets do not match")


def _nests_deeper(brackets: bytes) -> bool:
    """Whether taking out innermost pairs, at most 64 times, leaves anything."""
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(fewer) == len(brackets):
            return True
        brackets = fewer
    return bool(brackets)
