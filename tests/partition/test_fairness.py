"""Indices of inequality, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.partition.fairness import evenness, gini, jain, max_min

AMOUNTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=12).map(np.array)


@given(AMOUNTS)
def test_gini_is_half_the_mean_difference_over_the_mean(amounts: np.ndarray) -> None:
    mean = amounts.mean()
    expected = np.abs(amounts[:, None] - amounts[None, :]).mean() / (2 * mean) if mean > 0 else 0.0
    assert gini(amounts) == pytest.approx(expected, abs=1e-9)


@given(AMOUNTS)
def test_jain_lies_between_one_over_k_and_one(amounts: np.ndarray) -> None:
    assert 1 / len(amounts) - 1e-9 <= jain(amounts) <= 1 + 1e-9


def test_equal_shares_are_perfectly_even_and_one_who_has_all_is_not() -> None:
    same = evenness([5, 5, 5, 5])
    assert (same.gini, same.jain, same.max_min, same.widest_share) == (0.0, 1.0, 1.0, 0.0)
    one = evenness([0, 0, 0, 8])
    assert (one.gini, one.jain, one.max_min, one.widest_share) == (
        pytest.approx(0.75),
        pytest.approx(0.25),
        np.inf,
        pytest.approx(3.0),
    )


def test_amounts_count_against_their_targets() -> None:
    found = evenness([10, 20, 30], [1, 2, 3])
    assert (found.gini, found.jain, found.max_min) == (pytest.approx(0.0), pytest.approx(1.0), pytest.approx(1.0))
    assert (found.lowest, found.mean, found.highest) == (10, 20, 30)


def test_nothing_for_anybody_is_even_and_nobody_is_refused() -> None:
    assert (gini(np.zeros(3)), jain(np.zeros(3)), max_min(np.zeros(3))) == (0.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="at least one"):
        evenness([])
