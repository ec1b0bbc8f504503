"""Assigns a table of accounts: evaluates the rules and resolves what holds, as one step."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from metes.base.progress import SILENT, Progress
from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.evaluate import evaluate_table
from metes.rules.resolve import AccountOfKey, resolve


def assign_table(
    accounts: pa.Table,
    compiled: CompiledRules,
    plan: Plan,
    day: date,
    account_of_key: AccountOfKey,
    *,
    threads: int = 2,
    progress: Progress = SILENT,
) -> pa.Table:
    """One row per (account, territory) that holds it: what `resolve` makes of what `evaluate_table` gives, in its columns and order."""
    progress.report("assigning accounts", 0, accounts.num_rows)
    matches = evaluate_table(accounts, compiled, threads=threads)
    held = resolve(matches, compiled, plan, day, account_of_key, accounts["account"].combine_chunks())
    progress.report("assigning accounts", accounts.num_rows, accounts.num_rows)
    return held
