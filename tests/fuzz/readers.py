"""Coverage-guided fuzzing of the strict readers: whatever comes in, they answer or refuse by their own errors (TST-02).

``python -m tests.fuzz.readers TARGET -max_total_time=60`` fuzzes one of TARGETS with atheris and ends with a crash
report at the first other error. ``make fuzz`` calls it for each.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from cds_service import strict_json
from cds_service.auth import tokens
from cds_service.errors import BadRequest, BodyTooLarge, MalformedJson, NotAuthenticated
from cds_service.protocol import feedback, request

SLOWEST_SECONDS: Final = 2.0

Target = Callable[[bytes], object]


def _token(data: bytes) -> object:
    return tokens.read(tokens.bearer("Bearer " + data.decode("latin-1")))


def _token_parts(data: bytes) -> object:
    """Header and claims as the fuzzer likes them, in the shape of a token, so that it gets past the outer form."""
    from tests.token_builders import encoded

    head, _, claims = data.partition(b"\xfe")
    return tokens.read(f"{encoded(head)}.{encoded(claims)}.{encoded(b's' * 96)}")


TARGETS: Final[dict[str, tuple[Target, tuple[type[Exception], ...], tuple[bytes, ...]]]] = {
    "strict-json": (strict_json.check, (MalformedJson,), (b'{"a":[1,"x"]}', b"[[[]]]", b'"\\""')),
    "request": (
        request.decode,
        (BadRequest, BodyTooLarge),
        (
            b'{"hook":"patient-view","hookInstance":"1","context":{"userId":"Practitioner/1","patientId":"p"}}',
            b'{"hook":"order-sign","hookInstance":"1","context":{"userId":"Practitioner/1","patientId":"p","draftOrders":{}}}',
            b'{"prefetch":{"\xef":null}}',
            b'{"prefetch":{"patient":null},"fhirServer":"http://a/","fhirAuthorization":{"access_token":"t"}}',
        ),
    ),
    "feedback": (
        feedback.decode,
        (BadRequest, BodyTooLarge),
        (b'{"feedback":[{"card":"1","outcome":"accepted","outcomeTimestamp":"2026-01-01T00:00:00Z"}]}',),
    ),
    "token": (_token, (NotAuthenticated,), (b"e30.e30.AAAA", b"eyJhbGciOiJFUzM4NCJ9.e30.AAAA")),
    "token-parts": (
        _token_parts,
        (NotAuthenticated,),
        (b'{"alg":"ES384","typ":"JWT","kid":"1"}\xfe{"iss":"https://a/","aud":"b","exp":1,"iat":1,"jti":"1"}',),
    ),
}
"""Name to what is called, the errors by which it may refuse, and inputs to begin with."""


def once(name: str, data: bytes) -> None:
    """Call a target with one input.

    Raises:
        Exception: any error that is not among its own.
        TimeoutError: it took too long.
    """
    target, refusals, _ = TARGETS[name]
    start = time.monotonic()
    with contextlib.suppress(*refusals):
        target(data)
    if time.monotonic() - start > SLOWEST_SECONDS:
        raise TimeoutError(f"{name} took longer than {SLOWEST_SECONDS} s")


def main(arguments: list[str]) -> None:
    """Fuzz one target until the time of libFuzzer's own option is over."""
    import tempfile
    from pathlib import Path

    import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore] # only there for make fuzz

    name, *options = arguments
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(TARGETS[name][2]):
            (Path(folder) / str(number)).write_bytes(seed)
        fuzz: Any = atheris
        fuzz.instrument_all()
        fuzz.Setup([sys.argv[0], *options, folder], lambda data: once(name, data))
        fuzz.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
