"""Makes the Book: one read-only DuckDB file per state of the data and the ledger, written aside and renamed into place."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

import numpy as np

from metes.base.errors import MetesError
from metes.base.private import private_folder
from metes.base.progress import Progress
from metes.store import bulk
from metes.store.book_accounts import ACCOUNT_COLUMNS, make_accounts, make_holdings, orders_of, tops
from metes.store.book_files import TOP, columns_file, orders_file, remove, rename, rows_file, with_dictionaries, write_arrow
from metes.store.book_key import BookKey, BookShape
from metes.store.engine import Store

if TYPE_CHECKING:
    import duckdb

CELL_ZOOMS = (2, 4, 6, 8, 10)
# The sums of some accounts by territory and role, and by zone and territory.
TERRITORY_SUMS = """
    SELECT territory, 0 AS role, count(*) AS accounts, sum(potential)::BIGINT AS potential,
        sum(annual_revenue)::BIGINT AS annual_revenue, sum(revenue_12m)::BIGINT AS revenue_12m, sum(pipeline)::BIGINT AS pipeline,
        sum(open_opportunities)::BIGINT AS open_opportunities FROM {accounts} GROUP BY 1
    UNION ALL
    SELECT h.territory, h.role, count(*), sum(a.potential * h.share)::BIGINT, sum(a.annual_revenue * h.share)::BIGINT,
        sum(a.revenue_12m * h.share)::BIGINT, sum(a.pipeline * h.share)::BIGINT, sum(a.open_opportunities)::BIGINT
    FROM holdings h JOIN {accounts} a USING (account) WHERE h.role <> 0 GROUP BY 1, 2"""
ZONE_SUMS = """
    SELECT zone, territory, count(*) AS accounts, coalesce(sum(potential), 0)::BIGINT AS potential,
        coalesce(sum(coalesce(revenue_12m, annual_revenue)), 0)::BIGINT AS revenue
    FROM {accounts} WHERE zone IS NOT NULL GROUP BY 1, 2"""


def build(store: Store, key: BookKey, shape: BookShape, folder: Path, progress: Progress) -> Path:
    """Write the Book of `key` into `folder`, unless it is there, and return its path.

    A reader never sees half a file: it is written under another name and renamed. Older Books are removed, but for the last two.
    """
    private_folder(folder)
    path = folder / key.file_name
    if path.exists():
        return path
    partial = folder / f".{key.file_name}.{os.getpid()}-{get_ident()}"  # a server and its worker may be threads of one process
    remove(partial)
    progress.report("building the book")
    import duckdb  # slow to load, and often the Book is there already

    try:
        with duckdb.connect(str(partial)) as connection:
            connection.execute("SET preserve_insertion_order = true; SET threads = 2")
            _load(store, connection, key, progress)
            make_accounts(connection, shape, key.day)
            make_holdings(connection)
            make_sums(connection)
            _make_person_sums(connection, shape)
            connection.execute("CHECKPOINT")
            _write_companions(connection, shape, partial)
        rename(partial, path)
    finally:
        remove(partial)
    _remove_old(folder, path)
    return path


def _remove_old(folder: Path, newest: Path) -> None:
    others = sorted((p for p in folder.glob("book-*.duckdb") if p != newest), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in others[1:]:
        remove(old)


def _write_companions(connection: duckdb.DuckDBPyConnection, shape: BookShape, path: Path) -> None:
    """The Arrow files beside the Book: accounts by number, their texts as dictionaries, their orders."""
    rows = connection.execute("SELECT * FROM accounts").to_arrow_table()
    numbers = rows.column("account").to_numpy()
    if np.any(numbers[1:] <= numbers[:-1]):
        raise MetesError("the accounts of the book are out of order; every file of it is made in the order of their numbers")
    write_arrow(rows, rows_file(path))
    write_arrow(with_dictionaries(rows).append_column(TOP, tops(connection)), columns_file(path))
    write_arrow(orders_of(connection, shape), orders_file(path))


def _load(store: Store, connection: duckdb.DuckDBPyConnection, key: BookKey, progress: Progress) -> None:
    day = f"'{key.day.isoformat()}'" if store.is_sqlite else f"DATE '{key.day.isoformat()}'"
    queries = {
        "raw_accounts": f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE closed_on IS NULL ORDER BY id",
        "raw_holdings": (
            "SELECT h.account_id, k.key AS territory, h.role, h.share, h.via FROM ledger_ownership h "
            "JOIN territory_keys k ON k.id = h.territory_id WHERE h.recorded_until IS NULL "
            f"AND h.true_from <= {day} AND (h.true_until IS NULL OR h.true_until > {day})"
        ),
        "raw_orders": (
            "SELECT account_id, product_id, ordered_on, currency, amount_minor AS minor FROM orders "
            "WHERE closed_on IS NULL AND account_id IS NOT NULL"
        ),
        "raw_products": "SELECT id, external_id, family FROM products WHERE closed_on IS NULL",
        "raw_opportunities": (
            "SELECT account_id, person_id, status, currency, amount_minor AS minor FROM opportunities WHERE closed_on IS NULL"
        ),
    }
    with bulk.whole_tables(store) as state:
        for number, (table, sql) in enumerate(queries.items()):
            progress.report("building the book", number, len(queries) + 1)
            connection.register(table, state.arrow(sql))


def make_sums(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `territory_sums`, `zone_sums` and `cells` of the tables `accounts` and `holdings`."""
    connection.execute(f"CREATE TABLE territory_sums AS {TERRITORY_SUMS.format(accounts='accounts')}")
    connection.execute(f"CREATE TABLE zone_sums AS {ZONE_SUMS.format(accounts='accounts')}")
    _make_cells(connection)


def _make_person_sums(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> None:
    connection.execute("""
        CREATE TABLE person_sums AS
        SELECT person_id AS person, status, count(*) AS opportunities, coalesce(sum(minor * factor), 0)::BIGINT AS minor
        FROM raw_opportunities s LEFT JOIN rates r ON r.currency = coalesce(s.currency, $currency)
        WHERE person_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""", {"currency": shape.currency})  # fmt: skip


def _make_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Accounts by square of each zoom and territory; each zoom is summed up from the next finer one, whose squares it joins by fours."""
    finest = CELL_ZOOMS[-1]
    connection.execute(f"""
        CREATE TEMP TABLE squares AS
        SELECT {finest}::TINYINT AS zoom, floor((longitude + 180) * {2**finest} / 45)::INTEGER AS x,
            floor((latitude + 90) * {2**finest} / 45)::INTEGER AS y, territory, count(*) AS accounts, sum(longitude) AS longitudes,
            sum(latitude) AS latitudes, coalesce(sum(potential), 0)::BIGINT AS potential, min(account) AS account
        FROM accounts WHERE longitude IS NOT NULL AND latitude IS NOT NULL GROUP BY ALL""")
    for zoom, finer in reversed(list(pairwise(CELL_ZOOMS))):
        shift = finer - zoom
        connection.execute(f"""
            INSERT INTO squares
            SELECT {zoom}, x >> {shift}, y >> {shift}, territory, sum(accounts), sum(longitudes), sum(latitudes), sum(potential), min(account)
            FROM squares WHERE zoom = {finer} GROUP BY ALL""")
    connection.execute("""
        CREATE TABLE cells AS
        SELECT zoom, x, y, territory, accounts, longitudes / accounts AS longitude, latitudes / accounts AS latitude, potential, account
        FROM squares ORDER BY zoom, x, y""")
