"""What all of the Book is read from: its DuckDB file, and the Arrow files beside it, mapped into memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from metes.base.errors import InputError
from metes.model.catalogue import Field
from metes.model.plan import Plan
from metes.model.scope import Scope
from metes.store.book_files import columns_file, orders_file, read_arrow, rows_file
from metes.store.book_key import day_of
from metes.store.book_scope import (
    EVERYTHING_ASKED,
    FEW,
    KIN,
    NOTHING_ASKED,
    Asked,
    Shown,
    ShownAccounts,
    asked_of,
    of_territories,
    set_at,
    shown_by,
)
from metes.store.filters import Parameters
from metes.store.rule_columns import RuleColumns

_EXTRA_COLUMNS = ("account", "territory", "via", "pipeline", "open_opportunities")


class BookSource:
    """The files of one moment, read only: rows and columns of accounts. Each thread gets a cursor of its own."""

    def __init__(self, path: Path, fields: Mapping[str, Field], currency: str) -> None:
        self.path = path
        self.day = day_of(path)
        self.fields = fields
        self.currency = currency
        self._connection = self._open()
        # Opened now, for the file may be removed while this Book is still read.
        self._row_source = pa.memory_map(str(rows_file(path)))
        self._column_source = pa.memory_map(str(columns_file(path)))
        self._order_source = pa.memory_map(str(orders_file(path)))
        self._threads = threading.local()
        self._helping: frozenset[str] | None = None
        self._shown_accounts = ShownAccounts()
        # Up to so many accounts of a scope are asked row by row.
        self.few = FEW

    def _open(self) -> duckdb.DuckDBPyConnection:
        """A connection to the accounts and all that was summed up of them."""
        return duckdb.connect(str(self.path), read_only=True, config={"threads": 2})

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """This thread's own cursor."""
        cursor = getattr(self._threads, "cursor", None)
        if cursor is None:
            cursor = self._threads.cursor = self._connection.cursor()
        return cursor

    @cached_property
    def accounts(self) -> int:
        """How many accounts there are in all."""
        row = self.cursor().execute("SELECT count(*) FROM accounts").fetchone()
        return int(row[0]) if row else 0

    @property
    def columns(self) -> frozenset[str]:
        """The columns a list may show, sort or filter by."""
        return frozenset(self.fields) | frozenset(_EXTRA_COLUMNS)

    def accounts_by_number(self, numbers: Sequence[int], scope: Scope) -> list[dict[str, Any]]:
        """All columns of the accounts with these numbers that the scope shows."""
        return self._without_hidden_kin(self._take(self._seen_of(numbers, scope)), scope)

    def details(self, columns: Sequence[str], scope: Scope) -> pa.Table:
        """Columns of all accounts that the scope shows, by number; read where they lie."""
        batch, _ = self._row_batch
        table = pa.Table.from_batches([batch])
        if scope.is_nothing:
            table = table.slice(0, 0)
        elif scope.territories is not None:
            ranks = batch.column("name_rank").to_numpy().astype(np.int64)
            table = table.filter(pa.array(set_at(self.seen_bits(scope.territories), ranks)))
        return table.select(list(columns))

    def helping(self, scope: Scope) -> pa.Table:
        """Account and territory of every overlay and shared holding of the scope's territories."""
        allowed, parameters = of_territories(scope)
        sql = f"SELECT account, territory FROM holdings WHERE role <> 0 AND {allowed}"
        return self.cursor().execute(sql, parameters).to_arrow_table()

    def numbers_of(self, keys: Sequence[str]) -> dict[str, int]:
        """The numbers of accounts by their keys; keys of no account are left out."""
        if not keys:
            return {}
        rows = self.cursor().execute("SELECT id, account FROM accounts WHERE id IN (SELECT unnest(?))", [list(keys)]).fetchall()
        return {str(key): int(number) for key, number in rows}

    @cached_property
    def rule_columns(self) -> RuleColumns:
        """All accounts by column."""
        return RuleColumns(
            self._row_batch[0], read_arrow(self._column_source), read_arrow(self._order_source), hidden=("name_rank",)
        )

    def rule_table(self, names: Iterable[str], plan: Plan, day: date) -> pa.Table:
        """The accounts as rules are run over them: `account` int64, ascending, and a column per name of a field or a term.

        Text comes as dictionary<int32, string>, money in minor units of the reporting currency; null is a missing value. Areas are
        the plan's; months and orders are those of the day. `revenue_12m` is as of the day of the Book.
        """
        return self.rule_columns.table(names, plan, day)

    def record(self, account: int, names: Iterable[str], plan: Plan, day: date) -> dict[str, Any]:
        """One account's values of fields and terms, the same as in `rule_table`; empty where there is no such account."""
        rows: list[dict[str, Any]] = self.rule_columns.some([account], names, plan, day).to_pylist()
        return rows[0] if rows else {}

    def _held_by(self, territories: frozenset[str]) -> tuple[str, Parameters]:
        """Accounts of some territories: those they hold as primary, and those they help with where they are overlays."""
        named = sorted(territories)
        if len(named) == 1 and not territories & self._overlays():
            return "territory = ?", [named[0]]
        if not territories & self._overlays():
            return "territory IN (SELECT unnest(?))", [named]
        return "account IN (SELECT account FROM holdings WHERE territory IN (SELECT unnest(?)))", [named]

    def _overlays(self) -> frozenset[str]:
        """The territories that hold accounts in another role than the primary one."""
        if self._helping is None:
            rows = self.cursor().execute("SELECT DISTINCT territory FROM territory_sums WHERE role <> 0").fetchall()
            self._helping = frozenset(row[0] for row in rows)
        return self._helping

    def seen_bits(self, territories: frozenset[str]) -> bytes:
        """The accounts that some territories hold today, a bit for each rank of a name; see `metes.store.book_scope`."""
        return self._shown(territories).bits

    def _shown(self, territories: frozenset[str]) -> Shown:
        return self._shown_accounts.of(territories, lambda: shown_by(self.cursor(), territories, self._row_batch[0], self.few))

    def _hidden_kin(self, scope: Scope) -> frozenset[str]:
        """The ids of accounts that stand above one that the scope shows, and do not show themselves."""
        return frozenset() if not scope.territories else self._shown(scope.territories).hidden

    def _without_hidden_kin(self, rows: list[dict[str, Any]], scope: Scope) -> list[dict[str, Any]]:
        """Rows in which what stands above them and is hidden is missing."""
        hidden = self._hidden_kin(scope)
        return [{n: None if n in KIN and v in hidden else v for n, v in row.items()} for row in rows] if hidden else rows

    def _ask(self, scope: Scope, territories: frozenset[str] | None = None) -> Asked:
        """Where a query finds the accounts of a scope; of those that some territories hold, where it asks for no others."""
        if scope.territories is None:
            return EVERYTHING_ASKED
        if scope.is_nothing:
            return NOTHING_ASKED
        asked = asked_of(self._shown(scope.territories))
        is_whole = asked.rows is None and territories is not None and territories <= scope.territories
        return EVERYTHING_ASKED if is_whole else asked  # a scope shows all that its territories hold

    def _seen_of(self, numbers: Sequence[int], scope: Scope) -> Sequence[int]:
        """Those of some accounts that the scope shows, in the same order."""
        if scope.territories is None:
            return numbers
        if scope.is_nothing:
            return []
        rows = self._take(numbers, ("account", "name_rank"))
        shown = set_at(self.seen_bits(scope.territories), np.array([row["name_rank"] for row in rows], np.int64))
        return [row["account"] for row, is_shown in zip(rows, shown, strict=True) if is_shown]

    @cached_property
    def _row_batch(self) -> tuple[pa.RecordBatch, Any]:
        """All accounts row by row, mapped into memory, and their numbers in ascending order."""
        batch = read_arrow(self._row_source)
        return batch, batch.column("account").to_numpy(zero_copy_only=False)

    def _take(self, numbers: Sequence[int], columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The rows of these accounts in this order; numbers of no account are left out."""
        batch, known = self._row_batch
        found = np.searchsorted(known, np.asarray(numbers, np.int64))
        places = [int(p) for p, n in zip(found, numbers, strict=True) if p < len(known) and known[p] == n]
        chosen = batch.select([n for n in batch.schema.names if n != "name_rank"] if columns is None else list(columns))
        rows: list[dict[str, Any]] = chosen.take(pa.array(places, pa.int64())).to_pylist()
        return rows

    def _rows(self, sql: str, parameters: Parameters, asked: Asked = EVERYTHING_ASKED) -> list[dict[str, Any]]:
        """The rows of a query; the condition of what is asked stands before all other parameters."""
        result = asked.on(self.cursor()).execute(sql, [*asked.parameters, *parameters])
        names = [d[0] for d in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _require_column(self, name: str) -> None:
        if name not in self.columns:
            raise InputError(f"accounts have no column '{name}'; columns are {', '.join(sorted(self.columns))}")
