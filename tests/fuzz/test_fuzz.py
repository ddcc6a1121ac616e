"""A short run of what ``make fuzz`` does at length; controls that its judge can find fault (IN-04, IN-08, TST-04)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadRequest
from tests.fuzz import readers
from tests.fuzz.mutants import SENTINEL, mutant
from tests.fuzz.requests_under_fire import fire, target, verdict
from tests.fuzz.sample_calls import calls
from tests.journeys.served import Served

MUTANTS = 300


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Served, str]]:
    with target() as started:
        yield started


def test_in_04_mutants_bring_about_no_server_error_and_change_no_answer(running: tuple[Served, str]) -> None:
    report = fire(*running, MUTANTS, seed=7, longest=20)  # tests run beside others here, on a busy machine
    assert report.wrong == []
    assert report.changed == []
    assert (report.mutants, report.server_errors) == (MUTANTS, 0)
    assert set(report.statuses) >= {200, 400}  # mutants reach the readers, and some are refused


def test_a_seed_gives_the_same_mutants_and_another_gives_others() -> None:
    _, body = calls()[0]
    request = msgspec.json.encode(body)
    first, again, other = (mutant(request, random.Random(seed)) for seed in (1, 1, 2))  # noqa: S311 - repeatable
    assert first == again
    assert len({first, other, request}) == 3


GOOD_ERROR = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","diagnostics":"hook"}]}'


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, GOOD_ERROR),
        (404, GOOD_ERROR),
        (0, b""),
        (400, b"<html>Bad Request</html>"),
        (400, b'{"error":"bad"}'),
        (400, GOOD_ERROR.replace(b"hook", SENTINEL.encode())),
        (400, GOOD_ERROR.replace(b"hook", b"Traceback (most recent call last)")),
        (200, b'{"cards":null}'),
        (200, b'{"cards":[{"summary":"","indicator":"info","source":{"label":"a"}}]}'),
    ],
)
def test_the_judge_finds_fault(status: int, content: bytes) -> None:
    assert verdict(status, content) != []


@pytest.mark.parametrize(("status", "content"), [(200, b'{"cards":[]}'), (400, GOOD_ERROR), (412, GOOD_ERROR)])
def test_the_judge_lets_good_answers_pass(status: int, content: bytes) -> None:
    assert verdict(status, content) == []


@pytest.mark.parametrize("name", readers.TARGETS)
def test_the_inputs_to_begin_with_are_read_or_refused(name: str) -> None:
    for seed in readers.TARGETS[name][2]:
        readers.once(name, seed)


@pytest.mark.parametrize("name", readers.TARGETS)
@given(data=st.binary(max_size=300))
def test_tst_01_the_strict_readers_raise_no_other_error(name: str, data: bytes) -> None:
    readers.once(name, data)


def test_an_error_of_another_kind_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_: bytes) -> object:
        raise ZeroDivisionError

    monkeypatch.setitem(readers.TARGETS, "breaks", (breaks, (BadRequest,), ()))
    with pytest.raises(ZeroDivisionError):
        readers.once("breaks", b"")
