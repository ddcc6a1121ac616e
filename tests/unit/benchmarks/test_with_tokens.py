"""The tokens that are measured with are good ones, and no two calls have the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks import report, with_tokens
from benchmarks.records import MEDIUM, calls
from benchmarks.report import Measured
from benchmarks.with_tokens import WithTokens
from cds_service.auth import trusted_clients
from cds_service.auth.authenticator import key_loader
from cds_service.auth.tokens import check_claims, read
from cds_service.ehr.transport import Documents


def test_each_call_has_a_token_of_its_own_from_the_trusted_client(tmp_path: Path) -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    (client,) = trusted_clients.load(with_tokens._trusted_clients(tmp_path, private))
    keys = key_loader(client, Documents(None))().keys
    requests = calls(MEDIUM, cancer=False)
    signed = with_tokens._signed(requests, 10, private)
    assert [call.body for call in signed] == [requests[place % len(requests)].body for place in range(10)]
    tokens = [read(call.token) for call in signed]
    for call, token in zip(signed, tokens, strict=True):
        assert (token.issuer, keys[token.header.key_id][0].algorithm) == (client.issuer, token.header.algorithm)
        audiences = {f"https://cds.example.org{call.path}"}
        check_claims(
            token.claims, audiences=audiences, max_life=client.max_token_life_seconds, now=token.claims["iat"] + 1
        )
    assert len({token.claims["jti"] for token in tokens}) == len(tokens)


def test_the_page_tells_what_a_token_costs_more() -> None:
    measured = Measured(steps={True: {"decode": 1.0}}, with_tokens=[WithTokens("gunicorn", 1.0, 1.75, 0.5)])
    assert "| gunicorn | 1.00 | 1.75 | **+0.75** | +0.40 | 0.50 |" in report.tables(measured, dt.date(2026, 11, 24))
