"""Why, of many accounts: a selection as a table, and a territory as a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.progress import SILENT, Progress
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Range
from metes.model.plan import Plan, Territory
from metes.model.query import AccountPage, AccountQuery, Cursor
from metes.model.scope import Scope
from metes.model.terms import term_of
from metes.rules.explain import Explainer
from metes.rules.explanation import FlipSaid
from metes.rules.printer import to_text
from metes.rules.why_many import Tallies, Tally, tallies, why_table

if TYPE_CHECKING:
    from metes.store.book import Book

# From accounts' numbers to the nearest change of each that gives it to another territory.
Flips: TypeAlias = Callable[[Sequence[int]], "Sequence[FlipSaid | None]"]

COLUMNS = ("id", "name", "territory", "holders", "via", "rule", "priority", "runner_up", "decided_by", "would_go_to", "change")
_ANSWERED = COLUMNS[2:-2]
# A value lies near an end of a rule within this share of the end.
NEAR_SHARE = Decimal("0.1")
_EDGES_SHOWN = 6
_BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class SelectionRow:
    """Why one account is where it is. Keys of territories and of the rule; empty or None where there is none.

    `runner_up` is the claim that lost last, by the step `decided_by`. With the `change`, the smallest of one field, it would go to the
    primary territories `would_go_to` (none: a gap); the change is empty where there is none, None where nobody asked.
    """

    account: int
    id: str
    name: str
    territory: str
    holders: int
    via: str
    rule: str
    priority: int | None
    runner_up: str
    decided_by: str
    would_go_to: tuple[str, ...]
    change: str | None


@dataclass(frozen=True, slots=True)
class SelectionPage:
    """A page of a selection, with cursors that lead on and back; `names` as of an `AccountPage`."""

    rows: tuple[SelectionRow, ...]
    total: int
    next: Cursor | None = None
    previous: Cursor | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """A comparison of a territory's rule that accounts it holds only just pass: how many, and a condition that lists them."""

    rule: str
    comparison: str
    condition: str
    accounts: int


@dataclass(frozen=True, slots=True)
class TerritoryWhy:
    """Why a territory, with all below it, holds what it holds.

    `by_via` and `by_rule` (territory, rule) say what brings how much, the most first; `lost` and `won` (other territory, empty where an
    exclusion decides; step) what it claims and does not hold, and what it holds though others claim it. `edges` are of its own rules.
    """

    key: str
    made_at: datetime
    total: Tally
    by_via: tuple[tuple[str, Tally], ...]
    by_rule: tuple[tuple[str, str, Tally], ...]
    lost: tuple[tuple[str, str, Tally], ...]
    won: tuple[tuple[str, str, Tally], ...]
    edges: tuple[Edge, ...]


def answers_of(book: Book, explainer: Explainer, numbers: Sequence[int], day: date, progress: Progress = SILENT) -> pa.Table:
    """Why some accounts are where they are, one row each by ascending number; see `why_table`."""
    accounts = book.rule_columns.some(numbers, explainer.compiled.used_fields, explainer.plan, day)
    return _asked(book, explainer, accounts, day, progress)


def _asked(book: Book, explainer: Explainer, accounts: pa.Table, day: date, progress: Progress) -> pa.Table:
    pinned = book.numbers_of(sorted({pin.account for pin in explainer.plan.pins}))
    parts = list(why_table(accounts, explainer.compiled, explainer.plan, day, pinned, progress=progress))
    return pa.concat_tables(parts) if parts else pa.table({"account": pa.array([], pa.int64())})


def selection_page(page: AccountPage, explainer: Explainer, answers: pa.Table, flips: Flips | None, scope: Scope) -> SelectionPage:
    """The rows of a page of accounts with their answers, as far as they lie in scope."""
    found = {row["account"]: row for row in _named(explainer, answers, scope).to_pylist()}
    changes = flips([row["account"] for row in page.rows]) if flips is not None else [None] * len(page.rows)
    missing = "" if flips is not None else None
    rows = tuple(
        SelectionRow(
            account=row["account"],
            id=row["id"],
            name=row["name"],
            would_go_to=tuple(name.key for name in change.territories) if change else (),
            change=change.phrase if change else missing,
            **{name: found[row["account"]][name] for name in _ANSWERED},
        )
        for row, change in zip(page.rows, changes, strict=True)
        if row["account"] in found
    )
    return SelectionPage(rows, page.total, page.next, page.previous)


def joined(batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Batches as one table with the columns account, id and name."""
    schema = pa.schema([("account", pa.int64()), ("id", pa.string()), ("name", pa.string())])
    tables = [pa.Table.from_batches([batch]).cast(schema) for batch in batches]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def selection_batches(
    book: Book, explainer: Explainer, found: pa.Table, day: date, flips: Flips | None, progress: Progress, scope: Scope
) -> Iterator[pa.RecordBatch]:
    """Why some accounts (account, id, name) of a scope are where they are, in their order, as batches with `COLUMNS`.

    Without `flips` the last two columns are left out.
    """
    accounts = book.rule_table(explainer.compiled.used_fields, explainer.plan, day)
    known = accounts["account"].to_numpy()
    wanted = np.unique(found["account"].to_numpy())
    if len(wanted) < len(known):
        accounts = accounts.take(pa.array(np.searchsorted(known, wanted)))
    answers = _named(explainer, _asked(book, explainer, accounts, day, progress), scope)
    place = pa.array(np.searchsorted(wanted, found["account"].to_numpy()))
    table = pa.table({"id": found["id"], "name": found["name"], **{n: answers[n].take(place) for n in _ANSWERED}})
    if flips is not None:
        changes = flips(found["account"].to_pylist())
        targets = [" and ".join(name.key for name in c.territories) or "none" if c else "" for c in changes]
        table = table.append_column("would_go_to", pa.array(targets, pa.string()))
        table = table.append_column("change", pa.array([c.phrase if c else "" for c in changes], pa.string()))
    yield from table.combine_chunks().to_batches(_BATCH_ROWS) or [pa.RecordBatch.from_pylist([], table.schema)]


def _named(explainer: Explainer, answers: pa.Table, scope: Scope) -> pa.Table:
    """Answers with keys instead of numbers; empty text where there is none, and for rules and losers outside the scope."""
    keys = pa.array([t.key for t in explainer.plan.territories], pa.string())
    rules = explainer.compiled.rules
    if not answers.num_rows:
        columns: dict[str, Any] = {name: pa.array([], pa.string()) for name in _ANSWERED}
        return pa.table({"account": pa.array([], pa.int64()), **columns})

    def keyed(values: pa.Array, places: pa.ChunkedArray, missing: Any) -> pa.Array:
        return (
            values.take(places.combine_chunks()).fill_null(missing) if missing is not None else values.take(places.combine_chunks())
        )

    named = pa.table(
        {
            "account": answers["account"],
            "territory": keyed(keys, answers["territory"], ""),
            "holders": answers["holders"],
            "via": answers["via"].fill_null(""),
            "rule": keyed(pa.array([rule.key for rule in rules], pa.string()), answers["rule"], ""),
            "priority": keyed(pa.array([rule.priority for rule in rules], pa.int64()), answers["rule"], None),
            "runner_up": keyed(keys, answers["runner_up"], ""),
            "decided_by": answers["step"].fill_null(""),
        }
    )
    return named if scope.territories is None else _within(named, scope.territories)


def _within(answers: pa.Table, territories: frozenset[str]) -> pa.Table:
    """Answers without the rules and the losers of other territories."""
    keys = pa.array(sorted(territories), pa.string())
    own, loser = (pc.is_in(answers[name], value_set=keys) for name in ("territory", "runner_up"))
    nothing = {
        "rule": (own, ""),
        "priority": (own, pa.scalar(None, pa.int64())),
        "runner_up": (loser, ""),
        "decided_by": (loser, ""),
    }
    for name, (is_shown, empty) in nothing.items():
        answers = answers.set_column(answers.schema.get_field_index(name), name, pc.if_else(is_shown, answers[name], empty))
    return answers


def tallies_of(book: Book, explainer: Explainer, day: date, progress: Progress) -> Tallies:
    """What all accounts of a Book add up to under a plan, by why they are where they are."""
    names = dict.fromkeys((*explainer.compiled.used_fields, "potential", "revenue_12m"))
    accounts = book.rule_table(names, explainer.plan, day)
    pinned = book.numbers_of(sorted({pin.account for pin in explainer.plan.pins}))
    return tallies(accounts, explainer.compiled, explainer.plan, day, pinned, progress=progress)


def territory_why(
    found: Tallies, plan: Plan, key: str, below: frozenset[str], made_at: datetime, edges: tuple[Edge, ...], scope: Scope
) -> TerritoryWhy:
    """The summary of a territory with all `below` it (itself among them), as far as it lies in scope."""
    below = frozenset(key for key in below if scope.has(key))
    by_via: dict[str, Tally] = {}
    by_rule: dict[tuple[str, str], Tally] = {}
    lost: dict[tuple[str, str], Tally] = {}
    won: dict[tuple[str, str], Tally] = {}
    for (territory, via, rule), tally in found.held.items():
        if territory in below:
            by_via[via] = by_via.get(via, Tally()) + tally
            if rule:
                by_rule[territory, rule] = by_rule.get((territory, rule), Tally()) + tally
    for (loser, winner, step), tally in found.lost.items():
        if not (scope.has(loser) and scope.has(winner)):
            continue
        if winner and any(above.key == loser for above in plan.ancestors(winner)):
            continue  # what lies deeper goes before what lies above it, in every plan
        if loser in below and winner not in below:
            lost[winner, step] = lost.get((winner, step), Tally()) + tally
        elif winner in below and loser not in below:
            won[loser, step] = won.get((loser, step), Tally()) + tally
    return TerritoryWhy(
        key=key,
        made_at=made_at,
        total=sum(by_via.values(), Tally()),
        by_via=tuple(sorted(by_via.items(), key=lambda item: (-item[1].accounts, item[0]))),
        by_rule=_most(by_rule),
        lost=_most(lost),
        won=_most(won),
        edges=edges,
    )


def _most(sums: Mapping[tuple[str, str], Tally]) -> tuple[tuple[str, str, Tally], ...]:
    """Sums by two keys, those of most accounts first."""
    ordered = sorted(sums.items(), key=lambda item: (-item[1].accounts, item[0]))
    return tuple((one, other, tally) for (one, other), tally in ordered)


def edges_of(book: Book, plan: Plan, territory: Territory, scope: Scope) -> tuple[Edge, ...]:
    """The numeric comparisons of a territory's rules that some of the accounts it holds only just pass, those of most first."""
    found: list[Edge] = []
    for rule in territory.rules:
        parts = rule.condition.parts if isinstance(rule.condition, And) else (rule.condition,)
        for part in parts:
            for near in _near(part, book.fields):
                query = AccountQuery(condition=near, territories=frozenset({territory.key}), rows=1)
                total = book.page(query, scope, plan=plan).total
                if total:
                    found.append(Edge(rule.key, to_text(part), to_text(near), total))
    return tuple(sorted(found, key=lambda edge: -edge.accounts)[:_EDGES_SHOWN])


def _near(part: Condition, fields: Mapping[str, Field]) -> Iterator[Range]:
    """For each end of a numeric range the stretch within it that lies near the end."""
    if not isinstance(part, Range) or term_of(part.field) is not None or not fields[part.field].type.is_number:
        return
    for end, is_low in ((part.low, True), (part.high, False)):
        if isinstance(end, int | Decimal) and end > 0:
            width = Decimal(end) * NEAR_SHARE
            if fields[part.field].type is FieldType.INTEGER:
                width = width.to_integral_value(ROUND_CEILING)
            low, high = (Decimal(end), Decimal(end) + width) if is_low else (Decimal(end) - width, Decimal(end))
            yield Range(part.field, _plain(low), _plain(high), part.includes_low or not is_low, part.includes_high or is_low)


def _plain(number: Decimal) -> int | Decimal:
    """A whole number as int, as rules write it."""
    return int(number) if number == int(number) else number
