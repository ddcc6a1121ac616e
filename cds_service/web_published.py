"""The published FHIR resources over HTTP: ``/fhir/metadata``, ``/fhir/{type}/{id}``, ``/fhir/{type}?url=...``.

Read-only, without a token in every mode: there is nothing of a patient in it. Answers may be kept by caches.
"""

from __future__ import annotations

from typing import Final

import msgspec
from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MIMEAccept

from cds_service import published, web
from cds_service.errors import BadRequest

FHIR_JSON: Final = "application/fhir+json"
PREFIX: Final = "/fhir"
_CACHE: Final = "public, max-age=3600"
_JSON_NAMES: Final = frozenset({"json", web.JSON, FHIR_JSON, "text/json"})
_READS: Final = ("GET", "HEAD")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CACHEABLE: Final = frozenset({200, 304})


def blueprint(base_url: str, *, with_cpt: bool) -> Blueprint:
    """The routes under ``/fhir``.

    To be registered before ``web.blueprint``: what is registered first has the last word on headers, and these answers,
    unlike all others, may be kept.

    Args:
        base_url: public base of the service, from which links are built.
        with_cpt: whether ValueSets list CPT codes.
    """
    routes = Blueprint("published", __name__)
    endpoint = f"{base_url.rstrip('/')}{PREFIX}"

    def answer(path: str = "") -> Response:
        try:
            response = _answer(path.split("/"), endpoint, with_cpt=with_cpt)
        except BadRequest as fault:
            response = _refused(400, "invalid", str(fault))
        g.published = response.status_code
        return response

    routes.add_url_rule(PREFIX, "root", answer, methods=_METHODS)
    routes.add_url_rule(f"{PREFIX}/<path:path>", "resource", answer, methods=_METHODS)
    routes.after_app_request(_finish)
    return routes


def _answer(parts: list[str], endpoint: str, *, with_cpt: bool) -> Response:
    if request.method not in _READS:
        response = _refused(405, "not-supported", "Nothing can be changed here")
        response.headers["Allow"] = ", ".join(_READS)
        return response
    if not _takes_json():
        return _refused(406, "not-supported", "Only JSON is served")
    match parts:
        case ["metadata"]:
            body = msgspec.json.encode(published.capability_statement(endpoint))
        case [kind] if kind in published.TYPES:
            parameters = request.args.items(multi=True)
            body = published.search(published.catalogue(with_cpt=with_cpt), kind, parameters, endpoint)
        case [kind, wanted] if kind in published.TYPES:
            found = published.catalogue(with_cpt=with_cpt)[kind].get(wanted)
            if found is None:
                return _refused(404, "not-found", f"There is no {kind} of this id")
            return _served(found.body, found.tag)
        case _:
            return _refused(404, "not-found", f"Served are metadata, {', '.join(published.TYPES)}")
    return _served(body, published.tag_of(body))


def _takes_json() -> bool:
    wanted = request.args.get("_format")
    if wanted is not None:
        # A plus sign that was not percent-encoded arrives as a space.
        return wanted.partition(";")[0].strip().replace(" ", "+").lower() in _JSON_NAMES
    accepted: MIMEAccept = request.accept_mimetypes
    return not accepted.provided or any(accepted.quality(name) > 0 for name in (FHIR_JSON, web.JSON))


def _served(body: bytes, tag: str) -> Response:
    response = Response(body, content_type=FHIR_JSON)
    response.set_etag(tag)
    response.make_conditional(request)
    return response


def _refused(status: int, code: str, text: str) -> Response:
    return Response(web.outcome(code, text), status, content_type=FHIR_JSON)


def _finish(response: Response) -> Response:
    if g.get("published") in _CACHEABLE:
        response.headers["Cache-Control"] = _CACHE
    return response
