from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date
from pathlib import Path

from cds_service.reports import plot
from cds_service.reports.figures import RuleFigures

RULES = [
    RuleFigures("P3", "pelvic-exenteration", "2026.11", 60, 3, 51, Counter({"<b>Already done</b>": 50})),
    RuleFigures("BEV-01", "bevacizumab-fistula", "2026.11", 10, 8, 1),
]


def test_the_page_needs_nothing_else_and_names_the_rules_for_review(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    plot.write_html(RULES, page, made_on=date(2026, 11, 24))
    text = page.read_text("utf-8")
    assert "P3 pelvic-exenteration (2026.11): 51 of 60 overridden" in text
    assert "BEV-01 bevacizumab-fistula (2026.11): " not in text
    assert "&lt;b&gt;Already done&lt;/b&gt;: 50" in text
    assert "<b>" not in text
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert "<script" not in text
    drawing = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])  # noqa: S314 - our own
    assert drawing.tag.endswith("svg")


def test_the_same_figures_give_the_same_page(tmp_path: Path) -> None:
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        plot.write_html(RULES, page, made_on=date(2026, 11, 24))
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_the_picture_is_a_png_also_of_nothing_and_of_much(tmp_path: Path) -> None:
    many = [RuleFigures(f"P{number}", "x", "v", 1) for number in range(100)]
    for name, rules in (("some", RULES), ("none", []), ("many", many)):
        plot.write_png(rules, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n")
    assert len(plot.figure(many).axes[0].get_yticklabels()) == plot.MAX_BARS


def test_bars_stand_for_the_figures_first_rule_on_top() -> None:
    axes = plot.figure(RULES).axes[0]
    widths = [[bar.get_width() for bar in part] for part in axes.containers]
    assert widths == [[8, 3], [1, 51], [1, 6]]
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "P3 pelvic-exenteration (2026.11)"
