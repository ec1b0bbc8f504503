"""What no choice of medians can cost less than: each unit's one owner is relaxed, so that each median fills a knapsack of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metes.kernels.jit import float64, int32, int64, kernel, read, written
from metes.kernels.median_region import distance_between, order_descending

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
MOST_NODES = 400


@kernel(float64, read(float64), read(float64), int64, float64, int64, written(float64))
def fill_knapsack(gains: Floats, needs: Floats, size: int, capacity: float, most_nodes: int, parts: Floats) -> float:
    """The largest sum of gains of items that fit into a capacity together, and in `parts` which are taken.

    `gains` and `needs` are (size,) and more, in descending order of gain / need. Past `most_nodes` branches the answer is that of the
    knapsack whose last item may be broken, which is no smaller. Source: Horowitz and Sahni 1974.
    """
    now = np.zeros(size)
    p, left, value, best, nodes = 0, capacity, 0.0, -1.0, 0
    while nodes < most_nodes:
        while p < size:
            hoped, rest, q = value, left, p
            while q < size and needs[q] <= rest:
                hoped += gains[q]
                rest -= needs[q]
                q += 1
            if q < size:
                hoped += gains[q] * rest / needs[q]
            if hoped <= best:
                break
            while p < q:
                now[p] = 1.0
                value += gains[p]
                left -= needs[p]
                p += 1
            if p < size:
                now[p] = 0.0
                p += 1
        if p == size and value > best:
            best = value
            parts[:size] = now
        p -= 1
        while p >= 0 and now[p] == 0.0:
            p -= 1
        if p < 0:
            return best
        now[p] = 0.0
        value -= gains[p]
        left += needs[p]
        p += 1
        nodes += 1
    best, left = 0.0, capacity
    for q in range(size):
        parts[q] = 1.0 if needs[q] <= left else left / needs[q]
        best += parts[q] * gains[q]
        left = max(0.0, left - parts[q] * needs[q])
    return best


@kernel(int64, read(float64, 2), float64)
def rank_among(places: Floats, value: float) -> int:
    """How many places, ascending by their first column, have less than a value there. O(log n)."""
    low, high = 0, places.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if places[middle, 0] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(
    int64,
    read(float64, 2),
    read(float64, 2),
    read(float64),
    read(float64),
    float64,
    read(float64),
    read(int32),
    written(float64),
    written(float64),
)
def fill_medians(
    places: Floats,
    matrix: Floats,
    weights: Floats,
    demand: Floats,
    capacity: float,
    rewards: Floats,
    medians: Ints,
    values: Floats,
    served: Floats,
) -> int:
    """Fill each median with the units that gain most together, and write what that is worth.

    A unit i at median j gains `rewards[i]` less its travel, where that is above zero. `values` (n_medians,) are the sums, negative; to
    `served` (n,) is added how often a unit is taken. `places` and `matrix` as in `distance_between`, and places ascend by their first
    column, so that only those within reach are looked at. Returns how many table entries that was worth.
    """
    n = rewards.shape[0]
    reach, first, last, work = 0.0, 0, n, 0
    for i in range(n):
        if rewards[i] > 0.0:
            reach = max(reach, rewards[i] / weights[i] if weights[i] > 0.0 else np.inf)
    keys, order, gained = np.empty(n), np.empty(n, np.int32), np.empty(n)
    gains, needs, parts = np.empty(n), np.empty(n), np.empty(n)
    for p in range(medians.shape[0]):
        j, size, needed, value = medians[p], 0, 0.0, 0.0
        if matrix.shape[0] == 0:
            first, last = rank_among(places, places[j, 0] - reach), rank_among(places, places[j, 0] + reach * (1 + 1e-9))
        for i in range(first, last):
            gain = rewards[i] - weights[i] * distance_between(places, matrix, i, j)
            if gain > 0.0:
                gained[i], order[size] = gain, i
                keys[i] = gain / demand[i] if demand[i] > 0.0 else np.inf
                size += 1
                needed += demand[i]
        if needed <= capacity:
            for q in range(size):
                value += gained[order[q]]
                served[order[q]] += 1.0
        else:
            order_descending(keys, order, size)
            for q in range(size):
                gains[q], needs[q] = gained[order[q]], demand[order[q]]
            value = fill_knapsack(gains, needs, size, capacity, MOST_NODES, parts)
            for q in range(size):
                served[order[q]] += parts[q]
        values[p] = -value
        work += 3 * (last - first) + 30 * size
    return work
