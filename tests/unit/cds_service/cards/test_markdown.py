from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cds_service.cards.markdown import DETAIL_LIMIT, ENTRY_LIMIT, Section, detail, escaped, plain

HOSTILE = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "`code` and *bold* and _more_",
    "a | b | c",
    "line\nbreak\r\nand\ttab",
    "\u202egnp.exe",
    "https://evil.example/ and www.evil.example and a@b.example",
    "~~gone~~ <!-- hidden -->",
    "&lt;b&gt; &amp;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_the_record_shows_as_itself_and_does_nothing(text: str) -> None:
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(f"- fact: {escaped(text)}")
    for tag in ("<script", "<a ", "<img", "<em", "<strong", "<code", "<del", "<table", "<!--"):
        assert tag not in rendered


@given(st.text(max_size=300))
def test_no_text_becomes_markup(text: str) -> None:
    tokens = MarkdownIt("commonmark").parseInline(f"fact: {escaped(text)}")[0].children or []
    assert {token.type for token in tokens} <= {"text", "text_special"}


@given(st.text(max_size=1000))
def test_plain_text_is_one_short_line_without_controls(text: str) -> None:
    shown = plain(text)
    assert len(shown) <= 120
    assert shown.isprintable() or all(
        c == "\N{NO-BREAK SPACE}" or not c.isprintable() for c in shown if not c.isprintable()
    )
    assert "\n" not in shown


def test_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 500).endswith("…")
    assert len(plain("x" * 500)) == 120


def test_a_section_counts_what_it_leaves_out() -> None:
    lines = tuple(f"fact {number}" for number in range(20))
    shown = Section("Facts", lines).render()
    assert shown.count("\n- ") == ENTRY_LIMIT
    assert shown.endswith(f"- and {20 - (ENTRY_LIMIT - 1)} more")


def test_numbered_sections_number_the_rest_as_well() -> None:
    assert Section("", ("a", "b", "c"), numbered=True).render(2) == "1. a\n2. and 2 more"


def test_empty_sections_leave_no_heading() -> None:
    assert detail([Section("Nothing", ()), Section("Something", ("x",))]) == "**Something**\n\n- x"


def test_a_detail_stays_under_its_limit_and_keeps_what_is_decisive() -> None:
    long = tuple("word " * 60 for _ in range(12))
    text = detail(
        [Section("First", ("the decisive line",)), Section("Rest", long, spare=1), Section("More", long, spare=2)]
    )
    assert len(text) < DETAIL_LIMIT
    assert "the decisive line" in text
