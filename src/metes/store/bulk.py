"""Whole tables in and out as Arrow, through ADBC: side tables are filled in chunks, then swapped in by SQL in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Busy, MetesError
from metes.store.engine import PATIENCE_SECONDS, Store

STAGE_PREFIX = "stage_"
CHUNK_ROWS = 100_000


@contextmanager
def _adbc(store: Store) -> Iterator[Any]:
    if store.is_sqlite:
        import adbc_driver_sqlite.dbapi as sqlite_driver

        connection: Any = sqlite_driver.connect(str(store.path))
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout={int(PATIENCE_SECONDS * 1000)}")
            cursor.fetchall()
    else:
        try:
            import adbc_driver_postgresql.dbapi as postgresql_driver
        except ModuleNotFoundError:
            raise MetesError("PostgreSQL needs the extra: install metes[postgresql]") from None
        uri = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = postgresql_driver.connect(uri)
    try:
        yield connection
    finally:
        connection.close()


class Snapshot:
    """One consistent state of the database, read as Arrow; query texts must be ours: nothing a user typed may stand in them.

    Columns have the types of the tables: text, int64, float64, booleans, date32. On SQLite, whose driver guesses types by the
    first rows, a column that is no plain column nor a CAST has the type of its first values.
    """

    def __init__(self, connection: Any, is_sqlite: bool) -> None:
        self._connection = connection
        self._is_sqlite = is_sqlite
        self._views = 0

    def arrow(self, sql: str) -> pa.Table:
        """All rows of a query as one table."""
        if self._is_sqlite:
            return pa.Table.from_batches(list(self._typed(sql, _WHOLE)))
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The rows of a query in batches, so that a large table never stands in memory whole."""
        if self._is_sqlite:
            yield from self._typed(sql, CHUNK_ROWS)
            return
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            yield from cursor.fetch_record_batch()

    def _typed(self, sql: str, batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Rows of SQLite: a first row of the right types teaches the driver, and is dropped again."""
        columns = self._declared(sql)
        first = ", ".join(f"{_EXAMPLES.get(kind, 'NULL')} AS {_quoted(name)}" for name, kind in columns)
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(batch_rows)})
            cursor.execute(f"SELECT {first} UNION ALL SELECT * FROM ({sql})")
            reader = cursor.fetch_record_batch()
            kinds = [_ARROW_TYPES.get(kind, field.type) for field, (_, kind) in zip(reader.schema, columns, strict=True)]
            target = pa.schema(list(zip(reader.schema.names, kinds, strict=True)))
            skip = 1
            for batch in reader:
                yield batch.slice(skip).cast(target)
                skip = 0

    def _declared(self, sql: str) -> list[tuple[str, str]]:
        """Names and declared types of a query's columns, as SQLite itself works them out for a view."""
        self._views += 1
        with self._connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP VIEW read_{self._views} AS {sql}")
            cursor.fetchall()
            cursor.execute(f"PRAGMA temp.table_info(read_{self._views})")
            return [(row[1], row[2].partition("(")[0].upper()) for row in cursor.fetchall()]


_WHOLE = 1 << 24
_ARROW_TYPES = {
    **dict.fromkeys(["INTEGER", "BIGINT", "SMALLINT", "INT"], pa.int64()),
    **dict.fromkeys(["TEXT", "VARCHAR"], pa.string()),
    **dict.fromkeys(["FLOAT", "REAL"], pa.float64()),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
}
_EXAMPLES = {kind: {pa.int64(): "0", pa.bool_(): "0", pa.float64(): "0.0"}.get(arrow, "''") for kind, arrow in _ARROW_TYPES.items()}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def snapshot(store: Store) -> Iterator[Snapshot]:
    """Several reads of one consistent state of the database."""
    with _adbc(store) as connection:
        if not store.is_sqlite:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield Snapshot(connection, store.is_sqlite)


def read_arrow(store: Store, sql: str) -> pa.Table:
    """All rows of a query as one Arrow table. The text must be ours: nothing a user typed may stand in it."""
    with snapshot(store) as state:
        return state.arrow(sql)


def stage(store: Store, name: str, tables: Iterable[pa.Table]) -> int:
    """Append Arrow tables to the side table `stage_NAME` (made when missing), a short transaction per chunk; rows written.

    Dates are kept as ISO text on SQLite and as dates on PostgreSQL, just as the real tables keep them.
    """
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
