"""Facts that files bring into the ledger: who sat where, and which account belonged to which territory."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.dates import END_OF_TIME
from metes.model.timeline import Stretch, lay_over, left_over
from metes.store import counters
from metes.store.ledger import ROLES, VIAS, Cause
from metes.store.ledger_clock import recorded_now
from metes.store.tables import ledger_ownership, ledger_seats

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Sits:
    """A person on a seat from a day up to, not including, another (None: open)."""

    seat: str
    person_id: int
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Belongs:
    """An account held by a territory (the ledger's number of it) from a day up to, not including, another (None: open)."""

    account_id: int
    territory_id: int
    start: date
    end: date | None = None
    role: str = "primary"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording facts came to: `unchanged` were known already; `closed` facts got an end in recorded time."""

    opened: int
    closed: int
    unchanged: int


def record_sittings(
    connection: Connection, facts: Sequence[Sits], now: datetime, cause: Cause, *, is_full: bool = False
) -> Recorded:
    """Record who sits where. A fact with the seat, person and first day of a known one restates it; others may sit there too.

    `is_full` also ends, in recorded time, every known sitting that `facts` lack.
    """
    t = ledger_seats.c
    query = sa.select(t.id, t.seat, t.person_id, t.true_from, t.true_until).where(t.recorded_until.is_(None))
    recorded: dict[Hashable, list[Stretch]] = {}
    for row in connection.execute(query):
        recorded.setdefault((row.seat, row.person_id), []).append(Stretch("sits", row.true_from, row.true_until, row.id))
    new: dict[Hashable, list[Stretch]] = {}
    for fact in facts:
        new.setdefault((fact.seat, fact.person_id), []).append(Stretch("sits", fact.start, fact.end))
    change = _changes(recorded, new, is_full)
    rows = [
        {"seat": subject[0], "person_id": subject[1], "true_from": s.start, "true_until": s.end}  # type: ignore[index]
        for subject, s in change.opening
    ]
    return _write(connection, ledger_seats, change, rows, now, cause)


def record_belongings(
    connection: Connection, facts: Sequence[Belongs], now: datetime, cause: Cause, *, is_full: bool = False
) -> Recorded:
    """Record which territory held which account: primary facts give way to later-recorded ones on the days both speak of.

    `is_full` also ends, in recorded time, known facts of the named accounts that `facts` lack. Overlay and shared facts stand
    beside others, one line per territory.
    """
    new: dict[Hashable, list[Stretch]] = {}
    for fact in facts:
        new.setdefault(_subject(fact.account_id, fact.territory_id, fact.role), []).append(
            Stretch((fact.territory_id, fact.role), fact.start, fact.end)
        )
    recorded: dict[Hashable, list[Stretch]] = {}
    held: dict[int, Any] = {}
    for row in _known(connection, sorted({fact.account_id for fact in facts})):
        role = ROLES[row.role]
        held[row.id] = row
        subject = _subject(row.account_id, row.territory_id, role)
        if subject in new or is_full:
            recorded.setdefault(subject, []).append(Stretch((row.territory_id, role), row.true_from, row.true_until, row.id))
    change = _changes(recorded, new, is_full)
    rows = [
        {
            "account_id": subject[0],  # type: ignore[index]
            "territory_id": s.value[0],  # type: ignore[index]
            "role": ROLES.index(s.value[1]),  # type: ignore[index]
            **_manner(s, new.get(subject, ()), [held[known.id] for known in recorded.get(subject, ())]),
            "true_from": s.start,
            "true_until": s.end,
        }
        for subject, s in change.opening
    ]
    return _write(connection, ledger_ownership, change, rows, now, cause)


def _manner(stretch: Stretch, new: Sequence[Stretch], held: Sequence[Any]) -> dict[str, object]:
    """With what share and by what an account is held: what is left of an earlier fact keeps its own."""
    if stretch not in new:
        for row in held:
            same = (row.territory_id, ROLES[row.role]) == stretch.value
            if same and row.true_from <= stretch.start and (row.true_until or END_OF_TIME) >= (stretch.end or END_OF_TIME):
                return {"share": row.share, "via": row.via}
    return {"share": 1.0, "via": VIAS.index("imported")}


def retract(connection: Connection, cause: Cause, now: datetime, undo: Cause) -> int:
    """Undo what a cause recorded: its facts end in recorded time, and those it had ended are recorded anew; facts ended.

    Days about which something else was recorded since stay as they are.
    """
    now = recorded_now(connection, now)
    return sum(_retract_from(connection, table, cause, now, undo) for table in (ledger_seats, ledger_ownership))


def _retract_from(connection: Connection, table: sa.Table, cause: Cause, now: datetime, undo: Cause) -> int:
    mine = sa.and_(table.c.cause_kind == cause.kind, table.c.cause_id == cause.id)
    moments = connection.execute(sa.select(table.c.recorded_at).where(mine).distinct()).scalars().all()
    superseded = connection.execute(sa.select(table).where(table.c.recorded_until.in_(moments), sa.not_(mine))).all()
    ended = connection.execute(sa.update(table).where(mine, table.c.recorded_until.is_(None)).values(recorded_until=now)).rowcount
    standing = _standing(connection, table, superseded)
    stamp = {"recorded_at": now, "recorded_until": None, "cause_kind": undo.kind, "cause_id": undo.id}
    rows: list[dict[str, object]] = []
    for row in superseded:
        kept = {name: value for name, value in row._mapping.items() if name != "id"}
        parts = left_over(Stretch("", row.true_from, row.true_until), standing.get(_subject_of(table, row), ()))
        rows.extend({**kept, **stamp, "true_from": part.start, "true_until": part.end} for part in parts)
    _insert(connection, table, rows)
    _count(connection, table, bool(ended or rows))
    return int(ended)


def _standing(connection: Connection, table: sa.Table, rows: Sequence[sa.Row[Any]]) -> Mapping[Hashable, list[Stretch]]:
    """What is known now about the subjects of some rows."""
    key = table.c.seat if table is ledger_seats else table.c.account_id
    wanted = sorted({row._mapping[key.name] for row in rows})
    standing: dict[Hashable, list[Stretch]] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(table).where(table.c.recorded_until.is_(None), key.in_(wanted[start : start + _CHUNK]))
        for row in connection.execute(query):
            standing.setdefault(_subject_of(table, row), []).append(Stretch("", row.true_from, row.true_until))
    return standing


def _subject_of(table: sa.Table, row: sa.Row[Any]) -> Hashable:
    """What has one value a day: a seat with a person, an account's primary territory, an account with a helping territory."""
    if table is ledger_seats:
        return (row.seat, row.person_id)
    return _subject(row.account_id, row.territory_id, ROLES[row.role])


@dataclass(frozen=True, slots=True)
class _Change:
    closing: list[int]
    opening: list[tuple[Hashable, Stretch]]
    unchanged: int


def _subject(account_id: int, territory_id: int, role: str) -> tuple[int, ...]:
    return (account_id,) if role == "primary" else (account_id, territory_id)


def _changes(recorded: Mapping[Hashable, list[Stretch]], new: Mapping[Hashable, list[Stretch]], is_full: bool) -> _Change:
    closing: list[int] = []
    opening: list[tuple[Hashable, Stretch]] = []
    unchanged = 0
    for subject in [*new, *(recorded.keys() - new.keys() if is_full else ())]:
        stretches = list(dict.fromkeys(new.get(subject, ())))
        known = recorded.get(subject, [])
        if is_full:
            said = {(s.value, s.start, s.end) for s in stretches}
            closing.extend(s.id for s in known if (s.value, s.start, s.end) not in said)
            known = [s for s in known if (s.value, s.start, s.end) in said]
        laid = lay_over(known, stretches)
        closing.extend(laid.closing)
        opening.extend((subject, s) for s in laid.opening)
        unchanged += sum((s.value, s.start, s.end) in {(k.value, k.start, k.end) for k in known} for s in stretches)
    return _Change(closing, opening, unchanged)


def _known(connection: Connection, account_ids: Sequence[int]) -> Iterable[Any]:
    t = ledger_ownership.c
    columns = (t.id, t.account_id, t.territory_id, t.role, t.share, t.via, t.true_from, t.true_until)
    if connection.execute(sa.select(t.id).limit(1)).first() is None:
        return
    for start in range(0, len(account_ids), _CHUNK):
        chunk = account_ids[start : start + _CHUNK]
        yield from connection.execute(sa.select(*columns).where(t.recorded_until.is_(None), t.account_id.in_(chunk)))


def _write(
    connection: Connection, table: sa.Table, change: _Change, rows: list[dict[str, object]], now: datetime, cause: Cause
) -> Recorded:
    now = recorded_now(connection, now)
    for start in range(0, len(change.closing), _CHUNK):
        chunk = change.closing[start : start + _CHUNK]
        connection.execute(
            sa.update(table).where(table.c.id.in_(chunk), table.c.recorded_until.is_(None)).values(recorded_until=now)
        )
    stamp = {"recorded_at": now, "cause_kind": cause.kind, "cause_id": cause.id}
    _insert(connection, table, [{**row, **stamp} for row in rows])
    _count(connection, table, bool(rows or change.closing))
    return Recorded(len(rows), len(change.closing), change.unchanged)


def _count(connection: Connection, table: sa.Table, has_changed: bool) -> None:
    """Let the next run of the rules know that it was not the last to say who holds what."""
    if has_changed and table is ledger_ownership:
        counters.bump(connection, counters.OWNERSHIP)


def _insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    for start in range(0, len(rows), 10_000):
        connection.execute(sa.insert(table), list(rows[start : start + 10_000]))
