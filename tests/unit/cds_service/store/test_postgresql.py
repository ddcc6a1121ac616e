"""What only a server can suffer: it goes away, and comes back (KEEP-01, KEEP-05, AUTH-13)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.store import Store, open_store
from tests.machine import Cluster
from tests.unit.cds_service.store.feedback_items import SERVICE, overridden

NOON = 1_795_521_600.0


@pytest.fixture
def store(cluster: Cluster) -> Iterator[Store]:
    opened = open_store(cluster.new_database(), clock=lambda: NOON)
    yield opened
    opened.close()


def test_a_server_that_crashes_loses_nothing_acknowledged_and_lets_nobody_in(store: Store, cluster: Cluster) -> None:
    store.feedback.add([overridden()], service=SERVICE)
    assert store.replay.claim("https://ehr", "id", NOON + 300)
    cluster.stop()
    try:
        with pytest.raises(StoreUnavailable):
            store.replay.claim("https://ehr", "another", NOON + 300)
        with pytest.raises(StoreUnavailable):
            store.feedback.add([overridden("another")], service=SERVICE)
        assert not store.ready()
        away = open_store(cluster.url("store_away"))
        assert not away.ready()
        away.close()
    finally:
        cluster.start()
    assert [one.card for one in store.feedback.kept()] == ["card-1"]
    assert not store.replay.claim("https://ehr", "id", NOON + 300)
    assert store.replay.claim("https://ehr", "another", NOON + 300)


def test_keep_06_commits_are_synchronous_but_for_counts(store: Store) -> None:
    with store.database.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "5s"
    with store.database.writing(durable=False) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"


def test_its_own_tools_make_the_backup(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="its own tools"):
        store.database.backup(tmp_path / "backup")
