"""Counts, among accounts that there are, those held by nobody and those on which two territories stand level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.progress import SILENT, Progress
from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.evaluate import evaluate_table
from metes.rules.prove_boxes import fixed_ids
from metes.rules.prove_standing import taking, verdicts, with_bare_catch_alls, without_shut
from metes.rules.tree import tree_arrays
from metes.rules.within import within_parents

CHUNK: Final = 200_000
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class BookDoubts:
    """How many accounts were looked at, are held by no primary territory, or by one that the order of keys alone chose; some ids.

    Accounts that are pinned count as held: two pins of one account are an error of the plan.
    """

    accounts: int
    gaps: int
    doubles: int
    gap_ids: tuple[str, ...] = ()
    double_ids: tuple[str, ...] = ()


def look_at_accounts(
    accounts: pa.Table, plan: Plan, compiled: CompiledRules, day: date, *, progress: Progress = SILENT
) -> BookDoubts:
    """What precedence makes of accounts under a plan on a day.

    `accounts` has `id`, the account's key, and a column per field of `compiled.used_fields`, as the evaluator takes them. Time grows
    with the accounts and the rules that hold; memory with those of a chunk of 200,000.
    """
    found = [_of_chunk(accounts.slice(start, CHUNK), plan, compiled, day) for start in _starts(accounts.num_rows, progress)]
    return BookDoubts(
        accounts.num_rows,
        sum(part.gaps for part in found),
        sum(part.doubles for part in found),
        tuple(key for part in found for key in part.gap_ids)[:_EXAMPLES],
        tuple(key for part in found for key in part.double_ids)[:_EXAMPLES],
    )


def _starts(rows: int, progress: Progress) -> Any:
    for start in range(0, rows, CHUNK):
        progress.report("looking at the accounts", start, rows)
        yield start


def _of_chunk(accounts: pa.Table, plan: Plan, compiled: CompiledRules, day: date) -> BookDoubts:
    tree = tree_arrays(plan, compiled)
    count = accounts.num_rows
    ids = accounts["id"]
    numbered = accounts.drop_columns([name for name in ("account",) if name in accounts.column_names])
    numbered = numbered.add_column(0, "account", pa.array(np.arange(count)))
    matches = evaluate_table(numbered, within_parents(compiled))
    shut, pinned = fixed_ids(plan, tree, day)
    primary = next(tree.groups())
    pinned_ids = set().union(*(keys for place, keys in pinned.items() if primary[tree.type[place]]))
    special = {*pinned_ids, *set().union(*shut.values())}
    rows = np.flatnonzero(pc.is_in(ids, pa.array(sorted(special), pa.string())).to_numpy(zero_copy_only=False)) if special else ()
    id_of = {int(row): str(ids[int(row)]) for row in rows}
    claims = taking(tree, matches["account"].to_numpy(), matches["rule"].to_numpy().astype(np.int64))
    everyone = with_bare_catch_alls(tree, claims, count, primary[tree.type])
    everyone = without_shut(everyone, id_of, shut)
    is_pinned = np.zeros(count, bool)
    is_pinned[[row for row, key in id_of.items() if key in pinned_ids]] = True
    found = verdicts(tree, everyone.where(~is_pinned[everyone.sample]), count, primary)
    gaps = np.flatnonzero(~found.is_held & ~is_pinned)
    doubles = np.unique(found.level.sample)
    shown = [tuple(str(ids[int(row)]) for row in rows[:_EXAMPLES]) for rows in (gaps, doubles)]
    return BookDoubts(count, gaps.size, doubles.size, shown[0], shown[1])
