"""Named small worlds for designs, and problems that Hypothesis draws."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from metes.partition.graph import Graph, graph_of_pairs
from metes.partition.problem import Preferences, Problem, equal_limits, no_preferences, on_plane


def grid_graph(columns: int, rows: int) -> Graph:
    """Neighbours up, down, left and right on a grid numbered row by row."""
    number = np.arange(columns * rows).reshape(rows, columns)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()])
    down = np.stack([number[:-1].ravel(), number[1:].ravel()])
    return graph_of_pairs(columns * rows, *np.concatenate([across, down], axis=1))


def grid(columns: int, rows: int, territories: int, band: float = 0.05) -> Problem:
    """Units of equal weight on a grid of one kilometre."""
    x, y = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
    places = on_plane(np.stack([x.ravel(), y.ravel()], axis=1))
    weight = np.ones(columns * rows)
    return Problem(
        places, weight, weight[:, None], *equal_limits(weight[:, None], territories, band), graph=grid_graph(columns, rows)
    )


def four_by_five_grid() -> Problem:
    """
    o o o o o     four territories of five units each
    o o o o o     are asked for, give or take nothing
    o o o o o
    o o o o o
    """
    return grid(5, 4, 4, 0.0)


def two_reps_one_whale() -> Problem:
    """
    o o o W o o     W is worth ten times each of the others: no two territories can be equal
    """
    weight = np.ones(6)
    weight[3] = 10
    places = on_plane(np.stack([np.arange(6.0), np.zeros(6)], axis=1))
    return Problem(places, weight, weight[:, None], *equal_limits(weight[:, None], 2, 0.05), graph=grid_graph(6, 1))


def cities(n: int, territories: int, seed: int = 1, measures: int = 1, band: float = 0.1) -> Problem:
    """Units clustered like cities, neighbours being the nearest six, with lognormal weights."""
    from metes.partition.borders import nearest_neighbours

    rng = np.random.default_rng(seed)
    city = rng.uniform(0, 500, (max(4, n // 60), 2))
    xy = city[rng.integers(len(city), size=n)] + rng.normal(size=(n, 2)) * 25
    amounts = rng.lognormal(0, 0.6, (n, measures))
    places = on_plane(xy)
    graph = nearest_neighbours(places)
    joined = joined_up(graph, xy)
    return Problem(places, amounts.mean(axis=1), amounts, *equal_limits(amounts, territories, band), graph=joined)


def joined_up(graph: Graph, xy: np.ndarray) -> Graph:
    """The graph with pairs more, so that it is in one piece: units in the order of x are neighbours, where they were in two."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count, part = connected_components(csr_array((np.ones(len(graph.indices)), graph.indices, graph.indptr)), directed=False)
    if count == 1:
        return graph
    order = np.argsort(xy[:, 0], kind="stable")
    apart = part[order[:-1]] != part[order[1:]]
    rows = np.repeat(np.arange(graph.units), np.diff(graph.indptr))
    return graph_of_pairs(graph.units, np.concatenate([rows, order[:-1][apart]]), np.concatenate([graph.indices, order[1:][apart]]))


@st.composite
def problems(draw: st.DrawFn, most: int = 40) -> Problem:
    """Problems of up to `most` units with any of: a graph, bases, savings and forbidden pairs, locks, several measures."""
    n = draw(st.integers(2, most))
    k = draw(st.integers(1, min(n, 5)))
    m = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    xy = rng.integers(0, 20, (n, 2)).astype(float) if draw(st.booleans()) else rng.uniform(0, 100, (n, 2))
    amounts = rng.lognormal(0, 0.5, (n, m))
    amounts[rng.random((n, m)) < 0.1] = 0.0
    amounts[0] += 1.0
    places = on_plane(xy)
    locked = None
    if draw(st.booleans()):
        locked = np.where(rng.random(n) < 0.1, rng.integers(k, size=n), -1).astype(np.int32)
    preferences = no_preferences(n)
    if draw(st.booleans()):
        preferences = some_preferences(rng, n, k, locked, has_forbidden=draw(st.booleans()))
    bases = None
    if draw(st.booleans()):
        bases = on_plane(rng.uniform(0, 100, (k, 2)))
        bases[rng.random(k) < 0.4] = np.nan
    from metes.partition.borders import nearest_neighbours

    graph = joined_up(nearest_neighbours(places, 4), xy) if draw(st.booleans()) else None
    limits = equal_limits(amounts, k, draw(st.sampled_from([0.05, 0.2, 0.6])))
    return Problem(places, amounts.mean(axis=1), amounts, *limits, graph, bases, preferences, None, locked)


def some_preferences(rng: np.random.Generator, n: int, k: int, locked: np.ndarray | None, *, has_forbidden: bool) -> Preferences:
    """A saving for most units with one territory, and for some a territory that is forbidden."""
    rows, territory, saving = [], [], []
    for unit in range(n):
        if rng.random() < 0.7:
            rows.append(unit)
            territory.append(int(rng.integers(k)))
            saving.append(float(rng.uniform(0, 500)))
        shut = (territory[-1] + 1) % k if rows and rows[-1] == unit else int(rng.integers(k))
        is_locked_there = locked is not None and locked[unit] == shut
        if has_forbidden and k > 1 and rng.random() < 0.2 and not is_locked_there:
            rows.append(unit)
            territory.append(shut)
            saving.append(-np.inf)
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(np.array(rows, int), minlength=n), out=indptr[1:])
    return Preferences(indptr, np.array(territory, np.int32), np.array(saving, float))


def reduced_costs(problem: Problem, centres: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """What each unit costs in each territory under prices, (n, k), worked out the slow way."""
    away = ((problem.places[:, None] - centres[None]) ** 2).sum(axis=2)
    costs = problem.travel[:, None] * away + problem.measures @ prices.T
    if problem.preferences is not None:
        for unit in range(problem.units):
            for e in range(problem.preferences.indptr[unit], problem.preferences.indptr[unit + 1]):
                costs[unit, problem.preferences.territory[e]] -= problem.preferences.saving[e]
    return costs
