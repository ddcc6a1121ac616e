"""The guideline pages in a browser: readable at every width, light and dark, and for those who do not see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Page, expect

from cds_service.pages.render import PAGES

Open = Callable[..., Page]
Shot = Callable[[Page, str], None]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
QUICK = [page.path for name, page in PAGES.items() if name not in {"guideline", "print"}]


@pytest.mark.parametrize("path", QUICK)
def test_axe_finds_no_fault(open_page: Open, path: str) -> None:
    page = open_page(path)
    found = page.evaluate(f"{AXE}; axe.run().then(result => result.violations.map(each => each.id))")
    assert found == []


@pytest.mark.parametrize("path", [page.path for page in PAGES.values()])
def test_nothing_overflows_on_a_phone(open_page: Open, path: str) -> None:
    page = open_page(path, width=360, height=780, dark=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_link_of_a_card_shows_its_row(open_page: Open, shot: Shot) -> None:
    page = open_page("/guideline#P3")
    row = page.locator("#P3")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("Assessment for pelvic exenteration")
    row.get_by_text("Figures").click()
    expect(row).to_contain_text("[E21, verified]")
    shot(page, "guideline-row")


def test_the_keyboard_skips_to_the_content(open_page: Open) -> None:
    page = open_page("/guideline/thresholds")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_what_is_printed_has_no_navigation_and_every_row(open_page: Open, shot: Shot) -> None:
    page = open_page("/guideline/print")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.locator("#BEV-01")).to_be_visible()
    shot(page, "guideline-print")
