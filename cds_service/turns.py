"""One call computes at a time, in the order of arrival; whoever waits for something else steps aside.

The threads of a worker share one interpreter, which hands itself on in no order: of eight calls at a time one now and
then waited for thirty others. A turn costs nothing where nobody waits. It is no lock: a call that keeps it for longer
than is usual, for whatever reason, loses it to the next one and goes on beside it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_SECONDS: Final = 0.05
"""That a turn is respected: several times what a call with a large record computes."""


class _Turn:
    """A place in the queue, then the turn itself."""

    __slots__ = ("come",)

    def __init__(self) -> None:
        self.come = threading.Event()


class Turns:
    """Whose turn it is. Safe to use from several threads.

    Args:
        longest_seconds: that a turn is respected.
        clock: seconds that only grow.
    """

    def __init__(
        self, longest_seconds: float = LONGEST_SECONDS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._longest = longest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._queue: deque[_Turn] = deque()
        self._now: _Turn | None = None
        self._since = 0.0
        self._own = threading.local()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """The block runs in the thread's turn; one within another is the same turn."""
        if getattr(self._own, "turn", None) is not None:
            yield
            return
        self._take()
        try:
            yield
        finally:
            self._give()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """The block waits for something else: others compute meanwhile, and the thread queues again after it."""
        if getattr(self._own, "turn", None) is None:
            yield
            return
        self._give()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        turn = self._own.turn = _Turn()
        with self._lock:
            if self._now is None:
                self._begin(turn)
                return
            self._queue.append(turn)
        while not turn.come.wait(self._longest):
            with self._lock:
                overdue = self._clock() - self._since >= self._longest
                if overdue and self._queue and self._queue[0] is turn:
                    self._begin(self._queue.popleft())

    def _give(self) -> None:
        turn, self._own.turn = self._own.turn, None
        with self._lock:
            if self._now is not turn:  # lost to another
                return
            self._now = None
            if self._queue:
                self._begin(self._queue.popleft())

    def _begin(self, turn: _Turn) -> None:
        self._now, self._since = turn, self._clock()
        turn.come.set()


TURNS: Final = Turns()
"""Of this process."""
aside: Final = TURNS.aside


class InTurn:
    """WSGI middleware: each call in its turn."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(  # noqa: D102 - WSGI's signature
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        with TURNS.turn():
            return self._application(environ, start_response)
