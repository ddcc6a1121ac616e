"""``recurrence-cds keys``: what it prints lets its call in, once."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cds_service import cli
from cds_service.app import create_app
from cds_service.auth import trusted_clients
from cds_service.settings import Settings

BASE = "https://cds.example.org"
SERVICES = f"{BASE}/cds-services"


def made(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[str, list[str]]:
    """The printed entry, and the printed call as arguments of curl."""
    assert cli.main(["keys", str(folder), *options]) == 0
    entry, _, call = capsys.readouterr().out.partition("# A call")
    return entry, shlex.split(call.partition("\n")[2])


def curl(web: FlaskClient, call: list[str]) -> int:
    headers = [call[place + 1].split(": ", 1) for place, word in enumerate(call) if word == "-H"]
    return web.post(
        call[-1].removeprefix(BASE), data=call[call.index("-d") + 1], headers=[(name, value) for name, value in headers]
    ).status_code


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
def test_the_printed_entry_lets_the_printed_call_in_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hook: str
) -> None:
    url = f"{SERVICES}/cervical-recurrence-{hook}"
    entry, call = made(tmp_path / "keys", capsys, "--url", url, "--issuer", "https://me.example/")
    clients, faults = trusted_clients.examine(entry, tmp_path)
    assert faults == ()
    settings = Settings(mode="production", base_url=BASE, trusted_clients=clients, state_dir=tmp_path / "state")
    app = create_app(settings)
    assert curl(app.test_client(), call) == 200
    assert curl(app.test_client(), call) == 401
    again_entry, again = made(tmp_path / "keys", capsys, "--url", url, "--issuer", "https://me.example/")
    assert again_entry == entry
    assert curl(app.test_client(), again) == 200
    app.extensions["recurrence-cds-fhir-client"].close()


def test_the_audience_may_differ_from_the_url_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "http://127.0.0.1:8000/cds-services/x"
    entry, call = made(tmp_path, capsys, "--url", url, "--audience", f"{SERVICES}/cervical-recurrence-patient-view")
    assert call[-1] == url
    clients, _ = trusted_clients.examine(entry, tmp_path)
    settings = Settings(mode="production", base_url=BASE, trusted_clients=clients, state_dir=tmp_path / "state")
    app = create_app(settings)
    assert curl(app.test_client(), [*call[:-1], f"{SERVICES}/cervical-recurrence-patient-view"]) == 200
    app.extensions["recurrence-cds-fhir-client"].close()


def test_the_private_key_is_its_owner_s_alone_and_not_in_the_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, capsys, "--url", f"{SERVICES}/x")
    assert (tmp_path / "private-key.pem").stat().st_mode & 0o777 == 0o600
    (key,) = json.loads((tmp_path / "keys.json").read_text("utf-8"))["keys"]
    assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}


@pytest.mark.parametrize("content", [b"no key", b""])
def test_a_file_that_is_no_key_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "private-key.pem").write_bytes(content)
    assert cli.main(["keys", str(tmp_path), "--url", f"{SERVICES}/x"]) == 1
    assert "no key can be made or read there" in capsys.readouterr().out


def test_so_is_a_key_of_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "private-key.pem").write_bytes(pem)
    assert cli.main(["keys", str(tmp_path), "--url", f"{SERVICES}/x"]) == 1
    assert "no key can be made or read there" in capsys.readouterr().out


def test_a_url_is_needed(tmp_path: Path) -> None:
    for options in ([], ["--url", "cds.example.org"]):
        with pytest.raises(SystemExit) as end:
            cli.main(["keys", str(tmp_path), *options])
        assert end.value.code == 2
