"""The yardstick: a Flask service that parses the body with orjson, looks at nothing and answers with no cards.

Runs under the same servers as the service itself: ``python -m benchmarks.bare SERVER PORT``.
"""

from __future__ import annotations

import sys

import orjson
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

_HOST = "127.0.0.1"
_THREADS = 8


def create_app() -> Flask:
    """The bare service: every hook call is parsed and answered alike."""
    app = Flask("bare", static_folder=None)

    @app.post("/cds-services/<service_id>")
    def call(service_id: str) -> Response:
        body = orjson.loads(request.get_data(cache=False))
        answer: dict[str, object] = {"cards": []} if body["hook"] and service_id else {}
        return Response(orjson.dumps(answer), content_type="application/json")

    @app.get("/cds-services")
    def discover() -> Response:
        return Response(b'{"services":[]}', content_type="application/json")

    return app


class _Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"{_HOST}:{self._port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": _THREADS,
            "keepalive": 75,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app()


def main(server: str, port: int) -> None:
    """Serve with one worker until told to stop."""
    if server == "gunicorn":
        _Gunicorn(port).run()
        return
    from granian import Granian  # noqa: PLC0415 - an optional dependency
    from granian.constants import Interfaces  # noqa: PLC0415 - as above
    from granian.log import LogLevels  # noqa: PLC0415 - as above

    Granian(
        "benchmarks.bare:create_app",
        address=_HOST,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=_THREADS,
        websockets=False,
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
