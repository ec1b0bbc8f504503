"""Works out what a run changes: evaluates accounts, compares with the ledger, sums up who wins and loses; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.assigning.affected import Affected
from metes.assigning.assignment import Difference, difference, moves
from metes.assigning.evaluating import POTENTIAL, accounts_of, holdings_of
from metes.assigning.last_run import LastRun, State
from metes.assigning.report import AssignReport, TerritoryChange
from metes.assigning.task import Task
from metes.store import changed, ledger, ledger_changes

WRITER_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """A report as a preview, and the ids of facts that stop and the holdings that start."""

    report: AssignReport
    closing: pa.Array
    opening: pa.Table


def work_out(task: Task, last: LastRun | None, state: State, affected: Affected) -> WorkedOut:
    """What running the plan over the affected accounts would change in the ledger; numbers for new territory keys are made."""
    numbers = _numbers_of_territories(task)
    tables = list(accounts_of(task, affected, state.data))
    wanted = holdings_of(task, tables, numbers)
    task.progress.report("comparing with the ledger")
    current = ledger_changes.current_facts(task.store, task.day, None if affected.is_everyone else affected.accounts)
    change = difference(current, wanted, task.day)
    moved = moves(current, wanted)
    evaluated = sum(table.num_rows for table in tables)
    report = AssignReport(
        run=None,
        revision=task.revision.id,
        plan=task.plan.name or task.plan.key,
        day=task.day,
        moved=moved.num_rows,
        opened=change.opening.num_rows,
        closed=len(change.closing),
        territories=_territory_changes(moved, {number: key for key, number in numbers.items()}, tables),
        is_preview=True,
        mode=affected.mode,
        reason=affected.reason,
        evaluated=evaluated,
        **_totals(task, None if affected.is_everyone else last, change, evaluated),
    )
    return WorkedOut(report, change.closing, change.opening)


def _totals(task: Task, last: LastRun | None, change: Difference, evaluated: int) -> Mapping[str, Any]:
    """What concerns all accounts: counted where all were evaluated, else carried on from the last run by what changes."""
    if last is None:
        accounts, held, by_via, unchanged = evaluated, change.after.held, change.after.by_via, change.unchanged
    else:
        with task.store.read() as connection:
            accounts = changed.open_accounts(connection)
        net = change.after - change.before
        held, unchanged = last.held + net.held, last.facts - len(change.closing)
        by_via = net.by_via + [last.counts["by_via"].get(via, 0) for via in ledger.VIAS]
    named = {via: int(count) for via, count in zip(ledger.VIAS, by_via, strict=True) if count}
    return {"accounts": accounts, "unassigned": accounts - held, "by_via": named, "unchanged": unchanged}


def _numbers_of_territories(task: Task) -> Mapping[str, int]:
    """The ledger's numbers of the plan's territories, and of all others it knows."""
    keys = [territory.key for territory in task.plan.territories]
    with task.store.read() as connection:
        known = ledger.known_territories(connection)
    if all(key in known for key in keys):
        return known
    with task.store.write(patience_seconds=WRITER_PATIENCE_SECONDS) as connection:
        return ledger.ids_of_territories(connection, keys)


def _territory_changes(moved: pa.Table, key_of: Mapping[int, str], tables: list[pa.Table]) -> tuple[TerritoryChange, ...]:
    """What each territory wins and loses by the accounts that move, with their potential."""
    worth = _potential(np.asarray(moved["account_id"].to_numpy()), tables)
    changes: dict[str, dict[str, int]] = {}
    for side, count, potential in (("new", "won", "won_potential"), ("old", "lost", "lost_potential")):
        number = moved[side].fill_null(-1).to_numpy()
        territories, place = np.unique(number, return_inverse=True)
        amounts = np.zeros(territories.size, np.int64)
        np.add.at(amounts, place, worth)
        for territory, accounts, amount in zip(territories.tolist(), np.bincount(place).tolist(), amounts.tolist(), strict=True):
            if territory >= 0:
                changes.setdefault(key_of[territory], {}).update({count: accounts, potential: amount})
    return tuple(TerritoryChange(key, **changes[key]) for key in sorted(changes))


def _potential(accounts: NDArray[np.int64], tables: list[pa.Table]) -> NDArray[np.int64]:
    """The potential of some accounts, 0 where it is not known or the account was closed."""
    worth = np.zeros(accounts.size, np.int64)
    for table in tables:
        if table.num_rows:
            numbers = table["account"].to_numpy()
            at = np.minimum(np.searchsorted(numbers, accounts), numbers.size - 1)
            is_here = numbers[at] == accounts
            worth[is_here] = table[POTENTIAL].fill_null(0).to_numpy()[at[is_here]]
    return worth
