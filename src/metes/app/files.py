"""Assignment of files without a workspace: what the command line and Python callers ask for."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from metes.assigning import files
from metes.base.errors import InputError
from metes.base.progress import SILENT, Progress
from metes.rules.batches import FilePaths, FileReport

ENGINES = files.ENGINES


def assign_files(
    accounts: str,
    plan: Path,
    out: str,
    *,
    day: date,
    currency: str = "USD",
    engine: str = "duckdb",
    master: str | None = None,
    orders: str | None = None,
    products: str | None = None,
    threads: int | None = None,
    progress: Progress = SILENT,
) -> FileReport:
    """Who holds the accounts of Parquet files on a day under a plan in text, written as Parquet; no database takes part.

    `accounts`, `orders` and `products` are files, folders or patterns; amounts in them are in `currency`. `out` is a file with the
    engine duckdb and a folder with spark, and must not be there yet. `master` is where Spark runs (None: as the environment says).
    """
    return files.assign_files(
        FilePaths(accounts, out, orders, products),
        plan,
        day=day,
        currency=_checked(currency),
        engine=engine,
        master=master,
        threads=threads or os.cpu_count() or 1,
        progress=progress,
    )


def assign_frame(accounts: Any, plan: str | Path, *, day: str | date | None, currency: str) -> pa.Table:
    """Who holds the accounts of a table or frame; see `metes.assign`."""
    table = accounts if isinstance(accounts, pa.Table) else pa.table(accounts)
    on = datetime.now(UTC).date() if day is None else date.fromisoformat(day) if isinstance(day, str) else day
    assigner = files.assigner_for(Path(plan), table.schema, on, _checked(currency), SILENT)
    if assigner.orders or assigner.of_families:
        raise InputError("the plan asks for purchase history or families, which a table alone does not tell; assign files instead")
    return assigner.assign(table, threads=os.cpu_count() or 1)


def _checked(currency: str) -> str:
    if len(currency) != 3 or not currency.isalpha():
        raise InputError(f"a currency has three letters such as USD, got {currency!r}")
    return currency.upper()
