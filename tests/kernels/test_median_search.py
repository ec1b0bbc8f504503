"""The search keeps its books: what it says a partition costs is what a recount says, and the best one met is never worse."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metes.kernels.median_search import draw, nearest_medians, search_regions

NOTHING = np.zeros((0, 0))


def test_draws_are_spread_evenly_and_follow_from_their_state() -> None:
    state, again = np.array([7], np.uint64), np.array([7], np.uint64)
    drawn = np.array([draw(state) for _ in range(20_000)])
    assert drawn[:10].tolist() == [draw(again) for _ in range(10)]
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.abs(np.histogram(drawn, 10, (0, 1))[0] - 2000).max() < 200


@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 10_000))
def test_the_nearest_medians_are_those_a_sort_finds(k: int, count: int, seed: int) -> None:
    places = np.random.default_rng(seed).uniform(0, 1, (30, 3))
    median = np.random.default_rng(seed).permutation(30)[:k].astype(np.int32)
    far, found = np.empty(12), np.empty(12, np.int32)
    size = nearest_medians(places, NOTHING, median, 3, count, far, found)
    away = np.sqrt(((places[median] - places[3]) ** 2).sum(axis=1))
    assert found[:size].tolist() == np.argsort(away)[: min(k, count)].tolist()


@given(st.integers(2, 60), st.integers(1, 12), st.integers(0, 10_000), st.floats(0.3, 1.1))
def test_a_partition_costs_what_the_search_says(n: int, k: int, seed: int, filled: float) -> None:
    k = min(k, n)
    random = np.random.default_rng(seed)
    places, weights, demand = random.uniform(0, 9, (n, 3)), random.uniform(0.5, 2, n), random.integers(0, 9, n).astype(float)
    capacity = np.full(k, demand.sum() / k / filled) * random.uniform(0.8, 1.2, k)
    own, median = random.integers(0, k, n).astype(np.int32), random.permutation(n)[:k].astype(np.int32)
    price, grain = 500.0, 2.0

    def cost(owners: np.ndarray, medians: np.ndarray) -> float:
        over = np.maximum(np.bincount(owners, demand, k) - capacity * (1 + 1e-9), 0)
        travel = weights * np.sqrt(((places - places[medians[owners]]) ** 2).sum(axis=1))
        return float(travel.sum() + price * (over + grain * (over > 0)).sum())

    begin = cost(own, median)
    values, best_own, best_median = np.array([begin, begin, 0.0]), own.copy(), median.copy()
    state = np.array([seed + 1], np.uint64)
    for work in (2e5, 4e5):
        schedule = np.array([work, 3e5, 3.0, 0.05, price, grain])
        search_regions(
            places, NOTHING, weights, demand, capacity, own, median, best_own, best_median, values, state, schedule
        )  # fmt: skip
        np.testing.assert_allclose(values[:2], [cost(own, median), cost(best_own, best_median)], rtol=1e-9, atol=1e-6)
        assert values[1] <= min(begin, values[0] + 1e-6)
        assert values[2] >= work
        assert len(set(median.tolist())) == len(set(best_median.tolist())) == k
