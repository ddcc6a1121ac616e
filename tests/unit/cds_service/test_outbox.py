from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from cds_service.errors import StoreUnavailable
from cds_service.outbox import BATCH, Outbox

SOON = 10.0


@dataclass
class Sink:
    """Writes to a list, or fails as it is told; counts like a meter."""

    written: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    fails: Exception | None = None
    tried: threading.Event = field(default_factory=threading.Event)
    wrote: threading.Event = field(default_factory=threading.Event)
    counted: dict[str, int] = field(default_factory=dict)

    def write(self, items: Sequence[int]) -> None:
        fails = self.fails
        if fails is None:
            self.written += items
            self.batches.append(len(items))
            self.wrote.set()
        self.tried.set()
        if fails is not None:
            raise fails

    def count(self, name: str, count: int) -> None:
        self.counted[name] = self.counted.get(name, 0) + count

    def outbox(self, *, room: int = 10_000, retry_seconds: float = 0.01) -> Outbox[int]:
        return Outbox("test", self.write, meter=self.count, room=room, gather_seconds=0.01, retry_seconds=retry_seconds)


def test_items_are_written_in_order_and_all_of_them_by_the_end() -> None:
    sink = Sink()
    outbox = sink.outbox()
    for number in range(3 * BATCH):
        assert outbox.put(number)
    assert outbox.close() == 0
    assert sink.written == list(range(3 * BATCH))
    assert max(sink.batches) <= BATCH
    assert not sink.counted


def test_what_finds_no_room_is_counted() -> None:
    sink = Sink(fails=StoreUnavailable("away"))
    outbox = sink.outbox(room=2, retry_seconds=SOON)
    outbox.put(0)
    assert sink.tried.wait(SOON)
    assert [outbox.put(number) for number in (1, 2, 3)] == [True, True, False]
    sink.fails = None
    assert outbox.close() == 0
    assert sink.written == [0, 1, 2]
    assert sink.counted["test_dropped"] == outbox.dropped == 1


def test_a_writer_that_fails_keeps_its_items_and_says_for_how_long(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink(fails=StoreUnavailable("away"))
    now = [0.0]
    outbox = Outbox(
        "test", sink.write, meter=sink.count, gather_seconds=0.01, retry_seconds=0.01, monotonic=lambda: now[0]
    )
    assert outbox.failing_seconds == 0.0
    with caplog.at_level(logging.WARNING):
        outbox.put(1)
        assert sink.tried.wait(SOON)
        sink.tried.clear()
        assert sink.tried.wait(SOON)
        now[0] = 31.0
        assert outbox.failing_seconds == 31.0
        outbox.put(2)
        sink.fails = None
        assert sink.wrote.wait(SOON)
        outbox.close()
    assert sink.written == [1, 2]
    assert outbox.failing_seconds == 0.0
    assert [record.msg for record in caplog.records] == ["outbox-failing", "outbox-recovered"]
    assert sink.counted["test_failed"] >= 2


def test_what_could_not_be_written_by_the_end_is_counted() -> None:
    sink = Sink(fails=StoreUnavailable("away"))
    outbox = sink.outbox(retry_seconds=SOON)
    outbox.put(1)
    assert sink.tried.wait(SOON)
    assert outbox.close() == 1
    assert sink.counted["test_dropped"] == 1
    assert not outbox.put(2)


def test_a_batch_that_breaks_the_writer_does_not_stop_the_ones_behind_it(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink(fails=ZeroDivisionError("about a patient"))
    outbox = sink.outbox()
    outbox.put(1)
    assert sink.tried.wait(SOON)
    sink.fails = None
    while not outbox.dropped:
        sink.tried.wait(0.01)
    outbox.put(2)
    outbox.close()
    assert sink.written == [2]
    assert sink.counted["test_dropped"] == 1
    assert "about a patient" not in str([vars(record) for record in caplog.records])


def test_nothing_is_started_before_the_first_item_nor_left_after_the_end() -> None:
    before = threading.active_count()
    outbox = Sink().outbox()
    assert threading.active_count() == before
    outbox.put(1)
    outbox._start()
    assert threading.active_count() == before + 1
    outbox.close()
    outbox.close()
    assert threading.active_count() == before


def test_a_child_process_writes_with_a_thread_of_its_own() -> None:
    reader, writer = os.pipe()

    def write(items: Sequence[int]) -> None:
        os.write(writer, bytes(items))

    outbox = Outbox("test", write, gather_seconds=0.01)
    outbox.put(1)
    assert os.read(reader, 9) == b"\x01"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # later Pythons warn of forking beside a thread
        child = os.fork()
    if not child:
        outbox.put(2)
        os._exit(outbox.close())
    assert os.waitpid(child, 0)[1] == 0
    assert os.read(reader, 9) == b"\x02"
    outbox.close()
    os.close(reader)
    os.close(writer)
