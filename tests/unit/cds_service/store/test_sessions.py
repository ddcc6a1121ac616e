"""Sessions of the SMART app in both databases."""

from __future__ import annotations

import sqlalchemy as sa

from cds_service.store import Store
from cds_service.store.schema import SESSIONS
from cds_service.store.sessions import SessionStore
from tests.unit.cds_service.store.conftest import NOON, World


def name(number: int) -> str:
    return f"{number:064x}"


def kept(store: Store) -> int:
    with store.database.reading() as connection:
        count: int = connection.execute(sa.select(sa.func.count()).select_from(SESSIONS)).scalar_one()
        return count


def test_a_session_is_there_for_every_worker_until_it_ends(world: World, store: Store) -> None:
    store.sessions.put(name(1), "sealed", NOON + 600)
    other = world.open()
    assert other.sessions.get(name(1)) == "sealed"
    assert other.sessions.get(name(2)) is None
    world.now = NOON + 600
    assert other.sessions.get(name(1)) is None


def test_what_is_over_goes_with_the_next_one_and_with_each_purge(world: World, store: Store) -> None:
    store.sessions.put(name(1), "sealed", NOON + 600)
    world.now = NOON + 600
    store.sessions.put(name(2), "sealed", NOON + 1200)
    assert kept(store) == 1
    world.now = NOON + 1200
    store.upkeep.purge()
    assert kept(store) == 0


def test_sessions_are_bounded_and_the_one_that_ends_first_makes_room(store: Store) -> None:
    sessions = SessionStore(store.database, limit=3)
    for number in range(5):
        sessions.put(name(number), "sealed", NOON + 600 + number)
    assert kept(store) == 3
    assert [number for number in range(5) if sessions.get(name(number))] == [2, 3, 4]
