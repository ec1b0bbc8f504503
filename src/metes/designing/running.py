"""Works a design out: groups as one unit each, walled parts one after the other, then all of it together with its bound."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from metes.base.errors import Cancelled, Interrupted, JobLost
from metes.base.progress import NO_CHECKPOINT, SILENT, Checkpoint, Progress
from metes.designing.given import Given, amount_text
from metes.designing.packing import floats_of_text, numbers_of_text, text_of_floats, text_of_numbers
from metes.designing.spec import SCRATCH, DesignSpec
from metes.partition.groups import Contracted, contract
from metes.partition.problem import Costs, Design, Floats, Ints, Preferences, Problem, most_saved
from metes.partition.solve import Told, solve, told_gap
from metes.partition.walls import Apportioned, apportion, part_problem, territories_by_part

_WORDS_OF_BALANCE = 0.005


@dataclass(frozen=True, eq=False)
class Outcome:
    """An engine's answer for all units: who has which, centres (k, 3) and prices (k, m) to go on from, cost and bound there, notes."""

    territory_of_unit: Ints
    centres: Floats
    prices: Floats
    cost: float
    bound: float
    seed: int
    is_stopped: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Found:
    """An answer in the units of the contracted problem."""

    territory_of_group: Ints
    centres: Floats
    prices: Floats
    bound: float
    is_stopped: bool
    notes: tuple[str, ...]


def work_out(
    spec: DesignSpec,
    given: Given,
    locked: Ints,
    start: Ints,
    *,
    warm: tuple[Floats, Floats] | None = None,
    progress: Progress = SILENT,
    checkpoint: Checkpoint = NO_CHECKPOINT,
) -> Outcome:
    """The design of all units: the same problem, locks and start give the same answer, unless time runs out or somebody stops it.

    `start` (n,) is where units are now, `warm` the centres and prices of an answer to go on from. Parts that are done are kept in the
    checkpoint, so that a lost job goes on behind them. A worker that must stop gets its exception; whoever cancels gets the best so far.
    """
    watched = _Watched(progress)
    is_fresh = spec.start == SCRATCH and warm is None
    problem = replace(given.problem, locked=locked, current=start if (start >= 0).any() else None)
    if is_fresh:
        problem = replace(problem, current=None, preferences=_only_forbidden(problem.preferences))
    whole = contract(problem, given.groups)
    more = whole.inner_travel
    if not is_fresh:
        more += most_saved(given.problem.preferences) - most_saved(whole.problem.preferences)
    if given.wall_names:
        found = _by_part(spec, given, whole, watched, checkpoint, _told(given, "travel" if is_fresh else "cost", 0.0))
    else:
        told = _told(given, "travel" if is_fresh else "cost", more)
        found = _found(
            solve(whole.problem, seed=spec.seed, progress=watched, seconds=spec.seconds, warm=_warm(problem, warm), told=told)
        )
    watched.raise_if_lost()
    territory, centres, prices = whole.expand(found.territory_of_group), found.centres, found.prices
    if is_fresh and _are_alike(problem):
        order = _named_like_today(given, territory)
        territory, centres, prices = order[territory].astype(np.int32), _reordered(centres, order), _reordered(prices, order)
    cost = cost_at(given.problem, territory, centres)
    return Outcome(territory, centres, prices, cost, found.bound + more, spec.seed, found.is_stopped, found.notes)


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


def _by_part(spec: DesignSpec, given: Given, whole: Contracted, watched: _Watched, checkpoint: Checkpoint, told: Told) -> _Found:
    """Each walled part for itself, with as many territories as its share of the index asks for."""
    problem = whole.problem
    part_of_group = _parts(given, whole)
    index = _index(given, problem)
    amounts: Floats = np.bincount(part_of_group, index, len(given.wall_names)).astype(np.float64)
    shared = apportion(amounts, problem.territories)
    territories = territories_by_part(problem, part_of_group, shared.territories)
    done: dict[str, Any] = dict((checkpoint.load() or {}).get("parts", {}))
    territory = np.full(problem.units, -1, np.int32)
    centres, prices = np.zeros((problem.territories, 3)), np.zeros(problem.lowest.shape)
    bound, is_stopped = 0.0, False
    for part, name in enumerate(given.wall_names):
        with suppress(Cancelled):  # the search hears it too, and ends each part with its first answer
            watched.report(f"designing {name or 'units without a region'}", part, len(given.wall_names))
        watched.raise_if_lost()
        units = np.flatnonzero(part_of_group == part).astype(np.int32)
        found = _of_checkpoint(done[name]) if name in done else None
        if found is None:
            asked = part_problem(problem, units, territories[part])
            found = _found(
                solve(
                    asked,
                    seed=spec.seed,
                    progress=_Within(watched, name),
                    seconds=_seconds(spec, len(units), problem.units),
                    told=told,
                )
            )
            watched.raise_if_lost()
            if not found.is_stopped:
                done[name] = _for_checkpoint(found)
                checkpoint.save({"parts": done})
        territory[units] = territories[part][found.territory_of_group]
        centres[territories[part]], prices[territories[part]] = found.centres, found.prices
        bound, is_stopped = bound + found.bound, is_stopped or found.is_stopped
    return _Found(territory, centres, prices, bound, is_stopped, _said_of_walls(given, shared))


def _parts(given: Given, whole: Contracted) -> Ints:
    """The walled part of each group: that of its first unit."""
    first = np.unique(whole.group_of_unit, return_index=True)[1]
    return np.asarray(given.walls[first], np.int32)


def _index(given: Given, problem: Problem) -> Floats:
    """Each unit's part of all: its measures as shares of their sums, weighted."""
    sums = problem.measures.sum(axis=0)
    weights = given.weights if given.weights.sum() > 0 else np.ones(len(given.weights))
    return np.asarray((problem.measures / np.where(sums > 0, sums, 1.0)) @ (weights / weights.sum()))


def _said_of_walls(given: Given, shared: Apportioned) -> tuple[str, ...]:
    if shared.deviation_share < _WORDS_OF_BALANCE:
        return ()
    worst = given.wall_names[shared.worst] or "the units without a region"
    count = int(shared.territories[shared.worst])
    many = "territory" if count == 1 else "territories"
    return (
        f"With these walls no design can be fairer than {shared.deviation_share:.0%} off the target: {worst} gets {count} {many}, "
        "and no other number brings its average closer.",
    )


def _seconds(spec: DesignSpec, units: int, of: int) -> float | None:
    return None if spec.seconds is None else max(spec.seconds * units / of, 0.1)


def _found(design: Design) -> _Found:
    return _Found(design.territory_of_unit, design.centres, design.prices, design.bound, design.is_stopped, tuple(design.notes))


def _for_checkpoint(found: _Found) -> dict[str, Any]:
    return {
        "territory": text_of_numbers(found.territory_of_group),
        "centres": text_of_floats(found.centres),
        "prices": text_of_floats(found.prices),
        "shape": list(found.prices.shape),
        "bound": found.bound,
    }


def _of_checkpoint(kept: Mapping[str, Any]) -> _Found:
    k, m = kept["shape"]
    centres, prices = floats_of_text(kept["centres"]).reshape(k, 3), floats_of_text(kept["prices"]).reshape(k, m)
    return _Found(numbers_of_text(kept["territory"]), centres, prices, float(kept["bound"]), False, ())


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


def _reordered(rows: Floats, order: npt.NDArray[np.int64]) -> Floats:
    out = np.empty_like(rows)
    out[order] = rows
    return out


class _Watched:
    """A progress that remembers whether the worker, and not whoever watches, wanted the work to stop."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lost: Cancelled | None = None

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Hand the report on."""
        try:
            self._progress.report(stage, done, total)
        except (Interrupted, JobLost) as error:
            self._lost = error
            raise

    def raise_if_lost(self) -> None:
        """Raise what the worker was told; the search took it for a wish to stop with the best so far."""
        if self._lost is not None:
            raise self._lost


class _Within:
    """Reports of one walled part, under its name; a wish to stop is heard by the search alone."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Hand the report on."""
        self._progress.report(f"designing {self._name or 'units without a region'}: {stage}", done, total)
