"""Keys kept, refreshed, rotated and bounded in fetches (AUTH-15); the key server on a socket is in tests/journeys."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from cds_service.auth import key_cache
from cds_service.auth.key_cache import KeyCache, KeyEvent
from cds_service.auth.keys import Key, KeySet, UnusableKeySet

SOON = 5.0


def key(kid: str) -> Key:
    return Key(kid, "ES384", public=None)  # type: ignore[arg-type] # nothing is verified here


class Server:
    """What the loader finds, how often it looked, and a gate that it may have to wait at."""

    def __init__(self, *kids: str) -> None:
        self.kids = kids
        self.fetches = 0
        self.dead = False
        self.open = threading.Event()
        self.open.set()

    def load(self) -> KeySet:
        self.fetches += 1
        assert self.open.wait(SOON)
        if self.dead:
            raise UnusableKeySet("it is dead")
        return KeySet({kid: (key(kid),) for kid in self.kids})


class World:
    """A cache, its server and its clock."""

    def __init__(self, *kids: str) -> None:
        self.server = Server(*kids)
        self.now = 1000.0
        self.events: list[KeyEvent] = []
        self.cache = KeyCache(self.server.load, issuer="ehr", clock=lambda: self.now, report=self.events.append)

    def finds(self, kid: str) -> bool | None:
        found = self.cache.find(kid)
        return None if found is None else [one.key_id for one in found] == [kid]

    def settled(self) -> None:
        """Wait until no fetch is under way."""
        with self.cache._changed:
            assert self.cache._changed.wait_for(lambda: not self.cache._loading, SOON)


def test_keys_are_fetched_once_and_kept() -> None:
    world = World("a", "b")
    assert [world.finds("a"), world.finds("b"), world.finds("a")] == [True, True, True]
    world.now += 239
    assert world.finds("a")
    assert world.server.fetches == 1


def test_an_unknown_kid_is_asked_for_once_a_minute_at_most() -> None:
    world = World("a")
    assert world.finds("a")
    world.now += 61
    for number in range(60):
        assert world.finds(f"unknown {number}") is False
        world.now += 0.9
    assert world.server.fetches == 2
    world.now += 10
    assert world.finds("unknown") is False
    assert world.server.fetches == 3


def test_a_new_key_works_within_70_seconds() -> None:
    world = World("a")
    assert world.finds("a")
    world.server.kids = ("a", "b")
    assert world.finds("b") is False
    world.now += 60
    assert world.finds("b")
    assert world.finds("a")


def test_a_withdrawn_key_is_refused_within_the_cache_time() -> None:
    world = World("a", "b")
    assert world.finds("b")
    world.server.kids = ("a",)
    world.now += 239
    assert world.finds("b")
    world.now += 61
    assert world.finds("b") is False


def test_also_when_nobody_called_for_hours() -> None:
    world = World("a", "b")
    assert world.finds("b")
    world.server.kids = ("a",)
    world.now += 7200
    assert world.finds("b") is False


def test_keys_that_age_are_fetched_beside_the_calls() -> None:
    world = World("a")
    assert world.finds("a")
    world.server.open.clear()
    world.now += 240
    assert world.finds("a")
    assert world.server.fetches == 2
    world.server.open.set()
    world.settled()
    world.now += 200
    assert world.finds("a")
    assert world.server.fetches == 2


def test_the_last_good_keys_serve_for_a_day_while_the_server_is_dead() -> None:
    world = World("a")
    assert world.finds("a")
    world.server.dead = True
    for _ in range(23):
        world.now += 3600
        assert world.finds("a")
        world.settled()
    assert world.finds("unknown") is False
    assert KeyEvent.SERVED_OLD in world.events
    world.now += 3601
    assert world.finds("a") is None
    world.settled()
    world.server.dead = False
    world.now += 60
    assert world.finds("a")


def test_a_failed_fetch_counts_and_nobody_waits_for_a_server_known_to_fail(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World("a")
    world.server.dead = True
    assert world.finds("a") is None
    assert [world.finds("a"), world.finds("b")] == [None, None]
    assert world.server.fetches == 1
    assert world.events == [KeyEvent.FAILED]
    assert [(record.levelno, record.msg) for record in caplog.records] == [(logging.WARNING, "auth-keys-unavailable")]
    world.server.dead = False
    world.now += 60
    assert world.finds("a")
    world.server.dead = True
    world.now += 300
    assert world.finds("a")
    world.settled()
    world.server.open.clear()
    world.now += 60

    def waits(*_: object) -> bool:
        raise AssertionError("the call waits")

    monkeypatch.setattr(world.cache._changed, "wait_for", waits)
    assert world.finds("a")
    with pytest.raises(AssertionError, match="waits"):
        world.finds("unknown")
    assert world.server.fetches == 4
    world.server.open.set()


def test_a_fetch_that_hangs_is_not_begun_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "WAIT_SECONDS", 0.01)
    world = World("a")
    world.server.open.clear()
    for _ in range(3):
        assert world.finds("a") is None
        world.now += 61
    assert world.server.fetches == 1
    world.server.open.set()


def test_a_call_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "WAIT_SECONDS", 0.05)
    world = World("a")
    world.server.open.clear()
    assert world.finds("a") is None
    assert world.finds("a") is None
    assert world.server.fetches == 1
    world.server.open.set()
    world.settled()
    assert world.finds("a")


def at_once(count: int, action: Callable[[], bool | None]) -> list[bool | None]:
    answers: list[bool | None] = []
    threads = [threading.Thread(target=lambda: answers.append(action())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    return answers


def test_one_fetch_serves_all_that_wait() -> None:
    world = World("a")
    assert at_once(16, lambda: world.finds("a")) == [True] * 16
    assert world.server.fetches == 1


def test_readiness_sets_off_the_first_fetch_and_does_not_wait() -> None:
    world = World("a")
    world.server.open.clear()
    assert not world.cache.ready()
    world.server.open.set()
    world.settled()
    assert world.cache.ready()
    assert world.server.fetches == 1


def test_a_loader_that_breaks_is_a_failed_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_value))

    def load() -> KeySet:
        raise ZeroDivisionError

    events: list[KeyEvent] = []
    cache = KeyCache(load, issuer="ehr", report=events.append)
    assert cache.find("a") is None
    assert cache.find("a") is None
    for thread in threading.enumerate():
        if thread.name == "client-keys":
            thread.join(SOON)
    assert [type(error) for error in seen] == [ZeroDivisionError]
    assert events == [KeyEvent.FAILED]
