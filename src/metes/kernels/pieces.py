"""Pieces of territories on a graph of neighbours: found, counted, and put back together."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import boolean, float64, int32, int64, kernel, read, written

Array = Any
# A search that has seen this many units gives up and says that the territory would break.
_PATIENCE = 2_000


@kernel(int64, read(int32), read(int64), read(int32), written(int32))
def find_pieces(territory_of_unit: Array, indptr: Array, indices: Array, piece_of_unit: Array) -> int:
    """Number the pieces: units of one territory that reach each other through it; how many there are. Units of territory -1 are in piece -1."""
    n = len(territory_of_unit)
    queue = np.empty(n, np.int32)
    for i in range(n):
        piece_of_unit[i] = -1
    pieces = 0
    for start in range(n):
        if piece_of_unit[start] >= 0 or territory_of_unit[start] < 0:
            continue
        queue[0], head, tail = start, 0, 1
        piece_of_unit[start] = pieces
        while head < tail:
            i = queue[head]
            head += 1
            for e in range(indptr[i], indptr[i + 1]):
                other = indices[e]
                if piece_of_unit[other] < 0 and territory_of_unit[other] == territory_of_unit[i]:
                    piece_of_unit[other] = pieces
                    queue[tail] = other
                    tail += 1
        pieces += 1
    return pieces


@kernel(boolean, int64, read(int32), read(int64), read(int32), written(int32), written(int32), int64)
def stays_whole(unit: int, territory_of_unit: Array, indptr: Array, indices: Array, seen: Array, queue: Array, stamp: int) -> bool:
    """Whether a territory is in as few pieces without a unit as with it; True only where a search of some thousand units shows it.

    `seen` (n,) holds stamps of earlier searches, `stamp` is a new one; both `seen` and `queue` are changed in place.
    """
    mine = territory_of_unit[unit]
    first, asked = -1, 0
    for e in range(indptr[unit], indptr[unit + 1]):
        other = indices[e]
        if territory_of_unit[other] == mine:
            if first < 0:
                first = other
            asked += 1
    if asked <= 1:
        return True
    seen[unit] = stamp
    seen[first] = stamp
    queue[0], head, tail = first, 0, 1
    found = 1
    while head < tail:
        i = queue[head]
        head += 1
        for e in range(indptr[i], indptr[i + 1]):
            other = indices[e]
            if territory_of_unit[other] != mine or seen[other] == stamp:
                continue
            seen[other] = stamp
            for f in range(indptr[unit], indptr[unit + 1]):
                if indices[f] == other:
                    found += 1
            if found == asked:
                return True
            if tail >= _PATIENCE or tail >= len(queue):
                return False
            queue[tail] = other
            tail += 1
    return False


@kernel(float64, int64, int64, read(float64, 2), read(float64), read(float64, 2), read(int64), read(int32), read(float64))
def cost_of(
    unit: int,
    territory: int,
    places: Array,
    travel: Array,
    centres: Array,
    indptr: Array,
    entry_territory: Array,
    entry_saving: Array,
) -> float:
    """What a unit costs in a territory: its travel, less what this pair saves; infinite where it is forbidden."""
    value = 0.0
    for a in range(3):
        value += (places[unit, a] - centres[territory, a]) ** 2
    value *= travel[unit]
    for e in range(indptr[unit], indptr[unit + 1]):
        if entry_territory[e] == territory:
            value -= entry_saving[e]
    return float(value)


@kernel(
    int64,
    written(int32),
    read(int64),
    read(int32),
    read(float64, 2),
    read(float64),
    read(float64, 2),
    read(float64, 2),
    read(float64, 2),
    read(int64),
    read(int32),
    read(float64),
)
def adopt_strays(
    territory_of_unit: Array,
    indptr: Array,
    indices: Array,
    places: Array,
    travel: Array,
    measures: Array,
    centres: Array,
    prices: Array,
    entry_indptr: Array,
    entry_territory: Array,
    entry_saving: Array,
) -> int:
    """Give each unit of territory -1 to that of a neighbour's territories where it costs least under prices, from the edge inwards.

    Changed in place; returns how many units no territory reaches.
    """
    n = len(territory_of_unit)
    m = measures.shape[1]
    waiting = np.empty(n, np.int32)
    left = 0
    for i in range(n):
        if territory_of_unit[i] < 0:
            waiting[left] = i
            left += 1
    chosen = np.empty(left, np.int32)
    while left > 0:
        for w in range(left):
            i = waiting[w]
            best, best_value = -1, np.inf
            for e in range(indptr[i], indptr[i + 1]):
                j = territory_of_unit[indices[e]]
                if j < 0 or j == best:
                    continue
                value = cost_of(i, j, places, travel, centres, entry_indptr, entry_territory, entry_saving)
                for q in range(m):
                    value += measures[i, q] * prices[j, q]
                if value < best_value or (value == best_value and j < best):
                    best, best_value = j, value
            chosen[w] = best
        kept = 0
        for w in range(left):
            if chosen[w] >= 0:
                territory_of_unit[waiting[w]] = chosen[w]
            else:
                waiting[kept] = waiting[w]
                kept += 1
        if kept == left:
            return left
        left = kept
    return 0
