"""Assigns accounts in Parquet on this machine: DuckDB reads and joins, batches are assigned as they come, nothing is kept in memory."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metes.base.errors import Conflict, InputError
from metes.base.progress import Progress
from metes.rules.batches import HOLDINGS, BatchAssigner, FilePaths, FileReport
from metes.rules.prepared import code, with_families, with_orders

_BATCH_ROWS = 262_144


def schema_of(path: str) -> pa.Schema:
    """The columns of Parquet as Arrow types them."""
    with duckdb.connect() as connection:
        return _read(connection, path).limit(0).to_arrow_table().schema


def assign(assigner: BatchAssigner, paths: FilePaths, progress: Progress, *, threads: int) -> FileReport:
    """Write who holds what as one Parquet file, which must not be there yet; until the end it has another name."""
    out = Path(paths.out)
    if out.exists():
        raise Conflict(f"{out} is there already; name another file, or remove it")
    by_via: Counter[str] = Counter()
    held = read = 0
    with duckdb.connect(config={"threads": threads}) as connection, _written(out) as writer:
        total = _count(connection, paths.accounts)
        for batch in _batches(connection, assigner, paths):
            progress.report("assigning accounts", read, total)
            found = assigner.assign(batch, threads=threads)
            writer.write_table(found)
            primary = found.filter(pc.equal(found["role"], "primary"))
            by_via.update(primary["via"].to_pylist())
            held += pc.count_distinct(primary["account"]).as_py()
            read += batch.num_rows
    return FileReport(read, held, dict(sorted(by_via.items())))


def _batches(connection: duckdb.DuckDBPyConnection, assigner: BatchAssigner, paths: FilePaths) -> Iterator[pa.Table]:
    """The accounts with the columns that rules need, in the order of the file."""
    source = _read(connection, paths.accounts)
    assigner.require(source.columns)
    source = source.select(*(duckdb.ColumnExpression(name) for name in assigner.columns))
    source.create_view("accounts")
    if assigner.orders or assigner.of_families:
        backend = ibis.duckdb.from_connection(connection)
        accounts = backend.table("accounts")
        accounts = accounts.mutate(id=code(accounts["id"]))
        if assigner.orders:
            orders = _view(connection, backend, "orders", paths.orders)
            products = _view(connection, backend, "products", paths.products) if any(t.family for t in assigner.orders) else None
            accounts = with_orders(accounts, orders, products, assigner.orders, assigner.day, assigner.currency)
        if assigner.of_families:
            accounts = with_families(accounts, assigner.of_families, _Keeper(connection, backend))
        source = connection.sql(ibis.to_sql(accounts, dialect="duckdb"))
    for batch in source.to_arrow_reader(_BATCH_ROWS):
        if batch.num_rows:
            yield pa.Table.from_batches([batch])


def _read(connection: duckdb.DuckDBPyConnection, path: str) -> duckdb.DuckDBPyRelation:
    """The rows of a file, of the files of a folder, or of a pattern."""
    found = os.path.join(path, "**", "*.parquet") if os.path.isdir(path) else path
    try:
        return connection.read_parquet(found)
    except duckdb.Error as error:
        raise InputError(
            f"{path} cannot be read as Parquet ({str(error).splitlines()[0]}); name a file, a folder or a pattern"
        ) from None


def _count(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    row = _read(connection, path).aggregate("count(*)").fetchone()
    return int(row[0]) if row else 0


def _view(connection: duckdb.DuckDBPyConnection, backend: ibis.BaseBackend, name: str, path: str | None) -> ibis.Table:
    if path is None:
        raise InputError(f"rules ask for purchase history; name the {name} with --{name}")
    _read(connection, path).create_view(name)
    return backend.table(name)


class _Keeper:
    """Keeps intermediate tables in the connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, backend: ibis.BaseBackend) -> None:
        self.connection = connection
        self.backend = backend
        self.kept = 0

    def keep(self, table: ibis.Table) -> ibis.Table:
        """The table, worked out once."""
        self.kept += 1
        self.connection.execute(f"CREATE TEMP TABLE kept_{self.kept} AS {ibis.to_sql(table, dialect='duckdb')}")
        return self.backend.table(f"kept_{self.kept}")

    def is_empty(self, table: ibis.Table) -> bool:
        """Whether the table has no row."""
        return self.connection.execute(ibis.to_sql(table.limit(1), dialect="duckdb")).fetchone() is None


@contextmanager
def _written(out: Path) -> Iterator[pq.ParquetWriter]:
    """A writer of holdings whose file gets its name when all went well, and is gone otherwise."""
    partial_file = out.with_name(f".{out.name}.{os.getpid()}")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with pq.ParquetWriter(partial_file, HOLDINGS, compression="zstd") as writer:
            yield writer
        partial_file.rename(out)
    finally:
        partial_file.unlink(missing_ok=True)
