"""What the service publishes about itself, over HTTP: TR-01 to TR-11 and TR-22 to TR-31."""

from __future__ import annotations

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.cards import EXTENSION, SINGLE_OPTION
from cds_service.guideline import knowledge
from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.decide import Occasion
from cds_service.guideline.thresholds import ALL
from cds_service.pages import releases, transparency
from cds_service.pages.elements import PERSONAL, elements
from cds_service.pages.measured import measured
from cds_service.pages.render import PAGES
from cds_service.pages.tables import ROW_IDS, tables
from cds_service.pipeline import consult
from cds_service.protocol.response import encode
from cds_service.settings import Settings
from cds_service.site import Site
from fhir_mappings.features.fields import FEATURES
from tests.contract.calls import FakePipeline
from tests.vignette import Vignette, vignettes

ROOT = Path(__file__).parents[2]
BASE = "https://cds.example.org/advice"
NOTICE = "Only for study <here>."
PATHS = [page.path for page in PAGES.values()]
Cards = list[tuple[Vignette, dict[str, Any]]]
ATTRIBUTES = {
    *("bibliographicCitation", "developer", "fundingSource", "releaseAndRevisionDates"),
    *(personal.key for personal in PERSONAL),
}


class Seen(HTMLParser):
    """Ids, links, headings and what is loaded, of one page; and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.headings: list[int] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in told:
            self.ids.append(told["id"])
        if tag == "a":
            self.links.append(told["href"])
        elif "src" in told or "href" in told:
            self.loaded.append(told.get("src") or told["href"])
        assert not [name for name in told if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def service() -> Any:
    settings = Settings(base_url=BASE, region_notice=NOTICE, site_statements={"Local contact": "Ward 7 (stated on x)"})
    app = create_app(settings, today=date(2026, 11, 24), answer=FakePipeline())
    yield app.test_client()
    app.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture(scope="module")
def seen(service: FlaskClient) -> dict[str, Seen]:
    return {path: Seen(service.get(path).get_data(as_text=True)) for path in PATHS}


@pytest.fixture(scope="module")
def told(service: FlaskClient) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(service.get("/transparency").data)
    return content


@pytest.fixture(scope="module")
def cards() -> Cards:
    """The cards of every vignette, as a site with a public address sends them."""
    site = Site(base_url=BASE, region_notice=NOTICE)
    found: Cards = []
    for case in vignettes():
        occasion = Occasion(case.hook)
        made = consult(case.record(), occasion=occasion, hook_instance=case.id, today=case.today, site=site)
        found += [(case, card) for card in json.loads(encode(made.answer))["cards"]]
    return found


# ------------------------------------------------------------------------------------------------ pages


@pytest.mark.parametrize("path", PATHS)
def test_tr_01_every_page_is_there_for_everyone(service: FlaskClient, path: str) -> None:
    response = service.get(path)
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"].startswith("public")
    again = service.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", PATHS)
def test_tr_01_pages_load_one_style_sheet_and_run_nothing(seen: dict[str, Seen], path: str) -> None:
    page = seen[path]
    assert page.loaded == ["/advice/guideline/pages.css"]
    assert not {"script", "iframe", "img", "form"} & set(page.tags)


def test_the_style_sheet_loads_nothing_either(service: FlaskClient) -> None:
    response = service.get("/guideline/pages.css")
    assert (response.status_code, response.mimetype) == (200, "text/css")
    assert b"url(" not in response.data
    assert b"@import" not in response.data


@pytest.mark.parametrize("path", PATHS)
def test_pages_have_one_title_headings_in_order_and_each_id_once(seen: dict[str, Seen], path: str) -> None:
    page = seen[path]
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert {"main", "a", "nav"} <= set(page.tags)


@pytest.mark.parametrize("path", PATHS)
def test_every_link_of_a_page_leads_somewhere(service: FlaskClient, seen: dict[str, Seen], path: str) -> None:
    ids = {f"/advice{other}": set(page.ids) for other, page in seen.items()}
    ids[f"/advice/guideline/{knowledge.VERSION}"] = ids["/advice/guideline"]
    here = f"/advice{path}"
    for link in dict.fromkeys(seen[path].links):
        target, _, fragment = link.partition("#")
        target = target or here
        assert target.startswith("/advice/"), link
        if target in ids:
            assert not fragment or fragment in ids[target], link
        else:
            assert service.get(target.removeprefix("/advice")).status_code == 200, link


def test_nothing_can_be_sent_to_a_page(service: FlaskClient) -> None:
    assert service.post("/guideline").status_code == 405


def test_tr_01_no_login_in_production() -> None:
    client = TrustedClient(
        name="EHR", issuer="https://ehr.example.org/", jku="https://ehr.example.org/jwks.json", fhir_servers=()
    )
    settings = Settings(mode="production", base_url=BASE, trusted_clients=(client,))
    app: Flask = create_app(settings, today=date(2026, 11, 24), answer=FakePipeline())
    for path in (*PATHS, "/transparency", f"/guideline/{knowledge.VERSION}"):
        assert app.test_client().get(path).status_code == 200
    app.extensions["recurrence-cds-fhir-client"].close()


# --------------------------------------------------------------------------------------- attributes


def blanks(value: Any, path: str = "") -> list[str]:
    """Paths of everything empty."""
    if value in (None, "", [], {}):
        return [path]
    if isinstance(value, dict):
        return [each for name, inner in value.items() for each in blanks(inner, f"{path}.{name}")]
    if isinstance(value, list):
        return [each for number, inner in enumerate(value) for each in blanks(inner, f"{path}[{number}]")]
    return [] if not isinstance(value, str) or value.strip() else [path]


def test_tr_01_all_13_attributes_stand_for_each_service_and_rule_and_none_is_blank(told: dict[str, Any]) -> None:
    assert {each["hook"] for each in told["services"]} == {"patient-view", "order-select", "order-sign"}
    assert len(told["rules"]) >= len(ROW_IDS)
    for each in (*told["services"], *told["rules"]):
        assert each["attributes"].keys() == ATTRIBUTES
    assert blanks(told) == []
    assert told["generated"] == "2026-11-24"
    assert told["knowledge"]["contentHash"] == knowledge.content_hash()


def test_tr_01_the_rules_of_a_service_are_rules_that_are_told(told: dict[str, Any]) -> None:
    rules = {each["id"]: each for each in told["rules"]}
    for service in told["services"]:
        assert set(service["rules"]) <= rules.keys()
        assert all(service["hook"] in rules[rule]["hooks"] for rule in service["rules"])
    assert all(each["hooks"] for each in told["rules"])


def test_tr_05_what_a_rule_uses_of_a_person_follows_from_what_it_reads(told: dict[str, Any]) -> None:
    rules = {each["id"]: each["attributes"] for each in told["rules"]}
    assert rules["G3"]["useOfSex"] == "used through: sex parameter, evidence of a cervix"
    assert "pregnancy" in rules["P0"]["useOfDateOfBirth"]
    assert rules["P1"]["useOfHealthStatusAssessments"] == "used through: ECOG performance status"
    assert "creatinine clearance" in rules["F7"]["useOfDateOfBirth"], "by way of a judgement"
    assert "creatinine clearance" in rules["CAR-04"]["useOfDateOfBirth"], "by way of an order fact"
    for rule in rules.values():
        assert {rule["useOfRace"], rule["useOfEthnicity"], rule["useOfSocialDeterminants"]} == {"not used"}


def test_tr_02_discovery_names_version_hash_and_a_page_that_answers(service: FlaskClient) -> None:
    for entry in json.loads(service.get("/cds-services").data)["services"]:
        named = entry["extension"][transparency.EXTENSION]
        assert named["version"] == knowledge.VERSION
        assert named["contentHash"] == knowledge.content_hash()
        assert service.get(named["url"].removeprefix(BASE)).status_code == 200
        for word in ("recurrent squamous cell carcinoma of the cervix", "For clinicians", "rule-based"):
            assert word in entry["description"]
        assert "FHIR R4" in entry["usageRequirements"]


def test_tr_03_every_card_names_its_source_and_links_to_its_row_in_its_version(
    seen: dict[str, Seen], cards: Cards
) -> None:
    ids = set(seen["/guideline"].ids)
    page = f"{BASE}/guideline/{knowledge.VERSION}#"
    linked = 0
    for case, card in cards:
        assert card["source"]["label"].startswith(f"Recurrence CDS {knowledge.VERSION}")
        assert card["source"]["url"] == f"{BASE}/guideline"
        decisions = card.get("extension", {}).get(EXTENSION, [])
        links = card.get("links", [])
        assert bool(links) == bool(decisions), case.id
        for link in links:
            assert link == {"label": "How this row reads", "url": f"{page}{decisions[0]['row']}", "type": "absolute"}
            assert link["url"].removeprefix(page) in ids, link
            linked += 1
    assert linked > len(vignettes())


def test_tr_04_the_versions_stay_readable_and_the_change_list_names_them(
    service: FlaskClient, seen: dict[str, Seen]
) -> None:
    for release in releases.releases():
        response = service.get(f"/guideline/{release.version}")
        assert response.status_code == 200
        assert f'content="{release.version}"' in response.get_data(as_text=True)
        assert release.version in seen["/guideline/changes"].text
    response = service.get("/guideline/1999.01")
    assert response.status_code == 404
    assert "There is no version 1999.01" in response.get_data(as_text=True)


def test_tr_04_an_old_version_is_served_as_it_was_kept(service: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = knowledge.VERSION
    monkeypatch.setattr(knowledge, "VERSION", "2999.01")
    page = Seen(service.get(f"/guideline/{kept}").get_data(as_text=True))
    assert "the whole guideline, version " + kept in page.text
    assert NOTICE in page.text
    assert {"P3", "BEV-01", "missing-ecog", "E21"} <= set(page.ids)
    assert page.loaded == ["/advice/guideline/pages.css"]


def test_tr_06_purpose_users_patients_limits_review_and_reporting_are_told(told: dict[str, Any]) -> None:
    for each in told["services"]:
        assert {
            *("intendedUse", "intendedUsers", "intendedPopulation", "inclusion", "exclusion", "role", "cautionedUses"),
            *("knownLimits", "review", "correction", "reportAnError", "outputKind"),
        } <= each["statements"].keys()
        assert "does not replace judgement" in each["statements"]["role"]
    assert told["knowledge"]["reviewState"] == "not reviewed by a clinical lead yet"


def test_tr_06_the_31_attributes_of_a_predictive_intervention_are_answered(told: dict[str, Any]) -> None:
    assert told["predictive"]["answer"].startswith("No predictive intervention")
    assert sum(len(group["answers"]) for group in told["predictive"]["attributes"]) == 31


def test_tr_07_the_inputs_page_has_every_fact_and_every_element_read(seen: dict[str, Seen]) -> None:
    page = seen["/guideline/inputs"]
    assert set(FEATURES) <= set(page.ids)
    for name in elements():
        kind, _, element = name.partition(".")
        assert kind in page.text
        assert element in page.text


def test_tr_08_the_numbers_of_the_methods_page_are_those_of_the_run(seen: dict[str, Seen]) -> None:
    text = " ".join(seen["/guideline/methods"].text.split())
    totals = measured().totals
    assert f"{totals.vignettes} in {totals.files} files" in text
    assert f"{totals.rows_that_speak} of {totals.rows}" in text
    assert re.search(r"Agreement with clinicians ?not measured", text)


def test_tr_09_nobody_claims_that_it_is_no_medical_device(seen: dict[str, Seen], told: dict[str, Any]) -> None:
    everything = " ".join([*(page.text for page in seen.values()), json.dumps(told)]).lower()
    assert not re.search(r"\b(?:not|no) a? ?medical device\b", everything)
    assert "the operator decides" in told["regulation"]["unitedStates"]
    assert "6 January 2026" in told["regulation"]["unitedStates"]


def test_tr_10_what_the_site_states_stands_beside_ours_and_is_marked(
    seen: dict[str, Seen], told: dict[str, Any]
) -> None:
    assert told["site"] == {
        "statedBy": "the site that runs this service",
        "statements": {"Local contact": "Ward 7 (stated on x)"},
    }
    assert told["services"][0]["attributes"]["developer"] == transparency.words().about["developer"]
    assert "Ward 7 (stated on x)" in seen["/transparency.html"].text


def test_tr_11_each_of_the_eight_words_has_a_control_with_a_test_that_exists(told: dict[str, Any]) -> None:
    assert [each["word"] for each in told["riskManagement"]] == [
        *("validity", "reliability", "robustness", "fairness", "intelligibility", "safety", "security", "privacy")
    ]
    for each in told["riskManagement"]:
        assert each["tests"]
        assert [path for path in each["tests"] if not (ROOT / path).exists()] == []


# ------------------------------------------------------------------------------- criteria, wording


def test_tr_22_a_card_with_one_option_says_so_and_why(cards: Cards) -> None:
    reasons = 0
    for case, card in cards:
        options = [each for each in card.get("extension", {}).get(EXTENSION, []) if each["kind"] == "option"]
        reason = card.get("extension", {}).get(SINGLE_OPTION, "")
        assert (len(options) == 1) is bool(reason), case.id
        assert reason in card["detail"]
        reasons += bool(reason)
    assert reasons


def test_tr_23_nothing_acts_by_itself(cards: Cards) -> None:
    for case, card in cards:
        text = json.dumps(card)
        assert "isRecommended" not in text, case.id
        assert "autolaunchable" not in text
        assert "systemActions" not in text


def test_tr_24_and_tr_30_the_pages_are_not_for_urgent_decisions_and_explain_silence(seen: dict[str, Seen]) -> None:
    for page in seen.values():
        assert "Not for urgent decisions" in page.text
        assert "No card does not mean that nothing is needed." in page.text


@pytest.mark.parametrize("path", ["/guideline", "/guideline/print", "/transparency.html"])
def test_tr_25_the_first_lines_say_for_whom_for_which_patients_and_for_what(seen: dict[str, Seen], path: str) -> None:
    first = " ".join(seen[path].text.split())[:900]
    for words in ("For clinicians", "squamous cell carcinoma of the cervix has come back", "options|published sources"):
        assert re.search(words, first), words


def test_tr_25_and_tr_30_every_card_says_whom_it_is_for_and_what_was_not_looked_at(cards: Cards) -> None:
    for _, card in cards:
        assert card["detail"].count("For clinicians treating recurrent cervical squamous cell carcinoma") == 1
        assert card["detail"].count("Not looked at: images, scanned documents, free text") == 1


def test_tr_27_every_card_names_rows_and_version_and_each_row_has_its_words(
    seen: dict[str, Seen], cards: Cards
) -> None:
    for _, card in cards:
        assert f"Knowledge {knowledge.VERSION} of {knowledge.DATE}." in card["detail"]
        for decision in card.get("extension", {}).get(EXTENSION, []):
            assert decision["row"] in card["detail"]
    text = " ".join(seen["/guideline"].text.split())
    for table in tables():
        for row in table.rows:
            assert row.conditions
            assert " ".join(row.conditions[0].split()) in text


def test_tr_28_every_citation_has_its_fields_on_the_page(service: FlaskClient, seen: dict[str, Seen]) -> None:
    assert set(CITATIONS) <= set(seen["/guideline/sources"].ids)
    text = " ".join(seen["/guideline/sources"].text.split())
    for citation in CITATIONS.values():
        for field in (citation.population, citation.result, citation.limits):
            assert field.strip()
            if not citation.id.startswith("D"):
                assert " ".join(field.split()) in text, citation.id
    assert service.get("/guideline/print").get_data(as_text=True).count('class="citation"') == len(CITATIONS)


def test_policy_numbers_are_said_to_wait_for_the_site(seen: dict[str, Seen]) -> None:
    text = seen["/guideline/thresholds"].text
    ours = text[text.index("Chosen by this project, to be ratified by the site") : text.index("Taken from sources")]
    for threshold in ALL.values():
        assert (threshold.meaning in ours) is threshold.policy


def test_tr_31_the_notice_is_on_every_page_and_card_and_the_default_build_has_one(
    seen: dict[str, Seen], cards: Cards
) -> None:
    assert "Not CE marked" in Settings().region_notice
    assert all(NOTICE in page.text for page in seen.values())
    assert all(NOTICE in card["detail"] for _, card in cards)


@pytest.mark.parametrize("path", PATHS)
def test_pages_hold_nothing_of_a_patient(service: FlaskClient, path: str) -> None:
    assert not re.search(rb"Patient/[A-Za-z0-9]", service.get(path).data)
