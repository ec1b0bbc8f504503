"""Designs none of which is better in all, and what stands in the way of balance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metes.base.errors import Cancelled
from metes.partition.frontier import FrontierPoint, deviation_share, frontier, undominated
from metes.partition.graph import graph_of_pairs
from metes.partition.problem import Preferences, Problem, equal_limits, on_plane
from metes.partition.reasons import obstacles, relaxations
from metes.partition.solve import solve
from metes.partition.whales import set_aside, whales_of
from tests.partition.worlds import cities, grid, two_reps_one_whale


def with_owners(problem: Problem, saving: float = 300.0) -> Problem:
    """Each unit has the owner whose quarter of the map it lies in, and saves something there."""
    x, y = problem.places[:, 0], problem.places[:, 1]
    owner = ((x > np.median(x)) * 2 + (y > np.median(y))).astype(np.int32) % problem.territories
    n = problem.units
    return replace(problem, preferences=Preferences(np.arange(n + 1), owner, np.full(n, saving) * problem.travel), current=owner)


def test_no_point_of_a_frontier_is_beaten_by_another() -> None:
    problem = with_owners(cities(300, 4))
    points = frontier(problem, weights=(0.0, 1.0, 8.0), widths=(1.0, 0.5))
    assert points
    for one in points:
        for other in points:
            assert one is other or not (
                all(a <= b for a, b in zip(other.measured, one.measured, strict=True)) and other.measured != one.measured
            )
        assert np.isclose(one.deviation_share, deviation_share(problem, one.design.loads))
    assert min(p.handover for p in points) < max(p.handover for p in points)


def test_equal_points_are_told_once() -> None:
    design = solve(grid(3, 2, 2))
    same = [FrontierPoint(w, 1.0, 0.1, 5.0, 6.0, design) for w in (0.0, 1.0)]
    worse = FrontierPoint(2.0, 1.0, 0.1, 5.0, 7.0, design)
    assert undominated([*same, worse]) == (same[0],)


def test_a_frontier_can_be_cancelled() -> None:
    class Stops:
        def report(self, stage: str, done: int = 0, total: int = 0) -> None:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        frontier(cities(50, 2), progress=Stops())


def test_a_whale_is_named_with_what_it_makes_impossible() -> None:
    (worst, *_) = obstacles(two_reps_one_whale())
    assert (worst.kind, worst.place, worst.amount, worst.target) == ("unit", 3, 10.0, 7.5)
    assert np.isclose(worst.deviation_share, 10 / 7.5 - 1)


def test_no_design_is_fairer_than_an_obstacle_says() -> None:
    problem = two_reps_one_whale()
    design = solve(problem)
    assert deviation_share(problem, design.loads) >= obstacles(problem)[0].deviation_share - 1e-9


def test_locks_that_are_more_than_a_target_are_named() -> None:
    problem = grid(4, 2, 2)
    locked = np.array([0, 0, 0, 0, 0, 0, -1, -1], np.int32)
    (worst, *_) = obstacles(replace(problem, locked=locked))
    assert (worst.kind, worst.place, worst.amount) == ("locks", 0, 6.0)


def test_islands_that_cannot_be_shared_out_evenly_are_named() -> None:
    """
    o o o o   o o     two territories of three are asked for, the sea leaves four and two
    """
    places = on_plane(np.array([[0, 0], [1, 0], [2, 0], [3, 0], [8, 0], [9, 0]], float))
    weight = np.ones(6)
    graph = graph_of_pairs(6, [0, 1, 2, 4], [1, 2, 3, 5])
    problem = Problem(places, weight, weight[:, None], *equal_limits(weight[:, None], 2, 0.05), graph=graph)
    (worst, *_) = obstacles(problem)
    assert worst.kind == "islands"
    assert np.isclose(worst.deviation_share, 1 / 3)


def test_what_would_have_to_give_is_said_where_limits_are_not_kept() -> None:
    problem = grid(4, 2, 2)
    locked = np.array([0, 0, 0, 0, 0, 0, -1, -1], np.int32)
    asked = replace(problem, locked=locked)
    design = solve(asked)
    given = {one.kind: one for one in relaxations(asked, design)}
    assert given["locks"].is_enough
    assert given["locks"].count == 6
    assert np.isclose(given["band"].band_share, 0.5)
    assert relaxations(problem, solve(problem)) == ()


def test_forbidden_pairs_that_leave_no_balance_are_told() -> None:
    problem = grid(4, 2, 2)
    shut = Preferences(np.array([0, 1, 2, 3, 4, 5, 6, 6, 6]), np.ones(6, np.int32), np.full(6, -np.inf))
    asked = replace(problem, preferences=shut)
    design = solve(asked)
    assert not design.keeps_limits
    assert {one.kind for one in relaxations(asked, design) if one.is_enough} >= {"forbidden", "band"}


def test_whales_are_set_aside_until_what_is_left_is_fair() -> None:
    amounts = np.array([100.0, 30.0, *np.ones(20)])
    places = on_plane(np.stack([np.arange(22.0), np.zeros(22)], axis=1))
    problem = Problem(places, amounts, amounts[:, None], *equal_limits(amounts[:, None], 4, 0.05))
    assert whales_of(problem).tolist() == [0, 1]
    aside = set_aside(problem)
    assert aside.locked is not None
    homes = aside.locked[:2]
    assert len(set(homes.tolist())) == 2
    others = [j for j in range(4) if j not in homes]
    assert np.allclose((aside.lowest + aside.highest)[others] / 2, 10.0)
    design = solve(problem)
    assert sorted(design.loads[:, 0].round().tolist()) == [10.0, 10.0, 30.0, 100.0]


def test_a_whale_goes_where_it_is_locked_or_is_today() -> None:
    problem = two_reps_one_whale()
    locked = np.full(6, -1, np.int32)
    locked[3] = 0
    assert set_aside(replace(problem, locked=locked)).locked.tolist()[3] == 0
    assert set_aside(replace(problem, current=np.zeros(6, np.int32))).locked.tolist()[3] == 0
    shut = Preferences(np.array([0, 0, 0, 0, 1, 1, 1]), np.array([1], np.int32), np.array([-np.inf]))
    assert set_aside(replace(problem, preferences=shut)).locked.tolist()[3] == 0
