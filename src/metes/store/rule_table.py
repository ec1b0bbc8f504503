"""The columns of some accounts straight from the database, as the Book would give them: for rules over what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from metes.model.plan import Plan
from metes.model.terms import OfFamily, Orders, term_of
from metes.store import bulk
from metes.store.book_accounts import ACCOUNT_COLUMNS, make_accounts, orders_of, tops
from metes.store.book_files import TOP, with_dictionaries
from metes.store.book_key import BookShape
from metes.store.engine import Store
from metes.store.rule_columns import RuleColumns

# So many numbers stand in the text of one query.
_CHUNK = 5_000
# What is not looked up for a few accounts: their places among all names, and who holds them.
_NOT_READ = ("name_rank", "territory", "via", "pipeline", "open_opportunities")
_HOLDINGS = pa.schema([("account_id", pa.int64()), ("territory", pa.string()), ("role", pa.int16()), ("via", pa.int16())])
_OPPORTUNITIES = pa.schema([("account_id", pa.int64()), ("status", pa.string()), ("currency", pa.string()), ("minor", pa.int64())])
_ORDERS = pa.schema(
    [
        ("account_id", pa.int64()),
        ("product_id", pa.int64()),
        ("ordered_on", pa.date32()),
        ("currency", pa.string()),
        ("minor", pa.int64()),
    ]
)
_PRODUCTS = pa.schema([("id", pa.int64()), ("external_id", pa.string()), ("family", pa.string())])


def rule_table_of(
    store: Store, account_ids: Iterable[int], names: Iterable[str], plan: Plan, day: date, shape: BookShape
) -> pa.Table:
    """The open ones among some accounts as rules are run over them: the rows that `Book.rule_table` of a Book of that day has.

    Their ancestors and orders are read where a name asks for them. The columns of ownership and pipeline are not there. Takes
    time by the accounts asked for, not by those there are.

    Raises
    ------
    InputError
        For a name that is neither a field nor a term, or an area that the plan lacks.
    """
    names = tuple(dict.fromkeys(names))
    wanted = np.unique(np.fromiter(account_ids, np.int64))
    with bulk.snapshot(store) as state, duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = true; SET threads = 1")
        accounts = _accounts(state, wanted)
        if any(map(_asks_kin, names)):
            accounts = _with_kin(state, accounts)
        raw = {
            "raw_accounts": accounts,
            "raw_holdings": _HOLDINGS.empty_table(),
            "raw_opportunities": _OPPORTUNITIES.empty_table(),
            "raw_orders": _orders(state, accounts) if any(map(_asks_orders, names)) else _ORDERS.empty_table(),
            "raw_products": _products(state) if any(map(_asks_products, names)) else _PRODUCTS.empty_table(),
        }
        for name, table in raw.items():
            connection.register(name, table)
        make_accounts(connection, shape, day)
        return _columns(connection, shape).some(wanted, names, plan, day)


def _columns(connection: duckdb.DuckDBPyConnection, shape: BookShape) -> RuleColumns:
    rows = connection.execute("SELECT * FROM accounts").to_arrow_table()
    encoded = with_dictionaries(rows).append_column(TOP, tops(connection))
    return RuleColumns(_batch(rows), _batch(encoded), _batch(orders_of(connection, shape)), hidden=_NOT_READ)


def _batch(table: pa.Table) -> pa.RecordBatch:
    """A table as one batch, an empty one too."""
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=table.schema)


def _accounts(state: bulk.Snapshot, numbers: Any) -> pa.Table:
    """The open ones of some accounts, by number."""
    sql = f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE closed_on IS NULL AND id IN ({{}}) ORDER BY id"
    return _read(state, sql, numbers.tolist())


def _with_kin(state: bulk.Snapshot, accounts: pa.Table) -> pa.Table:
    """The accounts with all above them, and of each one a child where there is one: who has kin stands in a family."""
    firsts = "SELECT min(id) AS id FROM accounts WHERE closed_on IS NULL AND parent_id IN ({}) GROUP BY parent_id"
    asked = set(accounts["id"].to_pylist())
    parents = set(accounts["parent_id"].drop_null().to_pylist())
    above = parents | set(_read(state, firsts, sorted(asked))["id"].to_pylist())
    while above := above - asked:
        asked |= above
        more = _accounts(state, np.array(sorted(above)))
        accounts = pa.concat_tables([accounts, more])
        above = set(more["parent_id"].drop_null().to_pylist())
    return accounts.sort_by("id")


def _orders(state: bulk.Snapshot, accounts: pa.Table) -> pa.Table:
    sql = (
        "SELECT account_id, product_id, ordered_on, currency, amount_minor AS minor FROM orders "
        "WHERE closed_on IS NULL AND account_id IN ({})"
    )
    return _read(state, sql, accounts["id"].to_pylist())


def _products(state: bulk.Snapshot) -> pa.Table:
    return state.arrow("SELECT id, external_id, family FROM products WHERE closed_on IS NULL")


def _read(state: bulk.Snapshot, sql: str, numbers: Sequence[int]) -> pa.Table:
    """The rows of a query for some numbers, asked in pieces."""
    pieces = [state.arrow(sql.format(", ".join(map(str, map(int, chunk))))) for chunk in _chunks(numbers)]
    return pa.concat_tables(pieces, promote_options="permissive")


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """Pieces of the numbers, at least one; no record has the number -1."""
    return (numbers[start : start + _CHUNK] or [-1] for start in range(0, max(len(numbers), 1), _CHUNK))


def _asks_kin(name: str) -> bool:
    return name in ("family", "parent") or isinstance(term_of(name), OfFamily)


def _innermost(name: str) -> Any:
    """The field or term whose value is asked, whoever's it is."""
    term = term_of(name)
    return _innermost(term.field) if isinstance(term, OfFamily) else term or name


def _asks_orders(name: str) -> bool:
    asked = _innermost(name)
    return asked == "revenue_12m" or isinstance(asked, Orders)


def _asks_products(name: str) -> bool:
    asked = _innermost(name)
    return isinstance(asked, Orders) and (asked.product is not None or asked.family is not None)
