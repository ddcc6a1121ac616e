"""Application logs: an allowed set of fields, whatever is thrown at them (AUD-03 to AUD-05)."""

from __future__ import annotations

import ast
import io
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service import logs

SECRET = "Sentinel-Nachname"
PACKAGE = Path(logs.__file__).parent
OURS = logging.getLogger("cds_service.somewhere")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logs configured as the service configures them, undone afterwards."""
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in (logs.OURS, *logs.SILENCED)}
    out = io.StringIO()
    logs.configure("DEBUG", out)
    yield out
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = raising
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_aud_03_a_line_is_json_with_the_allowed_fields(stream: io.StringIO) -> None:
    extra = {"request_id": "0a1b", "status": 200, "ms": 1.5, "service": "s", "patient": SECRET, "url": SECRET}
    OURS.info("answered", extra=extra)
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "event": "answered",
        "request_id": "0a1b",
        "status": 200,
        "ms": 1.5,
        "service": "s",
    }


@pytest.mark.parametrize(
    ("message", "arguments"),
    [(f"about {SECRET}", ()), ("about %s", (SECRET,)), (SECRET, ()), (ValueError(SECRET), ()), ("", ())],
)
def test_aud_03_a_message_that_is_no_event_code_does_not_pass(
    stream: io.StringIO, message: Any, arguments: tuple[str, ...]
) -> None:
    OURS.error(message, *arguments)
    assert lines(stream)[0]["event"] == "?"
    assert SECRET not in stream.getvalue()


def test_aud_03_no_exception_text_passes(stream: io.StringIO) -> None:
    try:
        int(SECRET)
    except ValueError:
        OURS.exception("internal-fault", extra={"error": "ValueError"}, stack_info=True)
    assert lines(stream)[0]["error"] == "ValueError"
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("value", ["a\nb", "x" * 401, "", "naïve", {"a": 1}])
def test_values_of_a_strange_form_are_not_shown(stream: io.StringIO, value: Any) -> None:
    OURS.info("answered", extra={"service": value, "status": "200"})
    assert (lines(stream)[0]["service"], lines(stream)[0]["status"]) == ("?", "?")


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "requests", "werkzeug", "some.library"])
def test_aud_04_of_other_libraries_only_name_and_level_pass(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).debug("GET %s", SECRET)
    logging.getLogger(name).info(SECRET)
    assert stream.getvalue() == ""
    logging.getLogger(name).warning("GET %s", SECRET)
    (line,) = lines(stream)
    assert {**line, "time": ""} == {"time": "", "level": "WARNING", "event": "library", "logger": name}


def test_of_gunicorn_the_template_passes_without_what_fills_it(stream: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/path?{SECRET}")
    logging.getLogger("gunicorn.error").error(f"Invalid request from {SECRET}")  # noqa: G004 - as a library may do it
    first, second = lines(stream)
    assert first["template"] == "Error handling request @s"
    assert "template" not in second
    assert SECRET not in stream.getvalue()


def test_warnings_of_python_pass_as_a_library(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(SECRET, stacklevel=1)
    assert [line["logger"] for line in lines(stream)] == ["py.warnings"]
    assert SECRET not in stream.getvalue()


def test_a_stream_that_cannot_be_written_prints_nothing_elsewhere(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.close()
    OURS.error("internal-fault", extra={"error": SECRET})
    assert capsys.readouterr() == ("", "")


def _logged(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a module's own logger, with the name of its method."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_log"), attr=method)) if method != "isEnabledFor":
                yield method, node


def test_every_event_that_is_logged_has_a_fixed_code_and_allowed_fields() -> None:
    found = 0
    for path in PACKAGE.rglob("*.py"):
        for method, call in _logged(path):
            found += 1
            code = call.args[1 if method == "log" else 0]
            assert isinstance(code, ast.Constant), f"{path.name}:{call.lineno}"
            assert isinstance(code.value, str)
            assert logs._CODE.fullmatch(code.value), f"{path.name}:{call.lineno}"
            for keyword in call.keywords:
                if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
                    names = [key.value for key in keyword.value.keys if isinstance(key, ast.Constant)]
                    assert logs.FIELDS.keys() >= set(names), f"{path.name}:{call.lineno}"
    assert found > 5
