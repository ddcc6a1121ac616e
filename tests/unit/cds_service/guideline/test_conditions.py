from __future__ import annotations

import enum

import pytest

from cds_service.guideline.conditions import (
    ALWAYS,
    Condition,
    all_of,
    any_of,
    at_least,
    at_most,
    between,
    documented,
    known,
    negation,
    no,
    not_yes,
    one_of,
    over,
    under,
    unknown,
    yes,
)
from cds_service.guideline.thresholds import Threshold
from fhir_mappings.findings import Amount, Choice, Feature, Finding
from fhir_mappings.kleene import Tri


class Kind(enum.Enum):
    A = "a"
    B = "b"


FIVE = Threshold(5, "mg", "test", ("policy",))
NINE = Threshold(9, "mg", "test", ("policy",))
FACTS: dict[str, Feature] = {
    "is": Finding(Tri.YES),
    "not": Finding(Tri.NO),
    "open": Finding(),
    "five": Amount.exactly(5),
    "six": Amount.exactly(6),
    "none": Amount(),
    "kind": Choice(Kind.A),
    "no_kind": Choice(),
}

CASES: list[tuple[Condition, Tri]] = [
    (yes("is"), Tri.YES), (yes("not"), Tri.NO), (yes("open"), Tri.UNKNOWN),
    (no("is"), Tri.NO), (no("not"), Tri.YES), (no("open"), Tri.UNKNOWN),
    (not_yes("is"), Tri.NO), (not_yes("not"), Tri.YES), (not_yes("open"), Tri.YES),
    (documented("is"), Tri.YES), (documented("not"), Tri.NO), (documented("open"), Tri.NO),
    (known("is"), Tri.YES), (known("none"), Tri.NO), (unknown("open"), Tri.YES), (unknown("five"), Tri.NO),
    (one_of("kind", Kind.A), Tri.YES), (one_of("kind", Kind.B), Tri.NO), (one_of("no_kind", Kind.A), Tri.UNKNOWN),
    (at_least("five", FIVE), Tri.YES), (over("five", FIVE), Tri.NO), (over("six", FIVE), Tri.YES),
    (at_most("five", FIVE), Tri.YES), (at_most("six", FIVE), Tri.NO), (under("five", FIVE), Tri.NO),
    (between("six", FIVE, NINE), Tri.YES), (between("none", FIVE, NINE), Tri.UNKNOWN),
    (yes("is") & yes("open"), Tri.UNKNOWN), (yes("not") & yes("open"), Tri.NO),
    (yes("is") | yes("open"), Tri.YES), (yes("not") | yes("open"), Tri.UNKNOWN), (any_of(), Tri.NO),
    (negation(yes("open")), Tri.UNKNOWN), (negation(yes("is")), Tri.NO), (ALWAYS, Tri.YES),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "value"), CASES, ids=[c.words(str) for c, _ in CASES])
def test_value(condition: Condition, value: Tri) -> None:
    assert condition.evaluate(FACTS).value is value


def test_a_yes_names_its_reasons_and_what_was_let_pass() -> None:
    outcome = all_of(yes("is"), not_yes("open"), no("not")).evaluate(FACTS)
    assert (outcome.because, outcome.missing, outcome.unchecked) == (("is", "not"), (), ("open",))


def test_an_unknown_names_what_is_missing_and_what_already_holds() -> None:
    outcome = all_of(yes("is"), yes("open"), at_least("none", FIVE)).evaluate(FACTS)
    assert (outcome.because, outcome.missing) == (("is",), ("open", "none"))


def test_a_no_names_only_what_speaks_against() -> None:
    outcome = all_of(yes("is"), yes("not"), yes("open")).evaluate(FACTS)
    assert (outcome.value, outcome.because, outcome.missing) == (Tri.NO, ("not",), ())


def test_an_or_names_the_branch_that_decided() -> None:
    assert any_of(yes("not"), yes("is"), yes("open")).evaluate(FACTS).because == ("is",)


def test_a_feature_of_another_kind_is_an_error_of_the_table() -> None:
    for wrong in (yes("five"), one_of("is", Kind.A), at_least("is", FIVE)):
        with pytest.raises(TypeError):
            wrong.evaluate(FACTS)
    with pytest.raises(KeyError):
        yes("nowhere").evaluate(FACTS)


def test_conditions_say_what_they_read_and_what_they_mean() -> None:
    condition = all_of(any_of(yes("is"), between("five", FIVE, NINE)), not_yes("open"), negation(known("not")))
    assert list(condition.features()) == ["is", "five", "open", "not"]
    assert condition.words(str.upper) == (
        "(IS: yes, or FIVE: at least 5 mg and at most 9 mg); OPEN: not documented; not (NOT: known)"
    )
    assert any_of(all_of(yes("is"), under("five", NINE)), over("six", FIVE)).words(str) == (
        "(is: yes; five: under 9 mg), or six: over 5 mg"
    )
