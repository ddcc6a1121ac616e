"""RUN-01: what readiness says of each thing that the service depends on."""

from __future__ import annotations

import threading
import time

from cds_service.readiness import Readiness


def test_each_check_is_reported_under_its_name() -> None:
    readiness = Readiness()
    assert readiness.report() == {}
    readiness.register("store", lambda: None)
    readiness.register("keys", lambda: "none at hand")
    assert readiness.report() == {"store": "ok", "keys": "none at hand"}


def test_what_is_watched_is_only_said_when_it_is_wrong() -> None:
    readiness = Readiness()
    readiness.watch("clock", lambda: "differs")
    readiness.watch("disk", lambda: None)
    assert readiness.report() == {}
    assert readiness.warnings() == {"clock": "differs"}


def test_a_check_that_raises_has_failed_and_says_nothing_more() -> None:
    def check() -> str | None:
        raise ZeroDivisionError("postgresql://user:secret@host")

    readiness = Readiness()
    readiness.register("store", check)
    assert readiness.report() == {"store": "failed"}


def test_a_check_that_hangs_does_not_hold_the_report_and_is_not_begun_again() -> None:
    begun = 0
    go_on = threading.Event()

    def check() -> str | None:
        nonlocal begun
        begun += 1
        go_on.wait(10)
        return None

    readiness = Readiness(seconds=0.05)
    readiness.register("store", check)
    readiness.register("knowledge", lambda: None)
    start = time.monotonic()
    assert [readiness.report() for _ in range(3)] == [{"store": "does not answer", "knowledge": "ok"}] * 3
    assert time.monotonic() - start < 2
    assert begun == 1
    go_on.set()
    readiness._running["store"].result(5)
    assert readiness.report() == {"store": "ok", "knowledge": "ok"}


def test_recovery_is_seen() -> None:
    said: list[str | None] = ["cannot be written"]
    readiness = Readiness()
    readiness.register("store", lambda: said[0])
    assert readiness.report() == {"store": "cannot be written"}
    said[0] = None
    assert readiness.report() == {"store": "ok"}
