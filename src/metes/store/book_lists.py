"""Lists of accounts: pages by key, exports, ids, counts, values to filter by, and search."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from metes.base.errors import InputError
from metes.model.catalogue import Field
from metes.model.condition import EVERYTHING, Condition, InList, literals
from metes.model.plan import NamedList, Plan
from metes.model.query import AccountPage, AccountQuery, Cursor
from metes.model.scope import Scope
from metes.model.terms import OfFamily, term_of, terms_of
from metes.rules.term_columns import identity_of
from metes.store.book_accounts import WORDS
from metes.store.book_scope import KIN, Asked, without_hidden_kin
from metes.store.book_source import BookSource
from metes.store.filters import HOLDS, Filter, FilterWriter, Parameters, quote, worked_out
from metes.store.wide_filters import MANY, comparisons_in, holding, require_few_enough

SUM_FIELDS = ("potential", "annual_revenue", "revenue_12m", "pipeline")
_COUNTS_KEPT = 512
_WORDS_USED = 8
_SEARCHED = 500
_VALUES_KEPT = 256
_HELD_KEPT = 16
_NO_PLAN = Plan("")


class BookLists(BookSource):
    """The accounts of the Book as lists; every query takes a `Scope`."""

    def __init__(self, path: Path, fields: Mapping[str, Field], currency: str) -> None:
        super().__init__(path, fields, currency)
        self._counts: OrderedDict[tuple[Hashable, ...], tuple[int, dict[str, int]]] = OrderedDict()
        self._values: OrderedDict[tuple[Any, ...], tuple[tuple[Any, int], ...]] = OrderedDict()
        self._held: OrderedDict[tuple[Hashable, ...], pa.Array] = OrderedDict()
        self._lock = threading.Lock()

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
            return self._page(query, self._filter(query, scope, lists, plan), scope)
        except (duckdb.BinderException, duckdb.ConversionException, duckdb.InvalidInputException):
            if query.after is None:
                raise
            # Whoever changed the cursor gave it a value that cannot stand in the column.
            raise InputError("expected the cursor of an earlier page in the same order; begin again without one") from None

    def _page(self, query: AccountQuery, asked: Filter, scope: Scope) -> AccountPage:
        total, sums = self._count(asked)
        is_backward = query.after is not None and query.after.is_backward
        sorted_by = self._quickly_sorted(query)
        order = _order(sorted_by.sort, query.is_descending, is_backward)
        numbers: list[int] = []
        for behind, more in _stretches(sorted_by):
            missing = query.rows + 1 - len(numbers)
            if missing:
                sql = f"SELECT account FROM {asked.source} WHERE {asked.text} AND {behind} ORDER BY {order} LIMIT {missing}"
                numbers += [row[0] for row in asked.on(self.cursor()).execute(sql, asked.bound + more).fetchall()]
        found = self._take(numbers, tuple(dict.fromkeys(("account", query.sort, *query.columns))))
        found = self._without_hidden_kin(found, scope)
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
        """All matching accounts in the order asked, in Arrow batches: at least one, which names the columns."""
        for name in (*query.columns, query.sort):
            self._require_column(name)
        asked = self._filter(query, scope, lists, plan)
        columns = ", ".join(quote(c) for c in query.columns)
        sql = f"SELECT {columns} FROM {asked.source} WHERE {asked.text} ORDER BY {_order(query.sort, query.is_descending)}"
        batches = asked.on(self._connection.cursor()).execute(sql, asked.bound).to_arrow_reader(chunk_rows)
        first = next(batches, None)
        yield pa.RecordBatch.from_pylist([], schema=batches.schema) if first is None else first
        yield from batches

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
        return [row[0] for row in asked.on(self.cursor()).execute(sql, asked.bound).fetchall()]

    def count(
        self, condition: Condition, scope: Scope, lists: Mapping[str, NamedList] | None = None, plan: Plan | None = None
    ) -> int:
        """How many accounts a condition takes."""
        return self._count(self._filter(AccountQuery(condition=condition), scope, lists, plan))[0]

    def distinct(
        self, column: str, scope: Scope, limit: int = 200, within: tuple[tuple[str, str], ...] = ()
    ) -> tuple[tuple[Any, int], ...]:
        """The most frequent values of a column with their counts, of accounts that have some values in others; kept, being asked often."""
        self._require_column(column)
        for other, _ in within:
            self._require_column(other)
        key = (column, scope.territories, limit, *within)
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        asked = self._ask_for(scope, {column, *(other for other, _ in within)})
        allowed = " AND ".join((asked.condition, *(f"{quote(other)} = ?" for other, _ in within)))
        parameters = [*asked.parameters, *(value for _, value in within)]
        name = quote(column)
        sql = f"SELECT {name}, count(*) AS n FROM {asked.table} WHERE {name} IS NOT NULL AND {allowed} GROUP BY 1 ORDER BY n DESC, 1 LIMIT {int(limit)}"
        values = tuple((row[0], row[1]) for row in asked.on(self.cursor()).execute(sql, parameters).fetchall())
        with self._lock:
            self._values[key] = values
            while len(self._values) > _VALUES_KEPT:
                self._values.popitem(last=False)
        return values

    def search(self, text: str, scope: Scope, limit: int = 10) -> list[dict[str, Any]]:
        """Accounts whose name or id has a word beginning with each word of the text, those of most potential first.

        An account whose whole name is the text comes before all others, where it is among the first few hundred.
        """
        words = self._words(text)
        if not words:
            return []
        asked = self._ask(scope)
        match, match_parameters = _token_match(words)
        # Matched before it is asked what is seen: the other way round the database looks through what is seen first.
        sql = (
            f"WITH matched AS MATERIALIZED (SELECT account, name_rank, potential FROM {asked.table} WHERE {match}) "
            f"SELECT account FROM matched WHERE {asked.condition} ORDER BY potential DESC NULLS LAST, account LIMIT {_SEARCHED}"
        )
        numbers = [row[0] for row in asked.on(self.cursor()).execute(sql, [*match_parameters, *asked.parameters]).fetchall()]
        rows = self._take(numbers, ("account", "id", "name", "city", "region", "territory", "potential"))
        wanted = text.strip().lower()
        return sorted(rows, key=lambda row: row["name"].lower() != wanted)[:limit]

    def _ask_for(self, scope: Scope, names: Set[str], territories: frozenset[str] | None = None) -> Asked:
        """Where a query of some columns finds the accounts of a scope; what stands above an account and is hidden is missing there."""
        asked = self._ask(scope, territories)
        if scope.is_everything or names.isdisjoint(KIN) or asked.table != "accounts":
            return asked
        hidden = self._hidden_kin(scope)
        return without_hidden_kin(asked, hidden) if hidden else asked

    @property
    def _numbers_beside(self) -> pa.Array | None:
        """Of which accounts the columns of terms are; None where they stand as the accounts do."""
        return None

    def _filter(self, query: AccountQuery, scope: Scope, lists: Mapping[str, NamedList] | None, plan: Plan | None) -> Filter:
        plan = plan or _NO_PLAN
        asked = {literal.field for literal in literals(query.condition)}
        seen = self._ask_for(scope, {*asked, *query.columns, query.sort}, query.territories)
        parameters: Parameters = []
        parts = [seen.condition]
        columns: Mapping[str, pa.Array] = {}
        identity: tuple[Hashable, ...] = ()
        if query.condition != EVERYTHING:
            if not scope.is_everything:
                _require_of_the_account(query.condition)
            text, more, columns, identity = self._written(query.condition, plan.list_by_key if lists is None else lists, plan)
            if not scope.is_everything and HOLDS in columns and not asked.isdisjoint(KIN):
                raise InputError("a condition of so many comparisons cannot ask for 'parent' or 'family'; ask for fewer")
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
        # Rows that were taken from among the others do not stand in their order.
        numbers = self._numbers_beside if seen.rows is None else self._row_batch[0].column("account")
        return Filter(" AND ".join(parts), parameters, columns, identity, numbers, scope.territories, seen)

    def _written(
        self, condition: Condition, lists: Mapping[str, NamedList], plan: Plan
    ) -> tuple[str, Parameters, Mapping[str, pa.Array], tuple[Hashable, ...]]:
        """A condition as expression, parameters, columns beside the accounts' and what tells these from others."""
        text, parameters = FilterWriter(self.fields, lists, self.currency, plan.area_by_key).write(condition)
        comparisons = comparisons_in(text, parameters)
        require_few_enough(comparisons)
        terms = terms_of(literal.field for literal in literals(condition))
        identity: tuple[Hashable, ...] = tuple(identity_of(term, plan, self.day) for term in terms)
        if comparisons <= MANY:
            return text, parameters, {term.name: self.rule_columns.term(term, plan, self.day) for term in terms}, identity
        used = {literal.list: lists[literal.list] for literal in literals(condition) if isinstance(literal, InList)}
        key = (condition, tuple(sorted(used.items())), identity)
        with self._lock:
            holds = self._held.get(key)
        if holds is None:
            holds = holding(self.rule_columns, condition, plan, used, self.fields, self.currency, self.day)
            with self._lock:
                self._held[key] = holds
                while len(self._held) > _HELD_KEPT:
                    self._held.popitem(last=False)
        text, columns = worked_out(holds)
        return text, [], columns, key

    def _words(self, text: str) -> list[str]:
        """The words of a search text, cut by the function that cut the names when the Book was made."""
        if not text.strip():
            return []
        row = self.cursor().execute(f"SELECT {WORDS.format(text='?')}", [text]).fetchone()
        return [word for word in (row[0] if row else []) if word][:_WORDS_USED]

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

    def _count(self, asked: Filter) -> tuple[int, dict[str, int]]:
        key = asked.key
        with self._lock:
            if key in self._counts:
                self._counts.move_to_end(key)
                return self._counts[key]
        sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in SUM_FIELDS)
        sql = f"SELECT count(*), {sums} FROM {asked.source} WHERE {asked.text}"
        row = asked.on(self.cursor()).execute(sql, asked.bound).fetchone() or (0,)
        counted = (int(row[0]), dict(zip(SUM_FIELDS, map(int, row[1:]), strict=True)))
        with self._lock:
            self._counts[key] = counted
            while len(self._counts) > _COUNTS_KEPT:
                self._counts.popitem(last=False)
        return counted


def _require_of_the_account(condition: Condition) -> None:
    """InputError for a condition on a family's topmost account, which may be one that a narrow scope does not show."""
    asked = sorted({literal.field for literal in literals(condition) if isinstance(term_of(literal.field), OfFamily)})
    if asked:
        raise InputError(
            f"'{asked[0]}' can be asked by those who see all accounts: it is of an account that may be hidden from you"
        )


def _token_match(words: Sequence[str]) -> tuple[str, Parameters]:
    one = "account IN (SELECT account FROM tokens WHERE token >= ? AND token < ?)"
    return " AND ".join([one] * len(words)), [end for word in words for end in (word, word + "\U0010ffff")]


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
