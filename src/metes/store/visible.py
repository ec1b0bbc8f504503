"""Which accounts and people a scope shows, asked of the ledger itself: for what is read by number or by name, not from the Book."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.scope import Scope
from metes.store.tables import accounts, ledger_ownership, ledger_seats, people, territory_keys


def accounts_seen(connection: Connection, numbers: Collection[int], scope: Scope) -> frozenset[int]:
    """Those of some accounts that a scope shows: open ones that a territory of it holds on its day, as known now, in whatever role."""
    if scope.territories is None:
        return frozenset(numbers)
    if not numbers or scope.is_nothing:
        return frozenset()
    t = ledger_ownership.c
    query = (
        sa.select(t.account_id, territory_keys.c.key)
        .join(territory_keys, territory_keys.c.id == t.territory_id)
        .join(accounts, accounts.c.id == t.account_id)
        .where(among(connection, t.account_id, numbers), accounts.c.closed_on.is_(None))
        .where(_true_now(ledger_ownership, scope.on))
    )
    return frozenset(int(row.account_id) for row in connection.execute(query) if row.key in scope.territories)


def keys_seen(connection: Connection, keys: Collection[str], scope: Scope) -> frozenset[str]:
    """Those of some accounts, named by their keys, that a scope shows."""
    if scope.territories is None or not keys:
        return frozenset(keys)
    query = sa.select(accounts.c.id, accounts.c.key).where(among(connection, accounts.c.key, keys))
    key_of = {int(row.id): str(row.key) for row in connection.execute(query)}
    return frozenset(key_of[number] for number in accounts_seen(connection, key_of.keys(), scope))


def person_seen(connection: Connection, scope: Scope) -> sa.ColumnElement[bool]:
    """Whether a scope shows a row of `people`: who sits on a seat of it on its day, oneself, and whoever reports to oneself, however far down.

    Source: ours.
    """
    if scope.territories is None:
        return sa.true()
    t = ledger_seats.c
    either: list[sa.ColumnElement[bool]] = []
    if scope.seats:
        sitting = sa.select(t.person_id).where(among(connection, t.seat, scope.seats), _true_now(ledger_seats, scope.on))
        either.append(people.c.id.in_(sitting))
    if scope.person_id is not None:
        reports = sa.select(people.c.id).where(people.c.manager_id == scope.person_id).cte(recursive=True)
        below = people.alias()
        # Rows that are there already are left out, so that a circle of managers ends.
        reports = reports.union(sa.select(below.c.id).where(below.c.manager_id == reports.c.id))
        either += [people.c.id == scope.person_id, people.c.id.in_(sa.select(reports.c.id))]
    return sa.or_(sa.false(), *either)


def people_seen(connection: Connection, numbers: Collection[int], scope: Scope) -> frozenset[int]:
    """Those of some people that a scope shows."""
    if scope.territories is None or not numbers:
        return frozenset(numbers)
    query = sa.select(people.c.id).where(among(connection, people.c.id, numbers), person_seen(connection, scope))
    return frozenset(int(number) for number in connection.execute(query).scalars())


def sitting_seen(connection: Connection, scope: Scope) -> sa.ColumnElement[bool]:
    """Whether a scope shows a row of `ledger_seats`: the seats of its territories, and those of oneself."""
    if scope.territories is None:
        return sa.true()
    t = ledger_seats.c
    own = sa.false() if scope.person_id is None else t.person_id == scope.person_id
    return sa.or_(among(connection, t.seat, scope.seats), own)


def among(
    connection: Connection, column: sa.ColumnElement[Any], values: Collection[int] | Collection[str]
) -> sa.ColumnElement[bool]:
    """Whether a column has one of some values: bound as one text, for a database takes only so many parameters."""
    text = sa.literal(json.dumps(sorted(values)), sa.Text)
    if connection.dialect.name == "sqlite":
        return column.in_(sa.select(sa.func.json_each(text).table_valued("value").c.value))
    given = sa.func.json_array_elements_text(sa.cast(text, sa.JSON)).table_valued(sa.column("value", sa.Text))
    return column.in_(sa.select(sa.cast(given.c.value, column.type)))


def _true_now(table: sa.Table, day: date) -> sa.ColumnElement[bool]:
    """Facts of a ledger that are true on a day, as known now."""
    t = table.c
    return sa.and_(t.recorded_until.is_(None), t.true_from <= day, sa.or_(t.true_until.is_(None), t.true_until > day))
