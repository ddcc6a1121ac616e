"""``recurrence-cds serve``: the service with the settings of the environment and nothing else."""

from __future__ import annotations

import argparse

from cds_service import serve


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


def _workers(text: str) -> int:
    workers = int(text)
    if not 1 <= workers <= 64:
        raise ValueError
    return workers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and with what."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--server", choices=("gunicorn", "granian"), default="gunicorn", help="WSGI server (default: %(default)s)"
    )
    parser.add_argument("--workers", type=_workers, help="processes (default: two to four, by the processors)")


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; returns the exit status."""
    return serve.run(args.host, args.port, server=args.server, workers=args.workers)
