"""What medians cannot be found for is refused with its place and a remedy, all problems together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from metes.base.errors import InputError
from metes.partition.medians import solve_medians, solve_medians_by_distance

LINE = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]])
AWAY = np.abs(LINE[:, :1] - LINE[:, 0])


def refused(*arguments: Any, **more: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        solve_medians(*arguments, effort=0.01, seconds=60, **more)
    return caught.value


@pytest.mark.parametrize("k", [0, -1, 5])
def test_as_many_medians_as_there_are_units_at_most_and_one_at_least(k: int) -> None:
    error = refused(LINE, np.ones(4), 10, k)
    assert "ask for 1 to 4" in str(error)
    assert error.findings[0].code == "medians-count"


def test_no_units_are_no_problem_to_solve() -> None:
    assert "there are 0 units" in str(refused(np.zeros((0, 2)), [], 10, 1))


def test_a_unit_larger_than_any_median_is_named() -> None:
    error = refused(LINE, [1, 12, 1, 1], [10, 8], 2)
    assert "unit 1 needs 12, and no median holds more than 10" in str(error)
    assert error.findings[0].place.subject == "unit 1"
    assert "cut the unit" in error.findings[0].remedy


def test_capacities_too_small_for_all_say_what_would_do() -> None:
    error = refused(LINE, [5, 5, 5, 5], 9, 2)
    assert "all units need 20, and 2 medians hold 18" in str(error)
    assert "raise the capacity to 10 each, or ask for 3 medians" in str(error)


def test_units_that_fit_by_their_sum_but_by_no_packing_are_refused() -> None:
    error = refused(LINE[:3], [6, 6, 6], 9, 2)
    assert error.findings[0].code == "medians-packing"
    assert "one median more" in str(error)


def test_every_number_that_is_none_is_named() -> None:
    error = refused(np.array([[0, 0], [1, np.nan], [2, 0], [3, np.inf]]), [1, -1, 1, np.nan], 10, 2, weights=[1, 1, 1, -2])
    assert [finding.place.subject for finding in error.findings] == ["unit 1", "unit 3", "unit 3", "unit 1", "unit 3"]
    assert "4 more problems" in str(error)


def test_arrays_that_do_not_fit_each_other_are_refused() -> None:
    codes = [finding.value for finding in refused(LINE, np.ones(3), [1, 2], 3, weights=np.ones(2)).findings]
    assert codes == ["4", "2", "2"]
    assert "two or three columns" in str(refused(np.ones((4, 5)), np.ones(4), 10, 2))


def test_distances_must_be_the_same_both_ways() -> None:
    uneven = AWAY.copy()
    uneven[0, 3] = 9
    with pytest.raises(InputError, match=r"9\.0 from 0 to 3, 3\.0 back"):
        solve_medians_by_distance(uneven, np.ones(4), 10, 2)
