"""Corrections to what the ledger says of past days: worked out as steps, written as facts recorded now, taken back by another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.dates import END_OF_TIME
from metes.base.errors import Conflict, NotFound
from metes.model.timeline import Stretch, left_over
from metes.store import counters
from metes.store.correction_tables import ledger_corrections
from metes.store.ledger import ROLES, VIAS
from metes.store.ledger_clock import recorded_now
from metes.store.tables import accounts, ledger_ownership, ledger_seats, people, territory_keys

KIND = "correct"
_FACT = ("true_from", "true_until", "recorded_at", "recorded_until", "cause_kind", "cause_id", "id")


@dataclass(frozen=True, slots=True)
class Step:
    """On the days from `start` up to, not including, `end` (None: open) the ledger said `before` and will say `after`: names, in order."""

    start: date
    end: date | None
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A correction worked out and not written: the facts that stop, the rows that stand in their place, and the steps that this comes to."""

    table: sa.Table
    closing: tuple[int, ...]
    opening: tuple[Mapping[str, Any], ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PastCorrection:
    """A correction as it was recorded. Names of people and accounts are those of now; `taken_back_by` is the correction that took it back."""

    id: int
    kind: str
    seat: str | None
    person_id: int | None
    person: str | None
    account_id: int | None
    account: str | None
    territory: str | None
    true_from: date | None
    true_until: date | None
    is_beside: bool
    takes_back: int | None
    taken_back_by: int | None
    reason: str
    author: str
    at: datetime


def plan_owner(connection: Connection, account_id: int, territory_id: int | None, start: date, end: date) -> Planned:
    """What it takes for a territory (None: none) to have held an account as its primary one on some days."""
    days = {"true_from": start, "true_until": end}
    fact = {"account_id": account_id, "territory_id": territory_id, "role": 0, "share": 1.0, "via": VIAS.index("imported"), **days}
    return _planned(connection, _ownership_of(connection, account_id), start, end, [] if territory_id is None else [fact])


def plan_seat(
    connection: Connection, seat: str, person_id: int | None, start: date, end: date | None, *, is_beside: bool = False
) -> Planned:
    """What it takes for a person (None: nobody) to have sat on a seat on some days, alone or beside the others."""
    fact = {"seat": seat, "person_id": person_id, "true_from": start, "true_until": end}
    subject = _seat_of(connection, seat, person_id if is_beside else None)
    return _planned(connection, subject, start, end, [] if person_id is None else [fact])


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose days are corrected: the facts of a table that are about it, and how they are named."""

    table: sa.Table
    mine: sa.ColumnElement[bool]
    name: Callable[[Mapping[str, Any]], str]

    def facts(self, connection: Connection, start: date, end: date | None, which: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        """Facts about some of these days, by day."""
        t = self.table.c
        overlapping = sa.and_(t.true_from < (end or END_OF_TIME), sa.or_(t.true_until.is_(None), t.true_until > start))
        query = sa.select(self.table).where(self.mine, overlapping, which).order_by(t.true_from, t.id)
        return [dict(row) for row in connection.execute(query).mappings()]


def _ownership_of(connection: Connection, account_id: int) -> _Subject:
    t = ledger_ownership.c
    names = {row.id: row.key for row in connection.execute(sa.select(territory_keys))}
    mine = sa.and_(t.account_id == account_id, t.role == ROLES.index("primary"))
    return _Subject(ledger_ownership, mine, lambda row: names[row["territory_id"]])


def _seat_of(connection: Connection, seat: str, person_id: int | None) -> _Subject:
    t = ledger_seats.c
    names = {row.id: row.name for row in connection.execute(sa.select(people.c.id, people.c.name))}
    mine = t.seat == seat if person_id is None else sa.and_(t.seat == seat, t.person_id == person_id)
    return _Subject(ledger_seats, mine, lambda row: names.get(row["person_id"], "?"))


def _planned(connection: Connection, subject: _Subject, start: date, end: date | None, new: Sequence[Mapping[str, Any]]) -> Planned:
    """Cut some days out of the facts known now, and put others there; Conflict where these days say so already."""
    known = subject.facts(connection, start, end, subject.table.c.recorded_until.is_(None))
    laid = Stretch("", start, end)
    rest = [
        {**_without_times(row), "true_from": part.start, "true_until": part.end}
        for row in known
        for part in left_over(Stretch("", row["true_from"], row["true_until"]), [laid])
    ]
    steps = tuple(step for step in _steps(known, new, start, end, subject.name) if step.before != step.after)
    if not steps:
        said = sorted({subject.name(row) for row in known})
        raise Conflict(f"the ledger says so of these days already: {' and '.join(said) or 'nobody'}; there is nothing to correct")
    return Planned(subject.table, tuple(row["id"] for row in known), (*rest, *new), steps)


def _steps(
    known: Sequence[Mapping[str, Any]],
    new: Sequence[Mapping[str, Any]],
    start: date,
    end: date | None,
    name: Callable[[Mapping[str, Any]], str],
) -> Iterable[Step]:
    """The days from `start` to `end`, parted wherever what is said changes."""
    last = end or END_OF_TIME
    turns = {turn for row in (*known, *new) for turn in (row["true_from"], row["true_until"] or END_OF_TIME) if start < turn < last}

    def said(rows: Sequence[Mapping[str, Any]], day: date) -> tuple[str, ...]:
        return tuple(
            sorted({name(r) for r in rows if r["true_from"] <= day and (r["true_until"] is None or r["true_until"] > day)})
        )

    for first, until in pairwise([start, *sorted(turns), last]):
        yield Step(first, None if until == END_OF_TIME else until, said(known, first), said(new, first))


def _without_times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _FACT}


def record(connection: Connection, planned: Planned, facts: Mapping[str, Any], *, reason: str, author: str, now: datetime) -> int:
    """Write a planned correction, with what it was (`facts` are columns of the table of corrections); its number."""
    now = recorded_now(connection, now)
    number = _add(connection, {**facts, "reason": reason, "author": author, "at": now})
    table = planned.table
    for start in range(0, len(planned.closing), 500):
        mine = table.c.id.in_(planned.closing[start : start + 500])
        connection.execute(sa.update(table).where(mine, table.c.recorded_until.is_(None)).values(recorded_until=now))
    stamp = {"recorded_at": now, "cause_kind": KIND, "cause_id": number}
    if planned.opening:
        connection.execute(sa.insert(table), [{**row, **stamp} for row in planned.opening])
    counters.bump(connection, counters.LEDGER)
    if table is ledger_ownership:
        counters.bump(connection, counters.OWNERSHIP)
    return number


def take_back(connection: Connection, number: int, *, reason: str, author: str, now: datetime) -> int:
    """Record that a correction was wrong: of its days the ledger says again what it said before; the number of the new correction.

    Conflict where it was taken back already, takes back another itself, or more was recorded of its days since; NotFound where there
    is no such correction.
    """
    past = _standing(connection, number)
    if past.account_id is not None:
        subject = _ownership_of(connection, past.account_id)
    else:
        subject = _seat_of(connection, past.seat or "", past.person_id if past.is_beside else None)
    t, start, end = subject.table.c, past.true_from or date.min, past.true_until
    if subject.facts(connection, start, end, t.recorded_at > past.at):
        raise Conflict(f"more was recorded since of the days of correction {number}; record what was true as a new correction")
    before = [
        {**_without_times(row), "true_from": max(row["true_from"], start), "true_until": min(row["true_until"] or END_OF_TIME, end or END_OF_TIME)}
        for row in subject.facts(connection, start, end, t.recorded_until == past.at)
    ]  # fmt: skip
    new = [{**row, "true_until": None if row["true_until"] == END_OF_TIME else row["true_until"]} for row in before]
    planned = _planned(connection, subject, start, end, new)
    known = {name: getattr(past, name) for name in ("seat", "person_id", "account_id", "true_from", "true_until", "is_beside")}
    facts = {**known, "kind": "back", "takes_back": number}
    return record(connection, planned, facts, reason=reason, author=author, now=now)


def _standing(connection: Connection, number: int) -> PastCorrection:
    """A correction that can be taken back."""
    found = [past for past in corrections(connection) if past.id == number]
    if not found:
        raise NotFound(f"there is no correction {number}; 'metes correct list' shows those there are")
    if found[0].takes_back is not None:
        raise Conflict(f"correction {number} takes back correction {found[0].takes_back}; record what was true anew instead")
    if found[0].taken_back_by is not None:
        raise Conflict(f"correction {number} was taken back already, by correction {found[0].taken_back_by}")
    return found[0]


def _add(connection: Connection, row: Mapping[str, Any]) -> int:
    values = {"is_beside": False, **row}
    return int(connection.execute(sa.insert(ledger_corrections).values(**values).returning(ledger_corrections.c.id)).scalar_one())


def corrections(
    connection: Connection, *, account_id: int | None = None, person_id: int | None = None, seats: Sequence[str] = ()
) -> tuple[PastCorrection, ...]:
    """All corrections, the newest first; those of an account, or of a person and of seats, where these are named."""
    c = ledger_corrections.c
    back = ledger_corrections.alias("back")
    query = (
        sa.select(
            ledger_corrections,
            people.c.name.label("person"),
            accounts.c.key.label("account"),
            territory_keys.c.key.label("territory"),
            back.c.id.label("taken_back_by"),
        )
        .outerjoin(people, people.c.id == c.person_id)
        .outerjoin(accounts, accounts.c.id == c.account_id)
        .outerjoin(territory_keys, territory_keys.c.id == c.territory_id)
        .outerjoin(back, back.c.takes_back == c.id)
        .order_by(c.id.desc())
    )
    if account_id is not None:
        query = query.where(c.account_id == account_id)
    if person_id is not None:
        query = query.where(sa.or_(c.person_id == person_id, c.seat.in_(list(seats))))
    names = PastCorrection.__dataclass_fields__
    return tuple(PastCorrection(**{name: row[name] for name in names}) for row in connection.execute(query).mappings())
