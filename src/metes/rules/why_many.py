"""Why, for many accounts at once: who holds each and by what, who lost it last and by which step; and per territory what that adds up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import compress
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.base.progress import SILENT, Progress
from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.contest import PIN, Rows, contest
from metes.rules.evaluate import evaluate_table
from metes.rules.precedence import Step
from metes.rules.resolve import VIAS, AccountOfKey, Contenders, contenders, numbers_of
from metes.rules.tree import Bools, Ints, TreeArrays, tree_arrays
from metes.rules.within import within_parents

# The steps of precedence by number, in the order in which they decide.
STEPS: Final = (
    Step.EXCLUSION,
    Step.PIN,
    Step.NAMED,
    Step.TYPE_PRIORITY,
    Step.DEPTH,
    Step.RULE_PRIORITY,
    Step.TERRITORY_KEY,
)
HOLDS: Final = -1
_EXCLUSION, _PIN, _NAMED, _TYPE, _DEPTH, _PRIORITY, _KEY = range(7)
_CHUNK_ROWS = 131_072


class Decided(NamedTuple):
    """Candidates with what precedence made of them: `step` numbers the step that decided against each, HOLDS for those that hold.

    `winner` is the first of the holders of the same account; `share` that of a holder, 0 for others.
    """

    rows: Rows
    step: Ints
    winner: Ints
    share: NDArray[np.float64]


def decide(tree: TreeArrays, rows: Rows) -> Decided:
    """What precedence makes of the candidates of one group, sorted by account as `contest` takes them, with each one's step."""
    rows = _without_repeats(tree, rows)
    count = rows.account.size
    step = np.full(count, HOLDS)
    if not count:
        return Decided(rows, step, np.zeros(0, np.int64), np.zeros(0))
    run = np.cumsum(np.diff(rows.account, prepend=rows.account[0]) != 0)
    is_pin = rows.via == PIN
    type = tree.type[rows.territory]
    has_pin = np.logical_or.reduceat(is_pin, _starts(run))[run]
    _drop(step, run, rows.via, np.where(has_pin, _PIN, _NAMED))
    _drop(step, run, np.where(is_pin, 0, tree.type_rank[type]), _TYPE)
    tree_run = np.cumsum((np.diff(run, prepend=0) != 0) | (np.diff(tree.root[rows.territory], prepend=-1) != 0))
    _drop(step, tree_run, np.where(is_pin, 0, -tree.depth[rows.territory]), _DEPTH)
    last_rank = tree.priority_rank[rows.rule + 1] * tree.size + tree.key_rank[rows.territory]
    standing = np.flatnonzero(step == HOLDS)
    first = standing[_argmin(run[standing], last_rank[standing])]  # the winner of each run
    held, share = contest(tree, rows)
    holds = np.isin(_pair(tree, rows), _pair(tree, held))
    is_tied = tree.priority_rank[rows.rule + 1] == tree.priority_rank[rows.rule[first] + 1][run]
    step = np.where((step == HOLDS) & ~holds, np.where(is_tied, _KEY, _PRIORITY), step)
    shares = np.zeros(count)
    shares[holds] = share
    return Decided(rows, step, rows.territory[first][run], shares)


def _without_repeats(tree: TreeArrays, rows: Rows) -> Rows:
    """The candidates, of a pinned territory that a rule gives the account too only the pin."""
    is_pin = rows.via == PIN
    if not is_pin.any():
        return rows
    pair = _pair(tree, rows)
    return rows.where(is_pin | ~np.isin(pair, pair[is_pin]))


def _drop(step: Ints, run: Ints, rank: Ints, lost: Ints | int) -> None:
    """Of the candidates that stand yet, in each run those whose rank is not the lowest lose by a step; `step` is changed."""
    least = np.full(int(run[-1]) + 1, np.iinfo(np.int64).max)
    stands = step == HOLDS
    np.minimum.at(least, run[stands], rank[stands])
    falls = stands & (rank > least[run])
    step[falls] = np.broadcast_to(lost, step.shape)[falls]


def _starts(run: Ints) -> Ints:
    return np.flatnonzero(np.diff(run, prepend=-1))


def _argmin(run: Ints, rank: Ints) -> Ints:
    """The place of the lowest rank in each run, ranks within a run being distinct."""
    order = np.lexsort((rank, run))
    return order[_starts(run[order])]


def _pair(tree: TreeArrays, rows: Rows) -> Ints:
    """Account and territory as one number."""
    return rows.account * tree.size + rows.territory


def why_table(
    accounts: pa.Table, compiled: CompiledRules, plan: Plan, day: date, account_of_key: AccountOfKey, *, progress: Progress = SILENT
) -> Iterator[pa.Table]:
    """Why each account's primary territory holds it, some thousand rows at a time, every account once and in order.

    Parameters
    ----------
    accounts, compiled, plan, day, account_of_key
        As `assign_table` takes them.

    Yields
    ------
    pa.Table
        `account` int64; `territory` int32, the first holder as an index into `plan.territories`, null for a gap; `holders` int32, how
        many hold; `via` as text; `rule` int32, null where none speaks; `runner_up` int32, the territory whose claim lost
        last, those above the holder aside, null where nothing else claims; `step` as text, by which it lost.
    """
    tree = tree_arrays(plan, compiled)
    for chunk, groups in _chunks(accounts, tree, compiled, plan, day, account_of_key, progress):
        yield _answers(tree, chunk["account"].to_numpy(), next(groups))


def _chunks(
    accounts: pa.Table,
    tree: TreeArrays,
    compiled: CompiledRules,
    plan: Plan,
    day: date,
    account_of_key: AccountOfKey,
    progress: Progress,
) -> Iterator[tuple[pa.Table, Iterator[Contenders]]]:
    """Some thousand accounts at a time, with who contends for them in each group of types."""
    pinned = numbers_of({pin.account for pin in plan.pins}, account_of_key)
    narrowed = within_parents(compiled)
    for begin in range(0, accounts.num_rows, _CHUNK_ROWS):
        progress.report("asking why", begin, accounts.num_rows)
        chunk = accounts.slice(begin, _CHUNK_ROWS)
        numbers = chunk["account"].combine_chunks()
        own = np.isin(np.fromiter(pinned.values(), np.int64), numbers.to_numpy())
        of_chunk = dict(compress(pinned.items(), own.tolist()))
        yield chunk, contenders(tree, evaluate_table(chunk, narrowed), plan, day, of_chunk, numbers)
    progress.report("asking why", accounts.num_rows, accounts.num_rows)


def _answers(tree: TreeArrays, accounts: Ints, group: Contenders) -> pa.Table:
    """The primary holder of each account and who lost it last."""
    parts = [decide(tree, rows) for rows in (group.claims, group.spare)]
    rows = Rows(*(np.concatenate(columns) for columns in zip(*(part.rows.columns for part in parts), strict=True)))
    step = np.concatenate([part.step for part in parts])
    winner = np.concatenate([part.winner for part in parts])
    # What lies deeper goes before what lies above it, in every plan: that is no contest.
    is_above = (rows.territory < winner) & (winner < tree.last[rows.territory])
    place = np.searchsorted(accounts, rows.account)
    last_rank = tree.priority_rank[rows.rule + 1] * tree.size + tree.key_rank[rows.territory]
    # Lost by priority or by key is lost in the same last round, where the lower rank came nearer.
    round_lost = np.minimum(step, _PRIORITY)
    held = _first(place, [last_rank], step == HOLDS)
    lost = _first(place, [last_rank, -round_lost], (step != HOLDS) & ~is_above)
    holders = np.bincount(place[step == HOLDS], minlength=len(accounts))
    has_held, has_lost = (np.isin(np.arange(len(accounts)), place[found]) for found in (held, lost))
    index = tree.index[rows.territory]
    speaks = rows.rule[held] >= 0
    has_rule = np.isin(np.arange(len(accounts)), place[held[speaks]])
    names = np.array([s.value for s in STEPS], object)
    return pa.table(
        {
            "account": pa.array(accounts),
            "territory": _spread(index[held], has_held, pa.int32()),
            "holders": pa.array(holders.astype(np.int32)),
            "via": _spread(np.array(VIAS, object)[rows.via[held]], has_held, pa.string()),
            "rule": _spread(rows.rule[held][speaks], has_rule, pa.int32()),
            "runner_up": _spread(index[lost], has_lost, pa.int32()),
            "step": _spread(names[step[lost]], has_lost, pa.string()),
        }
    )


def _first(place: Ints, keys: list[Ints], among: Bools) -> Ints:
    """Of the rows among some the first of each place, by the last key, then the one before it; in the order of the places."""
    chosen = np.flatnonzero(among)
    order = chosen[np.lexsort((*(key[chosen] for key in keys), place[chosen]))]
    return order[_starts(place[order])]


def _spread(values: NDArray[Any], has_value: Bools, type: pa.DataType) -> pa.Array:
    """Values for those that have one, null for the others."""
    place = pa.array(np.where(has_value, np.cumsum(has_value) - 1, 0), mask=~has_value)
    return pa.array(values, type).take(place) if len(values) else pa.nulls(len(has_value), type)


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of accounts with sums of their potential and their revenue of twelve months, in minor units."""

    accounts: int = 0
    potential: int = 0
    revenue_12m: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.accounts + other.accounts, self.potential + other.potential, self.revenue_12m + other.revenue_12m)


@dataclass(frozen=True, slots=True)
class Tallies:
    """What all accounts under a plan add up to, by why they are where they are.

    `held` by the key of the territory, via and the key of the rule that speaks (empty where none does), amounts by share; `lost` by the
    key of the territory that claims, that of the first holder (empty where an exclusion alone decides) and the step. What a catch-all
    does not take, because something else does, is not counted as lost.
    """

    held: Mapping[tuple[str, str, str], Tally]
    lost: Mapping[tuple[str, str, str], Tally]


def tallies(
    accounts: pa.Table, compiled: CompiledRules, plan: Plan, day: date, account_of_key: AccountOfKey, *, progress: Progress = SILENT
) -> Tallies:
    """Accounts, potential and revenue by territory, via and rule, and by who lost them to whom by which step.

    The arguments are those of `assign_table`; the accounts need the columns `potential` and `revenue_12m` besides, in minor units.
    """
    tree = tree_arrays(plan, compiled)
    held: dict[tuple[int, ...], Tally] = {}
    lost: dict[tuple[int, ...], Tally] = {}
    for chunk, groups in _chunks(accounts, tree, compiled, plan, day, account_of_key, progress):
        numbers = chunk["account"].to_numpy()
        amounts = [pc.fill_null(chunk[name], 0).to_numpy().astype(np.float64) for name in ("potential", "revenue_12m")]
        for group in groups:
            for decided in (decide(tree, group.claims), decide(tree, group.spare)):
                rows = decided.rows
                own = [amount[np.searchsorted(numbers, rows.account)] for amount in amounts]
                wins = decided.step == HOLDS
                _add(held, (rows.territory, rows.via, rows.rule), [amount * decided.share for amount in own], wins)
                _add(lost, (rows.territory, decided.winner, decided.step), own, ~wins)
            shut = _without_repeats(tree, group.shut)
            own = [amount[np.searchsorted(numbers, shut.account)] for amount in amounts]
            nobody = np.full(shut.account.size, -1)
            _add(lost, (shut.territory, nobody, np.full(shut.account.size, _EXCLUSION)), own, nobody < 0)
    return _named(tree, plan, compiled, held, lost)


def _add(sums: dict[tuple[int, ...], Tally], keys: tuple[Ints, ...], amounts: list[NDArray[np.float64]], among: Bools) -> None:
    """Add rows to the sums of their keys; `sums` is changed."""
    if not among.any():
        return
    columns = [key[among] + 1 for key in keys]  # from 0 on, where -1 stands for none
    sizes = [int(column.max()) + 1 for column in columns]
    found, place = np.unique(np.ravel_multi_index(columns, sizes), return_inverse=True)
    counts = np.bincount(place)
    totals = [np.bincount(place, amount[among]).round().astype(np.int64).tolist() for amount in amounts]
    unique = zip(*((column - 1).tolist() for column in np.unravel_index(found, sizes)), strict=True)
    for key, *figures in zip(unique, counts.tolist(), *totals, strict=True):
        sums[key] = sums.get(key, Tally()) + Tally(*figures)


def _named(
    tree: TreeArrays,
    plan: Plan,
    compiled: CompiledRules,
    held: Mapping[tuple[int, ...], Tally],
    lost: Mapping[tuple[int, ...], Tally],
) -> Tallies:
    """The sums by keys instead of numbers."""
    keys = [plan.territories[i].key for i in tree.index.tolist()]
    rules = [rule.key for rule in compiled.rules]
    return Tallies(
        {(keys[t], VIAS[via], rules[rule] if rule >= 0 else ""): tally for (t, via, rule), tally in sorted(held.items())},
        {(keys[t], keys[w] if w >= 0 else "", STEPS[s].value): tally for (t, w, s), tally in sorted(lost.items())},
    )
