"""The audit file: one record a line, appended under a lock of its own, by all workers (AUD-02).

Whoever collects the records may move the file away; the next write begins a new one. A line that was cut off by a full
disk is taken back, or closed by a line break where the file may only grow; its record is written again, whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from cds_service.errors import AuditUnavailable

LOCK_SECONDS: Final = 2.0
_LOCK_PAUSE: Final = 0.005
_TRIAL: Final = b" " * 4095 + b"\n"


class AuditFile:
    """Appends lines to a file that only its owner may read.

    Args:
        path: of the file; it and its folder are made when they are not there.
        lock_seconds: how long to wait for other processes.
        monotonic: seconds that only grow.
        sleep: as ``time.sleep``.
    """

    def __init__(
        self,
        path: Path,
        *,
        lock_seconds: float = LOCK_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self._lock_seconds = lock_seconds
        self._monotonic = monotonic
        self._sleep = sleep

    def append(self, lines: Sequence[bytes]) -> None:
        """Write the lines; they are on disk when it returns.

        Raises:
            AuditUnavailable: none of them is, or where the file may only grow, some may be.
        """
        with self._exclusive() as descriptor:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            data = (b"\n" if torn else b"") + b"".join(line + b"\n" for line in lines)
            _append(descriptor, data, size)
            os.fdatasync(descriptor)

    def check(self) -> None:
        """Try to write as much as a record is long, and take it back.

        Raises:
            AuditUnavailable: it cannot be written.
        """
        with self._exclusive() as descriptor:
            size = os.fstat(descriptor).st_size
            _append(descriptor, _TRIAL, size)
            os.ftruncate(descriptor, size)

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[int]:
        try:
            with self._opened() as descriptor:
                self._lock(descriptor)
                yield descriptor
        except OSError:
            raise AuditUnavailable("The audit record cannot be written at the moment") from None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        """The lock goes with the descriptor when that is closed, also by the end of the process."""
        until = self._monotonic() + self._lock_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._monotonic() >= until:
                    raise
                self._sleep(_LOCK_PAUSE)
            else:
                return


def _append(descriptor: int, data: bytes, size: int) -> None:
    """Write it all, or take back to the old size what found room."""
    written = 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:])
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise
