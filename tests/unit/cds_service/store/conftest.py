"""One store in each of the two databases, on a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cds_service.store import Store, open_store
from tests.machine import Cluster, postgresql

NOON = 1_795_521_600.0


@dataclass
class World:
    """A database and what was counted on the way to it."""

    url: str
    now: float = NOON
    counted: dict[str, int] = field(default_factory=dict)
    opened: list[Store] = field(default_factory=list)

    def count(self, name: str, count: int) -> None:
        self.counted[name] = self.counted.get(name, 0) + count

    def open(self, *, feedback_keep_days: int = 730) -> Store:
        """The store as one more worker or host would open it."""
        store = open_store(self.url, feedback_keep_days=feedback_keep_days, meter=self.count, clock=lambda: self.now)
        self.opened.append(store)
        return store


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "sqlite":
        made = World(f"sqlite:///{tmp_path / 'state' / 'store.sqlite3'}")
    else:
        running: Cluster = request.getfixturevalue("cluster")
        made = World(running.new_database())
    yield made
    for store in made.opened:
        store.close()


@pytest.fixture
def store(world: World) -> Store:
    return world.open()
