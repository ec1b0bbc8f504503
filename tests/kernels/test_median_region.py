"""A region's table: units placed and settled cost what a recount says, and no single move or swap is left that would help."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.kernels.median_region import beyond, distance_between, move_median, order_descending, place_units, settle_units

NOTHING = np.zeros((0, 0))


def region(m: int, r: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs (r, m), demands (m,) and capacities (r,) with a little room."""
    random = np.random.default_rng(seed)
    demand = random.integers(1, 9, m).astype(float)
    return random.uniform(0, 100, (r, m)), demand, np.full(r, demand.sum() / r * 1.1)


def priced(cost: np.ndarray, demand: np.ndarray, capacity: np.ndarray, own: np.ndarray, price: float) -> float:
    loads = np.bincount(own, demand, len(capacity))
    return float(cost[own, np.arange(len(own))].sum() + price * np.maximum(loads - capacity, 0).sum())


def test_distance_is_of_the_matrix_where_there_is_one_and_straight_where_not() -> None:
    places = np.array([[0.0, 0, 0], [1, 2, 2]])
    assert distance_between(places, NOTHING, 0, 1) == 3
    assert distance_between(places, np.array([[0.0, 7], [7, 0]]), 0, 1) == 7


def test_what_rounding_adds_is_not_beyond_a_capacity() -> None:
    assert beyond(0.1 + 0.2, 0.3) == 0
    assert beyond(4.0, 3.0) == pytest.approx(1)


@given(st.lists(st.integers(0, 9), max_size=40))
def test_numbers_are_ordered_by_their_keys(values: list[int]) -> None:
    keys = np.array(values, float)
    order = np.arange(len(keys), dtype=np.int32)
    order_descending(keys, order, len(keys))
    assert keys[order].tolist() == sorted(values, reverse=True)
    assert sorted(order.tolist()) == list(range(len(keys)))


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 10_000))
def test_settled_units_gain_by_no_move_and_no_swap(m: int, r: int, seed: int) -> None:
    cost, demand, capacity = region(m, r, seed)
    own, load, price = np.zeros(m, np.int32), np.zeros(r), 50.0
    place_units(cost, m, r, demand, capacity, price, own, load, np.empty(m), np.empty(m, np.int32))
    placed = priced(cost, demand, capacity, own, price)
    np.testing.assert_allclose(load, np.bincount(own, demand, r))
    settle_units(cost, m, r, demand, capacity, price, own, load, np.empty(m), np.empty((r, r)))
    settled = priced(cost, demand, capacity, own, price)
    np.testing.assert_allclose(load, np.bincount(own, demand, r), atol=1e-9)
    assert settled <= placed + 1e-9
    for u in range(m):
        for j in range(r):
            moved = own.copy()
            moved[u] = j
            assert priced(cost, demand, capacity, moved, price) >= settled - 1e-4
    for u, v in combinations(range(m), 2):
        swapped = own.copy()
        swapped[u], swapped[v] = own[v], own[u]
        assert priced(cost, demand, capacity, swapped, price) >= settled - 1e-4


def test_with_room_for_all_each_unit_is_placed_where_it_is_cheapest() -> None:
    cost, demand, _ = region(20, 4, 1)
    own = np.zeros(20, np.int32)
    place_units(cost, 20, 4, demand, np.full(4, 1e9), 1.0, own, np.zeros(4), np.empty(20), np.empty(20, np.int32))
    assert own.tolist() == cost.argmin(axis=0).tolist()


@given(st.integers(2, 25), st.integers(0, 10_000))
def test_a_median_moves_to_the_member_that_all_members_reach_at_least_cost(m: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    places = np.concatenate([random.uniform(0, 10, (m + 3, 2)), np.zeros((m + 3, 1))], axis=1)
    units = random.permutation(m + 3)[:m].astype(np.int32)
    own = random.integers(0, 2, m).astype(np.int32)
    own[0] = 0
    away = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=-1))
    medians, is_median = np.array([units[0], units[-1]], np.int32), np.zeros(m + 3, np.uint8)
    is_median[medians] = 1
    cost = np.ascontiguousarray(away[medians][:, units])
    weights = np.ones(m + 3)
    taken = move_median(places, NOTHING, weights, units, m, cost, own, medians, is_median, np.empty(m, np.int32), 0)
    members = units[own == 0]
    allowed = [i for i in members if i != medians[1]]
    least = min([away[i][members].sum() for i in allowed])
    assert cost[0][own == 0].sum() == pytest.approx(least)
    np.testing.assert_allclose(cost[0], away[medians[0]][units])
    assert is_median.nonzero()[0].tolist() == sorted(set(medians.tolist()))
    assert (taken < 0) == (medians[0] != units[0])
