"""The Book: lists, counts, sums, searches and map cells of one state of the data, read from its DuckDB file.

Every query takes a `Scope`. Readers may be many: each thread gets a cursor of its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from metes.base.errors import InputError
from metes.model.catalogue import Field
from metes.model.condition import EVERYTHING, Condition, literals
from metes.model.plan import NamedList, Plan
from metes.model.query import AccountPage, AccountQuery, Box, Cursor, Sums, ZoneFill
from metes.model.scope import Scope
from metes.model.terms import terms_of
from metes.rules.term_columns import identity_of
from metes.store.book_accounts import WORDS
from metes.store.book_build import CELL_ZOOMS, day_of
from metes.store.book_files import columns_file, orders_file, read_arrow, rows_file
from metes.store.filters import Filter, FilterWriter, Parameters, quote
from metes.store.ledger import ROLES
from metes.store.rule_columns import RuleColumns

SUM_FIELDS = ("potential", "annual_revenue", "revenue_12m", "pipeline")
_EXTRA_COLUMNS = ("account", "territory", "via", "pipeline", "open_opportunities")
_COUNTS_KEPT = 512
_WORDS_USED = 8
_SEARCHED = 500
_VALUES_KEPT = 64
NO_PLAN = Plan("")


class Book:
    """The data of one moment, read only."""

    def __init__(self, path: Path, fields: Mapping[str, Field], currency: str) -> None:
        self.path = path
        self.day = day_of(path)
        self.fields = fields
        self.currency = currency
        self._connection = duckdb.connect(str(path), read_only=True, config={"threads": 2})
        # Opened now, for the file may be removed while this Book is still read.
        self._row_source = pa.memory_map(str(rows_file(path)))
        self._column_source = pa.memory_map(str(columns_file(path)))
        self._order_source = pa.memory_map(str(orders_file(path)))
        self._threads = threading.local()
        self._counts: OrderedDict[tuple[Any, ...], tuple[int, dict[str, int]]] = OrderedDict()
        self._values: OrderedDict[tuple[Any, ...], tuple[tuple[Any, int], ...]] = OrderedDict()
        self._helping: frozenset[str] | None = None
        self._lock = threading.Lock()

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

    # --- lists ------------------------------------------------------------------------------------------------------------

    def page(
        self, query: AccountQuery, scope: Scope, lists: Mapping[str, NamedList] | None = None, plan: Plan | None = None
    ) -> AccountPage:
        """One page of accounts in the order asked, with the total and sums of all that match.

        A condition finds its lists in `lists`, else in the plan, and its areas in the plan. Terms that look at the day look at the
        Book's.
        """
        for name in (*query.columns, query.sort):
            self._require_column(name)
        try:
            return self._page(query, self._filter(query, scope, lists, plan))
        except (duckdb.BinderException, duckdb.ConversionException, duckdb.InvalidInputException):
            if query.after is None:
                raise
            # Whoever changed the cursor gave it a value that cannot stand in the column.
            raise InputError("expected the cursor of an earlier page in the same order; begin again without one") from None

    def _page(self, query: AccountQuery, asked: Filter) -> AccountPage:
        total, sums = self._count(asked)
        is_backward = query.after is not None and query.after.is_backward
        sorted_by = self._quickly_sorted(query)
        order = _order(sorted_by.sort, query.is_descending, is_backward)
        numbers: list[int] = []
        for behind, more in _stretches(sorted_by):
            missing = query.rows + 1 - len(numbers)
            if missing:
                sql = f"SELECT account FROM {asked.source} WHERE {asked.text} AND {behind} ORDER BY {order} LIMIT {missing}"
                numbers += [row[0] for row in asked.on(self.cursor()).execute(sql, asked.parameters + more).fetchall()]
        found = self._take(numbers, tuple(dict.fromkeys(("account", query.sort, *query.columns))))
        has_more = len(found) > query.rows
        found = found[: query.rows]
        if is_backward:
            found.reverse()
        has_before = (query.after is not None and not is_backward) or (is_backward and has_more)
        has_after = is_backward or has_more
        return AccountPage(
            rows=found,
            total=total,
            sums=sums,
            next=Cursor(found[-1][query.sort], found[-1]["account"]) if found and has_after else None,
            previous=Cursor(found[0][query.sort], found[0]["account"], True) if found and has_before else None,
        )

    def export(
        self,
        query: AccountQuery,
        scope: Scope,
        lists: Mapping[str, NamedList] | None = None,
        chunk_rows: int = 20_000,
        plan: Plan | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """All matching accounts in the order asked, in Arrow batches."""
        for name in (*query.columns, query.sort):
            self._require_column(name)
        asked = self._filter(query, scope, lists, plan)
        columns = ", ".join(quote(c) for c in query.columns)
        sql = f"SELECT {columns} FROM {asked.source} WHERE {asked.text} ORDER BY {_order(query.sort, query.is_descending)}"
        yield from asked.on(self._connection.cursor()).execute(sql, asked.parameters).to_arrow_reader(chunk_rows)

    def ids(
        self,
        query: AccountQuery,
        scope: Scope,
        lists: Mapping[str, NamedList] | None = None,
        limit: int = 10_000,
        plan: Plan | None = None,
    ) -> list[str]:
        """The ids of all matching accounts, for acting on a selection; at most `limit`."""
        asked = self._filter(query, scope, lists, plan)
        sql = f"SELECT id FROM {asked.source} WHERE {asked.text} ORDER BY account LIMIT {int(limit)}"
        return [row[0] for row in asked.on(self.cursor()).execute(sql, asked.parameters).fetchall()]

    def count(
        self, condition: Condition, scope: Scope, lists: Mapping[str, NamedList] | None = None, plan: Plan | None = None
    ) -> int:
        """How many accounts a condition takes."""
        return self._count(self._filter(AccountQuery(condition=condition), scope, lists, plan))[0]

    def accounts_by_number(self, numbers: Sequence[int], scope: Scope) -> list[dict[str, Any]]:
        """All columns of the accounts with these numbers."""
        allowed = scope.territories
        return [row for row in self._take(numbers) if allowed is None or row["territory"] in allowed]

    def distinct(self, column: str, scope: Scope, limit: int = 200) -> tuple[tuple[Any, int], ...]:
        """The most frequent values of a column with their counts, for filters; kept, since every list asks for the same."""
        self._require_column(column)
        allowed, parameters = _in_scope(scope)
        key = (column, allowed, repr(parameters), limit)
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        name = quote(column)
        sql = f"SELECT {name}, count(*) AS n FROM accounts WHERE {name} IS NOT NULL AND {allowed} GROUP BY 1 ORDER BY n DESC, 1 LIMIT {int(limit)}"
        values = tuple((row[0], row[1]) for row in self.cursor().execute(sql, parameters).fetchall())
        with self._lock:
            self._values[key] = values
            while len(self._values) > _VALUES_KEPT:
                self._values.popitem(last=False)
        return values

    # --- rules ------------------------------------------------------------------------------------------------------------

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

    # --- search -----------------------------------------------------------------------------------------------------------

    def search(self, text: str, scope: Scope, limit: int = 10) -> list[dict[str, Any]]:
        """Accounts whose name or id has a word beginning with each word of the text, those of most potential first.

        An account whose whole name is the text comes before all others, where it is among the first few hundred.
        """
        words = self._words(text)
        if not words:
            return []
        allowed, parameters = _in_scope(scope)
        match, match_parameters = _token_match(words)
        sql = f"SELECT account FROM accounts WHERE {match} AND {allowed} ORDER BY potential DESC NULLS LAST, account LIMIT {_SEARCHED}"
        numbers = [row[0] for row in self.cursor().execute(sql, [*match_parameters, *parameters]).fetchall()]
        rows = self._take(numbers, ("account", "id", "name", "city", "region", "territory", "potential"))
        wanted = text.strip().lower()
        return sorted(rows, key=lambda row: row["name"].lower() != wanted)[:limit]

    # --- sums and map -----------------------------------------------------------------------------------------------------

    def territory_sums(self, scope: Scope) -> dict[tuple[str, str], Sums]:
        """Sums per (territory key, role); the accounts no territory holds stand under the empty key."""
        allowed, parameters = _in_scope(scope)
        rows = self._rows(f"SELECT * FROM territory_sums WHERE {allowed}", parameters)
        return {
            (row["territory"] or "", ROLES[row["role"]]): Sums(
                *(
                    row[name] or 0
                    for name in ("accounts", "potential", "annual_revenue", "revenue_12m", "pipeline", "open_opportunities")
                )
            )
            for row in rows
        }

    def total(self, scope: Scope) -> Sums:
        """Sums of all accounts in scope."""
        sums = self.territory_sums(scope)
        return sum((value for (_, role), value in sums.items() if role == "primary"), Sums())

    def overlays_of(self, account: int, scope: Scope) -> list[tuple[str, str, float]]:
        """Territory key, role and share of every holding of one account."""
        allowed, parameters = _in_scope(scope)
        rows = self.cursor().execute(
            f"SELECT territory, role, share FROM holdings WHERE account = ? AND {allowed} ORDER BY role, territory",
            [account, *parameters],
        )
        return [(row[0], ROLES[row[1]], row[2]) for row in rows.fetchall()]

    def person_sums(self, person: int, scope: Scope) -> dict[str, tuple[int, int]]:
        """Count and amount of a person's opportunities by status."""
        del scope  # what somebody sells is seen by whoever may see the person
        rows = self.cursor().execute(
            "SELECT status, opportunities, minor FROM person_sums WHERE person = ? ORDER BY status", [person]
        )
        return {row[0]: (row[1], row[2]) for row in rows.fetchall()}

    def pipeline_accounts(self, territories: frozenset[str], scope: Scope, limit: int = 200) -> list[int]:
        """Numbers of the accounts of some territories with the largest open pipeline."""
        allowed, parameters = _in_scope(scope)
        held, named = self._held_by(territories)
        sql = f"SELECT account FROM accounts WHERE {held} AND pipeline > 0 AND {allowed} ORDER BY pipeline DESC, account LIMIT {int(limit)}"
        return [row[0] for row in self.cursor().execute(sql, [*named, *parameters]).fetchall()]

    def bounds(self, territories: frozenset[str], scope: Scope) -> Box | None:
        """The window in which nearly all accounts of some territories lie, a few far outliers left aside; None where none has a place."""
        allowed, parameters = _in_scope(scope)
        held, named = self._held_by(territories)
        ends = ", ".join(f"quantile_disc({name}, [0.04, 0.96])" for name in ("longitude", "latitude"))
        row = self.cursor().execute(f"SELECT {ends} FROM accounts WHERE {held} AND {allowed}", [*named, *parameters]).fetchone()
        if row is None or row[0] is None or row[1] is None:
            return None
        (west, east), (south, north) = row
        return Box(west, south, east, north)

    def zone_fills(self, scope: Scope) -> list[ZoneFill]:
        """Each zone's colour: the territory holding most of its potential, else of its revenue, else of its accounts.

        Zones of which no territory holds anything stand under the empty key.
        """
        allowed, parameters = _in_scope(scope)
        sql = f"""
            WITH z AS (SELECT *, sum(potential) OVER w AS all_potential, sum(revenue) OVER w AS all_revenue, sum(accounts) OVER w AS all_accounts
                FROM zone_sums WHERE {allowed} WINDOW w AS (PARTITION BY zone)),
            m AS (SELECT *, CASE WHEN all_potential > 0 THEN potential / all_potential WHEN all_revenue > 0 THEN revenue / all_revenue
                ELSE accounts / all_accounts END AS held FROM z)
            SELECT zone, coalesce(arg_max(territory, (held, territory)), '') AS territory,
                coalesce(max(held) FILTER (territory IS NOT NULL), 1) AS share, any_value(all_accounts) AS accounts,
                any_value(all_potential) AS potential, any_value(all_revenue) AS revenue
            FROM m GROUP BY zone ORDER BY zone"""
        return [
            ZoneFill(r["zone"], r["territory"], float(r["share"]), int(r["accounts"]), int(r["potential"]), int(r["revenue"]))
            for r in self._rows(sql, parameters)
        ]

    def cells(
        self, box: Box, zoom: float, scope: Scope, *, territories: frozenset[str] | None = None, limit: int = 3000
    ) -> list[dict[str, Any]]:
        """Accounts in a window of the map, clustered to the zoom: place, count, potential, and the account where it is one alone."""
        allowed, parameters = _in_scope(scope)
        level = max((z for z in CELL_ZOOMS if z <= zoom), default=CELL_ZOOMS[0])
        # West of east: the window crosses the date line.
        either = "AND" if box.west <= box.east else "OR"
        limits = f"(longitude >= ? {either} longitude <= ?) AND latitude BETWEEN ? AND ?"
        window: Parameters = [box.west, box.east, box.south, box.north]
        source = "cells WHERE zoom = ? AND "
        if territories is not None:
            held, named = self._held_by(territories)
            limits += f" AND {held}"
            window += named
            if territories & self._overlays():
                source = (
                    f"(SELECT ?::TINYINT AS zoom, floor((longitude + 180) * {2**level} / 45)::INTEGER AS x, territory, 1 AS accounts, "
                    f"floor((latitude + 90) * {2**level} / 45)::INTEGER AS y, longitude, latitude, coalesce(potential, 0) AS potential, account "
                    "FROM accounts) WHERE "
                )
        if zoom >= CELL_ZOOMS[-1] + 1:
            sql = (
                "SELECT longitude, latitude, 1 AS accounts, coalesce(potential, 0) AS potential, account, name, territory FROM accounts "
                f"WHERE {limits} AND {allowed} ORDER BY potential DESC NULLS LAST LIMIT {int(limit)}"
            )
            return self._rows(sql, [*window, *parameters])
        sql = (
            "SELECT sum(longitude * accounts) / sum(accounts) AS longitude, sum(latitude * accounts) / sum(accounts) AS latitude, "
            "sum(accounts)::BIGINT AS accounts, sum(potential)::BIGINT AS potential, min(account) AS account, arg_max(territory, accounts) AS territory "
            f"FROM {source}{limits} AND {allowed} GROUP BY x, y ORDER BY accounts DESC LIMIT {int(limit)}"
        )
        return self._rows(sql, [level, *window, *parameters])

    # --- inside -----------------------------------------------------------------------------------------------------------

    def _filter(self, query: AccountQuery, scope: Scope, lists: Mapping[str, NamedList] | None, plan: Plan | None) -> Filter:
        plan = plan or NO_PLAN
        allowed, parameters = _in_scope(scope)
        parts = [allowed]
        if query.condition != EVERYTHING:
            writer = FilterWriter(self.fields, plan.list_by_key if lists is None else lists, self.currency, plan.area_by_key)
            text, more = writer.write(query.condition)
            parts.append(text)
            parameters += more
        if query.territories is not None:
            either, named = self._held_by(query.territories - {""})
            parameters += named
            parts.append(f"({either} OR territory IS NULL)" if "" in query.territories else either)
        words = self._words(query.search)
        if words:
            match, more = _token_match(words)
            parts.append(match)
            parameters += more
        elif query.search.strip():
            parts.append("FALSE")
        terms = terms_of(literal.field for literal in literals(query.condition))
        columns = {term.name: self.rule_columns.term(term, plan, self.day) for term in terms}
        return Filter(" AND ".join(parts), parameters, columns, tuple(identity_of(term, plan, self.day) for term in terms))

    def _words(self, text: str) -> list[str]:
        """The words of a search text, cut by the function that cut the names when the Book was made."""
        if not text.strip():
            return []
        row = self.cursor().execute(f"SELECT {WORDS.format(text='?')}", [text]).fetchone()
        return [word for word in (row[0] if row else []) if word][:_WORDS_USED]

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

    def _quickly_sorted(self, query: AccountQuery) -> AccountQuery:
        """The query with its order by rank where it is by name, which is the same and several times faster."""
        if query.sort != "name":
            return query
        if query.after is None:
            return replace(query, sort="name_rank")
        there = self._take([query.after.account], ("name", "name_rank"))
        if not there or there[0]["name"] != query.after.value:
            return query
        return replace(query, sort="name_rank", after=replace(query.after, value=there[0]["name_rank"]))

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

    def _count(self, asked: Filter) -> tuple[int, dict[str, int]]:
        key = (asked.text, repr(asked.parameters), asked.identity)
        with self._lock:
            if key in self._counts:
                self._counts.move_to_end(key)
                return self._counts[key]
        sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in SUM_FIELDS)
        sql = f"SELECT count(*), {sums} FROM {asked.source} WHERE {asked.text}"
        row = asked.on(self.cursor()).execute(sql, asked.parameters).fetchone() or (0,)
        counted = (int(row[0]), dict(zip(SUM_FIELDS, map(int, row[1:]), strict=True)))
        with self._lock:
            self._counts[key] = counted
            while len(self._counts) > _COUNTS_KEPT:
                self._counts.popitem(last=False)
        return counted

    def _rows(self, sql: str, parameters: Parameters) -> list[dict[str, Any]]:
        result = self.cursor().execute(sql, parameters)
        names = [d[0] for d in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _require_column(self, name: str) -> None:
        if name not in self.columns:
            raise InputError(f"accounts have no column '{name}'; columns are {', '.join(sorted(self.columns))}")


def _token_match(words: Sequence[str]) -> tuple[str, Parameters]:
    one = "account IN (SELECT account FROM tokens WHERE token >= ? AND token < ?)"
    return " AND ".join([one] * len(words)), [end for word in words for end in (word, word + "\U0010ffff")]


def _in_scope(scope: Scope) -> tuple[str, Parameters]:
    """Who sees what: everything, or the territories of a narrower scope."""
    if scope.territories is None:
        return "TRUE", []
    return "territory IN (SELECT unnest(?))", [sorted(scope.territories)]


def _order(sort: str, is_descending: bool, is_backward: bool = False) -> str:
    """Missing values come last in both directions, so first when a page is read backwards."""
    direction = "DESC" if is_descending != is_backward else "ASC"
    return f"{quote(sort)} {direction} NULLS {'FIRST' if is_backward else 'LAST'}, account {direction}"


def _stretches(query: AccountQuery) -> list[tuple[str, Parameters]]:
    """The rows behind the cursor in the order of `_order`, as conditions of stretches that follow one another.

    Rows with and without a value make two stretches, each with a plain bound, by which the database skips what lies before it.
    """
    if query.after is None:
        return [("TRUE", [])]
    column, value, account = quote(query.sort), query.after.value, query.after.account
    behind = "<" if query.is_descending != query.after.is_backward else ">"
    if value is None:
        here: tuple[str, Parameters] = (f"({column} IS NULL AND account {behind} ?)", [account])
        return [here, (f"({column} IS NOT NULL)", [])] if query.after.is_backward else [here]
    here = (f"({column} {behind}= ? AND ({column} {behind} ? OR account {behind} ?))", [value, value, account])
    return [here] if query.after.is_backward else [here, (f"({column} IS NULL)", [])]
