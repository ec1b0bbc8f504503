"""Schedules: what is queued again and again, each turn once, by whichever worker comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.model.cadence import Cadence, is_astray, parse_cadence
from metes.store import counters, jobs
from metes.store.work_tables import schedules

# Says how many sets of the schedules a workspace begins with were made, so that one that was removed stays away.
_MADE = "schedules"
FIRST = (
    (
        ("nightly-assignment", "assign", "nightly 02:00"),
        ("clean-up", "clean-up", "nightly 03:00"),
        ("old-logs", "drop-logs", "weekly sunday 03:30"),
    ),
    (
        ("reminders", "reminders", "nightly 06:30"),
        ("daily-digest", "daily-digest", "nightly 07:00"),
        ("weekly-digest", "weekly-digest", "weekly monday 07:00"),
    ),
    (("retention", "retention", "weekly sunday 04:00"),),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that a worker queues at each turn of a cadence; `last_at` is the newest turn taken, `last_job` its job."""

    id: int
    name: str
    kind: str
    cadence: Cadence
    is_enabled: bool
    principal: str
    next_at: datetime
    last_at: datetime | None
    last_job: int | None


def has_first(connection: Connection) -> bool:
    """Whether the schedules that a workspace begins with were made."""
    return counters.value(connection, _MADE) >= len(FIRST)


def add_first(connection: Connection, principal: str, now: datetime, zone: ZoneInfo) -> None:
    """Make the schedules that a workspace begins with, each set once; a schedule of one's own keeps its name."""
    for schedules_ in FIRST[counters.value(connection, _MADE) :]:
        counters.bump(connection, _MADE)
        taken = {schedule.name for schedule in all_schedules(connection)}
        for name, kind, cadence in schedules_:
            if name not in taken:
                add(connection, name, kind, parse_cadence(cadence), principal, now, zone)


def add(connection: Connection, name: str, kind: str, cadence: Cadence, principal: str, now: datetime, zone: ZoneInfo) -> int:
    """Add a schedule; its id. Conflict where another has its name."""
    if connection.execute(sa.select(schedules.c.id).where(schedules.c.name == name)).first() is not None:
        raise Conflict(f"there is a schedule '{name}' already; choose another name, or remove that one first")
    row = dict(
        name=name, kind=kind, cadence=str(cadence), is_enabled=True, principal=principal, created_at=now,
        next_at=cadence.next_after(now, zone),
    )  # fmt: skip
    return int(connection.execute(sa.insert(schedules).values(**row).returning(schedules.c.id)).scalar_one())


def all_schedules(connection: Connection) -> tuple[Schedule, ...]:
    """All schedules by name."""
    return tuple(_schedule(row) for row in connection.execute(sa.select(schedules).order_by(schedules.c.name)))


def find(connection: Connection, name: str) -> Schedule:
    """The schedule of a name; NotFound where there is none."""
    row = connection.execute(sa.select(schedules).where(schedules.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no schedule '{name}'; 'metes schedule list' lists those there are")
    return _schedule(row)


def remove(connection: Connection, name: str) -> None:
    """Remove a schedule; the jobs it queued stay."""
    connection.execute(sa.delete(schedules).where(schedules.c.id == find(connection, name).id))


def set_enabled(connection: Connection, name: str, is_enabled: bool, now: datetime, zone: ZoneInfo) -> Schedule:
    """Pause a schedule, or let it go on with its next turn: those missed meanwhile are not made up for."""
    schedule = find(connection, name)
    _put(connection, schedule, is_enabled=is_enabled, next_at=_next(schedule, now, zone))
    return find(connection, name)


def set_zone(connection: Connection, now: datetime, zone: ZoneInfo) -> None:
    """Work out every next turn anew after the workspace's time zone changed."""
    for schedule in all_schedules(connection):
        _put(connection, schedule, next_at=_next(schedule, now, zone))


def is_due(connection: Connection, now: datetime, zone: ZoneInfo) -> bool:
    """Whether `tick` would do something."""
    return any(s.is_enabled and (s.next_at <= now or is_astray(s.next_at, s.cadence, now, zone)) for s in all_schedules(connection))


def tick(connection: Connection, now: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    """Queue what is due and set each next turn; the jobs' ids. After a long silence each schedule runs once.

    Belongs into an exclusive transaction: the turn and its job are written together, so that two workers never take the same turn.
    """
    queued = []
    for schedule in all_schedules(connection):
        if not schedule.is_enabled:
            continue
        if schedule.next_at <= now:
            queued.append(_queue(connection, schedule, schedule.principal, now, _why(schedule, now)))
            _put(
                connection, schedule, next_at=schedule.cadence.next_after(now, zone), last_at=schedule.next_at, last_job=queued[-1]
            )
        elif is_astray(schedule.next_at, schedule.cadence, now, zone):
            _put(connection, schedule, next_at=schedule.cadence.next_after(now, zone))
    return tuple(queued)


def run_now(connection: Connection, name: str, principal: str, now: datetime) -> int:
    """Queue a schedule's job beside its turns; the job's id, that of one which waits already where there is one."""
    schedule = find(connection, name)
    job = _queue(connection, schedule, principal, now, f"{principal} ran the schedule {name} by hand")
    _put(connection, schedule, last_job=job)
    return job


def _queue(connection: Connection, schedule: Schedule, principal: str, now: datetime, why: str) -> int:
    return jobs.add_waiting(
        connection, schedule.kind, _payload(schedule), principal, now, waiting_key=_waiting_key(schedule), why=why
    )


def _why(schedule: Schedule, now: datetime) -> str:
    late = now - schedule.next_at
    said = f", {late} late" if late.total_seconds() > 60 else ""
    return f"the schedule {schedule.name} had its turn of {schedule.next_at:%Y-%m-%d %H:%M} UTC{said}"


def _payload(schedule: Schedule) -> dict[str, Any]:
    return {"schedule": schedule.name}


def _waiting_key(schedule: Schedule) -> str:
    """All assignments are one run; other work waits per schedule."""
    return jobs.ASSIGN_KEY if schedule.kind == "assign" else f"schedule:{schedule.id}"


def _next(schedule: Schedule, now: datetime, zone: ZoneInfo) -> datetime:
    """The next turn after now and after those taken, so that a clock set back a little takes none twice."""
    turn = schedule.cadence.next_after(max(now, schedule.last_at or now), zone)
    return schedule.cadence.next_after(now, zone) if is_astray(turn, schedule.cadence, now, zone) else turn


def _put(connection: Connection, schedule: Schedule, **values: Any) -> None:
    connection.execute(sa.update(schedules).where(schedules.c.id == schedule.id).values(**values))


def _schedule(row: sa.Row[Any]) -> Schedule:
    return Schedule(
        row.id,
        row.name,
        row.kind,
        parse_cadence(row.cadence),
        row.is_enabled,
        row.principal,
        row.next_at,
        row.last_at,
        row.last_job,
    )
