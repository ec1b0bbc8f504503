"""Sweeps down the tree against all pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.partition.cells import cells_of, reordered
from metes.partition.problem import Problem
from metes.partition.scaling import scaled
from tests.partition.worlds import cities, problems, reduced_costs


def drawn(problem: Problem, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    k, m = problem.lowest.shape
    return rng.uniform(0, 100, (k, 3)) * [1, 1, 0], rng.normal(size=(k, m)) * 300


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems(), st.integers(0, 1000))
def test_a_hard_sweep_finds_what_all_pairs_find(problem: Problem, seed: int) -> None:
    problem = scaled(problem).problem
    centres, prices = drawn(problem, seed)
    cells = cells_of(problem)
    found = cells.sweep(centres, prices)
    costs = reduced_costs(problem, centres, prices)
    if problem.locked is not None:
        held = problem.locked >= 0
        keep = costs[held, problem.locked[held]]
        costs[held] = np.inf
        costs[np.flatnonzero(held), problem.locked[held]] = keep
    chosen = cells.in_order_of_units(found.territory_of_unit)
    assert np.allclose(costs[np.arange(problem.units), chosen], costs.min(axis=1))
    assert np.isclose(found.value, costs.min(axis=1).sum())
    loads = np.stack([np.bincount(chosen, a, problem.territories) for a in problem.measures.T], axis=1)
    assert np.allclose(found.loads, loads)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(problems(), st.integers(0, 1000))
def test_a_softened_sweep_is_the_slope_of_its_own_value(problem: Problem, seed: int) -> None:
    problem = scaled(problem).problem
    centres, prices = drawn(problem, seed)
    cells = cells_of(problem)
    softness = 400.0
    found = cells.sweep(centres, prices, softness)
    step = 1e-4
    for j in range(problem.territories):
        for q in range(problem.measures.shape[1]):
            up, down = prices.copy(), prices.copy()
            up[j, q] += step
            down[j, q] -= step
            slope = (cells.sweep(centres, up, softness).soft_value - cells.sweep(centres, down, softness).soft_value) / (2 * step)
            assert np.isclose(slope, found.soft_loads[j, q], rtol=5e-3, atol=5e-3 * (1 + problem.measures[:, q].sum()))


def test_parts_side_by_side_find_the_same_as_one_tree() -> None:
    problem = cities(21_000, 12)
    cells = cells_of(problem)
    centres, prices = problem.places[:: 21_000 // 12][:12].copy(), np.linspace(-50, 50, 12)[:, None]
    assert len(cells.roots) > 1
    found = cells.sweep(centres, prices, 20.0)
    costs = reduced_costs(problem, centres, prices)
    assert (cells.in_order_of_units(found.territory_of_unit) == costs.argmin(axis=1)).all()
    again = cells.sweep(centres, prices, 20.0)
    assert again.soft_value == found.soft_value
    assert (again.curvature == found.curvature).all()


def test_the_order_of_units_does_not_matter_to_the_tree() -> None:
    problem = cities(700, 5)
    turned = np.random.default_rng(3).permutation(700)
    other = Problem(problem.places[turned], problem.travel[turned], problem.measures[turned], problem.lowest, problem.highest)
    assert (cells_of(problem).places == cells_of(other).places).all()


def test_a_graph_put_in_another_order_joins_the_same_units() -> None:
    graph = cities(60, 3).graph
    assert graph is not None
    order = np.random.default_rng(5).permutation(60)
    moved = reordered(graph, order)
    for place in range(60):
        before = set(graph.indices[graph.indptr[order[place]] : graph.indptr[order[place] + 1]].tolist())
        after = {int(order[i]) for i in moved.indices[moved.indptr[place] : moved.indptr[place + 1]]}
        assert before == after
