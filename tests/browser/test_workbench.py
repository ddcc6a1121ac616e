"""The workbench as somebody uses it, in a real browser against a running demo."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
import requests
from playwright.sync_api import Page, Request, expect

from cds_service.cli.demo import Demo
from cds_service.demo.sample_patients import PATIENTS_FOLDER
from cds_service.protocol import feedback

Open = Callable[..., Page]
Shot = Callable[[Page, str], None]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
BEVACIZUMAB = "/?patient=bevacizumab-before-surgery"
UNSPECIFIED = "/?patient=radiation-unspecified"
PHONE = {"width": 390, "height": 844}


def _sent(requests_seen: list[Request], ending: str) -> list[dict[str, Any]]:
    return [json.loads(each.post_data or "null") for each in requests_seen if each.url.endswith(ending)]


def _watched(page: Page) -> list[Request]:
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))  # noqa: PLW0108 - playwright marks what it is given
    return seen


def _answered(page: Page) -> None:
    """Wait until the cards of the last call stand."""
    expect(page.locator("#answered")).not_to_be_empty()
    expect(page.locator("#cards[aria-busy], #cards.waiting")).to_have_count(0)


def _try(page: Page, words: str) -> None:
    page.get_by_role("button", name=words).click()
    _answered(page)


def _faults(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def test_from_choosing_a_patient_to_accepting_a_suggestion_and_overriding_a_card(open_page: Open, shot: Shot) -> None:
    page = open_page()
    seen = _watched(page)
    shot(page, "start")
    page.get_by_role("link", name="Bevacizumab ordered before planned surgery").click()
    _answered(page)
    assert [each["hook"] for each in _sent(seen, "order-select") + _sent(seen, "patient-view")] == ["patient-view"]
    _try(page, "Pick bevacizumab 15 mg/kg")
    card = page.locator(".card.critical").filter(has_text="before surgery")
    expect(card).to_have_count(1)
    shot(page, "critical")

    card.get_by_role("button", name=re.compile("Move the drafted order to")).click()
    expect(page.locator("#outcome")).to_contain_text("Accepted: Move the drafted order to 2027-01-09")
    expect(page.locator("#outcome")).to_contain_text("Feedback sent and taken")
    expect(page.locator("#drafts")).to_contain_text("from 2027-01-09")
    expect(card).to_have_count(0)

    warning = page.locator(".card.warning").first
    warning.locator("summary").click()
    warning.get_by_label("Tumour board decided otherwise").check()
    warning.get_by_label("Comment").fill("Discussed on Monday")
    warning.get_by_role("button", name="Send the override").click()
    expect(warning).to_contain_text("Overridden: Tumour board decided otherwise. Feedback sent and taken.")
    shot(page, "overridden")

    accepted, overridden = _sent(seen, "/feedback")
    (first,) = feedback.decode(json.dumps(accepted).encode())
    (second,) = feedback.decode(json.dumps(overridden).encode())
    assert (first.outcome, second.outcome) == ("accepted", "overridden")
    assert first.accepted_suggestions is not None
    assert len(first.accepted_suggestions) == 1
    assert second.override_reason is not None
    assert second.override_reason.reason is not None
    assert second.override_reason.reason.code == "tumour-board-decision"
    assert second.override_reason.user_comment == "Discussed on Monday"


def test_a_withdrawn_draft_leaves_the_call(open_page: Open) -> None:
    page = open_page(BEVACIZUMAB)
    seen = _watched(page)
    _try(page, "Pick bevacizumab 15 mg/kg")
    page.locator(".card.critical").get_by_role("button", name="Withdraw the drafted order").click()
    expect(page.locator("#drafts")).to_contain_text("None yet")
    _answered(page)
    assert _sent(seen, "order-select")[-1]["context"]["draftOrders"]["entry"] == []


def test_an_accepted_referral_becomes_a_draft(open_page: Open) -> None:
    page = open_page("/?patient=central-irradiated")
    _answered(page)
    page.get_by_role("button", name="Tumour board review, gynaecological oncology").click()
    expect(page.locator("#drafts")).to_contain_text("Tumour board review, gynaecological oncology")


def test_an_order_is_drafted_with_date_and_dose_and_checked_at_once(open_page: Open) -> None:
    page = open_page("/?patient=central-irradiated")
    seen = _watched(page)
    _answered(page)
    page.get_by_text("Draft an order").click()
    page.get_by_label("Order", exact=True).select_option(label="Bevacizumab")
    page.get_by_label("Start").fill("2026-12-01")
    page.get_by_label("Dose", exact=True).fill("7.5")
    page.get_by_role("button", name="Add to the drafts").click()
    expect(page.locator("#drafts")).to_contain_text("Bevacizumab 7.5 mg/kg, every 3 weeks from 2026-12-01")
    _answered(page)
    (call,) = _sent(seen, "order-select")
    (entry,) = call["context"]["draftOrders"]["entry"]
    assert call["context"]["selections"] == ["MedicationRequest/draft-bevacizumab"]
    assert entry["resource"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 7.5
    expect(page.locator("#cards")).to_contain_text("Bevacizumab")

    page.get_by_label("picked Bevacizumab").uncheck()
    _answered(page)
    expect(page.locator("#cards .card")).to_have_count(0)
    page.get_by_role("button", name="Remove Bevacizumab").click()
    expect(page.locator("#drafts")).to_contain_text("None yet")


def test_a_dose_that_is_none_is_said_at_the_form(open_page: Open) -> None:
    page = open_page("/?patient=central-irradiated")
    _answered(page)
    page.get_by_text("Draft an order").click()
    page.get_by_label("Dose", exact=True).fill("0")
    page.get_by_role("button", name="Add to the drafts").click()
    expect(page.locator("#order-fault")).to_have_text("dose: It is not a dose")


def test_flipping_a_feature_shows_which_codes_change_and_lights_another_branch(open_page: Open, shot: Shot) -> None:
    page = open_page(UNSPECIFIED)
    seen = _watched(page)
    _answered(page)
    expect(page.locator(".why .wide .box.conditional").filter(has_text="P3")).not_to_have_count(0)
    page.locator("#features").get_by_role("group", name="earlier pelvic radiotherapy").get_by_label("yes").check(
        force=True
    )
    changes = page.locator("#changes")
    expect(changes).to_contain_text("What if: 1 assumed answer")
    expect(changes.locator("li.changes").filter(has_text="exenteration")).to_contain_text("→ recommended")
    expect(changes.locator("li.disappears").filter(has_text="Salvage radiotherapy")).to_have_count(1)
    expect(page.locator(".why .wide .box.taken").filter(has_text="Central, irradiated")).to_have_count(1)
    expect(page.locator("#cards .accept")).to_have_count(0)
    expect(page.locator("#f-prior_pelvic_rt-yes")).to_be_focused()
    assert not [each for each in seen if "/cds-services/" in each.url and each.method == "POST"][1:]
    page.evaluate("document.querySelector('.columns').scrollIntoView()")
    shot(page, "what-if")
    page.locator("#changes").get_by_role("button", name="Back to the record").click()
    expect(changes).to_be_empty()
    expect(page.locator("#cards .accept")).not_to_have_count(0)


def test_a_number_is_flipped_as_well(open_page: Open) -> None:
    page = open_page("/?patient=central-irradiated")
    _answered(page)
    field = page.locator("#f-ecog")
    field.fill("3")
    field.press("Enter")
    expect(page.locator("#changes li.appears").filter(has_text="Best supportive care")).to_have_count(1)
    field.fill("often")
    field.press("Enter")
    expect(page.locator("#cards .fault")).to_have_text("flips: It is no answer to: ECOG performance status")


def test_a_pasted_bundle_is_read_and_answered(open_page: Open, shot: Shot) -> None:
    page = open_page()
    seen = _watched(page)
    page.get_by_label("FHIR R4 Bundle of one patient").fill((PATIENTS_FOLDER / "fistula.json").read_text("utf-8"))
    page.get_by_role("button", name="Open this record").click()
    expect(page.get_by_role("heading", name="Your own record")).to_be_focused()
    _answered(page)
    expect(page.locator("#cards")).to_contain_text("Why regimens with bevacizumab are left out")
    (call,) = _sent(seen, "patient-view")
    assert "fhirServer" not in call
    assert call["prefetch"]["patient"]["id"] == "fistula"
    shot(page, "own-record")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "Paste a Bundle or choose a file first."),
        ('{"a": }', "bundle: It is not well-formed JSON"),
        ("{", "its brackets do not match"),
        ('{"resourceType": "Patient", "id": "a"}', "bundle: It is a single resource"),
        ('{"resourceType": "Bundle"}', "bundle: It holds no Patient with an id"),
    ],
    ids=["nothing", "no JSON", "cut off", "one resource", "no patient"],
)
def test_what_is_no_record_is_said_plainly(open_page: Open, text: str, fault: str) -> None:
    page = open_page()
    page.get_by_label("FHIR R4 Bundle of one patient").fill(text)
    page.get_by_role("button", name="Open this record").click()
    expect(page.locator("#own-fault")).to_contain_text(fault)


def test_markup_in_a_record_stays_text(open_page: Open) -> None:
    bundle = json.loads((PATIENTS_FOLDER / "central-irradiated.json").read_text("utf-8"))
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    for entry in bundle["entry"]:
        for name in ("code", "medicationCodeableConcept"):
            if isinstance(entry["resource"].get(name), dict):
                entry["resource"][name]["text"] = evil
    page = open_page()
    page.get_by_label("FHIR R4 Bundle of one patient").fill(json.dumps(bundle))
    page.get_by_role("button", name="Open this record").click()
    _answered(page)
    expect(page.locator("#bench img, #bench script:not([type='application/json'])")).to_have_count(0)


def test_a_chosen_file_is_taken_and_one_too_large_is_not(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    page.get_by_label("Choose a file").set_input_files(PATIENTS_FOLDER / "remission.json")
    page.get_by_role("button", name="Open this record").click()
    _answered(page)
    expect(page.locator("#cards")).to_contain_text("No cards.")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (5 * 1024 * 1024))
    page = open_page()
    page.get_by_label("Choose a file").set_input_files(large)
    expect(page.locator("#own-fault")).to_contain_text("larger than")


def test_a_patient_of_a_fhir_server(open_page: Open, running_demo: Demo) -> None:
    page = open_page()
    page.get_by_label("Base URL").fill(running_demo.fhir)
    page.get_by_label("Id of the patient").fill("pregnancy")
    page.get_by_role("button", name="Open this patient").click()
    _answered(page)
    expect(page.locator("#cards .card.warning")).to_have_count(1)


@pytest.mark.parametrize(
    ("server", "patient", "words"),
    [(None, "nobody", "Needed, and not to be had: patient"), ("https://ehr.example.org/fhir", "a", "fhirServer")],
    ids=["no such patient", "a server that is not allowed"],
)
def test_a_refusal_of_the_service_is_shown_in_its_words(
    open_page: Open, running_demo: Demo, server: str | None, patient: str, words: str
) -> None:
    page = open_page()
    page.get_by_label("Base URL").fill(server or running_demo.fhir)
    page.get_by_label("Id of the patient").fill(patient)
    page.get_by_role("button", name="Open this patient").click()
    expect(page.locator("#cards .fault")).to_contain_text(words)


def test_the_exchange_can_be_seen_copied_and_repeated(open_page: Open) -> None:
    page = open_page(BEVACIZUMAB)
    _answered(page)
    _try(page, "Pick bevacizumab 15 mg/kg")
    page.locator("#wire summary").first.click()
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#say")).to_have_text("Copy as curl: done.")
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert words[:4] == ["curl", "-s", "-H", "Content-Type: application/json"]
    shown = json.loads(page.get_by_role("region", name="Response").inner_text())
    with requests.Session() as session:
        again = session.post(
            words[-1], data=words[5].encode(), headers={"Content-Type": "application/json"}, timeout=20
        )
    assert again.json() == shown


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def test_the_whole_path_by_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    _tab_to(page, "a[href*='bevacizumab-before-surgery']")
    page.keyboard.press("Enter")
    page.wait_for_url("**patient=bevacizumab-before-surgery")
    _answered(page)
    _tab_to(page, "[data-trial='1']")
    page.keyboard.press("Enter")
    expect(page.locator(".card.critical")).to_have_count(1)
    _tab_to(page, ".card.critical .accept")
    page.keyboard.press("Enter")
    expect(page.locator("#outcome")).to_contain_text("Accepted")
    expect(page.locator("#cards-title")).to_be_focused()
    _tab_to(page, ".card.warning .override summary")
    page.keyboard.press("Enter")
    _tab_to(page, ".card.warning input[name=reason]")
    page.keyboard.press("ArrowDown")
    _tab_to(page, ".card.warning .override button")
    page.keyboard.press("Enter")
    expect(page.locator(".overridden")).to_be_focused()
    _tab_to(page, "input[data-flip='prior_pelvic_rt']")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#changes")).to_contain_text("What if")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#changes")).to_be_empty()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
def test_no_serious_fault_of_accessibility(open_page: Open, size: dict[str, int], dark: bool) -> None:
    page = open_page(dark=dark, **size)
    assert _faults(page) == []
    page = open_page(BEVACIZUMAB, dark=dark, **size)
    _answered(page)
    _try(page, "Pick bevacizumab 15 mg/kg")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    expect(page.locator("#wire pre").first).to_be_visible()
    assert _faults(page) == []
    page = open_page(UNSPECIFIED, dark=dark, **size)
    _answered(page)
    page.locator("#f-prior_pelvic_rt-no").check(force=True)
    expect(page.locator("#changes")).to_contain_text("What if")
    assert _faults(page) == []


@pytest.mark.parametrize("path", ["/", BEVACIZUMAB, "/?patient=distant-cps-positive"])
def test_it_fits_a_phone(open_page: Open, shot: Shot, path: str) -> None:
    page = open_page(path, **PHONE)
    if path != "/":
        _answered(page)
        expect(page.locator("#timeline .narrow")).to_be_visible()
        expect(page.locator("#timeline .wide")).to_be_hidden()
        expect(page.locator("#pathway .narrow")).to_be_visible()
        expect(page.locator("#pathway .wide")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    shot(page, f"phone-{path.rpartition('=')[2].strip('/') or 'start'}")


def test_dark_follows_the_system(open_page: Open, shot: Shot) -> None:
    page = open_page("/?patient=second-line", dark=True)
    _answered(page)
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", ground))) < 150
    shot(page, "dark")
