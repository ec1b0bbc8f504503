"""A partition being put right at its borders: strays adopted, loads brought into their limits, cost saved."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from metes.kernels.annealing import anneal_units
from metes.kernels.chaining import chain_units
from metes.kernels.pieces import adopt_strays, find_pieces
from metes.kernels.shifting import shift_units
from metes.partition.cells import Cells
from metes.partition.graph import Graph, graph_of_pairs
from metes.partition.problem import Floats, Ints

_NEAREST = 6
# Heaps apart are joined by so many pairs each.
_JOINS = 24
# Locked units are joined to their territory in so many rounds, each by a search of so many units.
_BRIDGED, _WAY_SEARCHED = 5, 3_000
# A pair of moves is looked for everywhere where the units are few, else only where loads are out of their limits.
_CHAINED_EVERYWHERE = 60_000
_TURNS = 6
_MOST_PAIRS = 20_000_000
FIRST_FINE = 10.0
_FINES, _CHAINED_FROM = 13, 1
# After this fine a load that is so far outside is let go: coming nearer costs some twenty times what travel costs on average. So are all that
# are outside once keeping limits has made the whole dearer by such a share.
_LET_GO_AFTER, _HOPELESS, _DEAR = 3, 0.02, 0.2
STRICT = 1e9
_WORTH_A_TURN = 2e-4
# Hears how many of how many steps are done, and says whether to go on.
GoesOn = Callable[[int, int], bool]
# So far outside, nothing keeps every limit, and it is not tried where units are many.
_FAR_OUTSIDE, _ALWAYS_STRICT = 0.1, 2_000
# Limits are drawn in by so much of the scale, as a square so small is no longer seen beside cost.
_HAIR = 1e-5


@dataclass(eq=False)
class Borders:
    """The state: territory, loads and counts, changed in place; all arrays in the order of the tree's leaves.

    `is_thorough` looks for pairs of moves everywhere, not only where loads are out of their limits; `fine_unit` is what a load that is outside its limits by one whole target costs at a fine of 1.
    """

    cells: Cells
    graph: Graph
    is_whole: bool
    centres: Floats
    lowest: Floats
    highest: Floats
    territory_of_unit: Ints
    loads: Floats
    counts: npt.NDArray[np.int64]
    amounts: Floats
    scale: Floats
    fine_unit: float
    is_thorough: bool
    asked_lowest: Floats
    asked_highest: Floats

    def adopt(self, prices: Floats) -> int:
        """Keep the heaviest piece of each territory, give the units of the others to neighbours, and reach locked units by bridges.

        Returns how many units nobody reaches.
        """
        left = self._adopt_strays(prices)
        for _ in range(_BRIDGED if self.is_whole and (self.cells.locked >= 0).any() else 0):
            if not self._build_bridges():
                break
            left = self._adopt_strays(prices)
        if left:
            self._place_anywhere()
        self.recount()
        return left

    def _adopt_strays(self, prices: Floats) -> int:
        if self.is_whole:
            piece, main = pieces_of(self.territory_of_unit, self.graph, self.cells.travel)
            self.territory_of_unit[~main[piece] & (self.cells.locked < 0)] = -1
        if not (self.territory_of_unit < 0).any():
            return 0
        cells = self.cells
        return int(
            adopt_strays(
                self.territory_of_unit,
                self.graph.indptr,
                self.graph.indices,
                cells.places,
                cells.travel,
                self.amounts,
                self.centres,
                np.ascontiguousarray(prices),
                cells.indptr,
                cells.entry_territory,
                cells.entry_saving,
            )
        )

    def _build_bridges(self) -> int:
        """Give each locked piece that stands apart the fewest units that join it to its territory; how many bridges were built."""
        piece, main = pieces_of(self.territory_of_unit, self.graph, self.cells.travel)
        apart = np.flatnonzero(~main[piece] & (self.cells.locked >= 0))
        built = 0
        for unit in apart.tolist():
            path = self._way_home(unit, main[piece])
            self.territory_of_unit[path] = self.territory_of_unit[unit]
            built += bool(path)
        return built

    def _way_home(self, unit: int, is_main: npt.NDArray[np.bool_]) -> list[int]:
        """The units between a unit and the main piece of its territory on a shortest way that takes no unit locked elsewhere."""
        home = int(self.territory_of_unit[unit])
        came_from = {unit: unit}
        queue = deque([unit])
        while queue and len(came_from) < _WAY_SEARCHED:
            at = queue.popleft()
            for other in self.graph.indices[self.graph.indptr[at] : self.graph.indptr[at + 1]].tolist():
                if other in came_from:
                    continue
                came_from[other] = at
                if self.territory_of_unit[other] == home and is_main[other]:
                    path = []
                    while came_from[at] != at:
                        path.append(at)
                        at = came_from[at]
                    return path
                if self.cells.locked[other] in (-1, home):
                    queue.append(other)
        return []

    def _place_anywhere(self) -> None:
        """Units that no territory may take by a neighbour go to the nearest that may take them."""
        cells = self.cells
        for i in np.flatnonzero(self.territory_of_unit < 0).tolist():
            costs = cells.travel[i] * ((cells.places[i] - self.centres) ** 2).sum(axis=1)
            entries = slice(cells.indptr[i], cells.indptr[i + 1])
            np.subtract.at(costs, cells.entry_territory[entries], cells.entry_saving[entries])
            self.territory_of_unit[i] = int(np.argmin(costs))

    def recount(self) -> None:
        """Loads and counts anew."""
        k = len(self.centres)
        for q in range(self.amounts.shape[1]):
            self.loads[:, q] = np.bincount(self.territory_of_unit, self.amounts[:, q], k)
        self.counts[:] = np.bincount(self.territory_of_unit, minlength=k)

    def fill_empty(self) -> None:
        """Give each territory without a unit the nearest unit that another can spare."""
        cells = self.cells
        for j in np.flatnonzero(self.counts == 0):
            spare = (self.counts[self.territory_of_unit] > 1) & (cells.locked < 0)
            if not spare.any():
                return
            costs = np.where(spare, ((cells.places - self.centres[j]) ** 2).sum(axis=1), np.inf)
            for i in np.flatnonzero(spare).tolist():
                entries = slice(cells.indptr[i], cells.indptr[i + 1])
                if ((cells.entry_territory[entries] == j) & (cells.entry_saving[entries] == -np.inf)).any():
                    costs[i] = np.inf
            chosen = int(np.argmin(costs))
            if np.isfinite(costs[chosen]):
                self.counts[self.territory_of_unit[chosen]] -= 1
                self.counts[j] += 1
                self.territory_of_unit[chosen] = j
        self.recount()

    def settle(self, prices: Floats, goes_on: GoesOn | None = None) -> None:
        """Bring loads into their limits where reduced costs are even, then save true cost without leaving them.

        `goes_on` hears how many of how many steps are done; once it says no, loads are still brought in, and nothing is saved or tried behind that.
        Where a limit stands against all that is reasonable, it is let go at what the load is by then, so that no territory is drawn out for the
        sake of another that stays outside its limits all the same; unless letting nothing go keeps every limit.
        """
        begun = self.territory_of_unit.copy()
        is_on = self._settle(prices, goes_on, lets_go=True)
        outside = float(self.beyond_asked().max())
        if not is_on or outside == 0 or (outside > _FAR_OUTSIDE and len(begun) > _ALWAYS_STRICT):
            return
        better = self.territory_of_unit.copy(), self.lowest, self.highest
        self.territory_of_unit[:], self.lowest, self.highest = begun, self.asked_lowest, self.asked_highest
        self.recount()
        self._settle(prices, goes_on, lets_go=False)
        if self.beyond_asked().any():
            self.territory_of_unit[:], self.lowest, self.highest = better
            self.recount()

    def _settle(self, prices: Floats, goes_on: GoesOn | None, *, lets_go: bool) -> bool:
        """One way of bringing loads in; whether to go on."""
        dear, is_on = self.spent() * (1 + _DEAR), True
        for power in range(_FINES):
            is_on = (goes_on is None or goes_on(power, _FINES)) and is_on
            fine = FIRST_FINE * 4.0**power
            self._shift(prices, fine)
            if power >= _CHAINED_FROM and self.excess().any():
                self._chain(prices, fine, only_near_trouble=True)
            if lets_go and power == _LET_GO_AFTER:
                self._let_go(_HOPELESS)
            if lets_go and self.spent() > dear:
                self._let_go(0.0)
                break
        if is_on:
            self.save_cost()
        self.recount()
        return is_on

    def _let_go(self, hopeless_share: float) -> None:
        """Set limits that loads are further outside of than a share of the scale to those loads."""
        hopeless = self.excess() > hopeless_share
        self.highest = np.where(hopeless, np.maximum(self.highest, self.loads), self.highest)
        self.lowest = np.where(hopeless, np.minimum(self.lowest, self.loads), self.lowest)

    def save_cost(self) -> None:
        """Save true cost by single moves and pairs, without leaving the limits, as long as it is worth a turn."""
        free = np.zeros_like(self.lowest)
        for _turn in range(_TURNS):
            before = self.quality()
            self._chain(free, STRICT, only_near_trouble=not self.is_thorough)
            self._shift(free, STRICT)
            outside, cost = self.quality()
            if outside >= before[0] and cost >= before[1] - _WORTH_A_TURN * abs(before[1]):
                break
        self.recount()

    def stir(self, prices: Floats, fine: float, passes: int, temperature: float, seed: int) -> int:
        """Let units move by chance (`anneal_units`); where the generator of chance is, to go on from."""
        arguments = (*self._arguments(prices, fine, passes), temperature, seed)
        return int(anneal_units(*arguments))

    def bring_in(self, prices: Floats, fines: Sequence[float]) -> None:
        """Bring loads into their limits by single moves and pairs at one fine after the other."""
        for fine in fines:
            self._shift(prices, fine)
            if self.excess().any():
                self._chain(prices, fine, only_near_trouble=True)

    def excess(self) -> Floats:
        """How far loads are outside the limits that are worked with (k, m), in parts of the scale."""
        return _outside(self.loads, self.lowest, self.highest, self.scale)

    def beyond_asked(self) -> Floats:
        """The same for the limits that were asked, also where one was let go."""
        return _outside(self.loads, self.asked_lowest, self.asked_highest, self.scale)

    def quality(self) -> tuple[float, float]:
        """Squares of what is outside the limits, and cost: the lower the better, in this order."""
        return round(float((self.excess() ** 2).sum()), 12), round(self.cost(), 6)

    def rank(self) -> tuple[float, float]:
        """As `quality`, for the limits that were asked."""
        return round(float((self.beyond_asked() ** 2).sum()), 12), round(self.cost(), 6)

    def cost(self) -> float:
        """Travel less savings."""
        cells, at = self.cells, self.territory_of_unit
        travel = float((cells.travel * ((cells.places - self.centres[at]) ** 2).sum(axis=1)).sum())
        return travel - self.saved()

    def spent(self) -> float:
        """Travel, and the savings that were not made."""
        return self.cost() + self.cells.preferences.most_saved

    def saved(self) -> float:
        """The savings of the pairs that were chosen."""
        preferences = self.cells.preferences
        chosen = preferences.territory == self.territory_of_unit[preferences.unit_of_entry]
        return float(preferences.saving[chosen].sum())

    def _shift(self, prices: Floats, fine: float, passes: int = 20) -> int:
        return int(shift_units(*self._arguments(prices, fine, passes)))

    def _chain(self, prices: Floats, fine: float, *, only_near_trouble: bool) -> int:
        units = self._at_borders(only_near_trouble)
        if not len(units):
            return 0
        return int(chain_units(units, *self._arguments(prices, fine, _MOST_PAIRS)))

    def _arguments(self, prices: Floats, fine: float, most: int) -> tuple[Any, ...]:
        cells = self.cells
        return (
            self.territory_of_unit,
            self.loads,
            self.counts,
            self.graph.indptr,
            self.graph.indices,
            self.is_whole,
            cells.places,
            cells.travel,
            self.amounts,
            self.centres,
            cells.indptr,
            cells.entry_territory,
            cells.entry_saving,
            cells.locked,
            self.lowest,
            self.highest,
            self.scale,
            np.ascontiguousarray(prices),
            fine * self.fine_unit,
            most,
        )

    def _at_borders(self, only_near_trouble: bool) -> Ints:
        """Units with a neighbour in another territory; only those in or beside territories out of their limits, where asked."""
        at = self.territory_of_unit
        rows = np.repeat(np.arange(len(at)), np.diff(self.graph.indptr))
        across = np.asarray(at[rows] != at[self.graph.indices])
        if only_near_trouble:
            trouble = np.asarray(self.excess().any(axis=1))
            across &= trouble[at[rows]] | trouble[at[self.graph.indices]]
        return np.unique(rows[across]).astype(np.int32)


def borders_of(
    cells: Cells, territory_of_unit: Ints, centres: Floats, lowest: Floats, highest: Floats, *, is_thorough: bool = True
) -> Borders:
    """The borders of a partition; without a graph of neighbours, those of the nearest units serve, and pieces do not matter."""
    k, m = lowest.shape
    graph = cells.graph if cells.graph is not None else nearest_neighbours(cells.places)
    scale = np.maximum((lowest + highest).mean(axis=0) / 2, 1e-300)
    hair = np.minimum(_HAIR * scale, (highest - lowest) / 4)
    weight = cells.travel.sum()
    spread = float((cells.travel * ((cells.places - centres[np.maximum(territory_of_unit, 0)]) ** 2).sum(axis=1)).sum()) / weight
    return Borders(
        cells,
        graph,
        cells.graph is not None,
        np.ascontiguousarray(centres),
        np.ascontiguousarray(lowest + hair),
        np.ascontiguousarray(highest - hair),
        territory_of_unit.copy(),
        np.zeros((k, m)),
        np.zeros(k, np.int64),
        np.ascontiguousarray(cells.amounts),
        scale,
        max(spread, 1e-12) * weight / k,
        is_thorough and len(cells.order) <= _CHAINED_EVERYWHERE,
        np.ascontiguousarray(lowest + hair),
        np.ascontiguousarray(highest - hair),
    )


def _outside(loads: Floats, lowest: Floats, highest: Floats, scale: Floats) -> Floats:
    """How far loads are outside limits, in parts of the scale."""
    outside = np.maximum(np.maximum(loads - highest, lowest - loads), 0.0)
    return np.asarray(np.where(outside > 1e-9 * scale, outside, 0.0) / scale)


def nearest_neighbours(places: Floats, nearest: int = _NEAREST) -> Graph:
    """The graph of each place with its nearest others; heaps that stand apart are joined to the largest. O(n log n)."""
    n = len(places)
    if n < 2:
        return graph_of_pairs(n, [], [])
    _, found = KDTree(places).query(places, min(nearest + 1, n))
    first, second = np.repeat(np.arange(n), found.shape[1]), found.ravel()
    joins = _between_heaps(places, graph_of_pairs(n, first, second))
    return graph_of_pairs(n, np.concatenate([first, joins[:, 0]]), np.concatenate([second, joins[:, 1]]))


def _between_heaps(places: Floats, graph: Graph) -> npt.NDArray[np.int64]:
    """Pairs (p, 2) that join each connected heap to the largest: its places that are nearest to one of that."""
    rows = csr_array((np.ones(len(graph.indices), np.int8), graph.indices, graph.indptr), shape=(graph.units, graph.units))
    count, heap = connected_components(rows, directed=False)
    if count == 1:
        return np.zeros((0, 2), np.int64)
    largest = int(np.argmax(np.bincount(heap)))
    inside = np.flatnonzero(heap == largest)
    outside = np.flatnonzero(heap != largest)
    away, near = KDTree(places[inside]).query(places[outside])
    order = np.lexsort((away, heap[outside]))
    rank = np.arange(len(order)) - np.searchsorted(heap[outside][order], heap[outside][order])
    kept = order[rank < _JOINS]
    return np.stack([outside[kept], inside[near[kept]]], axis=1)


def pieces_of(territory_of_unit: Ints, graph: Graph, weight: Floats) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The piece (n,) of each unit, and whether a piece is the heaviest of its territory."""
    piece = np.empty(len(territory_of_unit), np.int32)
    count = find_pieces(territory_of_unit, graph.indptr, graph.indices, piece)
    held = piece >= 0
    heavy = np.bincount(piece[held], weight[held], count)
    territory = np.full(count, -1)
    territory[piece[held]] = territory_of_unit[held]
    order = np.lexsort((np.arange(count), -heavy, territory))
    main = np.zeros(count, np.bool_)
    if count:
        main[order[np.concatenate([[True], np.diff(territory[order]) > 0])]] = True
    return piece, main
