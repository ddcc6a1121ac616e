from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import strict_json
from cds_service.errors import MalformedJson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}"\\aé\n') | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[]{}"\\a'), inner, max_size=4),
    max_leaves=30,
)


@given(VALUES, st.booleans())
def test_what_a_json_writer_writes_passes(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    strict_json.check(text.encode("utf-8", "replace"))


@given(VALUES, st.integers(40, 90))
def test_nesting_is_counted_without_what_stands_in_strings(value: Any, levels: int) -> None:
    deep: Any = 0
    for _ in range(levels):
        deep = [deep]
    text = json.dumps({"deep": deep, "beside": str(value)}).encode()
    if levels + 1 <= strict_json.MAX_DEPTH:
        strict_json.check(text)
    elif not any(bracket in str(value) for bracket in "[]{}"):
        with pytest.raises(MalformedJson, match="64 levels"):
            strict_json.check(text)


@pytest.mark.parametrize("data", [b"\xff", b'"\xc3"', b'"\xed\xa0\x80"', "é".encode("utf-16")])
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedJson, match="UTF-8"):
        strict_json.check(data)


def test_levels_of_mixed_brackets_count_one_by_one() -> None:
    strict_json.check(b'[{"a":' * 32 + b"1" + b"}]" * 32)
    with pytest.raises(MalformedJson):
        strict_json.check(b"[" + b'[{"a":' * 32 + b"1" + b"}]" * 32 + b"]")
    with pytest.raises(MalformedJson, match="deeper than 3"):
        strict_json.check(b"[[[[]]]]", depth=3)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 63 + b"{}," * 200 + b"[[]]" + b"]" * 63,
        b"[" + b"[]," * 500 + b"[" * 64 + b"]" * 65,
        b"[",
        b"]",
    ],
)
def test_deep_or_unclosed_brackets_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedJson):
        strict_json.check(data)


@pytest.mark.parametrize("levels", [1, 40, 64])
@pytest.mark.parametrize("before", [0, 1, 30, 95, 96, 97, 200])
def test_levels_count_wherever_they_stand(levels: int, before: int) -> None:
    deep = b"[" * (levels - 1) + b"1" + b"]" * (levels - 1)
    strict_json.check(b"[" + b"{}," * before + deep + b",{}" * before + b"]")
    with pytest.raises(MalformedJson, match=f"deeper than {levels - 1}"):
        strict_json.check(b"[" + b"{}," * before + deep + b",{}" * before + b"]", depth=levels - 1)


@given(VALUES)
def test_what_a_json_writer_writes_is_decoded(value: Any) -> None:
    assert strict_json.decode(json.dumps(value, ensure_ascii=False).encode("utf-8")) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\"u0daeE+-1.NfI ', max_size=60).map(str.encode))
def test_decoding_raises_no_other_error(data: bytes) -> None:
    with contextlib.suppress(MalformedJson):
        strict_json.decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'[{"a":1,"\\u0061":2}]',
        b"NaN",
        b"1e999",
        b'"\\ud800"',
        b"9" * 5000,
        b"[1,]",
        b"[}",
        b"[{]}",
        b"][",
        b"",
        b"\xef\xbb\xbf1",
    ],
)
def test_doubled_names_and_what_is_no_json_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedJson):
        strict_json.decode(data)
