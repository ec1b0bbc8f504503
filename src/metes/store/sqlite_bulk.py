"""Arrow in and out of SQLite through Python's own driver, the one that all else here uses.

ADBC brings a second copy of SQLite into the process. Locks on files belong to the process, so two copies do not see each other's:
when one closes the file, the other's locks are gone and its write-ahead log may be deleted under it. Committed rows were lost that way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

_ARROW_TYPES = {
    **dict.fromkeys(["INTEGER", "BIGINT", "SMALLINT", "INT"], pa.int64()),
    **dict.fromkeys(["TEXT", "VARCHAR"], pa.string()),
    **dict.fromkeys(["FLOAT", "REAL"], pa.float64()),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
}
# What the driver hands back for a type that is not itself.
_HANDED_AS = {pa.bool_(): pa.int64(), pa.date32(): pa.string()}


def read_batches(connection: sqlite3.Connection, sql: str, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Rows of a query in batches, at least one, with the declared types of its columns; other columns by their first values."""
    columns = declared(connection, sql)
    names = [name for name, _ in columns]
    types = [_ARROW_TYPES.get(kind) for _, kind in columns]
    cursor = connection.execute(sql)
    is_first = True
    while (rows := cursor.fetchmany(batch_rows)) or is_first:
        values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
        arrays = [_array(column, kind) for column, kind in zip(values, types, strict=True)]
        types = [kind or (None if pa.types.is_null(array.type) else array.type) for kind, array in zip(types, arrays, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, names)
        is_first = False


def read_table(connection: sqlite3.Connection, sql: str, batch_rows: int) -> pa.Table:
    """All rows of a query."""
    tables = [pa.Table.from_batches([batch]) for batch in read_batches(connection, sql, batch_rows)]
    return pa.concat_tables(tables, promote_options="permissive")


def typed(columns: Sequence[tuple[str, str]], sql: str) -> str:
    """The query behind a first row of the declared types, which teaches them to a driver that goes by the first rows."""
    first = ", ".join(f"{_example(_ARROW_TYPES.get(kind))} AS {_quoted(name)}" for name, kind in columns)
    return f"SELECT {first} UNION ALL SELECT * FROM ({sql})"


def without_example(columns: Sequence[tuple[str, str]], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches of a `typed` query in the types of its columns, its first row left out."""
    skip = 1
    for batch in batches:
        kinds = [_ARROW_TYPES.get(kind, field.type) for field, (_, kind) in zip(batch.schema, columns, strict=True)]
        yield batch.slice(skip).cast(pa.schema(list(zip(batch.schema.names, kinds, strict=True))))
        skip = 0


def _example(kind: pa.DataType | None) -> str:
    if kind is None:
        return "NULL"
    return "''" if kind in (pa.string(), pa.date32()) else "0.0" if kind == pa.float64() else "0"


def _array(values: Sequence[Any], kind: pa.DataType | None) -> pa.Array:
    if kind is None:
        return pa.array(values)
    handed = _HANDED_AS.get(kind)
    return pa.array(values, kind) if handed is None else pa.array(values, handed).cast(kind)


def declared(connection: sqlite3.Connection, sql: str) -> list[tuple[str, str]]:
    """Names and declared types of a query's columns, as SQLite itself works them out for a view."""
    connection.execute("DROP VIEW IF EXISTS temp.read_shape")
    connection.execute(f"CREATE TEMP VIEW read_shape AS {sql}")
    columns = [(row[1], row[2].partition("(")[0].upper()) for row in connection.execute("PRAGMA temp.table_info(read_shape)")]
    connection.execute("DROP VIEW temp.read_shape")
    return columns


def append(connection: sqlite3.Connection, name: str, table: pa.Table) -> None:
    """Append rows to a table, made with the types of its columns where it is missing; days become ISO text."""
    columns = ", ".join(f"{_quoted(field.name)} {_declaration(field.type)}" for field in table.schema)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(name)} ({columns})")
    places = ", ".join("?" * table.num_columns)
    targets = ", ".join(_quoted(field.name) for field in table.schema)
    for batch in table.to_batches(20_000):
        rows = zip(*(_plain(column).to_pylist() for column in batch.columns), strict=True)
        connection.executemany(f"INSERT INTO {_quoted(name)} ({targets}) VALUES ({places})", rows)


def _declaration(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "INTEGER"
    if pa.types.is_floating(kind):
        return "REAL"
    return "DATE" if pa.types.is_date(kind) else "TEXT"


def _plain(column: pa.Array) -> pa.Array:
    """A column in what the driver takes as it is."""
    return column.cast(pa.string()) if pa.types.is_date(column.type) else column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
