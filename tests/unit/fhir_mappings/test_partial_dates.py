from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import Days, PartialDate, before, days, recent

DAY = dt.date


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2021", DAY(2021, 1, 1), DAY(2021, 12, 31)),
        ("2021-02", DAY(2021, 2, 1), DAY(2021, 2, 28)),
        ("2024-02", DAY(2024, 2, 1), DAY(2024, 2, 29)),
        ("2021-02-03", DAY(2021, 2, 3), DAY(2021, 2, 3)),
        ("2021-02-03T10:11:12Z", DAY(2021, 2, 3), DAY(2021, 2, 3)),
        ("2021-02-03T23:59:59.999+14:00", DAY(2021, 2, 3), DAY(2021, 2, 3)),
        ("2021-02-03T10:11", DAY(2021, 2, 3), DAY(2021, 2, 3)),
        ("2016-12-31T23:59:60Z", DAY(2016, 12, 31), DAY(2016, 12, 31)),
        ("0001", DAY(1, 1, 1), DAY(1, 12, 31)),
        ("9999-12-31", DAY(9999, 12, 31), DAY(9999, 12, 31)),
    ],
)
def test_a_fhir_date_is_the_days_it_can_be(text: str, first: dt.date, last: dt.date) -> None:
    assert PartialDate.read(text) == PartialDate(first, last)


@pytest.mark.parametrize(
    "value",
    ["", "21", "2021-13", "2021-00", "2021-02-29", "2021-02-30", "0000", "0000-01", "2021-2-3", "2021-02-03T24:00:00Z",
     "yesterday", "2021-02-03 10:00", 2021, None, ["2021"], "２０２１"],
)  # fmt: skip
def test_anything_else_is_no_date(value: object) -> None:
    assert PartialDate.read(value) is None


def test_date_objects_are_taken_as_they_are() -> None:
    assert PartialDate.read(DAY(2021, 2, 3)) == PartialDate.on(DAY(2021, 2, 3))
    assert PartialDate.read(dt.datetime(2021, 2, 3, 4, 5, tzinfo=dt.UTC)) == PartialDate.on(DAY(2021, 2, 3))


def test_it_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="end before it begins"):
        PartialDate(DAY(2021, 2, 3), DAY(2021, 2, 2))


@pytest.mark.parametrize("text", ["2021", "2021-02", "2021-02-03"])
def test_it_shows_as_it_was_written(text: str) -> None:
    assert str(PartialDate.read(text)) == text


def test_an_odd_interval_shows_both_ends() -> None:
    assert str(PartialDate(DAY(2020, 5, 1), DAY(2021, 4, 30))) == "2020-05-01 to 2021-04-30"


@pytest.mark.parametrize(
    ("start", "end", "low", "high"),
    [
        ("2026-11-24", "2026-12-22", 28, 28),
        ("2026-11-24", "2026-12", 7, 37),
        ("2026-11", "2026-11-24", -6, 23),
    ],
)
def test_days_are_whole_calendar_days_as_an_interval(start: str, end: str, low: int, high: int) -> None:
    first, last = PartialDate.read(start), PartialDate.read(end)
    assert first is not None
    assert last is not None
    assert days(first, last) == Days(low, high)


@pytest.mark.parametrize(
    ("least", "most", "answer"),
    [
        (27, 27, Tri.YES),
        (28, 28, Tri.NO),
        (20, 30, Tri.UNKNOWN),
        (-1, 3, Tri.UNKNOWN),
        (-3, 30, Tri.UNKNOWN),
        (0, 27, Tri.YES),
        (-3, -1, Tri.NO),
    ],
)
def test_recent_is_unknown_where_the_missing_day_decides(least: int, most: int, answer: Tri) -> None:
    today = DAY(2026, 11, 24)
    when = PartialDate(today - dt.timedelta(most), today - dt.timedelta(least))
    assert recent(when, today, 27) is answer


def test_before_and_recent_at_their_borders() -> None:
    today = DAY(2026, 11, 24)
    on = PartialDate.on
    assert before(on(DAY(2026, 11, 23)), on(today)) is Tri.YES
    assert before(on(today), on(today)) is Tri.NO
    assert before(PartialDate.read("2026-11") or on(today), on(today)) is Tri.UNKNOWN
    assert recent(on(today - dt.timedelta(42)), today, 42) is Tri.YES
    assert recent(on(today - dt.timedelta(43)), today, 42) is Tri.NO
    assert recent(on(today + dt.timedelta(1)), today, 42) is Tri.NO


_DAYS = st.dates(DAY(1990, 1, 1), DAY(2040, 12, 31))


@given(_DAYS, _DAYS, st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"]), st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"]))
def test_a_partial_answer_never_contradicts_the_full_one(a: dt.date, b: dt.date, form_a: str, form_b: str) -> None:
    partial_a, partial_b = PartialDate.read(a.strftime(form_a)), PartialDate.read(b.strftime(form_b))
    assert partial_a is not None
    assert partial_b is not None
    full = Tri.YES if a < b else Tri.NO
    assert before(partial_a, partial_b) in {full, Tri.UNKNOWN}
    interval = days(partial_a, partial_b)
    assert interval.low <= (b - a).days <= interval.high
