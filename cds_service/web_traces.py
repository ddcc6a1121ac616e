"""What a call leaves behind: one audit record, the cards that were shown, one line of log (AUD-01, AUD-03, KEEP-07).

Wraps the two steps that know the patient and the answer, and closes the trace when the response is made; the routes
themselves know nothing of it.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, g, request

from cds_service import metrics, web
from cds_service.audit import Answered, Asked, AuditTrail, Call
from cds_service.auth.caller import ANYONE, Caller
from cds_service.cards import EXTENSION
from cds_service.errors import AuditUnavailable, Cause
from cds_service.guideline import knowledge
from cds_service.pipeline import Advice
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.protocol.response import Answer, Card, encode
from cds_service.store import IssuedCard
from fhir_mappings.record import Record

_log = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-ID"
_FIT_ID: Final = re.compile(r"[0-9A-Fa-f-]{8,64}")
_KINDS: Final = {"feedback.feedback": "feedback", "smart.view": "app"}
_QUIET: Final = frozenset({"/healthz", "/readyz"})


@dataclass(slots=True)
class Trace:
    """One request under way: what the audit trail will say of it, and what the log will.

    Attributes:
        call: for the audit trail.
        started: by ``time.perf_counter``.
        asked: requests to the FHIR server.
    """

    call: Call
    started: float
    asked: int = 0


class Traces:
    """Keeps traces of calls.

    Args:
        audit: where audit records go.
        show: takes each card that was shown; returns at once.
        clock: seconds since 1970.
    """

    def __init__(
        self, audit: AuditTrail, show: Callable[[IssuedCard], object], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._audit = audit
        self._show = show
        self._clock = clock

    def gathering(self, gather: Callable[..., Record]) -> web.GatherRecord:
        """``gather`` with every request to the FHIR server recorded; it is given ``observe`` besides its own."""

        def observed(hook_request: HookRequest, service: Service, caller: Caller) -> Record:
            trace: Trace = g.trace
            _complete(trace.call, hook_request, caller)

            def observe(base: str, url: str, cause: Cause | None) -> None:
                trace.asked += 1
                asked = Asked(base, url, search="?" in url, cause=cause.name.lower() if cause is not None else "")
                self._audit.record(trace.call, asked)

            return gather(hook_request, service, caller, observe=observe)

        return observed

    def answering(self, answer: web.AnswerCall) -> web.AnswerCall:
        """``answer`` with the cards that it makes recorded."""

        def traced(service: Service, hook_request: HookRequest, *rest: Any, **named: Any) -> Any:
            result = answer(service, hook_request, *rest, **named)
            trace: Trace = g.trace
            if isinstance(result, Advice):
                trace.call.scope = result.scope_row
                trace.call.failed = result.failed
                result = result.answer
            if isinstance(result, Answer):
                self._shown(trace.call, result)
                return encode(result)
            return result

        return traced

    def explained(self, advice: Advice) -> None:
        """The SMART app shows this to its user: for the audit record, but not as cards that feedback may come to."""
        call: Call = g.trace.call
        call.scope, call.failed, call.knowledge = advice.scope_row, advice.failed, knowledge.VERSION
        call.cards = len(advice.answer.cards)
        call.rules = tuple(
            dict.fromkeys(f"{each['row']}:{each['code']}" for card in advice.answer.cards for each in _decisions(card))
        )

    def _shown(self, call: Call, answer: Answer) -> None:
        now = self._clock()
        metrics.cards(
            ((decision["code"], card.indicator) for card in answer.cards for decision in _decisions(card)), call.failed
        )
        call.knowledge = knowledge.VERSION
        rules: dict[str, None] = {}
        for card in answer.cards:
            of_card = tuple(f"{decision['row']}:{decision['code']}" for decision in _decisions(card))
            rules.update(dict.fromkeys(of_card))
            if card.uuid is not None:
                topic = card.source.topic.code if card.source.topic is not None else ""
                self._show(
                    IssuedCard(
                        card=card.uuid,
                        rules=of_card,
                        version=knowledge.VERSION,
                        service=call.service,
                        topic=topic,
                        issuer=call.issuer,
                        tenant=call.tenant,
                        user_id=call.user,
                        shown=now,
                    )
                )
        call.rules = tuple(rules)
        call.cards = len(answer.cards)

    def counted(self, items: int) -> None:
        """So many items of feedback were kept in this request."""
        trace: Trace = g.trace
        trace.call.cards = items

    def begin(self) -> None:
        """Open the trace of the request under way."""
        sent = request.headers.get(REQUEST_ID, "")
        identifier = sent if _FIT_ID.fullmatch(sent) else secrets.token_hex(16)
        service = (request.view_args or {}).get("service_id", "")
        kind: Any = _KINDS.get(request.endpoint or "", "hook")
        call = Call(request_id=identifier, service=service, kind=kind, address=request.remote_addr or "")
        g.trace = Trace(call, time.perf_counter())

    def end(self, response: Response, services: Collection[str]) -> Response:
        """Close it: the audit record, the line of log, the id in the answer.

        Returns:
            The response; it says 503 when the audit record could not be written and has to be.
        """
        trace: Trace | None = g.get("trace")
        if trace is None:
            return response
        call = trace.call
        _complete(call, g.get("hook_request"), g.get("caller", ANYONE))
        if (request.method == "POST" and call.service) or (call.kind == "app" and call.patient_id):
            try:
                self._audit.record(call, Answered(response.status_code))
            except AuditUnavailable as unavailable:
                refusal = web.refuse(unavailable)
                response.status_code = refusal.status_code
                response.set_data(refusal.get_data())
        response.headers[REQUEST_ID] = call.request_id
        label = call.service if call.service in services and call.kind == "hook" else request.endpoint or metrics.OTHER
        metrics.call(label, response.status_code, time.perf_counter() - trace.started)
        level = logging.DEBUG if request.path in _QUIET else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(level, "answered", extra=_line(trace, response.status_code, services))
        return response


def _decisions(card: Card) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (card.extension or {}).get(EXTENSION, ())
    return found


def _complete(call: Call, hook_request: HookRequest | None, caller: Caller) -> None:
    call.issuer = caller.issuer
    call.tenant = caller.tenant
    if hook_request is not None:
        call.hook = hook_request.hook
        call.hook_instance = hook_request.hook_instance
        call.user = hook_request.user
        call.patient_id = hook_request.patient_id


def _line(trace: Trace, status: int, services: Collection[str]) -> dict[str, Any]:
    call = trace.call
    line: dict[str, Any] = {
        "request_id": call.request_id,
        "issuer": call.issuer,
        "service": call.service if call.service in services else request.endpoint or "none",
        "status": status,
        "ms": round((time.perf_counter() - trace.started) * 1000, 2),
        "cards": call.cards,
        "fhir_requests": trace.asked,
    }
    return {name: value for name, value in line.items() if value != ""}


def blueprint(traces: Traces, services: Collection[str]) -> Blueprint:
    """Opens and closes the trace of every request.

    To be registered first: what is registered first begins first and ends last.

    Args:
        traces: where they go.
        services: ids of the published services, the only ones that a log may name.
    """
    routes = Blueprint("traces", __name__)
    routes.before_app_request(traces.begin)
    routes.after_app_request(lambda response: traces.end(response, services))
    return routes
