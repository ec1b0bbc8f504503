"""Assigns accounts in Parquet on Spark: one job for all rules, each executor with the compiled plan on its own rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from metes.base.errors import InputError
from metes.rules.batches import BatchAssigner, FilePaths, FileReport
from metes.rules.prepared import code, with_families, with_orders

if TYPE_CHECKING:
    from ibis.backends.pyspark import Backend
    from pyspark.core.broadcast import Broadcast
    from pyspark.sql import DataFrame, SparkSession

_OUT = "account string, territory string, role string, share double, via string, rule string"
_ACCOUNTS, _PREPARED = "metes_accounts", "metes_prepared"


def schema_of(spark: SparkSession, path: str) -> pa.Schema:
    """The columns of Parquet as Arrow types them."""
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(spark.read.parquet(path).schema)


def assign(spark: SparkSession, assigner: BatchAssigner, paths: FilePaths) -> FileReport:
    """Write who holds what as Parquet into a folder, which must not be there yet.

    Rows need no order and no memory of each other, so accounts may be as many as the cluster's disks hold. Purchase history and
    families are joins before; where no rule asks for them, the accounts are read once and the whole is one job.
    """
    try:
        holdings(spark, assigner, paths).write.mode("error").parquet(paths.out)
    except Exception as error:
        raise _spoken(error) from error
    return _reported(spark, paths)


def holdings(spark: SparkSession, assigner: BatchAssigner, paths: FilePaths) -> DataFrame:
    """Who holds what, not worked out yet: the compiled plan is sent to each executor once."""
    sent = spark.sparkContext.broadcast(assigner)
    accounts = _prepared(spark, assigner, paths)
    # Spark takes a dot in a column's name for a step into a struct, so that columns travel under numbers.
    numbered = accounts.toDF(*(f"c{number}" for number in range(len(accounts.columns))))
    return numbered.mapInArrow(partial(_assigned, sent, accounts.columns), _OUT)


def _assigned(sent: Broadcast[BatchAssigner], columns: list[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The holdings of an executor's rows, whose columns have these names."""
    for batch in batches:
        if batch.num_rows:
            table = pa.Table.from_batches([batch]).rename_columns(columns)
            yield from sent.value.assign(table).combine_chunks().to_batches()


def _reported(spark: SparkSession, paths: FilePaths) -> FileReport:
    """What was written, counted anew from the files."""
    primary = spark.read.parquet(paths.out).where("role = 'primary'")
    rows = primary.groupBy("via").agg({"account": "count"}).collect()
    held = primary.select("account").distinct().count()
    return FileReport(spark.read.parquet(paths.accounts).count(), held, {row[0]: row[1] for row in sorted(rows)})


def _prepared(spark: SparkSession, assigner: BatchAssigner, paths: FilePaths) -> DataFrame:
    """The accounts with the columns that rules need, those from other tables and rows joined on."""
    frame = spark.read.parquet(paths.accounts)
    assigner.require(frame.columns)
    frame = frame.select(*(f"`{name.replace('`', '``')}`" for name in assigner.columns))
    if not assigner.orders and not assigner.of_families:
        return frame
    backend: Backend = ibis.pyspark.connect(spark)
    frame.createOrReplaceTempView(_ACCOUNTS)
    accounts = backend.table(_ACCOUNTS)
    accounts = accounts.mutate(id=code(accounts["id"]))
    if assigner.orders:
        orders = _view(spark, backend, "orders", paths.orders)
        products = _view(spark, backend, "products", paths.products) if any(t.family for t in assigner.orders) else None
        accounts = with_orders(accounts, orders, products, assigner.orders, assigner.day, assigner.currency)
    if assigner.of_families:
        accounts = with_families(accounts, assigner.of_families, _Keeper(spark, backend))
    return spark.sql(ibis.to_sql(accounts, dialect="pyspark"))


def _view(spark: SparkSession, backend: Backend, name: str, path: str | None) -> ibis.Table:
    if path is None:
        raise InputError(f"rules ask for purchase history; name the {name} with --{name}")
    spark.read.parquet(path).createOrReplaceTempView(f"metes_{name}")
    return backend.table(f"metes_{name}")


class _Keeper:
    """Keeps intermediate tables on the executors."""

    def __init__(self, spark: SparkSession, backend: Backend) -> None:
        self.spark = spark
        self.backend = backend
        self.kept = 0

    def keep(self, table: ibis.Table) -> ibis.Table:
        """The table, worked out once."""
        self.kept += 1
        name = f"metes_kept_{self.kept}"
        self.spark.sql(ibis.to_sql(table, dialect="pyspark")).localCheckpoint().createOrReplaceTempView(name)
        return self.backend.table(name)

    def is_empty(self, table: ibis.Table) -> bool:
        """Whether the table has no row."""
        return self.spark.sql(ibis.to_sql(table, dialect="pyspark")).isEmpty()


def _spoken(error: Exception) -> Exception:
    """What went wrong on an executor, in the words it used, where they are ours."""
    text = str(error)
    if "PATH_ALREADY_EXISTS" in text:
        return InputError("the folder to write is there already; name another, or remove it")
    for line in text.splitlines():
        if "metes.base.errors." in line:
            return InputError(line.split(": ", 1)[-1].strip())
    return error
