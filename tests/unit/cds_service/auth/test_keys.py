"""Which keys of a key set count, and for which algorithm (AUTH-06)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.auth.keys import ALGORITHMS, MAX_BYTES, UnusableKeySet, read_key, read_key_set
from tests.token_builders import KID, jwk, key_set, private_key

EVERY = sorted(ALGORITHMS)
DEFAULT = ("ES384", "RS384")


def fault(entry: Any, algorithms: tuple[str, ...] = DEFAULT) -> str:
    with pytest.raises(UnusableKeySet) as caught:
        read_key(entry, algorithms)
    return str(caught.value)


def test_auth_05_only_asymmetric_algorithms_exist() -> None:
    assert EVERY == ["ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "EdDSA"])
def test_the_curve_settles_the_algorithm(algorithm: str) -> None:
    entry = jwk(private_key(algorithm), alg=None)
    assert read_key(entry, EVERY).algorithm == algorithm
    assert read_key({**entry, "alg": algorithm, "use": "sig", "key_ops": ["verify"]}, EVERY).algorithm == algorithm


def test_an_rsa_key_is_for_its_alg_or_for_the_first_one_configured() -> None:
    entry = jwk(private_key("RS384"), alg=None)
    assert read_key(entry, DEFAULT).algorithm == "RS384"
    assert read_key(entry, ("ES384", "PS256", "RS384")).algorithm == "PS256"
    assert read_key({**entry, "alg": "RS512"}, ("RS384", "RS512")).algorithm == "RS512"


EC: dict[str, Any] = jwk(private_key("ES384"))
RSA: dict[str, Any] = jwk(private_key("RS384"))
NO_KEYS: dict[str, tuple[Any, str]] = {
    "null": (None, "not an object"),
    "text": ("key", "not an object"),
    "no kid": ({**EC, "kid": None}, "no kid"),
    "empty kid": ({**EC, "kid": ""}, "no kid"),
    "kid of a number": ({**EC, "kid": 7}, "no kid"),
    "for encryption": ({**EC, "use": "enc"}, "use is not sig"),
    "use of null": ({**EC, "use": None}, "use is not sig"),
    "key_ops without verify": ({**EC, "key_ops": ["sign"]}, "without verify"),
    "key_ops empty": ({**EC, "key_ops": []}, "without verify"),
    "key_ops of text": ({**EC, "key_ops": "verify"}, "without verify"),
    "symmetric": ({"kty": "oct", "k": "c2VjcmV0", "kid": KID}, "private part"),
    "symmetric without key": ({"kty": "oct", "alg": "HS256", "kid": KID}, "kty, crv and alg"),
    "private": ({**EC, "d": "AAAA"}, "private part"),
    "private RSA": ({**RSA, "p": "AAAA"}, "private part"),
    "another alg than its curve's": ({**EC, "alg": "ES256"}, "kty, crv and alg"),
    "EC with an RSA alg": ({**EC, "alg": "RS384"}, "kty, crv and alg"),
    "RSA with an EC alg": ({**RSA, "alg": "ES384"}, "kty, crv and alg"),
    "RSA for HMAC": ({**RSA, "alg": "HS256"}, "kty, crv and alg"),
    "RSA for none": ({**RSA, "alg": "none"}, "kty, crv and alg"),
    "RSA for encryption": ({**RSA, "alg": "RSA-OAEP"}, "kty, crv and alg"),
    "alg of a list": ({**EC, "alg": ["ES384"]}, "kty, crv and alg"),
    "RSA alg of a list": ({**RSA, "alg": ["RS384"]}, "kty, crv and alg"),
    "another curve": ({**EC, "crv": "secp256k1"}, "kty, crv and alg"),
    "curve in small letters": ({**EC, "crv": "p-384"}, "kty, crv and alg"),
    "no curve": ({**EC, "crv": None}, "kty, crv and alg"),
    "no type": ({**EC, "kty": None}, "kty, crv and alg"),
    "type of a list": ({**EC, "kty": ["EC"]}, "kty, crv and alg"),
    "allowed elsewhere": (jwk(private_key("ES256")), "ES256, which is not among"),
    "RSA allowed elsewhere": ({**RSA, "alg": "PS384"}, "PS384, which is not among"),
    "no number": ({**EC, "y": None}, "numbers are missing"),
    "number of a number": ({**EC, "x": 7}, "numbers are missing"),
    "RSA without number": ({**RSA, "n": ""}, "numbers are missing"),
    "not on the curve": ({**EC, "y": EC["x"]}, "do not make a key"),
    "of another curve's length": ({**EC, "x": jwk(private_key("ES256"))["x"]}, "do not make a key"),
    "no base64": ({**EC, "x": "****"}, "do not make a key"),
    "RSA with an exponent of 1": ({**RSA, "e": "AQ"}, "do not make a key"),
    "short RSA": (jwk(private_key("RS384", "short", 1024)), "1024 bits"),
    "long RSA": ({**RSA, "n": "_" * 2800}, "bits, outside"),
}


@pytest.mark.parametrize(("entry", "words"), NO_KEYS.values(), ids=list(NO_KEYS))
def test_auth_06_what_is_no_key_does_not_count(entry: Any, words: str) -> None:
    assert words in fault(entry)
    with pytest.raises(UnusableKeySet):
        read_key_set(json.dumps({"keys": [entry]}).encode(), DEFAULT)


def test_one_good_key_makes_a_set_and_the_others_are_named() -> None:
    read = read_key_set(
        key_set(NO_KEYS["symmetric"][0], EC, {**RSA, "kid": "a+b/c=="}, NO_KEYS["short RSA"][0]), DEFAULT
    )
    assert {kid: [key.algorithm for key in keys] for kid, keys in read.keys.items()} == {
        KID: ["ES384"],
        "a+b/c==": ["RS384"],
    }
    assert [words.partition(":")[0] for words in read.left_out] == ["key 1", "key 4"]


def test_two_keys_may_share_a_kid() -> None:
    read = read_key_set(key_set(EC, RSA, jwk(private_key("ES384", "second"))), DEFAULT)
    assert [key.algorithm for key in read.keys[KID]] == ["ES384", "RS384", "ES384"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "JSON"),
        (b"<html></html>", "JSON"),
        (b'{"keys":[],"keys":[]}', "stands twice"),
        (b"[]", "no array"),
        (b"{}", "no array"),
        (b'{"keys":{}}', "no array"),
        (b'{"keys":null}', "no array"),
        (b'{"keys":[]}', "none of its keys"),
        (b'{"keys":[' + b"[" * 20 + b"]" * 20 + b"]}", "nests deeper"),
        (json.dumps({"keys": [EC] * 101}).encode(), "more than 100"),
        (b" " * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_auth_14_what_is_no_key_set_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnusableKeySet, match=words):
        read_key_set(data, DEFAULT)


def test_a_hundred_keys_are_read() -> None:
    entries = [{**EC, "kid": str(number)} for number in range(100)]
    assert len(read_key_set(key_set(*entries), DEFAULT).keys) == 100


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kty", "crv", "x", "kid"]), inner),
    max_leaves=6,
)


@given(
    st.sampled_from([EC, RSA]),
    st.sampled_from(["kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "kid"]),
    JUNK,
)
def test_whatever_stands_in_a_member_no_other_error_is_raised(entry: dict[str, Any], name: str, value: Any) -> None:
    try:
        key = read_key({**entry, name: value}, DEFAULT)
    except UnusableKeySet:
        return
    assert key.algorithm in DEFAULT
