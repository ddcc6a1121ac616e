"""create_app: the one place where the parts are put together."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask

from cds_service import (
    hooks,
    metrics,
    pipeline,
    web,
    web_feedback,
    web_pages,
    web_published,
    web_traces,
)
from cds_service.admission import Admission
from cds_service.audit import AuditTrail
from cds_service.auth.caller import ANYONE, Caller
from cds_service.ehr import terminology
from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import FhirClient, Limits, Observe
from cds_service.ehr.gather import gather, usable
from cds_service.errors import SettingsError, TooManyCalls
from cds_service.guideline import knowledge
from cds_service.guideline.decide import Occasion
from cds_service.pages import transparency
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.readiness import Readiness
from cds_service.settings import PREFIX, Settings, TrustedClient
from cds_service.site import Site
from cds_service.smart.registry import Client, Registry
from cds_service.store import open_store
from cds_service.store.claims import RateStore
from cds_service.turns import InTurn
from fhir_mappings.record import Record
from fhir_mappings.value_sets.concepts import use_cpt, use_expansions

if TYPE_CHECKING:
    from cds_service.auth.authenticator import Authenticator, ReplayStore
    from cds_service.ehr.transport import Documents
    from cds_service.web_smart import Sessions

_log = logging.getLogger(__name__)

RATE_WINDOW_SECONDS = 60
CLOCK_SECONDS = 5.0
"""Difference to a peer's clock from which on audit records no longer tell the order of events (AUD-07)."""
CLOCK_WARNING = "differs from a key server's by more than 5 s"
APP_SECONDS = 8.0
"""For the FHIR server to answer the SMART app, if that is longer than a hook call waits: no order waits for a page."""


def create_app(
    settings: Settings | None = None,
    *,
    today: Callable[[], date] | date | None = None,
    answer: web.AnswerCall = pipeline.answer,
    services: tuple[Service, ...] | None = None,
    limits: Limits | None = None,
    discovery_extension: Mapping[str, Any] | None = None,
    replay: ReplayStore | None = None,
    sample_server: str | None = None,
) -> Flask:
    """The service as a Flask application.

    Args:
        settings: the site's choices; read from the environment when not given.
        today: the day that counts as today, or how to find it; else the setting TODAY, else the calendar.
        answer: the steps after gathering, ``answer(service, request, record, *, today, site)``
        services: what is published in place of the product's own.
        limits: how much of a FHIR server's answers is read.
        discovery_extension: ``extension`` of each service in discovery, in place of version, hash and page.
        replay: remembers used tokens, in production mode; the store of the settings when not given.
        sample_server: base URL of a FHIR server with the sample patients, for the workbench of sandbox mode.

    Raises:
        SettingsError: the settings cannot be used.
    """
    settings = settings if settings is not None else Settings.load(os.environ)
    if not settings.sandbox and not settings.trusted_clients:
        raise SettingsError([f"{PREFIX}TRUSTED_CLIENTS: production needs client authentication, and trusts no client"])
    use_cpt(not settings.without_cpt)
    use_expansions(_expansions(settings))
    store = open_store(settings.stored_in, feedback_keep_days=settings.feedback_keep_days, meter=metrics.event)
    audit = AuditTrail(settings.audited_in, failure=settings.audit_failure, site=settings.base_url, meter=metrics.event)
    traces = web_traces.Traces(audit, store.shown.put)
    readiness = Readiness()
    readiness.register("knowledge", lambda: None if knowledge.VERSION else "not loaded")
    readiness.register("store", lambda: None if store.ready() else "cannot be written")
    readiness.register("audit", lambda: None if audit.ready() else "cannot be written")
    metrics.know(client.issuer for client in settings.trusted_clients)
    clients = _fhir_clients(settings, limits)

    def own_client(caller: Caller) -> FhirClient:
        return clients[caller.issuer]

    published = services
    if published is None:
        published = hooks.published(
            shared_id=settings.shared_service_id, questionnaire_responses=settings.questionnaire_responses
        )
    ids = frozenset(service.id for service in published)
    registry = _registry(settings)
    # Other steps than ours may want to see everything.
    settles = pipeline.settles if answer is pipeline.answer else None
    edge = web.Edge(
        services=published,
        gather=traces.gathering(partial(_usable_record, own_client, settings, settles)),
        answer=traces.answering(answer),
        today=_clock(today if today is not None else settings.today),
        site=Site(region_notice=settings.region_notice, base_url=settings.base_url),
        max_body_bytes=settings.max_body_bytes,
        any_origin=settings.sandbox,
        origins=frozenset(settings.cors_origins),
        launches=_launches(settings),
        extension=transparency.discovery_extension(settings.base_url)
        if discovery_extension is None
        else discovery_extension,
        closed_discovery=settings.closed_discovery,
        readiness=readiness,
        read_seconds=settings.read_seconds,
        admission=Admission(settings.calls_at_work, settings.calls_waiting, clients=len(settings.trusted_clients)),
        limit=_limit(settings, store.rates),
    )
    if settings.sandbox:
        _log.warning("authentication-off")
    else:
        from cds_service.ehr.transport import Documents  # noqa: PLC0415 - with the libraries for the network

        documents = Documents(str(settings.ca_file) if settings.ca_file is not None else None)
        readiness.watch("clock", lambda: CLOCK_WARNING if abs(documents.clock_ahead) > CLOCK_SECONDS else None)
        authenticator = _authenticator(settings, replay if replay is not None else store.replay, documents)
        readiness.register("client keys", lambda: None if authenticator.ready() else "no client's keys are at hand")
        edge = replace(edge, authenticate=authenticator)
    closing = contextlib.ExitStack()
    app = web.Application("cds_service", static_folder=None)
    # First, so that it begins before all others and sees the answer as it is sent.
    app.register_blueprint(web_traces.blueprint(traces, ids))
    # Before the rest, so that its word on caching is the last.
    app.register_blueprint(web_published.blueprint(settings.base_url, with_cpt=not settings.without_cpt))
    app.register_blueprint(
        web_pages.blueprint(
            published,
            base_url=settings.base_url,
            notice=settings.region_notice,
            today=edge.today,
            site=settings.site_statements,
        )
    )
    if settings.sandbox:
        # As above, for the headers of pages.
        app.register_blueprint(_workbench(edge, partial(_usable_record, own_client, settings, None), sample_server))
    if registry.clients or registry.loopback is not None:
        reader = _app_client(settings, registry, limits)
        closing.callback(reader.close)
        app.register_blueprint(_smart(settings, registry, edge, traces, store.sessions, reader))
    app.register_blueprint(web.blueprint(edge))
    app.register_blueprint(
        web_feedback.blueprint(
            ids,
            store.feedback.add,
            max_body_bytes=settings.max_body_bytes,
            read_seconds=settings.read_seconds,
            count=traces.counted,
        )
    )
    app.wsgi_app = InTurn(web.SlashTolerant(app.wsgi_app))  # type: ignore[method-assign]
    closing.callback(store.close)
    closing.callback(audit.close)
    for client in clients.values():
        closing.callback(client.close)
    app.extensions["recurrence-cds-fhir-client"] = closing
    app.extensions["recurrence-cds-readiness"] = readiness
    return app


def _fhir_clients(settings: Settings, limits: Limits | None) -> Mapping[str, FhirClient]:
    """For each issuer its own way to its own FHIR servers, so that none waits for another's; sandbox mode has one."""
    open_client = partial(
        FhirClient,
        ca_file=str(settings.ca_file) if settings.ca_file is not None else None,
        limits=limits,
        networks=settings.fhir_networks,
        proxy=settings.fhir_proxy,
    )
    if settings.sandbox:
        return {ANYONE.issuer: open_client([parse_base(server) for server in settings.fhir_servers], loopback=True)}
    return {
        client.issuer: open_client([parse_base(base) for base in client.fhir_servers])
        for client in settings.trusted_clients
    }


def _registry(settings: Settings) -> Registry:
    """Where the SMART app is registered: with the trusted clients' FHIR servers, and with those of SMART_ISSUERS."""
    ours = None
    if settings.smart_client_id:
        ours = Client(settings.smart_client_id, settings.smart_client_secret_file or None)
    known = {parse_base(iss): ours for iss in settings.smart_issuers if ours is not None}
    for client in settings.trusted_clients:
        registered = Client(client.smart_client_id, _secret(client)) if client.smart_client_id else ours
        if registered is not None:
            known |= {parse_base(base): registered for base in client.fhir_servers}
    return Registry(known, settings.smart_issuers, loopback=ours if settings.sandbox else None)


def _secret(client: TrustedClient) -> str | None:
    if client.smart_client_secret_file is None:
        return None
    try:
        return client.smart_client_secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        fault = f"{PREFIX}TRUSTED_CLIENTS: smart_client_secret_file of {client.name} cannot be read"
        raise SettingsError([fault]) from None


def _launches(settings: Settings) -> Mapping[str, str]:
    """Issuer to the launch URL of the SMART app, for clients whose FHIR servers it is registered with."""
    everywhere = settings.smart_client_id is not None
    issuers = [
        client.issuer
        for client in settings.trusted_clients
        if client.fhir_servers and (client.smart_client_id or everywhere)
    ]
    if settings.sandbox and everywhere:
        issuers.append(ANYONE.issuer)
    if not issuers:
        return {}
    from cds_service.web_smart import LAUNCH  # noqa: PLC0415 - only where a site has registered the app

    return dict.fromkeys(issuers, f"{settings.base_url}{LAUNCH}")


def _app_client(settings: Settings, registry: Registry, limits: Limits | None) -> FhirClient:
    """The SMART app's way to FHIR servers: it is launched with a token of its own."""
    return FhirClient(
        tuple(registry.clients),
        loopback=registry.loopback is not None,
        ca_file=str(settings.ca_file) if settings.ca_file is not None else None,
        limits=limits,
        networks=settings.fhir_networks,
        proxy=settings.fhir_proxy,
    )


def _smart(
    settings: Settings,
    registry: Registry,
    edge: web.Edge,
    traces: web_traces.Traces,
    sessions: Sessions,
    reader: FhirClient,
) -> Blueprint:
    """The SMART app: the service's own steps, for a patient whom an authorization server names."""
    from cds_service import web_smart  # noqa: PLC0415 - only where a site has registered it
    from cds_service.ehr.authorization import AuthorizationServers  # noqa: PLC0415 - as above

    patient = replace(settings, deadline_seconds=max(settings.deadline_seconds, APP_SECONDS))
    (overview,) = (service for service in hooks.published() if service.hook == Occasion.PATIENT_VIEW.value)
    app = web_smart.App(
        registry=registry,
        servers=AuthorizationServers(
            ca_file=str(settings.ca_file) if settings.ca_file is not None else None,
            networks=settings.fhir_networks,
            proxy=settings.fhir_proxy,
        ),
        sessions=sessions,
        gather=traces.gathering(partial(_usable_record, lambda _: reader, patient, None)),
        explained=traces.explained,
        service=overview,
        today=edge.today,
        site=edge.site,
        admission=edge.admission,
    )
    return web_smart.blueprint(app)


def _limit(settings: Settings, rates: RateStore) -> Callable[[Caller], None]:
    """Counts the calls of authenticated clients, where the site has set a limit."""

    def limit(caller: Caller) -> None:
        if not settings.calls_per_minute or not caller.issuer:
            return
        retry_after = rates.hit(caller.issuer, RATE_WINDOW_SECONDS, settings.calls_per_minute)
        if retry_after is not None:
            metrics.limited_call(caller.issuer)
            raise TooManyCalls(retry_after)

    return limit


def _authenticator(settings: Settings, replay: ReplayStore, documents: Documents) -> Authenticator:
    from cds_service.auth.authenticator import Authenticator  # noqa: PLC0415 - with the libraries for keys and tokens

    return Authenticator(
        settings.trusted_clients,
        replay=replay,
        documents=documents,
        observer=metrics.Clients(),
    )


def _usable_record(
    client_of: Callable[[Caller], FhirClient],
    settings: Settings,
    settles: Callable[[Record], bool] | None,
    request: HookRequest,
    service: Service,
    caller: Caller,
    *,
    observe: Observe,
) -> Record:
    record = gather(
        request,
        service,
        client=client_of(caller),
        deadline_seconds=settings.deadline_seconds,
        max_resources=settings.max_resources,
        observe=observe,
        settles=settles,
    )
    metrics.unknown_data(answer.cause or answer.incomplete for answer in record.obtained.values())
    usable(record)
    return record


def _workbench(edge: web.Edge, gather: Callable[..., Record], sample_server: str | None) -> Blueprint:
    """The service's own parts once more, outside the audit trail: the workbench explains calls and makes none."""
    from cds_service import web_workbench  # noqa: PLC0415 - with the pictures that only a sandbox shows

    bench = web_workbench.Bench(
        services=edge.services,
        gather=lambda request, service: gather(request, service, ANYONE, observe=lambda *_: None),
        today=edge.today,
        site=replace(edge.site, profile=ANYONE.profile, recommend=ANYONE.recommend),
        max_body_bytes=edge.max_body_bytes,
        sample_server=sample_server,
    )
    return web_workbench.blueprint(bench)


def _expansions(settings: Settings) -> Mapping[tuple[str, str], str]:
    """Descendants that a terminology server named ahead of time; none without its file."""
    try:
        fetched = terminology.load(settings.state_dir / terminology.FILE_NAME)
    except terminology.TerminologyFault as fault:
        raise SettingsError([f"{PREFIX}STATE_DIR: {fault}"]) from None
    return fetched.pairs() if fetched is not None else {}


def _clock(today: Callable[[], date] | date | None) -> Callable[[], date]:
    if today is None:
        return date.today
    if isinstance(today, date):
        return lambda: today
    return today
