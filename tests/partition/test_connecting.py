"""What contiguity adds to a bound: never more than the best design in one piece costs, by trying every one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from metes.partition.borders import pieces_of
from metes.partition.cells import Cells, cells_of
from metes.partition.connecting import raised
from metes.partition.problem import Floats, Preferences, Problem, on_plane
from metes.partition.solve import judged, solve
from tests.partition.worlds import cities, grid


def prefers(problem: Problem, rng: np.random.Generator) -> Problem:
    """The problem with units that save in a territory drawn by chance, and one that is locked."""
    n, k = problem.units, problem.territories
    territory = rng.integers(0, k, n).astype(np.int32)
    saving = rng.exponential(1.5, n) * (rng.random(n) < 0.6)
    locked = np.full(n, -1, np.int32)
    locked[int(rng.integers(n))] = rng.integers(k)
    return replace(problem, preferences=Preferences(np.arange(n + 1), territory, saving), locked=locked)


def reduced(cells: Cells, centres: Floats, prices: Floats) -> Floats:
    """What each unit costs in each territory at prices, slowly."""
    away = ((cells.places[:, None] - centres[None]) ** 2).sum(axis=2) * cells.travel[:, None] + cells.amounts @ prices.T
    for i in range(len(away)):
        for e in range(cells.indptr[i], cells.indptr[i + 1]):
            away[i, cells.entry_territory[e]] -= cells.entry_saving[e]
        if cells.locked[i] >= 0:
            away[i, np.arange(away.shape[1]) != cells.locked[i]] = np.inf
    return away


def best_in_one_piece(cells: Cells, costs: Floats, lowest: Floats) -> float:
    """The least sum of costs of all partitions in one piece each that hold what they must."""
    n, k = costs.shape
    best = np.inf
    for chosen in itertools.product(range(k), repeat=n):
        at = np.array(chosen, np.int32)
        value = costs[np.arange(n), at].sum()
        if value >= best:
            continue
        loads = np.stack([np.bincount(at, column, k) for column in cells.amounts.T], axis=1)
        if (loads < lowest).any():
            continue
        assert cells.graph is not None
        if len(pieces_of(at, cells.graph, cells.travel)[1]) == k:
            best = value
    return float(best)


@pytest.mark.parametrize("seed", range(12))
def test_a_raised_bound_is_below_every_design_in_one_piece(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = 2 + seed % 2
    problem = prefers(grid(5, 2, k) if k == 2 else grid(4, 2, k), rng)
    problem = replace(problem, lowest=np.full((k, 1), 2.0), highest=np.full((k, 1), 8.0))
    cells = cells_of(problem)
    centres, prices = on_plane(rng.uniform(0, 4, (k, 2))), rng.normal(size=(k, 1))
    costs = reduced(cells, centres, prices)
    more = raised(cells, centres, prices, problem.lowest)
    assert more >= 0
    assert costs.min(axis=1).sum() + more <= best_in_one_piece(cells, costs, problem.lowest) + 1e-6


@pytest.mark.parametrize(("least_held", "more"), [(3.0, 3.0), (2.0, 1.0)])
def test_a_unit_apart_pays_the_way_or_leaves(least_held: float, more: float) -> None:
    # 0 - 1 - 2 - 3 - 4 - 5: the last saves 7 in territory 0, as 0 and 1 do; on its way 3 and 4 lose 2 and 1 there. Where a territory may
    # hold two units, 4 and 5 could be one.
    saved = Preferences(np.array([0, 1, 2, 2, 3, 4, 5]), np.array([0, 0, 1, 1, 0], np.int32), np.array([9.0, 3.0, 2.0, 1.0, 7.0]))
    lowest = np.full((2, 1), least_held)
    row = replace(grid(6, 1, 2), travel=np.full(6, 1e-9), preferences=saved, lowest=lowest, highest=lowest + 3)
    assert raised(cells_of(row), np.zeros((2, 3)), np.zeros((2, 1)), lowest) == pytest.approx(more, abs=1e-6)


def test_nothing_is_added_where_pieces_do_not_matter_or_nothing_lies_apart() -> None:
    problem = cities(300, 4)
    design = solve(problem)
    cells = cells_of(problem)
    assert raised(cells, design.centres, np.zeros((4, 1)), problem.lowest) >= 0
    assert raised(cells_of(replace(problem, graph=None)), design.centres, design.prices, problem.lowest) == 0.0
    assert raised(cells_of(grid(4, 2, 2)), on_plane([[0, 0], [3, 1]]), np.zeros((2, 1)), np.ones((2, 1))) == 0.0


def test_the_bound_of_a_design_with_hand_overs_is_raised_and_stays_below_its_cost() -> None:
    rng = np.random.default_rng(5)
    problem = cities(600, 6)
    owner = rng.integers(0, 6, 600).astype(np.int32)
    saving = rng.exponential(1.0, 600) * problem.travel * 20
    problem = replace(problem, preferences=Preferences(np.arange(601), owner, saving), current=owner)
    design = solve(problem)
    assert 0 < design.bound <= design.costs.total
    assert design.bound > judged(replace(problem, graph=None), design).bound
