"""Where a search begins: medians that differ, parts as full as their capacities ask for, packings that fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.partition.medians_input import MedianProblem, median_problem
from metes.partition.medians_start import halved_units, packed_units, spread_medians


def town(n: int, k: int, seed: int) -> MedianProblem:
    random = np.random.default_rng(seed)
    places = random.integers(0, 5, (n, 2)).astype(float)  # some at one place
    demand = random.integers(0, 9, n).astype(float)
    capacity = np.maximum((demand.sum() / k + 9) * random.uniform(1.0, 1.5, k), demand.max())
    return median_problem(places, None, demand, capacity, k, None)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10_000))
def test_spread_medians_differ_and_serve_what_is_nearest(n: int, k: int, seed: int) -> None:
    problem = town(n, min(k, n), seed)
    own, median = spread_medians(problem, np.random.default_rng(seed))
    assert len(set(median.tolist())) == problem.medians
    nearest = np.min([problem.from_unit(int(unit)) for unit in median], axis=0)
    np.testing.assert_allclose(problem.travel(own, median), nearest)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10_000))
def test_every_part_of_the_halved_units_has_its_median_inside(n: int, k: int, seed: int) -> None:
    problem = town(n, min(k, n), seed)
    own, median = halved_units(problem, np.random.default_rng(seed))
    assert own[median].tolist() == list(range(problem.medians))


def test_parts_of_the_halved_units_hold_as_capacities_ask_for_give_or_take_a_unit() -> None:
    random = np.random.default_rng(0)
    demand = random.uniform(1, 2, 4000)
    capacity = np.array([100.0, 300, 200, 200, 400]) / 1200 * demand.sum() * 1.1
    problem = median_problem(random.normal(size=(4000, 2)), None, demand, capacity, 5, None)
    own, _ = halved_units(problem, random)
    np.testing.assert_allclose(problem.loads(own), capacity / 1.1, atol=8)


def test_packed_units_fit_without_any_room_left() -> None:
    # Nothing is left over: 9 + 1, 6 + 4, 5 + 5, 3 + 3 + 2 + 2.
    demand = [5, 5, 4, 3, 3, 9, 1, 6, 2, 2]
    problem = median_problem(np.zeros((10, 2)), None, demand, 10, 4, None)
    own, median = packed_units(problem)
    assert problem.loads(own).tolist() == [10, 10, 10, 10]
    assert sorted(own[median].tolist()) == [0, 1, 2, 3]


def test_what_best_fit_cannot_pack_is_packed_exactly() -> None:
    # Best fit puts 7 with 5 and 6 with 4, and then 4, 3, 3, 3 and 1 fit no more; 7 + 4 + 1, 6 + 3 + 3 and 5 + 4 + 3 do.
    problem = median_problem(np.zeros((9, 2)), None, [7, 6, 5, 4, 4, 3, 3, 3, 1], 12, 3, None)
    own, _ = packed_units(problem)
    assert problem.loads(own).tolist() == [12, 12, 12]


def test_where_no_packing_is_found_the_share_and_a_remedy_are_named() -> None:
    problem = median_problem(np.zeros((3, 2)), None, [6, 6, 6], 9, 3, None)
    assert problem.is_kept(packed_units(problem)[0])
    tight = median_problem(np.zeros((3, 2)), None, [6, 6, 6], 9, 2, None)
    with pytest.raises(InputError, match=r"100\.0% of the capacity.*one median more"):
        packed_units(tight)
