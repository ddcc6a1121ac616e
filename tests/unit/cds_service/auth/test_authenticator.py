"""Hostile tokens and their positive controls over the whole verification, with its own clock (AUTH-02, -05 to -16)."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cds_service.auth.authenticator import Authenticator
from cds_service.auth.caller import Caller
from cds_service.auth.key_cache import KeyEvent
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.ehr.transport import Documents
from cds_service.errors import NotAuthenticated, Refusal, StoreUnavailable
from tests.token_builders import (
    ENDPOINT,
    ISSUER,
    KID,
    NOW,
    claims,
    encoded,
    good,
    hashed,
    header,
    jwk,
    key_set,
    private_key,
    public_bytes,
    signed,
)

OTHER = "https://other.example.org/"
EVERY = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")


class Memory:
    """A replay store for one thread."""

    def __init__(self) -> None:
        self.claimed: dict[tuple[str, str], int] = {}
        self.down = False

    def claim(self, issuer: str, jti: str, expires_at: int) -> bool:
        if self.down:
            raise StoreUnavailable("The store is down")
        first = (issuer, jti) not in self.claimed
        self.claimed.setdefault((issuer, jti), expires_at)
        return first


class Counts:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.refusals: list[tuple[str, Refusal]] = []
        self.events: list[tuple[str, KeyEvent]] = []

    def refused(self, issuer: str, reason: Refusal) -> None:
        self.refusals.append((issuer, reason))

    def key_set(self, issuer: str, event: KeyEvent) -> None:
        self.events.append((issuer, event))


class World:
    """Two trusted clients with keys in files, and everything that happened."""

    def __init__(self, folder: Path, *keys: Mapping[str, Any], **members: Any) -> None:
        (folder / "first.json").write_bytes(key_set(*(keys or (jwk(private_key("ES384")), jwk(private_key("RS384"))))))
        (folder / "other.json").write_bytes(key_set(jwk(private_key("ES384", "other"), "other-1")))
        first_client = {"jku": "https://ehr.example.org/jwks.json", "jwks_file": folder / "first.json", **members}
        self.memory = Memory()
        self.counts = Counts()
        self.authenticator = Authenticator(
            [
                TrustedClient("Example EHR", ISSUER, **first_client),
                TrustedClient("Other", OTHER, jwks_file=folder / "other.json"),
            ],
            replay=self.memory,
            documents=Documents(),
            now=lambda: NOW,
            observer=self.counts,
        )

    def call(self, token: str, endpoint: str = ENDPOINT) -> Caller:
        return self.authenticator(f"Bearer {token}", endpoint)

    def accepts(self, token: str, endpoint: str = ENDPOINT) -> bool:
        return self.call(token, endpoint).issuer in {ISSUER, OTHER}

    def refusal(self, token: str, endpoint: str = ENDPOINT) -> Refusal:
        with pytest.raises(NotAuthenticated) as caught:
            self.call(token, endpoint)
        return caught.value.reason


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_sec_06_the_recommended_algorithms_work(world: World, algorithm: str) -> None:
    assert world.call(good(algorithm)).issuer == ISSUER


@pytest.mark.parametrize("algorithm", EVERY)
def test_auth_05_each_configurable_algorithm_works_where_it_is_configured(tmp_path: Path, algorithm: str) -> None:
    entry = jwk(private_key(algorithm), alg=algorithm if algorithm.startswith(("RS", "PS")) else None)
    world = World(tmp_path, entry, algorithms=(algorithm,))
    assert world.call(good(algorithm)).issuer == ISSUER
    if algorithm not in {"ES384", "RS384"}:
        assert World(tmp_path).refusal(good(algorithm)) is Refusal.ALGORITHM


def test_the_caller_is_what_the_entry_says(tmp_path: Path) -> None:
    world = World(tmp_path, profile="epic", recommend=True)
    assert world.call(good(tenant="north")) == Caller(ISSUER, "Example EHR", "north", "epic", recommend=True)
    assert world.call(signed_by_other()) == Caller(OTHER, "Other")


def signed_by_other(kid: str = "other-1", **members: Any) -> str:
    return signed(header(kid=kid), claims(**{"iss": OTHER, **members}), private_key("ES384", "other"))


def test_auth_11_the_audience_is_the_endpoint_called_or_listed(tmp_path: Path) -> None:
    world = World(tmp_path, audiences=("typed by hand",))
    assert world.accepts(good(aud="typed by hand"))
    assert world.accepts(good(aud=f"{ENDPOINT}/feedback"), f"{ENDPOINT}/feedback")
    assert world.refusal(good(), f"{ENDPOINT}/feedback") is Refusal.AUDIENCE
    assert world.refusal(signed_by_other(aud="typed by hand")) is Refusal.AUDIENCE


@pytest.mark.parametrize(
    "spelling", ["none", "None", "NONE", "nOnE", "", "es384", "ES384 ", "RS384\n", "HS256", "ES256"]
)
def test_auth_05_other_spellings_and_algorithms_are_refused(world: World, spelling: str) -> None:
    assert world.refusal(signed(header(alg=spelling), claims())) is Refusal.ALGORITHM
    assert world.accepts(good())


@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
def test_sec_04_no_signature_at_all_is_refused(world: World, alg: str) -> None:
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header(alg=alg), claims()))
    assert world.refusal(f"{text}.") is Refusal.SHAPE
    assert world.refusal(f"{text}.AAAA") is Refusal.ALGORITHM


def _secrets() -> Mapping[str, bytes]:
    key = private_key("RS384")
    pem = public_bytes(key, Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    entry = jwk(key)
    return {
        "PEM": pem,
        "PEM without end of line": pem.strip(),
        "PEM with Windows line ends": pem.replace(b"\n", b"\r\n"),
        "PEM indented": b"\n  " + pem.replace(b"\n", b"\n  "),
        "PKCS1 PEM": public_bytes(key, Encoding.PEM, PublicFormat.PKCS1),
        "DER": public_bytes(key, Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "OpenSSH": public_bytes(key, Encoding.OpenSSH, PublicFormat.OpenSSH),
        "JWK text": json.dumps(entry).encode(),
        "JWK text, compact and sorted": json.dumps(entry, separators=(",", ":"), sort_keys=True).encode(),
        "the bare n": entry["n"].encode(),
        "the bare x": jwk(private_key("ES384"))["x"].encode(),
        "the key set": key_set(entry),
        "empty": b"",
    }


@pytest.mark.parametrize("secret", _secrets())
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_sec_05_a_public_key_is_no_secret(world: World, secret: str, alg: str) -> None:
    assert world.refusal(hashed(header(alg=alg), claims(), _secrets()[secret])) is Refusal.ALGORITHM


def test_sec_05_nor_with_an_honest_looking_header(world: World) -> None:
    """The HMAC of a public key under a header that says ES384 is no signature either."""
    body = claims()
    forged = hashed({"alg": "HS384"}, body, _secrets()["PEM"]).rpartition(".")[2]
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header(), body))
    assert world.refusal(f"{text}.{forged}") is Refusal.SIGNATURE


CROSSED: dict[str, tuple[Callable[[], str], Refusal]] = {
    "another key": (lambda: signed(header(), claims(), private_key("ES384", "stranger")), Refusal.SIGNATURE),
    "ES256 said over a P-384 key": (
        lambda: signed(header(alg="ES256"), claims(), private_key("ES256")),
        Refusal.KEY_ALGORITHM,
    ),
    "PS384 with a key published as RS384": (lambda: good("PS384"), Refusal.KEY_ALGORITHM),
    "RS512 with a key for RS384": (lambda: good("RS512"), Refusal.KEY_ALGORITHM),
    "ES384 said, RS384 done": (lambda: signed(header(), claims(), private_key("RS384"), "RS384"), Refusal.SIGNATURE),
    "RS384 said, PS384 done": (
        lambda: signed(header("RS384"), claims(), private_key("RS384"), "PS384"),
        Refusal.SIGNATURE,
    ),
    "claims changed": (
        lambda: ".".join((good().split(".")[0], good(jti="x").split(".")[1], good().split(".")[2])),
        Refusal.SIGNATURE,
    ),
    "signature of zeros": (lambda: f"{good().rpartition('.')[0]}.{encoded(bytes(96))}", Refusal.SIGNATURE),
    "short signature": (lambda: f"{good().rpartition('.')[0]}.AAAA", Refusal.SIGNATURE),
    "long signature": (lambda: f"{good().rpartition('.')[0]}.{encoded(bytes(960))}", Refusal.SIGNATURE),
    "unknown kid": (lambda: signed(header(kid="nobody"), claims()), Refusal.UNKNOWN_KEY),
    "kid with a space": (lambda: signed(header(kid=f"{KID} "), claims()), Refusal.UNKNOWN_KEY),
    "unknown issuer": (lambda: good(iss="https://evil.example/"), Refusal.ISSUER),
    "issuer without slash": (lambda: good(iss=ISSUER.rstrip("/")), Refusal.ISSUER),
    "issuer in capitals": (lambda: good(iss=ISSUER.upper()), Refusal.ISSUER),
    "other's key, own issuer": (
        lambda: signed(header(kid="other-1"), claims(), private_key("ES384", "other")),
        Refusal.UNKNOWN_KEY,
    ),
    "other's key under the own kid": (
        lambda: signed(header(), claims(), private_key("ES384", "other")),
        Refusal.SIGNATURE,
    ),
    "own key, other's issuer": (lambda: good(iss=OTHER), Refusal.UNKNOWN_KEY),
    "jku where none is configured": (
        lambda: signed(
            header(kid="other-1", jku="https://other.example.org/k"), claims(iss=OTHER), private_key("ES384", "other")
        ),
        Refusal.KEY_SET_URL,
    ),
    "jku of another client": (
        lambda: signed(
            header(kid="other-1", jku="https://ehr.example.org/jwks.json"),
            claims(iss=OTHER),
            private_key("ES384", "other"),
        ),
        Refusal.KEY_SET_URL,
    ),
}


@pytest.mark.parametrize(("forge", "reason"), CROSSED.values(), ids=list(CROSSED))
def test_auth_06_and_09_crossed_keys_algorithms_and_issuers(
    tmp_path: Path, forge: Callable[[], str], reason: Refusal
) -> None:
    world = World(tmp_path, algorithms=("ES256", "ES384", "RS384", "RS512", "PS384"))
    assert world.refusal(forge()) is reason
    assert world.accepts(good())
    assert world.accepts(signed_by_other())


def _own_key_in(name: str) -> dict[str, Any]:
    stranger = private_key("ES384", "stranger")
    return {name: jwk(stranger)} if name == "jwk" else {name: "https://evil.example/keys"}


@pytest.mark.parametrize("name", ["jwk", "x5u", "x5c", "x5t"])
def test_auth_07_keys_that_a_token_brings_along_are_not_looked_at(world: World, name: str) -> None:
    extra = _own_key_in(name)
    assert world.refusal(signed(header(**extra), claims(), private_key("ES384", "stranger"))) is Refusal.SIGNATURE
    assert world.accepts(signed(header(**extra), claims()))


@pytest.mark.parametrize(
    "kid",
    [
        "../../../etc/passwd",
        "/dev/null",
        "x' UNION SELECT 'k",
        "$(sleep 9)",
        "{{7*7}}",
        "a\0b",
        "https://evil.example/key",
        "GQ+h/7Zk==",
        "\u202e",
    ],
)
def test_auth_07_a_kid_is_compared_and_nothing_else(tmp_path: Path, kid: str) -> None:
    token = signed(header(kid=kid), claims())
    assert World(tmp_path).refusal(token) is Refusal.UNKNOWN_KEY
    assert World(tmp_path, jwk(private_key("ES384"), kid)).call(token).issuer == ISSUER


JKU_TRICKS = [
    "https://evil.example/jwks.json",
    "https://ehr.example.org@evil.example/jwks.json",
    "https://ehr.example.org/jwks.json#",
    "https://ehr.example.org/jwks.json?",
    "https://ehr.example.org/jwks.json?x=1",
    "https://ehr.example.org/x/../jwks.json",
    "https://ehr.example.org:443/jwks.json",
    "https://ehr.example.org:8443/jwks.json",
    "https://EHR.example.org/jwks.json",
    "HTTPS://ehr.example.org/jwks.json",
    "http://ehr.example.org/jwks.json",
    "https://ehr.example.org//jwks.json",
    "https://ehr.example.org/jwks.json/",
    "https://ehr.example.org/jwks%2ejson",
    "https://ehr.example.org./jwks.json",
    " https://ehr.example.org/jwks.json",
    "file:///etc/passwd",
    "//ehr.example.org/jwks.json",
]


@pytest.mark.parametrize("jku", JKU_TRICKS)
def test_auth_08_a_jku_is_the_configured_one_or_refused(world: World, jku: str) -> None:
    assert world.refusal(signed(header(jku=jku), claims())) is Refusal.KEY_SET_URL


def test_auth_08_and_sec_14_the_configured_jku_and_none_are_taken(world: World) -> None:
    assert world.accepts(signed(header(jku="https://ehr.example.org/jwks.json"), claims()))
    assert world.accepts(good())


def test_auth_10_a_missing_type_is_a_matter_of_the_entry(tmp_path: Path) -> None:
    token = signed(header(typ=None), claims())
    assert World(tmp_path).refusal(token) is Refusal.TYPE
    lenient = World(tmp_path, allow_missing_typ=True)
    assert lenient.accepts(token)
    assert lenient.refusal(signed(header(typ="at+jwt"), claims())) is Refusal.TYPE


def test_auth_12_the_life_of_a_token_is_a_matter_of_the_entry(tmp_path: Path) -> None:
    assert World(tmp_path).refusal(good(exp=NOW + 3000)) is Refusal.LIFE
    assert World(tmp_path, max_token_life_seconds=3600).accepts(good(exp=NOW + 3000))
    assert World(tmp_path, max_token_life_seconds=3600).refusal(good(exp=NOW + 3661)) is Refusal.LIFE


def test_fact_2_a_token_as_a_large_vendor_makes_it_is_taken(tmp_path: Path) -> None:
    kid = "8B6Ve+pP/1mMbZ5nNQ=="
    world = World(
        tmp_path, jwk(private_key("RS384"), kid), audiences=("https://cds.example.org/typed",), profile="epic"
    )
    said = claims(
        aud="https://cds.example.org/typed", sub="4e2ba7f1", nbf=NOW - 300, exp=NOW + 900, jti="7f0c-11", tenant="EPIC"
    )
    token = signed(header("RS384", kid=kid, jku="https://ehr.example.org/jwks.json"), said, algorithm="RS384")
    assert world.call(token).tenant == "EPIC"


def test_auth_13_a_token_is_accepted_once_for_its_issuer(world: World) -> None:
    token = good(jti="same")
    assert world.accepts(token)
    assert world.refusal(token) is Refusal.REPLAYED
    assert world.refusal(good(jti="same", exp=NOW + 200)) is Refusal.REPLAYED
    assert world.accepts(signed_by_other(jti="same"))
    assert world.memory.claimed[ISSUER, "same"] > NOW + 300 + 59


def test_auth_13_without_the_store_nobody_is_let_in(world: World) -> None:
    world.memory.down = True
    with pytest.raises(StoreUnavailable):
        world.call(good())
    assert world.refusal(good(aud="x")) is Refusal.AUDIENCE
    world.memory.down = False
    assert world.accepts(good())


@pytest.mark.parametrize("reason", [Refusal.SIGNATURE, Refusal.AUDIENCE, Refusal.EXPIRED, Refusal.UNKNOWN_KEY])
def test_auth_02_a_refused_token_does_not_spoil_the_good_one_of_its_id(world: World, reason: Refusal) -> None:
    forged = {
        Refusal.SIGNATURE: signed(header(), claims(jti="good"), private_key("ES384", "stranger")),
        Refusal.AUDIENCE: good(jti="good", aud="elsewhere"),
        Refusal.EXPIRED: good(jti="good", iat=NOW - 400, exp=NOW - 100),
        Refusal.UNKNOWN_KEY: signed(header(kid="x"), claims(jti="good")),
    }[reason]
    assert world.refusal(forged) is reason
    assert world.memory.claimed == {}
    assert world.accepts(good(jti="good"))


def test_auth_02_nothing_of_a_foreign_issuer_is_asked_for(world: World) -> None:
    assert world.refusal(good(iss="https://evil.example/")) is Refusal.ISSUER
    assert world.refusal(signed(header(jku="https://evil.example/"), claims())) is Refusal.KEY_SET_URL
    assert world.counts.events == []


def test_auth_16_the_reason_goes_to_the_log_and_the_counter_and_nowhere_else(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    token = signed(header(), claims(), private_key("ES384", "stranger"))
    with pytest.raises(NotAuthenticated) as caught:
        world.call(token)
    (record,) = caplog.records
    assert (record.levelno, record.msg) == (logging.WARNING, "auth-refused")
    said = {name: vars(record)[name] for name in ("reason", "issuer", "token")}
    assert said == {"reason": "signature", "issuer": ISSUER, "token": hashlib.sha256(token.encode()).hexdigest()[:8]}
    assert token[:40] not in str(vars(record))
    assert world.counts.refusals == [(ISSUER, Refusal.SIGNATURE)]
    with pytest.raises(NotAuthenticated) as other:
        world.authenticator(None, ENDPOINT)
    assert str(other.value) == str(caught.value)
    assert world.refusal(good(iss="https://evil.example/")) is Refusal.ISSUER
    assert world.counts.refusals[1:] == [("", Refusal.NO_TOKEN), ("", Refusal.ISSUER)]
    assert {vars(record)["issuer"] for record in caplog.records[1:]} == {"unknown"}


def test_auth_06_a_set_without_a_usable_key_is_none(tmp_path: Path) -> None:
    weak = World(tmp_path, jwk(private_key("RS384", "short", 1024)))
    assert (
        weak.refusal(signed(header("RS384"), claims(), private_key("RS384", "short", 1024), "RS384")) is Refusal.NO_KEYS
    )
    secret = World(tmp_path, {"kty": "oct", "k": encoded(b"secret" * 8), "kid": KID, "alg": "HS384"})
    assert secret.refusal(hashed(header(alg="HS384"), claims(), b"secret" * 8)) is Refusal.ALGORITHM
    assert weak.counts.events == [(ISSUER, KeyEvent.FAILED)]


def test_a_key_file_that_vanishes_is_a_failed_fetch(tmp_path: Path) -> None:
    world = World(tmp_path)
    (tmp_path / "first.json").unlink()
    assert world.refusal(good()) is Refusal.NO_KEYS


def test_readiness_needs_the_keys_of_one_client(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.accepts(good())
    assert world.authenticator.ready()
    lost = World(tmp_path, {})
    (tmp_path / "other.json").write_bytes(b"{}")
    assert lost.refusal(good()) is Refusal.NO_KEYS
    assert lost.refusal(signed_by_other()) is Refusal.NO_KEYS
    assert not lost.authenticator.ready()
