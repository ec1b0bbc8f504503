"""Which territory each unit costs least under prices: cells of a power diagram, found down a tree of boxes."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import float64, int8, int32, int64, kernel, read, written

Array = Any
# Territories less likely than exp(-CUT) do not count in a softened choice.
CUT = 9.0


@kernel(int64, int64, written(int64))
def pair_slot(key: int, keys: Array) -> int:
    """The slot of a pair in an open table of keys, -1 where free and the table becomes full (over three quarters)."""
    mask = len(keys) - 1
    slot = ((key * 0x9E3779B97F4A7C) >> 17) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@kernel(
    int64,
    # units, in the order of the leaves
    read(float64, 2),
    read(float64),
    read(float64, 2),
    read(int64),
    read(int32),
    read(float64),
    read(int32),
    # nodes
    read(int32, 2),
    read(int64, 2),
    read(float64, 2),
    read(float64, 2),
    read(float64),
    read(int8),
    # territories
    read(float64, 2),
    read(float64, 2),
    # what is asked
    int64,
    float64,
    # what is found
    written(int32),
    written(float64, 2),
    written(float64, 2),
    written(float64, 2),
    written(float64),
    written(int64),
    written(float64, 2),
)
def sweep(
    places: Array,
    travel: Array,
    ratios: Array,
    indptr: Array,
    entry_territory: Array,
    entry_saving: Array,
    locked: Array,
    children: Array,
    spans: Array,
    boxes: Array,
    sums: Array,
    savings: Array,
    special: Array,
    centres: Array,
    prices: Array,
    root: int,
    softness: float,
    territory_of_unit: Array,
    soft_loads: Array,
    hard_loads: Array,
    moments: Array,
    values: Array,
    pair_keys: Array,
    pair_sums: Array,
) -> int:
    """Choose for each unit below a node the territory of least reduced cost `t (|x - c|² + Σ r p) - saving`.

    `ratios` (n, m) are measures per travel weight r = a / t. A node's `boxes` row holds its lowest and highest coordinates and ratios
    (3 + 3 + m + m), its `sums` row Σt, Σtx (3), Σt|x|², Σa (m). A territory is dropped where another costs less in the whole box by more than any
    saving there; a box with one territory left is taken whole, unless units with entries or locks are in it (`special`: 1 entries or locks, 2 also
    forbidden pairs, whose units look at all territories).

    Written: `territory_of_unit` (n,), `soft_loads` and `hard_loads` (k, m) += , `moments` (k, 5) += Σt, Σtx, Σt|x|² of the hard choice,
    `values` (2,) += the softened and the hard sum of least reduced costs, `pair_sums` (slots, m m + 4) += for a pair of territories the second
    derivative block, and weight and place of its border. With a `softness` of 0 the choice is hard and pairs are left alone.
    Returns 0, or 1 where the table of pairs was full and must be larger.
    """
    k, m = prices.shape
    cut = CUT * softness
    levels = 64
    candidates = np.empty((levels, k), np.int32)
    counts = np.zeros(levels, np.int64)
    for j in range(k):
        candidates[0, j] = j
    counts[0] = k
    stack = np.empty((2 * levels, 2), np.int64)
    stack[0, 0], stack[0, 1] = root, 0
    top = 1
    middle = np.empty(3 + m)
    worth = np.empty(k)
    likely = np.empty(k)
    used = 0
    while top > 0:
        top -= 1
        node, level = stack[top, 0], stack[top, 1]
        first, last = spans[node, 0], spans[node, 1]
        # the territory that is best in the middle of the box
        for a in range(3):
            middle[a] = 0.5 * (boxes[node, a] + boxes[node, 3 + a])
        for q in range(m):
            middle[3 + q] = 0.5 * (boxes[node, 6 + q] + boxes[node, 6 + m + q])
        best, best_value = -1, np.inf
        for c in range(counts[level]):
            j = candidates[level, c]
            value = 0.0
            for a in range(3):
                value += (middle[a] - centres[j, a]) ** 2
            for q in range(m):
                value += middle[3 + q] * prices[j, q]
            if value < best_value:
                best, best_value = j, value
        # those that may be better somewhere in it
        slack = cut + savings[node]
        kept = 0
        for c in range(counts[level]):
            j = candidates[level, c]
            least = 0.0
            for a in range(3):
                least += centres[j, a] ** 2 - centres[best, a] ** 2
                slope = -2 * (centres[j, a] - centres[best, a])
                least += min(slope * boxes[node, a], slope * boxes[node, 3 + a])
            for q in range(m):
                slope = prices[j, q] - prices[best, q]
                least += min(slope * boxes[node, 6 + q], slope * boxes[node, 6 + m + q])
            if j == best or least <= slack + 1e-9 * abs(best_value):
                candidates[level + 1, kept] = j
                kept += 1
        counts[level + 1] = kept
        if kept == 1 and special[node] == 0:
            value = sums[node, 4]
            for a in range(3):
                value += centres[best, a] * (centres[best, a] * sums[node, 0] - 2 * sums[node, 1 + a])
            for q in range(m):
                value += prices[best, q] * sums[node, 5 + q]
                soft_loads[best, q] += sums[node, 5 + q]
                hard_loads[best, q] += sums[node, 5 + q]
            for s in range(5):
                moments[best, s] += sums[node, s]
            values[0] += value
            values[1] += value
            for i in range(first, last):
                territory_of_unit[i] = best
            continue
        if children[node, 0] >= 0:
            for side in range(2):
                stack[top, 0], stack[top, 1] = children[node, side], level + 1
                top += 1
            continue
        for i in range(first, last):
            t = travel[i]
            n_near = kept
            is_free = locked[i] < 0
            looks_at_all = False
            if is_free and special[node] == 2:
                for e in range(indptr[i], indptr[i + 1]):
                    if entry_saving[e] == -np.inf:
                        looks_at_all = True
            if not is_free:
                n_near = 1
            elif looks_at_all:
                n_near = k
            best, best_value = -1, np.inf
            for c in range(n_near):
                j = locked[i] if not is_free else (c if looks_at_all else candidates[level + 1, c])
                value = 0.0
                for a in range(3):
                    value += (places[i, a] - centres[j, a]) ** 2
                for q in range(m):
                    value += ratios[i, q] * prices[j, q]
                for e in range(indptr[i], indptr[i + 1]):
                    if entry_territory[e] == j:
                        value -= entry_saving[e] / t
                worth[c] = value
                if value < best_value:
                    best, best_value = j, value
            if best < 0:
                # all of them are forbidden: the nearest of those left is as bad as any
                best = candidates[level + 1, 0] if is_free else locked[i]
                best_value = 0.0
                territory_of_unit[i] = -1
            else:
                territory_of_unit[i] = best
            for q in range(m):
                hard_loads[best, q] += t * ratios[i, q]
            moments[best, 0] += t
            for a in range(3):
                moments[best, 1 + a] += t * places[i, a]
                moments[best, 4] += t * places[i, a] ** 2
            values[1] += t * best_value
            if softness == 0.0:
                continue
            if n_near == 1 or territory_of_unit[i] < 0:
                values[0] += t * best_value
                for q in range(m):
                    soft_loads[best, q] += t * ratios[i, q]
                continue
            total = 0.0
            for c in range(n_near):
                above = worth[c] - best_value
                likely[c] = np.exp(-above / softness) if above < cut else 0.0
                total += likely[c]
            values[0] += t * (best_value - softness * np.log(total))
            for c in range(n_near):
                likely[c] /= total
            for c in range(n_near):
                if likely[c] == 0.0:
                    continue
                j = c if looks_at_all else candidates[level + 1, c]
                for q in range(m):
                    soft_loads[j, q] += t * ratios[i, q] * likely[c]
                for d in range(c + 1, n_near):
                    weight = t * likely[c] * likely[d]
                    if weight <= 1e-6 * t:
                        continue
                    other = d if looks_at_all else candidates[level + 1, d]
                    key = min(j, other) * k + max(j, other)
                    slot = pair_slot(key, pair_keys)
                    if pair_keys[slot] == -1:
                        pair_keys[slot] = key
                        used += 1
                        if 4 * used > 3 * len(pair_keys):
                            return 1
                    for q in range(m):
                        for o in range(m):
                            pair_sums[slot, q * m + o] += weight * ratios[i, q] * ratios[i, o] / softness
                    pair_sums[slot, m * m] += weight
                    for a in range(3):
                        pair_sums[slot, m * m + 1 + a] += weight * places[i, a]
    return 0
