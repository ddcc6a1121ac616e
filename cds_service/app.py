"""create_app: the one place where the parts are put together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from flask import Flask

from cds_service import hooks, pipeline, web, web_published
from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import FhirClient, Limits
from cds_service.ehr.gather import gather, usable
from cds_service.errors import SettingsError
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.settings import PREFIX, Settings
from cds_service.site import Site
from fhir_mappings.record import Record
from fhir_mappings.value_sets.concepts import use_cpt


def create_app(
    settings: Settings | None = None,
    *,
    today: Callable[[], date] | date | None = None,
    answer: web.AnswerCall = pipeline.answer,
    services: tuple[Service, ...] | None = None,
    limits: Limits | None = None,
    discovery_extension: Mapping[str, Any] | None = None,
) -> Flask:
    """The service as a Flask application.

    Args:
        settings: the site's choices; read from the environment when not given.
        today: the day that counts as today, or how to find it; else the setting TODAY, else the calendar.
        answer: the steps after gathering, ``answer(service, request, record, *, today, site)``
        services: what is published in place of the product's own.
        limits: how much of a FHIR server's answers is read.
        discovery_extension: ``extension`` of each service in discovery.

    Raises:
        SettingsError: the settings cannot be used.
    """
    settings = settings if settings is not None else Settings.load(os.environ)
    if not settings.sandbox:
        raise SettingsError([f"{PREFIX}MODE: production needs client authentication, which this version does not have"])
    use_cpt(not settings.without_cpt)
    client = FhirClient(
        [parse_base(server) for server in settings.fhir_servers],
        loopback=settings.sandbox,
        ca_file=str(settings.ca_file) if settings.ca_file is not None else None,
        limits=limits,
    )
    published = hooks.published(
        shared_id=settings.shared_service_id, questionnaire_responses=settings.questionnaire_responses
    )
    edge = web.Edge(
        services=published if services is None else services,
        gather=partial(_usable_record, client, settings.deadline_seconds),
        answer=answer,
        today=_clock(today if today is not None else settings.today),
        site=Site(profile="sandbox", region_notice=settings.region_notice, base_url=settings.base_url),
        max_body_bytes=settings.max_body_bytes,
        any_origin=settings.sandbox,
        origins=frozenset(settings.cors_origins),
        extension=discovery_extension,
    )
    app = Flask("cds_service", static_folder=None)
    # First, so that its word on caching is the last.
    app.register_blueprint(web_published.blueprint(settings.base_url, with_cpt=not settings.without_cpt))
    app.register_blueprint(web.blueprint(edge))
    app.wsgi_app = web.SlashTolerant(app.wsgi_app)  # type: ignore[method-assign]
    app.extensions["recurrence-cds-fhir-client"] = client
    return app


def _usable_record(client: FhirClient, deadline_seconds: float, request: HookRequest, service: Service) -> Record:
    record = gather(request, service, client=client, deadline_seconds=deadline_seconds)
    usable(record)
    return record


def _clock(today: Callable[[], date] | date | None) -> Callable[[], date]:
    if today is None:
        return date.today
    if isinstance(today, date):
        return lambda: today
    return today
