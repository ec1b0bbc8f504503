"""Moves units at the borders of territories by chance, less and less often for the worse (simulated annealing)."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import boolean, float64, int32, int64, kernel, read, written
from metes.kernels.pieces import cost_of, stays_whole
from metes.kernels.shifting import relief

Array = Any
# A linear congruential generator of 31 bits (Park, Miller 1988).
_FACTOR, _MODULUS = 48_271, 2_147_483_647


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
    float64,
    int64,
)
def anneal_units(
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
    temperature: float,
    seed: int,
) -> int:
    """Let each unit in turn go to the territory of a neighbour drawn by chance, where that gains as in `shift_units`, or loses little.

    A loss is taken with a chance of exp(-loss / temperature) (Metropolis). `passes` times over all units; returns where the generator of chance
    is, to go on from. `territory_of_unit` (n,), `loads` (k, m) and `counts` (k,) are changed in place; with `is_whole` no move leaves a territory
    in more pieces. O(passes n).
    """
    n = len(territory_of_unit)
    seen, queue = np.zeros(n, np.int32), np.empty(min(n, 4096), np.int32)
    stamp = 0
    chance = seed % (_MODULUS - 1) + 1
    for _ in range(passes):
        for i in range(n):
            degree = indptr[i + 1] - indptr[i]
            if locked[i] >= 0 or degree == 0:
                continue
            origin = territory_of_unit[i]
            chance = chance * _FACTOR % _MODULUS
            goal = territory_of_unit[indices[indptr[i] + chance % degree]]
            if goal == origin or counts[origin] <= 1:
                continue
            gain = cost_of(i, origin, places, travel, centres, entry_indptr, entry_territory, entry_saving)
            gain -= cost_of(i, goal, places, travel, centres, entry_indptr, entry_territory, entry_saving)
            for q in range(measures.shape[1]):
                gain += measures[i, q] * (prices[origin, q] - prices[goal, q])
            gain += fine * relief(i, origin, goal, measures, loads, lowest, highest, scale)
            if gain <= 0.0:
                chance = chance * _FACTOR % _MODULUS
                if temperature <= 0.0 or gain < temperature * np.log(chance / _MODULUS):
                    continue
            if is_whole:
                stamp += 1
                if not stays_whole(i, territory_of_unit, indptr, indices, seen, queue, stamp):
                    continue
            territory_of_unit[i] = goal
            counts[origin] -= 1
            counts[goal] += 1
            for q in range(measures.shape[1]):
                loads[origin, q] -= measures[i, q]
                loads[goal, q] += measures[i, q]
    return chance
