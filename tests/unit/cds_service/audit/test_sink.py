from __future__ import annotations

import fcntl
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cds_service.audit.sink import AuditFile
from cds_service.errors import AuditUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "audit.jsonl"


@pytest.fixture
def short_of_room(path: Path) -> Iterator[int]:
    """A file that may hold 100 bytes and no more, by the process's own limit."""
    path.parent.mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield 100
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_lines_are_appended_for_the_owner_alone(path: Path) -> None:
    AuditFile(path).append([b"one", b"two"])
    AuditFile(path).append([b"three"])
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_was_moved_away_is_begun_anew(path: Path) -> None:
    audit = AuditFile(path)
    audit.append([b"one"])
    path.rename(path.with_suffix(".1"))
    audit.append([b"two"])
    assert path.read_bytes() == b"two\n"


def test_lines_of_many_writers_stay_whole(path: Path) -> None:
    lines = [str(number).encode() * 3000 for number in range(8)]

    def write(line: bytes) -> None:
        for _ in range(10):
            AuditFile(path).append([line, line])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, lines))
    written = path.read_bytes().splitlines()
    assert len(written) == 160
    assert set(written) == set(lines)


def test_aud_02_what_finds_no_room_is_taken_back_whole(path: Path, short_of_room: int) -> None:
    audit = AuditFile(path)
    audit.append([b"kept"])
    with pytest.raises(AuditUnavailable):
        audit.append([b"x" * 60, b"y" * 60])
    assert path.read_bytes() == b"kept\n"
    with pytest.raises(AuditUnavailable):
        audit.check()
    assert path.stat().st_size < short_of_room


def test_a_check_leaves_nothing_behind(path: Path) -> None:
    audit = AuditFile(path)
    audit.append([b"one"])
    audit.check()
    assert path.read_bytes() == b"one\n"


def test_a_line_cut_off_by_others_is_closed_first(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'one\n{"half')
    AuditFile(path).append([b"two"])
    assert path.read_bytes() == b'one\n{"half\ntwo\n'


def test_a_folder_that_cannot_be_made_is_an_audit_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditUnavailable) as caught:
        AuditFile(tmp_path / "file" / "audit.jsonl").append([b"one"])
    assert str(tmp_path) not in str(caught.value)


def test_aud_02_the_lock_of_another_is_waited_for_only_so_long(path: Path) -> None:
    AuditFile(path).append([b"one"])
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    audit = AuditFile(path, lock_seconds=0.02, monotonic=lambda: now[0], sleep=sleep)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AuditUnavailable):
            audit.append([b"two"])
    audit.append([b"three"])
    assert path.read_bytes() == b"one\nthree\n"
    assert 0.02 <= now[0] < 0.03


def test_the_lock_goes_with_a_process_that_is_killed(path: Path) -> None:
    AuditFile(path).append([b"one"])
    program = "import fcntl,sys;f=open(sys.argv[1]);fcntl.flock(f,fcntl.LOCK_EX);print(flush=True);sys.stdin.read()"
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        process.wait()
        AuditFile(path).append([b"two"])
    assert path.read_bytes() == b"one\ntwo\n"
