"""Whole tables in and out as Arrow: side tables are filled in chunks, then swapped in by SQL in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from metes.base.errors import Busy, MetesError
from metes.store import sqlite_bulk, sqlite_reader
from metes.store.engine import Store
from metes.store.tables import STAGE_PREFIX as STAGE_PREFIX

CHUNK_ROWS = 100_000
# From here on starting a process (half a second) costs less than reading row by row.
LARGE_BYTES = 64 * 2**20
# By engine, with which they go.
_FIRST: WeakKeyDictionary[Engine, Any] = WeakKeyDictionary()
_LOCK = threading.Lock()


@contextmanager
def _adbc(store: Store) -> Iterator[Any]:
    """A connection to PostgreSQL through ADBC; never to SQLite, see `metes.store.sqlite_bulk`."""
    connection = _first(store).adbc_clone()
    try:
        yield connection
    finally:
        connection.close()


def _first(store: Store) -> Any:
    """The connection of which others are clones: it has read the types of the database, twenty times the work of connecting."""
    with _LOCK:
        if store.engine not in _FIRST:
            try:
                import adbc_driver_postgresql.dbapi as postgresql_driver
            except ModuleNotFoundError:
                raise MetesError("PostgreSQL needs the extra: install metes[postgresql]") from None
            _FIRST[store.engine] = postgresql_driver.connect(
                store.url.set(drivername="postgresql").render_as_string(hide_password=False)
            )
            if not sa.event.contains(store.engine, "engine_disposed", _let_go):
                sa.event.listen(store.engine, "engine_disposed", _let_go)
        return _FIRST[store.engine]


def _let_go(engine: Engine) -> None:
    with _LOCK:
        first = _FIRST.pop(engine, None)
    if first is not None:
        first.close()


class Snapshot:
    """One consistent state of the database, read as Arrow; query texts must be ours: nothing a user typed may stand in them.

    Columns have the types of the tables: text, int64, float64, booleans, date32. On SQLite, which knows no types of results, a
    column that is no plain column nor a CAST has the type of its first values.
    """

    def __init__(self, connection: Any, is_sqlite: bool, reader: sqlite_reader.Reader | None = None) -> None:
        self._connection = connection
        self._is_sqlite = is_sqlite
        self._reader = reader

    def arrow(self, sql: str) -> pa.Table:
        """All rows of a query as one table."""
        if self._reader is not None:
            return pa.Table.from_batches(self.batches(sql))
        if self._is_sqlite:
            return sqlite_bulk.read_table(self._connection, sql, CHUNK_ROWS)
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The rows of a query in batches, so that a large table never stands in memory whole."""
        if self._reader is not None:
            columns = sqlite_bulk.declared(self._connection, sql)
            yield from sqlite_bulk.without_example(columns, self._reader.batches(sqlite_bulk.typed(columns, sql)))
            return
        if self._is_sqlite:
            yield from sqlite_bulk.read_batches(self._connection, sql, CHUNK_ROWS)
            return
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()


@contextmanager
def snapshot(store: Store) -> Iterator[Snapshot]:
    """Several reads of one consistent state of the database."""
    if store.is_sqlite:
        with store.read() as connection:
            yield Snapshot(connection.connection.driver_connection, True)
        return
    with _adbc(store) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield Snapshot(connection, False)


@contextmanager
def whole_tables(store: Store, large_bytes: int = LARGE_BYTES) -> Iterator[Snapshot]:
    """A snapshot for reading whole tables: a SQLite file of `large_bytes` and more is read by a process of its own."""
    if store.path is None or store.path.stat().st_size < large_bytes:
        with snapshot(store) as state:
            yield state
        return
    with store.read() as connection, sqlite_reader.reader(store.path) as reader:
        yield Snapshot(connection.connection.driver_connection, True, reader)


def read_arrow(store: Store, sql: str) -> pa.Table:
    """All rows of a query as one Arrow table. The text must be ours: nothing a user typed may stand in it."""
    with snapshot(store) as state:
        return state.arrow(sql)


def stage(store: Store, name: str, tables: Iterable[pa.Table]) -> int:
    """Append Arrow tables to the side table `stage_NAME` (made when missing), a short transaction per chunk; rows written.

    Dates are kept as ISO text on SQLite and as dates on PostgreSQL, just as the real tables keep them.
    """
    if store.is_sqlite:
        return _stage_sqlite(store, name, tables)
    rows = 0
    with _adbc(store) as connection:
        for table in tables:
            for start in range(0, max(table.num_rows, 1), CHUNK_ROWS):
                chunk = table.slice(start, CHUNK_ROWS)
                try:
                    with connection.cursor() as cursor:
                        cursor.adbc_ingest(STAGE_PREFIX + name, chunk, mode="create_append")
                    connection.commit()
                except Exception as error:
                    connection.rollback()
                    if "locked" in str(error):
                        raise Busy(
                            f"another writer has held {store.url.database} for 10 s; nothing was changed, try again"
                        ) from None
                    raise
                rows += chunk.num_rows
    return rows


def _stage_sqlite(store: Store, name: str, tables: Iterable[pa.Table]) -> int:
    rows = 0
    for table in tables:
        for start in range(0, max(table.num_rows, 1), CHUNK_ROWS):
            chunk = table.slice(start, CHUNK_ROWS)
            with store.write() as connection:
                driver: Any = connection.connection.driver_connection
                sqlite_bulk.append(driver, STAGE_PREFIX + name, chunk)
            rows += chunk.num_rows
    return rows


def stages(store: Store, prefix: str = "") -> tuple[str, ...]:
    """Names of the side tables there are, those that begin with `stage_` and `prefix`."""
    with store.read() as connection:
        return tuple(n for n in sa.inspect(connection).get_table_names() if n.startswith(STAGE_PREFIX + prefix))


def drop_stages(store: Store, prefix: str = "") -> tuple[str, ...]:
    """Drop side tables whose names (without `stage_`) start with `prefix`, as a killed load leaves them; their names."""
    names = stages(store, prefix)
    if names:
        with store.write() as connection:
            for name in names:
                drop_stage(connection, name.removeprefix(STAGE_PREFIX))
    return names


def drop_stage(connection: Connection, name: str) -> None:
    """Drop one side table inside the transaction at hand."""
    quoted = connection.dialect.identifier_preparer.quote(STAGE_PREFIX + name)
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted}")
