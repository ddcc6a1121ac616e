"""The host's clock against that of a key server, and how readiness says so (AUD-07)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cds_service.app import create_app
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.ehr import transport
from cds_service.ehr.transport import Documents
from cds_service.settings import Settings
from tests.contract.calls import FakePipeline

NOON = 1_795_521_600.0


@dataclass
class Peer:
    url: str = ""
    date: str = "Tue, 24 Nov 2026 12:00:00 GMT"

    def ask(self, documents: Documents) -> float:
        assert documents.fetch(self.url, accept="*/*", seconds=5, limit=100) == b"{}"
        return documents.clock_ahead


@pytest.fixture
def peer() -> Iterator[Peer]:
    known = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            if known.date:
                self.send_header("Date", known.date)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        known.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield known
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("difference", [-7.0, 0.0, 7.0])
def test_the_difference_is_that_to_the_last_peer(peer: Peer, difference: float) -> None:
    assert peer.ask(Documents(clock=lambda: NOON + difference)) == difference


@pytest.mark.parametrize("date", ["", "junk", "Tue, 24 Nov 99999 12:00:00 GMT"])
def test_a_date_that_is_none_says_nothing(peer: Peer, date: str) -> None:
    peer.date = date
    assert peer.ask(Documents(clock=lambda: NOON + 7)) == 0.0


@pytest.mark.parametrize(("ahead", "warned"), [(0.0, False), (5.0, False), (5.1, True), (-5.1, True)])
def test_aud_07_readiness_warns_and_stays_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float, warned: bool
) -> None:
    class Ahead(Documents):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.clock_ahead = ahead

    monkeypatch.setattr(transport, "Documents", Ahead)
    keys = tmp_path / "keys.json"
    keys.write_bytes(b'{"keys":[]}')
    settings = Settings(
        mode="production",
        state_dir=tmp_path,
        trusted_clients=(TrustedClient("EHR", "https://ehr.example.org/", jwks_file=keys),),
    )
    app = create_app(settings, answer=FakePipeline())
    said = app.test_client().get("/readyz").json
    assert said is not None
    assert ("clock" in said.get("warnings", {})) is warned
    assert "clock" not in said["checks"]
    app.extensions["recurrence-cds-fhir-client"].close()
