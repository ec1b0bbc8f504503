"""Two levels: who stands under whom, and what parents may hold and save."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metes.base.errors import InputError
from metes.partition.problem import Preferences, on_plane
from metes.partition.solve import solve
from metes.partition.tiers import grouped, parents_problem
from tests.partition.worlds import cities, grid


def test_territories_that_nothing_places_are_shared_out_evenly() -> None:
    assert np.bincount(grouped(cities(200, 14), 4)).tolist() == [4, 4, 3, 3]
    assert grouped(grid(4, 3, 3), 1).tolist() == [0, 0, 0]


def test_territories_that_lie_together_stand_together() -> None:
    nowhere = [np.nan, np.nan]
    bases = on_plane([[0, 0], [99, 1], nowhere, [0, 1], nowhere, [99, 0]])
    parent = grouped(replace(cities(200, 6), bases=bases), 2)
    assert parent[0] == parent[3] != parent[1] == parent[5]
    assert parent[2] != parent[4]


def test_more_parents_than_territories_are_refused() -> None:
    with pytest.raises(InputError, match="9 parents were asked for, and there are 8 territories"):
        grouped(cities(200, 8), 9)


def test_limits_of_parents_are_sums_drawn_in_and_can_be_filled_inside() -> None:
    problem = cities(400, 7)
    parent = grouped(problem, 3)
    above = parents_problem(problem, parent)
    count = np.bincount(parent)
    middle = problem.measures.sum() / 7 * count
    half = (problem.highest - problem.lowest)[0, 0] / 2
    np.testing.assert_allclose(above.lowest[:, 0], middle - count * half / 2)
    np.testing.assert_allclose(above.highest[:, 0], middle + count * half / 2)
    design = solve(above)
    assert design.keeps_limits
    assert design.pieces.tolist() == [1, 1, 1]
    np.testing.assert_array_less(np.abs(design.loads / count[:, None] / (problem.measures.sum() / 7) - 1), 0.05)


def test_a_measure_without_a_band_binds_no_parent() -> None:
    problem = cities(100, 5)
    free = replace(problem, lowest=problem.lowest * 0, highest=problem.highest * 0 + problem.measures.sum())
    above = parents_problem(free, grouped(free, 2))
    assert (above.lowest < above.highest / 2).all()
    assert above.highest.sum() > problem.measures.sum()


def test_parents_save_what_the_best_of_theirs_saves_and_forbid_what_all_forbid() -> None:
    #            territories 0, 1 under parent 0, 2 under parent 1
    entries = [[(0, 5.0), (1, 7.0)], [(0, -np.inf), (1, -np.inf)], [(0, -np.inf)], [(2, -np.inf), (0, 3.0)]]
    preferences = Preferences(
        np.cumsum([0, *map(len, entries)]).astype(np.int64),
        np.array([j for row in entries for j, _ in row], np.int32),
        np.array([saving for row in entries for _, saving in row]),
    )
    problem = replace(grid(2, 2, 3), preferences=preferences, locked=np.array([1, -1, -1, 2], np.int32))
    above = parents_problem(problem, np.array([0, 0, 1], np.int32))
    found = above.preferences
    assert found is not None
    assert found.indptr.tolist() == [0, 1, 2, 2, 4]
    assert list(zip(found.territory.tolist(), found.saving.tolist(), strict=True)) == [
        (0, 7.0),
        (0, -np.inf),
        (0, 3.0),
        (1, -np.inf),
    ]
    assert above.locked is not None
    assert above.locked.tolist() == [0, -1, -1, 1]
