"""Who asked what about whom, when, and what came of it: the audit trail (AUD-01, AUD-02).

Records go to their own file. With ``continue`` they are written a moment later, and wait when the file cannot be
written; with ``refuse`` a call is answered only once its record is on disk.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

from cds_service.audit.events import Answered, Asked, Call, event
from cds_service.audit.sink import AuditFile
from cds_service.errors import AuditUnavailable
from cds_service.outbox import Meter, Outbox, unmetered

__all__ = ["Answered", "Asked", "AuditTrail", "Call"]

UNREADY_SECONDS: Final = 30.0
"""After so long without a record written the service is not ready (AUD-02)."""


class _Happened(NamedTuple):
    identifier: str
    call: Call
    what: Asked | Answered
    moment: float


class AuditTrail:
    """Takes what happened and sees to it that it is recorded.

    Args:
        path: of the audit file.
        failure: ``continue`` or ``refuse``, the site's setting.
        site: public base URL of this service.
        meter: counts ``audit_failed`` and ``audit_dropped``.
        clock: seconds since 1970.
        monotonic: seconds that only grow.
    """

    def __init__(
        self,
        path: Path,
        *,
        failure: Literal["continue", "refuse"] = "continue",
        site: str = "",
        meter: Meter = unmetered,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = AuditFile(path)
        self._refuse = failure == "refuse"
        self._site = site or "recurrence-cds"
        self._meter = meter
        self._clock = clock
        self._refused = False
        self.outbox: Outbox[_Happened] = Outbox("audit", self._write, meter=meter, monotonic=monotonic)

    def record(self, call: Call, what: Asked | Answered) -> None:
        """Record one event of a call.

        Raises:
            AuditUnavailable: it could not be written, and the site wants no answer without it.
        """
        happened = _Happened(secrets.token_hex(16), call, what, self._clock())
        if not self._refuse:
            self.outbox.put(happened)
            return
        try:
            self._write([happened])
        except AuditUnavailable:
            self._refused = True
            self._meter("audit_failed", 1)
            raise
        self._refused = False

    def ready(self) -> bool:
        """Whether records are being written: false at once with ``refuse``, else after 30 s of failure."""
        if self._refuse and self._refused:
            self._probe()
        return not self._refused and self.outbox.failing_seconds < UNREADY_SECONDS

    def close(self) -> None:
        """Write what waits."""
        self.outbox.close()

    def _probe(self) -> None:
        """After a refusal: whether the file can be written again, without a record to write."""
        try:
            self._file.check()
        except AuditUnavailable:
            return
        self._refused = False

    def _write(self, happened: Sequence[_Happened]) -> None:
        lines = [event(one.identifier, one.call, one.what, recorded=one.moment, site=self._site) for one in happened]
        self._file.append(lines)
