from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.ehr.addresses import Base, parse_base
from cds_service.ehr.authorization import Reply
from cds_service.errors import Cause, FetchFailure, Hitch, LaunchFailed
from cds_service.smart.configuration import FAILED_SECONDS, FRESH_SECONDS, MAX_KNOWN, Configurations, read

EHR = parse_base("https://ehr.example.org/fhir")
HERE = parse_base("http://127.0.0.1:8081/fhir")
GOOD = {
    "issuer": "https://login.example.org",
    "authorization_endpoint": "https://login.example.org/authorize?tenant=7",
    "token_endpoint": "https://login.example.org/token",
    "code_challenge_methods_supported": ["S256"],
    "capabilities": ["permission-v2"],
}


def body(**members: Any) -> bytes:
    told = {**GOOD, **members}
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def hitch(data: bytes, server: Base = EHR) -> Hitch:
    with pytest.raises(LaunchFailed) as caught:
        read(data, server)
    return caught.value.hitch


def test_the_server_may_name_endpoints_on_another_host() -> None:
    found = read(body(), EHR)
    assert found.authorization_endpoint == "https://login.example.org/authorize?tenant=7"
    assert found.token_endpoint == "https://login.example.org/token"
    assert found.issuer == "https://login.example.org"


@pytest.mark.parametrize(
    ("capabilities", "scopes", "speaks"),
    [
        (["permission-v2"], None, True),
        (["permission-v1"], None, False),
        (None, ["patient/*.rs"], True),
        (None, ["launch", "patient/Condition.cruds", "openid"], True),
        (["launch-ehr"], ["patient/*.read", "user/*.write", "launch/patient", "offline_access"], False),
        (None, None, False),
        ("permission-v2", {"patient/*.rs": 1}, False),
    ],
)
def test_scopes_of_version_2_are_spoken_where_the_server_says_so(capabilities: Any, scopes: Any, speaks: bool) -> None:
    assert read(body(capabilities=capabilities, scopes_supported=scopes), EHR).speaks_v2 is speaks


@pytest.mark.parametrize("methods", [["plain"], [], "S256", ["s256"], 7])
def test_without_s256_there_is_no_launch(methods: Any) -> None:
    assert hitch(body(code_challenge_methods_supported=methods)) is Hitch.NO_S256


def test_a_server_of_smart_1_says_nothing_of_pkce_and_gets_it_all_the_same() -> None:
    assert read(body(code_challenge_methods_supported=None), EHR).token_endpoint


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "/token",
        "http://login.example.org/token",
        "http://127.0.0.1/token",
        "javascript:alert(1)",
        "https://user@login.example.org/token",
        "https://login.example.org/token#x",
        "https://login.example.org/token?a=\r\nX: y",
        "https://login.example.org/token?a=\u00e9",
        "https://login.example.org/a/../token",
    ],
)
def test_an_endpoint_has_to_be_a_safe_address(member: str, url: Any) -> None:
    assert hitch(body(**{member: url})) is Hitch.BAD_CONFIGURATION


def test_http_is_for_this_machine_alone() -> None:
    local = dict.fromkeys(("authorization_endpoint", "token_endpoint"), "http://127.0.0.1:9/x")
    assert read(body(**local), HERE).token_endpoint == "http://127.0.0.1:9/x"
    assert hitch(body(token_endpoint="http://login.example.org/token"), HERE) is Hitch.BAD_CONFIGURATION


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"<html>", b'{"a": 1, "a": 2}', b"[" * 100_000])
def test_what_is_no_object_is_no_configuration(data: bytes) -> None:
    assert hitch(data) is Hitch.BAD_CONFIGURATION


class Server:
    def __init__(self, answer: Reply | FetchFailure) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self, _: Base) -> Reply:
        self.asked += 1
        if isinstance(self.answer, FetchFailure):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "seconds", "said"),
    [
        (Reply(200, body()), FRESH_SECONDS, None),
        (Reply(404, b""), FAILED_SECONDS, Hitch.NO_CONFIGURATION),
        (Reply(200, b"<html>"), FAILED_SECONDS, Hitch.BAD_CONFIGURATION),
        (FetchFailure(Cause.TIMED_OUT), FAILED_SECONDS, Hitch.NO_CONFIGURATION),
    ],
)
def test_an_answer_or_its_lack_is_remembered_for_a_while(
    answer: Reply | FetchFailure, seconds: float, said: Hitch | None
) -> None:
    now = [100.0]
    server = Server(answer)
    known = Configurations(server, clock=lambda: now[0])

    def ask() -> Hitch | None:
        try:
            known.of(EHR)
        except LaunchFailed as failure:
            return failure.hitch
        return None

    assert ask() is said
    now[0] += seconds - 1
    assert ask() is said
    assert server.asked == 1
    now[0] += 2
    assert ask() is said
    assert server.asked == 2


def test_servers_known_are_bounded() -> None:
    server = Server(Reply(200, body()))
    known = Configurations(server, clock=lambda: 0.0)
    for port in range(1, MAX_KNOWN + 2):
        known.of(parse_base(f"https://ehr.example.org:{port}/fhir"))
    known.of(parse_base("https://ehr.example.org:1/fhir"))
    assert server.asked == MAX_KNOWN + 2
