"""Raises the bound of a design by what units that lie apart from their territory must pay to be joined to it or to leave it."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import float64, int32, int64, kernel, read, written

Array = Any


@kernel(
    float64,
    written(float64, 2),
    written(float64),
    read(int32),
    read(int32),
    read(int32),
    read(int32),
    read(int64),
    read(int32),
    read(float64, 2),
    read(float64, 2),
    float64,
    int64,
)
def raise_bound(
    reduced: Array,
    least: Array,
    unit_of_row: Array,
    row_of_unit: Array,
    territory_of_unit: Array,
    root_of_territory: Array,
    indptr: Array,
    indices: Array,
    measures: Array,
    lowest: Array,
    slack: float,
    passes: int,
) -> float:
    """By how much the sum of least reduced costs rises under multipliers of contiguity, found by dual ascent (after Wong 1984 for Steiner trees).

    Where units C of territory j lie apart from the rest of it and hold less than it must, a unit i of C can only be in j if one of the
    neighbours of C is. A multiplier of that makes (i, j) dearer and (neighbour, j) cheaper by as much. It is raised until i would as soon be
    elsewhere, or a neighbour would as soon be in j, which makes C larger.

    Parameters
    ----------
    reduced
        (r, k): reduced costs of units near what lies apart, changed in place; infinite where a unit may not go.
    least
        (r,): the least of each row, changed in place; it never falls.
    unit_of_row, row_of_unit
        (r,), (n,): -1 for units without a row, around which nothing is raised.
    territory_of_unit
        (n,): where reduced costs are least.
    root_of_territory
        (k,): a unit of the piece that counts as the territory, -1 where it has none.
    lowest
        (k, m): what a territory holds at least.
    slack
        Reduced costs so close to the least count as least.
    """
    n, k, m = len(territory_of_unit), reduced.shape[1], measures.shape[1]
    home, seen = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    queue, around = np.empty(n, np.int32), np.empty(n, np.int32)
    room, held = np.empty(n), np.empty(m)
    total, stamp = 0.0, 0
    for _ in range(passes):
        raised = 0.0
        for j in range(k):
            root = root_of_territory[j]
            if root < 0:
                continue
            stamp += 1
            mark = stamp
            queue[0], head, tail = root, 0, 1
            home[root] = mark
            while head < tail:
                for e in range(indptr[queue[head]], indptr[queue[head] + 1]):
                    v = indices[e]
                    row = row_of_unit[v]
                    is_tight = territory_of_unit[v] == j if row < 0 else reduced[row, j] - least[row] <= slack
                    if is_tight and home[v] != mark:
                        home[v] = mark
                        queue[tail] = v
                        tail += 1
                head += 1
            for start in range(len(unit_of_row)):
                if reduced[start, j] - least[start] > slack or home[unit_of_row[start]] == mark:
                    continue
                if seen[unit_of_row[start]] > mark:
                    continue
                while True:
                    stamp += 1
                    queue[0], head, tail, n_around = unit_of_row[start], 0, 1, 0
                    seen[unit_of_row[start]] = stamp
                    held[:] = 0.0
                    is_joined = False
                    while head < tail and not is_joined:
                        u = queue[head]
                        head += 1
                        for q in range(m):
                            held[q] += measures[u, q]
                        for e in range(indptr[u], indptr[u + 1]):
                            v = indices[e]
                            if seen[v] == stamp:
                                continue
                            seen[v] = stamp
                            row = row_of_unit[v]
                            is_tight = territory_of_unit[v] == j if row < 0 else reduced[row, j] - least[row] <= slack
                            if is_tight and home[v] == mark:
                                is_joined = True
                            elif is_tight:
                                queue[tail] = v
                                tail += 1
                            else:
                                around[n_around] = v
                                n_around += 1
                    is_less = False
                    for q in range(m):
                        is_less = is_less or held[q] < lowest[j, q] * (1 - 1e-9)
                    if is_joined or not is_less:
                        break
                    near = np.inf
                    for s in range(n_around):
                        row = row_of_unit[around[s]]
                        near = min(near, 0.0 if row < 0 else reduced[row, j] - least[row])
                    whole = 0.0
                    for a in range(tail):
                        row = row_of_unit[queue[a]]
                        room[a] = 0.0
                        if row >= 0:
                            room[a] = np.inf
                            for t in range(k):
                                if t != j:
                                    room[a] = min(room[a], max(reduced[row, t] - least[row], 0.0))
                        whole += room[a]
                    step = min(near, whole)
                    if step <= slack or step == np.inf:
                        break
                    left = step
                    for a in range(tail):
                        part = min(room[a], left)
                        if part > 0.0:
                            row = row_of_unit[queue[a]]
                            reduced[row, j] += part
                            least[row] += part
                            left -= part
                    for s in range(n_around):
                        reduced[row_of_unit[around[s]], j] -= step
                    raised += step - left
                    if step >= whole:
                        break
        total += raised
        if raised <= slack:
            break
    return total
