"""The demo's FHIR endpoint with an artificial delay before each answer: ``python -m benchmarks.slow_fhir PORT MS``."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from benchmarks.servers import HOST
from cds_service.demo.fhir_endpoint import make_app, running
from cds_service.demo.sample_patients import PATIENTS_FOLDER


def main(port: int, delay_ms: float) -> None:
    """Serve until told to stop."""
    endpoint = make_app(PATIENTS_FOLDER)

    def delayed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        time.sleep(delay_ms / 1e3)
        return endpoint(environ, start_response)

    with running(delayed, HOST, port):
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
