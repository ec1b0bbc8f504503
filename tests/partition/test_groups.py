"""Units kept whole: what a design of groups costs and holds is what it costs and holds unit by unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.partition.groups import contract
from metes.partition.live import Live
from tests.partition.test_live import K, N, four_by_five_grid

GROUPS = st.lists(st.integers(-1, 3), min_size=N, max_size=N).map(lambda values: np.array(values, np.int32))


@given(GROUPS, st.lists(st.integers(0, K - 1), min_size=N, max_size=N))
def test_loads_travel_and_savings_of_groups_are_those_of_their_units(group: np.ndarray, territories: list[int]) -> None:
    problem = four_by_five_grid()
    found = contract(problem, group)
    at = np.array(territories, np.int32)[: found.problem.units]
    of_groups, of_units = Live(found.problem, at), Live(problem, found.expand(at))
    np.testing.assert_allclose(of_groups.loads, of_units.loads)
    assert of_groups.travel.sum() + found.inner_travel == pytest.approx(of_units.travel.sum())
    forbidden = set(of_units.breaks_preference().tolist())
    assert {found.group_of_unit[i] for i in forbidden} == set(of_groups.breaks_preference().tolist())
    if not forbidden and not np.isneginf(found.problem.preferences.saving).any():
        np.testing.assert_allclose(of_groups.saved, of_units.saved)


@given(GROUPS)
def test_units_of_a_group_share_a_territory_and_others_are_left_alone(group: np.ndarray) -> None:
    found = contract(four_by_five_grid(), group)
    for number in range(4):
        assert len(set(found.group_of_unit[group == number].tolist())) <= 1
    assert found.problem.units == len(set(group[group >= 0].tolist())) + int((group < 0).sum())


def test_without_groups_nothing_changes() -> None:
    problem = four_by_five_grid()
    found = contract(problem, np.full(N, -1, np.int32))
    np.testing.assert_array_equal(found.group_of_unit, np.arange(N))
    np.testing.assert_array_equal(found.problem.graph.indices, problem.graph.indices)
    np.testing.assert_allclose(found.problem.places, problem.places)
    np.testing.assert_array_equal(found.problem.current, problem.current)
    assert found.inner_travel == pytest.approx(0.0, abs=1e-20)


def test_a_group_is_next_to_whatever_its_units_are_next_to() -> None:
    group = np.full(N, -1, np.int32)
    group[[0, 19]] = 0  # two opposite corners
    graph = contract(four_by_five_grid(), group).problem.graph
    assert graph.indices[graph.indptr[0] : graph.indptr[1]].tolist() == [1, 5, 14, 18]


def test_a_group_is_locked_as_its_unit_is_and_two_locks_clash() -> None:
    group = np.full(N, -1, np.int32)
    group[[0, 1]] = 0
    locked = np.full(N, -1, np.int32)
    locked[1] = 2
    assert contract(replace(four_by_five_grid(), locked=locked), group).problem.locked[0] == 2
    locked[0] = 1
    with pytest.raises(InputError, match="locked to another territory"):
        contract(replace(four_by_five_grid(), locked=locked), group)
