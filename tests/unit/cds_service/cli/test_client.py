"""``recurrence-cds client``: every fault is shown where it is, and nothing faulty is written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from cds_service import cli
from cds_service.auth import trusted_clients
from cds_service.cli.client import EXPLANATIONS
from cds_service.errors import Refusal
from tests.journeys.key_server import key_server
from tests.token_builders import ENDPOINT, ISSUER, good, jwk, key_set, private_key

GOOD = f"""\
[[client]]
name = "Example EHR"
issuer = "{ISSUER}"
jwks_file = "keys.json"
fhir_servers = ["https://ehr.example.org/fhir/"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "keys.json").write_bytes(key_set(jwk(private_key("ES384")), {"kty": "oct", "kid": "x", "k": "AAAA"}))
    (tmp_path / "clients.toml").write_text(GOOD, "utf-8")
    return tmp_path


def check(folder: Path, *options: str) -> int:
    return cli.main(["client", "check", str(folder / "clients.toml"), *options])


def add(folder: Path, *options: str) -> int:
    needed = ["--name", "Second", "--issuer", "https://second.example.org/"]
    return cli.main(["client", "add", str(folder / "clients.toml"), *needed, *options])


def test_a_good_file_is_well_and_its_keys_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder) == 0
    shown = capsys.readouterr().out
    assert f"Example EHR ({ISSUER})" in shown
    assert "kid 'key-1': ES384" in shown
    assert "not used: key 2: it shows its private part" in shown
    assert shown.endswith("all is well\n")


def test_faults_are_shown_with_file_and_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "clients.toml").write_text(GOOD + 'secret = "x"\nprofile = "big"\n', "utf-8")
    assert check(folder) == 1
    shown = capsys.readouterr().out
    assert "clients.toml:6: client 1: secret is not a member" in shown
    assert "clients.toml:7: client 1: profile has to be one of" in shown
    (folder / "clients.toml").write_text("[other]\n", "utf-8")
    assert check(folder) == 1
    assert "clients.toml: the file has to hold" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "clients.toml").write_bytes(b"\xff")
    assert check(folder) == 2
    assert add(folder, "--jwks-file", "keys.json") == 2
    (folder / "clients.toml").unlink()
    assert check(folder) == 2
    assert capsys.readouterr().out.count("cannot be read as UTF-8 text") == 3


def test_the_key_set_is_fetched_from_its_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with key_server(key_set(jwk(private_key("ES384"), "from the server"))) as server:
        entry = GOOD.replace('jwks_file = "keys.json"', f'jku = "{server.url}"')
        (folder / "clients.toml").write_text(entry.replace("fhir_servers", "#"), "utf-8")
        assert check(folder) == 1
        assert f"wrong: {server.url} is not https" in capsys.readouterr().out
        assert server.asked == []
        assert check(folder, "--allow-insecure-loopback") == 0
        shown = capsys.readouterr().out
        assert "kid 'from the server': ES384" in shown
        assert "note: no fhir_servers" in shown
        server.mode = "html"
        assert check(folder, "--allow-insecure-loopback") == 1
        assert "it is not usable JSON" in capsys.readouterr().out
        assert check(folder, "--allow-insecure-loopback", "--offline") == 0
        assert len(server.asked) == 2
    assert check(folder, "--allow-insecure-loopback") == 1
    assert "the key server gave no key set (UNREACHABLE)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "the token is that of Example EHR"),
        ({"aud": "https://elsewhere.example"}, EXPLANATIONS[Refusal.AUDIENCE]),
        ({"iss": "https://evil.example/"}, EXPLANATIONS[Refusal.ISSUER]),
        ({"jti": None}, EXPLANATIONS[Refusal.TOKEN_ID]),
    ],
)
def test_a_token_is_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], members: dict[str, Any], words: str
) -> None:
    path = folder / "token.txt"
    path.write_text(f"Bearer {good(now=time.time(), **members)}\n", "ascii")
    for _ in range(2):
        assert check(folder, "--token-file", str(path), "--endpoint", ENDPOINT) == (1 if members else 0)
        assert words in capsys.readouterr().out


def test_a_token_that_cannot_be_read_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder, "--token-file", str(folder / "none.txt")) == 1
    assert "cannot be read as ASCII text" in capsys.readouterr().out


def test_every_reason_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Refusal)


def test_an_entry_is_added_behind_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "clients.toml").chmod(0o600)
    options = ["--jwks-file", "keys.json", "--fhir-server", "https://second.example.org/r4"]
    more = ["--audience", 'typed "by hand"', "--algorithm", "ES384", "--profile", "epic", "--recommend"]
    assert add(folder, *options, *more, "--allow-missing-typ", "--max-token-life-seconds", "1200") == 0
    assert "added as client 2" in capsys.readouterr().out
    text = (folder / "clients.toml").read_text("utf-8")
    assert text.startswith(GOOD)
    first, second = trusted_clients.load(folder / "clients.toml")
    assert first.name == "Example EHR"
    assert second == trusted_clients.TrustedClient(
        "Second",
        "https://second.example.org/",
        jwks_file=folder / "keys.json",
        fhir_servers=("https://second.example.org/r4/",),
        audiences=('typed "by hand"',),
        algorithms=("ES384",),
        profile="epic",
        max_token_life_seconds=1200,
        recommend=True,
        allow_missing_typ=True,
    )
    assert (folder / "clients.toml").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["clients.toml", "keys.json"]


def test_the_first_entry_makes_the_file(folder: Path) -> None:
    (folder / "clients.toml").unlink()
    assert add(folder, "--jwks-file", "keys.json") == 0
    assert (folder / "clients.toml").read_text("utf-8") == (
        '[[client]]\nname = "Second"\nissuer = "https://second.example.org/"\njwks_file = "keys.json"\n'
    )


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--jku", "http://second.example.org/jwks.json"],
        ["--jku", "http://127.0.0.1:1/jwks.json", "--allow-insecure-loopback"],
        ["--jwks-file", "none.json"],
        ["--jwks-file", "keys.json", "--algorithm", "HS256"],
        ["--jwks-file", "keys.json", "--algorithm", "RS384"],
        ["--jwks-file", "keys.json", "--fhir-server", "http://second.example.org/r4"],
        ["--jwks-file", "keys.json", "--max-token-life-seconds", "86400"],
        ["--jwks-file", "keys.json", "--issuer", ISSUER],
        ["--jwks-file", "keys.json", "--issuer", "a\x7fb"],
    ],
)
def test_a_faulty_entry_is_not_written(folder: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert add(folder, *options) == 1
    assert "nothing was written" in capsys.readouterr().out
    assert (folder / "clients.toml").read_text("utf-8") == GOOD


def test_offline_an_entry_is_written_without_a_look_at_its_keys(folder: Path) -> None:
    assert add(folder, "--jku", "https://second.example.org/jwks.json", "--offline") == 0
    assert len(trusted_clients.load(folder / "clients.toml")) == 2
