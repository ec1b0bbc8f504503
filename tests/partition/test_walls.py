"""Territories shared out to walled parts: the least largest deviation there is, and a part's problem is the whole's, cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.partition.live import Live
from metes.partition.walls import apportion, part_problem, territories_by_part
from tests.partition.test_live import N, four_by_five_grid


def least_deviation(amounts: np.ndarray, territories: int) -> float:
    """The least largest deviation over all ways to share territories out."""
    target = amounts.sum() / territories
    ways = (way for way in product(range(1, territories + 1), repeat=len(amounts)) if sum(way) == territories)
    return min(float(np.abs(amounts / np.array(way) / target - 1).max()) for way in ways)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(0, 5))
def test_no_way_to_share_territories_out_has_a_smaller_largest_deviation(amounts: list[int], more: int) -> None:
    territories = len(amounts) + more
    found = apportion(np.array(amounts, float), territories)
    assert found.territories.sum() == territories
    assert found.territories.min() >= 1
    assert found.deviation_share == pytest.approx(least_deviation(np.array(amounts, float), territories), abs=1e-6)


def test_a_part_with_nothing_gets_one_territory() -> None:
    found = apportion(np.array([0.0, 10.0]), 3)
    assert found.territories.tolist() == [1, 2]
    assert apportion(np.zeros(2), 2).territories.tolist() == [1, 1]


def test_more_parts_than_territories_are_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match="Ask for 3 territories or more"):
        apportion(np.ones(3), 2)


def test_a_part_gets_the_territories_that_are_there_today_and_those_that_units_are_locked_to() -> None:
    problem = four_by_five_grid()
    part = np.where(np.arange(N) % 5 < 2, 0, 1).astype(np.int32)  # the two left columns, and the rest
    assert [t.tolist() for t in territories_by_part(problem, part, np.array([1, 2], np.int32))] == [[0], [1, 2]]
    locked = np.full(N, -1, np.int32)
    locked[0] = 2
    found = territories_by_part(replace(problem, locked=locked), part, np.array([1, 2], np.int32))
    assert [t.tolist() for t in found] == [[2], [0, 1]]


def test_a_part_counts_as_the_whole_does_there() -> None:
    problem = four_by_five_grid(has_base=True)
    units, territories = np.flatnonzero(np.arange(N) % 5 > 0).astype(np.int32), np.array([1, 2], np.int32)
    part = part_problem(problem, units, territories)
    inside = np.isin(problem.current[units], territories)
    at = np.where(inside, problem.current[units] - 1, 0).astype(np.int32)
    whole_at = np.full(N, -1, np.int32)
    whole_at[units] = territories[at]
    whole, cut = Live(problem, whole_at), Live(part, at)
    np.testing.assert_allclose(cut.loads, whole.loads[territories])
    np.testing.assert_allclose(cut.travel, whole.travel[territories])
    np.testing.assert_allclose(cut.saved, whole.saved[territories])
    np.testing.assert_array_equal(cut.pieces, whole.pieces[territories])


def test_limits_that_a_part_cannot_meet_move_to_its_average_with_their_band() -> None:
    problem = four_by_five_grid()
    units = np.arange(5, dtype=np.int32)
    part = part_problem(problem, units, np.array([0, 1], np.int32))
    average = problem.measures[units].sum(axis=0) / 2
    np.testing.assert_allclose(part.lowest[0], average * 0.8)
    np.testing.assert_allclose(part.highest[1], average * 1.2)
