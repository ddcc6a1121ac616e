"""When nothing can be written: what is answered all the same, and what is not (KEEP-05, AUD-02)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.contract.calls import PATIENT_VIEW, FakePipeline, diagnostics, patient_view, post

FEEDBACK = {"feedback": [{"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-24T12:00:00Z"}]}


@contextlib.contextmanager
def service(pipeline: FakePipeline, settings: Settings) -> Iterator[FlaskClient]:
    app = create_app(settings, today=date(2026, 11, 24), answer=pipeline)
    yield app.test_client()
    app.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    """Store and audit file in folders of their own, each of which a test may bar."""
    (tmp_path / "store").mkdir()
    (tmp_path / "audit").mkdir()
    return Settings(
        deadline_seconds=0.5,
        state_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'store' / 's.sqlite3'}",
        audit_file=tmp_path / "audit" / "a.jsonl",
    )


def bar(folder: Path) -> None:
    folder.rmdir()
    folder.write_bytes(b"")


def unbar(folder: Path) -> None:
    folder.unlink()
    folder.mkdir()


def checks(web: FlaskClient) -> dict[str, Any]:
    answer = web.get("/readyz").json
    assert answer is not None
    return dict(answer["checks"])


def test_keep_05_without_a_store_calls_are_answered_and_feedback_is_not(pipeline: FakePipeline, site: Settings) -> None:
    bar(site.state_dir / "store")
    with service(pipeline, site) as web:
        assert post(web, patient_view()).status_code == 200
        refused = post(web, FEEDBACK, f"{PATIENT_VIEW}/feedback")
        assert refused.status_code == 503
        assert diagnostics(refused) == "The store cannot be used at the moment"
        assert web.get("/readyz").status_code == 503
        assert checks(web)["store"] == "cannot be written"
        unbar(site.state_dir / "store")
        assert post(web, FEEDBACK, f"{PATIENT_VIEW}/feedback").status_code == 200


def test_aud_02_continue_answers_without_an_audit_and_has_it_afterwards(pipeline: FakePipeline, site: Settings) -> None:
    bar(site.state_dir / "audit")
    with service(pipeline, site) as web:
        assert post(web, patient_view()).status_code == 200
        assert post(web, FEEDBACK, f"{PATIENT_VIEW}/feedback").status_code == 200
        unbar(site.state_dir / "audit")
    events = [json.loads(line) for line in site.audited_in.read_bytes().splitlines()]
    assert [event["action"] for event in events] == ["E", "C"]


def test_aud_02_refuse_answers_nothing_without_an_audit(pipeline: FakePipeline, site: Settings) -> None:
    bar(site.state_dir / "audit")
    with service(pipeline, replace(site, audit_failure="refuse")) as web:
        refused = post(web, patient_view())
        assert refused.status_code == 503
        assert diagnostics(refused) == "The audit record cannot be written at the moment"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
        assert refused.content_length == len(refused.data)
        assert checks(web)["audit"] == "cannot be written"
        assert web.get("/cds-services").status_code == 200
        unbar(site.state_dir / "audit")
        assert checks(web)["audit"] == "ok"
        assert post(web, patient_view()).status_code == 200
    (event,) = (json.loads(line) for line in site.audited_in.read_bytes().splitlines())
    assert event["outcome"] == "0"
