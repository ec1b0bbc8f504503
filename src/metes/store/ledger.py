"""The bitemporal ledger: who held what, when it was true, and when we knew.

Nothing is rewritten: a fact that no longer stands gets its `recorded_until`, and its successors are inserted, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.scope import Scope
from metes.store.tables import account_sources, accounts, ledger_ownership, ledger_seats, people, territory_keys
from metes.store.visible import accounts_seen, sitting_seen

ROLES = ("primary", "overlay", "shared")
VIAS = ("pin", "named", "rule", "catch-all", "imported")


@dataclass(frozen=True, slots=True)
class Cause:
    """What wrote a fact: an 'import', a 'run' of the rules or a 'publish', with its id."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Holding:
    """One fact of the ledger: an account held by a territory."""

    account_id: int
    territory: str
    role: str
    share: float
    via: str
    true_from: date
    true_until: date | None
    recorded_at: datetime
    recorded_until: datetime | None


@dataclass(frozen=True, slots=True)
class Sitting:
    """One fact of the ledger: a person on a seat."""

    seat: str
    person_id: int
    person: str
    person_key: str
    true_from: date
    true_until: date | None
    recorded_at: datetime
    recorded_until: datetime | None


def known_territories(connection: Connection) -> dict[str, int]:
    """The ledger's numbers of all territory keys it has met."""
    rows = connection.execute(sa.select(territory_keys.c.key, territory_keys.c.id)).all()
    return {str(key): int(number) for key, number in rows}


def ids_of_territories(connection: Connection, keys: Iterable[str]) -> Mapping[str, int]:
    """The ledger's numbers of territory keys; new keys get one, inside the transaction at hand."""
    known = known_territories(connection)
    missing = sorted(set(keys) - known.keys())
    if missing:
        first = max(known.values(), default=0) + 1
        new = {key: number for number, key in enumerate(missing, first)}
        connection.execute(sa.insert(territory_keys), [{"id": number, "key": key} for key, number in new.items()])
        known.update(new)
    return known


def holdings_of(
    connection: Connection,
    account_id: int,
    scope: Scope,
    *,
    at: date | None = None,
    known: datetime | None = None,
    whole_history: bool = False,
) -> tuple[Holding, ...]:
    """Facts about one account: true on `at` (None: any day), as known on `known` (None: now); `whole_history` adds those superseded.

    None of an account that the scope does not show today; of one that it shows, whoever held it.
    """
    if not accounts_seen(connection, [account_id], scope):
        return ()
    t = ledger_ownership.c
    query = (
        sa.select(ledger_ownership, territory_keys.c.key.label("territory"))
        .join(territory_keys, territory_keys.c.id == t.territory_id)
        .where(t.account_id == account_id)
        .order_by(t.true_from, t.recorded_at, t.id)
    )
    query = _in_two_times(query, ledger_ownership, at, known, whole_history)
    return tuple(
        Holding(
            r.account_id,
            r.territory,
            ROLES[r.role],
            r.share,
            VIAS[r.via],
            r.true_from,
            r.true_until,
            r.recorded_at,
            r.recorded_until,
        )
        for r in connection.execute(query)
    )


def sittings(
    connection: Connection,
    scope: Scope,
    *,
    seats: Iterable[str] | None = None,
    person_ids: Iterable[int] | None = None,
    at: date | None = None,
    known: datetime | None = None,
    whole_history: bool = False,
) -> tuple[Sitting, ...]:
    """Who sits on the seats (None: on all), of some people (None: of all), true on `at`, as known on `known`, by seat and day.

    Of what a narrow scope shows: its own seats, and those of whoever asks.
    """
    query = (
        sa.select(ledger_seats, people.c.name.label("person"), people.c.external_id.label("person_key"))
        .join(people, people.c.id == ledger_seats.c.person_id)
        .where(sitting_seen(connection, scope))
        .order_by(ledger_seats.c.seat, ledger_seats.c.true_from, ledger_seats.c.id)
    )
    if seats is not None:
        query = query.where(ledger_seats.c.seat.in_(list(seats)))
    if person_ids is not None:
        query = query.where(ledger_seats.c.person_id.in_(list(person_ids)))
    query = _in_two_times(query, ledger_seats, at, known, whole_history)
    return tuple(
        Sitting(r.seat, r.person_id, r.person, r.person_key, r.true_from, r.true_until, r.recorded_at, r.recorded_until)
        for r in connection.execute(query)
    )


def _in_two_times(
    query: sa.Select[tuple[object, ...]], table: sa.Table, at: date | None, known: datetime | None, whole_history: bool
) -> sa.Select[tuple[object, ...]]:
    if at is not None:
        query = query.where(table.c.true_from <= at, sa.or_(table.c.true_until.is_(None), table.c.true_until > at))
    if whole_history:
        return query
    if known is None:
        return query.where(table.c.recorded_until.is_(None))
    return query.where(table.c.recorded_at <= known, sa.or_(table.c.recorded_until.is_(None), table.c.recorded_until > known))


def find_account(connection: Connection, name: str, scope: Scope) -> tuple[int, ...]:
    """Ids of the accounts in scope whose key is `name`, else that some source calls so (SOURCE:ID narrows it to one source)."""
    by_key = connection.execute(sa.select(accounts.c.id).where(accounts.c.key == name)).scalars().all()
    found = accounts_seen(connection, by_key, scope)
    if not found:
        upper = name.upper()
        by_source = connection.execute(
            sa.select(account_sources.c.account_id).where(account_sources.c.external_id.in_([name, upper])).distinct()
        ).scalars().all()  # fmt: skip
        found = accounts_seen(connection, by_source, scope)
    return tuple(sorted(found))
