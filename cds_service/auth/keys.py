"""Key sets of clients (RFC 7517): which of their keys count, and for which one algorithm each (AUTH-06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from cds_service import strict_json
from cds_service.errors import MalformedJson

if TYPE_CHECKING:
    from jwt.algorithms import AllowedPublicKeys

MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 100
MAX_DEPTH: Final = 16
RSA_BITS: Final = range(2048, 8193)
"""Shorter keys are weak, longer ones cost time."""

CURVES: Final[Mapping[tuple[str, str], str]] = {
    ("EC", "P-256"): "ES256",
    ("EC", "P-384"): "ES384",
    ("EC", "P-521"): "ES512",
    ("OKP", "Ed25519"): "EdDSA",
}
"""Key type and curve to the one algorithm that they are for (RFC 7518 §3.4, RFC 8037)."""
RSA_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS: Final = frozenset({*CURVES.values(), *RSA_ALGORITHMS})
"""All that can be configured; each is asymmetric."""

_MATERIAL: Final = {"EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "RSA": ("n", "e")}
_PRIVATE: Final = ("d", "p", "q", "k")


class UnusableKeySet(Exception):  # noqa: N818 - named by what it is
    """A key set without a single key that counts; the message says why, in words for an administrator."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of a client.

    Attributes:
        key_id: its ``kid``.
        algorithm: the one it is for.
        public: the key object.
    """

    key_id: str
    algorithm: str
    public: AllowedPublicKeys


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that count, by ``kid`` (of several with one ``kid``, in the order of the set), and why others do not."""

    keys: Mapping[str, tuple[Key, ...]]
    left_out: tuple[str, ...] = ()


def read_key_set(data: bytes, algorithms: Sequence[str]) -> KeySet:
    """Read a JWK Set.

    Args:
        data: the document, at most 256 KiB.
        algorithms: that the client may use; a key for another one does not count.

    Raises:
        UnusableKeySet: not strict JSON, not a key set, over 100 keys, or none that counts.
    """
    if len(data) > MAX_BYTES:
        raise UnusableKeySet(f"it is larger than {MAX_BYTES} bytes")
    try:
        document = strict_json.decode(data, depth=MAX_DEPTH)
    except MalformedJson as fault:
        raise UnusableKeySet(f"it is not usable JSON: {fault}") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise UnusableKeySet("it has no array of keys")
    if len(entries) > MAX_KEYS:
        raise UnusableKeySet(f"it has more than {MAX_KEYS} keys")
    keys: dict[str, tuple[Key, ...]] = {}
    left_out: list[str] = []
    for place, entry in enumerate(entries, start=1):
        try:
            key = read_key(entry, algorithms)
        except UnusableKeySet as fault:
            left_out.append(f"key {place}: {fault}")
        else:
            keys[key.key_id] = (*keys.get(key.key_id, ()), key)
    if not keys:
        raise UnusableKeySet("; ".join(["none of its keys can be used", *left_out]))
    return KeySet(keys, tuple(left_out))


def read_key(entry: Any, algorithms: Sequence[str]) -> Key:
    """One JWK as a key.

    Raises:
        UnusableKeySet: it does not count, with the reason.
    """
    if not isinstance(entry, dict):
        raise UnusableKeySet("it is not an object")
    key_id = entry.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise UnusableKeySet("it has no kid")
    if entry.get("use", "sig") != "sig":
        raise UnusableKeySet("its use is not sig")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKeySet("its key_ops are without verify")
    if any(member in entry for member in _PRIVATE):
        raise UnusableKeySet("it shows its private part, so that anyone could sign with it")
    algorithm = _algorithm(entry, algorithms)
    return Key(key_id, algorithm, _public(entry, algorithm))


def _algorithm(entry: Mapping[str, Any], algorithms: Sequence[str]) -> str:
    """The one algorithm of a key: its ``alg``, which has to fit, else by curve; for RSA the first one configured."""
    key_type, curve, said = entry.get("kty"), entry.get("crv"), entry.get("alg")
    if key_type == "RSA":
        fitting = [name for name in algorithms if name in RSA_ALGORITHMS]
        algorithm = (said if said is not None else fitting[0]) if fitting else None
        fits = algorithm in RSA_ALGORITHMS
    else:
        algorithm = CURVES.get((key_type, curve)) if isinstance(key_type, str) and isinstance(curve, str) else None
        fits = algorithm is not None and said in (None, algorithm)
    if not fits:
        raise UnusableKeySet("its kty, crv and alg are not those of a key for one of the algorithms allowed")
    if algorithm not in algorithms:
        raise UnusableKeySet(f"it is for {algorithm}, which is not among the algorithms of this client")
    return cast("str", algorithm)


def _public(entry: Mapping[str, Any], algorithm: str) -> AllowedPublicKeys:
    material = {name: entry.get(name) for name in ("kty", *_MATERIAL[entry["kty"]])}
    if not all(isinstance(value, str) and value for value in material.values()):
        raise UnusableKeySet("its numbers are missing")
    import jwt  # noqa: PLC0415 - slow to load; the settings read this module also where nobody has keys
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - as above

    try:
        public = jwt.PyJWK(material, algorithm).key
    except (jwt.PyJWTError, ValueError):
        raise UnusableKeySet("its numbers do not make a key") from None
    if isinstance(public, RSAPublicKey) and public.key_size not in RSA_BITS:
        raise UnusableKeySet(f"it has {public.key_size} bits, outside {RSA_BITS.start} to {RSA_BITS.stop - 1}")
    return cast("AllowedPublicKeys", public)
