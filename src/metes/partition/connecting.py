"""What contiguity adds to a bound: units whose cell lies in pieces must be joined to their territory or leave it, and both cost."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from metes.kernels.raising import raise_bound
from metes.partition.borders import pieces_of
from metes.partition.cells import Cells
from metes.partition.graph import Graph
from metes.partition.problem import Floats, Ints

# Reduced costs are looked at so many steps around what lies apart, where they are no more than so many.
_STEPS, _MOST = (4, 3, 2, 1), 6_000_000
_PASSES = 4
_SLACK = 1e-9


def raised(cells: Cells, centres: Floats, prices: Floats, lowest: Floats) -> float:
    """How much more than the sum of least reduced costs at these prices every design costs that is in one piece and holds `lowest` (k, m).

    0 where pieces do not matter or nothing lies apart. See `raise_bound`.
    """
    if cells.graph is None:
        return 0.0
    territory = cells.sweep(centres, prices).territory_of_unit
    piece, is_main = pieces_of(territory, cells.graph, cells.travel)
    apart = ~is_main[piece]
    rows = _near(cells.graph, apart, len(centres)) if apart.any() else np.zeros(0, np.int32)
    if not len(rows):
        return 0.0
    root = np.full(len(centres), -1, np.int32)
    main = np.flatnonzero(~apart).astype(np.int32)
    root[territory[main]] = main
    row_of_unit = np.full(len(territory), -1, np.int32)
    row_of_unit[rows] = np.arange(len(rows), dtype=np.int32)
    reduced = _reduced(cells, rows, centres, prices)
    least = reduced.min(axis=1)
    slack = _SLACK * float(np.abs(least).mean())
    graph = cells.graph
    arguments = (row_of_unit, territory, root, graph.indptr, graph.indices, np.ascontiguousarray(cells.amounts), lowest, slack)
    return float(raise_bound(reduced, least, rows, *arguments, _PASSES))


def _near(graph: Graph, apart: npt.NDArray[np.bool_], k: int) -> Ints:
    """The units some steps around those that lie apart, as many steps as memory has room for; none where even few are too many."""
    beside = csr_array((np.ones(len(graph.indices), np.int32), graph.indices, graph.indptr), shape=(graph.units, graph.units))
    for steps in _STEPS:
        near = apart.astype(np.int32)
        for _ in range(steps):
            near = ((near + beside @ near) > 0).astype(np.int32)
        if int(near.sum()) * k <= _MOST:
            return np.flatnonzero(near).astype(np.int32)
    return np.zeros(0, np.int32)


def _reduced(cells: Cells, rows: Ints, centres: Floats, prices: Floats) -> Floats:
    """Reduced costs (r, k) of some units, infinite where one may not go."""
    out = np.zeros((len(rows), len(centres)))
    for axis in range(3):
        out += (cells.places[rows, axis, None] - centres[None, :, axis]) ** 2
    out *= cells.travel[rows, None]
    out += cells.amounts[rows] @ prices.T
    preferences = cells.preferences
    row_of_unit = np.full(len(cells.order), -1, np.int64)
    row_of_unit[rows] = np.arange(len(rows))
    row = row_of_unit[preferences.unit_of_entry]
    out[row[row >= 0], preferences.territory[row >= 0]] -= preferences.saving[row >= 0]
    locked = cells.locked[rows]
    held = np.flatnonzero(locked >= 0)
    own = out[held, locked[held]]
    out[held] = np.inf
    out[held, locked[held]] = own
    return np.ascontiguousarray(out)
