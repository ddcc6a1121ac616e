"""What it costs to be sure of the client: calls with a fresh ES384 token each, against the same without."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from benchmarks.driver import measure
from benchmarks.records import MEDIUM, Call, calls
from benchmarks.servers import OURS, running

_ALGORITHM: Final = "ES384"
_BASE_URL: Final = "https://cds.example.org"
_ISSUER: Final = "https://ehr.example.org/"
_KEY_ID: Final = "key-1"
_LIFE_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class WithTokens:
    """Processor time of a medium patient-view of a patient out of scope, in ms.

    Attributes:
        server: ``gunicorn`` or ``granian``.
        without: in sandbox mode, which asks nobody who they are.
        with_tokens: in production mode, the replay store included.
        verification: of a signature alone, by the library; the least that it can cost.
    """

    server: str
    without: float
    with_tokens: float
    verification: float


def compare(server: str, cores: set[int], count: int, rounds: int) -> WithTokens:
    """Ask both services in turns; the cheapest round of each stands."""
    requests = calls(MEDIUM, cancer=False)
    private = ec.generate_private_key(ec.SECP384R1())
    with tempfile.TemporaryDirectory(prefix="recurrence-cds-bench-") as folder:
        production = {
            "RECURRENCE_CDS_MODE": "production",
            "RECURRENCE_CDS_BASE_URL": _BASE_URL,
            "RECURRENCE_CDS_TRUSTED_CLIENTS": str(_trusted_clients(Path(folder), private)),
        }
        with running(OURS, server, cores) as anyone, running(OURS, server, cores, production) as known:
            without = with_tokens = float("inf")
            measure(anyone, requests, len(requests), 1)
            measure(known, _signed(requests, len(requests), private), len(requests), 1)
            for _ in range(rounds):
                without = min(without, measure(anyone, requests, count, 1).processor_ms)
                with_tokens = min(with_tokens, measure(known, _signed(requests, count, private), count, 1).processor_ms)
    return WithTokens(server, without, with_tokens, _verification(private, count))


def _trusted_clients(folder: Path, private: ec.EllipticCurvePrivateKey) -> Path:
    """The file of trusted clients, with one client and its key set."""
    public = {**ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": _KEY_ID, "use": "sig"}
    public.pop("key_ops", None)
    (folder / "keys.json").write_text(json.dumps({"keys": [public]}), encoding="utf-8")
    clients = folder / "clients.toml"
    clients.write_text(f'[[client]]\nname = "EHR"\nissuer = "{_ISSUER}"\njwks_file = "keys.json"\n', encoding="utf-8")
    return clients


def _signed(requests: Sequence[Call], count: int, private: ec.EllipticCurvePrivateKey) -> list[Call]:
    """So many calls in rotation, each with a token of its own, as EHRs make one for each call."""
    signed = []
    for place in range(count):
        call = requests[place % len(requests)]
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "aud": f"{_BASE_URL}{call.path}",
            "iat": now,
            "exp": now + _LIFE_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        token = jwt.encode(claims, private, algorithm=_ALGORITHM, headers={"kid": _KEY_ID, "typ": "JWT"})
        signed.append(replace(call, token=token))
    return signed


def _verification(private: ec.EllipticCurvePrivateKey, count: int) -> float:
    """The least time of a thread that the library takes for one signature, in ms."""
    text = jwt.encode({"jti": "1"}, private, algorithm=_ALGORITHM)
    signed, _, signature = text.rpartition(".")
    raw = jwt.utils.base64url_decode(signature)
    algorithm, public = ECAlgorithm(ECAlgorithm.SHA384), private.public_key()
    times = []
    for _ in range(count):
        began = time.thread_time()
        algorithm.verify(signed.encode(), public, raw)
        times.append((time.thread_time() - began) * 1e3)
    return min(times)
