from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from cds_service.guideline import knowledge
from cds_service.pages import releases
from cds_service.pages.measured import Case, RowCases
from cds_service.pages.tables import Put, RowView

ROW = RowView(id="X1", anchor="X1", conditions=("pregnancy: yes",), puts=(Put("mdt-review", "Review"),), text="Advice.")


@pytest.mark.parametrize(
    "change",
    [
        {"conditions": ("pregnancy: no",)},
        {"puts": (Put("mdt-review", "Review", note="soon"),)},
        {"text": "Other advice."},
        {"severity": "critical"},
        {"remarks": ("Stops.",)},
    ],
)
def test_a_row_that_says_something_else_has_another_digest(change: dict[str, Any]) -> None:
    assert releases.digest(dataclasses.replace(ROW, **change)) != releases.digest(ROW)


def test_another_vignette_is_no_change_of_a_row() -> None:
    told = dataclasses.replace(ROW, cases=RowCases(speaks=1, speaks_in=(Case("a", "b"),)))
    assert releases.digest(told) == releases.digest(ROW)


def test_new_gone_and_changed_rows_are_different() -> None:
    assert releases.different({"A": "1", "B": "1", "C": "1"}, {"A": "1", "B": "2", "D": "1"}) == {"B", "C", "D"}


def test_a_kept_page_gets_the_path_and_notice_of_the_site() -> None:
    page = releases.stored_page(knowledge.VERSION, root="/cds", notice="Study <only>")
    assert page is not None
    assert 'href="/cds/guideline/pages.css"' in page
    assert "Study &lt;only&gt;" in page
    assert releases.ROOT_MARK not in page
    assert releases.NOTICE_MARK not in page
    assert '<tr role="row" id="P3">' in page


@pytest.mark.parametrize("version", ["1999.01", "../changes", ""])
def test_what_was_never_kept_is_not_found(version: str) -> None:
    assert releases.stored_page(version, root="", notice="") is None


def test_the_change_list_is_newest_first_and_says_something() -> None:
    dates = [release.date for release in releases.releases()]
    assert dates == sorted(dates, reverse=True)
    assert all(release.summary and release.changes for release in releases.releases())
