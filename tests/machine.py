"""What a test may find on a machine or not: a PostgreSQL server to start, a small disk to fill."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

START_SECONDS = 30


def not_run(what: str) -> NoReturn:
    """The machine lacks what the test needs: named at the end as not run; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"not run, although CI=true: {what}")
    pytest.skip(f"not run: {what}")


@dataclass
class Cluster:
    """A throw-away PostgreSQL server, reached by a socket in its own folder."""

    folder: Path
    programs: Path
    account: dict[str, Any]
    databases: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """URL of a database that holds nothing yet."""
        import psycopg

        self.databases += 1
        name = f"store_{self.databases}"
        with psycopg.connect(f"host={self.folder} user=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self) -> None:
        options = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-c", "listen_addresses="]
        self.process = subprocess.Popen(  # noqa: S603 - a program of the machine
            [str(self.programs / "postgres"), *options, "-c", "max_connections=60"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            **self.account,
        )
        until = time.monotonic() + START_SECONDS
        while subprocess.run(  # noqa: S603 - as above
            [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder)], check=False
        ).returncode:
            assert time.monotonic() < until, "PostgreSQL did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, as by a failure of the machine: what was committed has to be there afterwards."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(START_SECONDS)
            self.process = None


def _programs() -> Path | None:
    named = shutil.which("postgres")
    folders = [Path(named).resolve().parent] if named else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in folders if (one / "initdb").exists() and (one / "pg_isready").exists()), None)


def _account() -> dict[str, Any] | None:
    """Under whom it may run: PostgreSQL refuses to be root."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return None


@contextlib.contextmanager
def postgresql() -> Iterator[Cluster]:
    """A running server with empty data, gone afterwards."""
    programs, account = _programs(), _account()
    if programs is None or account is None:
        not_run("PostgreSQL is not installed, or there is no user to run it")
    folder = Path(tempfile.mkdtemp(prefix="cds-pg-"))
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        subprocess.run(  # noqa: S603 - a program of the machine
            [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **account,
        )
        cluster = Cluster(folder, programs, account)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of its own in memory with so little room."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder.mkdir()
    done = (
        mount
        and not subprocess.run(  # noqa: S603 - a program of the machine
            [mount, "-t", "tmpfs", "-o", f"size={kilobytes}k", "small", str(folder)], check=False, capture_output=True
        ).returncode
    )
    if not done or umount is None:
        not_run("a file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run([umount, "-l", str(folder)], check=True)  # noqa: S603 - as above


def make_read_only(folder: Path, *, read_only: bool) -> None:
    """Of a file system made by ``small_disk``."""
    mount = shutil.which("mount")
    assert mount is not None
    subprocess.run([mount, "-o", f"remount,{'ro' if read_only else 'rw'}", str(folder)], check=True)  # noqa: S603
