"""Moves units at the borders of territories, one at a time and in exchange, where that brings loads into their limits or saves cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import boolean, float64, int32, int64, kernel, read, written
from metes.kernels.pieces import cost_of, stays_whole

Array = Any


@kernel(float64, float64, float64, float64, float64)
def beyond(load: float, lowest: float, highest: float, scale: float) -> float:
    """How far a load is outside its limits, squared, in parts of `scale`."""
    if load > highest:
        return ((load - highest) / scale) ** 2
    if load < lowest:
        return ((lowest - load) / scale) ** 2
    return 0.0


@kernel(
    float64,
    int64,
    int64,
    int64,
    read(float64, 2),
    read(float64, 2),
    read(float64, 2),
    read(float64, 2),
    read(float64),
)
def relief(unit: int, origin: int, goal: int, measures: Array, loads: Array, lowest: Array, highest: Array, scale: Array) -> float:
    """How much less loads are outside their limits, squared, after a unit went from one territory to another; negative where more."""
    less = 0.0
    for q in range(measures.shape[1]):
        a = measures[unit, q]
        less += beyond(loads[origin, q], lowest[origin, q], highest[origin, q], scale[q])
        less += beyond(loads[goal, q], lowest[goal, q], highest[goal, q], scale[q])
        less -= beyond(loads[origin, q] - a, lowest[origin, q], highest[origin, q], scale[q])
        less -= beyond(loads[goal, q] + a, lowest[goal, q], highest[goal, q], scale[q])
    return less


@kernel(
    int64,
    written(int32),
    written(float64, 2),
    written(int64),
    read(int64),
    read(int32),
    boolean,
    read(float64, 2),
    read(float64),
    read(float64, 2),
    read(float64, 2),
    read(int64),
    read(int32),
    read(float64),
    read(int32),
    read(float64, 2),
    read(float64, 2),
    read(float64),
    read(float64, 2),
    float64,
    int64,
)
def shift_units(
    territory_of_unit: Array,
    loads: Array,
    counts: Array,
    indptr: Array,
    indices: Array,
    is_whole: bool,
    places: Array,
    travel: Array,
    measures: Array,
    centres: Array,
    entry_indptr: Array,
    entry_territory: Array,
    entry_saving: Array,
    locked: Array,
    lowest: Array,
    highest: Array,
    scale: Array,
    prices: Array,
    fine: float,
    passes: int,
) -> int:
    """Move units to a neighbour's territory while that lowers cost, loads at `prices` (k, m), and `fine` times the squares of what is outside limits.

    Returns how many moved. With `is_whole` no move leaves a territory in more pieces, and none takes its last unit. `territory_of_unit` (n,), `loads` (k, m) and
    `counts` (k,) are changed in place.
    """
    n = len(territory_of_unit)
    seen, queue = np.zeros(n, np.int32), np.empty(min(n, 4096), np.int32)
    stamp, moved = 0, 0
    active = np.ones(n, np.bool_)
    for _ in range(passes):
        moved_now = 0
        for i in range(n):
            if not active[i]:
                continue
            active[i] = False
            origin = territory_of_unit[i]
            if locked[i] >= 0 or counts[origin] <= 1:
                continue
            best, best_gain, here, last = -1, 1e-9, np.inf, -1
            for e in range(indptr[i], indptr[i + 1]):
                goal = territory_of_unit[indices[e]]
                if goal == origin or goal == last or goal == best:  # noqa: SIM109 (integers of two widths)
                    continue
                last = goal
                if here == np.inf:
                    here = cost_of(i, origin, places, travel, centres, entry_indptr, entry_territory, entry_saving)
                gain = here - cost_of(i, goal, places, travel, centres, entry_indptr, entry_territory, entry_saving)
                for q in range(measures.shape[1]):
                    gain += measures[i, q] * (prices[origin, q] - prices[goal, q])
                gain += fine * relief(i, origin, goal, measures, loads, lowest, highest, scale)
                if gain > best_gain:
                    best, best_gain = goal, gain
            if best < 0:
                continue
            if is_whole:
                stamp += 1
                if not stays_whole(i, territory_of_unit, indptr, indices, seen, queue, stamp):
                    continue
            territory_of_unit[i] = best
            counts[origin] -= 1
            counts[best] += 1
            for q in range(measures.shape[1]):
                loads[origin, q] -= measures[i, q]
                loads[best, q] += measures[i, q]
            moved_now += 1
            for e in range(indptr[i], indptr[i + 1]):
                active[indices[e]] = True
                for f in range(indptr[indices[e]], indptr[indices[e] + 1]):
                    active[indices[f]] = True
        moved += moved_now
        if moved_now == 0:
            break
    return moved
