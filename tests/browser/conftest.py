"""A browser before a running demo. Every page is watched: nothing leaves this machine, nothing breaks the policy.

Needs Debian's Chromium besides the Python packages. Without it these tests are named as not run; in CI that fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from cds_service.cli.demo import Demo, demo
from tests.machine import not_run

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
TIMEOUT = 20_000
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def running_demo() -> Iterator[Demo]:
    with demo() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        not_run("browser tests: no Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, running_demo: Demo) -> Iterator[Open]:
    """Opens a path of the demo in a fresh, watched context; ``width``, ``height``, ``dark`` as wanted."""
    asked: list[Request] = []
    complaints: list[str] = []
    contexts = []

    def opened(path: str = "/", *, width: int = 1440, height: int = 1000, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - playwright marks what it is given
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.goto(f"{running_demo.service}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    origin = urlsplit(running_demo.service).netloc
    assert {urlsplit(each.url).netloc for each in asked if not each.url.startswith("data:")} == {origin}
    assert complaints == []


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keeps a picture of what a test saw."""

    def keep(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return keep
