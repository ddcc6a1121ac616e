"""Client authentication over the whole service, with real key servers and the real store (AUTH-01 to AUTH-17).

Tokens that the profile refuses are tried one by one in tests/unit/cds_service/auth; here are those that concern HTTP,
the network and the store, and that every refusal is the same answer.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.auth.authenticator import Authenticator
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.ehr.transport import Documents
from cds_service.errors import NotAuthenticated, Refusal, SettingsError, StoreUnavailable
from cds_service.settings import Settings
from cds_service.store import open_store
from tests.contract.calls import PATIENT_VIEW, FakePipeline, diagnostics, patient_view, post
from tests.journeys.certificates import Authority, self_signed
from tests.journeys.faulty_fhir_server import faulty_fhir_server
from tests.journeys.key_server import MODES, KeyServer, key_server
from tests.journeys.served import SECONDS_TO_START, Served, served
from tests.token_builders import (
    BASE,
    ENDPOINT,
    ISSUER,
    claims,
    encoded,
    good,
    hashed,
    header,
    jwk,
    key_set,
    private_key,
    signed,
)

OTHER = "https://other.example.org/"
DISCOVERY = f"{BASE}/cds-services"
FEEDBACK = f"{PATIENT_VIEW}/feedback"
WHOLE_ANSWER_SECONDS = 5.0


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with key_server(key_set(jwk(private_key("ES384")), jwk(private_key("RS384"), alg="RS384"))) as server:
        yield server


@pytest.fixture
def other_keys() -> Iterator[KeyServer]:
    with key_server(key_set(jwk(private_key("ES384", "other"), "other-1"))) as server:
        yield server


def token(**members: Any) -> str:
    """A good token of this very moment."""
    return good(now=time.time(), **members)


def other_token(**members: Any) -> str:
    said = {"iss": OTHER, **members}
    return signed(header(kid="other-1"), claims(time.time(), **said), private_key("ES384", "other"))


class Service:
    """The service in production mode over a pipeline that only remembers."""

    def __init__(self, app: Flask, pipeline: FakePipeline) -> None:
        self.app = app
        self.pipeline = pipeline

    @property
    def web(self) -> FlaskClient:
        return self.app.test_client()

    def call(self, text: str | None, url: str = PATIENT_VIEW, body: Any = None, **headers: str) -> TestResponse:
        sent = {**headers, **({"Authorization": f"Bearer {text}"} if text is not None else {})}
        return post(self.web, patient_view() if body is None else body, url, headers=sent)


@contextlib.contextmanager
def production(
    folder: Path, keys: KeyServer, other_keys: KeyServer | None = None, *, members: Any = None, **settings: Any
) -> Iterator[Service]:
    clients = [TrustedClient("Example EHR", ISSUER, jku=keys.url, **(members or {}))]
    if other_keys is not None:
        clients.append(TrustedClient("Other", OTHER, jku=other_keys.url))
    chosen = Settings(
        mode="production",
        base_url=BASE,
        trusted_clients=tuple(clients),
        allow_insecure_loopback=True,
        state_dir=folder,
        deadline_seconds=0.5,
        **settings,
    )
    pipeline = FakePipeline()
    app = create_app(chosen, answer=pipeline)
    try:
        yield Service(app, pipeline)
    finally:
        app.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def service(tmp_path: Path, keys: KeyServer, other_keys: KeyServer) -> Iterator[Service]:
    with production(tmp_path, keys, other_keys) as running:
        yield running


def is_refused(response: TestResponse) -> bool:
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "usable JSON Web Token" in diagnostics(response)
    return True


def test_auth_01_production_mode_trusts_somebody_or_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="client authentication"):
        create_app(Settings(mode="production", base_url=BASE, state_dir=tmp_path))


@pytest.mark.parametrize(
    "url",
    [PATIENT_VIEW, FEEDBACK, f"{PATIENT_VIEW}/", PATIENT_VIEW.replace("services/", "services//"), "/cds-services/none"],
)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_sec_02_everything_below_discovery_asks_for_a_token(service: Service, url: str, method: str) -> None:
    assert is_refused(service.web.open(url, method=method))


def test_auth_01_discovery_health_and_preflight_are_open(service: Service) -> None:
    for url in ("/cds-services", "/cds-services/", "/healthz"):
        assert service.web.get(url).status_code == 200
    assert service.web.options(PATIENT_VIEW).status_code == 204
    assert is_refused(service.call(None))


def test_auth_01_discovery_can_be_closed(tmp_path: Path, keys: KeyServer) -> None:
    with production(tmp_path, keys, closed_discovery=True) as service:
        assert is_refused(service.web.get("/cds-services"))
        assert is_refused(service.web.get("/cds-services", headers={"Authorization": f"Bearer {token()}"}))
        for url in ("/cds-services", "/cds-services/"):
            headers = {"Authorization": f"Bearer {token(aud=DISCOVERY)}"}
            assert service.web.get(url, headers=headers).status_code == 200


def test_auth_01_sandbox_mode_is_open_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(Settings(state_dir=tmp_path), answer=FakePipeline())
    assert "authentication-off" in [record.msg for record in caplog.records]
    assert post(app.test_client(), patient_view()).status_code == 200
    assert authentication(app.test_client()) == "off: sandbox mode"
    app.extensions["recurrence-cds-fhir-client"].close()


def authentication(web: FlaskClient) -> str:
    said: str = msgspec.json.decode(web.get("/readyz").data)["authentication"]
    return said


def test_readiness_says_that_authentication_is_required_and_waits_for_keys(service: Service, keys: KeyServer) -> None:
    assert service.call(token()).status_code == 200
    assert authentication(service.web) == "required"
    assert service.web.get("/readyz").status_code == 200
    assert keys.asked == ["/jwks.json"]


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_sec_06_a_good_token_is_let_in(service: Service, algorithm: str) -> None:
    text = good(algorithm, time.time())
    assert service.call(text).status_code == 200
    assert is_refused(service.call(text))


def test_sec_08_each_endpoint_has_its_own_audience(service: Service) -> None:
    order_sign = PATIENT_VIEW.replace("patient-view", "order-sign")
    assert is_refused(service.call(token(), order_sign))
    assert is_refused(service.call(token(), FEEDBACK, {"feedback": []}))
    assert is_refused(service.call(token(aud=DISCOVERY)))
    assert service.call(token(aud=f"{BASE}{FEEDBACK}"), FEEDBACK, {"feedback": []}).status_code == 200
    assert service.call(token(aud=["https://stranger.example", ENDPOINT])).status_code == 200


FORGED_ORIGINS = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example;proto=http",
    "X-Original-URL": "/cds-services",
    "X-Rewrite-URL": "/cds-services",
}


@pytest.mark.parametrize(("name", "value"), FORGED_ORIGINS.items(), ids=list(FORGED_ORIGINS))
def test_auth_11_what_the_request_says_of_its_host_changes_nothing(service: Service, name: str, value: str) -> None:
    assert is_refused(service.call(token(aud=ENDPOINT.replace("cds.example.org", "evil.example")), **{name: value}))
    assert is_refused(service.call(token(aud=ENDPOINT.replace("https", "http")), **{name: value}))
    assert service.call(token(), **{name: value}).status_code == 200


IDENTITY_HEADERS = (
    "X-SSL-Client-Verify",
    "X-SSL-Client-S-DN",
    "X-Client-Cert",
    "X-Forwarded-Client-Cert",
    "Ssl-Client-Cert",
    "X-Forwarded-User",
    "X-Remote-User",
)


def test_auth_17_no_header_stands_for_a_token(service: Service) -> None:
    headers = dict.fromkeys(IDENTITY_HEADERS, "SUCCESS")
    assert is_refused(service.call(None, **headers))
    assert service.call(token(), **headers).status_code == 200


def test_an_authorization_of_another_kind_is_none(service: Service) -> None:
    text = token()
    for value in ("", "Bearer", f"Basic {text}", text, f"Bearer {text} {text}", f"Bearer {text}, Bearer {text}"):
        assert is_refused(post(service.web, patient_view(), headers={"Authorization": value}))
    assert is_refused(service.web.post(f"{PATIENT_VIEW}?access_token={text}", json=patient_view()))
    assert is_refused(service.web.post(PATIENT_VIEW, data={"access_token": text}))
    assert post(service.web, patient_view(), headers={"Authorization": f"bearer {text}"}).status_code == 200


def _reasons() -> dict[str, Callable[[], str | None]]:
    now = time.time()
    stranger = private_key("ES384", "stranger")
    used = token()
    return {
        "no token": lambda: None,
        "too long": lambda: "a" * 9000,
        "no token at all": lambda: "abc",
        "bad header": lambda: signed(b'{"alg":"ES384","alg":"none"}', claims(now)),
        "deep claims": lambda: signed(header(), b"[" * 2000 + b"]" * 2000),
        "alg none": lambda: f"{token().rpartition('.')[0]}.{encoded(b'x')}",
        "public key as secret": lambda: hashed(header(alg="HS256"), claims(now), private_pem()),
        "type": lambda: signed(header(typ="at+jwt"), claims(now)),
        "crit": lambda: signed(header(crit=["exp"], exp=1), claims(now)),
        "issuer": lambda: token(iss="https://evil.example/"),
        "jku": lambda: signed(header(jku="https://evil.example/keys"), claims(now)),
        "kid": lambda: signed(header(kid="../../etc/passwd"), claims(now)),
        "signature": lambda: signed(header(), claims(now), stranger),
        "audience": lambda: token(aud="https://elsewhere.example"),
        "expired": lambda: token(iat=int(now) - 400, exp=int(now) - 100),
        "from the future": lambda: token(iat=int(now) + 100, exp=int(now) + 300),
        "ten years": lambda: token(exp=int(now) + 315_360_000),
        "text as time": lambda: token(exp=str(int(now) + 300)),
        "without id": lambda: token(jti=None),
        "used, the first time": lambda: used,
        "used": lambda: used,
    }


def private_pem() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = private_key("RS384").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def test_auth_16_every_refusal_is_the_same_answer(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    answers = {name: service.call(make()) for name, make in _reasons().items()}
    accepted = answers.pop("used, the first time")
    assert accepted.status_code == 200
    assert len({answer.data for answer in answers.values()}) == 1
    assert {answer.status_code for answer in answers.values()} == {401}
    varying = {"X-Request-ID"}
    seen = {tuple(line for line in answer.headers.items() if line[0] not in varying) for answer in answers.values()}
    assert len(seen) == 1
    reasons = [vars(record)["reason"] for record in caplog.records if record.msg == "auth-refused"]
    assert len(reasons) == len(answers)
    assert len(set(reasons)) >= len(answers) - 2


def test_aud_05_no_part_of_a_token_reaches_the_log(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    texts = [token(), token(aud="x"), signed(header(), claims(time.time()), private_key("ES384", "stranger"))]
    for text in texts:
        service.call(text)
    kept = " ".join(str(vars(record)) for record in caplog.records)
    assert "auth-refused" in kept
    assert not [text for text in texts if text[-40:] in kept or text.split(".")[1] in kept]


def test_auth_02_a_forged_token_does_not_spoil_a_good_one(service: Service) -> None:
    assert is_refused(service.call(signed(header(), claims(time.time(), jti="j1"), private_key("ES384", "stranger"))))
    assert service.call(token(jti="j1")).status_code == 200
    assert is_refused(service.call(token(jti="j1")))
    assert service.call(other_token(jti="j1")).status_code == 200


def test_auth_09_a_key_speaks_for_its_own_issuer_only(service: Service, keys: KeyServer, other_keys: KeyServer) -> None:
    other = private_key("ES384", "other")
    crossed = [
        signed(header(kid="other-1"), claims(time.time()), other),
        signed(header(kid="other-1", jku=other_keys.url), claims(time.time()), other),
        signed(header(jku=keys.url), claims(time.time(), iss=OTHER)),
        token(iss=OTHER),
    ]
    for text in crossed:
        assert is_refused(service.call(text))
    assert service.call(token()).status_code == 200
    assert service.call(other_token()).status_code == 200


def test_auth_08_a_foreign_jku_is_never_asked(service: Service, keys: KeyServer) -> None:
    stranger = private_key("ES384", "stranger")
    with key_server(key_set(jwk(stranger))) as decoy:
        host = f"127.0.0.1:{decoy.port}"
        tricks = [
            decoy.url,
            f"http://127.0.0.1:{keys.port}@{host}/jwks.json",
            f"http://{host}/jwks.json#{keys.url}",
            f"http://{host}/jwks.json?{keys.url}",
            f"http://{host}/../jwks.json",
            keys.url.replace(str(keys.port), str(decoy.port)),
            keys.url.replace("127.0.0.1", "localhost").replace(str(keys.port), str(decoy.port)),
            f"{keys.url}#",
            f"{keys.url}?x=1",
            keys.url.upper(),
            keys.url.replace("127.0.0.1", "127.1"),
            "file:///etc/passwd",
        ]
        for trick in tricks:
            assert is_refused(service.call(signed(header(jku=trick), claims(time.time()), stranger)))
            assert is_refused(service.call(signed(header(jku=trick), claims(time.time()))))
        assert (decoy.asked, keys.asked) == ([], [])
    assert service.call(signed(header(jku=keys.url), claims(time.time()))).status_code == 200
    assert keys.asked == ["/jwks.json"]
    assert "authorization" not in keys.headers


def keys_over_tls(folder: Path, tls: ssl.SSLContext, ca_file: Path | None) -> int:
    with (
        key_server(key_set(jwk(private_key("ES384"))), tls) as keys,
        production(folder, keys, ca_file=ca_file) as service,
    ):
        return service.call(token()).status_code


def test_auth_14_the_certificate_of_a_key_server_is_checked(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    assert keys_over_tls(tmp_path / "1", authority.server(), authority.file) == 200
    assert keys_over_tls(tmp_path / "2", authority.server(), None) == 401
    assert keys_over_tls(tmp_path / "3", authority.server("other.example.org"), authority.file) == 401
    assert keys_over_tls(tmp_path / "4", authority.server(days_left=-1), authority.file) == 401
    assert keys_over_tls(tmp_path / "5", self_signed(tmp_path), authority.file) == 401


GOOD_MODES = {"good", "good in gzip"}


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in GOOD_MODES])
def test_auth_14_a_bad_key_server_costs_time_and_memory_within_bounds(
    tmp_path: Path, keys: KeyServer, mode: str
) -> None:
    keys.mode = mode
    with key_server(keys.document) as decoy, production(tmp_path, keys) as service:
        keys.elsewhere = decoy.url
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.monotonic()
        assert is_refused(service.call(token()))
        assert time.monotonic() - start < WHOLE_ANSWER_SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < (200 if "gzip" in mode else 40) * 1024
        assert keys.asked.count("/jwks.json") == 1
        assert keys.asked.count("a million bytes") < 100
        assert decoy.asked == []


@pytest.mark.parametrize("mode", sorted(GOOD_MODES))
def test_auth_14_a_good_one_is_used(tmp_path: Path, keys: KeyServer, mode: str) -> None:
    keys.mode = mode
    with production(tmp_path, keys) as service:
        assert service.call(token()).status_code == 200


def test_auth_14_a_key_server_that_is_not_there_lets_nobody_in(tmp_path: Path) -> None:
    with production(tmp_path, KeyServer(port=1)) as service:
        assert is_refused(service.call(token()))
        assert service.web.get("/readyz").status_code == 503
        assert service.web.get("/healthz").status_code == 200


class Rotation:
    """The authenticator over a real key server and the real store, with a clock for the age of its keys."""

    def __init__(self, folder: Path, keys: KeyServer) -> None:
        self.elapsed = 0.0
        self.store = open_store(f"sqlite:///{folder / 'store.sqlite3'}")
        self.authenticator = Authenticator(
            [TrustedClient("Example EHR", ISSUER, jku=keys.url)],
            replay=self.store.replay,
            documents=Documents(),
            clock=lambda: self.elapsed,
        )

    def says(self, kid: str, name: str) -> Refusal | None:
        """What a token with that ``kid``, signed by the key of that name, is refused for."""
        text = signed(header(kid=kid), claims(time.time()), private_key("ES384", name))
        try:
            self.authenticator(f"Bearer {text}", ENDPOINT)
        except NotAuthenticated as refused:
            return refused.reason
        return None


def test_auth_15_keys_are_rotated_kept_and_withdrawn(tmp_path: Path, keys: KeyServer) -> None:
    rotation = Rotation(tmp_path, keys)
    old, new = jwk(private_key("ES384", "old"), "old"), jwk(private_key("ES384", "new"), "new")
    keys.document = key_set(old)
    assert rotation.says("old", "old") is None
    keys.document = key_set(old, new)
    assert rotation.says("new", "new") is Refusal.UNKNOWN_KEY
    rotation.elapsed += 60
    assert rotation.says("new", "new") is None
    keys.document = key_set(new)
    rotation.elapsed += 300
    assert rotation.says("old", "old") is Refusal.UNKNOWN_KEY
    assert rotation.says("new", "new") is None
    keys.document = key_set(jwk(private_key("ES384", "changed"), "new"))
    rotation.elapsed += 300
    assert rotation.says("new", "new") is Refusal.SIGNATURE
    assert rotation.says("new", "changed") is None
    asked = len(keys.asked)
    rotation.elapsed += 60
    for number in range(60):
        assert rotation.says(f"nobody-{number}", "new") is Refusal.UNKNOWN_KEY
    assert len(keys.asked) == asked + 1
    rotation.store.close()


@pytest.mark.parametrize("mode", ["hang before", "slow drip", "redirect 302", "html", "junk keys", "500"])
def test_auth_15_the_last_good_keys_serve_while_the_server_fails(tmp_path: Path, keys: KeyServer, mode: str) -> None:
    rotation = Rotation(tmp_path, keys)
    keys.document = key_set(jwk(private_key("ES384", "old"), "old"))
    assert rotation.says("old", "old") is None
    keys.mode = mode
    rotation.elapsed += 3600
    assert rotation.says("old", "old") is None
    rotation.elapsed += 3600
    start = time.monotonic()
    assert rotation.says("old", "old") is None
    assert time.monotonic() - start < 1
    assert rotation.says("nobody", "old") is Refusal.UNKNOWN_KEY
    rotation.elapsed += 80_000
    assert rotation.says("old", "old") is Refusal.NO_KEYS
    rotation.store.close()


def test_auth_13_of_24_copies_at_once_one_is_let_in(service: Service) -> None:
    assert service.call(token()).status_code == 200  # the keys are there
    text = token()
    statuses: list[int] = []
    ready = threading.Barrier(24)

    def copy() -> None:
        ready.wait(10)
        statuses.append(service.call(text).status_code)

    threads = [threading.Thread(target=copy) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [200] + [401] * 23


def test_auth_13_without_the_store_a_good_token_is_503_and_a_bad_one_401(tmp_path: Path, keys: KeyServer) -> None:
    class Down:
        def claim(self, issuer: str, jti: str, expires_at: int) -> bool:
            raise StoreUnavailable(f"{len(issuer)}{len(jti)}{expires_at}")

    settings = Settings(
        mode="production",
        base_url=BASE,
        trusted_clients=(TrustedClient("Example EHR", ISSUER, jku=keys.url),),
        state_dir=tmp_path,
    )
    app = create_app(settings, answer=FakePipeline(), replay=Down())
    service = Service(app, FakePipeline())
    assert service.call(token()).status_code == 503
    assert is_refused(service.call(token(aud="x")))
    app.extensions["recurrence-cds-fhir-client"].close()


def test_the_caller_decides_which_fhir_servers_may_be_asked(
    tmp_path: Path, keys: KeyServer, other_keys: KeyServer
) -> None:
    with faulty_fhir_server() as fhir:
        fhir.resources = {"Patient": [{"resourceType": "Patient", "id": "p1"}], "Condition": []}
        members = {"fhir_servers": (f"{fhir.base}/",)}
        with production(tmp_path, keys, other_keys, members=members) as service:
            body = patient_view(fhirServer=fhir.base, prefetch={})
            assert service.call(other_token(), body=body).status_code == 403
            assert fhir.asked == []
            assert service.call(token(), body={**body, "fhirServer": "http://127.0.0.1:1/fhir"}).status_code == 403
            assert service.call(token(), body={**body, "fhirServer": f"{fhir.base}evil"}).status_code == 403
            assert fhir.asked == []
            assert service.call(token(), body=body).status_code == 200
            assert fhir.asked


def test_the_caller_decides_the_profile_and_what_is_recommended(
    tmp_path: Path, keys: KeyServer, other_keys: KeyServer
) -> None:
    with production(tmp_path, keys, other_keys, members={"profile": "epic", "recommend": True}) as service:
        assert service.call(token()).status_code == 200
        first = service.pipeline.site
        assert service.call(other_token()).status_code == 200
        second = service.pipeline.site
    assert first is not None
    assert (first.profile, first.recommend, first.base_url) == ("epic", True, BASE)
    assert second == replace(first, profile="standard", recommend=False)


@contextlib.contextmanager
def in_processes(folder: Path, keys: KeyServer) -> Iterator[Served]:
    """``recurrence-cds serve`` in production mode with two workers."""
    clients = folder / "clients.toml"
    clients.write_text(f'[[client]]\nname = "Example EHR"\nissuer = "{ISSUER}"\njku = "{keys.url}"\n', "utf-8")
    with served(
        folder,
        "--port",
        "0",
        "--workers",
        "2",
        MODE="production",
        BASE_URL=BASE,
        TRUSTED_CLIENTS=str(clients),
        ALLOW_INSECURE_LOOPBACK="1",
    ) as running:
        yield running


def test_auth_13_a_token_is_used_once_over_workers_and_across_a_crash(tmp_path: Path, keys: KeyServer) -> None:
    body = msgspec.json.encode(patient_view(context={"userId": "Patient/p1", "patientId": "p1"}))
    text = token()

    def ask(session: requests.Session, root: str, authorization: str) -> int:
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        return session.post(f"{root}{PATIENT_VIEW}", data=body, headers=headers, timeout=10).status_code

    with in_processes(tmp_path, keys) as running:
        statuses: list[int] = []

        def copy() -> None:
            with requests.Session() as session:
                statuses.append(ask(session, running.url, f"Bearer {text}"))

        threads = [threading.Thread(target=copy) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(statuses) == [200] + [401] * 23
        for process in [running.process.pid, *running.workers()]:
            os.kill(process, signal.SIGKILL)
        running.process.wait(SECONDS_TO_START)
    with in_processes(tmp_path, keys) as again, requests.Session() as session:
        assert ask(session, again.url, f"Bearer {text}") == 401
        for huge in ("a" * 9000, "a" * 2_000_000):
            start = time.monotonic()
            try:
                assert ask(session, again.url, f"Bearer {huge}") in {400, 401, 431}
            except requests.ConnectionError:  # the server hung up on a header that it does not read to its end
                session.close()
            assert time.monotonic() - start < 1
        assert ask(session, again.url, f"Bearer {token()}") == 200
