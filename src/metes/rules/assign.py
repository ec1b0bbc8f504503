"""Assigns a table of accounts: chunk by chunk the rules are evaluated and what holds is settled, so that matches are never kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.base.progress import SILENT, Progress
from metes.kernels.settling import NAMED, ONE_HOLDS, RULE, SHARE, SPLIT, settle
from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.evaluate import Matcher, Matches, in_blocks
from metes.rules.resolve import ROLES, VIAS, AccountOfKey, fixed_pairs
from metes.rules.tree import TreeArrays, stands_alike, tree_arrays, with_conditions
from metes.rules.within import is_ready, within_parents

Ints32 = NDArray[np.int32]
Ints64 = NDArray[np.int64]
# Holdings as columns: row, territory by its place in preorder, via, rule or -1, share.
_Held: TypeAlias = tuple[NDArray[Any], ...]
_HELD = (np.int32, np.int32, np.int8, np.int32, np.float64)
STAGE = "assigning accounts"
_ROWS_PER_RULE = 4


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
    """One row per (account, territory) that holds it: what `resolve` makes of what `evaluate_table` gives, in its columns and order.

    Parameters
    ----------
    accounts
        As `evaluate_table` takes them; catch-all territories take from these.
    compiled, plan
        The rules, and the plan that they were compiled from.
    day
        The day on which pins and exclusions must be in force.
    account_of_key
        As `resolve` takes it.
    progress
        Learns of every block of rows, and may raise `Cancelled`.

    Raises
    ------
    InputError
        Where the table lacks a column that the rules ask for.

    Notes
    -----
    Source: ours. O(rows x signatures + candidates + matches x ruled levels); memory for what is returned, and for some chunks.
    """
    return Assigner(compiled, plan, day).assign(accounts, account_of_key, threads=threads, progress=progress)


class Assigner:
    """A plan made ready for one day, for who assigns table after table."""

    def __init__(self, compiled: CompiledRules, plan: Plan, day: date) -> None:
        self.compiled, self.plan, self.day = compiled, plan, day
        self._tree, self._tables = _standing(compiled, plan)

    def assign(
        self, accounts: pa.Table, account_of_key: AccountOfKey, *, threads: int = 2, progress: Progress = SILENT
    ) -> pa.Table:
        """What `assign_table` gives."""
        numbers = accounts["account"].combine_chunks().to_numpy()
        # Narrowing takes some 0.1 ms a rule, once; a rule that is broad by itself costs some 20 ns a row.
        is_worth_it = is_ready(self.compiled) or len(numbers) * _ROWS_PER_RULE >= len(self.compiled.rules)
        matcher = Matcher(accounts, within_parents(self.compiled) if is_worth_it else self.compiled)
        pinned, shut = (_by_row(pairs, numbers) for pairs in fixed_pairs(self._tree, self.plan, self.day, account_of_key))

        def held(begin: int, end: int) -> list[_Held]:
            return [self._settled(start, found, pinned, shut) for start, found in matcher.matches(begin, end)]

        parts = [part for block in in_blocks(len(numbers), held, threads, progress, STAGE) for part in block]
        return self._table(numbers, parts)

    def _settled(self, begin: int, found: Matches, pinned: _ByRow, shut: _ByRow) -> _Held:
        """Who holds some rows, which begin at one of the table's."""
        rows = len(found.first) - 1
        room = rows * max(1, int(self._tables.sizes[0])) + len(self._tables.territories)
        while True:
            out = [np.empty(room, of) for of in _HELD]
            given: tuple[NDArray[Any], ...] = (*found, *self._tables, *pinned.of(begin, rows), *shut.of(begin, rows), *out)
            count = settle(*given)
            if count >= 0:
                row, *others = (column[:count].copy() for column in out)
                return row.astype(np.int64) + begin, *others
            room *= 2

    def _table(self, numbers: Ints64, parts: Sequence[_Held]) -> pa.Table:
        """All holdings as one table."""
        row, territory, via, rule, share = _concatenated(parts)
        role = self._tree.role.astype(np.int8)[territory]
        return pa.table(
            {
                "account": pa.array(numbers[row]),
                "territory": pa.array(self._tree.index.astype(np.int32)[territory]),
                "role": pa.DictionaryArray.from_arrays(pa.array(role), pa.array(ROLES)),
                "share": pa.array(share),
                "via": pa.DictionaryArray.from_arrays(pa.array(via), pa.array(VIAS)),
                "rule": pa.array(rule),
            }
        )


def _concatenated(parts: Sequence[_Held]) -> _Held:
    """All parts as one."""
    none = tuple(np.zeros(0, of) for of in _HELD)
    return tuple(np.concatenate(columns) for columns in zip(*(none, *parts), strict=True))


class _ByRow(NamedTuple):
    """Pairs of rows and territories, sorted."""

    row: Ints64
    territory: Ints32

    def of(self, begin: int, rows: int) -> tuple[Ints64, Ints32]:
        """Where each of some rows' territories begin, and the territories."""
        first = np.searchsorted(self.row, np.arange(begin, begin + rows + 1))
        return first, self.territory


def _by_row(pairs: tuple[Ints64, Ints64], numbers: Ints64) -> _ByRow:
    """Pairs of accounts and territories by the rows of the accounts; those that the table lacks are left out."""
    account, territory = pairs
    row = np.searchsorted(numbers, account)
    is_there = (row < len(numbers)) & (numbers[np.minimum(row, len(numbers) - 1)] == account) if len(numbers) else row < 0
    return _ByRow(row[is_there], territory[is_there].astype(np.int32))


class _SettleTables(NamedTuple):
    """What the kernel asks of a plan; `metes.kernels.settling` describes the arrays."""

    rules: Ints32
    territories: Ints32
    types: Ints32
    share: NDArray[np.float64]
    catch_alls: Ints32
    first_catch_all: Ints32
    sizes: Ints64


# Trees that were made ready, for as long as their rules are kept.
_STANDING: WeakKeyDictionary[CompiledRules, tuple[Plan, TreeArrays, _SettleTables]] = WeakKeyDictionary()


def _standing(compiled: CompiledRules, plan: Plan) -> tuple[TreeArrays, _SettleTables]:
    """A plan's tree, made ready once for all plans that differ in their pins alone, and in part for those that ask otherwise."""
    known = _STANDING.get(compiled)
    if known is None or known[0].territories is not plan.territories or known[0].types is not plan.types:
        alike = next((tree for other, tree, _ in tuple(_STANDING.values()) if stands_alike(other, plan)), None)
        tree = tree_arrays(plan, compiled) if alike is None else with_conditions(alike, compiled)
        known = _STANDING[compiled] = (plan, tree, _settle_tables(tree))
    return known[1], known[2]


def _settle_tables(tree: TreeArrays) -> _SettleTables:
    """A plan's tree as the kernel reads it."""
    groups = list(tree.groups())
    group_of_type = np.argmax(groups, axis=0) if len(tree.type_rank) else np.zeros(0, np.int64)
    group = group_of_type[tree.type]
    arenas, arena = np.unique(group * tree.size + tree.root, return_inverse=True)
    depths = np.unique(arena * tree.size + tree.depth)
    is_open = tree.has_rules & ~tree.is_catch_all
    of_rule = tree.territory_of_rule
    # The order of claims by rules, and behind them of claims without one.
    keys = np.concatenate(
        [tree.priority_rank[1:] * tree.size + tree.key_rank[of_rule], tree.priority_rank[0] * tree.size + tree.key_rank]
    )
    order = np.unique(keys, return_inverse=True)[1]
    order_of_rule, order_alone = order[: len(of_rule)], order[len(of_rule) :]
    ranks = int(tree.type_rank.max(initial=0)) + 1
    rank = np.where(tree.is_named_rule, NAMED, RULE) * ranks + tree.type_rank[tree.type[of_rule]]
    policy = np.where(tree.is_priority_type, ONE_HOLDS, np.where(tree.is_split_type, SPLIT, SHARE))
    spare = np.flatnonzero(tree.is_catch_all)
    spare = spare[np.argsort(group[spare], kind="stable")]
    source = np.where(tree.has_rules[spare], spare, tree.ruled_parent[spare])
    return _SettleTables(
        rules=_rows(of_rule, rank, order_of_rule),
        territories=_rows(tree.ruled_parent, is_open, group, arena, tree.depth, tree.type, order_alone, tree.last),
        types=_rows(tree.type_rank, policy),
        share=tree.share,
        catch_alls=_rows(spare, source),
        first_catch_all=np.searchsorted(group[spare], np.arange(len(groups) + 1)).astype(np.int32),
        sizes=np.array([len(groups), len(arenas), ranks, len(depths) > len(arenas)], np.int64),
    )


def _rows(*columns: NDArray[Any]) -> Ints32:
    """Columns of integers as rows, as the kernel takes them."""
    return np.ascontiguousarray(np.column_stack(columns), np.int32)
