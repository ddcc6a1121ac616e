"""docs/operations.md names every setting with its default and every metric with its labels, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cds_service import metrics
from cds_service.settings import READERS, Settings

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
IN_WORDS = {
    "STATE_DIR": "the user's state folder",
    "REGION_NOTICE": "the EU notice",
    "AUDIT_FILE": "`audit/audit.jsonl` in `STATE_DIR`",
}
"""Defaults that are told rather than quoted."""


def table(section: str) -> list[list[str]]:
    """Cells of the rows of a section's table, without its head."""
    part = TEXT.partition(f"## {section}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


SETTINGS = {row[0].strip("`"): row[1:] for row in table("Settings")}
FAMILIES = {family.name: family for family in metrics.REGISTRY.collect()}


def quoted(default: Any) -> str:
    if default in (None, "", ()) or default == {}:
        return ""
    return f"`{int(default) if isinstance(default, bool) else default}`"


def test_every_setting_is_told_and_no_other() -> None:
    assert list(SETTINGS) == list(READERS)


@pytest.mark.parametrize("name", READERS)
def test_a_setting_is_told_with_its_default_and_a_meaning(name: str) -> None:
    default, meaning = SETTINGS[name]
    assert default == IN_WORDS.get(name, quoted(getattr(Settings(), name.lower())))
    assert len(meaning) > 10


def test_every_metric_is_told_and_no_other() -> None:
    told = {re.sub("_total$", "", row[0].strip("`")) for row in table("Metrics")}
    assert told == set(FAMILIES)


def test_every_target_of_the_releases_table_is_there() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")
    for row in table("Releases"):
        assert re.search(rf"^{row[0].strip('`').removeprefix('make ')}:", makefile, re.MULTILINE)
