"""``recurrence-cds feedback`` over a store with feedback in it (KEEP-07 to KEEP-09, SAFE-14)."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cds_service import cli
from cds_service.cli import feedback as command
from cds_service.store import Store, open_store
from tests.unit.cds_service.store.feedback_items import SERVICE, accepted, overridden, shown

NOON = 1_795_521_600.0
DAY = 86400.0


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    where = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    monkeypatch.setenv("RECURRENCE_CDS_DATABASE_URL", where)
    monkeypatch.setenv("COLUMNS", "200")
    return where


@pytest.fixture
def filled(url: str) -> None:
    moment = [NOON]
    store = open_store(url, clock=lambda: moment[0])
    store.cards.record([shown(f"c{number}", "P3:exenteration") for number in range(60)])
    store.feedback.add([overridden(f"c{number}", code="done") for number in range(50)], service=SERVICE)
    moment[0] = NOON + DAY
    store.cards.record([shown("d", "P4:resection", when=moment[0])])
    store.feedback.add([accepted("d"), overridden("unknown", comment="free words")], service=SERVICE)
    store.close()


@pytest.mark.usefixtures("filled")
def test_the_report_shows_each_rule_and_what_is_for_review(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["feedback", "report"]) == 0
    shown_text = capsys.readouterr().out
    assert "P3 exenteration (2026.11): 50 of 60" in shown_text
    assert "Words of done: 50" in shown_text
    assert "P4 resection (2026.11)" not in shown_text


@pytest.mark.usefixtures("filled")
def test_the_report_as_json_lines_within_days(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["feedback", "report", "--json", "--since", "2026-11-25"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "row": "P4",
        "code": "resection",
        "version": "2026.11",
        "shown": 1,
        "accepted": 1,
        "overridden": 0,
        "unanswered": 0,
        "reasons": {},
        "for_review": False,
    }
    cli.main(["feedback", "report", "--until", "2026-11-24"])
    assert "none" in capsys.readouterr().out


@pytest.mark.usefixtures("filled")
def test_the_report_as_page_and_picture(tmp_path: Path) -> None:
    page, picture = tmp_path / "report.html", tmp_path / "report.png"
    assert cli.main(["feedback", "report", "--html", str(page)]) == 0
    assert not picture.exists()
    assert cli.main(["feedback", "report", "--png", str(picture)]) == 0
    assert "P3 exenteration" in page.read_text("utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("filled")
def test_without_matplotlib_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", {"matplotlib": None}.__getitem__)
    assert cli.main(["feedback", "report", "--png", "x.png"]) == 2
    assert "recurrence-cds[report]" in capsys.readouterr().err
    assert not Path("x.png").exists()


@pytest.mark.usefixtures("filled")
def test_exports_hold_every_item(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["feedback", "export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 52
    assert json.loads(lines[-1])["feedback"] == "free words"
    table = tmp_path / "export.csv"
    assert cli.main(["feedback", "export", "--format", "csv", "--output", str(table), "--since", "2026-11-25"]) == 0
    assert len(table.read_text("utf-8").splitlines()) == 3
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    assert capsys.readouterr().err == "2 items\n"


@pytest.mark.usefixtures("filled")
def test_purge_goes_by_the_setting(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    opened: list[Store] = []

    def open_later(where: str, *, feedback_keep_days: int) -> Store:
        opened.append(open_store(where, feedback_keep_days=feedback_keep_days, clock=lambda: NOON + 10 * DAY))
        return opened[-1]

    monkeypatch.setattr(command, "open_store", open_later)
    monkeypatch.setenv("RECURRENCE_CDS_FEEDBACK_KEEP_DAYS", "9")
    assert cli.main(["feedback", "purge"]) == 0
    assert capsys.readouterr().out == "50 items thrown away\n"


@pytest.mark.usefixtures("filled")
def test_keep_09_a_backup_opens_as_a_store(tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    assert cli.main(["feedback", "backup", str(copy)]) == 0
    restored = open_store(f"sqlite:///{copy}")
    assert restored.feedback.count() == 52
    restored.close()
    assert cli.main(["feedback", "backup", str(copy)]) == 2


def test_faults_have_a_status_and_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder.sqlite3"
    folder.mkdir()
    monkeypatch.setenv("RECURRENCE_CDS_DATABASE_URL", f"sqlite:///{folder}")
    assert cli.main(["feedback", "report"]) == 1
    monkeypatch.setenv("RECURRENCE_CDS_DATABASE_URL", "mysql://x")
    assert cli.main(["feedback", "report"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
