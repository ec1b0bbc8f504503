"""Borders put right: single moves and pairs against recounts, pieces against a slow search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from metes.kernels.pieces import find_pieces, stays_whole
from metes.partition.borders import STRICT, Borders, borders_of, nearest_neighbours
from metes.partition.cells import cells_of
from metes.partition.graph import graph_of_pairs
from metes.partition.problem import Problem, on_plane
from metes.partition.scaling import scaled
from tests.partition.worlds import cities, grid_graph, problems


def pieces_the_slow_way(territory: np.ndarray, indptr: np.ndarray, indices: np.ndarray) -> np.ndarray:
    rows = np.repeat(np.arange(len(territory)), np.diff(indptr))
    same = territory[rows] == territory[indices]
    matrix = csr_array((np.ones(int(same.sum())), (rows[same], indices[same])), shape=(len(territory),) * 2)
    return connected_components(matrix, directed=False)[1]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 4), st.integers(0, 999))
def test_pieces_are_those_of_a_slow_search(columns: int, rows: int, k: int, seed: int) -> None:
    graph = grid_graph(columns, rows)
    territory = np.random.default_rng(seed).integers(k, size=columns * rows).astype(np.int32)
    found = np.empty(columns * rows, np.int32)
    count = find_pieces(territory, graph.indptr, graph.indices, found)
    slow = pieces_the_slow_way(territory, graph.indptr, graph.indices)
    assert count == slow.max() + 1
    assert len(set(zip(found.tolist(), slow.tolist(), strict=True))) == count


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(0, 999))
def test_a_territory_stays_whole_exactly_where_taking_the_unit_out_breaks_nothing(columns: int, rows: int, seed: int) -> None:
    graph = grid_graph(columns, rows)
    n = columns * rows
    territory = (np.random.default_rng(seed).random(n) < 0.6).astype(np.int32)
    seen, queue = np.zeros(n, np.int32), np.empty(n, np.int32)
    before = pieces_the_slow_way(territory, graph.indptr, graph.indices)
    for unit in range(n):
        without = territory.copy()
        without[unit] = -9
        mine = pieces_the_slow_way(without, graph.indptr, graph.indices)[without == territory[unit]]
        whole = len(set(mine.tolist())) <= len(set(before[territory == territory[unit]].tolist()))
        assert stays_whole(unit, territory, graph.indptr, graph.indices, seen, queue, unit + 1) == whole


def state(problem: Problem, seed: int) -> Borders:
    """A partition by nearest centre of chance."""
    work = scaled(problem).problem
    cells = cells_of(work)
    k = problem.territories
    centres = cells.places[np.random.default_rng(seed).choice(problem.units, k, replace=False)]
    territory = cells.sweep(centres, np.zeros_like(work.lowest)).territory_of_unit
    borders = borders_of(cells, territory, centres, work.lowest, work.highest)
    borders.adopt(np.zeros_like(work.lowest))
    return borders


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems(), st.integers(0, 999))
def test_loads_and_counts_after_moves_are_those_of_a_recount(problem: Problem, seed: int) -> None:
    borders = state(problem, seed)
    borders.settle(np.zeros_like(borders.lowest))
    loads, counts = borders.loads.copy(), borders.counts.copy()
    borders.recount()
    assert np.allclose(loads, borders.loads)
    assert (counts == borders.counts).all()


@pytest.mark.parametrize("seed", range(6))
def test_no_strict_turn_leaves_limits_or_costs_more(seed: int) -> None:
    borders = state(cities(300, 5, seed), seed)
    free = np.zeros_like(borders.lowest)
    for _ in range(3):
        before = borders.quality()
        borders._shift(free, STRICT)
        between = borders.quality()
        borders._chain(free, STRICT, only_near_trouble=False)
        assert borders.quality() <= between <= before


@pytest.mark.parametrize("seed", range(6))
def test_moves_never_break_a_territory(seed: int) -> None:
    problem = cities(300, 5, seed)
    borders = state(problem, seed)
    borders.fill_empty()
    borders.settle(np.zeros_like(borders.lowest))
    slow = pieces_the_slow_way(borders.territory_of_unit, borders.graph.indptr, borders.graph.indices)
    assert slow.max() + 1 == 5


def test_a_pair_of_moves_helps_where_no_single_move_does() -> None:
    """
    3 2 | 2 1     each half should hold four: no single move does it, two and one changing places does
    """
    weight = np.array([3.0, 2.0, 2.0, 1.0])
    every = graph_of_pairs(4, *np.triu_indices(4, 1))
    places = on_plane(np.stack([np.arange(4.0), np.zeros(4)], axis=1))
    problem = Problem(places, weight, weight[:, None], np.full((2, 1), 3.9), np.full((2, 1), 4.1), graph=every)
    cells = cells_of(problem)
    begun = np.array([0, 0, 1, 1], np.int32)[cells.order]
    borders = borders_of(cells, begun, places[[0, 3]], problem.lowest, problem.highest)
    borders.recount()
    free = np.zeros((2, 1))
    assert borders._shift(free, STRICT) == 0
    assert borders._chain(free, STRICT, only_near_trouble=True) == 1
    assert borders.loads[:, 0].tolist() == [4.0, 4.0]
    assert not borders.excess().any()


def test_without_a_graph_the_nearest_units_are_neighbours() -> None:
    graph = nearest_neighbours(cities(50, 2).places, 3)
    rows = np.repeat(np.arange(50), np.diff(graph.indptr))
    assert (np.diff(graph.indptr) >= 3).all()
    assert set(zip(rows.tolist(), graph.indices.tolist(), strict=True)) == set(
        zip(graph.indices.tolist(), rows.tolist(), strict=True)
    )
    assert nearest_neighbours(np.zeros((1, 3))).units == 1


def test_heaps_that_stand_apart_are_joined_to_the_largest() -> None:
    rng = np.random.default_rng(1)
    apart = np.concatenate([rng.uniform(0, 10, (40, 3)), rng.uniform(500, 510, (12, 3)), rng.uniform(-510, -500, (9, 3))])
    graph = nearest_neighbours(apart)
    assert pieces_the_slow_way(np.zeros(61, np.int32), graph.indptr, graph.indices).max() == 0


def test_a_locked_unit_that_stands_apart_is_joined_to_its_territory() -> None:
    problem = cities(300, 5, 2, band=0.6)
    free = borders_after(problem)
    away = int(np.argmax(problem.places[:, 0]))
    other = int(free[int(np.argmin(problem.places[:, 0]))])
    assert free[away] != other
    locked = np.full(300, -1, np.int32)
    locked[away] = other
    held = borders_after(replace(problem, locked=locked))
    assert held[away] == other
    assert pieces_the_slow_way(held, problem.graph.indptr, problem.graph.indices).max() + 1 == 5


def borders_after(problem: Problem) -> np.ndarray:
    """Territories of units after nearest centres of chance were put right."""
    borders = state(problem, 4)
    borders.fill_empty()
    borders.settle(np.zeros_like(borders.lowest))
    return borders.cells.in_order_of_units(borders.territory_of_unit)
