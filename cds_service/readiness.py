"""Whether this process can do its work now: one named check for each thing that it depends on (RUN-01).

FHIR servers are not among them: they are the callers' own, and their failure is said on the cards. Reports hold fixed
words, no secrets, no addresses and nothing of a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

Check = Callable[[], str | None]
"""None when all is well, else what is wrong, in fixed words. May raise; may take its time."""

OK: Final = "ok"
NO_ANSWER: Final = "does not answer"
FAILED: Final = "failed"


class Readiness:
    """The checks of one process. Safe to use from several threads.

    Args:
        seconds: that all checks together may take; one that takes longer counts as failed and is not begun again
            before it has ended.
    """

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._checks: dict[str, Check] = {}
        self._running: dict[str, Future[str | None]] = {}
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="readiness")
        self._watched: dict[str, Check] = {}

    def register(self, name: str, check: Check) -> None:
        """Add a check under a name of its own."""
        self._checks[name] = check

    def watch(self, name: str, check: Check) -> None:
        """Add a check that answers at once and whose fault stops nothing: it is only said."""
        self._watched[name] = check

    def warnings(self) -> Mapping[str, str]:
        """What is wrong with the watched things, by name."""
        said = ((name, check()) for name, check in self._watched.items())
        return {name: wrong for name, wrong in said if wrong is not None}

    def report(self) -> Mapping[str, str]:
        """Each check's name with ``ok`` or what is wrong."""
        for name, check in self._checks.items():
            if name not in self._running or self._running[name].done():
                self._running[name] = self._threads.submit(check)
        asked = {name: self._running[name] for name in self._checks}
        wait(asked.values(), timeout=self._seconds)
        return {name: _said(answer) for name, answer in asked.items()}


def _said(answer: Future[str | None]) -> str:
    if not answer.done():
        return NO_ANSWER
    return FAILED if answer.exception() is not None else answer.result() or OK
