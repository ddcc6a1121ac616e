"""The SMART app's routes where no network is needed: when they exist, who gets the link, what a fault looks like."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cds_service import hooks, web, web_smart
from cds_service.admission import Admission
from cds_service.app import create_app
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.ehr.addresses import Base, parse_base
from cds_service.ehr.authorization import AuthorizationServers, Reply
from cds_service.errors import Hitch, PreconditionFailed, SettingsError, StoreUnavailable
from cds_service.protocol.response import Answer
from cds_service.settings import Settings
from cds_service.site import Site
from cds_service.smart.registry import Client, Registry
from fhir_mappings.record import Record
from tests.token_builders import ISSUER, good, jwk, key_set, private_key

BASE = "https://cds.example.org/base"
HOST = "https://cds.example.org"
ISS = "https://ehr.example.org/fhir"
SERVICE = "cervical-recurrence-patient-view"
CALL = {
    "hook": "patient-view",
    "hookInstance": "i",
    "context": {"userId": "Practitioner/1", "patientId": "p1"},
    "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}, "conditions": None},
}


@contextmanager
def made(folder: Path, answer: Any = None, **settings: Any) -> Iterator[FlaskClient]:
    steps = {"answer": answer} if answer is not None else {}
    app = create_app(Settings(state_dir=folder, **settings), **steps)
    try:
        yield app.test_client()
    finally:
        app.extensions["recurrence-cds-fhir-client"].close()


class Sites:
    """An answer that remembers what the cards may know of the site."""

    def __init__(self) -> None:
        self.launches: list[str] = []

    def __call__(self, *_: Any, site: Site, **__: Any) -> Answer:
        self.launches.append(site.smart_launch)
        return Answer()


def test_every_hitch_has_a_status() -> None:
    assert set(Hitch) == web_smart.STATUSES.keys()


def test_the_scopes_follow_the_prefetch() -> None:
    types = web_smart.resource_types(hooks.SERVICES[0])
    assert {"Patient", "Condition", "Observation", "Medication"} <= set(types)
    assert len(types) == len(hooks.SERVICES[0].prefetch) + 1


def test_without_a_client_id_there_is_neither_route_nor_link(tmp_path: Path) -> None:
    sites = Sites()
    with made(tmp_path, sites) as browser:
        for path in ("/launch", "/smart/callback", "/smart/view/x", "/smart/static/reasons.css"):
            assert browser.get(path).status_code == 404
        assert browser.post(f"/cds-services/{SERVICE}", json=CALL).status_code == 200
    assert sites.launches == [""]


def test_in_the_sandbox_the_setting_is_enough(tmp_path: Path) -> None:
    sites = Sites()
    with made(tmp_path, sites, smart_client_id="ours", base_url=BASE) as browser:
        assert browser.get("/launch").status_code == 400
        assert browser.post(f"/cds-services/{SERVICE}", json=CALL).status_code == 200
    assert sites.launches == [f"{BASE}/launch"]


@pytest.mark.parametrize(
    ("own", "everywhere", "servers", "linked"),
    [
        ("at-this-ehr", None, (ISS,), True),
        (None, "ours", (ISS,), True),
        (None, None, (ISS,), False),
        ("at-this-ehr", None, (), False),
    ],
)
def test_in_production_a_client_gets_the_link_where_the_app_is_registered(
    tmp_path: Path, own: str | None, everywhere: str | None, servers: tuple[str, ...], linked: bool
) -> None:
    (tmp_path / "keys.json").write_bytes(key_set(jwk(private_key("ES384"))))
    keys = tmp_path / "keys.json"
    clients = (
        TrustedClient("EHR", ISSUER, jwks_file=keys, fhir_servers=servers, smart_client_id=own),
        TrustedClient("Other", "https://other.example.org/", jwks_file=keys, fhir_servers=("https://o.example.org/",)),
    )
    sites = Sites()
    chosen = {"mode": "production", "base_url": BASE, "trusted_clients": clients, "smart_client_id": everywhere}
    with made(tmp_path, sites, **chosen) as browser:
        for issuer in (ISSUER, "https://other.example.org/"):
            token = good(now=time.time(), iss=issuer, aud=f"{BASE}/cds-services/{SERVICE}")
            sent = {"Authorization": f"Bearer {token}"}
            assert browser.post(f"/cds-services/{SERVICE}", json=CALL, headers=sent).status_code == 200
    url = f"{BASE}/launch"
    assert sites.launches == [url if linked else "", url if everywhere else ""]


def test_a_secret_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(key_set(jwk(private_key("ES384"))))
    client = TrustedClient(
        "EHR",
        ISSUER,
        jwks_file=tmp_path / "keys.json",
        fhir_servers=(ISS,),
        smart_client_id="ours",
        smart_client_secret_file=tmp_path / "gone",
    )
    chosen = {"mode": "production", "base_url": BASE, "trusted_clients": (client,)}
    with pytest.raises(SettingsError, match="smart_client_secret_file of EHR cannot be read"), made(tmp_path, **chosen):
        pass


class Servers(AuthorizationServers):
    """An authorization server that grants whatever is asked."""

    def configuration(self, server: Base) -> Reply:
        assert server == parse_base(ISS)
        endpoints = {f"{name}_endpoint": f"https://login.example.org/{name}" for name in ("authorization", "token")}
        return Reply(200, json.dumps(endpoints).encode())

    def token(self, url: str, form: Mapping[str, str], *, server: Base, client: tuple[str, str] | None = None) -> Reply:
        assert (url, server, client) == ("https://login.example.org/token", parse_base(ISS), None)
        assert form["redirect_uri"] == f"{BASE}/smart/callback"
        return Reply(200, b'{"access_token": "t", "token_type": "Bearer", "patient": "p1"}')


class Sessions:
    """A store that works, or does not."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.kept: dict[str, str] = {}

    def put(self, name: str, sealed: str, ends: float) -> None:
        assert ends > 0
        if self.fails:
            raise StoreUnavailable("The store cannot be used at the moment")
        self.kept[name] = sealed

    def get(self, name: str) -> str | None:
        return self.kept.get(name)


@dataclass(frozen=True)
class Launched:
    """A browser at the end of a launch, and what the launch ended with."""

    browser: FlaskClient
    back: TestResponse

    @property
    def view(self) -> str:
        """Path of the page; empty for none."""
        return self.back.headers.get("Location", "").removeprefix(BASE)

    def read(self) -> TestResponse:
        return self.browser.get(self.view, base_url=HOST)


def launched(
    error: Exception | None = None, *, sessions: Sessions | None = None, clock: Callable[[], float] = time.time
) -> Launched:
    """A launch over a store and a record of the test's choice."""

    def gather(*_: object) -> Record:
        raise error or AssertionError

    app = Flask("cds_service", static_folder=None)
    parts = web_smart.App(
        registry=Registry({parse_base(ISS): Client("ours")}),
        servers=Servers(),
        sessions=sessions or Sessions(),
        gather=gather,
        explained=lambda _: None,
        service=hooks.SERVICES[0],
        today=lambda: dt.date(2026, 11, 24),
        site=Site(base_url=BASE),
        admission=Admission(),
        clock=clock,
    )
    app.register_blueprint(web_smart.blueprint(parts))
    edge = web.Edge((), gather, lambda: None, parts.today, parts.site, 1000)
    app.register_blueprint(web.blueprint(edge))
    browser = app.test_client()
    begun = browser.get(f"/launch?iss={ISS}&launch=x", base_url=HOST)
    state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    return Launched(browser, browser.get(f"/smart/callback?code=c&state={state}", base_url=HOST))


def test_a_store_that_is_down_opens_nothing_and_says_so() -> None:
    ended = launched(sessions=Sessions(fails=True))
    assert (ended.back.status_code, ended.view) == (503, "")
    assert "The store cannot be used at the moment" in ended.back.get_data(as_text=True)
    assert "view-" not in str(ended.back.headers)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (PreconditionFailed([("conditions", "it timed out")]), 412, "The diagnoses could not be read: it timed out."),
        (ValueError("sentinel of a record"), 500, "The service failed on this request."),
    ],
)
def test_a_fault_is_a_page_that_says_nothing_of_the_record(error: Exception, status: int, words: str) -> None:
    answer = launched(error).read()
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert words in page
    assert "sentinel" not in page
    assert answer.headers["Content-Security-Policy"] == web_smart.CONTENT_SECURITY_POLICY


def test_behind_a_path_of_the_proxy_pages_find_their_style() -> None:
    page = launched(PreconditionFailed([])).read().get_data(as_text=True)
    assert 'href="/base/smart/static/workbench.css"' in page
    assert 'href="/base/guideline"' in page


@pytest.mark.parametrize(("seconds", "status"), [(599, 412), (600, 410)])
def test_a_page_ends_after_ten_minutes(seconds: int, status: int) -> None:
    now = [1_795_536_000.0]
    opened = launched(PreconditionFailed([]), clock=lambda: now[0])
    now[0] += seconds
    assert opened.read().status_code == status


def test_the_cookie_of_a_launch_goes_with_its_answer_and_that_of_the_page_is_bound_to_the_host() -> None:
    gone, given = sorted(launched().back.headers.getlist("Set-Cookie"))
    assert gone.startswith("__Host-recurrence-cds-launch-")
    assert "Max-Age=0" in gone
    assert given.startswith("__Host-recurrence-cds-view-")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"):
        assert attribute in given
