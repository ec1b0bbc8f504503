"""Centres and prices found together: prices for the centres there are, centres in the middle of what they won, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree

from metes.partition.cells import Cells, cells_of
from metes.partition.prices import Priced, band_of, carried_over, newton
from metes.partition.problem import Floats, Ints, Problem
from metes.partition.starts import bisected, spread

ROUNDS = 26
_FIRST_SOFTNESS, _LAST_SOFTNESS, _SHARPENING = 0.5, 0.05, 0.85
SHARPER = (0.05, 0.02, 0.01, 0.005)
SHARP = (0.02, 0.005)
# With so many units per territory, centres are found on heaps of units first.
_HEAPED_FROM, _HEAPS_PER_TERRITORY = 300, 80


@dataclass(frozen=True, eq=False)
class Centred:
    """Centres (k, 3) with prices (k, m), and the mean squared distance that softness is measured by."""

    centres: Floats
    prices: Floats
    spread: float


def start_by_bisection(problem: Problem) -> Floats:
    """Centres of a weighted bisection in the shares of the first measure's targets."""
    shares = (problem.lowest + problem.highest)[:, 0]
    weight = problem.measures[:, 0] + 1e-9 * problem.travel
    return middles(problem, bisected(problem.places, weight, shares / shares.sum()))


def start_by_chance(cells: Cells, territories: int, rng: np.random.Generator) -> Floats:
    """Centres at units chosen by chance, in the order of the leaves, so that the order they came in does not matter."""
    return cells.places[spread(cells.places, cells.travel, territories, rng)].copy()


def matched(problem: Problem, centres: Floats) -> Floats:
    """Centres in the order in which their nearest units save most with the territories whose number they get; O(k³) where units save."""
    preferences = problem.preferences
    if preferences is None or not len(preferences.saving):
        return centres
    _, nearest = KDTree(centres).query(problem.places)
    rows = preferences.unit_of_entry
    saved = np.zeros((len(centres), problem.territories))
    np.add.at(saved, (nearest[rows], preferences.territory), np.where(np.isfinite(preferences.saving), preferences.saving, 0.0))
    centre, territory = linear_sum_assignment(saved, maximize=True)
    out = np.empty_like(centres)
    out[territory] = centres[centre]
    return out


def middles(problem: Problem, territory_of_unit: Ints) -> Floats:
    """The weighted middle (k, 3) of each territory; where one has no unit, the unit that is dearest where it is."""
    k, weight = problem.territories, problem.travel
    held = territory_of_unit >= 0
    at, w = territory_of_unit[held], weight[held]
    centres = weighted_middles(problem.places[held], w, at, np.full((k, 3), np.nan))
    empty = np.flatnonzero(np.isnan(centres[:, 0]))
    if len(empty):
        far = np.full(problem.units, np.inf)
        far[held] = w * ((problem.places[held] - centres[at]) ** 2).sum(axis=1)
        for j in empty.tolist():
            i = int(np.argmax(far))
            centres[j] = problem.places[i]
            far = np.minimum(far, weight * ((problem.places - centres[j]) ** 2).sum(axis=1))
    return centres


def weighted_middles(places: Floats, weight: Floats, territory_of_unit: Ints, before: Floats) -> Floats:
    """The weighted middle (k, 3) of each territory; where one has no unit, where it was `before`."""
    k = len(before)
    total = np.bincount(territory_of_unit, weight, k)
    sums = np.stack([np.bincount(territory_of_unit, weight * places[:, a], k) for a in range(3)], axis=1)
    return np.asarray(np.where((total > 0)[:, None], sums / np.maximum(total, 1e-300)[:, None], before))


def nearest_members(places: Floats, territory_of_unit: Ints, middle: Floats) -> Floats:
    """The place of each territory's unit that is nearest to its middle: no other unit is a better centre under squared distance."""
    away = ((places - middle[territory_of_unit]) ** 2).sum(axis=1)
    order = np.lexsort((away, territory_of_unit))
    first = np.unique(territory_of_unit[order], return_index=True)
    out = middle.copy()
    out[first[0]] = places[order[first[1]]]
    return out


def heaped(problem: Problem, cells: Cells) -> Problem:
    """The problem with neighbouring units on heaps, so that a territory has some eighty; for one without preferences or locks."""
    size = max(1, problem.units // (problem.territories * _HEAPS_PER_TERRITORY))
    counts = cells.spans[:, 1] - cells.spans[:, 0]
    parent = np.zeros(len(counts), np.int64)
    inner = np.flatnonzero(cells.children[:, 0] >= 0)
    parent[cells.children[inner].ravel()] = np.repeat(inner, 2)
    is_heap = ((counts <= size) | (cells.children[:, 0] < 0)) & (counts[parent] > size)
    is_heap[0] = len(counts) == 1
    sums = cells.sums[is_heap]
    return replace(
        problem,
        places=np.ascontiguousarray(sums[:, 1:4] / sums[:, :1]),
        travel=sums[:, 0].copy(),
        measures=np.ascontiguousarray(sums[:, 5:]),
        graph=None,
        preferences=None,
        current=None,
        locked=None,
    )


def centred(problem: Problem, cells: Cells, start: Centred, rounds: int, first: float = _FIRST_SOFTNESS) -> Centred:
    """Go on from a start by so many rounds of two Newton steps and a move of the free centres to their middles."""
    is_free = problem.is_free
    band = band_of(problem.lowest, problem.highest)
    centres, prices = start.centres, start.prices
    for turn in range(rounds):
        soft = max(_LAST_SOFTNESS, first * _SHARPENING**turn) * start.spread
        found = newton(cells, centres, prices, band, soft, soft, 2)
        sums = found.sweep.moments
        middle = sums[:, 1:4] / np.maximum(sums[:, :1], 1e-300)
        moved = np.where((is_free & (sums[:, 0] > 0))[:, None], middle, centres)
        prices = carried_over(found.sweep, found.prices, centres, moved)
        centres = moved
    return Centred(centres, prices, start.spread)


def began(problem: Problem, cells: Cells, centres: Floats, prices: Floats | None = None) -> Centred:
    """A start at these centres: bases stand where they stand, and spread is that of the nearest centres."""
    if problem.bases is not None:
        centres = np.where(np.isnan(problem.bases), centres, problem.bases)
    prices = np.zeros_like(problem.lowest) if prices is None else prices
    nearest = cells.sweep(centres, np.zeros_like(prices))
    sums = nearest.moments
    inertia = sums[:, 4] - 2 * (sums[:, 1:4] * centres).sum(axis=1) + sums[:, 0] * (centres**2).sum(axis=1)
    return Centred(centres, prices, max(float(inertia.sum() / sums[:, 0].sum()), 1e-9))


def priced(problem: Problem, cells: Cells, at: Centred, softnesses: Sequence[float]) -> Priced:
    """The last prices for centres that stay, sharper and sharper; softnesses in parts of the spread."""
    band = band_of(problem.lowest, problem.highest)
    prices = at.prices
    for part in softnesses:
        found = newton(cells, at.centres, prices, band, part * at.spread, part * at.spread, 8)
        prices = found.prices
    return found


def heap_start(problem: Problem, cells: Cells) -> tuple[Problem, Cells] | None:
    """The problem on heaps with its cells, where there are enough units for it to be worth while."""
    plain = problem.preferences is None and (problem.locked is None or not (problem.locked >= 0).any())
    if not plain or problem.units < _HEAPED_FROM * problem.territories:
        return None
    on_heaps = heaped(problem, cells)
    return on_heaps, cells_of(on_heaps)
