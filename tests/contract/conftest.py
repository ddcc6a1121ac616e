"""The application over a fake pipeline, and calls to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.contract.calls import FakePipeline


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def app(pipeline: FakePipeline) -> Iterator[Flask]:
    application = create_app(Settings(deadline_seconds=0.5), today=date(2026, 11, 24), answer=pipeline)
    yield application
    application.extensions["recurrence-cds-fhir-client"].close()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def discovered(web: FlaskClient) -> list[dict[str, Any]]:
    services: list[dict[str, Any]] = msgspec.json.decode(web.get("/cds-services").data)["services"]
    return services
