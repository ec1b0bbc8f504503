"""Works a design out part by part: within walls, or parents first and then the territories inside each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from metes.base.errors import Cancelled, Interrupted, JobLost
from metes.base.progress import Checkpoint, Progress
from metes.designing.given import Given
from metes.designing.packing import floats_of_text, numbers_of_text, text_of_floats, text_of_numbers
from metes.designing.spec import DesignSpec, parent_name
from metes.partition.groups import Contracted
from metes.partition.problem import Costs, Design, Floats, Ints, Problem
from metes.partition.solve import Told, judged, solve
from metes.partition.tiers import grouped, parents_problem
from metes.partition.walls import Apportioned, apportion, part_problem, territories_by_part

_WORDS_OF_BALANCE = 0.005
# Of the time there is, parents may take so much.
_PARENTS_TIME = 0.25
_PARENTS = "the parents"


@dataclass(frozen=True, eq=False)
class Found:
    """An answer in the units of the contracted problem; `parents` (k,) says under which parent each territory stands, where that was asked."""

    territory_of_group: Ints
    centres: Floats
    prices: Floats
    bound: float
    is_stopped: bool
    notes: tuple[str, ...]
    parents: Ints | None = None


@dataclass(frozen=True, eq=False)
class Work:
    """What is to be worked out, who watches, and where finished parts are kept so that a lost job goes on behind them."""

    spec: DesignSpec
    given: Given
    whole: Contracted
    watched: Watched
    checkpoint: Checkpoint
    told: Told

    def designed(self, problem: Problem, name: str, time_share: float) -> Found:
        """One part, found by itself in its share of the time."""
        seconds = None if self.spec.seconds is None else max(self.spec.seconds * time_share, 0.1)
        progress = _Within(self.watched, name)
        found = found_of(solve(problem, seed=self.spec.seed, progress=progress, seconds=seconds, told=self.told))
        self.watched.raise_if_lost()
        return found


def found_of(design: Design) -> Found:
    """The engine's answer, of which work goes on."""
    return Found(design.territory_of_unit, design.centres, design.prices, design.bound, design.is_stopped, tuple(design.notes))


def by_walls(work: Work) -> Found:
    """Each walled part for itself, with as many territories as its share of the index asks for."""
    problem, given = work.whole.problem, work.given
    part_of_group = _parts(given, work.whole)
    amounts: Floats = np.bincount(part_of_group, _index(given, problem), len(given.wall_names)).astype(np.float64)
    shared = apportion(amounts, problem.territories)
    territories = territories_by_part(problem, part_of_group, shared.territories)
    names = [name or "units without a region" for name in given.wall_names]
    found = _put_together(work, part_of_group, territories, names, _kept_parts(work), 1.0)
    return replace(found, notes=_said_of_walls(given, shared))


def by_parents(work: Work, known: Ints | None) -> Found:
    """Parents first, each as large as its territories together, then the territories inside each.

    `known` (k,) is under which parent territories stood before, if they did. The bound is that of the whole problem for the centres found,
    whatever stands under whom.
    """
    problem = work.whole.problem
    kept = _kept_parts(work)
    parents = grouped(problem, work.spec.parents) if known is None else known
    above = kept.get(_PARENTS) or work.designed(parents_problem(problem, parents), _PARENTS, _PARENTS_TIME)
    _keep(work, kept, _PARENTS, above)
    count = int(parents.max()) + 1
    territories = [np.flatnonzero(parents == parent).astype(np.int32) for parent in range(count)]
    names = [parent_name(parent) for parent in range(count)]
    found = _put_together(work, above.territory_of_group, territories, names, kept, 1 - _PARENTS_TIME)
    bound = judged(problem, _as_design(found)).bound
    return replace(found, bound=bound, is_stopped=found.is_stopped or above.is_stopped, parents=parents)


def _as_design(found: Found) -> Design:
    """An answer as a design, of which only territories, centres and prices count."""
    nothing = np.zeros(found.prices.shape)
    one = np.ones(len(nothing), np.int64)
    return Design(found.territory_of_group, found.centres, nothing, found.prices, Costs(0.0, 0.0), 0.0, nothing, one, 0)


def _put_together(
    work: Work,
    part_of_group: Ints,
    territories: Sequence[Ints],
    names: Sequence[str],
    kept: dict[str, Found],
    time_share: float,
) -> Found:
    """All parts, one after the other; the bound is the sum of theirs."""
    problem = work.whole.problem
    territory = np.full(problem.units, -1, np.int32)
    centres, prices = np.zeros((problem.territories, 3)), np.zeros(problem.lowest.shape)
    bound, is_stopped = 0.0, False
    for part, name in enumerate(names):
        with suppress(Cancelled):  # the search hears it too, and ends each part with its first answer
            work.watched.report(f"designing {name}", part, len(names))
        work.watched.raise_if_lost()
        units = np.flatnonzero(part_of_group == part).astype(np.int32)
        found = kept.get(name)
        if found is None:
            asked = part_problem(problem, units, territories[part])
            found = work.designed(asked, name, time_share * len(units) / problem.units)
        _keep(work, kept, name, found)
        territory[units] = territories[part][found.territory_of_group]
        centres[territories[part]], prices[territories[part]] = found.centres, found.prices
        bound, is_stopped = bound + found.bound, is_stopped or found.is_stopped
    return Found(territory, centres, prices, bound, is_stopped, ())


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


def _kept_parts(work: Work) -> dict[str, Found]:
    """The parts that an attempt before this one finished, by name."""
    return {name: _of_checkpoint(one) for name, one in (work.checkpoint.load() or {}).get("parts", {}).items()}


def _keep(work: Work, kept: dict[str, Found], name: str, found: Found) -> None:
    """Keep a finished part with those before."""
    if name in kept or found.is_stopped:
        return
    kept[name] = found
    work.checkpoint.save({"parts": {name: _for_checkpoint(one) for name, one in kept.items()}})


def _for_checkpoint(found: Found) -> dict[str, Any]:
    return {
        "territory": text_of_numbers(found.territory_of_group),
        "centres": text_of_floats(found.centres),
        "prices": text_of_floats(found.prices),
        "shape": list(found.prices.shape),
        "bound": found.bound,
    }


def _of_checkpoint(kept: Mapping[str, Any]) -> Found:
    k, m = kept["shape"]
    centres, prices = floats_of_text(kept["centres"]).reshape(k, 3), floats_of_text(kept["prices"]).reshape(k, m)
    return Found(numbers_of_text(kept["territory"]), centres, prices, float(kept["bound"]), False, ())


class Watched:
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
    """Reports of one part, under its name; a wish to stop is heard by the search alone."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Hand the report on."""
        self._progress.report(f"designing {self._name}: {stage}", done, total)
