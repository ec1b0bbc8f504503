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


def read_arrow(store: Store, sql: str) -> pa.Table:
    """All rows of a query as one Arrow table. The text must be ours: nothing a user typed may stand in it."""
    with _adbc(store) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def read_batches(store: Store, sql: str) -> Iterator[pa.RecordBatch]:
    """The rows of a query in Arrow batches, so that a large table never stands in memory whole."""
    with _adbc(store) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        yield from cursor.fetch_record_batch()


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
