"""Designs after a change: few units move, and the answer is judged without what held them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from metes.partition.again import solve_again, with_stay
from metes.partition.problem import Preferences, Problem, equal_limits
from metes.partition.solve import solve
from tests.partition.worlds import cities


def asked(problem: Problem, territories: int, band: float = 0.05) -> Problem:
    lowest, highest = equal_limits(problem.measures, territories, band)
    return replace(problem, lowest=lowest, highest=highest)


def test_a_seat_more_moves_few_units_and_keeps_limits() -> None:
    problem = cities(6000, 40)
    first = solve(asked(problem, 40))
    more = solve_again(asked(problem, 41), first.territory_of_unit, first.centres, first.prices)
    assert more.keeps_limits
    assert (more.territory_of_unit == first.territory_of_unit).mean() > 0.9
    assert (more.territory_of_unit == 40).sum() > 0
    assert np.allclose(more.centres[:40], first.centres)
    assert more.bound <= more.costs.total


def test_a_seat_fewer_gives_its_units_to_others() -> None:
    problem = cities(3000, 20)
    first = solve(asked(problem, 20))
    fewer = solve_again(asked(problem, 19), first.territory_of_unit, first.centres, first.prices)
    assert fewer.keeps_limits
    others = first.territory_of_unit < 19
    assert (fewer.territory_of_unit[others] == first.territory_of_unit[others]).mean() > 0.75


def test_nothing_changed_moves_next_to_nothing() -> None:
    problem = asked(cities(2000, 12), 12)
    first = solve(problem)
    again = solve_again(problem, first.territory_of_unit, first.centres, first.prices, hold=5.0)
    assert (again.territory_of_unit == first.territory_of_unit).mean() > 0.99
    assert again.keeps_limits


def test_a_new_territory_stands_at_its_base() -> None:
    problem = asked(cities(1000, 5), 6)
    first = solve(asked(problem, 5))
    bases = np.full((6, 3), np.nan)
    bases[5] = problem.places[17]
    more = solve_again(replace(problem, bases=bases), first.territory_of_unit, first.centres, first.prices)
    assert (more.centres[5] == problem.places[17]).all()


def test_a_stay_adds_to_savings_and_opens_nothing_that_is_forbidden() -> None:
    preferences = Preferences(np.array([0, 2, 2, 3]), np.array([0, 1, 2], np.int32), np.array([5.0, -np.inf, 7.0]))
    held = with_stay(preferences, np.array([0, 1, -1], np.int32), np.array([2.0, 3.0, 4.0]))
    rows = np.repeat(np.arange(3), np.diff(held.indptr))
    entries = {(int(u), int(t)): float(s) for u, t, s in zip(rows, held.territory, held.saving, strict=True)}
    assert entries == {(0, 0): 7.0, (0, 1): -np.inf, (1, 1): 3.0, (2, 2): 7.0}
    closed = with_stay(preferences, np.array([1, -1, -1], np.int32), np.full(3, 9.0))
    assert closed.saving[closed.territory == 1][0] == -np.inf
