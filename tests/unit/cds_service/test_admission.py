"""RUN-05: places to work and to wait, and each client's share of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from cds_service.admission import Admission
from cds_service.errors import Overloaded


class Crowd:
    """Calls that stay in their places until told to leave."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.leave = threading.Event()
        self.at_work = threading.Semaphore(0)
        self._threads = ThreadPoolExecutor(32)

    def come(self, client: str = "") -> Future[None]:
        return self._threads.submit(self._call, client)

    def _call(self, client: str) -> None:
        with self.admission.place(client):
            self.at_work.release()
            assert self.leave.wait(10)


def soon(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not holds() and time.monotonic() < until:
        time.sleep(0.002)
    return holds()


def test_who_finds_no_place_is_refused_at_once() -> None:
    crowd = Crowd(Admission(2, 1, patience_seconds=30))
    calls = [crowd.come() for _ in range(3)]
    assert soon(lambda: crowd.admission._inside.total() == 3)
    start = time.monotonic()
    with pytest.raises(Overloaded) as refused, crowd.admission.place(""):
        pass
    assert time.monotonic() - start < 0.1
    assert refused.value.retry_after > 0
    crowd.leave.set()
    assert [call.result(5) for call in calls] == [None, None, None]


def test_who_waits_works_when_a_place_is_free() -> None:
    crowd = Crowd(Admission(1, 1, patience_seconds=30))
    first = crowd.come()
    assert crowd.at_work.acquire(timeout=5)
    second = crowd.come()
    assert not crowd.at_work.acquire(timeout=0.05)
    crowd.leave.set()
    assert crowd.at_work.acquire(timeout=5)
    assert (first.result(5), second.result(5)) == (None, None)


def test_patience_ends_and_the_place_to_wait_is_free_again() -> None:
    crowd = Crowd(Admission(1, 1, patience_seconds=0.02))
    call = crowd.come()
    assert crowd.at_work.acquire(timeout=5)
    for _ in range(3):
        with pytest.raises(Overloaded), crowd.admission.place(""):
            pass
    crowd.leave.set()
    call.result(5)
    with crowd.admission.place(""):
        assert crowd.admission._free == 0
    assert (crowd.admission._free, dict(crowd.admission._inside)) == (1, {})


def test_a_client_that_floods_leaves_room_for_another() -> None:
    crowd = Crowd(Admission(3, 3, patience_seconds=30, clients=2))
    flood = [crowd.come("a") for _ in range(4)]
    assert soon(lambda: crowd.admission._inside["a"] == 4)
    with pytest.raises(Overloaded), crowd.admission.place("a"):
        pass
    honest = crowd.come("b")
    assert soon(lambda: crowd.admission._at_work["b"] == 1)
    crowd.leave.set()
    assert [call.result(5) for call in [*flood, honest]] == [None] * 5


def test_a_call_that_fails_gives_its_place_back() -> None:
    admission = Admission(1, 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.place(""):
            raise ZeroDivisionError
    assert admission._free == 1
