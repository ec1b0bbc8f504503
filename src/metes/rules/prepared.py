"""Purchase history and families as columns, as Ibis expressions: the same text for DuckDB and for Spark."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from typing import Protocol

import ibis

from metes.base.dates import months_before
from metes.base.money import exponent
from metes.model.terms import OfFamily, Orders, OrdersMeasure

# Families of up to two to this power levels.
FAMILY_DOUBLINGS = 6


class Keeper(Protocol):
    """An engine that keeps intermediate tables."""

    def keep(self, table: ibis.Table) -> ibis.Table:
        """The table, worked out once."""

    def is_empty(self, table: ibis.Table) -> bool:
        """Whether the table has no row."""


def code(column: ibis.Value) -> ibis.Value:
    """A key as codes are kept: trimmed, in upper case, null where empty."""
    return column.cast("string").strip().upper().nullif(ibis.literal(""))


def with_orders(
    accounts: ibis.Table, orders: ibis.Table, products: ibis.Table | None, terms: Sequence[Orders], day: date, currency: str
) -> ibis.Table:
    """The accounts with a column per term of purchase history.

    `accounts` has `id`; `orders` has account, ordered_on, amount (in `currency`) and, where a term asks for it, product; `products`
    has id and family, where a term asks for a family.
    """
    facts = orders.select(
        account=code(orders["account"]),
        on=orders["ordered_on"].cast("date"),
        minor=(orders["amount"].cast("decimal(28, 9)") * 10 ** exponent(currency)).round().cast("int64"),
        **({"product": code(orders["product"])} if any(t.product or t.family for t in terms) else {}),
    )
    if products is not None:
        known = products.select(known=code(products["id"]), family=products["family"].cast("string"))
        facts = facts.left_join(known, facts["product"] == known["known"]).drop("known")
    for term in terms:
        found = _measured(facts, term, day)
        joined = accounts.left_join(found, accounts["id"] == found["account"]).drop("account")
        accounts = joined if term.measure is OrdersMeasure.RECENCY else joined.mutate({term.name: joined[term.name].fill_null(0)})
    return accounts


def _measured(facts: ibis.Table, term: Orders, day: date) -> ibis.Table:
    """The measure of a term for every account that has an order in it: account, and a column of the term's name."""
    wanted = [facts["account"].notnull(), facts["on"] <= ibis.literal(day)]
    if term.months is not None:
        wanted.append(facts["on"] > ibis.literal(months_before(day, term.months)))
    if term.product is not None:
        wanted.append(facts["product"] == term.product.strip().upper())
    if term.family is not None:
        wanted.append(facts["family"] == term.family)
    rows = facts.filter(reduce(operator.and_, wanted))
    match term.measure:
        case OrdersMeasure.COUNT:
            value = rows.count()
        case OrdersMeasure.SUM:
            value = rows["minor"].sum()
        case OrdersMeasure.RECENCY:
            value = ibis.date(day.isoformat()).delta(rows["on"].max(), unit="day")
    return rows.group_by("account").aggregate(**{term.name: value.cast("int64")})


def with_families(accounts: ibis.Table, columns: Iterable[str], keeper: Keeper) -> ibis.Table:
    """The accounts with `family.X` for each column X: its value at the topmost account above, at the account itself where none stands there.

    `accounts` has `id` and `parent`. The way up doubles in each round; families deeper than 64 levels, and circles, end where it ends.
    """
    own = accounts.select(id="id", parent=code(accounts["parent"]))
    roots = keeper.keep(own.semi_join(own.select(parent="id"), "parent").select(id="id", root="parent", moved=ibis.literal(True)))
    for _ in range(FAMILY_DOUBLINGS):
        if keeper.is_empty(roots.filter(roots["moved"])):
            break
        higher = roots.select(via="id", higher="root")
        joined = roots.left_join(higher, roots["root"] == higher["via"])
        root = joined["higher"].coalesce(joined["root"])
        roots = keeper.keep(joined.select(id="id", root=root, moved=root != joined["root"]))
    found = accounts.left_join(roots.select(child="id", root="root"), accounts["id"] == roots["id"])
    placed = found.mutate(root=found["root"].coalesce(found["id"])).drop("child")
    tops = accounts.select(top="id", **{OfFamily(name).name: accounts[name] for name in columns})
    return placed.left_join(tops, placed["root"] == tops["top"]).drop("top", "root")
