"""Moves two units at once, one in and one out of the territory between, where no single move helps."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import boolean, float64, int32, int64, kernel, read, void, written
from metes.kernels.pieces import cost_of, stays_whole
from metes.kernels.shifting import relief

Array = Any


@kernel(
    void,
    int64,
    int64,
    int64,
    read(float64, 2),
    written(int32),
    written(float64, 2),
    written(int64),
    written(int32, 2),
    written(int32),
)
def move_unit(
    unit: int,
    origin: int,
    goal: int,
    measures: Array,
    territory_of_unit: Array,
    loads: Array,
    counts: Array,
    links: Array,
    heads: Array,
) -> None:
    """Move a unit, with loads, counts and the list of units of each territory (`heads` (k,), `links` (n, 2) before and behind)."""
    territory_of_unit[unit] = goal
    counts[origin] -= 1
    counts[goal] += 1
    for q in range(measures.shape[1]):
        loads[origin, q] -= measures[unit, q]
        loads[goal, q] += measures[unit, q]
    before, behind = links[unit, 0], links[unit, 1]
    if before >= 0:
        links[before, 1] = behind
    else:
        heads[origin] = behind
    if behind >= 0:
        links[behind, 0] = before
    links[unit, 0], links[unit, 1] = -1, heads[goal]
    if heads[goal] >= 0:
        links[heads[goal], 0] = unit
    heads[goal] = unit


@kernel(
    int64,
    read(int32),
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
def chain_units(
    units: Array,
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
    most: int,
) -> int:
    """Move one of `units` to a neighbour's territory and another unit on from there, where both together gain as in `shift_units`.

    The other unit may go back to where the first came from (an exchange) or to a third territory. Looks at no more than `most` pairs. Changes
    `territory_of_unit`, `loads` and `counts` in place; returns how many pairs moved.
    """
    n, k = len(territory_of_unit), len(counts)
    m = measures.shape[1]
    seen, queue = np.zeros(n, np.int32), np.empty(min(n, 4096), np.int32)
    links, heads = np.full((n, 2), -1, np.int32), np.full(k, -1, np.int32)
    for i in range(n - 1, -1, -1):
        j = territory_of_unit[i]
        links[i, 1] = heads[j]
        if heads[j] >= 0:
            links[heads[j], 0] = i
        heads[j] = i
    stamp, moved, looked = 0, 0, 0
    tried = np.empty(64, np.int32)
    for u in range(len(units)):
        i = units[u]
        origin = territory_of_unit[i]
        if locked[i] >= 0 or counts[origin] <= 1:
            continue
        n_tried = 0
        here = np.inf
        for e in range(indptr[i], indptr[i + 1]):
            goal = territory_of_unit[indices[e]]
            if goal == origin or n_tried >= 64:
                continue
            is_known = False
            for s in range(n_tried):
                if tried[s] == goal:
                    is_known = True
            if is_known:
                continue
            tried[n_tried] = goal
            n_tried += 1
            if is_whole:
                stamp += 1
                if not stays_whole(i, territory_of_unit, indptr, indices, seen, queue, stamp):
                    break
            if here == np.inf:
                here = cost_of(i, origin, places, travel, centres, entry_indptr, entry_territory, entry_saving)
            first = here - cost_of(i, goal, places, travel, centres, entry_indptr, entry_territory, entry_saving)
            if first == -np.inf:
                continue
            for q in range(m):
                first += measures[i, q] * (prices[origin, q] - prices[goal, q])
            first += fine * relief(i, origin, goal, measures, loads, lowest, highest, scale)
            move_unit(i, origin, goal, measures, territory_of_unit, loads, counts, links, heads)
            best, best_goal, best_gain = -1, -1, 1e-9
            other = heads[goal]
            while other >= 0:
                follower = links[other, 1]
                if other == i or locked[other] >= 0:
                    other = follower
                    continue
                there = np.inf
                last = -1
                for f in range(indptr[other], indptr[other + 1]):
                    third = territory_of_unit[indices[f]]
                    if third == goal or third == last:  # noqa: SIM109 (integers of two widths)
                        continue
                    last = third
                    looked += 1
                    if there == np.inf:
                        there = cost_of(other, goal, places, travel, centres, entry_indptr, entry_territory, entry_saving)
                    gain = (
                        first + there - cost_of(other, third, places, travel, centres, entry_indptr, entry_territory, entry_saving)
                    )
                    for q in range(m):
                        gain += measures[other, q] * (prices[goal, q] - prices[third, q])
                    if gain <= best_gain and fine == 0.0:
                        continue
                    gain += fine * relief(other, goal, third, measures, loads, lowest, highest, scale)
                    if gain > best_gain:
                        if is_whole:
                            stamp += 1
                            if not stays_whole(other, territory_of_unit, indptr, indices, seen, queue, stamp):
                                break
                        best, best_goal, best_gain = other, third, gain
                other = follower
            if best >= 0:
                move_unit(best, goal, best_goal, measures, territory_of_unit, loads, counts, links, heads)
                moved += 1
                break
            move_unit(i, goal, origin, measures, territory_of_unit, loads, counts, links, heads)
            if looked > most:
                return moved
    return moved
