from __future__ import annotations

import pytest

from cds_service.ehr.circuit import Circuit


class World:
    """A circuit on a clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []
        self.circuit = Circuit(3, 10, turned=self.turns.append, clock=lambda: self.now)

    def fail(self, times: int) -> None:
        for _ in range(times):
            self.circuit.failed()


@pytest.fixture
def world() -> World:
    return World()


def test_failures_in_a_row_open_it(world: World) -> None:
    world.fail(2)
    assert world.circuit.allows()
    world.fail(1)
    assert not world.circuit.allows()
    assert world.turns == ["open"]


def test_a_success_between_starts_the_count_anew(world: World) -> None:
    world.fail(2)
    world.circuit.succeeded()
    world.fail(2)
    assert world.circuit.allows()
    assert world.turns == []


def test_one_probe_passes_when_the_time_is_over(world: World) -> None:
    world.fail(3)
    world.now = 9.9
    assert not world.circuit.allows()
    world.now = 10
    assert [world.circuit.allows() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it(world: World) -> None:
    world.fail(3)
    world.now = 10
    assert world.circuit.allows()
    world.circuit.succeeded()
    assert [world.circuit.allows() for _ in range(2)] == [True, True]
    assert world.turns == ["open", "closed"]


def test_a_probe_that_fails_or_never_ends_leaves_it_open_for_as_long_again(world: World) -> None:
    world.fail(3)
    world.now = 10
    assert world.circuit.allows()
    world.fail(1)
    world.now = 19.9
    assert not world.circuit.allows()
    world.now = 20
    assert world.circuit.allows()
    world.now = 30
    assert world.circuit.allows()
    assert world.turns == ["open"]
