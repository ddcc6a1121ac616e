"""``recurrence-cds serve`` as a process of its own, with settings of the test's choice."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAIN = "import sys; from cds_service.cli import main; sys.exit(main(sys.argv[1:]))"
SECONDS_TO_START = 30


@dataclass
class Served:
    """A service under way.

    Attributes:
        process: the server's first process.
        url: where it answers.
        metrics_url: where its metrics are, if asked for.
    """

    process: subprocess.Popen[str]
    url: str
    metrics_url: str = ""
    address: tuple[str, int] = field(init=False)

    def __post_init__(self) -> None:
        host, _, port = self.url.removeprefix("http://").partition(":")
        self.address = (host, int(port))

    def workers(self) -> list[int]:
        """Process ids of its children."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii")
        return [int(child) for child in children.split()]

    def stop(self) -> int:
        """Tell it to stop; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS_TO_START)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECURRENCE_CDS_")}
    ours = {f"RECURRENCE_CDS_{name}": value for name, value in settings.items()}
    return {**kept, "HOME": str(folder), "RECURRENCE_CDS_STATE_DIR": str(folder), **ours}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", MAIN, "serve", *arguments]


@contextlib.contextmanager
def served(folder: Path, *arguments: str, log: Path | None = None, **settings: str) -> Iterator[Served]:
    """The service until the block ends; what it says on standard error goes to ``log``."""
    with Path(log if log is not None else os.devnull).open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command(*arguments),
            env=environment(folder, **settings),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            yield _ready(process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS_TO_START)


def _ready(process: subprocess.Popen[str]) -> Served:
    assert process.stdout is not None
    metrics_url = ""
    line = process.stdout.readline()
    if found := re.fullmatch(r"recurrence-cds metrics: (\S+)\n", line):
        metrics_url = found.group(1)
        line = process.stdout.readline()
    ready = re.fullmatch(r"recurrence-cds is ready: (http://127\.0\.0\.1:\d+)/cds-services\n", line)
    assert ready is not None
    return Served(process, ready.group(1), metrics_url)
