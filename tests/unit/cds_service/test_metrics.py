"""RUN-08: what is counted, under labels from fixed sets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client.samples import Sample

from cds_service import metrics
from cds_service.errors import Cause, Refusal


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"recurrence_cds_{name}", labels) or 0.0


def samples() -> list[Sample]:
    return [sample for family in metrics.REGISTRY.collect() for sample in family.samples]


Count = Callable[[], None]


@pytest.mark.parametrize(
    ("count", "name", "labels"),
    [
        (lambda: metrics.call("s1", 200, 0.1), "calls_total", {"service": "s1", "status": "200"}),
        (lambda: metrics.call("s1", 299, 0.1), "calls_total", {"service": "s1", "status": "other"}),
        (lambda: metrics.call("s1", 200, 0.1), "call_seconds_count", {"service": "s1"}),
        (lambda: metrics.fhir_request(None, 0.1), "fhir_requests_total", {"outcome": "ok"}),
        (lambda: metrics.fhir_request(Cause.TIMED_OUT, 2), "fhir_requests_total", {"outcome": "timed_out"}),
        (lambda: metrics.fhir_request(None, 0.1), "fhir_request_seconds_count", {}),
        (lambda: metrics.unknown_data(["", Cause.GONE.value]), "unknown_data_total", {"cause": "gone"}),
        (lambda: metrics.unknown_data(["it was eaten"]), "unknown_data_total", {"cause": "other"}),
        (lambda: metrics.cards([("c1", "info")], ()), "cards_total", {"rule": "c1", "indicator": "info"}),
        (lambda: metrics.cards((), ["P3"]), "failed_rules_total", {"rule": "P3"}),
        (metrics.overloaded_call, "overloaded_calls_total", {}),
        (lambda: metrics.limited_call("https://a/"), "limited_calls_total", {"client": "https://a/"}),
        (lambda: metrics.limited_call("https://evil/"), "limited_calls_total", {"client": "other"}),
        (
            lambda: metrics.Clients().refused("https://a/", Refusal.EXPIRED),
            "refused_clients_total",
            {"client": "https://a/", "reason": "expired"},
        ),
        (
            lambda: metrics.Clients().refused("", Refusal.NO_TOKEN),
            "refused_clients_total",
            {"client": "other", "reason": "no-token"},
        ),
        (
            lambda: metrics.Clients().key_set("https://a/", "fetched"),
            "key_sets_total",
            {"client": "https://a/", "event": "fetched"},
        ),
        (lambda: metrics.event("audit_failed", 1), "store_events_total", {"event": "audit_failed"}),
        (lambda: metrics.event("anything", 1), "store_events_total", {"event": "other"}),
        (lambda: metrics.circuit("open"), "circuits_opened_total", {}),
        (lambda: metrics.circuit("open"), "circuits_open", {}),
    ],
)
def test_each_thing_is_counted_under_its_labels(count: Count, name: str, labels: dict[str, str]) -> None:
    metrics.know(["https://a/"])
    before = value(name, **labels)
    count()
    assert value(name, **labels) == before + 1


def test_a_circuit_that_closes_is_open_no_longer() -> None:
    metrics.circuit("open")
    before = value("circuits_open")
    metrics.circuit("closed")
    assert value("circuits_open") == before - 1


def test_strangers_make_no_series() -> None:
    metrics.limited_call("https://nobody/")
    before = len(samples())
    for number in range(100):
        metrics.limited_call(f"https://{number}/")
        metrics.Clients().key_set(f"https://{number}/", f"event {number}")
        metrics.unknown_data([f"cause {number}"])
        metrics.event(f"event {number}", 1)
    assert len(samples()) <= before + 8


def test_the_text_is_in_prometheus_format() -> None:
    metrics.overloaded_call()
    assert b"# TYPE recurrence_cds_overloaded_calls_total counter" in metrics.text()


def test_no_cause_or_refusal_is_without_a_label() -> None:
    for cause in Cause:
        metrics.fhir_request(cause, 0.0)
        metrics.unknown_data([cause.value])
    for reason in Refusal:
        metrics.Clients().refused("", reason)
    assert {sample.labels["cause"] for sample in samples() if "cause" in sample.labels} >= {
        cause.name.lower() for cause in Cause
    }
