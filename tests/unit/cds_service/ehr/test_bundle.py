from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.ehr.bundle import Survey, survey

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "type", "entry", "link", "resource", "search", "issue", "total", "id", "url"]
            ),
            inner | st.sampled_from(["Bundle", "Condition", "OperationOutcome", "next"]),
            max_size=6,
        )
    ),
    max_leaves=25,
)


def test_a_bundle_is_counted() -> None:
    body = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 3,
        "link": [{"relation": "self", "url": "a"}, None, {"relation": "next", "url": "b"}],
        "entry": [
            {"resource": {"resourceType": "Condition", "id": "c1"}},
            {"resource": {"resourceType": "Condition", "id": "c2"}, "search": {"mode": "match"}},
            {"resource": {"resourceType": "Encounter"}, "search": {"mode": "include"}},
            {"resource": {"resourceType": "Encounter"}},
            {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}},
            {"fullUrl": "x"},
        ],
    }
    assert survey(msgspec.json.encode(body), "Condition") == Survey(
        "Bundle", "searchset", matches=2, others=1, unreadable=1, total=3, next_url="b", first_id="c1"
    )


def test_one_resource_and_an_array() -> None:
    assert survey(b'{"resourceType":"Patient","id":"p"}', "Patient") == Survey("Patient", matches=1, first_id="p")
    assert survey(b' [{"resourceType":"Patient","id":"p"},7]', "Patient") == Survey(
        "list", matches=1, unreadable=1, first_id="p"
    )


@pytest.mark.parametrize("total", [True, "3", 3.5, None])
def test_a_total_that_is_no_count_is_none(total: object) -> None:
    assert survey(msgspec.json.encode({"resourceType": "Bundle", "total": total}), "Patient").total is None


@given(JSON_VALUES)
def test_odd_shapes_are_looked_at_or_refused_as_undecodable(value: object) -> None:
    try:
        look = survey(msgspec.json.encode(value), "Condition")
    except msgspec.DecodeError:
        assert not isinstance(value, (dict, list))
    else:
        assert min(look.matches, look.others, look.unreadable) >= 0


@given(st.lists(JSON_VALUES, max_size=5))
def test_odd_entries_never_hide_a_good_one_nor_pass_for_nothing(entries: list[object]) -> None:
    good = {"resource": {"resourceType": "Condition", "id": "good"}}
    look = survey(msgspec.json.encode({"resourceType": "Bundle", "entry": [*entries, good]}), "Condition")
    assert look.matches >= 1
    assert look.matches + look.others + look.unreadable <= len(entries) + 1
