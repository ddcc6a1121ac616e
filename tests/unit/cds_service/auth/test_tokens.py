"""The form of tokens and what their claims have to say (AUTH-03, -04, -07, -10 to -12)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.auth import tokens
from cds_service.errors import NotAuthenticated, Refusal
from tests.token_builders import ENDPOINT, ISSUER, NOW, claims, encoded, good, header, signed


def refusal(text: str) -> Refusal:
    with pytest.raises(NotAuthenticated) as caught:
        tokens.read(text)
    return caught.value.reason


def test_a_good_token_is_taken_apart() -> None:
    token = tokens.read(good(tenant="t1"))
    assert (token.issuer, token.claims["tenant"]) == (ISSUER, "t1")
    assert token.header == tokens.Header("ES384", "key-1", None, typed=True)


@pytest.mark.parametrize("header_text", ["Bearer abc", "bearer abc", "BEARER  abc", "Bearer abc "])
def test_the_scheme_has_no_case(header_text: str) -> None:
    assert tokens.bearer(header_text) == "abc"


@pytest.mark.parametrize(
    "header_text", [None, "", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer a b", "Bearer\tabc"]
)
def test_without_a_bearer_token_there_is_none(header_text: str | None) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        tokens.bearer(header_text)
    assert caught.value.reason is Refusal.NO_TOKEN


def test_auth_03_8_kib_are_read_and_no_more() -> None:
    assert tokens.bearer("Bearer " + "a" * 8192)
    for size in (8193, 2_000_000):
        with pytest.raises(NotAuthenticated) as caught:
            tokens.bearer("Bearer " + "a" * size)
        assert caught.value.reason is Refusal.TOO_LONG


def _loose_bits(text: str) -> str:
    """The same bytes in another spelling: the last character's unused bits set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head, body, _ = text.split(".")
    padded = encoded(b"ab")  # two bytes leave two loose bits
    assert len(padded) == 3
    return f"{head}.{body}.{padded[:-1]}{alphabet[alphabet.index(padded[-1]) + 1]}"


MISSHAPEN = {
    "json serialisation": lambda text: json.dumps(
        dict(zip(("protected", "payload", "signature"), text.split("."), strict=True))
    ),
    "five segments": lambda text: f"{text}.AAAA.AAAA",
    "two segments": lambda text: text.rpartition(".")[0],
    "no signature": lambda text: text.rpartition(".")[0] + ".",
    "no header": lambda text: "." + text.partition(".")[2],
    "no claims": lambda text: text.split(".")[0] + ".." + text.split(".")[2],
    "padding": lambda text: f"{text}==",
    "padding inside": lambda text: text.replace(".", "=.", 1),
    "star in the signature": lambda text: f"{text[:-4]}*{text[-4:]}",
    "line break": lambda text: f"{text[:-4]}\n{text[-4:]}",
    "line break at the end": lambda text: f"{text}\n",
    "plus and slash": lambda text: f"{text[:-2]}+/",
    "other digits": lambda text: f"{text[:-1]}\u0661",
    "one character too many": lambda text: f"{text}A",
    "loose trailing bits": _loose_bits,
}


@pytest.mark.parametrize("name", MISSHAPEN)
def test_auth_03_only_the_canonical_compact_form_is_read(name: str) -> None:
    text = good()
    assert tokens.read(text).text == text
    assert refusal(MISSHAPEN[name](text)) is Refusal.SHAPE


def test_auth_03_the_spelling_without_loose_bits_is_read() -> None:
    assert tokens.read(".".join((*good().split(".")[:2], encoded(b"ab")))).issuer == ISSUER


BAD_JSON = {
    "array": b"[]",
    "text": b'"a"',
    "number": b"7",
    "null": b"null",
    "empty": b" ",
    "doubled name": b'{"iss":"a","iss":"b"}',
    "doubled name in two spellings": b'{"iss":"a","\\u0069ss":"b"}',
    "doubled name further in": b'{"iss":"a","x":{"y":1,"y":2}}',
    "NaN": b'{"iss":"a","exp":NaN}',
    "Infinity": b'{"iss":"a","exp":-Infinity}',
    "1e400": b'{"iss":"a","exp":1e400}',
    "5000 digits": b'{"iss":"a","exp":' + b"9" * 5000 + b"}",
    "17 deep": b'{"iss":"a","x":' + b"[" * 16 + b"]" * 16 + b"}",
    "2000 deep": b'{"iss":"a","x":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "unclosed": b'{"iss":"a","x":' + b"[" * 2000,
    "not UTF-8": b'{"iss":"\xff"}',
    "UTF-16": '{"iss":"a"}'.encode("utf-16"),
    "UTF-16 without mark": '{"iss":"a"}'.encode("utf-16-le"),
    "byte order mark": b'\xef\xbb\xbf{"iss":"a"}',
    "lone surrogate": b'{"iss":"\\ud800"}',
    "trailing text": b'{"iss":"a"} x',
    "comment": b'{"iss":"a"/**/}',
    "trailing comma": b'{"iss":"a",}',
}


@pytest.mark.parametrize("data", BAD_JSON.values(), ids=list(BAD_JSON))
def test_auth_04_header_and_claims_are_strict_json_objects(data: bytes) -> None:
    assert refusal(signed(data, claims())) is Refusal.HEADER
    assert refusal(signed(header(), data)) is Refusal.CLAIMS


def test_auth_04_sixteen_levels_and_strings_full_of_brackets_are_read() -> None:
    deep: Any = 1
    for _ in range(15):
        deep = [deep]
    assert tokens.read(good(extension=deep, note="[" * 50)).issuer == ISSUER


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_auth_04_whatever_the_bytes_no_other_error_is_raised(head: bytes, body: bytes) -> None:
    for text in (
        f"{encoded(head)}.{encoded(body)}.AAAA",
        f"{encoded(json.dumps(header()).encode())}.{encoded(body)}.AA",
    ):
        with pytest.raises(NotAuthenticated):
            tokens.read(text)


@given(st.text(max_size=300))
def test_auth_04_nor_whatever_the_text(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        tokens.read(text)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"alg": None}, Refusal.ALGORITHM),
        ({"alg": ""}, Refusal.ALGORITHM),
        ({"alg": ["ES384"]}, Refusal.ALGORITHM),
        ({"alg": {"a": 1}}, Refusal.ALGORITHM),
        ({"kid": None}, Refusal.KEY_ID),
        ({"kid": ""}, Refusal.KEY_ID),
        ({"kid": 7}, Refusal.KEY_ID),
        ({"kid": ["key-1"]}, Refusal.KEY_ID),
        ({"jku": 7}, Refusal.KEY_SET_URL),
        ({"jku": ""}, Refusal.KEY_SET_URL),
        ({"jku": ["https://ehr.example.org/jwks.json"]}, Refusal.KEY_SET_URL),
        ({"crit": ["exp"]}, Refusal.CRITICAL),
        ({"crit": []}, Refusal.CRITICAL),
        ({"crit": ["b64"], "b64": True}, Refusal.CRITICAL),
        ({"b64": True}, Refusal.CRITICAL),
        ({"b64": False}, Refusal.CRITICAL),
        ({"typ": "at+jwt"}, Refusal.TYPE),
        ({"typ": "dpop+jwt"}, Refusal.TYPE),
        ({"typ": "jwt"}, Refusal.TYPE),
        ({"typ": 7}, Refusal.TYPE),
        ({"typ": ["JWT"]}, Refusal.TYPE),
        ({"typ": ""}, Refusal.TYPE),
    ],
)
def test_auth_07_and_10_the_profile_of_the_header(members: dict[str, Any], reason: Refusal) -> None:
    assert refusal(signed(header(**members), claims())) is reason


def test_a_null_type_is_no_missing_type() -> None:
    assert refusal(signed(b'{"alg":"ES384","kid":"1","typ":null}', claims())) is Refusal.TYPE


def test_a_missing_type_is_left_to_the_client_s_entry() -> None:
    assert tokens.read(signed(header(typ=None), claims())).header.typed is False


@pytest.mark.parametrize(
    "kid", ["a+b/c==", "../../etc/passwd", "' OR 1=1 --", "$(id)", "{{7*7}}", "a\0b", "https://x/y"]
)
def test_auth_07_a_kid_is_any_text(kid: str) -> None:
    assert tokens.read(signed(header(kid=kid), claims())).header.key_id == kid


@pytest.mark.parametrize("issuer", [None, "", 7, ["https://ehr.example.org/"], {"a": 1}, True])
def test_auth_12_the_issuer_is_a_text(issuer: Any) -> None:
    assert refusal(signed(header(), claims(iss=issuer))) is Refusal.ISSUER


def check(now: float = NOW, **members: Any) -> tokens.Standing:
    return tokens.check_claims(claims(**members), audiences={ENDPOINT, "typed by hand"}, max_life=900, now=now)


def claims_refusal(now: float = NOW, **members: Any) -> Refusal:
    with pytest.raises(NotAuthenticated) as caught:
        check(now, **members)
    return caught.value.reason


def test_good_claims_come_to_the_id_the_tenant_and_the_end() -> None:
    standing = check(jti="j1", tenant="north", exp=NOW + 300.5, sub="system", nbf=NOW - 300, scope=["x"])
    assert standing == tokens.Standing("j1", "north", NOW + 361)
    assert check(jti="j1").tenant == ""


AUDIENCES: dict[str, Any] = {
    "missing": None,
    "empty": "",
    "empty array": [],
    "number": 7,
    "object": {"url": ENDPOINT},
    "array with a number": [ENDPOINT, 7],
    "array with null": [ENDPOINT, None],
    "array in array": [[ENDPOINT]],
    "other service": ENDPOINT.replace("patient-view", "order-sign"),
    "discovery": "https://cds.example.org/cds-services",
    "base": "https://cds.example.org",
    "base with slash": "https://cds.example.org/",
    "prefix": ENDPOINT[:-1],
    "longer path": f"{ENDPOINT}/x",
    "slash at the end": f"{ENDPOINT}/",
    "other scheme": ENDPOINT.replace("https", "http"),
    "other host": ENDPOINT.replace("cds.example", "cds2.example"),
    "port": ENDPOINT.replace(".org", ".org:443"),
    "capitals": ENDPOINT.upper(),
    "feedback": f"{ENDPOINT}/feedback",
    "query": f"{ENDPOINT}?x=1",
    "all in one text": f"{ENDPOINT} {ENDPOINT}",
}


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=list(AUDIENCES))
def test_auth_11_another_audience_is_refused(audience: Any) -> None:
    assert claims_refusal(aud=audience) is Refusal.AUDIENCE


@pytest.mark.parametrize("audience", [ENDPOINT, [ENDPOINT], ["stranger", ENDPOINT], "typed by hand", ["typed by hand"]])
def test_auth_11_the_endpoint_and_what_the_entry_lists_are_taken(audience: Any) -> None:
    assert check(aud=audience, jti="j").token_id == "j"


NO_MOMENTS: dict[str, Any] = {
    "missing": None,
    "text": str(NOW + 300),
    "true": True,
    "array": [NOW],
    "object": {},
    "zero": 0,
    "negative": -NOW,
    "milliseconds": NOW * 1000,
    "400 digits": 10**399,
    "1e300": 1e300,
}


@pytest.mark.parametrize("claim", ["exp", "iat"])
@pytest.mark.parametrize("value", NO_MOMENTS.values(), ids=list(NO_MOMENTS))
def test_auth_12_times_are_numbers_of_seconds(claim: str, value: Any) -> None:
    assert claims_refusal(**{claim: value}) is Refusal.TIMES


@pytest.mark.parametrize("value", [value for value in NO_MOMENTS.values() if value is not None])
def test_auth_12_so_is_nbf_if_it_is_there(value: Any) -> None:
    assert claims_refusal(nbf=value) is Refusal.TIMES


@pytest.mark.parametrize("name", ["exp", "iat", "aud", "jti"])
def test_auth_12_null_is_no_value(name: str) -> None:
    with pytest.raises(NotAuthenticated):
        tokens.check_claims({**claims(), name: None}, audiences={ENDPOINT}, max_life=900, now=NOW)


@pytest.mark.parametrize("token_id", [None, "", 7, ["a"], True, {}])
def test_auth_12_the_token_has_an_id(token_id: Any) -> None:
    assert claims_refusal(jti=token_id) is Refusal.TOKEN_ID


def test_auth_12_a_tenant_is_a_text() -> None:
    assert claims_refusal(tenant=7) is Refusal.TENANT
    assert tokens.check_claims({**claims(), "tenant": None}, audiences={ENDPOINT}, max_life=900, now=NOW).tenant == ""


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"iat": NOW - 360, "exp": NOW - 60}, Refusal.EXPIRED),
        ({"iat": NOW - 960, "exp": NOW - 61}, Refusal.EXPIRED),
        ({"iat": NOW + 61, "exp": NOW + 361}, Refusal.ISSUED_LATER),
        ({"iat": NOW + 3600, "exp": NOW + 3900}, Refusal.ISSUED_LATER),
        ({"iat": NOW, "exp": NOW + 961}, Refusal.LIFE),
        ({"iat": NOW - 1_000_000, "exp": NOW + 100}, Refusal.LIFE),
        ({"iat": NOW, "exp": NOW + 10 * 365 * 86400}, Refusal.LIFE),
        ({"iat": NOW, "exp": NOW}, Refusal.LIFE),
        ({"iat": NOW + 30, "exp": NOW + 20}, Refusal.LIFE),
        ({"nbf": NOW + 61}, Refusal.NOT_YET),
    ],
)
def test_auth_12_times_outside_their_bounds(members: dict[str, Any], reason: Refusal) -> None:
    assert claims_refusal(**members) is reason


@pytest.mark.parametrize(
    "members",
    [
        {"iat": NOW + 20, "exp": NOW + 320},
        {"iat": NOW + 60, "exp": NOW + 360},
        {"iat": NOW - 310, "exp": NOW - 10},
        {"iat": NOW - 359, "exp": NOW - 59},
        {"iat": NOW, "exp": NOW + 960},
        {"nbf": NOW - 300, "iat": NOW, "exp": NOW + 900, "sub": "app", "jti": "2d1e+/="},
        {"nbf": NOW + 60},
        {"iat": NOW + 0.25, "exp": NOW + 300.75},
    ],
)
def test_auth_12_clocks_may_differ_and_a_large_vendor_s_times_fit(members: dict[str, Any]) -> None:
    assert check(**members).spent_at > NOW
