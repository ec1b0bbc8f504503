"""Writes a run's difference into the ledger in one transaction, from side tables where it is large or must outlive its worker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.assigning.last_run import NEVER, Base, LastRun, State, has_same_state
from metes.assigning.report import AssignReport, Mode
from metes.assigning.task import Task
from metes.assigning.turns import next_turn
from metes.assigning.working_out import WRITER_PATIENCE_SECONDS, WorkedOut
from metes.base.errors import Busy, Conflict
from metes.base.progress import NO_CHECKPOINT, Checkpoint
from metes.model.scope import Principal
from metes.store import audit, counters, ledger, ledger_changes
from metes.store.engine import Store
from metes.store.tables import runs

# Fewer rows are written straight into the ledger.
SMALL_CHANGE = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A difference worked out at the moment `state`: in the side tables of `stage`, or at hand where that is empty."""

    report: AssignReport
    state: State
    stage: str = ""
    rows: WorkedOut | None = None


def keep(task: Task, state: State, found: WorkedOut, checkpoint: Checkpoint) -> Waiting:
    """Make a difference ready to be written: a small one stays at hand, a large one goes into side tables and to the checkpoint."""
    if len(found.closing) + found.opening.num_rows < SMALL_CHANGE:
        return Waiting(found.report, state, rows=found)
    stage = f"run_{uuid.uuid4().hex[:12]}"
    task.progress.report("writing the ledger", 0, 1)
    try:
        ledger_changes.stage_change(task.store, stage, found.closing, found.opening)
        if checkpoint is not NO_CHECKPOINT:
            checkpoint.save({**_moment(task, state), "stage": stage, "report": found.report.as_dict()})
        task.progress.report("writing the ledger", 0, 1)
    except BaseException:
        # What a checkpoint names is taken up by the next attempt, or cleared with it.
        if checkpoint is NO_CHECKPOINT:
            discard(task.store, stage)
        raise
    return Waiting(found.report, state, stage)


def take_up(task: Task, state: State, checkpoint: Checkpoint) -> Waiting | None:
    """The difference that an earlier attempt kept, where data, ownership, plan and days are the same; else it is dropped."""
    kept = checkpoint.load()
    if not kept or "stage" not in kept:
        return None
    stage = str(kept["stage"])
    is_whole = ledger_changes.has_staged(task.store, stage)
    if is_whole and {name: kept.get(name) for name in _moment(task, state)} == _moment(task, state):
        return Waiting(AssignReport.from_dict(kept["report"]), state, stage)
    discard(task.store, stage)
    return None


def _moment(task: Task, state: State) -> Mapping[str, Any]:
    """What a difference was worked out from, as plain values."""
    days = {"day": task.day.isoformat(), "today": task.today.isoformat()}
    return {"data": state.data, "ownership": state.ownership, "revision": task.revision.id, **days}


def discard(store: Store, stage: str) -> None:
    """Drop the side tables of a difference; where even that must wait too long, a later clearing drops them."""
    with suppress(Busy), store.write(patience_seconds=2.0) as connection:
        ledger_changes.drop_change(connection, stage)


def write(task: Task, waiting: Waiting, last: LastRun | None, *, now: datetime, principal: Principal) -> AssignReport:
    """Write a difference and the record of its run. Conflict where data or ownership changed since it was worked out."""

    def on_wait(seconds: float) -> None:
        task.progress.report(f"waiting for another writer ({seconds:.0f} s)")

    with task.store.write(patience_seconds=WRITER_PATIENCE_SECONDS, on_wait=on_wait) as connection:
        if not has_same_state(connection, waiting.state):
            if waiting.stage:
                ledger_changes.drop_change(connection, waiting.stage)
            connection.commit()
            raise Conflict("the data changed while the rules were evaluated; assign again")
        base = _base(task, waiting, last)
        run = _add_run(connection, task, base, now, principal)
        closed, opened = _write_facts(connection, task, waiting, now, ledger.Cause("run", run))
        if closed or opened:
            counters.bump(connection, counters.LEDGER)
            base = base.with_ownership(counters.bump(connection, counters.OWNERSHIP))
        report = replace(waiting.report, run=run, opened=opened, closed=closed, is_preview=False)
        counts = json.dumps({**report.as_dict(), **base.as_counts()})
        connection.execute(sa.update(runs).where(runs.c.id == run).values(counts=counts))
        detail = {
            "revision": task.revision.id,
            "day": task.day.isoformat(),
            "moved": report.moved,
            "opened": opened,
            "closed": closed,
        }
        audit.add_entry(connection, principal, "assign", f"run {run}", detail, now)
    return report


def _base(task: Task, waiting: Waiting, last: LastRun | None) -> Base:
    """What the next run may go on from: this one, but for a run over named accounts, which leaves the others as the last one did."""
    if waiting.report.mode is not Mode.NAMED or last is None:
        return Base(task.revision.id, waiting.state, task.today, next_turn(task.plan, task.names, task.today), task.basis)
    if last.base.state.ownership != waiting.state.ownership:
        return replace(last.base, state=replace(last.base.state, ownership=NEVER))
    return last.base


def _add_run(connection: Connection, task: Task, base: Base, now: datetime, principal: Principal) -> int:
    row = {
        "revision_id": base.revision,
        "book_revision": base.state.data,
        "day": task.day,
        "counts": "{}",
        "principal": principal.name,
        "started_at": now,
        "finished_at": now,
    }
    return int(connection.execute(sa.insert(runs).values(**row).returning(runs.c.id)).scalar_one())


def _write_facts(connection: Connection, task: Task, waiting: Waiting, now: datetime, cause: ledger.Cause) -> tuple[int, int]:
    """Write the facts themselves; numbers of stopped and started ones."""
    if waiting.rows is not None:
        return ledger_changes.write_change(connection, waiting.rows.closing, waiting.rows.opening, task.day, now, cause)
    return ledger_changes.swap_in_change(connection, waiting.stage, task.day, now, cause)
