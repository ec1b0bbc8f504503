"""A few neighbouring medians and their units, as one small dense table: place units, settle them by moves and swaps, move medians.

Beware: `median_search` and `median_bound` hold these functions' machine code in their own cached files, which numba does not make anew
when only this file changes; touch them, or empty the cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metes.kernels.jit import float64, int32, int64, kernel, read, uint8, void, written

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
# Of larger regions not every swap is tried, and of a median that serves more not every member: there is one nearly as good beside it.
MOST_SWAPS, MOST_TRIED = 2500, 200


@kernel(float64, read(float64, 2), read(float64, 2), int64, int64)
def distance_between(places: Floats, matrix: Floats, i: int, j: int) -> float:
    """The distance of two units: of the matrix (n, n), or where that is empty straight between their places (n, 3)."""
    if matrix.shape[0]:
        return float(matrix[i, j])
    x, y, z = places[i, 0] - places[j, 0], places[i, 1] - places[j, 1], places[i, 2] - places[j, 2]
    return float(np.sqrt(x * x + y * y + z * z))


@kernel(float64, float64, float64)
def beyond(load: float, capacity: float) -> float:
    """How far a load is beyond its capacity; what rounding adds to a sum does not count."""
    return max(0.0, load - capacity * (1 + 1e-9))


@kernel(void, read(float64), written(int32), int64)
def order_descending(keys: Floats, order: Ints, size: int) -> None:
    """Sort the first `size` numbers of `order` by their keys, the largest first. Shell's sort: short to compile, quick for tens."""
    step = size // 2
    while step > 0:
        for p in range(step, size):
            held, q = order[p], p
            while q >= step and keys[order[q - step]] < keys[held]:
                order[q] = order[q - step]
                q -= step
            order[q] = held
        step //= 2


_TABLE = (written(float64, 2), int64, int64, read(float64), read(float64), float64)


@kernel(int64, *_TABLE, written(int32), written(float64), written(float64), written(int32))
def place_units(
    cost: Floats, m: int, r: int, demand: Floats, capacity: Floats, price: float, own: Ints, load: Floats, keys: Floats, order: Ints
) -> int:
    """Give each of m units to one of r medians anew: those first that lose most by a second choice, each to the cheapest with room.

    `cost` (r, m) is what unit u costs at median j; where none has room `price` is paid for each unit of demand beyond it. `own` (m,),
    `load` (r,) are written; `keys`, `order` (m,) are room to work in. Returns how many table entries were read. O(m (r + log² m)).
    """
    for u in range(m):
        first, second = np.inf, np.inf
        for j in range(r):
            value = cost[j, u]
            if value < first:
                first, second = value, first
            elif value < second:
                second = value
        keys[u] = second - first if r > 1 else 0.0
        order[u] = u
    order_descending(keys, order, m)
    for j in range(r):
        load[j] = 0.0
    for p in range(m):
        u = order[p]
        best, at = np.inf, 0
        for j in range(r):
            after = load[j] + demand[u]
            over = beyond(after, capacity[j])
            # Room first: what goes beyond a capacity is dearer here than it is while settling.
            value = cost[j, u] + (1e3 * price * over if over > 0.0 else 0.0)
            if value < best:
                best, at = value, j
        own[u] = at
        load[at] += demand[u]
    return 2 * m * r + 16 * m


@kernel(int64, *_TABLE, written(int32), written(float64), written(float64), written(float64, 2))
def settle_units(
    cost: Floats,
    m: int,
    r: int,
    demand: Floats,
    capacity: Floats,
    price: float,
    own: Ints,
    load: Floats,
    now: Floats,
    least: Floats,
) -> int:
    """Move single units, and swap two, as long as that makes travel plus `price` for demand beyond capacity smaller.

    Parameters
    ----------
    cost
        (r, m): what unit u costs at median j.
    own, load
        (m,) and (r,), changed in place.
    now, least
        Room to work in: (m,), the cost of each unit where it is; (r, r), at [b, a] a lower bound on what a unit of b adds by going to a,
        which passes most swaps over unread.

    Returns
    -------
    How many table entries were read.
    """
    for b in range(r):
        for a in range(r):
            least[b, a] = np.inf
    for u in range(m):
        b = own[u]
        now[u] = cost[b, u]
        for a in range(r):
            least[b, a] = min(least[b, a], cost[a, u] - now[u])
    work, since, u = m * r, 0, 0
    while since < m:
        a = own[u]
        over_a = beyond(load[a], capacity[a])
        relief = price * (over_a - beyond(load[a] - demand[u], capacity[a]))
        best, to, other, may_swap = -1e-7 * (1 + now[u]), -1, -1, False
        for b in range(r):
            if b == a:
                continue
            over_b = beyond(load[b], capacity[b])
            travel = cost[b, u] - now[u]
            change = travel + price * (beyond(load[b] + demand[u], capacity[b]) - over_b) - relief
            if change < best:
                best, to = change, b
            if travel + least[b, a] - price * (over_a + over_b) < 0.0:
                may_swap = True
        work += r
        if to < 0 and may_swap:
            work += min(m, MOST_SWAPS)
            begin = 0 if m <= MOST_SWAPS else min(u, m - MOST_SWAPS)
            for v in range(begin, min(m, begin + MOST_SWAPS)):
                b = own[v]
                travel = cost[b, u] - now[u] + cost[a, v] - now[v]
                if b == a or (travel - price * over_a >= best and load[b] <= capacity[b]):
                    continue
                shift = demand[v] - demand[u]
                change = travel + price * (beyond(load[a] + shift, capacity[a]) - over_a)
                change += price * (beyond(load[b] - shift, capacity[b]) - beyond(load[b], capacity[b]))
                if change < best:
                    best, to, other = change, b, v
        since += 1
        if to >= 0:
            since = 0
            load[a] -= demand[u]
            load[to] += demand[u]
            own[u], now[u] = to, cost[to, u]
            if other >= 0:
                load[to] -= demand[other]
                load[a] += demand[other]
                own[other], now[other] = a, cost[a, other]
            for b in range(r):
                least[to, b] = min(least[to, b], cost[b, u] - now[u])
                if other >= 0:
                    least[a, b] = min(least[a, b], cost[b, other] - now[other])
        u = u + 1 if u + 1 < m else 0
    return work


@kernel(
    int64,
    read(float64, 2),
    read(float64, 2),
    read(float64),
    read(int32),
    int64,
    written(float64, 2),
    read(int32),
    written(int32),
    written(uint8),
    written(int32),
    int64,
)
def move_median(
    places: Floats,
    matrix: Floats,
    weights: Floats,
    units: Ints,
    m: int,
    cost: Floats,
    own: Ints,
    medians: Ints,
    is_median: NDArray[np.uint8],
    members: Ints,
    j: int,
) -> int:
    """Move median j of a region to the member from which all members are reached at least cost, and write its row of `cost`.

    `units` (m,) are the region's units, `own` (m,) their median in it, `medians` (r,), `is_median` (n,) and `cost` (r, m) are changed in
    place, `members` (m,) is room to work in. Members further from the old median than twice the mean, which cannot be better by the triangle
    inequality where weights are equal, are not tried, and of more than `MOST_TRIED` members only the nearest. Returns how many distances were taken, negative where the median moved.
    """
    size, total, weight = 0, 0.0, 0.0
    for u in range(m):
        if own[u] == j:
            members[size] = u
            size += 1
            total += cost[j, u]
            weight += weights[units[u]]
    if size < 2:
        return size
    best, at, work = total * (1 - 1e-9), -1, m
    reach = 2 * total / weight * min(1.0, np.sqrt(MOST_TRIED / size)) if weight > 0 else 0.0
    for p in range(size):
        i = units[members[p]]
        if is_median[i] or cost[j, members[p]] > reach * weights[i]:
            continue
        value, q = 0.0, 0
        while q < size and value < best:
            w = units[members[q]]
            value += weights[w] * distance_between(places, matrix, i, w)
            q += 1
        work += 4 * q
        if value < best:
            best, at = value, i
    if at < 0:
        return work
    is_median[medians[j]], is_median[at] = 0, 1
    medians[j] = at
    for u in range(m):
        cost[j, u] = weights[units[u]] * distance_between(places, matrix, at, units[u])
    return -work - 4 * m
