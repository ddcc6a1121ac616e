"""The guideline pages tell of this state of the code: ``make pages`` writes the files that are compared here."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from cds_service.guideline import knowledge
from cds_service.pages import releases
from tests import guideline_pages

STALE = "run make pages"


@pytest.fixture(scope="module")
def packaged() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(guideline_pages.FILE.read_text(encoding="utf-8"))
    return content


def test_the_vignettes_of_each_row_are_those_of_a_new_run(packaged: dict[str, Any]) -> None:
    rows, totals = guideline_pages.rows_shown()
    assert packaged["totals"] == totals, STALE
    assert packaged["rows"] == json.loads(json.dumps(rows)), STALE


def test_the_codes_behind_each_fact_are_those_of_a_new_run(packaged: dict[str, Any]) -> None:
    assert packaged["features"] == guideline_pages.concepts_behind(), STALE


def test_what_order_facts_and_personal_data_reach_is_that_of_a_new_run(packaged: dict[str, Any]) -> None:
    assert packaged["orderFacts"] == guideline_pages.order_facts_behind(), STALE
    assert packaged["patient"] == guideline_pages.patient_elements_behind(), STALE
    assert packaged["knowledge"] == knowledge.VERSION


def test_tr_04_the_current_version_is_kept_as_it_is() -> None:
    assert releases.stored()[knowledge.VERSION] == guideline_pages.stored(), STALE
    kept = guideline_pages.KEPT.joinpath(f"{knowledge.VERSION}.html").read_text(encoding="utf-8")
    assert kept == guideline_pages.page(), STALE


def test_tr_04_every_release_is_kept_and_the_newest_is_the_current_one() -> None:
    listed = [release.version for release in releases.releases()]
    assert listed[0] == knowledge.VERSION
    assert releases.releases()[0].date == knowledge.DATE
    assert set(listed) == set(releases.stored())


def test_tr_04_every_row_that_differs_from_the_version_before_is_in_the_change_list() -> None:
    kept = [releases.stored()[release.version] for release in releases.releases()]
    named = {
        release.version: {row for change in release.changes for row in change.rows} for release in releases.releases()
    }
    for newer, older in pairwise(kept):
        assert releases.different(older.rows, newer.rows) <= named[newer.version]
