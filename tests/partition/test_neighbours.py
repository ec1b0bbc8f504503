"""Neighbours: the same whatever the order, symmetric by form, and those that a slow look at every pair finds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metes.partition.links import component_of
from metes.partition.neighbours import border_pairs, delaunay_pairs, nearest_pairs
from metes.partition.problem import on_earth

PLACES = arrays(np.float64, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(-80, 80, width=16))


def names_of(pairs: np.ndarray, names: np.ndarray) -> set[frozenset[int]]:
    """Pairs by the names of their zones."""
    return {frozenset((int(names[one]), int(names[other]))) for one, other in pairs}


def grid(columns: int, rows: int) -> np.ndarray:
    """Squares of one degree, row by row from the south-west."""
    return np.array([shapely.box(x, y, x + 1, y + 1) for y in range(rows) for x in range(columns)], np.object_)


def test_squares_of_a_grid_are_neighbours_along_edges_and_not_across_corners() -> None:
    # 3 4 5
    # 0 1 2
    assert border_pairs(grid(3, 2)).tolist() == [[0, 1], [0, 3], [1, 2], [1, 4], [2, 5], [3, 4], [4, 5]]


def test_a_border_with_more_positions_on_one_side_is_shared() -> None:
    long_side = shapely.box(0, 0, 1, 2)
    short = [shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)]
    assert border_pairs(np.array([long_side, *short], np.object_)).tolist() == [[0, 1], [0, 2], [1, 2]]


def test_borders_a_hair_apart_are_shared_and_those_farther_are_not() -> None:
    def beside(gap: float) -> np.ndarray:
        return np.array([shapely.box(0, 0, 1, 1), shapely.box(1 + gap, 0.25, 2, 0.75)], np.object_)

    assert border_pairs(beside(5e-7)).tolist() == [[0, 1]]
    assert border_pairs(beside(5e-6)).tolist() == []
    assert border_pairs(beside(5e-6), tolerance=1e-5).tolist() == [[0, 1]]


def test_zones_that_overlap_are_neighbours() -> None:
    assert border_pairs(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)], np.object_)).tolist() == [[0, 1]]


def test_an_enclave_a_part_of_many_and_a_zone_without_shape() -> None:
    lake = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [shapely.box(1, 1, 2, 2).exterior])
    island = shapely.MultiPolygon([shapely.box(1, 1, 2, 2), shapely.box(10, 10, 11, 11)])
    far = shapely.box(11, 10, 12, 11)
    shapes = np.array([lake, None, island, far], np.object_)
    assert border_pairs(shapes).tolist() == [[0, 2], [2, 3]]


def test_zones_meet_at_the_date_line() -> None:
    assert border_pairs(np.array([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)], np.object_)).tolist() == [[0, 1]]


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_borders_are_those_that_measuring_every_pair_finds(cells: set[tuple[int, int]], random: object) -> None:
    order = sorted(cells)
    random.shuffle(order)  # type: ignore[attr-defined]
    # Every second column is half a square higher, so that borders are shared in part.
    shapes = np.array([shapely.box(x, y + x % 2 / 2, x + 1, y + 1 + x % 2 / 2) for x, y in order], np.object_)
    wanted = [
        [i, j] for i, j in combinations(range(len(shapes)), 2) if shapely.length(shapely.intersection(shapes[i], shapes[j])) > 1e-9
    ]
    assert border_pairs(shapes).tolist() == wanted


@given(PLACES, st.integers(1, 6))
def test_nearest_pairs_hold_the_nearest_of_every_place(places: np.ndarray, neighbours: int) -> None:
    distinct = np.unique(places, axis=0)
    pairs = nearest_pairs(distinct[:, 0], distinct[:, 1], neighbours)
    km = np.linalg.norm(on_earth(distinct[:, 0], distinct[:, 1])[:, None] - on_earth(distinct[:, 0], distinct[:, 1])[None], axis=2)
    joined = {tuple(pair) for pair in pairs.tolist()}
    assert all(one < other for one, other in joined)
    for zone in range(len(distinct)):
        nearest = np.sort(np.delete(km[zone], zone))[:neighbours]
        mine = sorted(km[zone][other] for pair in joined if zone in pair for other in pair if other != zone)
        assert len(mine) >= len(nearest)
        assert np.allclose(mine[: len(nearest)], nearest, atol=1e-3)


@given(PLACES)
def test_a_triangulation_is_in_one_piece_and_holds_each_ones_nearest(places: np.ndarray) -> None:
    pairs = delaunay_pairs(places[:, 0], places[:, 1])
    assert int(component_of(len(places), pairs).max()) == 0
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_a_triangulation_goes_by_the_circles_that_hold_no_other_place() -> None:
    random = np.random.default_rng(3)
    latitude, longitude = random.uniform(30, 50, 60), random.uniform(-120, -70, 60)
    pairs = {tuple(pair) for pair in delaunay_pairs(latitude, longitude).tolist()}
    places = on_earth(latitude, longitude) / 6371
    for corners in combinations(range(60), 3):
        a, b, c = places[list(corners)]
        normal = np.cross(b - a, c - a)
        side = places @ normal - a @ normal
        side[list(corners)] = 0
        # The plane through three places cuts the sphere in their circle; one without another place inside is a triangle.
        is_empty = (side <= 1e-12).all() if normal @ a > 0 else (side >= -1e-12).all()
        if is_empty:
            assert set(combinations(corners, 2)) <= pairs


@pytest.mark.parametrize("make", [delaunay_pairs, lambda lat, lon: nearest_pairs(lat, lon, 4)])
def test_the_order_of_zones_changes_nothing(make: object) -> None:
    random = np.random.default_rng(1)
    latitude, longitude = random.uniform(-60, 80, 300), random.uniform(-180, 180, 300)
    names = np.arange(300)
    before = names_of(make(latitude, longitude), names)  # type: ignore[operator]
    order = random.permutation(300)
    assert names_of(make(latitude[order], longitude[order]), names[order]) == before  # type: ignore[operator]


def test_a_world_has_no_seam_at_the_date_line() -> None:
    # Fiji's two halves, and a place far off.
    assert [0, 1] in delaunay_pairs([-17, -17, 10, 60, 50, -40], [179.9, -179.9, 20, 100, -100, -60]).tolist()


@pytest.mark.parametrize(
    ("latitude", "longitude", "wanted"),
    [
        ([], [], []),
        ([1], [1], []),
        ([1, 1], [1, 1], [[0, 1]]),
        ([1, 2], [1, 1], [[0, 1]]),
        ([0, 0, 0, 0], [3, 1, 2, 0], [[0, 2], [1, 2], [1, 3]]),
        ([5, 5, 5], [7, 7, 7], [[0, 1], [1, 2]]),
    ],
)
def test_few_places_and_places_on_a_line(latitude: list[float], longitude: list[float], wanted: list[list[int]]) -> None:
    assert delaunay_pairs(latitude, longitude).tolist() == wanted


def test_zones_at_one_place_are_paired_in_a_row() -> None:
    pairs = nearest_pairs([1, 1, 1, 2], [1, 1, 1, 2], 1).tolist()
    assert pairs == [[0, 1], [0, 3], [1, 2]]


def test_no_neighbours_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="neighbours must be >= 1, is 0"):
        nearest_pairs([1], [1], 0)
