"""The SMART app in a real browser: launched by an EHR, without JavaScript, within its own policy, fit for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser, Page, expect

from cds_service.app import create_app
from cds_service.demo.fhir_endpoint import running
from cds_service.demo.sample_patients import DEMO_TODAY, load_patients, record_of
from cds_service.settings import Settings
from tests.journeys.authorization_server import CLIENT_ID, AuthorizationServer, authorization_server

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
SAMPLE = load_patients()[0]


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AuthorizationServer, str]]:
    """An EHR in which the app is registered, and the app's address."""
    parts: list[Any] = []

    def app(environ: Any, start_response: Any) -> Any:
        return parts[0](environ, start_response)

    with (
        running(app) as url,
        authorization_server(record_of(SAMPLE), patient_id=SAMPLE.id, redirect_uri=f"{url}/smart/callback") as server,
    ):
        settings = Settings(base_url=url, smart_client_id=CLIENT_ID, state_dir=tmp_path_factory.mktemp("reasons"))
        parts.append(create_app(settings, today=DEMO_TODAY))
        yield server, url
        parts[0].extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def launch(browser: Browser, ehr: tuple[AuthorizationServer, str]) -> Iterator[Callable[..., Page]]:
    """Follows the card's link in a fresh context; whatever breaks the policy is a failure."""
    contexts = []
    complaints: list[str] = []

    def launched(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        server, url = ehr
        page.goto(f"{url}/launch?iss={server.iss}&launch={server.opens()}")
        return page

    yield launched
    for context in contexts:
        context.close()
    assert complaints == []


def test_the_reasons_need_no_javascript(launch: Callable[..., Page], shot: Callable[[Page, str], None]) -> None:
    page = launch(java_script_enabled=False, viewport={"width": 1440, "height": 1000})
    expect(page.get_by_role("heading", level=1)).to_have_text("Demo Testpatient-Alder, born 1971-03-08")
    expect(page.locator(".box.taken")).not_to_have_count(0)
    expect(page.get_by_role("heading", name="Assessment for pelvic exenteration")).to_be_visible()
    expect(page.locator("button, input, form, script")).to_have_count(0)
    shot(page, "reasons")
    part = page.locator("details.drawer", has_text="Earlier treatment")
    part.locator("summary").click()
    expect(part.get_by_text("earlier bevacizumab", exact=False).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_reasons_are_fit_for_everybody(launch: Callable[..., Page], scheme: str) -> None:
    page = launch(bypass_csp=True, color_scheme=scheme, viewport={"width": 390, "height": 844})
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    assert [f"{each['id']}: {node['target']}" for each in found["violations"] for node in each["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
