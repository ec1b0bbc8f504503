"""Runs the active plan over the accounts that need it and writes the difference into the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from metes.assigning.affected import affected_accounts, everyone, named_accounts
from metes.assigning.last_run import last_run, state_now
from metes.assigning.report import AssignReport
from metes.assigning.task import Task
from metes.assigning.working_out import work_out
from metes.assigning.writing import keep, take_up, write
from metes.base.progress import NO_CHECKPOINT, Checkpoint
from metes.model.scope import Principal
from metes.store.changed import numbers_of_keys


def preview(task: Task) -> AssignReport:
    """What assigning under a plan would change, against the ledger of now; writes nothing but numbers for new territory keys."""
    with task.store.read() as connection:
        state = state_now(connection)
    last = last_run(task.store)
    return work_out(task, last, state, affected_accounts(task, last, state)).report


def assign(
    task: Task, *, now: datetime, principal: Principal, is_forced: bool = False, checkpoint: Checkpoint = NO_CHECKPOINT
) -> AssignReport:
    """Run the plan over the accounts that changes may touch, or over all where that cannot be told or `is_forced`; write the difference.

    A large difference is kept at the checkpoint, and taken up from there while data, ownership, plan and day are the same. Conflict
    where data or ownership changed while this worked; nothing is written then.
    """
    with task.store.read() as connection:
        state = state_now(connection)
    last = last_run(task.store)
    waiting = take_up(task, state, checkpoint)
    if waiting is None:
        affected = everyone("it was asked for") if is_forced else affected_accounts(task, last, state)
        waiting = keep(task, state, work_out(task, last, state, affected), checkpoint)
    return write(task, waiting, last, now=now, principal=principal)


def assign_named(task: Task, keys: Iterable[str], *, now: datetime, principal: Principal) -> AssignReport:
    """The same for some accounts, named by their keys, whose data have just changed, and for whatever else changed since the last run where that is little."""
    with task.store.read() as connection:
        state = state_now(connection)
        accounts = np.array(sorted(numbers_of_keys(connection, keys).values()), np.int64)
    last = last_run(task.store)
    found = work_out(task, last, state, named_accounts(task, last, state, accounts))
    return write(task, keep(task, state, found, NO_CHECKPOINT), last, now=now, principal=principal)
