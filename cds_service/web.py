"""The HTTP edge: discovery, the call, health; and the one table from error to status.

Every answer is JSON, errors as OperationOutcome without stack, path or echo of the input (RESP-05, IN-08), and carries
the headers of RUN-06.
"""

from __future__ import annotations

import logging
import re
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import msgspec
from flask import Blueprint, Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter

from cds_service import metrics
from cds_service.admission import Admission
from cds_service.auth.caller import ANYONE, Caller
from cds_service.ehr.watchdog import Watchdog
from cds_service.errors import (
    AuditUnavailable,
    BadRequest,
    BodyTooLarge,
    BodyTooLate,
    ForbiddenServer,
    ForeignHook,
    NotAuthenticated,
    Overloaded,
    PreconditionFailed,
    ServiceError,
    StoreUnavailable,
    TooManyCalls,
    TryLater,
    UnknownService,
    UnsupportedBody,
    UnsupportedFhirVersion,
)
from cds_service.protocol import discovery
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.protocol.request import decode as decode_request
from cds_service.protocol.response import NO_CARDS
from cds_service.readiness import OK, Readiness
from cds_service.site import Site
from fhir_mappings.record import Record

_log = logging.getLogger(__name__)

JSON: Final = "application/json"
DISCOVERY: Final = "/cds-services"
_CONTENT_TYPES: Final = frozenset({JSON, "application/fhir+json"})
_CHARSETS: Final = frozenset({"", "utf-8", "utf8"})
_CHUNK: Final = 1 << 16
READ_SECONDS: Final = 10.0
"""That a body may take to arrive, if the settings do not say otherwise (IN-01)."""
_arrivals: Final = Watchdog()
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
    NotAuthenticated: (401, "login"),
    ForbiddenServer: (403, "forbidden"),
    UnknownService: (404, "not-found"),
    NotFound: (404, "not-found"),
    MethodNotAllowed: (405, "not-supported"),
    BodyTooLate: (408, "timeout"),
    PreconditionFailed: (412, "processing"),
    UnsupportedFhirVersion: (412, "not-supported"),
    BodyTooLarge: (413, "too-long"),
    UnsupportedBody: (415, "not-supported"),
    TooManyCalls: (429, "throttled"),
    Exception: (500, "exception"),
    AuditUnavailable: (503, "transient"),
    Overloaded: (503, "transient"),
    StoreUnavailable: (503, "transient"),
}
"""Error to HTTP status and FHIR issue type; the nearest class in the error's ancestry counts."""

AnswerCall = Callable[..., Any]
"""``answer(service, request, record, *, today, site)``: the pipeline's steps after gathering."""
GatherRecord = Callable[[HookRequest, Service, Caller], Record]
Authenticate = Callable[[str | None, str], Caller]
"""The Authorization header and the URL of the endpoint called, to the caller; raises NotAuthenticated."""


def let_anyone_in(authorization: str | None, endpoint: str) -> Caller:  # noqa: ARG001 - looks at neither
    """Authentication of sandbox mode: there is none."""
    return ANYONE


@dataclass(frozen=True, slots=True)
class Edge:
    """What the HTTP edge is put together from.

    Attributes:
        services: as published.
        gather: request, service and caller to record; raises when no rule could speak on it.
        answer: record to answer.
        today: the day that counts as today, asked at each call.
        site: the site's own texts; profile and ``recommend`` are those of each caller.
        max_body_bytes: larger bodies are refused.
        read_seconds: that a body may take to arrive.
        any_origin: whether browsers from anywhere may read the answers (never with credentials).
        origins: those that may otherwise, compared exactly.
        launches: issuer to the URL that its EHR launches the SMART app at, where the app is registered.
        extension: of each service in discovery.
        authenticate: finds the caller of everything below ``/cds-services``.
        closed_discovery: whether discovery asks for a token as well.
        readiness: whether calls can be answered now.
        admission: the places of this worker.
        limit: counts a call of a caller; raises TooManyCalls when it is over its rate.
    """

    services: tuple[Service, ...]
    gather: GatherRecord
    answer: AnswerCall
    today: Callable[[], date]
    site: Site
    max_body_bytes: int
    read_seconds: float = READ_SECONDS
    any_origin: bool = False
    origins: frozenset[str] = frozenset()
    launches: Mapping[str, str] = field(default_factory=dict)
    extension: Mapping[str, Any] | None = None
    authenticate: Authenticate = let_anyone_in
    closed_discovery: bool = False
    readiness: Readiness = field(default_factory=Readiness)
    admission: Admission = field(default_factory=Admission)
    limit: Callable[[Caller], None] = lambda _: None


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
        hook_request = g.hook_request = decode_request(
            read_body(request.environ, edge.max_body_bytes, edge.read_seconds)
        )
        service = by_pair.get((service_id, hook_request.hook))
        if service is None:
            raise ForeignHook("This service does not answer this hook", "hook")
        if hook_request.user_type in _NO_ADVICE_USERS:
            return _json(NO_CARDS)
        caller: Caller = g.caller
        launch = edge.launches.get(caller.issuer, "")
        site = replace(edge.site, profile=caller.profile, recommend=caller.recommend, smart_launch=launch)
        with edge.admission.place(caller.issuer):
            record = edge.gather(hook_request, service, caller)
            answer = edge.answer(service, hook_request, record, today=edge.today(), site=site)
        return _json(answer if isinstance(answer, bytes) else msgspec.json.encode(answer))

    def readiness() -> Response:
        checks = edge.readiness.report()
        ready = all(said == OK for said in checks.values())
        asked = "off: sandbox mode" if edge.authenticate is let_anyone_in else "required"
        body = {"status": "ready" if ready else "not ready", "authentication": asked, "checks": checks}
        if warnings := edge.readiness.warnings():
            body["warnings"] = warnings
        return _json(msgspec.json.encode(body), 200 if ready else 503)

    routes.add_url_rule(DISCOVERY, "discover", discover, methods=["GET"])
    routes.add_url_rule(f"{DISCOVERY}/<service_id>", "call", call, methods=["POST"])
    routes.add_url_rule("/healthz", "healthz", lambda: _json(b'{"status":"ok"}'), methods=["GET"])
    routes.add_url_rule("/readyz", "readyz", readiness, methods=["GET"])
    routes.before_app_request(_preflight)
    routes.before_app_request(lambda: _admit(edge))
    routes.after_app_request(lambda response: _finish(response, edge))
    routes.app_errorhandler(Exception)(refuse)
    return routes


def read_body(environ: Mapping[str, Any], limit: int, seconds: float = READ_SECONDS) -> bytes:
    """The request body, in one piece when its length is said, else in chunks.

    Raises:
        UnsupportedBody: not JSON by its Content-Type (none at all is taken for JSON), or with a content coding.
        BodyTooLarge: more than ``limit`` bytes.
        BadRequest: a length that makes no sense, fewer bytes than it says, or chunks that cannot be read.
        BodyTooLate: it took longer than ``seconds`` to arrive.
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
        body: bytes = _in_time(environ, stream, length, seconds)
        if len(body) < length:
            raise BadRequest("The body is shorter than its Content-Length says")
        return body
    if environ.get("HTTP_TRANSFER_ENCODING") or environ.get("wsgi.input_terminated"):
        body = _in_time(environ, stream, limit + 1, seconds)
        if len(body) > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes")
        return body
    return b""


def _in_time(environ: Mapping[str, Any], stream: Any, size: int, seconds: float) -> bytes:
    """Up to ``size`` bytes of the body; under gunicorn the way in is shut when the time is up, the way out is not."""
    sock: socket.socket | None = environ.get("gunicorn.socket")
    with _arrivals.watch(time.monotonic() + seconds, socket.SHUT_RD) as arrival:
        if sock is not None:
            arrival.runs_on(sock)
        try:
            body = _read(stream, size)
        except Exception:  # noqa: BLE001 - each server has its own errors for bad chunks and lost connections
            if not arrival.expired:
                raise BadRequest("The body cannot be read") from None
            body = b""
        if arrival.expired:
            raise BodyTooLate("The body did not arrive in time")
    return body


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


def refuse(error: Exception) -> Response:
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
    if status == 500:
        _log.error("internal-fault", extra={"error": type(error).__name__, "place": _place(error)})
    response = _json(outcome(code, *texts), status)
    if isinstance(error, Overloaded):
        metrics.overloaded_call()
    if isinstance(error, TryLater):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
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


def _admit(edge: Edge) -> None:
    """Everything below ``/cds-services`` has a caller, whether or not there is a route; only discovery may be open.

    The URL that a token has to be meant for starts at the configured base, never at what Host or a proxy's headers say.
    """
    path = request.path
    if path.startswith(f"{DISCOVERY}/") or (path == DISCOVERY and edge.closed_discovery):
        g.caller = edge.authenticate(request.headers.get("Authorization"), f"{edge.site.base_url}{path}")
        edge.limit(g.caller)


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


class Application(Flask):
    """Flask that finds the route by path and method alone.

    The Host header says nothing here, since URLs start at the configured base; one that cannot be a name does no harm.
    """

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Called by Flask for each request."""
        if request is None:
            return super().create_url_adapter(request)
        return self.url_map.bind("localhost", request.root_path, default_method=request.method, path_info=request.path)


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
