"""The SMART app: ``/launch``, ``/smart/callback``, and the page with the reasons; only where a site has registered it.

The browser gets two kinds of cookie, each for one launch, so that two patients in two windows never meet: one with the
launch under way (``smart.launch``), one with the key to a session in the store (``smart.session``). No address holds
anything of the patient; the access token stays between this service, the authorization server and the FHIR server.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, g, render_template, request
from werkzeug.utils import redirect

from cds_service import web
from cds_service.admission import Admission
from cds_service.auth.caller import Caller
from cds_service.cards import DATA_WORDS
from cds_service.ehr.addresses import Base
from cds_service.ehr.authorization import AuthorizationServers
from cds_service.ehr.gather import PATIENT
from cds_service.errors import (
    FetchFailure,
    Hitch,
    LaunchFailed,
    PreconditionFailed,
    ServiceError,
    TryLater,
    UnsupportedFhirVersion,
)
from cds_service.guideline import knowledge
from cds_service.guideline.decide import Occasion
from cds_service.pipeline import Advice, Consultation, consult
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import FhirAuthorization, HookRequest
from cds_service.protocol.response import encode
from cds_service.site import Site
from cds_service.smart import grant, launch, session
from cds_service.smart.banner import banner
from cds_service.smart.configuration import Configurations
from cds_service.smart.registry import Client, Registry
from cds_service.smart.session import Session
from cds_service.workbench import card_view, pathway_picture, what_if
from cds_service.workbench.timeline import NARROW, WIDE, timeline
from fhir_mappings import versions
from fhir_mappings.record import Record

_log = logging.getLogger(__name__)

LAUNCH: Final = "/launch"
CALLBACK: Final = "/smart/callback"
VIEW: Final = "/smart/view"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_FOLDER: Final = "smart"
_HTML: Final = "text/html; charset=utf-8"
_STATE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_HANDED: Final = re.compile(rf"[\x21-\x7e]{{1,{launch.MAX_LAUNCH}}}")
_CODE: Final = re.compile(rf"[\x20-\x7e]{{1,{grant.MAX_CODE}}}")
_DENIED: Final = "access_denied"

STATUSES: Final[Mapping[Hitch, int]] = {
    Hitch.NO_SERVER: 400,
    Hitch.BAD_PARAMETERS: 400,
    Hitch.FOREIGN_SERVER: 403,
    Hitch.NO_CONFIGURATION: 502,
    Hitch.BAD_CONFIGURATION: 502,
    Hitch.NO_S256: 502,
    Hitch.NOT_BEGUN_HERE: 400,
    Hitch.OTHER_AUTHORITY: 400,
    Hitch.NOT_ALLOWED: 403,
    Hitch.NOT_AUTHORIZED: 502,
    Hitch.NO_CODE: 400,
    Hitch.CODE_REFUSED: 403,
    Hitch.NO_TOKEN: 502,
    Hitch.NO_PATIENT: 400,
    Hitch.ENDED: 410,
}
"""Hitch to the status of the page that says it."""


class Sessions(Protocol):
    """Keeps sealed sessions for all workers and hosts."""

    def put(self, name: str, sealed: str, ends: float) -> None:
        """Keep one until ``ends``, in seconds since 1970."""
        ...

    def get(self, name: str) -> str | None:
        """The one of that name, if it is not over."""
        ...


@dataclass(frozen=True, slots=True)
class App:
    """What the app is put together from.

    Attributes:
        registry: where it is registered.
        servers: the way to authorization servers.
        sessions: where sessions are kept.
        gather: request, service and caller to record; raises when no rule could speak on it.
        explained: told of the advice that a page shows, for the audit trail.
        service: whose templates are the questions to the FHIR server.
        today: the day that counts as today, asked for each page.
        site: the site's own texts and base URL.
        admission: the places of this worker.
        clock: seconds since 1970.
    """

    registry: Registry
    servers: AuthorizationServers
    sessions: Sessions
    gather: web.GatherRecord
    explained: Callable[[Advice], None]
    service: Service
    today: Callable[[], dt.date]
    site: Site
    admission: Admission
    clock: Callable[[], float] = time.time


def resource_types(service: Service) -> tuple[str, ...]:
    """The types that a page is read from, for the scopes: those of the service's templates, and Medication."""
    named = (re.split(r"[/?]", template, maxsplit=1)[0] for template in service.prefetch.values())
    return tuple(sorted({*named, "Medication"}))


def blueprint(app: App) -> Blueprint:
    """The routes of the app.

    To be registered before ``web.blueprint``: what is registered first has the last word on headers.
    """
    routes = Blueprint(
        _FOLDER,
        "cds_service.workbench",
        template_folder="templates",
        static_folder="static",
        static_url_path="/smart/static",
    )
    base_url = app.site.base_url.rstrip("/")
    frame = {"root": urlsplit(base_url).path, "notice": app.site.region_notice}
    redirect_uri = f"{base_url}{CALLBACK}"
    cookies = _Cookies(secure=urlsplit(base_url).scheme == "https")
    configurations = Configurations(app.servers.configuration)
    types = resource_types(app.service)

    def begin() -> Any:
        iss, handed = _parameter("iss"), _parameter("launch")
        if iss is None:
            if handed is not None or not app.registry.standalone:
                raise LaunchFailed(Hitch.NO_SERVER)
            if len(app.registry.standalone) > 1:
                return render_template("smart/choose.html", servers=app.registry.standalone, **frame)
            iss = app.registry.standalone[0]
        if handed is not None and not _HANDED.fullmatch(handed):
            raise LaunchFailed(Hitch.BAD_PARAMETERS)
        server, client = app.registry.find(iss)
        with app.admission.place(server.url):
            configuration = configurations.of(server)
        begun = launch.Launch.begin(iss, app.clock())
        url = launch.authorization_url(
            configuration, begun, client_id=client.id, redirect_uri=redirect_uri, types=types, handed=handed
        )
        response = redirect(url, 303)
        cookies.set(response, cookies.launch(begun.state), begun.cookie(), launch.SECONDS)
        return response

    def callback() -> Any:
        state = _parameter("state") or ""
        if not _STATE.fullmatch(state):
            raise LaunchFailed(Hitch.NOT_BEGUN_HERE)
        cookie = cookies.launch(state)
        begun = launch.resume(request.cookies.get(cookie), state, app.clock())
        g.smart_spent = cookie
        server, client = app.registry.find(begun.iss)
        if _parameter("error") is not None:
            raise LaunchFailed(Hitch.NOT_ALLOWED if _parameter("error") == _DENIED else Hitch.NOT_AUTHORIZED)
        granted = _exchange(begun, server, client)
        opened = session.begin(begun.iss, granted, app.clock())
        key = session.Key.make()
        app.sessions.put(key.name, key.seal(opened), opened.ends)
        handle = secrets.token_urlsafe(9)
        response = redirect(f"{base_url}{VIEW}/{handle}", 303)
        cookies.set(response, cookies.view(handle), key.secret, math.ceil(opened.ends - app.clock()))
        return response

    def _exchange(begun: launch.Launch, server: Base, client: Client) -> grant.Grant:
        code = _parameter("code") or ""
        if not _CODE.fullmatch(code):
            raise LaunchFailed(Hitch.NO_CODE)
        with app.admission.place(server.url):
            configuration = configurations.of(server)
            if configuration.issuer and _parameter("iss") not in (None, configuration.issuer):
                raise LaunchFailed(Hitch.OTHER_AUTHORITY)
            asked = grant.form(
                code,
                begun,
                client_id=client.id,
                confidential=client.basic is not None,
                redirect_uri=redirect_uri,
            )
            try:
                reply = app.servers.token(configuration.token_endpoint, asked, server=server, client=client.basic)
            except FetchFailure:
                raise LaunchFailed(Hitch.NO_TOKEN) from None
        return grant.read(reply.status, reply.body)

    def view(handle: str) -> str:
        key = session.Key(request.cookies.get(cookies.view(handle), ""))
        opened = key.open(app.sessions.get(key.name) if key.secret else None, app.clock())
        server, _ = app.registry.find(opened.iss)
        g.caller = Caller(server.url, "SMART app")
        g.hook_request = _hook_request(opened, instance=key.name)
        with app.admission.place(server.url):
            record = app.gather(g.hook_request, app.service, g.caller)
            consultation = _consulted(app, record, g.hook_request.hook_instance)
        decided = consultation.decided
        app.explained(Advice(consultation.answer, decided.scope_row, decided.failed))
        return render_template("smart/reasons.html", **frame, **_laid(consultation, record, opened, app.today()))

    def sorry(error: Exception) -> Response:
        response = _refused(error) if isinstance(error, LaunchFailed) else web.refuse(error)
        response.set_data(render_template("smart/sorry.html", texts=_words(error), **frame))
        response.content_type = _HTML
        return response

    def finish(response: Response) -> Response:
        if request.blueprint == _FOLDER:
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            response.headers.pop("Access-Control-Allow-Origin", None)
            if "smart_spent" in g:
                cookies.set(response, g.smart_spent, "", 0)
        return response

    routes.add_url_rule(LAUNCH, "launch", begin, methods=["GET"])
    routes.add_url_rule(CALLBACK, "callback", callback, methods=["GET"])
    routes.add_url_rule(f"{VIEW}/<handle>", "view", view, methods=["GET"])
    routes.errorhandler(Exception)(sorry)
    routes.after_app_request(finish)
    return routes


@dataclass(frozen=True, slots=True)
class _Cookies:
    """Names and attributes. ``__Host-`` keeps other hosts of the domain from planting one; it needs https.

    Attributes:
        secure: whether the service is reached by https; only on this machine it may not be.
    """

    secure: bool

    def launch(self, state: str) -> str:
        """Of a launch under way."""
        return f"{self._prefix()}launch-{state[: launch.NAMED_BY]}"

    def view(self, handle: str) -> str:
        """Of an open page."""
        return f"{self._prefix()}view-{handle}"

    def set(self, response: Any, name: str, value: str, seconds: int) -> None:
        """Give one to the browser; for no seconds, take it away."""
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _prefix(self) -> str:
        return "__Host-recurrence-cds-" if self.secure else "recurrence-cds-"


def _parameter(name: str) -> str | None:
    """A parameter of the address; LaunchFailed when it stands there twice."""
    found = request.args.getlist(name)
    if len(found) > 1:
        raise LaunchFailed(Hitch.BAD_PARAMETERS)
    return found[0] if found else None


def _hook_request(opened: Session, instance: str) -> HookRequest:
    """The question of patient-view for the patient of the launch, with the card's own name where it is known."""
    granted = opened.grant
    return HookRequest(
        hook=grant.OVERVIEW,
        hook_instance=granted.origin.hook_instance or instance,
        context={},
        prefetch={},
        fhir_server=opened.iss,
        fhir_authorization=FhirAuthorization(
            access_token=granted.access_token,
            token_type="Bearer",  # noqa: S106 - the scheme's name, not a secret
            scope="",
            subject="",
        ),
        patient_id=granted.patient_id,
    )


def _consulted(app: App, record: Record, hook_instance: str) -> Consultation:
    try:
        return consult(
            record,
            occasion=Occasion.PATIENT_VIEW,
            hook_instance=hook_instance,
            today=app.today(),
            site=app.site,
        )
    except versions.UnsupportedVersion as unsupported:
        raise UnsupportedFhirVersion(str(unsupported)) from None


def _laid(consultation: Consultation, record: Record, opened: Session, today: dt.date) -> dict[str, Any]:
    """What the page is rendered from: the view models of the workbench."""
    features = consultation.features
    walked = pathway_picture.walk(features, today)
    hook = opened.grant.origin.hook
    return {
        "banner": banner(record.obtained[PATIENT].payloads[0]) if opened.grant.banner else None,
        "hook": hook,
        "drafts_apart": hook != grant.OVERVIEW,
        "today": today,
        "knowledge": knowledge.VERSION,
        "cards": card_view.views(msgspec.json.decode(encode(consultation.answer))),
        "drawn": timeline(consultation.history, today, width=WIDE),
        "small": timeline(consultation.history, today, width=NARROW),
        "walked": walked,
        "wide": pathway_picture.picture(walked, width=pathway_picture.WIDE),
        "narrow": pathway_picture.picture(walked, width=pathway_picture.NARROW),
        "parts": what_if.table(features, features, consultation.decided.decisions, ()),
    }


def _refused(error: LaunchFailed) -> Response:
    _log.warning("smart-refused", extra={"reason": error.hitch.name.lower().replace("_", "-")})
    return Response(status=STATUSES[error.hitch])


def _words(error: Exception) -> tuple[str, ...]:
    """An error in words for a person; of one that is not of our making nothing is said."""
    if isinstance(error, PreconditionFailed):
        return tuple(f"The {DATA_WORDS.get(key, key)} could not be read: {reason}." for key, reason in error.missing)
    if isinstance(error, TryLater):
        return (f"{error}. It may be worth trying again in {error.retry_after} seconds.",)
    return (str(error),) if isinstance(error, ServiceError) else ("The service failed on this request.",)
