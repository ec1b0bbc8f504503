"""Makes the Book: one read-only DuckDB file per state of the data and the ledger, written aside and renamed into place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from metes.base.money import exponent
from metes.base.progress import Progress
from metes.model.catalogue import Field, FieldType
from metes.store import bulk, counters
from metes.store.engine import Store
from metes.store.filters import quote
from metes.store.ledger import VIAS

if TYPE_CHECKING:
    import duckdb

FORMAT = 4
# How a text is cut into words, both when a Book is made and when it is searched: lower case, without accents.
WORDS = "string_split_regex(lower(strip_accents({text})), '[^\\p{{L}}\\p{{N}}]+')"
# Families of up to two to this power levels.
_FAMILY_DOUBLINGS = 20
CELL_ZOOMS = (2, 4, 6, 8, 10)
_ACCOUNT_COLUMNS = (
    "id, key, name, parent_id, country, region, city, postal_code, latitude, longitude, place_precision, zone, industry, segment, "
    "channel, language, referral_source, employees, annual_revenue_minor, potential_minor, currency, customer_since, custom"
)
_DUCK_TYPES = {
    FieldType.TEXT: "VARCHAR",
    FieldType.CODE: "VARCHAR",
    FieldType.INTEGER: "BIGINT",
    FieldType.DECIMAL: "DOUBLE",
    FieldType.MONEY: "BIGINT",
    FieldType.DATE: "DATE",
    FieldType.BOOLEAN: "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class BookKey:
    """What a Book is made of: the counters of data and ledger, the day its ownership and sums are as of, and the currency."""

    data: int
    ledger: int
    day: date
    shape: str

    def has_same_data(self, other: BookKey) -> bool:
        """Whether the two differ in nothing but whose accounts they are."""
        return (self.data, self.shape) == (other.data, other.shape)

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"book-{FORMAT}-{self.data}-{self.ledger}-{self.day:%Y%m%d}-{self.shape}.duckdb"


@dataclass(frozen=True, slots=True)
class BookShape:
    """What else decides the Book's content: the reporting currency, rates into it by currency, and the custom fields."""

    currency: str
    rates: Mapping[str, Decimal]
    custom: Sequence[Field]


def current_key(store: Store, day: date, shape_digest: str) -> BookKey:
    """The key of the Book of this moment."""
    with store.read() as connection:
        return BookKey(counters.value(connection, counters.DATA), counters.value(connection, counters.LEDGER), day, shape_digest)


def find_book(folder: Path, key: BookKey, *, any_ledger: bool = False) -> tuple[BookKey, Path] | None:
    """The Book of a key where it is there already; `any_ledger` takes the newest with the same data."""
    path = folder / key.file_name
    if path.exists() or not any_ledger:
        return (key, path) if path.exists() else None
    found = sorted(folder.glob(f"book-{FORMAT}-{key.data}-*-{key.shape}.duckdb"), key=lambda p: p.stat().st_mtime)
    if not found:
        return None
    ledger, day = found[-1].name.split("-")[3:5]
    return replace(key, ledger=int(ledger), day=date.fromisoformat(day)), found[-1]


def build(store: Store, key: BookKey, shape: BookShape, folder: Path, progress: Progress) -> Path:
    """Write the Book of `key` into `folder`, unless it is there, and return its path.

    A reader never sees half a file: it is written under another name and renamed. Older Books are removed, but for the last two.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / key.file_name
    if path.exists():
        return path
    partial = folder / f".{key.file_name}.{os.getpid()}"
    rows_partial = rows_file(partial)
    partial.unlink(missing_ok=True)
    progress.report("building the book")
    import duckdb  # slow to load, and often the Book is there already

    try:
        with duckdb.connect(str(partial)) as connection:
            connection.execute("SET preserve_insertion_order = true; SET threads = 2")
            _load(store, connection, key, progress)
            _make_accounts(connection, shape)
            _make_sums(connection, shape)
            connection.execute("CHECKPOINT")
            _write_rows(connection, rows_partial)
        # The rows first: who finds the Book finds its rows.
        rows_partial.rename(rows_file(path))
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
        rows_partial.unlink(missing_ok=True)
    _remove_old(folder, path)
    return path


def _remove_old(folder: Path, newest: Path) -> None:
    others = sorted((p for p in folder.glob("book-*.duckdb") if p != newest), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in others[1:]:
        old.unlink(missing_ok=True)
        rows_file(old).unlink(missing_ok=True)


def rows_file(path: Path) -> Path:
    """Where a Book keeps its accounts row by row: Arrow beside the DuckDB file, for taking a page's few rows from a million."""
    return path.with_name(path.name + ".arrow")


def _write_rows(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The accounts as one uncompressed batch of Arrow in the order of their numbers, to be mapped into memory."""
    table = connection.execute("SELECT * FROM accounts ORDER BY account").to_arrow_table().combine_chunks()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(table.num_rows, 1))


def _load(store: Store, connection: duckdb.DuckDBPyConnection, key: BookKey, progress: Progress) -> None:
    day = f"'{key.day.isoformat()}'" if store.is_sqlite else f"DATE '{key.day.isoformat()}'"
    year_ago = f"'{_year_before(key.day).isoformat()}'" if store.is_sqlite else f"DATE '{_year_before(key.day).isoformat()}'"
    queries = {
        "raw_accounts": f"SELECT {_ACCOUNT_COLUMNS} FROM accounts WHERE closed_on IS NULL ORDER BY id",
        "raw_holdings": (
            "SELECT h.account_id, k.key AS territory, h.role, h.share, h.via FROM ledger_ownership h "
            "JOIN territory_keys k ON k.id = h.territory_id WHERE h.recorded_until IS NULL "
            f"AND h.true_from <= {day} AND (h.true_until IS NULL OR h.true_until > {day})"
        ),
        "raw_orders": (
            "SELECT account_id, currency, amount_minor AS minor FROM orders "
            f"WHERE closed_on IS NULL AND account_id IS NOT NULL AND ordered_on > {year_ago} AND ordered_on <= {day}"
        ),
        "raw_opportunities": (
            "SELECT account_id, person_id, status, currency, amount_minor AS minor FROM opportunities WHERE closed_on IS NULL"
        ),
    }
    with bulk.whole_tables(store) as state:
        for number, (table, sql) in enumerate(queries.items()):
            progress.report("building the book", number, len(queries) + 1)
            connection.register(table, state.arrow(sql))


def _make_accounts(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> None:
    _make_rates(connection, shape)
    _make_families(connection)
    custom = "".join(
        f", TRY_CAST(json_extract_string(a.custom, {_json_path(f.name)}) AS {_DUCK_TYPES[f.type]}) AS {quote(f.name)}"
        for f in shape.custom
    )
    # Sorting by a number is several times faster than sorting by names.
    connection.execute("""
        CREATE TEMP TABLE ranks AS
        SELECT id AS account, row_number() OVER (ORDER BY name, id)::INTEGER AS name_rank FROM raw_accounts""")
    connection.execute(f"""
        CREATE TABLE accounts AS
        SELECT a.id AS account, n.name_rank, a.key AS id, a.name, k.parent, k.family, a.country, a.region, a.city, a.postal_code,
            a.latitude, a.longitude, a.place_precision, a.zone, a.industry, a.segment, a.channel, a.language, a.referral_source,
            a.employees::BIGINT AS employees, (a.annual_revenue_minor * fx.factor)::BIGINT AS annual_revenue,
            (a.potential_minor * fx.factor)::BIGINT AS potential, a.customer_since::DATE AS customer_since,
            o.minor AS revenue_12m, q.minor AS pipeline, coalesce(q.opportunities, 0)::BIGINT AS open_opportunities,
            h.territory, list_extract($vias, h.via + 1) AS via{custom}
        FROM raw_accounts a
        JOIN ranks n ON n.account = a.id
        LEFT JOIN kin k ON k.account = a.id
        LEFT JOIN rates fx ON fx.currency = coalesce(a.currency, $currency)
        LEFT JOIN (SELECT account_id, sum(minor * factor)::BIGINT AS minor FROM raw_orders o
            JOIN rates r ON r.currency = coalesce(o.currency, $currency) GROUP BY 1) o
            ON o.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(minor * factor)::BIGINT AS minor, count(*) AS opportunities
            FROM raw_opportunities p LEFT JOIN rates r ON r.currency = coalesce(p.currency, $currency)
            WHERE status = 'open' AND account_id IS NOT NULL GROUP BY 1) q ON q.account_id = a.id
        LEFT JOIN (SELECT account_id, min(territory) AS territory, min(via) AS via FROM raw_holdings WHERE role = 0 GROUP BY 1) h
            ON h.account_id = a.id
        """, {"currency": shape.currency, "vias": list(VIAS)})  # fmt: skip
    connection.execute("""
        CREATE TABLE holdings AS
        SELECT h.account_id AS account, h.territory, h.role, h.share, h.via FROM raw_holdings h
        JOIN accounts a ON a.account = h.account_id ORDER BY h.territory, h.account_id""")
    connection.execute(f"""
        CREATE TABLE tokens AS
        SELECT DISTINCT token, account FROM (
            SELECT account, unnest({WORDS.format(text="name || ' ' || id")}) AS token FROM accounts)
        WHERE token <> '' ORDER BY token, account""")


def _make_families(connection: duckdb.DuckDBPyConnection) -> None:
    """The topmost account above each one that has a parent or a child; the way up doubles in each round.

    Accounts on a cycle, which no import lets in, end at one of the cycle.
    """
    connection.execute("""
        CREATE TEMP TABLE families AS
        WITH child AS (SELECT a.id, a.parent_id FROM raw_accounts a SEMI JOIN raw_accounts p ON p.id = a.parent_id)
        SELECT id AS account, parent_id AS root FROM child
        UNION ALL SELECT DISTINCT parent_id, parent_id FROM child WHERE parent_id NOT IN (SELECT id FROM child)""")
    for _ in range(_FAMILY_DOUBLINGS):
        moved = connection.execute("""
            UPDATE families SET root = above.root FROM families above
            WHERE above.account = families.root AND above.root <> families.root""").fetchone()
        if not moved or not moved[0]:
            break
    connection.execute("""
        CREATE TEMP TABLE kin AS
        SELECT f.account, p.key AS parent, r.key AS family FROM families f
        JOIN raw_accounts a ON a.id = f.account JOIN raw_accounts r ON r.id = f.root LEFT JOIN raw_accounts p ON p.id = a.parent_id""")


def _make_rates(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> None:
    connection.execute("CREATE TEMP TABLE rates (currency VARCHAR, factor DOUBLE)")
    rates = {shape.currency: Decimal(1), **shape.rates}
    rows = [[c, float(rate.scaleb(exponent(shape.currency) - exponent(c)))] for c, rate in rates.items()]
    connection.executemany("INSERT INTO rates VALUES (?, ?)", rows)


def _make_sums(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> None:
    connection.execute("""
        CREATE TABLE territory_sums AS
        SELECT territory, 0 AS role, count(*) AS accounts, sum(potential)::BIGINT AS potential,
            sum(annual_revenue)::BIGINT AS annual_revenue, sum(revenue_12m)::BIGINT AS revenue_12m, sum(pipeline)::BIGINT AS pipeline,
            sum(open_opportunities)::BIGINT AS open_opportunities FROM accounts GROUP BY 1
        UNION ALL
        SELECT h.territory, h.role, count(*), sum(a.potential * h.share)::BIGINT, sum(a.annual_revenue * h.share)::BIGINT,
            sum(a.revenue_12m * h.share)::BIGINT, sum(a.pipeline * h.share)::BIGINT, sum(a.open_opportunities)::BIGINT
        FROM holdings h JOIN accounts a USING (account) WHERE h.role <> 0 GROUP BY 1, 2""")
    connection.execute("""
        CREATE TABLE person_sums AS
        SELECT person_id AS person, status, count(*) AS opportunities, coalesce(sum(minor * factor), 0)::BIGINT AS minor
        FROM raw_opportunities s LEFT JOIN rates r ON r.currency = coalesce(s.currency, $currency)
        WHERE person_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""", {"currency": shape.currency})  # fmt: skip
    connection.execute("""
        CREATE TABLE zone_sums AS
        SELECT zone, territory, count(*) AS accounts, coalesce(sum(potential), 0)::BIGINT AS potential,
            coalesce(sum(coalesce(revenue_12m, annual_revenue)), 0)::BIGINT AS revenue
        FROM accounts WHERE zone IS NOT NULL GROUP BY 1, 2""")
    _make_cells(connection)


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


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def _json_path(name: str) -> str:
    """The path of a custom field, as a text of SQL."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")
    return f"'$.\"{escaped}\"'"
