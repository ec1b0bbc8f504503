"""What the database knows of one account, one territory's people, and the facts around them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.base.money import minor_factors
from metes.model.scope import Scope
from metes.store.columns import anywhere
from metes.store.tables import account_sources, accounts, activities, contacts, opportunities, orders, people, products, sources
from metes.store.visible import accounts_seen, people_seen, person_seen

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account's record and what hangs on it. Money in minor units of each row's own currency, `months` in the reporting currency."""

    record: Row
    custom: Row
    sources: Sequence[Row]
    parent: Row | None
    family: Sequence[Row]
    contacts: Sequence[Row]
    opportunities: Sequence[Row]
    orders: Sequence[Row]
    activities: Sequence[Row]
    months: Sequence[tuple[str, int]]


def account_facts(
    connection: Connection,
    account_id: int,
    scope: Scope,
    *,
    months_from: date,
    currency: str,
    rates: Mapping[str, Decimal],
    rows: int = 100,
) -> AccountFacts:
    """Everything about one account; its newest `rows` facts of each kind; NotFound where the scope shows none.

    `rates` are units of the reporting currency for one unit of another.
    """
    record = connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).mappings().first()
    if record is None or not accounts_seen(connection, [account_id], scope):
        raise NotFound(f"there is no account with the number {account_id}")
    parent = None
    if record["parent_id"] is not None and accounts_seen(connection, [record["parent_id"]], scope):
        parent = _first(
            connection, sa.select(accounts.c.id, accounts.c.key, accounts.c.name).where(accounts.c.id == record["parent_id"])
        )
    return AccountFacts(
        record={**record, "parent_id": None if parent is None else parent["id"]},
        custom=json.loads(record["custom"]) if record["custom"] else {},
        sources=_all(
            connection,
            sa.select(sources.c.name, account_sources.c.external_id)
            .join(sources, sources.c.id == account_sources.c.source_id)
            .where(account_sources.c.account_id == account_id)
            .order_by(sources.c.name),
        ),
        parent=parent,
        family=_family(connection, account_id, record["parent_id"], scope, rows),
        contacts=_of(connection, contacts, account_id, contacts.c.name, rows),
        opportunities=_all(
            connection,
            sa.select(opportunities, products.c.name.label("product"), people.c.name.label("person"))
            .outerjoin(products, products.c.id == opportunities.c.product_id)
            .outerjoin(people, people.c.id == opportunities.c.person_id)
            .where(opportunities.c.account_id == account_id, opportunities.c.closed_on.is_(None))
            .order_by(sa.case((opportunities.c.status == "open", 0), else_=1), opportunities.c.opened_on.desc(), opportunities.c.id)
            .limit(rows),
        ),
        orders=_all(
            connection,
            sa.select(orders, products.c.name.label("product"))
            .outerjoin(products, products.c.id == orders.c.product_id)
            .where(orders.c.account_id == account_id, orders.c.closed_on.is_(None))
            .order_by(orders.c.ordered_on.desc(), orders.c.id)
            .limit(rows),
        ),
        activities=_all(
            connection,
            sa.select(activities, people.c.name.label("person"), contacts.c.name.label("contact"))
            .outerjoin(people, people.c.id == activities.c.person_id)
            .outerjoin(contacts, contacts.c.id == activities.c.contact_id)
            .where(activities.c.account_id == account_id, activities.c.closed_on.is_(None))
            .order_by(activities.c.occurred_on.desc(), activities.c.id)
            .limit(rows),
        ),
        months=_months(connection, account_id, months_from, currency, minor_factors(currency, rates)),
    )


def account_key(connection: Connection, account_id: int) -> str:
    """The key of the account with a number."""
    return str(connection.execute(sa.select(accounts.c.key).where(accounts.c.id == account_id)).scalar_one())


def _months(
    connection: Connection, account_id: int, since: date, currency: str, factors: Mapping[str, Decimal]
) -> list[tuple[str, int]]:
    """Orders by month ('2026-03') in minor units of the reporting currency, from a day on; without those that have no rate."""
    rows = connection.execute(
        sa.select(orders.c.ordered_on, orders.c.amount_minor, orders.c.currency).where(
            orders.c.account_id == account_id, orders.c.closed_on.is_(None), orders.c.ordered_on >= since
        )
    )
    sums: dict[str, Decimal] = {}
    for ordered_on, minor, own in rows:
        factor = factors.get(own or currency)
        if factor is not None:
            month = f"{ordered_on:%Y-%m}"
            sums[month] = sums.get(month, Decimal(0)) + minor * factor
    return [(month, round(amount)) for month, amount in sorted(sums.items())]


def _family(connection: Connection, account_id: int, parent_id: int | None, scope: Scope, rows: int) -> list[Row]:
    """The account's children and siblings that the scope shows."""
    t = accounts.c
    near = t.parent_id == account_id if parent_id is None else sa.or_(t.parent_id == account_id, t.parent_id == parent_id)
    query = sa.select(t.id, t.key, t.name, t.city, t.region, t.parent_id).where(near, t.id != account_id, t.closed_on.is_(None))
    if scope.is_everything:
        return _all(connection, query.order_by(t.name).limit(rows))
    kin = _all(connection, query.order_by(t.name))
    seen = accounts_seen(connection, [one["id"] for one in kin], scope)
    return [one for one in kin if one["id"] in seen][:rows]


def _of(connection: Connection, table: sa.Table, account_id: int, order: Any, rows: int) -> list[Row]:
    query = sa.select(table).where(table.c.account_id == account_id, table.c.closed_on.is_(None)).order_by(order).limit(rows)
    return _all(connection, query)


def opportunities_of(connection: Connection, account_ids: Sequence[int], scope: Scope, *, limit: int = 100) -> list[Row]:
    """Open opportunities of some accounts in scope, the largest first."""
    seen = accounts_seen(connection, account_ids, scope)
    t = opportunities.c
    query = (
        sa.select(opportunities, accounts.c.name.label("account"), people.c.name.label("person"), products.c.name.label("product"))
        .join(accounts, accounts.c.id == t.account_id)
        .outerjoin(people, people.c.id == t.person_id)
        .outerjoin(products, products.c.id == t.product_id)
        .where(t.account_id.in_(sorted(seen)), t.status == "open", t.closed_on.is_(None))
        .order_by(t.amount_minor.desc(), t.id)
        .limit(limit)
    )
    return _all(connection, query)


def all_people(
    connection: Connection, scope: Scope, *, search: str = "", limit: int = 500, offset: int = 0
) -> tuple[list[Row], int]:
    """People in scope by name, those whose name, role or office has the text; and how many there are."""
    manager = people.alias("manager")
    query = (
        sa.select(people, manager.c.name.label("manager"))
        .outerjoin(manager, manager.c.id == people.c.manager_id)
        .where(people.c.closed_on.is_(None), person_seen(connection, scope))
    )
    for word in search.split():
        like = anywhere(word)
        query = query.where(
            sa.or_(*(c.ilike(like, escape="\\") for c in (people.c.name, people.c.role, people.c.office, people.c.external_id)))
        )
    total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar() or 0
    found = _all(connection, query.order_by(people.c.name, people.c.id).limit(limit).offset(offset))
    return _with_managers(connection, found, scope), total


def person(connection: Connection, person_id: int, scope: Scope) -> Row:
    """One person with the manager's name; NotFound where the scope shows none."""
    manager = people.alias("manager")
    query = sa.select(people, manager.c.name.label("manager")).outerjoin(manager, manager.c.id == people.c.manager_id)
    found = _first(connection, query.where(people.c.id == person_id, person_seen(connection, scope)))
    if found is None:
        raise NotFound(f"there is no person with the number {person_id}")
    return _with_managers(connection, [found], scope)[0]


def _with_managers(connection: Connection, found: list[Row], scope: Scope) -> list[Row]:
    """People without managers that the scope does not show."""
    if scope.is_everything:
        return found
    seen = people_seen(connection, {row["manager_id"] for row in found if row["manager_id"] is not None}, scope)
    return [row if row["manager_id"] in seen else {**row, "manager_id": None, "manager": None} for row in found]


def reports_of(connection: Connection, person_id: int, scope: Scope, limit: int = 100) -> list[Row]:
    """Who of the scope reports to a person, by name."""
    t = people.c
    query = (
        sa.select(t.id, t.name, t.role)
        .where(t.manager_id == person_id, t.closed_on.is_(None), person_seen(connection, scope))
        .order_by(t.name, t.id)
    )
    return _all(connection, query.limit(limit))


def people_by_key(connection: Connection, key: str) -> tuple[int, ...]:
    """Numbers of the people that some source calls so."""
    query = sa.select(people.c.id).where(people.c.external_id.in_([key, key.upper()]))
    return tuple(connection.execute(query).scalars())


def _all(connection: Connection, query: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _first(connection: Connection, query: Any) -> Row | None:
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)
