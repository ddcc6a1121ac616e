"""Keys and tokens as clients make them, and as forgers do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = 1_795_536_000
"""A moment in November 2026, for tests that bring their own clock."""
ISSUER = "https://ehr.example.org/"
BASE = "https://cds.example.org"
ENDPOINT = f"{BASE}/cds-services/cervical-recurrence-patient-view"
KID = "key-1"

_numbers = itertools.count(1)
_CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@cache
def private_key(algorithm: str, name: str = "first", bits: int = 2048) -> Any:
    """A private key for an algorithm; the same for the same arguments."""
    assert name
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, bits)


def jwk(key: PrivateKeyTypes | Any, kid: str = KID, **members: Any) -> dict[str, Any]:
    """The public part of a key as JWK; a member of None is left out."""
    public = key.public_key()
    algorithms: Mapping[type, Any] = {
        ec.EllipticCurvePublicKey: jwt.algorithms.ECAlgorithm,
        rsa.RSAPublicKey: jwt.algorithms.RSAAlgorithm,
        ed25519.Ed25519PublicKey: jwt.algorithms.OKPAlgorithm,
    }
    to_jwk = next(algorithm.to_jwk for kind, algorithm in algorithms.items() if isinstance(public, kind))
    entry = {**json.loads(to_jwk(public)), "kid": kid, **members}
    if "key_ops" not in members:
        entry.pop("key_ops", None)
    return {name: value for name, value in entry.items() if value is not None}


def key_set(*entries: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": entries}).encode()


def claims(now: float = NOW, **members: Any) -> dict[str, Any]:
    """The claims of a good token, each time with another id; a member of None is left out."""
    said = {
        "iss": ISSUER,
        "aud": ENDPOINT,
        "iat": int(now),
        "exp": int(now) + 300,
        "jti": f"id-{next(_numbers)}",
        **members,
    }
    return {name: value for name, value in said.items() if value is not None}


def header(algorithm: str = "ES384", **members: Any) -> dict[str, Any]:
    """The header of a good token; a member of None is left out."""
    said = {"alg": algorithm, "typ": "JWT", "kid": KID, **members}
    return {name: value for name, value in said.items() if value is not None}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(
    head: Mapping[str, Any] | bytes, body: Mapping[str, Any] | bytes, key: Any = None, algorithm: str = "ES384"
) -> str:
    """A token with these very bytes as header and claims, signed as ``algorithm`` says whatever the header says."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    text = ".".join(encoded(part) for part in parts)
    signer = jwt.get_algorithm_by_name(algorithm)
    return f"{text}.{encoded(signer.sign(text.encode(), key if key is not None else private_key(algorithm)))}"


def good(algorithm: str = "ES384", now: float = NOW, **members: Any) -> str:
    """A token that nothing is wrong with, unless a claim given makes it so."""
    return signed(header(algorithm), claims(now, **members), algorithm=algorithm)


def hashed(head: Mapping[str, Any], body: Mapping[str, Any], secret: bytes) -> str:
    """A token with an HMAC in place of a signature."""
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[head["alg"]]
    text = ".".join(encoded(json.dumps(part).encode()) for part in (head, body))
    return f"{text}.{encoded(hmac.new(secret, text.encode(), digest).digest())}"


def public_bytes(key: Any, encoding: Encoding, form: PublicFormat) -> bytes:
    data: bytes = key.public_key().public_bytes(encoding, form)
    return data
