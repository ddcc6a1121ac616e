"""docs/conformance/cds-hooks.md: every row of the requirements once, with tests that exist or with a reason."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs" / "conformance" / "cds-hooks.md").read_text("utf-8")
LINES = [
    [cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if re.match(r"\| [A-Z]+-", line)
]
COUNTS = {
    "GEN": 9,
    "DISC": 18,
    "PF": 14,
    "REQ": 20,
    "DATA": 18,
    "RESP": 7,
    "CARD": 14,
    "SRC": 4,
    "COD": 3,
    "SUG": 7,
    "ACT": 8,
    "LNK": 7,
    "SYS": 2,
    "FB": 15,
    "SEC": 18,
    "CORS": 3,
    "EXT": 2,
    "STALE": 1,
    "QRK": 7,
    "CRD": 9,
}
"""Group -> how many rows the requirements have of it, numbered from 01."""
WITHOUT_A_TEST = {"GEN-08", "REQ-14", "DATA-17", "FB-15"}
"""Rows that a reason alone answers."""


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_row_stands_once_in_order() -> None:
    wanted = [f"{group}-{number:02}" for group, count in COUNTS.items() for number in range(1, count + 1)]
    assert len(wanted) == 186
    assert [name for name, *_ in LINES] == wanted


@pytest.mark.parametrize("line", LINES, ids=[line[0] for line in LINES])
def test_a_row_names_tests_that_exist_or_a_reason(line: list[str]) -> None:
    name, level, what, answer = line
    assert level
    assert what
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", answer)
    for path, function in named:
        assert function in functions(path), f"{path}::{function}"
    reason = re.match(r"(?:not applicable|answered otherwise): (\S+ ){3}", answer)
    assert reason or answer.startswith("`")
    assert named or name in WITHOUT_A_TEST
    assert (name in WITHOUT_A_TEST) <= (reason is not None)
