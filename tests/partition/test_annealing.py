"""Annealing: sums stay those of a count, nothing breaks, and cold it only gains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metes.partition.annealing import anneal
from metes.partition.borders import Borders, borders_of, pieces_of
from metes.partition.cells import cells_of
from metes.partition.problem import Problem, equal_limits
from metes.partition.solve import solve
from tests.partition.worlds import cities


def world(units: int = 400, k: int = 5) -> Problem:
    """Cities with two measures and a few locks."""
    rng = np.random.default_rng(3)
    problem = cities(units, k)
    measures = np.concatenate([problem.measures, rng.lognormal(0, 0.5, (units, 1))], axis=1)
    lowest, highest = equal_limits(measures, k, 0.1)
    return replace(problem, measures=measures, lowest=lowest, highest=highest)


def begun(problem: Problem) -> Borders:
    """The borders of a design of its first measure alone."""
    first = replace(
        problem,
        measures=problem.measures[:, :1].copy(),
        lowest=problem.lowest[:, :1].copy(),
        highest=problem.highest[:, :1].copy(),
    )
    design = solve(first)
    cells = cells_of(problem)
    borders = borders_of(cells, design.territory_of_unit[cells.order], design.centres, problem.lowest, problem.highest)
    borders.recount()
    return borders


def assert_whole(borders: Borders) -> None:
    """Every territory in one piece, and sums as counted anew."""
    loads, counts = borders.loads.copy(), borders.counts.copy()
    borders.recount()
    np.testing.assert_allclose(loads, borders.loads)
    np.testing.assert_array_equal(counts, borders.counts)
    piece, _ = pieces_of(borders.territory_of_unit, borders.graph, borders.cells.travel)
    assert len(np.unique(piece)) == len(borders.counts)


@pytest.mark.parametrize("temperature", [0.0, 5.0, 1e9])
def test_stirring_keeps_sums_and_pieces(temperature: float) -> None:
    borders = begun(world())
    before = borders.cost()
    moved = borders.territory_of_unit.copy()
    chance = borders.stir(np.zeros((5, 2)), 0.0, 5, temperature, 7)
    assert (moved != borders.territory_of_unit).any()
    assert_whole(borders)
    if temperature == 0:
        assert borders.cost() < before
    again = begun(world())
    assert again.stir(np.zeros((5, 2)), 0.0, 5, temperature, 7) == chance
    np.testing.assert_array_equal(again.territory_of_unit, borders.territory_of_unit)


def test_locked_units_stay() -> None:
    problem = world()
    first = begun(problem)
    locked = np.full(problem.units, -1, np.int32)
    locked[first.cells.order[::7]] = first.territory_of_unit[::7]
    borders = begun(replace(problem, locked=locked))
    borders.territory_of_unit[:] = first.territory_of_unit
    borders.recount()
    borders.stir(np.zeros((5, 2)), 0.0, 5, 1e9, 1)
    np.testing.assert_array_equal(borders.territory_of_unit[::7], first.territory_of_unit[::7])


def test_annealing_ends_within_limits_and_stops_when_it_is_told_to() -> None:
    borders = begun(world())
    assert borders.excess().any()
    asked = borders.lowest, borders.highest
    assert anneal(borders, np.zeros((5, 2)), 1, lambda done, total: True)
    assert borders.lowest is asked[0]
    assert borders.highest is asked[1]
    assert_whole(borders)
    assert not borders.excess().any()
    stopped = begun(world())
    assert not anneal(stopped, np.zeros((5, 2)), 1, lambda done, total: done < 3)
    assert_whole(stopped)
