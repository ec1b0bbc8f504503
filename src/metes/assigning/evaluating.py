"""Runs a plan over accounts: those of a Book, or some fetched one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from metes.assigning.affected import Affected, Numbers
from metes.assigning.assignment import NO_HOLDINGS, holdings
from metes.assigning.task import Task
from metes.base.errors import Conflict
from metes.store import changed
from metes.store.rule_table import rule_table_of

POTENTIAL = "potential"


def accounts_of(task: Task, affected: Affected, data: int) -> Iterator[pa.Table]:
    """The open ones of the accounts to look at as rules are run over them, with their potential, in one table or two.

    Conflict where the Book that everyone is taken from is not of the data revision `data`.
    """
    names = sorted({*task.names, POTENTIAL})
    if affected.is_everyone:
        key, book = task.books.of_now(is_of_today=task.asks_revenue)
        if key.data != data:
            raise Conflict("the data changed while the run began; assign again")
        yield book.rule_table(names, task.plan, task.today)
        return
    by_data = affected.accounts if affected.book is None else affected.by_data
    if by_data.size:
        yield rule_table_of(task.store, by_data, names, task.plan, task.today, task.shape)
    rest = np.setdiff1d(affected.accounts, by_data, assume_unique=True)
    if affected.book is not None and rest.size:
        yield affected.book.rule_columns.some(rest.tolist(), names, task.plan, task.today)


def holdings_of(task: Task, tables: Iterable[pa.Table], numbers: Mapping[str, int]) -> pa.Table:
    """Who holds what of some tables of accounts, in the ledger's terms; `numbers` are of territory keys."""
    task.progress.report("compiling the rules")
    assigner = task.assigner()
    keys = {pin.account for pin in task.plan.pins if pin.holds_on(task.today)}
    found: list[pa.Table] = []
    for table in tables:
        resolved = assigner.assign(table, _pinned(task, keys, table["account"].to_numpy()), progress=task.progress)
        found.append(holdings(resolved, task.plan, numbers))
    return pa.concat_tables(found) if found else NO_HOLDINGS


def _pinned(task: Task, keys: Collection[str], accounts: Numbers) -> Mapping[str, int]:
    """The numbers of those of some accounts that have one of the keys, by key; asked from whichever side is shorter."""
    with task.store.read() as connection:
        if len(accounts) < len(keys):
            return {key: number for key, number in changed.keys_of_numbers(connection, accounts).items() if key in keys}
        number_of_key = changed.numbers_of_keys(connection, keys)
    is_there = np.isin(np.fromiter(number_of_key.values(), np.int64, len(number_of_key)), accounts)
    return {key: number for (key, number), is_in in zip(number_of_key.items(), is_there.tolist(), strict=True) if is_in}
