"""The file of trusted clients: every fault with its line; what the settings make of it is in test_settings."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from cds_service.auth.trusted_clients import CLIENT_READERS, Fault, TrustedClient, examine, is_secure, load

GOOD = """\
# The hospital's EHR
[[client]]
name = "Example EHR"
issuer = "https://ehr.example.org/"
jku = "https://ehr.example.org/jwks.json"
"""


def test_every_field_has_a_reader_and_every_reader_a_field() -> None:
    assert {field.name for field in fields(TrustedClient)} == CLIENT_READERS.keys()


def test_a_good_file_has_no_fault(tmp_path: Path) -> None:
    clients, faults = examine(GOOD + "allow_missing_typ = true\n", tmp_path)
    assert faults == ()
    assert clients == (
        TrustedClient(
            "Example EHR",
            "https://ehr.example.org/",
            jku="https://ehr.example.org/jwks.json",
            allow_missing_typ=True,
        ),
    )


def test_keys_from_a_file_may_go_with_the_jku_that_tokens_carry(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}", "utf-8")
    (client,), faults = examine(GOOD + 'jwks_file = "keys.json"\n', tmp_path)
    assert (client.jku, client.jwks_file, faults) == (
        "https://ehr.example.org/jwks.json",
        tmp_path / "keys.json",
        (),
    )


def test_each_fault_has_its_line_and_the_good_clients_stay(tmp_path: Path) -> None:
    text = (
        GOOD
        + """
[[client]]
name = ""
issuer = "https://other.example.org/"
secret = "x"
"algorithms" = ["HS256"]

[[ client ]]
issuer = "https://ehr.example.org/"
name = "Twice"
jku = "https://x.example.org/keys"
"""
    )
    clients, faults = examine(text, tmp_path)
    assert [client.name for client in clients] == ["Example EHR"]
    assert {(fault.client, fault.line, fault.text.partition(" ")[0]) for fault in faults} == {
        (2, 8, "name"),
        (2, 10, "secret"),
        (2, 11, "algorithms"),
        (2, 7, "either"),
        (3, 14, "issuer"),
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD + "x = = 1\n", Fault("the file is not readable TOML", 6)),
        ("", Fault("the file has to hold [[client]] entries and nothing else")),
        ("client = 7\n", Fault("the file has to hold [[client]] entries and nothing else")),
        ("client = [7]\n", Fault("it is not a [[client]] entry", 0, 1)),
        (GOOD + "jku = 1\n", Fault("the file is not readable TOML", 6)),
    ],
)
def test_what_is_no_such_file_is_one_fault(tmp_path: Path, text: str, fault: Fault) -> None:
    assert examine(text, tmp_path) == ((), (fault,))


def test_entries_in_one_line_have_faults_without_a_line(tmp_path: Path) -> None:
    _, faults = examine('client = [{name = "A", jku = "https://a.example/k"}]\n', tmp_path)
    assert faults == (Fault("issuer is missing", 0, 1),)


def test_loading_names_all_faults_at_once(tmp_path: Path) -> None:
    path = tmp_path / "clients.toml"
    path.write_text(GOOD.replace("issuer", "issue") + 'profile = "big"\n', "utf-8")
    with pytest.raises(ValueError, match=r"client 1: issue is not .*; client 1: issuer is missing; client 1: profile"):
        load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="not readable TOML"):
        load(path)


@pytest.mark.parametrize(
    ("url", "loopback", "secure"),
    [
        ("https://ehr.example.org/k", False, True),
        ("http://ehr.example.org/k", True, False),
        ("http://127.0.0.1:8000/k", True, True),
        ("http://[::1]:8000/k", True, True),
        ("http://127.0.0.1:8000/k", False, False),
        ("http://127.0.0.1.evil.example/k", True, False),
    ],
)
def test_auth_14_keys_come_by_https_or_from_this_machine(url: str, loopback: bool, secure: bool) -> None:
    assert is_secure(url, loopback=loopback) is secure


def test_an_app_is_registered_at_a_client_under_an_id_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush", "utf-8")
    own = 'smart_client_id = "at-this-ehr"\n'
    (client,), none = examine(GOOD + own + 'smart_client_secret_file = "secret"\n', tmp_path)
    assert (client.smart_client_id, client.smart_client_secret_file) == ("at-this-ehr", tmp_path / "secret")
    assert none == ()
    _, faults = examine(GOOD + 'smart_client_secret_file = "secret"\n', tmp_path)
    assert [fault.text for fault in faults] == ["smart_client_secret_file needs smart_client_id beside it"]
    _, faults = examine(GOOD + own + 'smart_client_secret_file = "none"\n', tmp_path)
    assert [fault.text for fault in faults] == ["smart_client_secret_file is not the path of a file"]
