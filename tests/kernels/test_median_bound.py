"""Knapsacks are filled as well as by trying every choice, or hoped for more, never for less."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.kernels.median_bound import fill_knapsack, fill_medians, rank_among

NOTHING = np.zeros((0, 0))


def best_choice(gains: np.ndarray, needs: np.ndarray, capacity: float) -> float:
    choices = np.array(list(product([0, 1], repeat=len(gains))), float).reshape(2 ** len(gains), len(gains))
    return float((choices @ gains)[choices @ needs <= capacity].max())


@given(st.integers(0, 9), st.integers(0, 10_000), st.floats(0, 1))
def test_a_knapsack_holds_as_much_as_the_best_of_all_choices(size: int, seed: int, filled: float) -> None:
    random = np.random.default_rng(seed)
    gains, needs = random.uniform(0.1, 9, size), random.integers(1, 9, size).astype(float)
    order = np.argsort(-gains / needs)
    gains, needs, parts = gains[order], needs[order], np.empty(size)
    capacity = float(filled * needs.sum())
    value = fill_knapsack(gains, needs, size, capacity, 10_000, parts)
    assert value == pytest.approx(best_choice(gains, needs, capacity))
    assert parts @ gains == pytest.approx(value)
    assert parts @ needs <= capacity + 1e-9
    broken = fill_knapsack(gains, needs, size, capacity, 0, parts)
    assert broken >= value - 1e-9
    assert parts @ needs <= capacity + 1e-9


def test_places_are_ranked_by_their_first_column() -> None:
    places = np.array([[0.0, 9, 9], [1, 0, 0], [1, 5, 5], [4, 0, 0]])
    assert [rank_among(places, value) for value in (-1, 0, 0.5, 1, 2, 9)] == [0, 0, 1, 1, 3, 4]


@given(st.integers(1, 9), st.integers(0, 10_000), st.booleans())
def test_each_median_takes_the_units_that_gain_most(n: int, seed: int, are_places: bool) -> None:
    random = np.random.default_rng(seed)
    places = np.concatenate([np.sort(random.uniform(0, 9, n))[:, None], random.uniform(0, 3, (n, 2))], axis=1)
    weights, demand, rewards = random.uniform(0, 2, n), random.integers(0, 5, n).astype(float), random.uniform(0, 6, n)
    away = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=-1))
    values, served = np.empty(n), np.zeros(n)
    medians = np.arange(n, dtype=np.int32)
    given_as = (places, NOTHING) if are_places else (places[:0], away)
    fill_medians(*given_as, weights, demand, 7.0, rewards, medians, values, served)
    for j in range(n):
        gains = rewards - weights * away[j]
        gaining = gains > 0
        assert -values[j] == pytest.approx(best_choice(gains[gaining], demand[gaining], 7.0) if gaining.any() else 0, abs=1e-9)
    assert served @ rewards >= -values.sum() - 1e-9
