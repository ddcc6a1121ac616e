"""Serves the metrics of all workers on a port of their own: ``python -m cds_service.metrics_endpoint HOST PORT``.

A process of its own, so that a scrape takes no worker's time and the workers' master stays free of threads. It ends
with the process that started it. The folder of the values is ``PROMETHEUS_MULTIPROC_DIR``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

READY = "ready"
_LOOKS_EVERY_SECONDS = 0.5


def main(host: str, port: int) -> int:
    """Serve until the parent ends; 1 when the port cannot be had."""
    parent = os.getppid()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError:
        return 1
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.write(f"{READY} {server.server_port}\n")
    sys.stdout.flush()
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY_SECONDS)
    return 0


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
