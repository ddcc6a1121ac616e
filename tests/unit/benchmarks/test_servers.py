"""What a server is said to have cost."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.servers import Server

_BUSY_THREAD = """
import threading, time

def work():
    while time.thread_time() < 0.2:
        pass

thread = threading.Thread(target=work)
thread.start()
thread.join()
print("ended", flush=True)
input()
"""


def test_a_thread_that_has_ended_still_counts() -> None:
    with subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", _BUSY_THREAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ended\n"
        spent = Server(port=0, pid=process.pid, start_seconds=0).processor_seconds()
        process.communicate("\n")
    assert spent >= 0.2
    assert Server(port=0, pid=process.pid, start_seconds=0).processor_seconds() == 0
