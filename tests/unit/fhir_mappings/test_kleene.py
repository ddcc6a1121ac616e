from __future__ import annotations

import itertools

import pytest

from fhir_mappings.kleene import Tri, all_yes, any_yes

YES, NO, UNKNOWN = Tri.YES, Tri.NO, Tri.UNKNOWN

AND = {
    (YES, YES): YES, (YES, NO): NO, (YES, UNKNOWN): UNKNOWN,
    (NO, YES): NO, (NO, NO): NO, (NO, UNKNOWN): NO,
    (UNKNOWN, YES): UNKNOWN, (UNKNOWN, NO): NO, (UNKNOWN, UNKNOWN): UNKNOWN,
}  # fmt: skip
"""Kleene's table, decision model section 0, rule 1."""


@pytest.mark.parametrize(("left", "right"), list(AND))
def test_and_is_kleenes(left: Tri, right: Tri) -> None:
    assert (left & right) is AND[left, right]


@pytest.mark.parametrize(("left", "right"), list(AND))
def test_or_follows_from_and_by_de_morgan(left: Tri, right: Tri) -> None:
    assert (left | right) is ~AND[~left, ~right]


def test_not_keeps_unknown() -> None:
    assert [~each for each in (YES, NO, UNKNOWN)] == [NO, YES, UNKNOWN]


def test_a_tri_is_never_taken_for_a_boolean() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        bool(YES)


def test_nothing_at_all() -> None:
    assert all_yes([]) is YES
    assert any_yes([]) is NO


def test_many_at_once_equal_two_at_a_time() -> None:
    for values in itertools.product(Tri, repeat=3):
        assert all_yes(values) is (values[0] & values[1]) & values[2]
        assert any_yes(values) is (values[0] | values[1]) | values[2]
