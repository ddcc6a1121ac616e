"""The form of a token, and what its header and claims have to say (RFC 7515, 7519, 8725; AUTH-03, -04, -10 to -12).

Nothing here trusts the token: :func:`read` looks at its form alone, the signature is verified elsewhere, and only then
are the claims checked. Every refusal is a NotAuthenticated with its reason; no other error leaves this module.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from cds_service import strict_json
from cds_service.errors import MalformedJson, NotAuthenticated, Refusal

MAX_BYTES: Final = 8192
MAX_DEPTH: Final = 16
SKEW_SECONDS: Final = 60
"""How far the clocks of client and service may be apart."""
_LATEST: Final = 10**11
"""Seconds since 1970; later times (the year 5138) are milliseconds or nonsense."""

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_BEARER: Final = re.compile(r"bearer +([^ ]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """The members of the JOSE header that count; ``jwk``, ``x5c``, ``x5u`` and all others are not looked at.

    Attributes:
        algorithm: ``alg``, exactly as written.
        key_id: ``kid``, an opaque text.
        key_set_url: ``jku``, or None.
        typed: whether ``typ`` is there (it is ``JWT`` then).
    """

    algorithm: str
    key_id: str
    key_set_url: str | None
    typed: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A token of proper form, not verified.

    Attributes:
        text: compact serialisation, ASCII.
        header: of the token.
        issuer: ``iss``, the one claim that may be used before the signature is verified: to find the configuration.
        claims: all of them.
    """

    text: str
    header: Header
    issuer: str
    claims: Mapping[str, Any]


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header.

    Raises:
        NotAuthenticated: there is none, or it is longer than 8 KiB.
    """
    found = _BEARER.fullmatch(authorization.strip()) if authorization is not None else None
    if found is None:
        raise NotAuthenticated(Refusal.NO_TOKEN)
    if len(found.group(1)) > MAX_BYTES:
        raise NotAuthenticated(Refusal.TOO_LONG)
    return found.group(1)


def read(text: str) -> Token:
    """Take a token apart: three canonical base64url segments, strict JSON, and the profile of the header.

    Raises:
        NotAuthenticated: with the first rule that is broken.
    """
    segments = text.split(".")
    if len(segments) != 3:
        raise NotAuthenticated(Refusal.SHAPE)
    head, body, _ = [_decoded(segment) for segment in segments]
    header = _header(_object(head, Refusal.HEADER))
    claims = _object(body, Refusal.CLAIMS)
    return Token(text, header, _text(claims.get("iss"), Refusal.ISSUER), claims)


def _decoded(segment: str) -> bytes:
    """The bytes of a segment in the one spelling that RFC 7515 gives them: no padding, no loose trailing bits."""
    if not _SEGMENT.fullmatch(segment):
        raise NotAuthenticated(Refusal.SHAPE)
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error:
        raise NotAuthenticated(Refusal.SHAPE) from None
    if base64.urlsafe_b64encode(data).rstrip(b"=") != segment.encode("ascii"):
        raise NotAuthenticated(Refusal.SHAPE)
    return data


def _object(data: bytes, refusal: Refusal) -> dict[str, Any]:
    try:
        value = strict_json.decode(data, depth=MAX_DEPTH)
    except MalformedJson:
        raise NotAuthenticated(refusal) from None
    if not isinstance(value, dict):
        raise NotAuthenticated(refusal)
    return value


def _header(members: Mapping[str, Any]) -> Header:
    if "crit" in members or "b64" in members:
        raise NotAuthenticated(Refusal.CRITICAL)
    if "typ" in members and members["typ"] != "JWT":
        raise NotAuthenticated(Refusal.TYPE)
    return Header(
        algorithm=_text(members.get("alg"), Refusal.ALGORITHM),
        key_id=_text(members.get("kid"), Refusal.KEY_ID),
        key_set_url=_text(members["jku"], Refusal.KEY_SET_URL) if "jku" in members else None,
        typed="typ" in members,
    )


def _text(value: Any, refusal: Refusal) -> str:
    if not isinstance(value, str) or not value:
        raise NotAuthenticated(refusal)
    return value


@dataclass(frozen=True, slots=True)
class Standing:
    """What the claims of a verified token come to.

    Attributes:
        token_id: ``jti``.
        tenant: of the client, or empty.
        spent_at: second since 1970 from which the token is refused anyway, so that its ``jti`` need not be kept.
    """

    token_id: str
    tenant: str
    spent_at: int


def check_claims(claims: Mapping[str, Any], *, audiences: AbstractSet[str], max_life: int, now: float) -> Standing:
    """Check audience, times and token id (CDS Hooks, "JWT payload"; RFC 7519 §4.1).

    Args:
        claims: of a token whose signature is verified.
        audiences: one of them has to be among ``aud``, character for character.
        max_life: seconds from ``iat`` to ``exp``, at most; the skew comes on top.
        now: seconds since 1970.

    Raises:
        NotAuthenticated: with the first rule that is broken.
    """
    audience = claims.get("aud")
    said = audience if isinstance(audience, list) else [audience]
    if not said or not all(isinstance(one, str) for one in said) or audiences.isdisjoint(said):
        raise NotAuthenticated(Refusal.AUDIENCE)
    expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
    if expires + SKEW_SECONDS <= now:
        raise NotAuthenticated(Refusal.EXPIRED)
    if issued - SKEW_SECONDS > now:
        raise NotAuthenticated(Refusal.ISSUED_LATER)
    if not 0 < expires - issued <= max_life + SKEW_SECONDS:
        raise NotAuthenticated(Refusal.LIFE)
    if "nbf" in claims and _moment(claims["nbf"]) - SKEW_SECONDS > now:
        raise NotAuthenticated(Refusal.NOT_YET)
    tenant = claims.get("tenant")
    if tenant is not None and not isinstance(tenant, str):
        raise NotAuthenticated(Refusal.TENANT)
    token_id = _text(claims.get("jti"), Refusal.TOKEN_ID)
    return Standing(token_id, tenant or "", int(expires) + 1 + SKEW_SECONDS)


def _moment(value: Any) -> float:
    """A NumericDate; JSON's true is no number, and neither is a text of digits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _LATEST:
        raise NotAuthenticated(Refusal.TIMES)
    return value
