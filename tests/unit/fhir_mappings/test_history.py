"""A history asked for the facts that can speak about some concepts."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.history import UNVERIFIED, Observed, Value
from tests.history_builders import diagnosis, drug, history, observed, treatment

WORDS = [*"abcd", f"a{UNVERIFIED}", f"d{UNVERIFIED}"]
SETS = st.frozensets(st.sampled_from(WORDS), max_size=3)


def spoken(item: Observed) -> frozenset[str]:
    return item.concepts.union(item.value.concepts, *(concepts for concepts, _ in item.components))


def matches(concepts: Iterable[str], asked: frozenset[str]) -> bool:
    return any(concept in asked or concept.removesuffix(UNVERIFIED) in asked for concept in concepts)


def test_facts_are_found_by_code_unverified_code_value_and_component_each_once_in_their_order() -> None:
    first = observed({"a", "b"}, 1, reference="Observation/2")
    second = observed("c", {"a"}, reference="Observation/1")
    third = observed("c", reference="Observation/3", components=((frozenset({f"a{UNVERIFIED}"}), Value()),))
    other = observed("d", reference="Observation/4")
    record = history(first, second, third, other)
    assert record.observed_about(frozenset({"a"})) == (first, second, third)
    assert record.observed_about(frozenset({"a", "b"})) == (first, second, third)
    assert record.observed_about(frozenset({"b", "d"})) == (first, other)
    assert record.observed_about(frozenset({"e"})) == ()


def test_each_kind_is_asked_by_itself() -> None:
    cancer, operation, dose = diagnosis("a"), treatment("a"), drug("a")
    record = history(cancer, operation, dose)
    asked = frozenset({"a"})
    assert record.diagnoses_about(asked) == (cancer,)
    assert record.treatments_about(asked) == (operation,)
    assert record.drugs_about(asked) == (dose,)
    assert record.observed_about(asked) == ()


@given(facts=st.lists(st.tuples(SETS, SETS, SETS), max_size=6), questions=st.lists(SETS, max_size=4))
def test_the_answer_is_that_of_looking_at_every_fact(
    facts: list[tuple[frozenset[str], frozenset[str], frozenset[str]]], questions: list[frozenset[str]]
) -> None:
    every = [observed(own, value, components=((part, Value()),) if part else ()) for own, value, part in facts]
    record = history(*every)
    for asked in questions:
        assert record.observed_about(asked) == tuple(each for each in every if matches(spoken(each), asked))
