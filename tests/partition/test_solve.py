"""Designs: limits and hard constraints kept, bounds below costs, the best found on tiny worlds."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.base.errors import Cancelled, InputError
from metes.partition.borders import pieces_of
from metes.partition.problem import Design, Problem, degrees_of, equal_limits, on_earth, on_plane
from metes.partition.solve import judged, solve
from tests.partition.worlds import cities, four_by_five_grid, grid, problems, reduced_costs, two_reps_one_whale


def cost(problem: Problem, territory: np.ndarray, centres: np.ndarray) -> float:
    """Travel less savings, the slow way, above the most that could be saved."""
    costs = reduced_costs(replace(problem), centres, np.zeros_like(problem.lowest))
    most = 0.0
    if problem.preferences is not None:
        for unit in range(problem.units):
            rows = problem.preferences.saving[problem.preferences.indptr[unit] : problem.preferences.indptr[unit + 1]]
            most += max([0.0, *rows[np.isfinite(rows)]])
    return float(costs[np.arange(problem.units), territory].sum() + most)


def assert_sound(problem: Problem, design: Design) -> None:
    """What must hold of every design."""
    at = design.territory_of_unit
    assert ((at >= 0) & (at < problem.territories)).all()
    loads = np.stack([np.bincount(at, a, problem.territories) for a in problem.measures.T], axis=1)
    assert np.allclose(loads, design.loads)
    assert np.isclose(design.costs.total, cost(problem, at, design.centres), rtol=1e-6, atol=1e-6)
    outside = np.maximum(np.maximum(loads - problem.highest, problem.lowest - loads), 0)
    assert np.allclose(outside, design.over, atol=1e-6 * (1 + loads.max()))
    if problem.locked is not None:
        held = problem.locked >= 0
        assert (at[held] == problem.locked[held]).all()
    if problem.preferences is not None:
        rows = np.repeat(np.arange(problem.units), np.diff(problem.preferences.indptr))
        chosen = problem.preferences.territory == at[rows]
        assert not (problem.preferences.saving[chosen] == -np.inf).any()
    if problem.bases is not None:
        fixed = ~np.isnan(problem.bases[:, 0])
        assert np.allclose(design.centres[fixed], problem.bases[fixed])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems())
def test_every_hard_constraint_is_kept_and_the_bound_is_below_the_cost(problem: Problem) -> None:
    design = solve(problem)
    assert_sound(problem, design)
    if design.keeps_limits:
        assert design.bound <= design.costs.total * (1 + 1e-9) + 1e-6


@settings(max_examples=40, deadline=None, derandomize=True)
@given(problems(most=30))
def test_territories_are_whole_where_neighbours_count_and_nothing_is_locked(problem: Problem) -> None:
    free = replace(problem, locked=None, preferences=None)
    design = solve(free)
    if free.graph is not None:
        piece, _ = pieces_of(design.territory_of_unit, free.graph, free.travel)
        count = [len(set(piece[design.territory_of_unit == j].tolist())) for j in range(free.territories)]
        assert count == design.pieces.tolist()
        assert max(count) <= 1


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_on_tiny_worlds_the_design_is_the_best_there_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 8, 2
    places = on_plane(rng.uniform(0, 10, (n, 2)))
    amounts = rng.integers(1, 4, (n, 1)).astype(float)
    problem = Problem(places, amounts[:, 0], amounts, *equal_limits(amounts, k, 0.3))
    design = solve(problem)
    best = np.inf
    for choice in itertools.product(range(k), repeat=n):
        at = np.array(choice)
        loads = np.bincount(at, amounts[:, 0], k)
        if (loads >= problem.lowest[:, 0]).all() and (loads <= problem.highest[:, 0]).all():
            inertia = 0.0
            for j in range(k):
                mine = at == j
                middle = (amounts[mine] * places[mine]).sum(axis=0) / amounts[mine].sum()
                inertia += float((amounts[mine, 0] * ((places[mine] - middle) ** 2).sum(axis=1)).sum())
            best = min(best, inertia)
    if np.isfinite(best):
        assert design.keeps_limits
        assert design.costs.total <= best * (1 + 1e-9) + 1e-9


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_for_fixed_bases_no_sharing_out_costs_less_than_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 7, 2
    places, bases = on_plane(rng.uniform(0, 10, (n, 2))), on_plane(rng.uniform(0, 10, (k, 2)))
    amounts = rng.integers(1, 4, (n, 1)).astype(float)
    problem = Problem(places, amounts[:, 0], amounts, *equal_limits(amounts, k, 0.3), bases=bases)
    design = solve(problem)
    for choice in itertools.product(range(k), repeat=n):
        at = np.array(choice)
        loads = np.bincount(at, amounts[:, 0], k)
        if (loads >= problem.lowest[:, 0]).all() and (loads <= problem.highest[:, 0]).all():
            assert cost(problem, at, bases) >= design.bound - 1e-6


def test_twenty_units_in_four_territories_of_five() -> None:
    design = solve(four_by_five_grid())
    assert np.bincount(design.territory_of_unit).tolist() == [5, 5, 5, 5]
    assert design.pieces.tolist() == [1, 1, 1, 1]
    assert design.keeps_limits


def test_a_whale_gets_a_territory_of_its_own_limits_and_the_rest_is_shared_out() -> None:
    problem = two_reps_one_whale()
    design = solve(problem)
    assert not design.keeps_limits
    assert_sound(problem, design)
    whale = design.territory_of_unit[3]
    assert design.loads[whale, 0] >= 10


def test_the_same_seed_gives_the_same_bytes() -> None:
    problem = cities(900, 7, measures=2)
    one, two = solve(problem, seed=3), solve(problem, seed=3)
    assert one.territory_of_unit.tobytes() == two.territory_of_unit.tobytes()
    assert one.centres.tobytes() == two.centres.tobytes()
    assert one.bound == two.bound


def test_the_order_of_units_changes_nothing() -> None:
    problem = replace(cities(600, 5), graph=None)
    turned = np.random.default_rng(9).permutation(600)
    other = replace(problem, places=problem.places[turned], travel=problem.travel[turned], measures=problem.measures[turned])
    one, two = solve(problem), solve(other)
    assert np.isclose(one.costs.total, two.costs.total, rtol=1e-9)
    assert (one.territory_of_unit[turned] == two.territory_of_unit).mean() > 0.999


def test_a_shift_and_a_turn_of_the_map_change_the_cost_by_next_to_nothing() -> None:
    problem = cities(800, 6)
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    shifted = replace(problem, places=np.ascontiguousarray(problem.places @ turn.T + [1000.0, -300.0, 0.0]))
    one, two = solve(problem), solve(shifted)
    assert one.keeps_limits
    assert two.keeps_limits
    assert abs(one.costs.total / two.costs.total - 1) < 0.05


def test_several_measures_are_balanced_at_once() -> None:
    design = solve(cities(1500, 8, measures=3, band=0.08))
    assert design.keeps_limits
    assert design.pieces.tolist() == [1] * 8
    assert design.gap < 0.2


def test_the_date_line_is_no_border() -> None:
    rng = np.random.default_rng(2)
    longitude = (rng.uniform(170, 190, 300) + 180) % 360 - 180
    latitude = rng.uniform(-20, -10, 300)
    weight = np.ones(300)
    problem = Problem(on_earth(latitude, longitude), weight, weight[:, None], *equal_limits(weight[:, None], 3, 0.1))
    design = solve(problem)
    assert design.keeps_limits
    widest = max(np.ptp(longitude[design.territory_of_unit == j] % 360) for j in range(3))
    assert widest < 15
    assert (np.abs(degrees_of(design.centres)[1]) > 169).all()


def test_many_units_are_designed_on_heaps_first() -> None:
    problem = cities(4000, 5)
    design = solve(problem)
    assert_sound(problem, design)
    assert design.keeps_limits
    assert design.gap < 0.05


def test_units_at_one_place_are_still_shared_out() -> None:
    weight = np.ones(30)
    places = on_plane(np.zeros((30, 2)))
    design = solve(Problem(places, weight, weight[:, None], *equal_limits(weight[:, None], 3, 0.05)))
    assert np.bincount(design.territory_of_unit).tolist() == [10, 10, 10]


def test_a_measure_that_nobody_has_is_no_hindrance_beside_others() -> None:
    problem = cities(600, 3)
    amounts = np.concatenate([problem.measures, np.zeros((600, 1))], axis=1)
    lowest, highest = equal_limits(amounts, 3, 0.1)
    design = solve(replace(problem, measures=amounts, lowest=lowest, highest=highest))
    assert design.keeps_limits


def test_one_territory_takes_all_and_as_many_as_units_take_one_each() -> None:
    one = grid(4, 3, 1)
    assert (solve(one).territory_of_unit == 0).all()
    each = grid(4, 3, 12)
    assert sorted(solve(each).territory_of_unit.tolist()) == list(range(12))


def test_a_zero_travel_weight_goes_to_somebody_near() -> None:
    problem = cities(200, 3)
    travel = problem.travel.copy()
    travel[:20] = 0
    design = solve(replace(problem, travel=travel))
    assert_sound(replace(problem, travel=travel), design)


class StopsAfter:
    """A progress that is cancelled after some reports."""

    def __init__(self, reports: int) -> None:
        self.left = reports

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled("somebody asked for it")


@pytest.mark.parametrize("reports", [0, 1, 5])
def test_a_cancelled_search_ends_with_the_best_so_far(reports: int) -> None:
    problem = cities(500, 6)
    design = solve(problem, progress=StopsAfter(reports))
    assert design.is_stopped
    assert_sound(problem, design)
    assert design.pieces.tolist() == [1] * 6


class Listens:
    """A progress that keeps the stages, and is cancelled at the first that begins so."""

    def __init__(self, stops_at: str = "nowhere") -> None:
        self.stages: list[str] = []
        self.stops_at = stops_at

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.stages.append(stage)
        if stage.startswith(self.stops_at):
            raise Cancelled("somebody asked for it")


def test_stages_tell_loads_cost_and_gap_as_they_become_known() -> None:
    heard = Listens()
    problem = cities(500, 6)
    design = solve(problem, progress=heard)
    lying = re.compile(r"balancing, the worst load \d+% off its target, cost [\d,]+")
    assert any(lying.match(stage) for stage in heard.stages)
    assert any(stage.startswith("putting borders right, cost ") for stage in heard.stages)
    last = re.fullmatch(r"improving, cost ([\d,]+), (\d+\.\d)% above the bound", heard.stages[-1])
    assert last
    assert float(last[1].replace(",", "")) >= round(design.costs.total)
    assert float(last[2]) >= round(100 * design.gap, 1) - 0.05


def test_what_a_design_costs_is_told_in_words_that_are_asked_for() -> None:
    heard = Listens()
    solve(cities(300, 4), progress=heard, told=lambda cost, bound: f"{cost:.0f} in all")
    assert heard.stages[-1].startswith("improving, ")
    assert heard.stages[-1].endswith(" in all")


@pytest.mark.parametrize("stage", ["putting borders right", "improving"])
def test_a_search_cancelled_late_keeps_limits_as_well(stage: str) -> None:
    problem = cities(2_500 if stage == "putting borders right" else 500, 6)
    heard = Listens(stage)
    design = solve(problem, progress=heard)
    assert design.is_stopped
    assert_sound(problem, design)
    assert design.keeps_limits
    assert design.pieces.tolist() == [1] * 6


def test_a_design_is_judged_by_another_problem() -> None:
    problem = cities(400, 4)
    design = solve(problem)
    same = judged(problem, design)
    assert np.isclose(same.costs.total, design.costs.total)
    assert same.bound <= same.costs.total
    assert np.isclose(same.bound, design.bound, rtol=0.01)


def test_what_is_unsound_is_refused_with_all_that_is_wrong() -> None:
    problem = cities(10, 2)
    bad = problem.measures.copy()
    bad[3] = np.nan
    travel = problem.travel.copy()
    travel[4] = -1
    with pytest.raises(InputError) as refused:
        solve(replace(problem, measures=bad, travel=travel))
    assert {f.code for f in refused.value.findings} == {"design-not-a-number", "design-negative"}
    with pytest.raises(InputError, match="11 territories were asked for of 10 units"):
        solve(replace(problem, lowest=np.zeros((11, 1)), highest=np.ones((11, 1))))
    with pytest.raises(InputError, match="no unit"):
        solve(replace(problem, places=np.zeros((0, 3)), travel=np.zeros(0), measures=np.zeros((0, 1))))
    with pytest.raises(InputError, match="is 0 for every unit"):
        solve(replace(problem, measures=np.zeros((10, 1))))
    with pytest.raises(InputError, match="at least"):
        solve(replace(problem, lowest=problem.highest + 1))
    with pytest.raises(InputError, match="locked to territory 7"):
        solve(replace(problem, locked=np.full(10, 7, np.int32)))
