"""Works a design out: groups as one unit each, within walls or under parents where that is asked, with its bound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from metes.base.progress import NO_CHECKPOINT, SILENT, Checkpoint, Progress
from metes.designing.given import Given, amount_text
from metes.designing.parting import Watched, Work, by_parents, by_walls, found_of
from metes.designing.spec import SCRATCH, DesignSpec
from metes.partition.groups import contract
from metes.partition.problem import Costs, Design, Floats, Ints, Preferences, Problem, most_saved
from metes.partition.solve import Told, solve, told_gap

Rows = TypeVar("Rows", Floats, Ints)


@dataclass(frozen=True, eq=False)
class Outcome:
    """An engine's answer for all units: who has which, centres (k, 3) and prices (k, m) to go on from, cost and bound there, notes,
    and under which parent each territory stands."""

    territory_of_unit: Ints
    centres: Floats
    prices: Floats
    cost: float
    bound: float
    seed: int
    is_stopped: bool
    notes: tuple[str, ...]
    parents: tuple[int, ...] = ()


def work_out(
    spec: DesignSpec,
    given: Given,
    locked: Ints,
    start: Ints,
    *,
    warm: tuple[Floats, Floats] | None = None,
    parents: Ints | None = None,
    progress: Progress = SILENT,
    checkpoint: Checkpoint = NO_CHECKPOINT,
) -> Outcome:
    """The design of all units: the same problem, locks and start give the same answer, unless time runs out or somebody stops it.

    `start` (n,) is where units are now, `warm` the centres and prices of an answer to go on from, `parents` (k,) under whom its territories
    stand where parents are asked for. Parts that are done are kept in the
    checkpoint, so that a lost job goes on behind them. A worker that must stop gets its exception; whoever cancels gets the best so far.
    """
    watched = Watched(progress)
    is_fresh = spec.start == SCRATCH and warm is None
    problem = replace(given.problem, locked=locked, current=start if (start >= 0).any() else None)
    if is_fresh:
        problem = replace(problem, current=None, preferences=_only_forbidden(problem.preferences))
    whole = contract(problem, given.groups)
    more = whole.inner_travel
    if not is_fresh:
        more += most_saved(given.problem.preferences) - most_saved(whole.problem.preferences)
    is_parted = bool(given.wall_names or spec.parents)
    work = Work(spec, given, whole, watched, checkpoint, _told(given, "travel" if is_fresh else "cost", 0.0 if is_parted else more))
    if given.wall_names:
        found = by_walls(work)
    elif spec.parents:
        found = by_parents(work, parents)
    else:
        found = found_of(
            solve(
                whole.problem,
                seed=spec.seed,
                progress=watched,
                seconds=spec.seconds,
                warm=_warm(problem, warm),
                told=work.told,
            )
        )
    watched.raise_if_lost()
    territory, centres, prices = whole.expand(found.territory_of_group), found.centres, found.prices
    above = found.parents
    if is_fresh and _are_alike(problem):
        order = _named_like_today(given, territory)
        territory, centres, prices = order[territory].astype(np.int32), _reordered(centres, order), _reordered(prices, order)
        above = None if above is None else _reordered(above, order)
    cost = cost_at(given.problem, territory, centres)
    stands_under = () if above is None else tuple(above.tolist())
    return Outcome(territory, centres, prices, cost, found.bound + more, spec.seed, found.is_stopped, found.notes, stands_under)


def cost_at(problem: Problem, territory_of_unit: Ints, centres: Floats) -> float:
    """What a design costs with its centres where they are: travel, and what is not saved; units in no territory cost nothing. O(n)."""
    held = np.flatnonzero(territory_of_unit >= 0)
    away = problem.places[held] - centres[territory_of_unit[held]]
    travel = float((problem.travel[held] * (away**2).sum(axis=1)).sum())
    return travel + most_saved(problem.preferences) - (problem.preferences.saved(territory_of_unit) if problem.preferences else 0.0)


def _told(given: Given, what: str, more: float) -> Told:
    """Words for what a design costs, in money, and how far above the bound that is; `more` is what groups cost whatever is chosen."""

    def told(cost: float, bound: float | None) -> str:
        gap = told_gap(cost + more, None if bound is None else bound + more)
        return f"{what} {amount_text(cost + more, given.currency)}{gap}"

    return told


def _warm(problem: Problem, warm: tuple[Floats, Floats] | None) -> Design | None:
    """A design to go on from; of it the search takes centres and prices alone."""
    if warm is None:
        return None
    k = problem.territories
    nothing = np.zeros((k, problem.measures.shape[1]))
    territory = np.zeros(0, np.int32) if problem.current is None else problem.current
    return Design(territory, warm[0], nothing, warm[1], Costs(0.0, 0.0), 0.0, nothing, np.ones(k, np.int64), 0)


def _only_forbidden(preferences: Preferences | None) -> Preferences | None:
    """Preferences without savings; None where nothing is forbidden."""
    if preferences is None or not np.isneginf(preferences.saving).any():
        return None
    return Preferences(preferences.indptr, preferences.territory, np.where(np.isneginf(preferences.saving), -np.inf, 0.0))


def _are_alike(problem: Problem) -> bool:
    """Whether any territory could stand for any other."""
    return (
        problem.bases is None
        and problem.preferences is None
        and (problem.locked is None or not (problem.locked >= 0).any())
        and bool((problem.lowest == problem.lowest[0]).all() and (problem.highest == problem.highest[0]).all())
    )


def _named_like_today(given: Given, territory_of_unit: Ints) -> npt.NDArray[np.int64]:
    """For each found territory the one of the design that saves most of it, all together: what was begun from scratch keeps known keys."""
    k = len(given.territories)
    kept = np.zeros((k, k))
    unit = np.repeat(np.arange(len(given)), np.diff(given.preferences.indptr))
    np.add.at(kept, (territory_of_unit[unit], given.preferences.territory), given.preferences.saving)
    held = given.holder >= 0
    np.add.at(kept, (territory_of_unit[held], given.holder[held]), 1e-6 * (1 + given.book[held, 0]))
    found, named = linear_sum_assignment(-kept)
    order = np.empty(k, np.int64)
    order[found] = named
    return order


def _reordered(rows: Rows, order: npt.NDArray[np.int64]) -> Rows:
    out = np.empty_like(rows)
    out[order] = rows
    return out
