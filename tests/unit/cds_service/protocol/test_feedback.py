"""Feedback bodies: FB-02 to FB-10, FB-14."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.errors import BadRequest, BodyTooLarge
from cds_service.protocol.feedback import MAX_ITEMS, decode

OVERRIDDEN = {"card": "c1", "outcome": "overridden", "outcomeTimestamp": "2020-12-11T00:00:00Z"}
ACCEPTED = {**OVERRIDDEN, "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}]}


def body(*items: Any) -> bytes:
    return json.dumps({"feedback": items}).encode()


def test_accepted_and_overridden_cards_are_read() -> None:
    reason = {"reason": {"code": "x", "system": "https://example.org/reasons"}, "userComment": "not now"}
    accepted, overridden, bare = decode(body(ACCEPTED, {**OVERRIDDEN, "overrideReason": reason}, OVERRIDDEN))
    assert [one.id for one in accepted.accepted_suggestions or ()] == ["s1"]
    assert overridden.override_reason is not None
    assert overridden.override_reason.reason is not None
    assert (overridden.override_reason.reason.code, overridden.override_reason.user_comment) == ("x", "not now")
    assert bare.override_reason is None


@pytest.mark.parametrize("reason", [{"reason": {"code": "x"}}, {"userComment": "<b>\u0000" + "x" * 100_000}])
def test_reason_and_comment_each_suffice(reason: dict[str, Any]) -> None:
    assert decode(body({**OVERRIDDEN, "overrideReason": reason}))[0].override_reason is not None


@pytest.mark.parametrize("time", ["2020-12-11T00:00:00.123Z", "2020-12-11T00:00:00+01:00"])
def test_times_with_fraction_or_zone_are_taken(time: str) -> None:
    assert decode(body({**OVERRIDDEN, "outcomeTimestamp": time}))[0].outcome_timestamp == time


def test_null_stands_for_absent() -> None:
    nothing = {"acceptedSuggestions": None, "overrideReason": None}
    assert decode(body({**OVERRIDDEN, **nothing})) == decode(body(OVERRIDDEN))
    reason = {"reason": {"code": "x", "system": None, "display": None}, "userComment": None}
    assert decode(body({**OVERRIDDEN, "overrideReason": reason}))[0].override_reason is not None


def test_unknown_members_and_an_empty_array_are_taken() -> None:
    assert decode(body({**OVERRIDDEN, "extension": {"a.b": 1}}))[0].card == "c1"
    assert decode(b'{"feedback":[],"more":1}') == ()


@pytest.mark.parametrize(
    ("data", "element"),
    [
        (b"[]", "feedback"),
        (b"{}", "feedback"),
        (b'{"feedback":{}}', "feedback"),
        (body({**OVERRIDDEN, "card": None}), "feedback[0].card"),
        (body({**OVERRIDDEN, "card": ""}), "feedback[0].card"),
        (body({k: v for k, v in OVERRIDDEN.items() if k != "card"}), "feedback[0]"),
        (body({**OVERRIDDEN, "outcome": "seen"}), "feedback[0].outcome"),
        (body({**ACCEPTED, "acceptedSuggestions": []}), "feedback[0].acceptedSuggestions"),
        (body({**OVERRIDDEN, "outcome": "accepted"}), "feedback[0].acceptedSuggestions"),
        (body({**ACCEPTED, "acceptedSuggestions": [{}]}), "feedback[0].acceptedSuggestions[0]"),
        (body({**OVERRIDDEN, "overrideReason": {}}), "feedback[0].overrideReason"),
        (body({**OVERRIDDEN, "outcomeTimestamp": "yesterday"}), "feedback[0].outcomeTimestamp"),
        (body({**OVERRIDDEN, "outcomeTimestamp": "2020-12-11"}), "feedback[0].outcomeTimestamp"),
        (body({**OVERRIDDEN, "outcomeTimestamp": "2020-13-11T00:00:00Z"}), "feedback[0].outcomeTimestamp"),
        (body(OVERRIDDEN, ACCEPTED, {**OVERRIDDEN, "card": ""}), "feedback[2].card"),
        (body(OVERRIDDEN, {**OVERRIDDEN, "card": 7}), "feedback[1].card"),
        (body({**OVERRIDDEN, "card": "c\u0000"}), "feedback[0].card"),
        (body({**OVERRIDDEN, "card": "c" * 257}), "feedback[0].card"),
        (body({**ACCEPTED, "acceptedSuggestions": [{"id": "s"}, {"id": ""}]}), "feedback[0].acceptedSuggestions[1].id"),
        (body({**ACCEPTED, "acceptedSuggestions": [{"id": "s"}] * 101}), "feedback[0].acceptedSuggestions"),
        (body({**OVERRIDDEN, "overrideReason": {"reason": {"code": ""}}}), "feedback[0].overrideReason.reason.code"),
        (
            body({**OVERRIDDEN, "overrideReason": {"reason": {"code": "c", "display": "\n"}}}),
            "feedback[0].overrideReason.reason.display",
        ),
        (body({**OVERRIDDEN, "outcomeTimestamp": "2020-12-11T00:00:00.1234567890Z"}), "feedback[0].outcomeTimestamp"),
        (body({**OVERRIDDEN, "outcomeTimestamp": "\u0662020-12-11T00:00:00Z"}), "feedback[0].outcomeTimestamp"),
        (b'{"feedback":[{"card":"a","card":"b"}]}', ""),
        (b'{"feedback":[],"x":"\\ud800"}', ""),
        (b'{"feedback":[],"feedback":[]}', ""),
        (b'{"feedback":[],"x":NaN}', ""),
        (b'{"feedback":[', ""),
        (b'{"feedback":[]', ""),
        (b'{"feedback":nope}', ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_what_breaks_a_rule_is_refused_by_element(data: bytes, element: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode(data)
    assert caught.value.element == element


def test_more_items_than_are_read_are_refused() -> None:
    assert len(decode(body(*[OVERRIDDEN] * MAX_ITEMS))) == MAX_ITEMS
    with pytest.raises(BodyTooLarge):
        decode(body(*[OVERRIDDEN] * (MAX_ITEMS + 1)))
