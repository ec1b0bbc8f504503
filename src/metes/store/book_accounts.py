"""The accounts of a Book as tables of DuckDB, made from raw tables of the database: families, rates, money, orders."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from metes.base.dates import months_before
from metes.base.money import minor_factors
from metes.model.catalogue import FieldType
from metes.store.book_key import BookShape
from metes.store.filters import quote
from metes.store.ledger import VIAS

if TYPE_CHECKING:
    import duckdb

# How a text is cut into words, both when a Book is made and when it is searched: lower case, without accents.
WORDS = "string_split_regex(lower(strip_accents({text})), '[^\\p{{L}}\\p{{N}}]+')"
# Families of up to two to this power levels.
_FAMILY_DOUBLINGS = 20
ACCOUNT_COLUMNS = (
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


def make_accounts(connection: duckdb.DuckDBPyConnection, shape: BookShape, day: date) -> None:
    """Make the table `accounts`, its rows by number, as of a day from the raw tables of accounts, holdings, orders, products and opportunities.

    Beside it `rates` into the reporting currency, and `families`: who has kin, with the topmost account above.
    """
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
            JOIN rates r ON r.currency = coalesce(o.currency, $currency)
            WHERE ordered_on > $year_ago AND ordered_on <= $day GROUP BY 1) o
            ON o.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(minor * factor)::BIGINT AS minor, count(*) AS opportunities
            FROM raw_opportunities p LEFT JOIN rates r ON r.currency = coalesce(p.currency, $currency)
            WHERE status = 'open' AND account_id IS NOT NULL GROUP BY 1) q ON q.account_id = a.id
        LEFT JOIN (SELECT account_id, min(territory) AS territory, min(via) AS via FROM raw_holdings WHERE role = 0 GROUP BY 1) h
            ON h.account_id = a.id
        ORDER BY a.id
        """, {"currency": shape.currency, "vias": list(VIAS), "year_ago": months_before(day, 12), "day": day})  # fmt: skip


def make_holdings(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `holdings`, who helps with which account, and `tokens`, the words by which accounts are searched."""
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


def tops(connection: duckdb.DuckDBPyConnection) -> pa.ChunkedArray:
    """The number of the topmost account above each account, by account; its own where none stands above it."""
    sql = "SELECT coalesce(f.root, a.account) AS top FROM accounts a LEFT JOIN families f USING (account) ORDER BY a.account"
    return connection.execute(sql).to_arrow_table().column("top")


def orders_of(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> pa.Table:
    """Every order of the accounts, by account: account, ordered_on, minor, product (its id) and family, text as dictionaries.

    `minor` is in minor units of the reporting currency, not rounded yet; null where no rate is known.
    """
    orders = connection.execute("""
        SELECT o.account_id AS account, o.ordered_on::DATE AS ordered_on, o.minor * r.factor AS minor, p.place
        FROM raw_orders o SEMI JOIN raw_accounts a ON a.id = o.account_id
        LEFT JOIN (SELECT id, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS place FROM raw_products) p ON p.id = o.product_id
        LEFT JOIN rates r ON r.currency = coalesce(o.currency, $currency)
        ORDER BY 1""", {"currency": shape.currency}).to_arrow_table().combine_chunks()  # fmt: skip
    products = connection.execute("SELECT external_id AS product, family FROM raw_products ORDER BY id").to_arrow_table()
    places = orders.column("place").combine_chunks()
    for name in ("product", "family"):
        text = products.column(name).combine_chunks().dictionary_encode()
        orders = orders.append_column(name, pa.DictionaryArray.from_arrays(text.indices.take(places), text.dictionary))
    return orders.drop_columns(["place"])


def _make_rates(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> None:
    connection.execute("CREATE TEMP TABLE rates (currency VARCHAR, factor DOUBLE)")
    rows = [[currency, float(factor)] for currency, factor in minor_factors(shape.currency, shape.rates).items()]
    connection.executemany("INSERT INTO rates VALUES (?, ?)", rows)


def _json_path(name: str) -> str:
    """The path of a custom field, as a text of SQL."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")
    return f"'$.\"{escaped}\"'"
