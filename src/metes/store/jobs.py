"""Long work as rows: queued once, claimed by one worker, followed by its beats, cancelled, resumed, taken up again after a crash.

Every statement about a running job names the worker that holds it, so that a worker which lost its job cannot write over the one that
took it up. What happens to a job is said in its log in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, JobLost, NotFound
from metes.store import job_failures, job_log
from metes.store.work_tables import jobs

MAX_ATTEMPTS = 3
RETRY_SECONDS = 10
# A job that waits for longer than any retry does waits because somebody set the clock back.
_LONGEST_WAIT = timedelta(seconds=RETRY_SECONDS * 2**MAX_ATTEMPTS)
ENDED = ("done", "failed", "cancelled")
WAITING = "waiting for a worker"
# Under it every assignment of all accounts waits.
ASSIGN_KEY = "assign"


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
    worker: str | None
    checkpoint: Mapping[str, Any] | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ENDED

    @property
    def can_resume(self) -> bool:
        """Whether it ended before its work was done."""
        return self.state in ("failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Held:
    """A running job as other workers see it: `beats` grows while its worker lives."""

    id: int
    worker: str
    attempts: int
    beats: int


def add_job(connection: Connection, kind: str, payload: Mapping[str, Any], principal: str, now: datetime) -> int:
    """Queue a job; its id."""
    return _add(connection, kind, payload, principal, now)


def add_waiting(
    connection: Connection, kind: str, payload: Mapping[str, Any], principal: str, now: datetime, *, waiting_key: str, why: str
) -> int:
    """Queue a job of a trigger, unless one waits under the same key, which then does its work too; the id of that job.

    Belongs into the exclusive transaction of what causes it: then no worker begins the waiting job before that is written.
    """
    waiting = _waiting(connection, waiting_key)
    number = _add(connection, kind, payload, principal, now, waiting_key=waiting_key) if waiting is None else int(waiting.id)
    job_log.append(connection, number, now, "info", WAITING, why)
    return number


def add_once(
    connection: Connection,
    kind: str,
    payload: Mapping[str, Any],
    principal: str,
    now: datetime,
    *,
    waiting_key: str,
    once_key: str,
    why: str,
) -> int | None:
    """The same for a trigger that may fire but once for ever; None where `once_key` was used before."""
    if find_once(connection, once_key) is not None:
        return None
    waiting = _waiting(connection, waiting_key)
    if waiting is None:
        number = _add(connection, kind, payload, principal, now, waiting_key=waiting_key, once_key=once_key)
    elif waiting.once_key is None:
        number = int(waiting.id)
        connection.execute(sa.update(jobs).where(jobs.c.id == number).values(once_key=once_key))
    else:
        number = _add(connection, kind, payload, principal, now, once_key=once_key)
    job_log.append(connection, number, now, "info", WAITING, why)
    return number


def find_once(connection: Connection, once_key: str) -> int | None:
    """The id of the job that was queued under a key; None where there was none."""
    found = connection.execute(sa.select(jobs.c.id).where(jobs.c.once_key == once_key)).scalar()
    return None if found is None else int(found)


def waiting_ids(connection: Connection, waiting_key: str) -> tuple[int, ...]:
    """Ids of the jobs that wait under a key."""
    t = jobs.c
    return tuple(connection.execute(sa.select(t.id).where(t.waiting_key == waiting_key, t.state == "queued")).scalars())


def is_waiting(connection: Connection, now: datetime) -> bool:
    """Whether some job waits for a worker."""
    return connection.execute(sa.select(jobs.c.id).where(_ready(now)).limit(1)).first() is not None


def running(connection: Connection) -> tuple[Held, ...]:
    """All jobs that are held by workers, oldest first."""
    t = jobs.c
    rows = connection.execute(sa.select(t.id, t.worker, t.attempts, t.beats).where(t.state == "running").order_by(t.id))
    return tuple(Held(row.id, row.worker or "", row.attempts, row.beats) for row in rows)


def claim(connection: Connection, worker: str, now: datetime, lost: Collection[Held] = ()) -> Job | None:
    """Take the oldest job that waits or is held by a lost worker; None where there is none.

    `lost` are running jobs whose workers the caller found gone; one that beat since then is left alone. Belongs into an exclusive
    transaction, so that two workers never hold the same job.
    """
    t = jobs.c
    gone = [sa.and_(t.id == h.id, t.worker == h.worker, t.attempts == h.attempts, t.beats == h.beats) for h in lost]
    takeable = sa.or_(_ready(now), *(sa.and_(t.state == "running", same) for same in gone))
    while (row := connection.execute(sa.select(jobs).where(takeable).order_by(t.id).limit(1)).first()) is not None:
        if row.state == "running":
            text = f"worker {row.worker} is gone, attempt {row.attempts} ended here"
            job_log.append(connection, row.id, now, "warning", row.stage, text)
        if row.cancel_requested:
            _end(connection, row.id, "cancelled", now)
        elif row.attempts >= MAX_ATTEMPTS:
            lost_text = f"its worker was lost {row.attempts} times; look at its log and at the worker's, then resume it"
            _end(connection, row.id, "failed", now, error=lost_text)
        else:
            return _take(connection, row, worker, now)
    return None


def report(connection: Connection, job_id: int, worker: str, stage: str, done: int, total: int, now: datetime) -> bool:
    """Note how far a job is; whether somebody asked it to stop. JobLost where another worker holds it by now."""
    values = dict(stage=stage, done=done, total=total, heartbeat_at=now, beats=jobs.c.beats + 1)
    stop = connection.execute(_held(job_id, worker).values(**values).returning(jobs.c.cancel_requested)).scalar()
    if stop is None:
        raise JobLost(f"job {job_id} is no longer held by worker {worker}")
    return bool(stop)


def save_checkpoint(connection: Connection, job_id: int, worker: str, value: Mapping[str, Any], now: datetime) -> None:
    """Keep what the next attempt may go on from. JobLost where another worker holds the job by now."""
    kept = connection.execute(_held(job_id, worker).values(checkpoint=json.dumps(dict(value)), heartbeat_at=now))
    if kept.rowcount == 0:
        raise JobLost(f"job {job_id} is no longer held by worker {worker}")


def finish(
    connection: Connection,
    job_id: int,
    worker: str,
    state: str,
    now: datetime,
    *,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> bool:
    """End the job that a worker holds as done, failed or cancelled; False where another worker holds it by now."""
    holds = sa.and_(jobs.c.id == job_id, jobs.c.worker == worker, jobs.c.state == "running")
    if connection.execute(sa.select(jobs.c.id).where(holds)).first() is None:
        return False
    _end(connection, job_id, state, now, result=result, error=error)
    return True


def give_back(connection: Connection, job_id: int, worker: str, now: datetime, why: str, *, is_counted: bool) -> bool:
    """Let a job wait again that its worker cannot go on with; False where another worker holds it, or it was tried too often.

    `is_counted` says that the attempt counts: the next ones begin later and later, and MAX_ATTEMPTS is the last.
    """
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()
    if row is None or row.worker != worker or row.state != "running" or (is_counted and row.attempts >= MAX_ATTEMPTS):
        return False
    wait = timedelta(seconds=RETRY_SECONDS * 2 ** (row.attempts - 1)) if is_counted else None
    values = dict(
        state="queued", stage=WAITING, done=0, total=0, worker=None, run_after=None if wait is None else now + wait,
        attempts=row.attempts if is_counted else row.attempts - 1, **_without_waiting_key(connection, row),
    )  # fmt: skip
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))
    job_log.append(connection, job_id, now, "warning", row.stage, why)
    return True


def request_cancel(connection: Connection, job_id: int, principal: str, now: datetime) -> Job:
    """Ask a job to stop: a queued one is cancelled at once, a running one at its next report."""
    found = _locked(connection, job_id)
    if not found.has_ended:
        job_log.append(connection, job_id, now, "info", found.stage, f"{principal} asked it to stop")
    if found.state == "queued":
        _end(connection, job_id, "cancelled", now)
    elif not found.has_ended:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(cancel_requested=True))
    return job(connection, job_id)


def resume(connection: Connection, job_id: int, principal: str, now: datetime) -> Job:
    """Let a failed or cancelled job go on from its checkpoint; Conflict where it is neither."""
    found = _locked(connection, job_id)
    if not found.can_resume:
        raise Conflict(f"job {job_id} is {found.state}; only a failed or cancelled one can be resumed")
    values = dict(
        state="queued", stage=WAITING, done=0, total=0, result=None, error=None, attempts=0, cancel_requested=False, worker=None,
        finished_at=None, run_after=None, waiting_key=None,
    )  # fmt: skip
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))
    from_where = "from its checkpoint" if found.checkpoint else "from the beginning"
    job_log.append(connection, job_id, now, "info", WAITING, f"{principal} resumed it; it goes on {from_where}")
    return job(connection, job_id)


def settle(connection: Connection, ids: Collection[int], result: Mapping[str, Any], now: datetime, why: str) -> None:
    """End jobs that still wait as done, because their work was done elsewhere."""
    t = jobs.c
    still = connection.execute(sa.select(t.id).where(t.id.in_(ids), t.state == "queued")).scalars().all()
    for job_id in still:
        job_log.append(connection, job_id, now, "info", WAITING, why)
        _end(connection, job_id, "done", now, result=result)


def job(connection: Connection, job_id: int) -> Job:
    """One job; NotFound where there is none."""
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise NotFound(f"there is no job {job_id}; 'metes jobs list' lists those there are")
    return _job(row)


def _locked(connection: Connection, job_id: int) -> Job:
    """One job, which nobody claims or ends before this transaction has."""
    connection.execute(sa.select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())
    return job(connection, job_id)


def recent(connection: Connection, limit: int = 50, kind: str | None = None) -> tuple[Job, ...]:
    """The newest jobs, those of one kind where it is named."""
    query = sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    return tuple(_job(row) for row in connection.execute(query if kind is None else query.where(jobs.c.kind == kind)))


def unfinished(connection: Connection, since: datetime) -> tuple[Job, ...]:
    """Jobs that wait or run, and those that failed or were cancelled after an instant: what may still go on."""
    t = jobs.c
    resumable = sa.and_(t.state.in_(("failed", "cancelled")), t.finished_at > since)
    rows = connection.execute(sa.select(jobs).where(sa.or_(t.state.in_(("queued", "running")), resumable)))
    return tuple(_job(row) for row in rows)


def _add(
    connection: Connection,
    kind: str,
    payload: Mapping[str, Any],
    principal: str,
    now: datetime,
    *,
    waiting_key: str | None = None,
    once_key: str | None = None,
) -> int:
    row = dict(
        kind=kind, payload=json.dumps(dict(payload)), principal=principal, state="queued", stage=WAITING, done=0, total=0, attempts=0,
        cancel_requested=False, created_at=now, beats=0, waiting_key=waiting_key, once_key=once_key,
    )  # fmt: skip
    return int(connection.execute(sa.insert(jobs).values(**row).returning(jobs.c.id)).scalar_one())


def _waiting(connection: Connection, waiting_key: str) -> Any:
    """The id and the key for ever of the job that waits under a key; None where none does."""
    t = jobs.c
    return connection.execute(sa.select(t.id, t.once_key).where(t.waiting_key == waiting_key, t.state == "queued")).first()


def _take(connection: Connection, row: sa.Row[Any], worker: str, now: datetime) -> Job:
    attempt = row.attempts + 1
    values = dict(
        state="running", worker=worker, started_at=row.started_at if row.attempts else now, heartbeat_at=now, attempts=attempt,
        stage="starting", beats=row.beats + 1, run_after=None, finished_at=None,
    )  # fmt: skip
    connection.execute(sa.update(jobs).where(jobs.c.id == row.id).values(**values))
    begins = f"attempt {attempt} begins" + (", from the checkpoint" if row.checkpoint else "") + f"; worker {worker}"
    job_log.append(connection, row.id, now, "info", "starting", begins)
    return job(connection, row.id)


def _end(
    connection: Connection,
    job_id: int,
    state: str,
    now: datetime,
    *,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    text = None if result is None else json.dumps(dict(result), default=str)
    values: dict[str, Any] = dict(state=state, finished_at=now, result=text, error=error, run_after=None)
    if state == "done":
        values["checkpoint"] = None
    stage = connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values).returning(jobs.c.stage)).scalar_one()
    said = {"done": "done", "cancelled": "cancelled", "failed": f"failed: {error}"}[state]
    level = {"done": "info", "cancelled": "warning", "failed": "error"}[state]
    job_log.append(connection, job_id, now, level, stage, said)
    if state == "failed":
        job_failures.tell_failed(connection, job_id, now)


def _without_waiting_key(connection: Connection, row: sa.Row[Any]) -> dict[str, None]:
    """What takes its key from a job that waits again, where another one waits under that key already."""
    return {} if row.waiting_key is None or _waiting(connection, row.waiting_key) is None else {"waiting_key": None}


def _held(job_id: int, worker: str) -> sa.Update:
    return sa.update(jobs).where(jobs.c.id == job_id, jobs.c.worker == worker, jobs.c.state == "running")


def _ready(now: datetime) -> sa.ColumnElement[bool]:
    after = jobs.c.run_after
    return sa.and_(jobs.c.state == "queued", sa.or_(after.is_(None), after <= now, after > now + _LONGEST_WAIT))


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        row.id, row.kind, json.loads(row.payload), row.principal, row.state, row.stage, row.done, row.total,
        None if row.result is None else json.loads(row.result), row.error, row.attempts, row.cancel_requested, row.created_at,
        row.started_at, row.finished_at, row.worker, None if row.checkpoint is None else json.loads(row.checkpoint),
    )  # fmt: skip
