from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from cds_service.reports.export import COLUMNS, row, write_csv, write_json_lines
from cds_service.store.feedback import Kept

KEPT = Kept(
    card="c1",
    service="patient-view",
    issuer="https://ehr",
    tenant="north",
    outcome="overridden",
    suggestions=(),
    reason_system="s",
    reason_code="done",
    reason_display="Already done",
    comment="not\nnow",
    outcome_time="2026-11-24T12:00:00Z",
    received=0.0,
    matched=True,
    rules=("P3:a", "P4:b"),
    version="2026.11",
    user_id="Practitioner/1",
)


def test_keep_07_the_six_columns_say_what_whom_when_and_where() -> None:
    assert row(KEPT) == {
        "intervention": "patient-view 2026.11: P3:a; P4:b",
        "action": "overridden",
        "feedback": "Already done [done]: not\nnow",
        "user": "Practitioner/1",
        "date": "2026-11-24T12:00:00Z",
        "location": "north",
    }


def test_the_rest_is_said_where_something_is_lacking() -> None:
    bare = replace(KEPT, outcome="accepted", suggestions=("s1", "s2"), reason_code="", reason_display="", comment="")
    assert row(bare)["action"] == "accepted s1 s2"
    assert row(bare)["feedback"] == ""
    assert row(replace(bare, comment="only words"))["feedback"] == "only words"
    assert row(replace(bare, reason_code="done"))["feedback"] == "done [done]"
    assert row(replace(bare, tenant=""))["location"] == "https://ehr"
    assert row(replace(bare, rules=()))["intervention"] == "patient-view 2026.11: notice of missing data"
    assert row(replace(bare, matched=False))["intervention"] == "patient-view: unmatched card c1"


def test_json_lines_hold_the_columns_and_whether_the_card_is_known() -> None:
    out = io.StringIO()
    assert write_json_lines([KEPT, replace(KEPT, matched=False)], out) == 2
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [tuple(line)[:6] for line in lines] == [COLUMNS] * 2
    assert [(line["card"], line["matched"]) for line in lines] == [("c1", True), ("c1", False)]


def test_csv_is_six_columns_and_no_cell_is_a_formula() -> None:
    out = io.StringIO()
    hostile = replace(KEPT, reason_code="", reason_display="", comment='=HYPERLINK("x")', user_id="@x", tenant="+1")
    assert write_csv([hostile], out) == 1
    header, cells = csv.reader(io.StringIO(out.getvalue()))
    assert tuple(header) == COLUMNS
    assert cells[2:4] == ['\'=HYPERLINK("x")', "'@x"]
    assert cells[5] == "'+1"


def test_nothing_is_an_export_as_well() -> None:
    assert write_json_lines([], io.StringIO()) == 0
    assert write_csv([], io.StringIO()) == 0
