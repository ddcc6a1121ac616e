"""Feedback over HTTP: FB-01 to FB-14, KEEP-02, KEEP-03, CORS-01."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.store import Store, open_store
from cds_service.store.feedback import Kept
from tests.contract.calls import ORDER_SIGN, PATIENT_VIEW, FakePipeline, diagnostics, patient_view, post

URL = f"{PATIENT_VIEW}/feedback"
OVERRIDDEN = {"card": "9f2d6a1e", "outcome": "overridden", "outcomeTimestamp": "2026-11-24T12:00:00Z"}
ACCEPTED = {**OVERRIDDEN, "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}]}
CARD = "5b1f8a40-4f0e-5f6c-9a51-1f63fd6b7f0e"


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    return Settings(deadline_seconds=0.5, state_dir=tmp_path)


@pytest.fixture
def app(pipeline: FakePipeline, site: Settings) -> Iterator[Flask]:
    application = create_app(site, today=date(2026, 11, 24), answer=pipeline)
    yield application
    application.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def store(site: Settings) -> Iterator[Store]:
    opened = open_store(site.stored_in)
    yield opened
    opened.close()


def feedback(*items: Any) -> dict[str, Any]:
    return {"feedback": items}


def kept(store: Store) -> list[Kept]:
    return list(store.feedback.kept())


def test_fb_01_and_02_and_10_a_batch_is_taken_and_kept(web: FlaskClient, store: Store) -> None:
    response = post(web, feedback(ACCEPTED, OVERRIDDEN, {**OVERRIDDEN, "card": "another"}), URL)
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert msgspec.json.decode(response.data) == {"status": "kept"}
    assert [(one.card, one.outcome) for one in kept(store)].count(("9f2d6a1e", "overridden")) == 1
    assert {one.service for one in kept(store)} == {"cervical-recurrence-patient-view"}
    assert len(kept(store)) == 3


def test_fb_02_an_empty_array_is_taken(web: FlaskClient, store: Store) -> None:
    assert post(web, feedback(), URL).status_code == 200
    assert kept(store) == []


@pytest.mark.parametrize(
    "item",
    [
        OVERRIDDEN,
        {**OVERRIDDEN, "overrideReason": {"reason": {"code": "done", "system": "https://example.org"}}},
        {**OVERRIDDEN, "overrideReason": {"userComment": "words"}},
        {**OVERRIDDEN, "outcomeTimestamp": "2020-12-11T00:00:00.123Z"},
        {**OVERRIDDEN, "outcomeTimestamp": "2020-12-11T00:00:00+01:00"},
        {**OVERRIDDEN, "overrideReason": {"userComment": "\x00\x1b[31m<script>" + "x" * 100_000}},
    ],
)
def test_fb_06_07_09_14_what_may_be_sent_is_taken(web: FlaskClient, store: Store, item: dict[str, Any]) -> None:
    assert post(web, feedback(item), URL).status_code == 200
    assert len(kept(store)) == 1


@pytest.mark.parametrize(
    ("item", "element"),
    [
        ({**OVERRIDDEN, "card": None}, "feedback[1].card"),
        ({**OVERRIDDEN, "outcome": "seen"}, "feedback[1].outcome"),
        ({**ACCEPTED, "acceptedSuggestions": []}, "feedback[1].acceptedSuggestions"),
        ({**OVERRIDDEN, "overrideReason": {}}, "feedback[1].overrideReason"),
        ({**OVERRIDDEN, "outcomeTimestamp": "yesterday"}, "feedback[1].outcomeTimestamp"),
    ],
)
def test_fb_03_04_05_08_09_and_keep_03_one_bad_item_leaves_nothing_kept(
    web: FlaskClient, store: Store, item: dict[str, Any], element: str
) -> None:
    response = post(web, feedback(OVERRIDDEN, item, ACCEPTED), URL)
    assert response.status_code == 400
    assert diagnostics(response).startswith(f"{element}: ")
    assert kept(store) == []
    assert post(web, feedback(OVERRIDDEN, ACCEPTED), URL).status_code == 200


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"feedback":{}}', b"nope", b'{"feedback":[],"feedback":[]}', b""])
def test_fb_02_what_is_no_feedback_is_refused(web: FlaskClient, body: bytes) -> None:
    response = post(web, body, URL)
    assert response.status_code == 400
    assert diagnostics(response)


def test_fb_10_and_keep_02_the_same_item_again_is_200_and_one(web: FlaskClient, store: Store) -> None:
    later = {**OVERRIDDEN, "outcomeTimestamp": "2026-11-24T12:00:01Z"}
    for _ in range(3):
        assert post(web, feedback(OVERRIDDEN, ACCEPTED, OVERRIDDEN, later), URL).status_code == 200
    assert len(kept(store)) == 3


def test_fb_11_and_keep_07_a_card_that_was_shown_is_matched_and_another_is_not(
    app: Flask, web: FlaskClient, store: Store
) -> None:
    assert post(web, patient_view()).status_code == 200
    app.extensions["recurrence-cds-fhir-client"].close()
    items = [{**OVERRIDDEN, "card": CARD}, {**ACCEPTED, "card": "never shown"}]
    assert post(web, feedback(*items), URL).status_code == 200
    matched = {one.card: one.matched for one in kept(store)}
    assert matched == {CARD: True, "never shown": False}
    assert {one.user_id for one in kept(store) if one.matched} == {"Practitioner/1"}


def test_fb_12_an_unknown_service_is_404(web: FlaskClient) -> None:
    assert post(web, feedback(OVERRIDDEN), "/cds-services/nope/feedback").status_code == 404
    assert post(web, feedback(OVERRIDDEN), f"{ORDER_SIGN}/feedback").status_code == 200
    assert web.get(URL).status_code == 405


def test_in_01_body_and_type_are_bounded_as_for_calls(web: FlaskClient) -> None:
    assert post(web, b" " * (5 << 20), URL).status_code == 413
    assert post(web, feedback(OVERRIDDEN), URL, content_type="text/plain").status_code == 415
    assert post(web, feedback(*[OVERRIDDEN] * 1001), URL).status_code == 413


def test_cors_01_a_browser_may_ask_before_it_sends(web: FlaskClient) -> None:
    response = web.options(URL, headers={"Origin": "https://sandbox.example", "Access-Control-Request-Method": "POST"})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from([*ACCEPTED, "overrideReason"]), value=_JSON)
def test_fb_11_no_item_whatever_leads_to_5xx(web: FlaskClient, name: str, value: Any) -> None:
    body = json.dumps({"feedback": [{**ACCEPTED, name: value}]}).encode()
    assert post(web, body, URL).status_code in {200, 400}
