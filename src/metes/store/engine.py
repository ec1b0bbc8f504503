"""One database, SQLite or PostgreSQL: connections, short write transactions, and who waits for whom."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from metes.base.errors import Busy, InputError, MetesError, NoDatabase, Refused
from metes.base.private import make_private

PATIENCE_SECONDS = 10.0
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code for a lock timeout; its messages come in the server's language
_PASSWORD = re.compile(r":[^:/]*@")
_NEAR = frozenset({"localhost", "127.0.0.1", "::1"})
_WRITER_LOCK = 0x4D65746573  # 'Metes': PostgreSQL's advisory lock that makes exclusive writers queue as they do in SQLite


class Store:
    """A database of Metes. Reading never blocks; exclusive writers queue, and are told for whom they wait."""

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for migrations and bulk access."""
        return self._engine

    @property
    def path(self) -> Path | None:
        """The database file of SQLite; None elsewhere."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one consistent state: all its queries see the same moment. Nothing it does is kept."""
        with self._connected() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            connection.rollback()

    @contextmanager
    def write(
        self, *, patience_seconds: float = PATIENCE_SECONDS, on_wait: Callable[[float], None] | None = None
    ) -> Iterator[Connection]:
        """One exclusive transaction: commits at the end, rolls back on any exception. `Busy` after `patience_seconds`."""
        with self._connected() as connection:
            self._begin_exclusive(connection, patience_seconds, on_wait)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def touch(self, *, patience_seconds: float = PATIENCE_SECONDS) -> Iterator[Connection]:
        """A small transaction beside exclusive writers where the database can (PostgreSQL); on SQLite it queues as they do."""
        if self.is_sqlite:
            with self.write(patience_seconds=patience_seconds) as connection:
                yield connection
            return
        with self._connected() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise NoDatabase(
                f"cannot open the database {self.url.render_as_string()}: {str(error.orig).strip()}; "
                "see that it is there and is a database of Metes, or name another with --db"
            ) from None
        with connection:
            yield connection

    def _begin_exclusive(self, connection: Connection, patience: float, on_wait: Callable[[float], None] | None) -> None:
        started = time.monotonic()
        while True:
            try:
                self._try_exclusive(connection)
                return
            except DBAPIError as error:
                connection.rollback()
                waited = time.monotonic() - started
                if not _is_lock_timeout(error):
                    raise
                if waited >= patience:
                    raise Busy(
                        f"another import, assignment or change has been writing to {self.url.database} for {waited:.0f} s; "
                        "nothing was changed here, try again when it has finished"
                    ) from None
                if on_wait is not None:
                    on_wait(waited)

    def _try_exclusive(self, connection: Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")


class ReadOnly(Store):
    """A database that is looked at and not written to, over the connections of another store."""

    def __init__(self, store: Store) -> None:
        self.url = store.url
        self.is_sqlite = store.is_sqlite
        self._engine = store.engine

    def write(self, *, patience_seconds: float = PATIENCE_SECONDS, on_wait: Callable[[float], None] | None = None) -> NoReturn:
        """Refused, always."""
        del patience_seconds, on_wait
        raise Refused("this looks at the past, where nothing can be changed; go back to today, or record a correction")

    def touch(self, *, patience_seconds: float = PATIENCE_SECONDS) -> NoReturn:
        """Refused, always."""
        self.write(patience_seconds=patience_seconds)


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise InputError(
            f"expected a database such as sqlite:///metes.db or postgresql://user@host/name, got {_PASSWORD.sub(':***@', url)!r}; "
            "set --db or METES_DB"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise InputError("expected a file for SQLite such as sqlite:///metes.db, got a database in memory; name a file")
        return parsed.set(drivername="sqlite")
    if backend == "postgresql":
        return _encrypted(parsed.set(drivername="postgresql+psycopg"))
    raise InputError(f"expected sqlite:/// or postgresql://, got {backend}://; Metes stores in one of these two")


def _encrypted(url: URL) -> URL:
    """The URL, which asks for an encrypted line and a certificate to another machine, unless it says itself what it wants.

    By itself the driver would try encryption and go on without it.
    """
    host = str(url.query.get("host") or url.query.get("hostaddr") or url.host or "")
    is_near = not host or host.startswith(("/", "@")) or host in _NEAR or "sslmode" in url.query
    return url if is_near else url.update_query_dict({"sslmode": "verify-full"})


def _sqlite_engine(url: URL) -> Engine:
    folder = Path(url.database or "").absolute().parent
    if not folder.is_dir():
        raise InputError(f"expected a folder for the database, but {folder} does not exist; create it or name another with --db")
    engine = sa.create_engine(url, connect_args={"timeout": 1.0, "check_same_thread": False})

    @sa.event.listens_for(engine, "do_connect")
    def _keep_private(_dialect: Any, _record: Any, arguments: Any, _named: Any) -> None:
        # What SQLite puts beside the file takes over its rights.
        make_private(Path(arguments[0]))

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            # Without it INSERT OR REPLACE deletes rows and wakes no trigger that would refuse it.
            "recursive_triggers=ON",
            "temp_store=MEMORY",
            "cache_size=-65536",
            "mmap_size=1073741824",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql_engine(url: URL) -> Engine:
    try:
        return sa.create_engine(url, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise MetesError("PostgreSQL needs the extra: install metes[postgresql]") from None


def _is_lock_timeout(error: DBAPIError) -> bool:
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return bool(sqlite_code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
    return getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
