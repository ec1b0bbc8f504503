"""Units packed in a tree of boxes, and sweeps over it: who is nearest under prices, and how that changes with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from metes.kernels.packing import pack
from metes.kernels.power_cells import sweep
from metes.partition.graph import Graph
from metes.partition.problem import Floats, Ints, Preferences, Problem, no_preferences

LEAF_UNITS = 24
# Work is parted the same on every machine, so that sums are added in the same order.
_PARTS = 8
_PARTED_FROM = 20_000


# Loads softened and hard, moments, values, and the table of pairs, of one part of the tree.
_Part = tuple[Floats, Floats, Floats, Floats, npt.NDArray[np.int64], Floats]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What a sweep found. `loads` (k, m) of the hard choice and `soft_loads` of the softened one; `moments` (k, 5) Σt, Σtx, Σt|x|²;
    `value` and `soft_value` the sums of least reduced costs; `pairs` (p, 2) territories that border, `curvature` (p, m, m) their second
    derivatives, `border` (p, 4) the weight of the border and its place times that weight.
    """

    territory_of_unit: Ints
    loads: Floats
    soft_loads: Floats
    moments: Floats
    value: float
    soft_value: float
    pairs: npt.NDArray[np.int64]
    curvature: Floats
    border: Floats


@dataclass(frozen=True, eq=False)
class Cells:
    """The units of a problem in the order of the tree's leaves; `order` (n,) says which unit stands where."""

    order: npt.NDArray[np.int64]
    places: Floats
    travel: Floats
    ratios: Floats
    indptr: npt.NDArray[np.int64]
    entry_territory: Ints
    entry_saving: Floats
    locked: Ints
    children: Ints
    spans: npt.NDArray[np.int64]
    boxes: Floats
    sums: Floats
    savings: Floats
    special: npt.NDArray[np.int8]
    graph: Graph | None

    @cached_property
    def preferences(self) -> Preferences:
        """What units save where, in the order of the leaves."""
        return Preferences(self.indptr, self.entry_territory, self.entry_saving)

    @property
    def amounts(self) -> Floats:
        """The measures (n, m) of the units."""
        return self.ratios * self.travel[:, None]

    @property
    def measures(self) -> int:
        """How many measures there are."""
        return int(self.ratios.shape[1])

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """The nodes whose subtrees are swept side by side."""
        if len(self.order) < _PARTED_FROM:
            return (0,)
        nodes = [0]
        while len(nodes) < _PARTS:
            nodes = [child for node in nodes for child in (self.children[node] if self.children[node, 0] >= 0 else [node])]
        return tuple(int(node) for node in nodes)

    def sweep(self, centres: Floats, prices: Floats, softness: float = 0.0) -> Sweep:
        """Choose the territory of least reduced cost for every unit; softened by `softness`, in km², where that is not 0."""
        k, m = prices.shape
        territory_of_unit = np.empty(len(self.order), np.int32)
        slots = 1 << max(4, int(np.ceil(np.log2(16 * k)))) if softness else 2
        centres, prices = np.ascontiguousarray(centres), np.ascontiguousarray(prices)

        def part(root: int, slots: int = slots) -> _Part:
            while True:
                soft, hard, moments, values = np.zeros((k, m)), np.zeros((k, m)), np.zeros((k, 5)), np.zeros(2)
                keys, sums = np.full(slots, -1, np.int64), np.zeros((slots, m * m + 4))
                tree = (self.children, self.spans, self.boxes, self.sums, self.savings, self.special)
                units = (self.places, self.travel, self.ratios, self.indptr, self.entry_territory, self.entry_saving, self.locked)
                found = (territory_of_unit, soft, hard, moments, values, keys, sums)
                if sweep(*units, *tree, centres, prices, root, float(softness), *found) == 0:
                    return soft, hard, moments, values, keys, sums
                slots *= 2

        parts = _side_by_side(part, self.roots)
        soft, hard, moments, values = (np.sum([p[i] for p in parts], axis=0) for i in range(4))
        pairs, curvature, border = (
            _pairs(parts, k, m) if softness else (np.zeros((0, 2), np.int64), np.zeros((0, m, m)), np.zeros((0, 4)))
        )
        return Sweep(territory_of_unit, hard, soft, moments, float(values[1]), float(values[0]), pairs, curvature, border)

    def in_order_of_units(self, of_place: npt.NDArray[np.int32]) -> Ints:
        """Values by place in the tree, as values by unit."""
        out = np.empty_like(of_place)
        out[self.order] = of_place
        return out


def _side_by_side(part: Callable[[int], _Part], roots: tuple[int, ...]) -> list[_Part]:
    if len(roots) == 1:
        return [part(roots[0])]
    with ThreadPoolExecutor(min(len(roots), os.cpu_count() or 1)) as pool:
        return list(pool.map(part, roots))


def _pairs(parts: list[_Part], k: int, m: int) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """The pairs of all parts, each once, in order."""
    used = [p[4] >= 0 for p in parts]
    keys = np.concatenate([p[4][u] for p, u in zip(parts, used, strict=True)])
    sums = np.concatenate([p[5][u] for p, u in zip(parts, used, strict=True)])
    unique, place = np.unique(keys, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(unique)))
    total = np.add.reduceat(sums[order], starts) if len(unique) else np.zeros((0, m * m + 4))
    pairs = np.stack([unique // k, unique % k], axis=1)
    return pairs, total[:, : m * m].reshape(-1, m, m), total[:, m * m :]


def cells_of(problem: Problem) -> Cells:
    """Pack the units of a problem."""
    n = problem.units
    order, children, spans = np.empty(n, np.int64), np.empty((2 * n + 1, 2), np.int32), np.empty((2 * n + 1, 2), np.int64)
    nodes = pack(problem.places, LEAF_UNITS, order, children, spans)
    children, spans = children[:nodes].copy(), spans[:nodes].copy()
    places, travel = problem.places[order], problem.travel[order]
    ratios = problem.measures[order] / travel[:, None]
    locked = np.full(n, -1, np.int32) if problem.locked is None else problem.locked[order]
    preferences = problem.preferences or no_preferences(n)
    counts = np.diff(preferences.indptr)
    rows = np.concatenate([[0], np.cumsum(counts[order])]).astype(np.int64)
    entry = np.repeat(preferences.indptr[:-1][order] - rows[:-1], counts[order]) + np.arange(rows[-1])
    saving = np.ascontiguousarray(preferences.saving[entry], float)
    per_unit = np.zeros(n)
    owner = np.repeat(np.arange(n), np.diff(rows))
    np.maximum.at(per_unit, owner, np.where(np.isfinite(saving), saving, 0.0) / travel[owner])
    kind = np.zeros(n, np.int8)
    kind[(np.diff(rows) > 0) | (locked >= 0)] = 1
    kind[owner[saving == -np.inf]] = 2
    low = np.concatenate([places, ratios], axis=1)
    moments = np.concatenate([travel[:, None], travel[:, None] * places, (travel * (places**2).sum(axis=1))[:, None]], axis=1)
    sums = _by_node(np.add, np.concatenate([moments, problem.measures[order]], axis=1), children, spans)
    least, most = _by_node(np.minimum, low, children, spans), _by_node(np.maximum, low, children, spans)
    m = problem.measures.shape[1]
    boxes = np.concatenate([least[:, :3], most[:, :3], least[:, 3:], most[:, 3:]], axis=1)
    return Cells(
        order,
        np.ascontiguousarray(places),
        travel,
        ratios,
        rows,
        preferences.territory[entry].astype(np.int32),
        saving,
        locked,
        children,
        spans,
        np.ascontiguousarray(boxes.reshape(-1, 6 + 2 * m)),
        np.ascontiguousarray(sums),
        _by_node(np.maximum, per_unit[:, None], children, spans)[:, 0].copy(),
        _by_node(np.maximum, kind[:, None], children, spans)[:, 0].astype(np.int8),
        None if problem.graph is None else reordered(problem.graph, order),
    )


def reordered(graph: Graph, order: npt.NDArray[np.int64]) -> Graph:
    """The graph with unit `order[i]` at place i."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    counts = np.diff(graph.indptr)[order]
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    entry = np.repeat(graph.indptr[:-1][order] - indptr[:-1], counts) + np.arange(indptr[-1])
    neighbours = place[graph.indices[entry]]
    rows = np.repeat(np.arange(len(order)), counts)
    return Graph(indptr, neighbours[np.argsort(rows * len(order) + neighbours, kind="stable")].astype(np.int32))


def _by_node(combine: np.ufunc, rows: npt.NDArray[np.generic], children: Ints, spans: npt.NDArray[np.int64]) -> Floats:
    """Rows by unit combined to rows by node: leaves from their units, the others from their halves, which stand behind them."""
    out = np.empty((len(children), rows.shape[1]))
    leaves = np.flatnonzero(children[:, 0] < 0)
    by_start = leaves[np.argsort(spans[leaves, 0])]
    out[by_start] = combine.reduceat(rows, spans[by_start, 0], axis=0)
    for level in _levels(children):
        inner = level[children[level, 0] >= 0]
        out[inner] = combine(out[children[inner, 0]], out[children[inner, 1]])
    return out


def _levels(children: Ints) -> list[npt.NDArray[np.int64]]:
    """The nodes of each depth, the deepest first."""
    levels, at = [], np.zeros(1, np.int64)
    while len(at):
        levels.append(at)
        inner = at[children[at, 0] >= 0]
        at = children[inner].ravel().astype(np.int64)
    return levels[::-1]
