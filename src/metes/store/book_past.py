"""The Book as of a day, as known at an instant: the accounts as they are now, with the territories that held them then.

What is of now lies in today's Book and is read there; ownership and all that is summed up by it are read from the ledger and stand in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.progress import SILENT, Progress
from metes.model.moment import Moment
from metes.model.query import AccountQuery
from metes.model.scope import Scope
from metes.store import bulk, ledger_reading
from metes.store.book import Book
from metes.store.book_accounts import ACCOUNT_COLUMNS, WORDS, make_accounts
from metes.store.book_build import TERRITORY_SUMS, ZONE_SUMS, make_sums
from metes.store.book_key import BookShape
from metes.store.book_scope import Asked, Shown, by_bits, of_territories
from metes.store.bulk import Snapshot
from metes.store.columns import to_micros
from metes.store.engine import Store
from metes.store.filters import Parameters, quote
from metes.store.ledger import VIAS
from metes.store.rule_columns import RuleColumns

# What an account says of who holds it.
_HELD = ("territory", "via")
_CLOSED = "account_id IN (SELECT id FROM accounts WHERE closed_on IS NOT NULL)"
_CLOSED_TABLES = {
    "raw_accounts": f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE closed_on IS NOT NULL ORDER BY id",
    "raw_orders": f"SELECT account_id, product_id, ordered_on, currency, amount_minor AS minor FROM orders WHERE closed_on IS NULL AND {_CLOSED}",
    "raw_products": "SELECT id, external_id, family FROM products WHERE closed_on IS NULL",
    "raw_opportunities": (
        f"SELECT account_id, person_id, status, currency, amount_minor AS minor FROM opportunities WHERE closed_on IS NULL AND {_CLOSED}"
    ),
}


class PastBook(Book):
    """Lists, sums, searches and the map of one moment of the ledger.

    It holds each account that a territory held then, closed since or not, and beside these the accounts that no territory held: those
    known by then, but for the ones closed by that day. Values of accounts, families and figures in money are those of today's Book.

    What a narrow scope shows of it goes by who holds what today: of the accounts that its territories hold now what was of them then,
    and none that is closed.
    """

    def __init__(self, today: Book, tables: Mapping[str, pa.Table]) -> None:
        self._today = today
        self._tables = tables
        super().__init__(today.path, today.fields, today.currency)
        self._tables = {}

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:", config={"threads": 2})
        try:
            connection.execute(f"ATTACH '{_as_text(self.path)}' AS base (READ_ONLY)")
            for name, table in self._tables.items():
                connection.register(f"raw_{name}", table)
            _make_tables(connection)
            for name in self._tables:
                connection.unregister(f"raw_{name}")
        except BaseException:
            connection.close()
            raise
        return connection

    @property
    def rule_columns(self) -> RuleColumns:
        """All accounts of today's Book by column: who held them then is no field of a rule."""
        return self._today.rule_columns

    @property
    def _numbers_beside(self) -> pa.Array:
        return pa.array(self._today._row_batch[1])

    def seen_bits(self, territories: frozenset[str]) -> bytes:
        """The accounts that some territories hold today, whoever held them then."""
        return self._today.seen_bits(territories)

    def _ask(self, scope: Scope, territories: frozenset[str] | None = None) -> Asked:
        """By bits alone: the rows of today tell nothing of who held them, and a scope need not show what its territories held then."""
        if scope.territories is None or scope.is_nothing:
            return super()._ask(scope, territories)
        return by_bits(self.seen_bits(scope.territories))

    def _shown(self, territories: frozenset[str]) -> Shown:
        return self._today._shown(territories)

    def _seen_of(self, numbers: Sequence[int], scope: Scope) -> Sequence[int]:
        return self._today._seen_of(numbers, scope)

    @property
    def _sums_up_what_is_seen(self) -> bool:
        """Never: a scope need not show what its territories held then."""
        return False

    def _summed(self, scope: Scope) -> list[dict[str, Any]]:
        if scope.territories is None:
            return super()._summed(scope)
        return self._sums_seen(TERRITORY_SUMS, scope)

    def _zone_sums(self, scope: Scope) -> tuple[str, Parameters]:
        if scope.territories is None:
            return super()._zone_sums(scope)
        return self._by_account(ZONE_SUMS, scope)

    def _sums_seen(self, sums: str, scope: Scope) -> list[dict[str, Any]]:
        source, parameters = self._by_account(sums, scope)
        return self._rows(f"SELECT * FROM {source}", parameters)

    def _by_account(self, sums: str, scope: Scope) -> tuple[str, Parameters]:
        """Sums by territory of the accounts that a narrow scope shows, of its own territories, as a table with its parameters."""
        asked = self._ask(scope)
        own, named = of_territories(scope)
        seen = f"SELECT * FROM {asked.table} WHERE {asked.condition}"
        return f"(WITH seen AS ({seen}) SELECT * FROM ({sums.format(accounts='seen')}) WHERE {own})", [*asked.parameters, *named]

    def details(self, columns: Sequence[str], scope: Scope) -> pa.Table:
        """Columns of all accounts that the scope shows, by number."""
        asked, names = self._ask(scope), ", ".join(map(quote, columns))
        sql = f"SELECT {names} FROM {asked.table} WHERE {asked.condition} ORDER BY account"
        return self.cursor().execute(sql, [*asked.parameters]).to_arrow_table()

    def changes(self, told: pa.Table, scope: Scope) -> list[dict[str, Any]]:
        """What was recorded since changed of who held what in scope: `told` as `metes.store.ledger_reading.told_of` gives it.

        Per territory and cause (kind and number, else the instant alone that it ended a fact): accounts, potential and revenue_12m
        gained and lost. This Book is the day as known now.
        """
        cursor = self._connection.cursor()
        cursor.register("told", told)
        keys = "SELECT DISTINCT account_id, territory_id, role FROM told WHERE"
        sums = ", ".join(f"sum(coalesce({name}, 0))::BIGINT AS {name}" for name in ("potential", "revenue_12m"))
        asked = self._ask(scope)
        own, named = of_territories(scope, "k.key")
        rows = cursor.execute(
            f"""
            WITH moved AS (
                SELECT *, 1 AS gained FROM ({keys} is_known = 1 EXCEPT {keys} was_known = 1)
                UNION ALL SELECT *, 0 FROM ({keys} was_known = 1 EXCEPT {keys} is_known = 1)),
            causes AS (
                SELECT account_id, role, arg_max(cause_kind, recorded_at) FILTER (was_known = 0 AND is_known = 1) AS kind,
                    arg_max(cause_id, recorded_at) FILTER (was_known = 0 AND is_known = 1) AS id, max(recorded_until) AS ended
                FROM told GROUP BY account_id, role)
            SELECT k.key AS territory, m.gained, c.kind, c.id, CASE WHEN c.kind IS NULL THEN c.ended END AS ended,
                count(*) AS accounts, {sums}
            FROM moved m JOIN causes c USING (account_id, role) JOIN keys k ON k.id = m.territory_id
            LEFT JOIN accounts a ON a.account = m.account_id WHERE {asked.condition} AND {own} GROUP BY ALL ORDER BY ALL""",
            [*asked.parameters, *named],
        )
        names = [column[0] for column in rows.description or ()]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    def _quickly_sorted(self, query: AccountQuery) -> AccountQuery:
        """As asked: accounts closed since have no rank among the names of today's."""
        return query

    def _take(self, numbers: Sequence[int], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        asked = [] if columns is None else [c for c in columns if c not in ("account", *_HELD)]
        held = {
            row["account"]: row for row in self._rows("SELECT * FROM owned WHERE account IN (SELECT unnest(?))", [list(numbers)])
        }
        found = {row["account"]: row for row in self._today._take(numbers, ("account", *asked) if columns is not None else None)}
        missing = [number for number in held if number not in found]
        if missing:
            rows = self._rows("SELECT * FROM closed WHERE account IN (SELECT unnest(?))", [missing])
            found |= {row["account"]: row for row in rows}
        names = None if columns is None else (*columns,)
        return [
            {name: row[name] for name in names or row}
            for number in numbers
            if number in held and number in found
            for row in [{**found[number], **{name: held[number][name] for name in _HELD}}]
        ]


def past_book(store: Store, today: Book, shape: BookShape, moment: Moment, progress: Progress = SILENT) -> PastBook:
    """Read the Book of a moment from the ledger; `today` is the Book of the data of now."""
    progress.report("reading the ledger", 0, 2)
    with bulk.whole_tables(store) as state:
        tables = {
            "holdings": ledger_reading.holdings_at(state, store, moment),
            "keys": state.arrow("SELECT id, key FROM territory_keys"),
            "hidden": _unknown_then(state, moment),
            "closed_on": _closed_on(state),
        }
        tables["closed"] = _closed(state, shape, today, tables["closed_on"], tables["holdings"], moment)
    progress.report("summing up", 1, 2)
    return PastBook(today, tables)


def _unknown_then(state: Snapshot, moment: Moment) -> pa.Table:
    """The accounts that came in after the moment."""
    none = pa.table({"id": pa.array([], pa.int64())})
    if moment.known is None:
        return none
    later = f"SELECT id FROM imports WHERE imported_at > {to_micros(moment.known)}"
    if not state.arrow(later).num_rows:
        return none
    return state.arrow(f"SELECT id FROM accounts WHERE created_import IN ({later})").cast(none.schema)


def _closed_on(state: Snapshot) -> pa.Table:
    """The accounts closed since, each with the day."""
    found = state.arrow("SELECT id, closed_on FROM accounts WHERE closed_on IS NOT NULL")
    return found.cast(pa.schema([("id", pa.int64()), ("closed_on", pa.date32())]))


def _closed(state: Snapshot, shape: BookShape, today: Book, closed_on: pa.Table, holdings: pa.Table, moment: Moment) -> pa.Table:
    """The rows of the accounts that were open or held then and are closed now."""
    was_open = pc.or_(
        pc.greater(closed_on["closed_on"], pa.scalar(moment.at)), pc.is_in(closed_on["id"], value_set=holdings["account_id"])
    )
    wanted = closed_on.filter(was_open)["id"]
    columns = today.cursor().execute("SELECT * EXCLUDE (name_rank) FROM accounts LIMIT 0").to_arrow_table()
    if not len(wanted):
        return columns
    with duckdb.connect(":memory:", config={"threads": 2}) as scratch:
        for name, sql in _CLOSED_TABLES.items():
            scratch.register(name, state.arrow(sql))
        scratch.register("raw_holdings", pa.table({"account_id": [0], "territory": [""], "role": [0], "via": [0]}).slice(1))
        make_accounts(scratch, shape, today.day)
        scratch.register("wanted", pa.table({"account": wanted}))
        return scratch.execute("SELECT * EXCLUDE (name_rank) FROM accounts SEMI JOIN wanted USING (account)").to_arrow_table()


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables and views of a Book, from those of today's and what was read of the ledger."""
    connection.execute("""
        CREATE TABLE holdings AS
        SELECT h.account_id AS account, k.key AS territory, h.role, h.share, h.via
        FROM raw_holdings h JOIN raw_keys k ON k.id = h.territory_id ORDER BY k.key, h.account_id""")
    connection.execute("CREATE TABLE keys AS SELECT id, key FROM raw_keys")
    connection.execute("CREATE TABLE closed AS SELECT * FROM raw_closed")
    connection.execute(
        """
        CREATE TABLE owned AS
        WITH h AS (SELECT account, min(territory) AS territory, min(via) AS via FROM holdings WHERE role = 0 GROUP BY 1),
            everyone AS (SELECT account FROM base.accounts UNION ALL SELECT account FROM closed)
        SELECT a.account, h.territory, list_extract($vias, h.via + 1) AS via FROM everyone a LEFT JOIN h USING (account)
        WHERE a.account IN (SELECT account FROM holdings) OR a.account NOT IN (SELECT id FROM raw_hidden) ORDER BY a.account""",
        {"vias": list(VIAS)},
    )
    connection.execute("""
        CREATE VIEW accounts AS
        SELECT b.* REPLACE (o.territory AS territory, o.via AS via) FROM base.accounts b JOIN owned o ON o.account = b.account
        UNION ALL BY NAME
        SELECT c.* REPLACE (o.territory AS territory, o.via AS via) FROM closed c JOIN owned o ON o.account = c.account""")
    connection.execute(f"""
        CREATE VIEW tokens AS SELECT token, account FROM base.tokens
        UNION ALL SELECT DISTINCT token, account FROM (
            SELECT account, unnest({WORDS.format(text="name || ' ' || id")}) AS token FROM closed) WHERE token <> ''""")
    connection.execute("CREATE VIEW person_sums AS SELECT * FROM base.person_sums")
    make_sums(connection)


def _as_text(path: Path) -> str:
    return str(path).replace("'", "''")
