"""What the service counts for its operators, as Prometheus families (RUN-08). No value of a patient is a label.

Every label comes from a fixed set: services and rules of this product, statuses, causes and refusals of ``errors``,
issuers of configured clients. What is outside its set is counted as ``other``, so that no caller can make series.

With several workers the values live in one folder that ``metrics_endpoint`` sums up; the environment variable
``PROMETHEUS_MULTIPROC_DIR`` has to name it before this module is first imported (``serve`` sees to that).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from cds_service.errors import Cause, Refusal

REGISTRY: Final = CollectorRegistry()
OTHER: Final = "other"
STATUSES: Final = frozenset({200, 204, 400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 429, 500, 503})
EVENTS: Final = frozenset(
    {"store_unavailable", "shown_cards_dropped", "shown_cards_failed", "audit_dropped", "audit_failed"}
)
"""What the store and the audit trail report through their meter."""
KEY_EVENTS: Final = frozenset({"fetched", "failed", "served-old"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def _counter(name: str, documentation: str, *labels: str) -> Counter:
    return Counter(f"recurrence_cds_{name}", documentation, labels, registry=REGISTRY)


def _histogram(name: str, documentation: str, *labels: str) -> Histogram:
    return Histogram(f"recurrence_cds_{name}_seconds", documentation, labels, registry=REGISTRY, buckets=_SECONDS)


_CALLS: Final = _counter("calls", "Requests answered, by service and status.", "service", "status")
_CALL_SECONDS: Final = _histogram("call", "Time to answer a request, by service.", "service")
_FHIR: Final = _counter("fhir_requests", "Requests to FHIR servers, by outcome.", "outcome")
_FHIR_SECONDS: Final = _histogram("fhir_request", "Time of a request to a FHIR server.")
_UNKNOWN: Final = _counter("unknown_data", "Questions to the record that stayed open or incomplete.", "cause")
_CARDS: Final = _counter("cards", "Decisions shown on cards, by rule and indicator.", "rule", "indicator")
_FAILED_RULES: Final = _counter("failed_rules", "Rules that raised and were shown as not evaluated.", "rule")
_REFUSED: Final = _counter("refused_clients", "Calls without usable authentication.", "client", "reason")
_LIMITED: Final = _counter("limited_calls", "Calls over the client's rate limit (429).", "client")
_OVERLOADED: Final = _counter("overloaded_calls", "Calls refused because all places were taken (503).")
_CIRCUITS_OPENED: Final = _counter("circuits_opened", "Times that a FHIR server's circuit opened.")
_CIRCUITS_OPEN: Final = Gauge(
    "recurrence_cds_circuits_open", "Open circuits, over all workers.", registry=REGISTRY, multiprocess_mode="livesum"
)
_EVENTS: Final = _counter("store_events", "Failures and drops of the store and the audit trail.", "event")
_KEY_SETS: Final = _counter("key_sets", "What became of clients' key sets.", "client", "event")

_CAUSES: Final = {cause.value: cause.name.lower() for cause in Cause}
_STATUS_LABELS: Final = {status: str(status) for status in STATUSES}
_clients: set[str] = set()


def know(issuers: Iterable[str]) -> None:
    """Name the issuers of configured clients, which may then be labels."""
    _clients.update(issuers)


def call(service: str, status: int, seconds: float) -> None:
    """A request was answered.

    Args:
        service: id of a published service, or the route's own name.
        status: of the answer.
        seconds: from the request's headers to the answer.
    """
    _CALLS.labels(service, _STATUS_LABELS.get(status, OTHER)).inc()
    _CALL_SECONDS.labels(service).observe(seconds)


def fhir_request(failure: Cause | None, seconds: float) -> None:
    """A request was made to a FHIR server; ``failure`` is None when its answer could be used."""
    _FHIR_BY_OUTCOME[failure].inc()
    _FHIR_SECONDS.observe(seconds)


_FHIR_BY_OUTCOME: Final[dict[Cause | None, Counter]] = {
    None: _FHIR.labels("ok"),
    **{cause: _FHIR.labels(cause.name.lower()) for cause in Cause},
}


def unknown_data(causes: Iterable[str]) -> None:
    """Questions stayed open or incomplete, each for a cause (value of ``Cause``); empty for those that did not."""
    for cause in filter(None, causes):
        _UNKNOWN.labels(_CAUSES.get(cause, OTHER)).inc()


def cards(decisions: Iterable[tuple[str, str]], failed_rules: Iterable[str]) -> None:
    """Cards were made.

    Args:
        decisions: output code and indicator of each decision that is on a card; both from the product's tables.
        failed_rules: ids of rows that raised.
    """
    for decision in decisions:
        _CARDS.labels(*decision).inc()
    for rule in failed_rules:
        _FAILED_RULES.labels(rule).inc()


def limited_call(client: str) -> None:
    """A client was over its rate."""
    _LIMITED.labels(_known(client, _clients)).inc()


def overloaded_call() -> None:
    """A call found no place."""
    _OVERLOADED.inc()


def circuit(state: Literal["open", "closed"]) -> None:
    """A FHIR server's circuit opened or closed."""
    if state == "open":
        _CIRCUITS_OPENED.inc()
        _CIRCUITS_OPEN.inc()
    else:
        _CIRCUITS_OPEN.dec()


def event(name: str, count: int) -> None:
    """Something happened ``count`` times in the store or the audit trail: their meter."""
    _EVENTS.labels(_known(name, EVENTS)).inc(count)


class Clients:
    """Counts what happens in authentication: its observer. Clients are named by their issuer."""

    def refused(self, issuer: str, reason: Refusal) -> None:
        """A call was not authenticated; ``issuer`` is empty when it led to no client."""
        _REFUSED.labels(_known(issuer, _clients), reason.value).inc()

    def key_set(self, issuer: str, event: str) -> None:
        """A client's keys were fetched, could not be, or are served although they are old."""
        _KEY_SETS.labels(_known(issuer, _clients), _known(event, KEY_EVENTS)).inc()


def text() -> bytes:
    """This process's values in Prometheus' text format."""
    return generate_latest(REGISTRY)


def _known(value: str, allowed: set[str] | frozenset[str]) -> str:
    return value if value in allowed else OTHER
