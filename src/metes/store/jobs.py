"""Long work as rows: queued, claimed by one worker, followed by its heartbeat, cancelled on request, taken up again after a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.store.tables import jobs

HEARTBEAT_SECONDS = 5
LOST_AFTER_SECONDS = 60
MAX_ATTEMPTS = 3
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work; `state` is queued, running, done, failed or cancelled."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    principal: str
    state: str
    stage: str
    done: int
    total: int
    result: Mapping[str, Any] | None
    error: str | None
    attempts: int
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED


def add_job(connection: Connection, kind: str, payload: Mapping[str, Any], principal: str, now: datetime) -> int:
    """Queue a job; its id."""
    row = dict(
        kind=kind, payload=json.dumps(dict(payload)), principal=principal, state="queued", stage="waiting for a worker", done=0, total=0,
        attempts=0, cancel_requested=False, created_at=now,
    )  # fmt: skip
    return int(connection.execute(sa.insert(jobs).values(**row).returning(jobs.c.id)).scalar_one())


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Whether some job could be claimed."""
    return connection.execute(sa.select(jobs.c.id).where(_claimable(now)).limit(1)).first() is not None


def claim(connection: Connection, worker: str, now: datetime) -> Job | None:
    """Take the oldest queued job, or one whose worker has been silent too long; None where there is none.

    Belongs into an exclusive transaction, so that two workers never hold the same job.
    """
    t = jobs.c
    while (row := connection.execute(sa.select(jobs).where(_claimable(now)).order_by(t.id).limit(1)).first()) is not None:
        if row.cancel_requested:
            finish(connection, row.id, "cancelled", now)
        elif row.attempts >= MAX_ATTEMPTS:
            lost = f"its worker was lost {row.attempts} times; look at the worker's log and start it anew"
            finish(connection, row.id, "failed", now, error=lost)
        else:
            values = dict(
                state="running", worker=worker, started_at=now, heartbeat_at=now, attempts=row.attempts + 1, stage="starting"
            )
            connection.execute(sa.update(jobs).where(t.id == row.id).values(**values))
            return job(connection, row.id)
    return None


def report(connection: Connection, job_id: int, stage: str, done: int, total: int, now: datetime) -> bool:
    """Note how far a job is; whether somebody asked it to stop."""
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(stage=stage, done=done, total=total, heartbeat_at=now))
    return bool(connection.execute(sa.select(jobs.c.cancel_requested).where(jobs.c.id == job_id)).scalar())


def finish(
    connection: Connection,
    job_id: int,
    state: str,
    now: datetime,
    *,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """End a job as done, failed or cancelled."""
    values = dict(
        state=state, finished_at=now, result=None if result is None else json.dumps(dict(result), default=str), error=error
    )
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def request_cancel(connection: Connection, job_id: int, now: datetime) -> Job:
    """Ask a job to stop: a queued one is cancelled at once, a running one at its next report."""
    found = job(connection, job_id)
    if found.state == "queued":
        finish(connection, job_id, "cancelled", now)
    elif not found.has_ended:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(cancel_requested=True))
    return job(connection, job_id)


def job(connection: Connection, job_id: int) -> Job:
    """One job; NotFound where there is none."""
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise NotFound(f"there is no job {job_id}; 'metes jobs' lists those there are")
    return _job(row)


def recent(connection: Connection, limit: int = 50) -> tuple[Job, ...]:
    """The newest jobs."""
    return tuple(_job(row) for row in connection.execute(sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit)))


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    lost = now - timedelta(seconds=LOST_AFTER_SECONDS)
    return sa.or_(jobs.c.state == "queued", sa.and_(jobs.c.state == "running", jobs.c.heartbeat_at < lost))


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        row.id, row.kind, json.loads(row.payload), row.principal, row.state, row.stage, row.done, row.total,
        None if row.result is None else json.loads(row.result), row.error, row.attempts, row.cancel_requested, row.created_at,
        row.started_at, row.finished_at,
    )  # fmt: skip
