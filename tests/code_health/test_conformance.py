"""docs/conformance: every id of the requirements has its row, and every test that a row names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs" / "conformance" / "reliability.md").read_text("utf-8")
ROWS = {
    cells[0].strip(): [cell.strip() for cell in cells[1:]]
    for line in TEXT.splitlines()
    if re.match(r"\| [A-Z]+-\d\d ", line)
    for cells in [line.split("|")[1:-1]]
}
COUNTS = {"OUT": 15, "IN": 9, "SAFE": 15, "RUN": 12, "TST": 5, "AUTH": 17, "AUD": 7, "KEEP": 9}


def test_every_id_has_one_row() -> None:
    for group, count in COUNTS.items():
        wanted = [f"{group}-{number:02}" for number in range(1, count + 1)]
        assert [name for name in ROWS if name.startswith(f"{group}-")] == wanted
        assert len(re.findall(rf"^\| {group}-\d\d ", TEXT, re.MULTILINE)) == count


@pytest.mark.parametrize("name", ROWS)
def test_a_row_says_how_it_is_answered_and_what_shows_it(name: str) -> None:
    level, answer, shown = ROWS[name]
    assert level in {"M", "S"}
    assert answer
    named = re.findall(r"`([^`]+)`", shown)
    assert named
    for one in named:
        path, _, function = one.partition("::")
        file = TESTS / path
        assert file.is_file(), one
        assert not function or re.search(rf"^ *def {function}\(", file.read_text("utf-8"), re.MULTILINE), one
