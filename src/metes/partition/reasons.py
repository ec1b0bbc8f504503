"""Why a design cannot be fairer: what stands in the way before any search, and what would have to give where limits are not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metes.base.progress import SILENT, Progress
from metes.partition.links import component_of
from metes.partition.problem import Design, Floats, Problem
from metes.partition.solve import solve
from metes.partition.walls import apportion


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps every design from balance in a measure: no design's worst territory is nearer to its target than `deviation_share`.

    `kind` is "unit" (one unit alone is more than a target), "locks" (what is locked to one territory is), "islands" (parts of the map that no
    neighbours join cannot be shared out more evenly). `place` is the unit or territory; `amount` and `target` are in the measure's unit.
    """

    kind: str
    measure: int
    place: int
    amount: float
    target: float
    deviation_share: float


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A constraint without which limits are kept, or nearly: `kind` is "locks", "forbidden", "contiguity" or "band".

    `count` is how many locks or pairs there are; `measure` and `band_share` say how wide the band of a measure would have to be, as this
    design shows; `is_enough` whether giving this alone is.
    """

    kind: str
    count: int = 0
    measure: int = -1
    band_share: float = 0.0
    is_enough: bool = False


def obstacles(problem: Problem) -> tuple[Obstacle, ...]:
    """What bounds balance for every design, before any search; the worst first. O(n m)."""
    target = (problem.lowest + problem.highest) / 2
    found: list[Obstacle] = []
    for q in range(problem.measures.shape[1]):
        amounts, most = problem.measures[:, q], target[:, q]
        found += _whales(amounts, q, most) + _locked(problem, q, most) + _islands(problem, q, most)
    return tuple(sorted(found, key=lambda one: -one.deviation_share))


def _whales(amounts: Floats, q: int, target: Floats) -> list[Obstacle]:
    """The heaviest unit, where it is more than the largest target."""
    unit, largest = int(np.argmax(amounts)), float(target.max())
    if largest <= 0 or amounts[unit] <= largest:
        return []
    return [Obstacle("unit", q, unit, float(amounts[unit]), largest, float(amounts[unit] / largest - 1))]


def _locked(problem: Problem, q: int, target: Floats) -> list[Obstacle]:
    if problem.locked is None or not (problem.locked >= 0).any():
        return []
    held = problem.locked >= 0
    sums = np.bincount(problem.locked[held], problem.measures[held, q], problem.territories)
    above = np.flatnonzero(sums > target)
    return [
        Obstacle("locks", q, int(j), float(sums[j]), float(target[j]), float(sums[j] / max(target[j], 1e-300) - 1)) for j in above
    ]


def _islands(problem: Problem, q: int, target: Floats) -> list[Obstacle]:
    """Parts of the map without neighbours between them, as territories of equal targets can be shared out to them."""
    if problem.graph is None or not np.allclose(target, target[0]) or target[0] <= 0:
        return []
    graph = problem.graph
    rows = np.repeat(np.arange(graph.units), np.diff(graph.indptr))
    part = component_of(graph.units, np.stack([rows, graph.indices], axis=1))
    sums = np.asarray(np.bincount(part, problem.measures[:, q]), float)
    if len(sums) < 2 or len(sums) > problem.territories:
        return []
    shared = apportion(sums, problem.territories)
    if shared.deviation_share <= 0:
        return []
    first = int(np.flatnonzero(part == shared.worst)[0])
    return [Obstacle("islands", q, first, float(sums[shared.worst]), float(target[0]), shared.deviation_share)]


def relaxations(problem: Problem, design: Design, *, seed: int = 0, progress: Progress = SILENT) -> tuple[Relaxation, ...]:
    """What would have to give where a design is outside its limits; empty where it keeps them.

    Each kind of constraint is left out in turn and the rest designed anew, so that this takes as long as some designs. A band's `band_share` is
    one that this design keeps, so it is enough, and the smallest that is known.
    """
    if design.keeps_limits:
        return ()
    kinds: list[tuple[str, int, Callable[[], Problem]]] = []
    locks = 0 if problem.locked is None else int((problem.locked >= 0).sum())
    if locks:
        kinds.append(("locks", locks, lambda: replace(problem, locked=None)))
    closed = 0 if problem.preferences is None else int((problem.preferences.saving == -np.inf).sum())
    if closed:
        kinds.append(("forbidden", closed, lambda: _without_forbidden(problem)))
    if problem.graph is not None:
        kinds.append(("contiguity", 0, lambda: replace(problem, graph=None)))
    found = []
    for number, (kind, count, without) in enumerate(kinds):
        progress.report("what would have to give", number, len(kinds))
        other = solve(without(), seed=seed)
        if other.keeps_limits or _outside(other) < 0.5 * _outside(design):
            found.append(Relaxation(kind, count, is_enough=other.keeps_limits))
    return (*found, *_wider_bands(problem, design))


def _wider_bands(problem: Problem, design: Design) -> Sequence[Relaxation]:
    target = (problem.lowest + problem.highest) / 2
    away = np.abs(design.loads - target) / np.maximum(target, 1e-300)
    broken = np.flatnonzero(design.over.any(axis=0))
    return [Relaxation("band", measure=int(q), band_share=float(away[:, q].max()), is_enough=len(broken) == 1) for q in broken]


def _without_forbidden(problem: Problem) -> Problem:
    preferences = problem.preferences
    if preferences is None:
        return problem
    return replace(
        problem, preferences=replace(preferences, saving=np.where(preferences.saving == -np.inf, 0.0, preferences.saving))
    )


def _outside(design: Design) -> float:
    return float((design.over / np.maximum(design.loads.mean(axis=0), 1e-300)).sum())
