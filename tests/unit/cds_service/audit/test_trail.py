"""The trail with both answers to a sink that is away: ``continue`` and ``refuse`` (AUD-02, decisions "Settings")."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from cds_service.audit import Answered, AuditTrail, Call
from cds_service.errors import AuditUnavailable


@dataclass
class World:
    path: Path
    counted: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def count(self, name: str, count: int) -> None:
        self.counted[name] = self.counted.get(name, 0) + count

    def trail(self, failure: Literal["continue", "refuse"]) -> AuditTrail:
        return AuditTrail(
            self.path,
            failure=failure,
            site="https://cds.example.org",
            meter=self.count,
            clock=lambda: 1_795_521_600.0,
            monotonic=lambda: self.seconds,
        )

    def block(self) -> None:
        """A file where the folder of the sink should be."""
        self.path.parent.write_bytes(b"")

    def unblock(self) -> None:
        self.path.parent.unlink()

    def instances(self) -> list[str]:
        """Request ids on record, in order."""
        records = [json.loads(line) for line in self.path.read_bytes().splitlines()]
        return [record["entity"][0]["what"]["identifier"]["value"] for record in records]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "audit" / "audit.jsonl")


def call(name: str) -> Call:
    return Call(request_id=name, service="s", kind="hook")


def test_continue_writes_a_moment_later_and_all_by_the_end(world: World) -> None:
    trail = world.trail("continue")
    for number in range(1000):
        trail.record(call(str(number)), Answered(200))
    trail.close()
    assert world.instances() == [str(number) for number in range(1000)]
    assert trail.ready()


def test_aud_02_continue_waits_out_a_failure_without_a_gap_and_is_not_ready_after_30_s(world: World) -> None:
    world.block()
    trail = world.trail("continue")
    trail.record(call("during"), Answered(200))
    while not world.counted.get("audit_failed"):
        trail.outbox._something.wait(0.01)
    assert trail.ready()
    world.seconds = 29.9
    assert trail.ready()
    world.seconds = 30.0
    assert not trail.ready()
    world.unblock()
    trail.record(call("after"), Answered(200))
    trail.close()
    assert world.instances() == ["during", "after"]
    assert trail.ready()
    assert "audit_dropped" not in world.counted


def test_refuse_has_the_record_on_disk_when_it_returns(world: World) -> None:
    world.trail("refuse").record(call("one"), Answered(200))
    assert world.instances() == ["one"]


def test_aud_02_refuse_lets_no_call_pass_and_is_not_ready_until_it_can_be_written(world: World) -> None:
    trail = world.trail("refuse")
    assert trail.ready()
    world.block()
    with pytest.raises(AuditUnavailable):
        trail.record(call("one"), Answered(200))
    assert not trail.ready()
    assert world.counted == {"audit_failed": 1}
    world.unblock()
    assert trail.ready()
    trail.record(call("two"), Answered(200))
    assert world.instances() == ["two"]


def test_the_place_has_a_name_even_without_a_public_base(world: World) -> None:
    trail = AuditTrail(world.path, failure="refuse")
    trail.record(call("one"), Answered(200))
    assert json.loads(world.path.read_bytes())["source"]["site"] == "recurrence-cds"
