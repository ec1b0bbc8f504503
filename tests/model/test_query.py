"""What a list is asked for."""

from __future__ import annotations

import pytest

from metes.model.query import MAX_PAGE_ROWS, AccountQuery, Box, Sums


@pytest.mark.parametrize("rows", [0, -1, MAX_PAGE_ROWS + 1])
def test_a_page_has_a_sensible_number_of_rows(rows: int) -> None:
    with pytest.raises(ValueError, match="1 <= rows"):
        AccountQuery(rows=rows)


@pytest.mark.parametrize(("south", "north"), [(10, 5), (-91, 0), (0, 91)])
def test_a_box_lies_on_the_globe(south: float, north: float) -> None:
    with pytest.raises(ValueError, match="south <= north"):
        Box(0, south, 1, north)


def test_sums_add_up() -> None:
    assert Sums(1, 2, 3, 4, 5, 6) + Sums(10, 20, 30, 40, 50, 60) == Sums(11, 22, 33, 44, 55, 66)
