"""One call computes at a time, in the order of arrival, and none can keep the others from computing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest

from cds_service import turns as module
from cds_service.turns import InTurn, Turns

PATIENT = 60.0
SECONDS = 30.0


@contextlib.contextmanager
def running(*work: Callable[[], None]) -> Iterator[list[threading.Thread]]:
    threads = [threading.Thread(target=each, daemon=True) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for thread in threads:
            thread.join(SECONDS)
            assert not thread.is_alive()


def until(happened: Callable[[], bool]) -> None:
    ticking = threading.Event()
    assert any(happened() or ticking.wait(0.001) for _ in range(int(SECONDS * 1000)))


def queued(turns: Turns, number: int) -> None:
    """Wait until so many threads wait for their turn."""
    until(lambda: len(turns._queue) >= number)


def test_turns_come_in_the_order_of_arrival() -> None:
    turns, order = Turns(PATIENT), []

    def call(name: int) -> Callable[[], None]:
        def work() -> None:
            with turns.turn():
                order.append(name)

        return work

    with contextlib.ExitStack() as ended, turns.turn():
        for name in range(6):
            ended.enter_context(running(call(name)))
            queued(turns, name + 1)
        assert order == []
    assert order == [0, 1, 2, 3, 4, 5]


def test_whoever_waits_for_something_else_lets_the_others_compute() -> None:
    turns, computed = Turns(PATIENT), threading.Event()

    def other() -> None:
        with turns.turn():
            computed.set()

    with contextlib.ExitStack() as ended, turns.turn():
        ended.enter_context(running(other))
        queued(turns, 1)
        assert not computed.is_set()
        with turns.aside():
            assert computed.wait(SECONDS)


def test_a_turn_kept_too_long_is_lost_and_its_call_goes_on() -> None:
    turns, computed = Turns(0.01), threading.Event()

    def other() -> None:
        with turns.turn():
            computed.set()

    with turns.turn(), running(other):
        assert computed.wait(SECONDS)
    with turns.turn():
        assert turns._now is not None
    assert turns._now is None


def test_only_the_first_of_the_queue_takes_a_turn_that_is_overdue() -> None:
    now = [0.0]
    turns, order, go_on = Turns(0.01, clock=lambda: now[0]), [], threading.Event()

    def call(name: str) -> Callable[[], None]:
        def work() -> None:
            with turns.turn():
                order.append(name)
                go_on.wait(SECONDS)

        return work

    with contextlib.ExitStack() as ended, turns.turn():
        ended.enter_context(running(call("first")))
        queued(turns, 1)
        ended.enter_context(running(call("second")))
        queued(turns, 2)
        now[0] = 1.0
        until(lambda: bool(order))
        # Its turn has just begun by the clock, so that the second waits although the time stands still.
        assert order == ["first"]
        assert len(turns._queue) == 1
        go_on.set()
    assert order == ["first", "second"]


def test_a_turn_within_a_turn_is_the_same_and_without_one_nobody_steps_aside() -> None:
    turns = Turns(PATIENT)
    with turns.turn(), turns.turn():
        held = turns._now
        assert held is not None
    assert turns._now is None
    with turns.aside():
        assert turns._now is None


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(PATIENT)
    with pytest.raises(ValueError, match="broken"), turns.turn():
        raise ValueError("broken")
    with pytest.raises(ValueError, match="broken"), turns.turn(), turns.aside():
        raise ValueError("broken")
    assert turns._now is None


def test_a_wsgi_call_runs_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(PATIENT)
    monkeypatch.setattr(module, "TURNS", turns)
    seen: list[bool] = []

    def application(_environ: object, _start: object) -> list[bytes]:
        seen.append(turns._now is not None)
        return [b"answer"]

    assert list(InTurn(application)({}, lambda *_: lambda _: None)) == [b"answer"]
    assert seen == [True]
    assert turns._now is None
