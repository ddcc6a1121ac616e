"""What only a file can suffer: damage, no room, no right to write, another file in its place (KEEP-05, KEEP-09)."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.store import Store, open_store
from cds_service.store.database import Database
from tests.machine import make_read_only, small_disk
from tests.unit.cds_service.store.feedback_items import SERVICE, overridden, shown


class World:
    """A store in a file whose readiness is asked anew each time."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.opened: list[Store] = []

    def open(self) -> Store:
        self.opened.append(open_store(f"sqlite:///{self.file}"))
        return self.opened[-1]

    def ready(self, store: Store) -> bool:
        store.database._probed = None
        return store.database.ready()

    def close(self) -> None:
        for store in self.opened:
            store.close()


def test_file_and_folder_are_for_the_owner_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "state" / "store.sqlite3")
    world.open().feedback.add([overridden()], service=SERVICE)
    for path in (world.file, *world.file.parent.glob("*-wal")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(world.file.parent.stat().st_mode) == 0o700
    world.close()


def test_keep_04_each_transaction_is_durable_and_in_wal(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    store = world.open()
    with store.database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
    with store.database.writing(durable=False) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    with store.database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    world.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\x01" * 4096])
def test_keep_05_what_is_no_database_is_refused_at_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "store.sqlite3"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == content


def test_keep_05_a_file_with_overwritten_pages_is_refused_at_the_start(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    store = world.open()
    store.feedback.add([overridden(f"card-{number}", comment="x" * 500) for number in range(300)], service=SERVICE)
    store.close()
    with world.file.open("r+b") as written:
        written.seek(8192)
        written.write(b"\xa5" * 60_000)
    with pytest.raises(SettingsError, match="quick_check"):
        world.open()


def fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as full:
        while True:
            full.write(b"x" * 4096)


def test_keep_05_damage_that_only_the_check_finds_is_refused_at_the_start(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    world.open().close()
    with world.file.open("r+b") as written:
        written.seek(36)
        written.write(b"\x00\x00\x00\x05")  # five free pages, of which there are none
    with pytest.raises(SettingsError, match="quick_check"):
        world.open()


def test_a_file_that_was_thrown_away_is_begun_anew(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    store = world.open()
    store.feedback.add([overridden("before")], service=SERVICE)
    for path in tmp_path.glob("store.sqlite3*"):
        path.unlink()
    store.feedback.add([overridden("after")], service=SERVICE)
    store.database.prepare()
    assert [one.card for one in store.feedback.kept()] == ["after"]
    world.close()


def test_keep_05_a_full_disk_loses_nothing_acknowledged_and_mends_itself(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 1024) as folder:
        world = World(folder / "store.sqlite3")
        store = world.open()
        acknowledged = store.feedback.add([overridden("before")], service=SERVICE)
        fill(folder / "filler")
        refused = 0
        for number in range(20):
            batch = [overridden(f"{number}-{item}", comment="x" * 4000) for item in range(20)]
            try:
                acknowledged += store.feedback.add(batch, service=SERVICE)
            except StoreUnavailable:
                refused += 1
        assert refused >= 18
        assert not world.ready(store)
        (folder / "filler").unlink()
        assert world.ready(store)
        assert store.feedback.count() == acknowledged
        store.feedback.add([overridden("afterwards")], service=SERVICE)
        store.close()
        assert world.open().feedback.count() == acknowledged + 1
        world.close()


def test_keep_05_a_read_only_disk_is_waited_out(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 4096) as folder:
        world = World(folder / "store.sqlite3")
        world.open().close()
        make_read_only(folder, read_only=True)
        store = world.open()
        with pytest.raises(StoreUnavailable):
            store.feedback.add([overridden()], service=SERVICE)
        assert not world.ready(store)
        store.shown.put(shown())
        make_read_only(folder, read_only=False)
        assert world.ready(store)
        store.feedback.add([overridden()], service=SERVICE)
        store.close()
        (kept,) = world.open().feedback.kept()
        assert kept.matched
        world.close()


def test_a_folder_in_the_way_is_waited_out_as_well(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    world.file.mkdir()
    store = world.open()
    with pytest.raises(StoreUnavailable):
        store.feedback.count()
    world.file.rmdir()
    assert store.feedback.count() == 0
    world.close()


def test_a_file_restored_while_in_use_is_the_one_written_from_then_on(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    store = world.open()
    store.feedback.add([overridden("before")], service=SERVICE)
    backup = tmp_path / "backup.sqlite3"
    store.database.backup(backup)
    store.feedback.add([overridden("lost by the restore")], service=SERVICE)
    for path in tmp_path.glob("store.sqlite3*"):
        path.unlink()
    shutil.copy(backup, world.file)
    store.feedback.add([overridden("after")], service=SERVICE)
    store.close()
    assert [one.card for one in world.open().feedback.kept()] == ["before", "after"]
    world.close()


def test_a_file_damaged_while_in_use_is_a_store_that_is_away(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    store = world.open()
    for path in tmp_path.glob("store.sqlite3*"):
        path.unlink()
    world.file.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailable):
        store.feedback.add([overridden()], service=SERVICE)
    assert not world.ready(store)
    world.close()


def test_keep_09_a_backup_under_load_is_whole(tmp_path: Path) -> None:
    world = World(tmp_path / "store.sqlite3")
    store = world.open()
    enough, done = threading.Event(), threading.Event()

    def load() -> None:
        for number in range(200):
            store.feedback.add([overridden(f"{number}-a"), overridden(f"{number}-b")], service=SERVICE)
            if number == 50:
                enough.set()
        done.set()

    thread = threading.Thread(target=load)
    thread.start()
    assert enough.wait(30)
    store.database.backup(tmp_path / "backup.sqlite3")
    thread.join()
    assert done.is_set()
    world.close()
    with sqlite3.connect(tmp_path / "backup.sqlite3") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = copy.execute("SELECT count(*) FROM recurrence_cds_feedback").fetchone()
    copy.close()
    assert count >= 102
    assert count % 2 == 0


def test_a_writer_that_holds_the_lock_for_too_long_is_not_waited_for(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    store.database._write_lock.acquire()
    store.database._wait_seconds = 0.01
    with pytest.raises(StoreUnavailable):
        store.feedback.add([overridden()], service=SERVICE)
    store.database._write_lock.release()
    assert store.feedback.add([overridden()], service=SERVICE) == 1
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "nonsense", "mysql+nodriver://x/y"])
def test_urls_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        Database(url)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"recurrence-cds\[postgres\]"):
        Database("postgresql+psycopg://localhost/x")
