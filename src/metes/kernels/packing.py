"""Packs points into a tree of boxes: each node is split at the middle of its widest side until a leaf holds few points."""

from __future__ import annotations

from typing import Any

import numpy as np

from metes.kernels.jit import boolean, float64, int32, int64, kernel, read, void, written

Array = Any


@kernel(void, read(float64, 2), written(int64), int64, int64, int64)
def split_middle(places: Array, order: Array, first: int, last: int, axis: int) -> None:
    """Reorder `order[first:last]` so that its lower half along an axis stands before its upper half (in place).

    Quickselect (Hoare 1961) with the middle of three as pivot; equal places are told apart by their number, so that the halves do not depend
    on the order they came in.
    """
    middle = (first + last) // 2
    low, high = first, last - 1
    while low < high:
        a, b, c = order[low], order[(low + high) // 2], order[high]
        x, y, z = places[a, axis], places[b, axis], places[c, axis]
        if (x < y) or (x == y and a < b):
            if (y < z) or (y == z and b < c):
                pivot = b
            elif (x < z) or (x == z and a < c):
                pivot = c
            else:
                pivot = a
        elif (x < z) or (x == z and a < c):
            pivot = a
        elif (y < z) or (y == z and b < c):
            pivot = c
        else:
            pivot = b
        value = places[pivot, axis]
        i, j = low, high
        while i <= j:
            while places[order[i], axis] < value or (places[order[i], axis] == value and order[i] < pivot):
                i += 1
            while places[order[j], axis] > value or (places[order[j], axis] == value and order[j] > pivot):
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@kernel(boolean, read(float64, 2), int64, int64)
def stands_before(places: Array, a: int, b: int) -> bool:
    """Whether point a stands before point b by coordinates, then by number."""
    for axis in range(3):
        if places[a, axis] != places[b, axis]:
            return bool(places[a, axis] < places[b, axis])
    return a < b


@kernel(int64, read(float64, 2), int64, written(int64), written(int32, 2), written(int64, 2))
def pack(places: Array, leaf_size: int, order: Array, children: Array, spans: Array) -> int:
    """Fill the tree of boxes over `places` (n, 3); returns how many nodes it has.

    `order` (n,) becomes the points in the order of the leaves; `children` (nodes, 2) the two halves of a node, -1 for a leaf, always behind their
    parent; `spans` (nodes, 2) where its points begin and end in `order`. O(n log n).
    """
    n = len(places)
    for i in range(n):
        order[i] = i
    spans[0, 0], spans[0, 1] = 0, n
    nodes, at = 1, 0
    low, high = np.empty(3), np.empty(3)
    while at < nodes:
        first, last = spans[at, 0], spans[at, 1]
        children[at, 0] = children[at, 1] = -1
        if last - first > leaf_size:
            for a in range(3):
                low[a], high[a] = np.inf, -np.inf
            for p in range(first, last):
                for a in range(3):
                    value = places[order[p], a]
                    low[a] = min(low[a], value)
                    high[a] = max(high[a], value)
            axis = 0
            for a in range(1, 3):
                if high[a] - low[a] > high[axis] - low[axis]:
                    axis = a
            split_middle(places, order, first, last, axis)
            middle = (first + last) // 2
            for side in range(2):
                children[at, side] = nodes + side
            spans[nodes, 0], spans[nodes, 1] = first, middle
            spans[nodes + 1, 0], spans[nodes + 1, 1] = middle, last
            nodes += 2
        else:
            # A leaf's own order must not depend on the order its points came in.
            for p in range(first + 1, last):
                point = order[p]
                q = p - 1
                while q >= first and stands_before(places, point, order[q]):
                    order[q + 1] = order[q]
                    q -= 1
                order[q + 1] = point
        at += 1
    return nodes
