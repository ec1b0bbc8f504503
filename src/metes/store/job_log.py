"""The log of each job, written as things happen, so that it outlives the worker that wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.work_tables import job_log, jobs

LEVELS = ("info", "warning", "error")
LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `number` orders all lines of a workspace, `stage` says how far the work was."""

    number: int
    at: datetime
    level: str
    stage: str
    text: str


def append(connection: Connection, job_id: int, at: datetime, level: str, stage: str, text: str) -> None:
    """Add a line to a job's log."""
    row = dict(job_id=job_id, at=at, level=level, stage=stage[:LONGEST_TEXT], text=text[:LONGEST_TEXT])
    connection.execute(sa.insert(job_log).values(**row))


def lines(connection: Connection, job_id: int, *, after: int = 0, limit: int = 100) -> tuple[LogLine, ...]:
    """The first lines of a job's log behind line `after`, oldest first."""
    t = job_log.c
    rows = connection.execute(sa.select(job_log).where(t.job_id == job_id, t.number > after).order_by(t.number).limit(limit))
    return tuple(_line(row) for row in rows)


def last_lines(connection: Connection, job_id: int, *, before: int | None = None, limit: int = 100) -> tuple[LogLine, ...]:
    """The last lines of a job's log, those before a line where it is named, oldest first."""
    t = job_log.c
    here = t.job_id == job_id if before is None else sa.and_(t.job_id == job_id, t.number < before)
    rows: Sequence[sa.Row[tuple[object, ...]]] = connection.execute(
        sa.select(job_log).where(here).order_by(t.number.desc()).limit(limit)
    ).all()
    return tuple(_line(row) for row in reversed(rows))


def count(connection: Connection, job_id: int) -> int:
    """How many lines a job's log has."""
    query = sa.select(sa.func.count()).select_from(job_log).where(job_log.c.job_id == job_id)
    return int(connection.execute(query).scalar_one())


def drop_before(connection: Connection, moment: datetime) -> int:
    """Drop the lines of jobs that ended before an instant; how many."""
    ended = sa.select(jobs.c.id).where(jobs.c.finished_at < moment)
    return int(connection.execute(sa.delete(job_log).where(job_log.c.job_id.in_(ended), job_log.c.at < moment)).rowcount)


def _line(row: sa.Row[tuple[object, ...]]) -> LogLine:
    return LogLine(*(getattr(row, name) for name in ("number", "at", "level", "stage", "text")))
