"""The guideline pages and ``/transparency`` over HTTP, in every mode, without a token: there is no patient in them.

Each page is rendered at its first call of a day and kept. Pages may be kept by caches for a while; they load one style
sheet from here and nothing from elsewhere, and run no script.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, g, request

from cds_service import web
from cds_service.guideline import knowledge
from cds_service.pages import releases, render, transparency
from cds_service.protocol.discovery import Service

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HTML: Final = "text/html; charset=utf-8"
_CACHE: Final = "public, max-age=300"


def blueprint(
    services: Sequence[Service],
    *,
    base_url: str,
    notice: str,
    today: Callable[[], dt.date],
    site: Mapping[str, str],
) -> Blueprint:
    """The routes ``/guideline`` and below, ``/transparency`` and ``/transparency.html``.

    To be registered before ``web.blueprint``: what is registered first has the last word on headers.

    Args:
        services: as published.
        base_url: public base of the service, from which links are built.
        notice: the site's notice on the region.
        today: the day that counts as today.
        site: the site's own statements, shown beside ours.
    """
    routes = Blueprint("pages", __name__)
    base = base_url.rstrip("/")
    root = urlsplit(base).path
    kept: dict[str, tuple[dt.date, bytes]] = {}

    def served(name: str, content_type: str, build: Callable[[render.Frame], bytes]) -> Response:
        day = today()
        found = kept.get(name)
        if found is None or found[0] != day:
            frame = render.Frame(root=root, notice=notice, today=day, services=tuple(services), site=site)
            found = kept[name] = (day, build(frame))
        return _response(found[1], content_type)

    def page(name: str) -> Response:
        return served(name, HTML, lambda frame: render.page(name, frame).encode())

    def version(wanted: str) -> Response:
        if wanted == knowledge.VERSION:
            return page("guideline")
        text = releases.stored_page(wanted, root=root, notice=notice)
        if text is not None:
            return _response(text.encode(), HTML)
        frame = render.Frame(root=root, notice=notice, today=today())
        return _response(render.missing(wanted, frame, releases.stored()).encode(), HTML, 404)

    def data() -> Response:
        def build(frame: render.Frame) -> bytes:
            told = transparency.document(
                services, base_url=base, notice=notice, today=frame.today or today(), site=site
            )
            return msgspec.json.encode(told)

        return served("data", web.JSON, build)

    for name, each in render.PAGES.items():
        routes.add_url_rule(each.path, name, partial(page, name), methods=["GET"])
    routes.add_url_rule("/guideline/<wanted>", "version", version, methods=["GET"])
    routes.add_url_rule(f"/guideline/{render.STYLE}", "style", lambda: _response(render.style(), "text/css"))
    routes.add_url_rule("/transparency", "data", data, methods=["GET"])
    routes.after_app_request(_finish)
    return routes


def _response(body: bytes, content_type: str, status: int = 200) -> Response:
    response = Response(body, status, content_type=content_type)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    g.page = True
    return response


def _finish(response: Response) -> Response:
    if g.get("page"):
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        if response.status_code in {200, 304}:
            response.headers["Cache-Control"] = _CACHE
    return response
