"""Application logs: JSON lines of an allowed set of fields, and nothing else (AUD-03 to AUD-05).

A record of ours is an event code with fields in ``extra``. Of every other library only logger and level pass, because
its words may quote a URL, a body or an exception; of gunicorn the template as well, without what was to be filled in.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

import msgspec

OURS: Final = "cds_service"
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
SILENCED: Final = ("urllib3", "requests", "werkzeug", "sqlalchemy", "matplotlib", "asyncio")
"""Loggers of which nothing below WARNING is taken, whatever the level."""

_CODE: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_WORD: Final = re.compile(r"[\w.:/<>@ ()!,'=-]{1,400}", re.ASCII)


def _short(value: Any) -> Any:
    text = str(value)
    return text if _WORD.fullmatch(text) else "?"


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) else "?"


FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "request_id": _short,
    "issuer": _short,
    "service": _short,
    "status": _number,
    "ms": _number,
    "cards": _number,
    "count": _number,
    "fhir_requests": _number,
    "reason": _short,
    "token": _short,
    "error": _short,
    "place": _short,
    "sink": _short,
}
"""What a record may carry in ``extra``, each with what makes it fit to be shown; everything else stays out."""


class Lines(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's allowed fields as one line."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
        }
        if record.name.partition(".")[0] == OURS:
            line["event"] = record.msg if isinstance(record.msg, str) and _CODE.fullmatch(record.msg) else "?"
            said = record.__dict__
            line |= {name: shown(said[name]) for name, shown in FIELDS.items() if name in said}
        else:
            line["event"] = "library"
            line["logger"] = _short(record.name)
            if record.name == "gunicorn.error" and record.args and isinstance(record.msg, str):
                line["template"] = _short(record.msg.replace("%", "@"))
        return msgspec.json.encode(line).decode()


def configure(level: str = "INFO", stream: TextIO | None = None) -> logging.Handler:
    """Send the logs of the whole process to one stream as JSON lines, in place of what was there.

    Args:
        level: of our own events; other libraries begin at WARNING.
        stream: standard error by default.

    Returns:
        The handler, which is the root logger's only one.
    """
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # What no line shows need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.raiseExceptions = False  # a handler that fails would print the record, whole
    return handler
