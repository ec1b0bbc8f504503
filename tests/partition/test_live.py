"""A design under hands: every sum after any gestures is the bits of a count of the whole, and gestures can be taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from metes.partition.graph import graph_of_pairs
from metes.partition.live import NOBODY, Live
from metes.partition.problem import Preferences, Problem, equal_limits, on_plane

ROWS, COLUMNS, K = 4, 5, 3
N = ROWS * COLUMNS


def four_by_five_grid(seed: int = 0, *, has_base: bool = False) -> Problem:
    """Twenty units on a grid, neighbours by side, in four rows of five; today's territories are its columns."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    numbers = np.arange(N).reshape(ROWS, COLUMNS)
    first = np.concatenate([numbers[:, :-1].ravel(), numbers[:-1].ravel()])
    second = np.concatenate([numbers[:, 1:].ravel(), numbers[1:].ravel()])
    current = (x.ravel() * K // COLUMNS).astype(np.int32)
    current[0] = NOBODY
    measures = rng.integers(1, 9, (N, 2)).astype(float)
    lowest, highest = equal_limits(measures, K, 0.2)
    saving = rng.random(N)
    saving[3] = -np.inf
    bases = np.full((K, 3), np.nan)
    bases[1] = (2.0, 2.0, 0.0)
    return Problem(
        places=on_plane(np.stack([x.ravel(), y.ravel()], axis=1)),
        travel=rng.random(N) + 0.1,
        measures=measures,
        lowest=lowest,
        highest=highest,
        graph=graph_of_pairs(N, first, second),
        bases=bases if has_base else None,
        preferences=Preferences(np.arange(N + 1), np.maximum(current, 0), saving),
        current=current,
    )


def pieces_slowly(problem: Problem, at: np.ndarray, territory: int) -> int:
    """Of how many pieces a territory is, by walking from unit to unit."""
    assert problem.graph is not None
    left, pieces = set(np.flatnonzero(at == territory).tolist()), 0
    while left:
        pieces += 1
        stack = [left.pop()]
        while stack:
            unit = stack.pop()
            near = problem.graph.indices[problem.graph.indptr[unit] : problem.graph.indptr[unit + 1]].tolist()
            stack.extend(left.intersection(near))
            left.difference_update(near)
    return pieces


def check_against_a_count(live: Live) -> None:
    """Everything that the live design says is what counting from nothing says."""
    problem, at = live.problem, live.territory_of_unit
    fresh = Live(problem, at)
    for name in ("count", "loads", "centres", "travel", "saved", "moved", "pieces"):
        np.testing.assert_array_equal(getattr(live, name), getattr(fresh, name), err_msg=name)
    preferences = problem.preferences
    assert preferences is not None
    for j in range(problem.territories):
        units = np.flatnonzero(at == j)
        assert live.count[j] == len(units)
        assert live.pieces[j] == pieces_slowly(problem, at, j)
        assert live.loads[j] == pytest.approx(problem.measures[units].sum(axis=0))
        assert live.moved[j] == sum(problem.current[i] not in (NOBODY, j) for i in units)
        assert live.saved[j] == pytest.approx(
            sum(preferences.saving[i] for i in units if preferences.territory[i] == j and np.isfinite(preferences.saving[i]))
        )
        if len(units):
            has_base = problem.bases is not None and not np.isnan(problem.bases[j]).any()
            centre = problem.bases[j] if has_base else np.average(problem.places[units], axis=0, weights=problem.travel[units])
            distance = ((problem.places[units] - centre) ** 2).sum(axis=1)
            assert live.travel[j] == pytest.approx((problem.travel[units] * distance).sum(), abs=1e-12)
    centres = np.arange(3 * problem.territories, dtype=float).reshape(-1, 3)
    if problem.bases is not None:
        centres = np.where(np.isnan(problem.bases), centres, problem.bases)
    held = np.flatnonzero(at != NOBODY)
    expected = (problem.travel[held] * ((problem.places[held] - centres[at[held]]) ** 2).sum(axis=1)).sum()
    assert live.travel_at(centres) == pytest.approx(expected)
    assert live.unassigned == int((at == NOBODY).sum())


class Hands(RuleBasedStateMachine):
    """Moves, locks and unlocks in any order, each remembered so that it can be taken back."""

    @initialize(seed=st.integers(0, 5), has_base=st.booleans())
    def begin(self, seed: int, has_base: bool) -> None:
        problem = four_by_five_grid(seed, has_base=has_base)
        self.start = problem.current.copy()
        self.live = Live(problem, self.start)
        self.done: list[tuple[np.ndarray, np.ndarray]] = []

    @rule(units=st.lists(st.integers(0, N - 1), max_size=8), territory=st.integers(-1, K - 1))
    def move(self, units: list[int], territory: int) -> None:
        before, locked = self.live.territory_of_unit.copy(), self.live.locked.copy()
        change = self.live.move(units, territory)
        self.done.append((change.units, change.before))
        stays = (locked != NOBODY) & (locked != territory)
        expected = before.copy()
        chosen = np.array(sorted(set(units)), int)
        expected[chosen[~stays[chosen]]] = territory
        np.testing.assert_array_equal(self.live.territory_of_unit, expected)
        assert {row.territory for row in change.rows} == ({*change.before.tolist(), *change.after.tolist()} - {NOBODY})

    @rule(units=st.lists(st.integers(0, N - 1), max_size=4))
    def lock(self, units: list[int]) -> None:
        self.live.lock(units)

    @rule(units=st.lists(st.integers(0, N - 1), max_size=4))
    def unlock(self, units: list[int]) -> None:
        self.live.unlock(units)

    @rule()
    def take_all_back(self) -> None:
        while self.done:
            units, before = self.done.pop()
            self.live.put(units, before, with_locked=True)
        np.testing.assert_array_equal(self.live.territory_of_unit, self.start)

    @invariant()
    def everything_is_counted_right(self) -> None:
        if hasattr(self, "live"):
            check_against_a_count(self.live)


TestHands = Hands.TestCase
TestHands.settings = settings(stateful_step_count=12, deadline=None)


def test_a_row_tells_what_is_touched_and_nothing_else() -> None:
    live = Live(four_by_five_grid(), four_by_five_grid().current)
    change = live.move([1], 2)
    assert [row.territory for row in change.rows] == [0, 2]
    assert change.rows[1].units == live.count[2]
    assert not live.move([1], 2).rows


def test_units_in_a_forbidden_territory_are_named() -> None:
    problem = four_by_five_grid()
    assert problem.preferences is not None
    live = Live(problem, problem.current)
    assert live.breaks_preference().tolist() == [3]
    live.move([3], 0)
    assert live.breaks_preference().tolist() == []


def test_a_load_beyond_its_limits_is_told_and_rounding_is_not() -> None:
    problem = four_by_five_grid()
    exact = replace(problem, highest=np.full_like(problem.highest, problem.measures.sum()), lowest=np.zeros_like(problem.lowest))
    live = Live(exact, np.zeros(N, np.int32))
    assert not live.over.any()
    assert Live(problem, np.zeros(N, np.int32)).over[0, 0] == pytest.approx(problem.measures[:, 0].sum() - problem.highest[0, 0])


@pytest.mark.parametrize(("units", "territory"), [([N], 0), ([-1], 0), ([0], K), ([0], -2)])
def test_what_is_no_unit_or_territory_is_refused(units: list[int], territory: int) -> None:
    live = Live(four_by_five_grid(), np.zeros(N, np.int32))
    with pytest.raises(ValueError, match="must be numbers from 0 to"):
        live.move(units, territory)
    check_against_a_count(live)
