"""The workbench at ``/``, in sandbox mode only: choose a record, call a hook as an EHR would, see why the cards say it.

The page makes the hook calls itself, to the service's own endpoints; what is served here are the pages around them and
the pictures that explain them. Records that somebody pastes are held in the page and in the memory of one request;
nothing is stored and nothing is logged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

import msgspec
from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from cds_service.demo.sample_patients import PATIENTS_FOLDER, SamplePatient, load_patients
from cds_service.errors import BadRequest
from cds_service.guideline.decide import Occasion
from cds_service.pipeline import Consultation, consult
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.protocol.request import decode as decode_request
from cds_service.protocol.response import encode
from cds_service.site import Site
from cds_service.web import read_body
from cds_service.workbench import card_view, orders, pathway_picture, records, what_if
from cds_service.workbench.timeline import NARROW, WIDE, timeline
from fhir_mappings.record import Record

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_USER: Final = "Practitioner/demo-oncologist"
_FOLDER: Final = "workbench"
_VIEW_PARTS: Final = 3
"""A view is asked for with the request and the answer, which may be as large again; with room for assumptions."""


class _View(msgspec.Struct, rename="camel"):
    """What the page sends to have a call explained."""

    request: msgspec.Raw
    answer: dict[str, Any] | None = None
    drafts: list[dict[str, Any]] = msgspec.field(default_factory=list)
    flips: dict[str, str] = msgspec.field(default_factory=dict)


class _Wish(msgspec.Struct, rename="camel"):
    """The order form."""

    patient_id: str
    kind: str
    start: str = ""
    dose: str = ""
    unit: str = ""
    intent: str = ""
    taken: list[str] = msgspec.field(default_factory=list)


class _Server(msgspec.Struct, rename="camel"):
    """A FHIR server to read a patient from."""

    fhir_server: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What the workbench is put together from: the parts of the service, without its audit trail.

    Attributes:
        services: as published.
        gather: request and service to record; raises when no rule could speak on it.
        today: the day that counts as today, asked at each call.
        site: as the service itself renders cards for a caller in sandbox mode.
        max_body_bytes: larger records and hook requests are refused.
        sample_server: base URL of a FHIR server that holds the sample patients; without one their records are sent with
            the call.
    """

    services: tuple[Service, ...]
    gather: Callable[[HookRequest, Service], Record]
    today: Callable[[], date]
    site: Site
    max_body_bytes: int
    sample_server: str | None = None


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose record is on the bench, and how it gets to the service."""

    patient_id: str
    title: str
    story: str
    fhir_server: str | None = None
    prefetch: Mapping[str, Any] | None = None
    trials: tuple[Mapping[str, Any], ...] = field(default=())


def blueprint(bench: Bench) -> Blueprint:
    """The routes of the workbench.

    To be registered before ``web.blueprint``: what is registered first has the last word on headers, and these are
    pages for people, which need a style sheet and a script of their own, and are for no other origin.
    """
    package = "cds_service.workbench"
    routes = Blueprint(
        _FOLDER, package, template_folder="templates", static_folder="static", static_url_path="/workbench"
    )
    patients = load_patients()
    by_id = {patient.id: patient for patient in patients}
    services = {service.hook: service for service in bench.services}

    def start() -> str:
        wanted = request.args.get("patient")
        if wanted is None:
            return render_template("workbench/start.html", patients=patients, limit=bench.max_body_bytes)
        if wanted not in by_id:
            raise NotFound
        subject = _sample(by_id[wanted], bench.sample_server)
        return render_template("workbench/sample.html", **_laid(subject, bench))

    def own() -> str:
        record = records.split(read_body(request.environ, bench.max_body_bytes))
        left_out = f"; {record.left_out} of kinds that no rule asks for stay here" if record.left_out else ""
        story = f"{record.used} resources are sent with each call{left_out}. Nothing is stored."
        subject = _Subject(record.patient_id, "Your own record", story, prefetch=record.prefetch)
        return render_template("workbench/bench.html", **_laid(subject, bench))

    def server() -> str:
        asked = _read(_Server, bench.max_body_bytes)
        if not asked.patient_id.strip() or not asked.fhir_server.strip():
            raise BadRequest("Both the base URL and the patient's id are needed", "server")
        subject = _Subject(
            asked.patient_id.strip(),
            "A patient of a FHIR server",
            "The service reads the record from the server with each call.",
            fhir_server=asked.fhir_server.strip(),
        )
        return render_template("workbench/bench.html", **_laid(subject, bench))

    def draft() -> Response:
        wish = _read(_Wish, bench.max_body_bytes)
        filled = orders.Wish(wish.kind, wish.start, wish.dose, wish.unit, wish.intent)
        made = orders.draft(filled, patient_id=wish.patient_id, today=bench.today(), taken=wish.taken)
        return _json(made)

    def view() -> Response:
        asked = _read(_View, bench.max_body_bytes * _VIEW_PARTS)
        if len(asked.flips) > what_if.MAX_FLIPS:
            raise BadRequest("There are more assumptions than features", "flips")
        call = decode_request(bytes(asked.request))
        service = services.get(call.hook)
        if service is None:
            raise BadRequest("No service answers this hook", "hook")
        return _json(_fragments(bench, call, service, asked))

    routes.add_url_rule("/", "start", start, methods=["GET"])
    routes.add_url_rule("/workbench/own", "own", own, methods=["POST"])
    routes.add_url_rule("/workbench/server", "server", server, methods=["POST"])
    routes.add_url_rule("/workbench/draft", "draft", draft, methods=["POST"])
    routes.add_url_rule("/workbench/view", "view", view, methods=["POST"])
    routes.after_app_request(_finish)
    return routes


def _finish(response: Response) -> Response:
    if request.blueprint == _FOLDER:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers.pop("Access-Control-Allow-Origin", None)
    return response


_BodyT = TypeVar("_BodyT", _View, _Wish, _Server)


def _read(kind: type[_BodyT], limit: int) -> _BodyT:
    """The request body as ``kind``; raises BadRequest naming no value of it."""
    try:
        return msgspec.json.decode(read_body(request.environ, limit), type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadRequest("It is not of the form that the workbench sends") from None


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")


def _sample(patient: SamplePatient, server: str | None) -> _Subject:
    folder = PATIENTS_FOLDER
    prefetch = None if server else records.split((folder / patient.file).read_bytes()).prefetch
    trials = tuple(
        {
            "hook": trial.hook,
            "what": trial.what,
            "drafts": [json.loads((folder / "orders" / name).read_text("utf-8")) for name in trial.orders],
        }
        for trial in patient.trials
    )
    return _Subject(patient.id, patient.title, patient.story, server, prefetch, trials)


def _laid(subject: _Subject, bench: Bench) -> dict[str, Any]:
    """What the bench is rendered from; ``state`` is what its script needs."""
    state = {
        "patientId": subject.patient_id,
        "user": _USER,
        "fhirServer": subject.fhir_server,
        "prefetch": subject.prefetch,
        "trials": subject.trials,
        "calls": {service.hook: url_for("cds.call", service_id=service.id) for service in bench.services},
        "view": url_for("workbench.view"),
        "draft": url_for("workbench.draft"),
    }
    return {
        "subject": subject,
        "state": state,
        "hooks": [service.hook for service in bench.services],
        "kinds": orders.KINDS.values(),
        "units": orders.UNITS,
        "today": bench.today(),
    }


def _fragments(bench: Bench, call: HookRequest, service: Service, asked: _View) -> dict[str, str]:
    """Every part of the bench that depends on the call, as HTML."""
    record = bench.gather(call, service)
    today = bench.today()
    occasion = Occasion(service.hook)
    consultation = consult(record, occasion=occasion, hook_instance=call.hook_instance, today=today, site=bench.site)
    supposed = None
    features = consultation.features
    if asked.flips:
        supposed = what_if.suppose(
            consultation,
            asked.flips,
            record=record,
            occasion=occasion,
            hook_instance=call.hook_instance,
            today=today,
            site=bench.site,
        )
        features = supposed.features
    answer = asked.answer if supposed is None else msgspec.json.decode(encode(supposed.answer))
    walked = pathway_picture.walk(features, today)
    return {
        "cards": render_template(
            "workbench/cards.html", cards=card_view.views(answer or {}), supposed=supposed is not None
        ),
        "changes": _changes(consultation, supposed, len(asked.flips)),
        "drafts": _drafts(asked.drafts, record, consultation),
        "timeline": render_template(
            "workbench/timeline.html",
            drawn=timeline(consultation.history, today, width=WIDE),
            small=timeline(consultation.history, today, width=NARROW),
        ),
        "pathway": render_template(
            "workbench/pathway.html",
            walked=walked,
            wide=pathway_picture.picture(walked, width=pathway_picture.WIDE),
            narrow=pathway_picture.picture(walked, width=pathway_picture.NARROW),
            supposed=supposed is not None,
        ),
        "features": render_template(
            "workbench/features.html",
            parts=what_if.table(
                consultation.features,
                features,
                (supposed.decided if supposed else consultation.decided).decisions,
                asked.flips,
            ),
            flips=len(asked.flips),
        ),
    }


def _changes(consultation: Consultation, supposed: what_if.Supposition | None, flips: int) -> str:
    if supposed is None:
        return ""
    found = what_if.changes(consultation.decided.decisions, supposed.decided.decisions)
    scopes = (consultation.decided.scope_row, supposed.decided.scope_row)
    return render_template("workbench/changes.html", changes=found, flips=flips, scopes=scopes)


def _drafts(drafts: Sequence[Mapping[str, Any]], record: Record, consultation: Consultation) -> str:
    """The drafts on the page, which patient-view is not told of."""
    read = {draft.reference: draft for draft in consultation.history.drafts}
    lines = []
    for draft in drafts:
        line = orders.line(draft)
        known = read.get(line.reference)
        lines.append((line, known is not None and known.selected, known is not None and not known.concepts))
    return render_template("workbench/drafts.html", lines=lines, selecting=record.selections is not None)
