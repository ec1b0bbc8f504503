"""Searches for capacitated medians: take a few neighbouring ones, open some elsewhere among their units, settle, keep or undo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metes.kernels.jit import float64, int32, int64, kernel, read, uint64, void, written
from metes.kernels.median_region import beyond, distance_between, move_median, place_units, settle_units

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
LARGEST_REGION = 8
LARGEST_TABLE = 2500  # units of a region, about; two medians are taken together whatever they serve
ROUND = 3500  # what a round takes beside its table, in table entries


@kernel(float64, written(uint64))
def draw(state: NDArray[np.uint64]) -> float:
    """A number from 0 to below 1; `state` (1,) is not zero and goes on. Source: Vigna 2016, xorshift64*."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717) >> np.uint64(11)) * (1.0 / 9007199254740992.0))


@kernel(int64, read(float64, 2), read(float64, 2), read(int32), int64, int64, written(float64), written(int32))
def nearest_medians(places: Floats, matrix: Floats, median: Ints, to: int, count: int, far: Floats, found: Ints) -> int:
    """Write the `count` medians nearest to a unit, ascending by distance, their distances in `far`; how many there are. O(k count)."""
    size = 0
    for j in range(median.shape[0]):
        value = distance_between(places, matrix, to, median[j])
        if size == count and value >= far[size - 1]:
            continue
        p = size if size < count else size - 1
        while p > 0 and far[p - 1] > value:
            far[p], found[p] = far[p - 1], found[p - 1]
            p -= 1
        far[p], found[p] = value, j
        size = min(size + 1, count)
    return size


@kernel(
    void,
    read(float64, 2),
    read(float64, 2),
    read(float64),
    read(float64),
    read(float64),
    written(int32),
    written(int32),
    written(int32),
    written(int32),
    written(float64),
    written(uint64),
    read(float64),
)
def search_regions(
    places: Floats,
    matrix: Floats,
    weights: Floats,
    demand: Floats,
    capacity: Floats,
    own: Ints,
    median: Ints,
    best_own: Ints,
    best_median: Ints,
    values: Floats,
    state: NDArray[np.uint64],
    schedule: Floats,
) -> None:
    """Search on from a partition for a given amount of work, and keep the best one met.

    Parameters
    ----------
    places, matrix
        (n, 3), and (n, n) or empty, as `distance_between` takes them.
    weights, demand, capacity
        (n,): what a unit of distance costs, what a unit needs; (k,): what a median holds.
    own, median
        (n,), (k,): the partition, changed in place; a median is the number of a unit.
    best_own, best_median
        The best partition yet, changed in place where a better one is met.
    values
        (3,): the cost of the present partition and of the best, demand beyond capacities priced, and work done yet; changed.
    state
        Of `draw`.
    schedule
        Work at which to stop; work at which the search is cold; temperature first, and last; the price of a unit of demand beyond a
        capacity; the demand that is added to each such excess, so that small ones do not pay.

    Notes
    -----
    A round takes 2 to `LARGEST_REGION` medians near one another, opens one to three of them anew at units of the region, places its
    units by regret, and descends by moves, swaps and 1-medians on a dense table of the region alone; the outcome is kept by
    Metropolis' criterion. Source: ours, after ruin and recreate (Schrimpf et al. 2000) and POPMUSIC (Taillard and Voss 2002).
    """
    n, k = own.shape[0], median.shape[0]
    far, near = np.empty(3 * LARGEST_REGION), np.empty(3 * LARGEST_REGION, np.int32)
    chosen, held, at = np.empty(LARGEST_REGION, np.int32), np.empty(LARGEST_REGION, np.int32), np.full(k, -1, np.int32)
    room, load, least = np.empty(LARGEST_REGION), np.empty(LARGEST_REGION), np.empty((LARGEST_REGION, LARGEST_REGION))
    cost, units, local, members = np.empty((LARGEST_REGION, n)), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    needs, keys = np.empty(n), np.empty(n)
    is_median = np.zeros(n, np.uint8)
    for j in range(k):
        is_median[median[j]] = 1
    price, grain = schedule[4], schedule[5]
    work = values[2]
    widest = max(2, LARGEST_TABLE * k // n)
    while work < schedule[0]:
        r = min(k, widest, 2 + int(draw(state) * 3.0) if draw(state) < 0.7 else 4 + int(draw(state) * 5.0))
        size = nearest_medians(places, matrix, median, median[int(draw(state) * k)], min(k, r + r // 2), far, near)
        for p in range(1, r):  # the first is the centre; the others any of the nearest
            q = p + int(draw(state) * (size - p))
            near[p], near[q] = near[q], near[p]
        before = 0.0
        for j in range(r):
            chosen[j] = near[j]
            at[chosen[j]] = j
            held[j] = median[chosen[j]]
            room[j] = capacity[chosen[j]]
            load[j] = 0.0
        m = 0
        for i in range(n):
            j = at[own[i]]
            if j >= 0:
                units[m], needs[m] = i, demand[i]
                before += weights[i] * distance_between(places, matrix, i, held[j])
                load[j] += demand[i]
                m += 1
        for j in range(r):
            over = beyond(load[j], room[j])
            before += price * (over + grain) if over > 0.0 else 0.0
            at[chosen[j]] = -1
        work += ROUND + n + 8 * k
        if m < 2:
            continue
        opened = min(r, 1 if draw(state) < 0.6 else 2 + int(draw(state) * 2.0))
        for _ in range(opened):
            j, fresh = int(draw(state) * r), units[int(draw(state) * m)]
            if is_median[fresh]:  # change places with it: capacities may differ
                for b in range(r):
                    if held[b] == fresh:
                        held[b], held[j] = held[j], fresh
                        break
            else:
                is_median[held[j]], is_median[fresh] = 0, 1
                held[j] = fresh
        for j in range(r):
            for u in range(m):
                cost[j, u] = weights[units[u]] * distance_between(places, matrix, held[j], units[u])
        work += 4 * r * m
        gentle = price * 0.005
        work += place_units(cost, m, r, needs, room, gentle, local, load, keys, members)
        for _ in range(8):
            while True:
                work += settle_units(cost, m, r, needs, room, gentle, local, load, keys, least)
                moved = False
                for j in range(r):
                    taken = move_median(places, matrix, weights, units, m, cost, local, held, is_median, members, j)
                    moved |= taken < 0
                    work += abs(taken)
                if not moved:
                    break
            over = 0.0
            for j in range(r):
                over += beyond(load[j], room[j])
            if over == 0.0 or gentle >= price:
                break
            gentle = min(price, gentle * 5.0)
        after = 0.0
        for u in range(m):
            after += cost[local[u], u]
        for j in range(r):
            over = beyond(load[j], room[j])
            after += price * (over + grain) if over > 0.0 else 0.0
        share = min(1.0, work / schedule[1])
        heat = schedule[2] * (schedule[3] / schedule[2]) ** share
        if after - before < -heat * np.log(1.0 - draw(state)):
            for u in range(m):
                own[units[u]] = chosen[local[u]]
            for j in range(r):
                median[chosen[j]] = held[j]
            values[0] += after - before
            if values[0] < values[1] * (1 - 1e-12):
                values[1] = values[0]
                best_own[:] = own
                best_median[:] = median
        else:
            for j in range(r):
                is_median[held[j]] = 0
            for j in range(r):
                is_median[median[chosen[j]]] = 1
    values[2] = work
