from __future__ import annotations

import socket
import time

import pytest

from cds_service.ehr.watchdog import Watchdog


def test_a_socket_is_shut_at_its_deadline_and_no_other() -> None:
    watchdog = Watchdog()
    here, there = socket.socketpair()
    other, beyond = socket.socketpair()
    with (
        here,
        there,
        other,
        beyond,
        watchdog.watch(time.monotonic() + 60) as patient,
        watchdog.watch(time.monotonic() + 0.05) as hurried,
    ):
        patient.runs_on(other)
        hurried.runs_on(here)
        here.settimeout(5)
        assert here.recv(1) == b""
        assert hurried.expired
        assert not patient.expired
        beyond.sendall(b"x")
        assert other.recv(1) == b"x"


def test_what_ended_in_time_is_left_alone() -> None:
    watchdog = Watchdog()
    here, there = socket.socketpair()
    with here, there:
        with watchdog.watch(time.monotonic() + 0.05) as exchange:
            exchange.runs_on(here)
        with watchdog.watch(time.monotonic() + 0.1) as later:
            there.settimeout(0.3)
            with pytest.raises(TimeoutError):
                there.recv(1)
        assert later.expired
        assert not exchange.expired


def test_a_socket_that_comes_too_late_is_not_used() -> None:
    watchdog = Watchdog()
    here, there = socket.socketpair()
    with here, there, watchdog.watch(time.monotonic() - 1) as exchange:
        waited = time.monotonic() + 5
        while not exchange.expired and time.monotonic() < waited:
            time.sleep(0.005)
        with pytest.raises(TimeoutError):
            exchange.runs_on(here)


def test_the_thread_ends_when_nothing_is_watched_and_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watchdog, "IDLE_SECONDS", 0.02)
    watchdog = Watchdog()
    for _ in range(2):
        with watchdog.watch(time.monotonic() + 0.01):
            thread = watchdog._thread
            assert thread is not None
        thread.join(5)
        assert not thread.is_alive()
        assert watchdog._thread is None
