"""The HTTP edge: discovery, the call, health; and the one table from error to status.

Every answer is JSON, errors as OperationOutcome without stack, path or echo of the input (RESP-05, IN-08), and carries
the headers of RUN-06.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from cds_service.errors import (
    BadRequest,
    BodyTooLarge,
    ForbiddenServer,
    ForeignHook,
    PreconditionFailed,
    ServiceError,
    UnknownService,
    UnsupportedBody,
    UnsupportedFhirVersion,
)
from cds_service.protocol import discovery
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.protocol.request import decode as decode_request
from cds_service.protocol.response import NO_CARDS
from cds_service.site import Site
from fhir_mappings.record import Record

_log = logging.getLogger(__name__)

JSON: Final = "application/json"
_CONTENT_TYPES: Final = frozenset({JSON, "application/fhir+json"})
_CHARSETS: Final = frozenset({"", "utf-8", "utf8"})
_CHUNK: Final = 1 << 16
_NO_ADVICE_USERS: Final = frozenset({"Patient", "RelatedPerson"})
"""Advice is for professionals; these users get no cards (TR-22)."""

_SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_PREFLIGHT_HEADERS: Final = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}

STATUSES: Final[Mapping[type[BaseException], tuple[int, str]]] = {
    BadRequest: (400, "invalid"),
    ForbiddenServer: (403, "forbidden"),
    UnknownService: (404, "not-found"),
    NotFound: (404, "not-found"),
    MethodNotAllowed: (405, "not-supported"),
    PreconditionFailed: (412, "processing"),
    UnsupportedFhirVersion: (412, "not-supported"),
    BodyTooLarge: (413, "too-long"),
    UnsupportedBody: (415, "not-supported"),
    Exception: (500, "exception"),
}
"""Error to HTTP status and FHIR issue type; the nearest class in the error's ancestry counts."""

AnswerCall = Callable[..., bytes | msgspec.Raw | Mapping[str, Any] | msgspec.Struct]
"""``answer(service, request, record, *, today, site)``: the pipeline's steps after gathering."""
GatherRecord = Callable[[HookRequest, Service], Record]


@dataclass(frozen=True, slots=True)
class Edge:
    """What the HTTP edge is put together from.

    Attributes:
        services: as published.
        gather: request and service to record; raises when no rule could speak on it.
        answer: record to answer.
        today: the day that counts as today, asked at each call.
        site: of the caller.
        max_body_bytes: larger bodies are refused.
        any_origin: whether browsers from anywhere may read the answers (never with credentials).
        origins: those that may otherwise, compared exactly.
        extension: of each service in discovery.
    """

    services: tuple[Service, ...]
    gather: GatherRecord
    answer: AnswerCall
    today: Callable[[], date]
    site: Site
    max_body_bytes: int
    any_origin: bool = False
    origins: frozenset[str] = frozenset()
    extension: Mapping[str, Any] | None = None


def blueprint(edge: Edge) -> Blueprint:
    """Routes and error answers over the given parts."""
    routes = Blueprint("cds", __name__)
    document = discovery.document(edge.services, edge.extension)
    by_pair = {(service.id, service.hook): service for service in edge.services}
    ids = {service.id for service in edge.services}

    def discover() -> Response:
        return _json(document)

    def call(service_id: str) -> Response:
        if service_id not in ids:
            raise UnknownService("There is no service of this id")
        hook_request = decode_request(read_body(request.environ, edge.max_body_bytes))
        service = by_pair.get((service_id, hook_request.hook))
        if service is None:
            raise ForeignHook("This service does not answer this hook", "hook")
        if hook_request.user_type in _NO_ADVICE_USERS:
            return _json(NO_CARDS)
        record = edge.gather(hook_request, service)
        answer = edge.answer(service, hook_request, record, today=edge.today(), site=edge.site)
        return _json(answer if isinstance(answer, bytes) else msgspec.json.encode(answer))

    routes.add_url_rule("/cds-services", "discover", discover, methods=["GET"])
    routes.add_url_rule("/cds-services/<service_id>", "call", call, methods=["POST"])
    routes.add_url_rule("/healthz", "healthz", lambda: _json(b'{"status":"ok"}'), methods=["GET"])
    routes.add_url_rule("/readyz", "readyz", lambda: _json(b'{"status":"ready"}'), methods=["GET"])
    routes.before_app_request(_preflight)
    routes.after_app_request(lambda response: _finish(response, edge))
    routes.app_errorhandler(Exception)(_refuse)
    return routes


def read_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """The request body, in one piece when its length is said, else in chunks.

    Raises:
        UnsupportedBody: not JSON by its Content-Type (none at all is taken for JSON), or with a content coding.
        BodyTooLarge: more than ``limit`` bytes.
        BadRequest: a length that makes no sense, or fewer bytes than it says.
    """
    _check_content_type(environ.get("CONTENT_TYPE") or "")
    if (environ.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower() != "identity":
        raise UnsupportedBody("A content coding is not supported", "Content-Encoding")
    stream = environ["wsgi.input"]
    said = environ.get("CONTENT_LENGTH") or ""
    if said:
        if not said.isascii() or not said.isdigit():
            raise BadRequest("It is not a number", "Content-Length")
        length = int(said[:18])
        if length > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes")
        body: bytes = _read(stream, length)
        if len(body) < length:
            raise BadRequest("The body is shorter than its Content-Length says")
        return body
    if environ.get("HTTP_TRANSFER_ENCODING") or environ.get("wsgi.input_terminated"):
        body = _read(stream, limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes")
        return body
    return b""


def _read(stream: Any, size: int) -> bytes:
    first: bytes = stream.read(size)
    if not first or len(first) == size:
        return first
    parts = [first]
    left = size - len(first)
    while left > 0 and (part := stream.read(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _check_content_type(header: str) -> None:
    kind, *parameters = (part.strip().lower() for part in header.split(";"))
    if kind and kind not in _CONTENT_TYPES:
        raise UnsupportedBody("The body has to be application/json", "Content-Type")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _CHARSETS:
            raise UnsupportedBody("The body has to be UTF-8", "Content-Type")


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type=JSON)


def outcome(code: str, *diagnostics: str) -> bytes:
    """An OperationOutcome with one error for each text."""
    issues = [{"severity": "error", "code": code, "diagnostics": text} for text in diagnostics]
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": issues})


def _refuse(error: Exception) -> Response:
    """The answer to an error, by the table; an error that is not of our own making is logged without its message."""
    status, code = next(STATUSES[kind] for kind in _kinds(error) if kind in STATUSES)
    if isinstance(error, PreconditionFailed):
        texts = [f"Needed, and not to be had: {key}: {reason}" for key, reason in error.missing]
    elif isinstance(error, ServiceError):
        texts = [str(error)]
    elif isinstance(error, HTTPException):
        texts = [error.name]
    else:
        texts = ["The service failed on this request"]
    if status >= 500:
        _log.error("internal fault: %s at %s", type(error).__name__, _place(error))
    response = _json(outcome(code, *texts), status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _kinds(error: Exception) -> Iterable[type[BaseException]]:
    return type(error).__mro__


def _place(error: Exception) -> str:
    """Where an error arose: modules and lines, never values, which may be a patient's."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}" for frame in reversed(frames))


def _preflight() -> Response | None:
    """A browser asks what it may send; needs no token and runs nothing (CORS-01)."""
    if request.method != "OPTIONS":
        return None
    response = Response(status=204)
    response.headers.update(_PREFLIGHT_HEADERS)
    return response


def _finish(response: Response, edge: Edge) -> Response:
    response.headers.update(_SECURITY_HEADERS)
    if edge.any_origin:
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif edge.origins:
        response.headers["Vary"] = "Origin"
        origin = request.headers.get("Origin")
        if origin in edge.origins:
            response.headers["Access-Control-Allow-Origin"] = origin
    return response


class SlashTolerant:
    """WSGI middleware: doubled and trailing slashes of the path do no harm (QRK-03)."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(  # noqa: D102 - WSGI's signature
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if "//" in path or path.endswith("/"):
            environ["PATH_INFO"] = re.sub("/{2,}", "/", path).rstrip("/") or "/"
        return self._application(environ, start_response)
