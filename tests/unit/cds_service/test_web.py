"""The edge with other parts than the sandbox's: exact origins of production mode (CORS-03, RUN-07)."""

from __future__ import annotations

import socket
from datetime import date
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service import hooks, web
from cds_service.errors import BadRequest, BodyTooLarge, BodyTooLate
from cds_service.protocol.response import Answer
from cds_service.site import Site
from fhir_mappings.record import Record

BODY = {"hook": "patient-view", "hookInstance": "h", "context": {"userId": "Practitioner/1", "patientId": "p1"}}


def client(answer: Any = b'{"cards":[]}', origins: frozenset[str] = frozenset()) -> FlaskClient:
    edge = web.Edge(
        services=hooks.SERVICES,
        gather=lambda request, *_: Record(request.patient_id),
        answer=lambda *_, **__: answer,
        today=lambda: date(2026, 11, 24),
        site=Site(),
        max_body_bytes=4096,
        origins=origins,
    )
    app = Flask("test", static_folder=None)
    app.register_blueprint(web.blueprint(edge))
    return app.test_client()


def allowed_origin(origin: str, method: str = "GET") -> str | None:
    browser = client(origins=frozenset({"https://ehr.example.org"}))
    response = browser.open("/cds-services", method=method, headers={"Origin": origin})
    assert response.headers["Vary"] == "Origin"
    return response.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_a_listed_origin_is_allowed_on_answers_and_errors(method: str) -> None:
    assert allowed_origin("https://ehr.example.org", method) == "https://ehr.example.org"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "http://ehr.example.org",
        "https://ehr.example.org:8443",
        "https://ehr.example.org.evil.example",
        "https://evil-ehr.example.org",
        "https://ehr.example.org/",
        "",
    ],
)
def test_look_alikes_are_not(origin: str) -> None:
    assert allowed_origin(origin) is None


def test_no_origin_is_allowed_by_default() -> None:
    response = client().get("/cds-services", headers={"Origin": "https://ehr.example.org"})
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("answer", [b'{"cards":[]}', {"cards": []}, Answer(), msgspec.Raw(b'{"cards":[]}')])
def test_answers_of_each_kind_are_sent_as_json(answer: Any) -> None:
    url = "/cds-services/cervical-recurrence-patient-view"
    assert client(answer).post(url, json=BODY).data == b'{"cards":[]}'


@pytest.mark.parametrize("length", ["-1", "1x", "٣"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    with pytest.raises(BadRequest, match="Content-Length"):
        web.read_body({"CONTENT_LENGTH": length, "wsgi.input": None}, 10)


class Trickle:
    """A stream that gives at most three bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, size: int) -> bytes:
        part, self.data = self.data[: min(size, 3)], self.data[min(size, 3) :]
        return part


def test_a_body_in_small_pieces_is_put_together() -> None:
    environ = {"CONTENT_LENGTH": "10", "wsgi.input": Trickle(b"0123456789more")}
    assert web.read_body(environ, 10) == b"0123456789"
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Trickle(b"0123456789")}
    assert web.read_body(chunked, 10) == b"0123456789"


def test_a_call_without_body_has_none() -> None:
    assert web.read_body({"wsgi.input": Trickle(b"not ours")}, 10) == b""


def test_a_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    stream = Trickle(b"0123456789")
    with pytest.raises(BodyTooLarge):
        web.read_body({"CONTENT_LENGTH": "11", "wsgi.input": stream}, 10)
    assert stream.data == b"0123456789"


def test_chunks_over_the_limit_are_refused() -> None:
    with pytest.raises(BodyTooLarge):
        web.read_body({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Trickle(b"01234567890")}, 10)


class _Broken:
    """A body that its server cannot read to the end."""

    def read(self, size: int) -> bytes:
        raise OSError(f"chunk of {size} bytes is malformed")


def test_a_body_that_the_server_cannot_read_is_400() -> None:
    environ = {"CONTENT_LENGTH": "5", "wsgi.input": _Broken()}
    with pytest.raises(BadRequest, match="cannot be read"):
        web.read_body(environ, 100)


def test_in_01_a_body_that_does_not_come_in_time_is_given_up_with_the_way_out_still_open() -> None:
    here, there = socket.socketpair()
    with here, there, here.makefile("rb") as stream:
        there.sendall(b"{")
        environ = {"CONTENT_LENGTH": "5", "wsgi.input": stream, "gunicorn.socket": here}
        with pytest.raises(BodyTooLate):
            web.read_body(environ, 100, seconds=0.05)
        here.sendall(b"408")
        assert there.recv(3) == b"408"
