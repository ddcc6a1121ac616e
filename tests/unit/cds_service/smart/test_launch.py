from __future__ import annotations

import base64
import contextlib
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import Hitch, LaunchFailed
from cds_service.smart.configuration import Configuration
from cds_service.smart.launch import SECONDS, Launch, authorization_url, resume, scopes

NOW = 1_795_536_000.0
ISS = "https://ehr.example.org/r4.b/"
CONFIGURATION = Configuration("https://login.example.org/authorize", "https://login.example.org/token", "", True)


def url(launch: Launch, configuration: Configuration = CONFIGURATION, handed: str | None = "h") -> dict[str, list[str]]:
    made = authorization_url(
        configuration,
        launch,
        client_id="ours",
        redirect_uri="https://cds.example.org/smart/callback",
        types=("Condition", "Patient"),
        handed=handed,
    )
    return parse_qs(urlsplit(made).query)


def test_each_launch_has_its_own_state_and_verifier_of_256_bits() -> None:
    launches = [Launch.begin(ISS, NOW) for _ in range(50)]
    values = {value for launch in launches for value in (launch.state, launch.verifier, launch.secret)}
    assert len(values) == 150
    assert {len(value) for value in values} == {43}


def test_the_challenge_is_s256_of_the_verifier() -> None:
    launch = Launch.begin(ISS, NOW)
    digest = hashlib.sha256(launch.verifier.encode()).digest()
    assert launch.challenge == base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_a_launch_resumes_from_its_cookie_and_state() -> None:
    launch = Launch.begin(ISS, NOW)
    assert resume(launch.cookie(), launch.state, NOW + SECONDS - 1) == launch


def test_a_launch_ends_after_ten_minutes() -> None:
    launch = Launch.begin(ISS, NOW)
    with pytest.raises(LaunchFailed) as caught:
        resume(launch.cookie(), launch.state, NOW + SECONDS)
    assert caught.value.hitch is Hitch.NOT_BEGUN_HERE


@given(st.text(max_size=80), st.text(max_size=50))
def test_no_other_cookie_or_state_resumes_it(cookie: str, state: str) -> None:
    launch = Launch.begin(ISS, NOW)
    for told, came in ((cookie, launch.state), (launch.cookie(), state), (cookie, state), (None, state)):
        with pytest.raises(LaunchFailed):
            resume(told, came, NOW)


@given(st.data())
def test_an_altered_cookie_does_not_fit_its_state(data: st.DataObject) -> None:
    launch = Launch.begin(ISS, NOW)
    cookie = launch.cookie()
    place = data.draw(st.integers(0, len(cookie) - 1))
    letter = data.draw(st.sampled_from("aZ09-_.%"))
    altered = cookie[:place] + letter + cookie[place + 1 :]
    resumed = None
    with contextlib.suppress(LaunchFailed):
        resumed = resume(altered, launch.state, NOW)
    assert resumed in (None, launch)  # %3a says the same as %3A


def test_the_browser_is_sent_with_what_smart_asks_for_and_no_more() -> None:
    launch = Launch.begin(ISS, NOW)
    assert url(launch) == {
        "response_type": ["code"],
        "client_id": ["ours"],
        "redirect_uri": ["https://cds.example.org/smart/callback"],
        "scope": ["launch patient/Condition.rs patient/Patient.rs"],
        "state": [launch.state],
        "aud": [ISS],
        "code_challenge": [launch.challenge],
        "code_challenge_method": ["S256"],
        "launch": ["h"],
    }


def test_a_launch_of_its_own_lets_the_user_choose_the_patient() -> None:
    asked = url(Launch.begin(ISS, NOW), handed=None)
    assert asked["scope"] == ["launch/patient patient/Condition.rs patient/Patient.rs"]
    assert "launch" not in asked


def test_an_endpoint_keeps_its_own_parameters() -> None:
    own = Configuration("https://login.example.org/authorize?tenant=7", "", "", True)
    assert url(Launch.begin(ISS, NOW), own)["tenant"] == ["7"]


def test_secret_and_verifier_stay_out_of_the_address() -> None:
    launch = Launch.begin(ISS, NOW)
    made = str(url(launch))
    assert launch.secret not in made
    assert launch.verifier not in made


def test_smart_1_spells_scopes_in_words() -> None:
    assert scopes(["Condition"], speaks_v2=False, within_ehr=True) == "launch patient/Condition.read"
