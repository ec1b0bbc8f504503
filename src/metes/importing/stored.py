"""What the store holds of a kind and a source, read whole as Arrow: ids, digests, and the columns that a file does not bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from metes.store import bulk, counters
from metes.store.engine import Store
from metes.store.tables import RECORD_TABLES, accounts, sources

# Columns of a record that no file brings and no digest covers.
BOOKKEEPING = ("id", "key", "source_id", "external_id", "digest", "created_import", "changed_import", "revision", "closed_on")


@dataclass(frozen=True, slots=True)
class Stored:
    """The records of one source, with the state of the data at which they were read.

    `table` has `id`, `external_id`, `digest`, `is_closed`; `state` is the data counter, read first: if it has not moved when the
    import is written, nothing has.
    """

    table: pa.Table
    state: int
    source_id: int | None


def content_columns(kind: str) -> tuple[str, ...]:
    """The columns of a kind's table that hold what files bring."""
    return tuple(c.name for c in RECORD_TABLES[kind].c if c.name not in BOOKKEEPING)


def read_state(store: Store, source: str) -> tuple[int, int | None]:
    """The data counter, and the number of a source if it has one."""
    with store.read() as connection:
        state = counters.value(connection, counters.DATA)
        return state, connection.execute(sa.select(sources.c.id).where(sources.c.name == source)).scalar()


def read_stored(store: Store, kind: str, source: str) -> Stored:
    """The ids and digests of a source's records."""
    state, source_id = read_state(store, source)
    if source_id is None:
        return Stored(_EMPTY.empty_table(), state, None)
    columns = (
        "r.id AS id, {external} AS external_id, r.digest AS digest, CASE WHEN r.closed_on IS NULL THEN 0 ELSE 1 END AS is_closed"
    )
    table = bulk.read_arrow(store, _of_source(kind, columns, source_id) + " ORDER BY r.id")
    return Stored(_typed(table, _EMPTY), state, source_id)


_EMPTY = pa.schema([("id", pa.int64()), ("external_id", pa.string()), ("digest", pa.string()), ("is_closed", pa.int64())])


def _of_source(kind: str, columns: str, source_id: int) -> str:
    """The query for a source's records; accounts are known to sources through a table of their own."""
    if kind == "accounts":
        picked = columns.format(external="s.external_id")
        return f"SELECT {picked} FROM account_sources s JOIN accounts r ON r.id = s.account_id WHERE s.source_id = {int(source_id)}"
    return (
        f"SELECT {columns.format(external='r.external_id')} FROM {RECORD_TABLES[kind].name} r WHERE r.source_id = {int(source_id)}"
    )


def read_columns(store: Store, kind: str, names: Sequence[str], source_id: int) -> pa.Table:
    """The `id` and the named columns of a source's records, without those columns that no record fills."""
    if not names:
        return pa.table({"id": pa.array([], pa.int64())})
    table = RECORD_TABLES[kind]
    tests = ", ".join(f"MAX(CASE WHEN r.{_quoted(n)} IS NOT NULL THEN 1 ELSE 0 END) AS {_quoted(n)}" for n in names)
    filled = bulk.read_arrow(store, _of_source(kind, tests.replace("{", "{{"), source_id))
    wanted = [n for n in names if filled.num_rows and filled[n][0].as_py()]
    columns = ", ".join(["r.id AS id", *(f"r.{_quoted(n)} AS {_quoted(n)}" for n in wanted)])
    rows = bulk.read_arrow(store, _of_source(kind, columns, source_id))
    schema = pa.schema([("id", pa.int64()), *((n, arrow_type(table.c[n])) for n in wanted)])
    return _typed(rows, schema)


def sums_in_store(store: Store, kind: str, names: Sequence[str], source_id: int) -> pa.Table:
    """Over all open records of a source: their number, and per currency the sum of each column as `NAME_high` * 2**20 + `NAME_low`.

    The parts keep a sum of a million large amounts within 64 bits.
    """
    has_currency = "currency" in RECORD_TABLES[kind].c
    by = "r.currency" if has_currency else "CAST(NULL AS VARCHAR)"
    parts = [f'SUM(r.{_quoted(n)} / 1048576) AS "{n}_high", SUM(r.{_quoted(n)} % 1048576) AS "{n}_low"' for n in names]
    picked = ", ".join([f"{by} AS currency", "COUNT(*) AS records", *parts])
    return bulk.read_arrow(store, _of_source(kind, picked, source_id) + " AND r.closed_on IS NULL GROUP BY 1")


def has_given_places(store: Store, source_id: int) -> bool:
    """Whether some account of a source has coordinates that a file gave."""
    sql = _of_source("accounts", "r.id AS id", source_id) + " AND r.place_precision = 'given' LIMIT 1"
    return bool(bulk.read_arrow(store, sql).num_rows)


def read_names(store: Store, kind: str) -> pa.Table:
    """Of all open records of a kind: `id`, `source_id`, `external_id` and `name`, by which other files refer to them."""
    schema = pa.schema([("id", pa.int64()), ("source_id", pa.int64()), ("external_id", pa.string()), ("name", pa.string())])
    if kind == "accounts":
        sql = (
            "SELECT a.id AS id, s.source_id AS source_id, s.external_id AS external_id, a.name AS name "
            "FROM accounts a JOIN account_sources s ON s.account_id = a.id WHERE a.closed_on IS NULL"
        )
    else:
        sql = f"SELECT id, source_id, external_id, name FROM {RECORD_TABLES[kind].name} WHERE closed_on IS NULL"
    return _typed(bulk.read_arrow(store, sql), schema)


def taken_keys(store: Store, keys: pa.Array) -> np.ndarray:
    """Which of some account keys belong to an account already."""
    present = bulk.read_arrow(store, f"SELECT key FROM {accounts.name}")
    if not present.num_rows:
        return np.zeros(len(keys), bool)
    return np.asarray(pc.is_in(keys, present["key"].cast(pa.string()).combine_chunks()).to_numpy(zero_copy_only=False))


def arrow_type(column: sa.Column[object]) -> pa.DataType:
    """The Arrow type that a column of the store is staged and read as."""
    match column.type:
        case sa.Integer():
            return pa.int64()
        case sa.Float():
            return pa.float64()
        case sa.Date():
            return pa.date32()
        case _:
            return pa.string()


def _typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in the types asked for: SQLite hands days back as text, and columns without values as anything."""
    columns = []
    for field in schema:
        column = table[field.name]
        if pa.types.is_date32(field.type) and not pa.types.is_date32(column.type):
            column = pc.utf8_slice_codeunits(column.cast(pa.string()), 0, 10)
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=schema)


def _quoted(name: str) -> str:
    return f'"{name}"'
