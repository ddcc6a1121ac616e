from __future__ import annotations

import datetime as dt
import enum

import pytest

from fhir_mappings.findings import Amount, Choice, Feature, Finding, Moment
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate


class Colour(enum.Enum):
    RED = "red"


def test_everything_is_unknown_by_default() -> None:
    features: tuple[Feature, ...] = (Finding(), Amount(), Choice(), Moment())
    for feature in features:
        assert not feature.known
        assert feature.show() == "unknown"


def test_a_finding_is_yes_or_an_evidenced_no() -> None:
    assert Finding(Tri.YES).is_yes
    assert Finding(Tri.NO).is_no
    assert Finding(Tri.NO).known
    assert not Finding().is_no


@pytest.mark.parametrize(
    ("amount", "at_least", "above", "value"),
    [
        (Amount.exactly(1), Tri.YES, Tri.NO, 1),
        (Amount.exactly(1.1), Tri.YES, Tri.YES, 1.1),
        (Amount.exactly(0.9), Tri.NO, Tri.NO, 0.9),
        (Amount(0, 0.99), Tri.NO, Tri.NO, None),
        (Amount(1, 100), Tri.YES, Tri.UNKNOWN, None),
        (Amount(0, 5), Tri.UNKNOWN, Tri.UNKNOWN, None),
        (Amount(), Tri.UNKNOWN, Tri.UNKNOWN, None),
    ],
)
def test_an_amount_answers_as_far_as_its_bounds_allow(
    amount: Amount, at_least: Tri, above: Tri, value: float | None
) -> None:
    assert amount.at_least(1) is at_least
    assert amount.above(1) is above
    assert amount.value == value


def test_an_amount_has_both_bounds_or_none() -> None:
    with pytest.raises(ValueError, match="both bounds"):
        Amount(low=1)


def test_amounts_show_value_or_range_with_unit() -> None:
    assert Amount.exactly(52.5, "mL/min").show() == "52.5 mL/min"
    assert Amount(1, 100).show() == "1 to 100"


def test_choices_and_moments_show_their_own_words() -> None:
    assert Choice(Colour.RED).show() == "red"
    assert Choice(Colour.RED).known
    assert Moment(PartialDate.on(dt.date(2026, 1, 2))).show() == "2026-01-02"
