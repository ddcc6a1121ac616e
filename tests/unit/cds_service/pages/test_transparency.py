from __future__ import annotations

import datetime as dt

import pytest

from cds_service import hooks
from cds_service.guideline import knowledge
from cds_service.pages import transparency
from cds_service.pages.elements import PERSONAL
from cds_service.pages.render import ATTRIBUTE_WORDS, PAGES, Frame, page


def test_every_answer_in_the_file_is_one() -> None:
    told = transparency.words()
    assert all(answer for _, answers in told.predictive for _, answer in answers)
    assert told.predictive[0][1][0] == ("name and contact of the developer", told.about["developer"])
    assert set(transparency.uses()) == {personal.key for personal in PERSONAL}
    assert list(ATTRIBUTE_WORDS) == list(transparency.service_attributes())


@pytest.mark.parametrize(
    ("reviewed", "today", "words"),
    [
        ("", dt.date(2026, 11, 24), "not reviewed by a clinical lead yet"),
        ("2026-11-01", dt.date(2026, 11, 24), "reviewed on 2026-11-01; next by 2027-05-03"),
        ("2026-11-01", dt.date(2027, 5, 3), "reviewed on 2026-11-01; next by 2027-05-03"),
        ("2026-11-01", dt.date(2027, 5, 4), "review overdue since 2027-05-03"),
    ],
)
def test_tr_06_a_review_older_than_the_stated_interval_is_overdue(
    monkeypatch: pytest.MonkeyPatch, reviewed: str, today: dt.date, words: str
) -> None:
    monkeypatch.setattr(knowledge, "REVIEWED", reviewed)
    assert transparency.review_state(today) == words


def test_order_hooks_run_other_tables_than_patient_view() -> None:
    view, select, sign = ({table.anchor for table in transparency.tables_of(service)} for service in hooks.SERVICES)
    assert "pathway" in view
    assert "orders-bevacizumab" not in view
    assert select == sign
    assert {"scope", "prompts", "orders-bevacizumab"} <= sign
    assert "pathway" not in sign


def test_the_site_is_only_named_where_it_states_something() -> None:
    frame = Frame(today=dt.date(2026, 11, 24), services=hooks.SERVICES)
    assert "Stated by the site" not in page("transparency", frame)
    told = transparency.document((), base_url="", notice="", today=dt.date(2026, 11, 24), site={})
    assert "site" not in told
    assert told["notice"] == "none"


@pytest.mark.parametrize("name", PAGES)
def test_pages_escape_what_a_site_says(name: str) -> None:
    frame = Frame(notice="<script>", today=dt.date(2026, 11, 24), site={"Contact": "<b>"})
    html = page(name, frame)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
