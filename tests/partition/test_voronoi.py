"""Cells around points: together the outline, each nearest to its own point."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from metes.partition.voronoi import voronoi_cells

# A shore with a bay and an island.
OUTLINE = shapely.MultiPolygon(
    [
        shapely.Polygon([(0, 40), (4, 40), (4, 43), (2.5, 43), (2, 41), (1.5, 43), (0, 43)]),
        shapely.box(5, 41, 5.5, 41.5),
    ]
)


@given(st.integers(1, 60), st.integers(0, 1000))
def test_cells_fill_the_outline_once(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    latitude, longitude = random.uniform(40, 43, count), random.uniform(0, 5.5, count)
    cells = voronoi_cells(latitude, longitude, OUTLINE)
    drawn = cells[~shapely.is_missing(cells)]
    assert shapely.area(drawn).sum() == pytest.approx(OUTLINE.area, rel=1e-5)
    assert shapely.area(shapely.union_all(drawn)) == pytest.approx(OUTLINE.area, rel=1e-5)


def test_a_place_lies_in_the_cell_of_the_nearest_point() -> None:
    random = np.random.default_rng(2)
    latitude, longitude = random.uniform(40, 43, 30), random.uniform(0, 4, 30)
    cells = voronoi_cells(latitude, longitude, OUTLINE)
    narrowing = np.cos(np.radians(latitude.mean()))
    for y, x in random.uniform([40, 0], [43, 4], (200, 2)):
        place = shapely.Point(x, y)
        if not OUTLINE.contains(place):
            continue
        nearest = np.argmin(((longitude - x) * narrowing) ** 2 + (latitude - y) ** 2)
        assert shapely.distance(cells[nearest], place) < 1e-6


def test_points_at_one_place_share_their_cell_in_sectors() -> None:
    cells = voronoi_cells([41.0] * 4 + [42.5], [0.5] * 4 + [3.5], OUTLINE)
    assert not shapely.is_missing(cells).any()
    assert shapely.area(cells).sum() == pytest.approx(OUTLINE.area, rel=1e-5)
    place = shapely.Point(0.5, 41)
    assert (shapely.distance(cells[:4], place) < 1e-3).all()


def test_one_point_has_all_of_it_and_one_far_outside_may_have_none() -> None:
    (whole,) = voronoi_cells([10], [10], OUTLINE)
    assert whole.area == pytest.approx(OUTLINE.area)
    cells = voronoi_cells([41, 41], [2, 40], OUTLINE)
    assert cells[1] is None
    assert voronoi_cells([], [], OUTLINE).shape == (0,)
    assert voronoi_cells([1], [1], shapely.Polygon()).tolist() == [None]
