"""Draws and columns against slow obvious ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from metes.demo.colours import greedy_colours
from metes.demo.columns import days, dollars, draw, draw_rows, joined, numbered, pick


def test_a_draw_follows_its_weights_and_never_takes_what_weighs_nothing() -> None:
    found = draw(np.random.default_rng(1), [0.0, 3.0, 0.0, 1.0], 20_000)
    counts = np.bincount(found, minlength=4)
    assert counts[0] == counts[2] == 0
    assert abs(counts[1] / 20_000 - 0.75) < 0.02


def test_a_draw_by_rows_takes_the_column_that_a_draw_from_that_row_alone_takes() -> None:
    table = np.array([[1.0, 0.0, 1.0], [0.0, 5.0, 0.0], [2.0, 2.0, 4.0]])
    row = np.random.default_rng(2).integers(0, 3, 5000)
    found = draw_rows(np.random.default_rng(3), table, row)
    chance = np.random.default_rng(3).random(5000)
    slow = [int(np.searchsorted(np.cumsum(table[r] / table[r].sum()), u, side="right")) for r, u in zip(row, chance, strict=True)]
    assert found.tolist() == slow


def test_columns_are_null_where_they_are_masked() -> None:
    gap = np.array([False, True])
    assert pick(["a", "b"], np.array([1, 0]), gap).to_pylist() == ["b", None]
    assert numbered("A-", np.array([7, 8]), 4, gap).to_pylist() == ["A-0007", None]
    assert days(np.array([0, 5]), gap).to_pylist() == [date(1970, 1, 1), None]
    assert joined(pa.array(["x", None]), "-", pa.array([1, 2])).to_pylist() == ["x-1", None]


def test_cents_become_exact_decimals() -> None:
    cents = np.array([0, 5, 123_456_789_012_345], dtype=np.int64)
    assert dollars(cents).to_pylist() == [Decimal("0.00"), Decimal("0.05"), Decimal("1234567890123.45")]


def test_colours_differ_between_neighbours_and_repeat_only_where_twelve_are_too_few() -> None:
    # A ring of five needs three colours; fourteen that all touch need fourteen and get twelve.
    ring = [{(i - 1) % 5, (i + 1) % 5} for i in range(5)]
    colours = greedy_colours(ring)
    assert all(colours[i] != colours[j] for i in range(5) for j in ring[i])
    crowd = [set(range(14)) - {i} for i in range(14)]
    assert len(set(greedy_colours(crowd))) == 12
