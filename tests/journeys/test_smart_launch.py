"""From a card's link through a SMART App Launch 2 to the page with the reasons: real sockets, two workers.

The service runs in production mode as ``recurrence-cds serve``; the browser keeps cookies and nothing else.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from cds_service.app import create_app
from cds_service.demo.sample_patients import load_patients, record_of
from cds_service.settings import Settings
from tests.journeys.authorization_server import ACCESS_TOKEN, CLIENT_ID, AuthorizationServer, authorization_server
from tests.journeys.served import served
from tests.token_builders import ISSUER, good, jwk, key_set, private_key

SAMPLE = load_patients()[0]
PATIENT_ID = "sentinel-patient-81c4"
FAMILY_NAME = "Testpatient-Alder"
SERVICE = "cervical-recurrence-patient-view"
HOOK_INSTANCE = "0a4d8c5e-3b1f-4f7c-9a57-1f0f1b7f2d11"
SECRET = "sentinel-client-secret-77"


def record() -> dict[str, Any]:
    """The first sample patient under an id that is part of no other id."""
    text = json.dumps(record_of(SAMPLE)).replace(f'"Patient/{SAMPLE.id}"', f'"Patient/{PATIENT_ID}"')
    bundle: dict[str, Any] = json.loads(text)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"]["id"] = PATIENT_ID
    return bundle


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@dataclass
class Browser:
    """Follows redirects one by one, keeps cookies, remembers every address it was at."""

    session: requests.Session = field(default_factory=requests.Session)
    addresses: list[str] = field(default_factory=list)

    def open(self, url: str, *, until: str = "") -> requests.Response:
        """The answer at the end of the redirects, or the first one that leads to a path that begins with ``until``."""
        for _ in range(6):
            self.addresses.append(url)
            answer = self.session.get(url, allow_redirects=False, timeout=20)
            location = answer.headers.get("Location")
            if location is None or (until and urlsplit(location).path.startswith(until)):
                return answer
            url = location
        raise AssertionError("a circle of redirects")

    @property
    def cookies(self) -> list[Cookie]:
        return list(CookieJar.__iter__(self.session.cookies))


@dataclass
class Place:
    """The EHR and the service, both running."""

    ehr: AuthorizationServer
    url: str
    folder: Path
    log: Path

    def launch_url(self, app_context: str | None = None) -> str:
        """A card's link as the EHR completes it."""
        return f"{self.url}/launch?iss={self.ehr.iss}&launch={self.ehr.opens(app_context)}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("smart")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with authorization_server(record(), patient_id=PATIENT_ID, redirect_uri=f"{url}/smart/callback") as ehr:
        (folder / "keys.json").write_bytes(key_set(jwk(private_key("ES384"))))
        (folder / "clients.toml").write_text(
            "\n".join(
                [
                    "[[client]]",
                    'name = "Example EHR"',
                    f'issuer = "{ISSUER}"',
                    'jwks_file = "keys.json"',
                    f'fhir_servers = ["{ehr.iss}"]',
                    f'smart_client_id = "{CLIENT_ID}"',
                ]
            ),
            "utf-8",
        )
        log = folder / "log"
        settings = {
            "MODE": "production",
            "BASE_URL": url,
            "ALLOW_INSECURE_LOOPBACK": "1",
            "TRUSTED_CLIENTS": str(folder / "clients.toml"),
            "LOG_LEVEL": "DEBUG",
        }
        with served(folder, "--port", str(port), "--workers", "2", log=log, **settings):
            yield Place(ehr, url, folder, log)


@pytest.fixture(autouse=True)
def fresh(place: Place) -> None:
    """The EHR as it was, with nothing asked yet."""
    place.ehr.answers, place.ehr.configuration, place.ehr.denies = {}, {}, ""
    place.ehr.well_known_status, place.ehr.token_status = 200, 0
    place.ehr.asked.clear()
    place.ehr.refusals.clear()


def cards(place: Place) -> list[dict[str, Any]]:
    """Of a hook call by the EHR, with a token for the record."""
    url = f"{place.url}/cds-services/{SERVICE}"
    body = {
        "hook": "patient-view",
        "hookInstance": HOOK_INSTANCE,
        "fhirServer": place.ehr.iss,
        "fhirAuthorization": {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds",
        },
        "context": {"userId": "Practitioner/1", "patientId": PATIENT_ID},
    }
    token = good(now=time.time(), aud=url)
    answer = requests.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=20)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


def refused(answer: requests.Response, status: int, words: str) -> bool:
    """A page that says why, and nothing that came from outside."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert words in answer.text
    assert "sentinel" not in answer.text
    assert "<script" not in answer.text
    return True


def test_a_cards_link_opens_the_reasons_of_that_very_call(place: Place) -> None:
    shown = cards(place)
    links = [link for card in shown for link in card["links"] if link["type"] == "smart"]
    assert len(links) == len(shown)
    assert {link["url"] for link in links} == {f"{place.url}/launch"}
    assert json.loads(links[0]["appContext"]) == {"hook": "patient-view", "hookInstance": HOOK_INSTANCE}
    browser = Browser()
    page = browser.open(place.launch_url(links[0]["appContext"]))
    assert page.status_code == 200
    for part in ("The record over time", "The guideline&#39;s way", "Features and their records"):
        assert part.replace("&#39;", "'") in page.text
    for card in shown:
        assert f'data-card="{card["uuid"]}"' in page.text
    assert f"Demo {FAMILY_NAME}, born 1971-03-08" in page.text
    assert "Pelvic exenteration" in page.text
    for control in ("<script", "<form", "<button", "<input", "javascript:", "style="):
        assert control not in page.text


def test_the_app_asks_for_reading_alone_and_the_server_verifies_pkce(place: Place) -> None:
    assert Browser().open(place.launch_url()).status_code == 200
    ((_, _, asked),) = [one for one in place.ehr.asked if one[1] == "/auth/authorize"]
    kinds = {"Patient", "Condition", "Procedure", "MedicationStatement", "MedicationRequest", "Medication"}
    kinds |= {"MedicationAdministration", "Observation", "DiagnosticReport", "ServiceRequest", "AllergyIntolerance"}
    assert set(asked["scope"].split()) == {"launch", *(f"patient/{kind}.rs" for kind in kinds)}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) == 43
    ((_, _, exchanged),) = [one for one in place.ehr.asked if one[1] == "/auth/token"]
    assert exchanged.keys() == {"grant_type", "code", "redirect_uri", "code_verifier", "client_id"}
    assert exchanged["code_verifier"] not in (asked["code_challenge"], asked["state"])
    assert place.ehr.refusals == []


def test_a_server_of_smart_1_is_asked_in_its_own_words(place: Place, tmp_path: Path) -> None:
    """The configuration of the running service is fresh for minutes; another one asks anew."""
    place.ehr.configuration = {"capabilities": ["launch-ehr"], "scopes_supported": ["launch", "patient/*.read"]}
    with sandbox(tmp_path, place) as browser:
        answer = browser.get(f"/launch?iss={place.ehr.iss}&launch={place.ehr.opens()}")
        scope = parse_qs(urlsplit(answer.headers["Location"]).query)["scope"][0]
    assert "patient/Condition.read" in scope.split()
    assert ".rs" not in scope


def test_a_launch_may_begin_here(place: Place) -> None:
    page = Browser().open(f"{place.url}/launch?iss={place.ehr.iss}")
    assert page.status_code == 200
    ((_, _, asked),) = [one for one in place.ehr.asked if one[1] == "/auth/authorize"]
    assert "launch/patient" in asked["scope"].split()
    assert "launch" not in asked


def test_a_launch_without_a_server_begins_at_the_one_of_the_settings(place: Place, tmp_path: Path) -> None:
    with sandbox(tmp_path, place, smart_issuers=(place.ehr.iss,)) as browser:
        answer = browser.get("/launch")
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.status_code == 303
    assert query["aud"] == [place.ehr.iss]


def test_of_several_servers_of_the_settings_the_user_chooses(place: Place, tmp_path: Path) -> None:
    other = "https://other.example.org/r4"
    with sandbox(tmp_path, place, smart_issuers=(place.ehr.iss, other)) as browser:
        page = browser.get("/launch").get_data(as_text=True)
    assert "/launch?iss=https%3A//other.example.org/r4" in page
    assert place.ehr.asked == []


def test_an_order_hooks_card_says_that_the_drafts_stayed_behind(place: Place) -> None:
    context = json.dumps({"hook": "order-sign", "hookInstance": "x"})
    page = Browser().open(place.launch_url(context))
    assert "Opened from a card of the hook order-sign" in page.text


@pytest.mark.parametrize(
    "context",
    ["not JSON", "[]", '{"hook": "<script>", "hookInstance": "x"}', '{"hook": "order-sign"}', "x" * 5000],
)
def test_a_context_that_is_none_of_ours_counts_as_none(place: Place, context: str) -> None:
    page = Browser().open(place.launch_url(context))
    assert page.status_code == 200
    assert "Opened from a card" not in page.text
    assert "<script" not in page.text


def test_the_page_can_be_read_again_and_two_patients_never_meet(place: Place) -> None:
    browser = Browser()
    browser.open(place.launch_url())
    first = browser.addresses[-1]
    assert urlsplit(first).path.startswith("/smart/view/")
    place.ehr.answers = {"patient": "another-patient"}
    other = browser.open(place.launch_url())
    assert refused(other, 412, "The patient data could not be read")
    again = browser.open(first)
    assert again.status_code == 200
    assert FAMILY_NAME in again.text


def test_the_banner_is_left_to_the_ehr_where_it_has_one(place: Place) -> None:
    place.ehr.answers = {"need_patient_banner": False}
    page = Browser().open(place.launch_url())
    assert page.status_code == 200
    assert FAMILY_NAME not in page.text


@pytest.mark.parametrize(
    "iss",
    [
        "{decoy}/fhir",
        "{own}/fhir/below",
        "{own}",
        "{own}@{decoy}/fhir",
        "http://localhost:{port}/fhir",
        "https://ehr.example.org/fhir",
        "file:///etc/passwd",
        "",
        "{own}/fhir?x=1",
    ],
)
def test_a_foreign_server_is_refused_without_any_request(place: Place, iss: str) -> None:
    with authorization_server(record(), patient_id="x", redirect_uri="http://127.0.0.1/") as decoy:
        port = urlsplit(place.ehr.url).port
        named = iss.format(decoy=decoy.url, own=place.ehr.url, port=port)
        answer = requests.get(
            f"{place.url}/launch", params={"iss": named, "launch": "x"}, allow_redirects=False, timeout=20
        )
        assert refused(answer, 403, "not registered")
        assert "Set-Cookie" not in answer.headers
        assert decoy.asked == []
    assert place.ehr.asked == []


@pytest.mark.parametrize("query", ["", "launch=x", "iss={iss}&iss={iss}", "iss={iss}&launch=a%0Ab"])
def test_an_address_that_is_no_launch_is_refused_without_any_request(place: Place, query: str) -> None:
    answer = requests.get(f"{place.url}/launch?{query.format(iss=place.ehr.iss)}", timeout=20)
    assert answer.status_code == 400
    assert place.ehr.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_it(place: Place, method: str) -> None:
    for path in ("/launch", "/smart/callback", "/smart/view/x"):
        assert requests.request(method, place.url + path, timeout=20).status_code == 405


def at_callback(place: Place, browser: Browser) -> str:
    """The address that the authorization server sends the browser back to."""
    answer = browser.open(place.launch_url(), until="/smart/callback")
    return answer.headers["Location"]


def test_a_wrong_state_is_refused_and_the_code_stays_unused(place: Place) -> None:
    browser = Browser()
    back = at_callback(place, browser)
    state = parse_qs(urlsplit(back).query)["state"][0]
    for wrong in (state[:-1] + ("A" if state[-1] != "A" else "B"), "A" * 43, "", state.upper()):
        assert refused(browser.open(back.replace(state, wrong)), 400, "was not begun in this browser")
    assert "/auth/token" not in place.ehr.paths()
    assert browser.open(back).status_code == 200


def test_another_browser_cannot_take_over_a_launch(place: Place) -> None:
    back = at_callback(place, Browser())
    stranger = Browser()
    at_callback(place, stranger)
    assert refused(stranger.open(back), 400, "was not begun in this browser")
    assert "/auth/token" not in place.ehr.paths()


def test_an_altered_cookie_is_no_cookie(place: Place) -> None:
    browser = Browser()
    back = at_callback(place, browser)
    (cookie,) = browser.cookies
    secret, ends, iss = str(cookie.value).split(".", 2)
    for wrong in (
        f"{secret}.{int(ends) + 600}.{iss}",
        f"{secret}.{ends}.{iss}x",
        f"x{secret}.{ends}.{iss}",
        "",
        "a.b.c",
    ):
        cookie.value = wrong
        browser.session.cookies.set_cookie(cookie)
        assert refused(browser.open(back), 400, "was not begun in this browser")
    assert "/auth/token" not in place.ehr.paths()


def test_a_code_is_used_once(place: Place) -> None:
    browser = Browser()
    back = at_callback(place, browser)
    (cookie,) = browser.cookies
    assert browser.open(back).status_code == 200
    assert refused(browser.open(back), 400, "was not begun in this browser")
    browser.session.cookies.set_cookie(cookie)
    assert refused(browser.open(back), 403, "did not take the code")
    assert place.ehr.refusals[0] == "code"


def test_a_code_of_another_launch_does_not_fit_its_verifier(place: Place) -> None:
    browser = Browser()
    first, second = at_callback(place, browser), at_callback(place, browser)
    stolen = parse_qs(urlsplit(second).query)["code"][0]
    own = parse_qs(urlsplit(first).query)["code"][0]
    assert refused(browser.open(first.replace(own, stolen)), 403, "did not take the code")
    assert place.ehr.refusals == ["verifier"]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [("access_denied", 403, "did not allow it"), ("server_error", 502, "ended the launch"), ("<b>", 502, "ended")],
)
def test_what_the_authorization_server_refuses_is_said_in_our_words(
    place: Place, error: str, status: int, words: str
) -> None:
    place.ehr.denies = error
    browser = Browser()
    assert refused(browser.open(place.launch_url()), status, words)
    assert "/auth/token" not in place.ehr.paths()
    assert browser.cookies == []


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"access_token": None}, "no access token"),
        ({"access_token": "two lines\r\n"}, "no access token"),
        ({"token_type": "mac"}, "no access token"),
        ({"patient": None}, "No patient was chosen"),
        ({"patient": "../Patient"}, "No patient was chosen"),
    ],
)
def test_a_token_answer_that_cannot_be_used_opens_nothing(place: Place, answers: dict[str, Any], words: str) -> None:
    place.ehr.answers = answers
    page = Browser().open(place.launch_url())
    assert page.status_code in (400, 502)
    assert words in page.text
    assert not any(path.startswith("/fhir/Patient") for path in place.ehr.paths())


@pytest.mark.parametrize(("status", "expected"), [(500, 502), (302, 502), (401, 403)])
def test_a_token_endpoint_that_fails_opens_nothing(place: Place, status: int, expected: int) -> None:
    place.ehr.token_status = status
    assert Browser().open(place.launch_url()).status_code == expected


def test_an_answer_of_another_authorization_server_is_refused(place: Place) -> None:
    browser = Browser()
    back = at_callback(place, browser)
    own = parse_qs(urlsplit(back).query)["iss"][0]
    elsewhere = back.replace(quote(own, safe=""), "https%3A%2F%2Fevil.example.org")
    assert elsewhere != back
    assert refused(browser.open(elsewhere), 400, "another authorization server")
    assert "/auth/token" not in place.ehr.paths()


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE with S256"),
        ({"token_endpoint": None}, "missing or unsafe"),
        ({"token_endpoint": "http://elsewhere.example.org/token"}, "missing or unsafe"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "missing or unsafe"),
    ],
)
def test_a_configuration_that_cannot_be_trusted_ends_the_launch(
    place: Place, tmp_path: Path, configuration: dict[str, Any], words: str
) -> None:
    place.ehr.configuration = configuration
    with sandbox(tmp_path, place) as browser:
        answer = browser.get(f"/launch?iss={place.ehr.iss}&launch=x")
    assert answer.status_code == 502
    assert words in answer.get_data(as_text=True)


def test_a_server_without_configuration_is_not_asked_again_at_once(place: Place, tmp_path: Path) -> None:
    place.ehr.well_known_status = 404
    with sandbox(tmp_path, place) as browser:
        answers = [browser.get(f"/launch?iss={place.ehr.iss}&launch=x").status_code for _ in range(5)]
    assert answers == [502] * 5
    assert len(place.ehr.asked) == 1


def test_a_confidential_client_shows_its_secret_to_the_token_endpoint_alone(place: Place, tmp_path: Path) -> None:
    place.ehr.secret = SECRET
    try:
        with sandbox(tmp_path, place, smart_client_secret_file=SECRET) as browser:
            begun = browser.get(f"/launch?iss={place.ehr.iss}&launch={place.ehr.opens()}")
            back = requests.get(begun.headers["Location"], allow_redirects=False, timeout=20).headers["Location"]
            opened = browser.get(f"/smart/callback?{urlsplit(back).query}")
        assert opened.status_code == 303
        assert SECRET not in begun.headers["Location"]
        assert place.ehr.refusals == []
    finally:
        place.ehr.secret = None


def test_a_page_ends_with_its_token(place: Place) -> None:
    place.ehr.answers = {"expires_in": 1}
    browser = Browser()
    opened = browser.open(place.launch_url(), until="/smart/view/")
    view = opened.headers["Location"]
    (cookie,) = [cookie for cookie in browser.cookies if "-view-" in cookie.name]
    assert cookie.expires is not None
    deadline = time.monotonic() + 5
    answer = requests.get(view, cookies={cookie.name: str(cookie.value)}, timeout=20)
    while answer.status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
        answer = requests.get(view, cookies={cookie.name: str(cookie.value)}, timeout=20)
    assert refused(answer, 410, "has ended")


def test_a_page_is_for_the_browser_of_its_launch_alone(place: Place) -> None:
    browser = Browser()
    browser.open(place.launch_url())
    view = browser.addresses[-1]
    asked = len(place.ehr.asked)
    assert refused(Browser().open(view), 410, "has ended")
    name = f"recurrence-cds-view-{view.rpartition('/')[2]}"
    for value in ("", "x", "A" * 43, "\u00e9"):
        answer = requests.get(view, headers={"Cookie": f"{name}={value}".encode()}, timeout=20)
        assert refused(answer, 410, "has ended")
    assert len(place.ehr.asked) == asked


def test_cookies_and_headers_give_nothing_away(place: Place) -> None:
    browser = Browser()
    answer = browser.open(place.launch_url(), until="/auth/")
    given = answer.headers["Set-Cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    page = browser.open(answer.headers["Location"])
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert "Access-Control-Allow-Origin" not in page.headers
    for link in re.findall(r'(?:href|src)="([^"#]+)"', page.text):
        assert link.startswith(("/", place.url)), link
    styles = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
    assert len(styles) == 2
    assert all(requests.get(place.url + style, timeout=20).status_code == 200 for style in styles)


def test_over_https_cookies_are_bound_to_this_host(place: Place, tmp_path: Path) -> None:
    with sandbox(tmp_path, place, base_url="https://cds.example.org") as browser:
        answer = browser.get(f"/launch?iss={place.ehr.iss}&launch=x")
    given = answer.headers["Set-Cookie"]
    assert given.startswith("__Host-recurrence-cds-launch-")
    assert "Secure" in given
    assert "Path=/" in given
    assert "Domain" not in given


def test_no_token_and_no_patient_leave_their_places(place: Place) -> None:
    """Addresses, cookies, page, log, and the files of the state folder: only the audit file names the patient."""
    browser = Browser()
    page = browser.open(place.launch_url(json.dumps({"hook": "patient-view", "hookInstance": HOOK_INSTANCE})))
    browser.open(place.launch_url()[:-3] + "xyz")
    kept = [f"{cookie.name}={cookie.value}" for cookie in browser.cookies]
    told = [*browser.addresses, *kept, page.text, str(page.headers), place.log.read_text("utf-8")]
    for text in told:
        assert ACCESS_TOKEN not in text
        assert PATIENT_ID not in text
    for text in (*browser.addresses, *kept, place.log.read_text("utf-8")):
        assert FAMILY_NAME not in text
    secrets = [
        values[name]
        for _, _, values in place.ehr.asked
        for name in ("code", "code_verifier", "launch", "state")
        if name in values
    ]
    secrets += [str(cookie.value) for cookie in browser.cookies]
    assert secrets
    assert not any(secret in place.log.read_text("utf-8") for secret in secrets)
    files = [file for file in place.folder.rglob("*") if file.is_file() and file.name != "clients.toml"]
    audited = [file for file in files if file.suffix == ".jsonl"]
    assert any(file.suffix == ".sqlite3" for file in files)
    for file in files:
        content = file.read_bytes()
        assert ACCESS_TOKEN.encode() not in content, file
        assert (PATIENT_ID.encode() not in content) or file in audited, file


def test_reading_the_record_is_audited(place: Place) -> None:
    instance = "9d7c1a52-audited"
    Browser().open(place.launch_url(json.dumps({"hook": "order-select", "hookInstance": instance})))
    deadline = time.monotonic() + 10
    found: list[dict[str, Any]] = []
    while not found and time.monotonic() < deadline:
        lines = (place.folder / "audit" / "audit.jsonl").read_text("utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        found = [event for event in events if f'"{instance}"' in json.dumps(event)]
        time.sleep(0.1)
    (answered,) = found
    details = {each["type"].rpartition(".")[2]: each["valueString"] for each in answered["entity"][-1]["detail"]}
    assert details["kind"] == "app"
    assert details["scope"]
    request = answered["entity"][0]["what"]["identifier"]["value"]
    same = [event for event in events if event["entity"][0]["what"]["identifier"]["value"] == request]
    asked = [path for path in place.ehr.paths() if path.startswith("/fhir/") and "well-known" not in path]
    assert len(same) == len(asked) + 1
    assert all(
        {"reference": f"Patient/{PATIENT_ID}"} in [each.get("what") for each in event["entity"]] for event in same
    )


class sandbox:  # noqa: N801 - used as a context
    """The app in this process, in sandbox mode, where any server of this machine may launch it."""

    def __init__(self, folder: Path, place: Place, **settings: Any) -> None:
        chosen = {"base_url": place.url, "smart_client_id": CLIENT_ID, "state_dir": folder, **settings}
        self.app = create_app(Settings(**chosen))

    def __enter__(self) -> Any:
        return self.app.test_client()

    def __exit__(self, *_: object) -> None:
        self.app.extensions["recurrence-cds-fhir-client"].close()
