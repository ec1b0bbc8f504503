"""The bitemporal ledger: who held what, when it was true, and when we knew.

Nothing is rewritten: a fact that no longer stands gets its `recorded_until`, and its successors are inserted, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.scope import Scope
from metes.store import bulk
from metes.store.columns import to_micros
from metes.store.engine import Store
from metes.store.tables import account_sources, accounts, ledger_ownership, ledger_seats, people, territory_keys

ROLES = ("primary", "overlay", "shared")
VIAS = ("pin", "named", "rule", "catch-all", "imported")

HOLDINGS = pa.schema(
    [
        ("account_id", pa.int64()),
        ("territory_id", pa.int32()),
        ("role", pa.int16()),
        ("share", pa.float64()),
        ("via", pa.int16()),
        ("true_from", pa.date32()),
        ("true_until", pa.date32()),
    ]
)


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


def current_facts(store: Store, day: date) -> pa.Table:
    """Facts of ownership known now that are true on or after `day`: their ids, identity and dates, for the difference."""
    on = _day(store, day)
    sql = (
        f"SELECT id, account_id, territory_id, role, share, CASE WHEN true_from > {on} THEN 1 ELSE 0 END AS later, "
        "CASE WHEN true_until IS NULL THEN 1 ELSE 0 END AS is_open FROM ledger_ownership "
        f"WHERE recorded_until IS NULL AND (true_until IS NULL OR true_until > {on}) ORDER BY account_id, id"
    )
    with bulk.whole_tables(store) as state:
        return state.arrow(sql)


def stage_change(store: Store, name: str, closing: pa.Array, opening: pa.Table) -> None:
    """Put a change of ownership into side tables: ids of facts that stop, and rows of HOLDINGS that start."""
    bulk.stage(store, f"{name}_closing", [pa.table({"id": closing.cast(pa.int64())})])
    bulk.stage(store, f"{name}_opening", [opening.cast(HOLDINGS)])


def swap_in_change(connection: Connection, name: str, from_day: date | None, now: datetime, cause: Cause) -> tuple[int, int]:
    """Write a staged change: facts that stop keep their days before `from_day` (None: none); numbers of stopped and started facts."""
    marks = {"now": to_micros(now), "day": from_day, "kind": cause.kind, "cause": cause.id}
    if from_day is not None:
        connection.execute(_text(_KEEP_BEFORE.format(stage=f"stage_{name}_closing")), marks)
    closed = connection.execute(_text(_CLOSE.format(stage=f"stage_{name}_closing")), marks).rowcount
    opened = connection.execute(_text(_OPEN.format(stage=f"stage_{name}_opening")), marks).rowcount
    for part in ("closing", "opening"):
        bulk.drop_stage(connection, f"{name}_{part}")
    return closed, opened


_KEEP_BEFORE = """
INSERT INTO ledger_ownership (account_id, territory_id, role, share, via, true_from, true_until, recorded_at, cause_kind, cause_id)
SELECT f.account_id, f.territory_id, f.role, f.share, f.via, f.true_from, :day, :now, :kind, :cause
FROM ledger_ownership f JOIN {stage} s ON s.id = f.id WHERE f.true_from < :day"""
_CLOSE = "UPDATE ledger_ownership SET recorded_until = :now WHERE id IN (SELECT id FROM {stage}) AND recorded_until IS NULL"
_OPEN = """
INSERT INTO ledger_ownership (account_id, territory_id, role, share, via, true_from, true_until, recorded_at, cause_kind, cause_id)
SELECT account_id, territory_id, role, share, via, true_from, true_until, :now, :kind, :cause FROM {stage}"""


def _text(sql: str) -> sa.TextClause:
    return sa.text(sql).bindparams(sa.bindparam("day", type_=sa.Date())) if ":day" in sql else sa.text(sql)


def _day(store: Store, day: date) -> str:
    return f"'{day.isoformat()}'" if store.is_sqlite else f"DATE '{day.isoformat()}'"


def holdings_of(
    connection: Connection,
    account_id: int,
    scope: Scope,
    *,
    at: date | None = None,
    known: datetime | None = None,
    whole_history: bool = False,
) -> tuple[Holding, ...]:
    """Facts about one account: true on `at` (None: any day), as known on `known` (None: now); `whole_history` adds those superseded."""
    del scope  # one administrator sees every account; the parameter is the contract for narrower scopes
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
    """Who sits on the seats (None: on all), of some people (None: of all), true on `at`, as known on `known`, by seat and day."""
    del scope
    query = (
        sa.select(ledger_seats, people.c.name.label("person"), people.c.external_id.label("person_key"))
        .join(people, people.c.id == ledger_seats.c.person_id)
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
    """Ids of the accounts whose key is `name`, else that some source calls so (SOURCE:ID narrows it to one source)."""
    del scope
    found = connection.execute(sa.select(accounts.c.id).where(accounts.c.key == name)).scalars().all()
    if not found:
        upper = name.upper()
        found = connection.execute(
            sa.select(account_sources.c.account_id).where(account_sources.c.external_id.in_([name, upper])).distinct()
        ).scalars().all()  # fmt: skip
    return tuple(found)
