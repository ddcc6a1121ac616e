"""Connections to SQLite or PostgreSQL, set so that a commit that has returned is on disk (KEEP-01, KEEP-04, KEEP-06).

SQLite: WAL, ``synchronous=FULL``, a busy time-out of 5 s, and every writing transaction takes the write lock at its
beginning, so that two of them never meet half-way. PostgreSQL: ``synchronous_commit=on``, the same limits in time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.outbox import Meter, unmetered
from cds_service.store.schema import METADATA, SCHEMA, VERSION
from cds_service.turns import aside

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

WAIT_SECONDS: Final = 5
POOL: Final = 8
PROBE_SECONDS: Final = 1.0
_SETTING: Final = "RECURRENCE_CDS_DATABASE_URL"
_DURABLE: Final = "durable"
_WRITING: Final = "writing"
_UNAVAILABLE: Final = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)

_log = logging.getLogger(__name__)


class Database:
    """One database and its connections, made as they are needed; may be used from several threads.

    Args:
        url: as of SQLAlchemy, for one of the two dialects.
        meter: ``store_unavailable`` is counted there.
        clock: seconds since 1970.
        monotonic: seconds that only grow.

    Raises:
        SettingsError: the URL names neither dialect, or no file, or the driver is missing.
    """

    def __init__(
        self,
        url: str,
        *,
        meter: Meter = unmetered,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._meter = meter
        self._monotonic = monotonic
        self._write_lock = threading.Lock()
        self._wait_seconds: float = WAIT_SECONDS
        self._prepare_lock = threading.Lock()
        self._prepared = False
        self._identity: tuple[int, int] | None = None
        self._probe_lock = threading.Lock()
        self._probed: tuple[float, bool] | None = None
        try:
            parsed = make_url(url)
            self.sqlite = parsed.get_backend_name() == "sqlite"
            self._file = Path(parsed.database or "") if self.sqlite else None
            self._engine = _sqlite_engine(parsed) if self.sqlite else _postgresql_engine(parsed)
        except ArgumentError:
            raise SettingsError([f"{_SETTING}: is not a database URL"]) from None
        except ImportError:
            raise SettingsError([f"{_SETTING}: PostgreSQL needs recurrence-cds[postgres]"]) from None
        # A server is waited for, as a FHIR server is; a file answers sooner than a turn would come again.
        self._elsewhere = contextlib.nullcontext if self.sqlite else aside

    def prepare(self) -> None:
        """Check the database and create what is missing; leaves no connection open, so the process may be forked.

        A database that cannot be reached or written now is left for the first use.

        Raises:
            SettingsError: it is damaged, or of a later release.
        """
        try:
            with contextlib.suppress(StoreUnavailable):
                self._prepare()
        finally:
            self._engine.dispose()

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that is on disk once the block has ended without error.

        Args:
            durable: whether it has to outlive the machine's power as well, not only the processes.

        Raises:
            StoreUnavailable: nothing was kept. If the server vanished during the commit itself it may have been kept;
                every transaction here may be sent again.
        """
        with self._elsewhere(), self._named():
            self._be_prepared()
            with self._exclusive(), self._connection(writing=True, durable=durable) as connection:
                yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the data.

        Raises:
            StoreUnavailable: it cannot be read.
        """
        with self._elsewhere(), self._named():
            self._be_prepared()
            with self._connection(writing=False) as connection:
                yield connection

    def insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that can say what to do about a row that is there already."""
        if self.sqlite:
            from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - the one dialect that is in use, and only that

            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - as above

        return postgresql.insert(table)

    def ready(self) -> bool:
        """Whether a transaction can be written to disk now; asked of the database once a second at most."""
        with self._probe_lock:
            now = self._monotonic()
            if self._probed is None or now - self._probed[0] >= PROBE_SECONDS:
                self._probed = (now, self._probe())
            return self._probed[1]

    def backup(self, target: Path) -> None:
        """Copy an SQLite database to a new file while it is in use (KEEP-09).

        Raises:
            SettingsError: the database is not SQLite, or the target is there already.
            StoreUnavailable: it cannot be read, or the target not be written.
        """
        if not self.sqlite:
            raise SettingsError([f"{_SETTING}: back up PostgreSQL with its own tools"])
        if target.exists():
            raise SettingsError(["the target of the backup is there already"])
        with self._named(), self._engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        """Let go of the connections; a later use opens new ones."""
        self._engine.dispose()

    def _probe(self) -> bool:
        try:
            with self.writing() as connection:
                connection.execute(sa.update(SCHEMA).values(probed=self.clock()))
        except StoreUnavailable:
            return False
        return True

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Errors of the database by their name in this product, without its words, which may quote values."""
        try:
            yield
        except _UNAVAILABLE as error:
            raise self._unavailable(error) from None
        except DatabaseError as error:
            if type(error) is not DatabaseError:  # a fault in what was asked, not in the database
                raise
            raise self._unavailable(error) from None
        except OSError as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        self._meter("store_unavailable", 1)
        cause = getattr(error, "orig", error)
        _log.error("store-unavailable", extra={"error": getattr(cause, "sqlite_errorname", type(cause).__name__)})
        return StoreUnavailable("The store cannot be used at the moment")

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """SQLite has one writer at a time: within the process they queue here, which is fairer than its own polling."""
        if not self.sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=self._wait_seconds):
            raise TimeoutError
        try:
            yield
        finally:
            self._write_lock.release()

    @contextlib.contextmanager
    def _connection(self, *, writing: bool, durable: bool = True) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            chosen = connection.execution_options(**{_WRITING: writing, _DURABLE: durable})
            with chosen.begin():
                yield chosen

    def _be_prepared(self) -> None:
        """Prepare if that has not succeeded yet, or if the file is another one than it was: moved away, restored."""
        if self._prepared and self._file is not None and _identity(self._file) != self._identity:
            self._engine.dispose()
            self._prepared = False
        if not self._prepared:
            try:
                self._prepare()
            except SettingsError:
                raise StoreUnavailable("The store cannot be used at the moment") from None

    def _prepare(self) -> None:
        with self._prepare_lock, self._named():
            if self._prepared:
                return
            if self._file is not None:
                _make_room(self._file)
                self._quick_check()
                self._identity = _identity(self._file)
            with self._exclusive(), self._connection(writing=True) as connection:
                if not self.sqlite:
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(4703919561)"))
                METADATA.create_all(connection)
                version = connection.execute(sa.select(SCHEMA.c.version)).scalar()
                if version is None:
                    connection.execute(sa.insert(SCHEMA).values(one=1, version=VERSION, probed=self.clock()))
                elif version != VERSION:
                    raise SettingsError([f"{_SETTING}: its tables are of version {version}, not {VERSION}"])
            self._prepared = True

    def _quick_check(self) -> None:
        damaged = SettingsError([f"{_SETTING}: the SQLite file is damaged (quick_check); restore a backup"])
        try:
            with self._engine.connect() as connection:
                if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
                    raise damaged
        except OperationalError:
            raise
        except DatabaseError:
            raise damaged from None


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name; None when there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _make_room(file: Path) -> None:
    """The file and its folder, readable by nobody else, since comments may speak of patients."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _sqlite_engine(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise SettingsError([f"{_SETTING}: SQLite needs the path of a file"])
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=WAIT_SECONDS,
        connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA journal_mode=WAL").close()
        connection.execute("PRAGMA trusted_schema=OFF").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA synchronous=FULL" if options.get(_DURABLE, True) else "PRAGMA synchronous=NORMAL")
        raw.execute("BEGIN IMMEDIATE" if options.get(_WRITING) else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": WAIT_SECONDS,
            "application_name": "recurrence-cds",
            "options": f"-c synchronous_commit=on -c statement_timeout={WAIT_SECONDS}s -c lock_timeout={WAIT_SECONDS}s",
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(_DURABLE, True):
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    return engine
