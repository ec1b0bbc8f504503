"""Places in areas and from points, held against exact fractions and plain loops."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.rules.places import EARTH_RADIUS_KM, Places

# A square with a square hole, and a triangle beside it.
#
#   4 +-------+
#     | +---+ |      /|
#     | |   | |     / |
#     | +---+ |    /  |
#   0 +-------+   +---+
#     0       4   6   8
SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]]
TRIANGLE = [[6, 0], [8, 0], [8, 3], [6, 0]]
WITH_HOLE = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}
BOTH = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [TRIANGLE]]}


def is_on(ring: list[list[float]], x: Fraction, y: Fraction) -> bool:
    """Whether a point lies on a ring."""
    for (ax, ay), (bx, by) in pairwise(ring):
        a, b, c, d = (Fraction(v) for v in (ax, ay, bx, by))
        is_straight = (c - a) * (y - b) == (d - b) * (x - a)
        if is_straight and min(a, c) <= x <= max(a, c) and min(b, d) <= y <= max(b, d):
            return True
    return False


def is_within(ring: list[list[float]], x: Fraction, y: Fraction) -> bool:
    """Whether a ray to the right of a point that lies on no side crosses an odd number of sides."""
    crossed = False
    for (ax, ay), (bx, by) in pairwise(ring):
        a, b, c, d = (Fraction(v) for v in (ax, ay, bx, by))
        if (b > y) != (d > y) and x < a + (y - b) * (c - a) / (d - b):
            crossed = not crossed
    return crossed


def is_inside(geometry: dict[str, Any], longitude: float, latitude: float) -> bool:
    """The slow truth: on some border, or within an outer ring and within none of its holes."""
    x, y = Fraction(longitude), Fraction(latitude)
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    if any(is_on(ring, x, y) for polygon in polygons for ring in polygon):
        return True
    return any(is_within(outer, x, y) and not any(is_within(hole, x, y) for hole in holes) for outer, *holes in polygons)


COORDINATES = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 3.9999999, 4.0, 6.0, 7.0, 8.0, -1.0]) | st.floats(-1, 9)
PLACES = st.lists(st.tuples(st.none() | COORDINATES, st.none() | COORDINATES), max_size=30)


def places_of(pairs: list[tuple[float | None, float | None]]) -> Places:
    """Places of pairs of longitude and latitude."""
    longitudes, latitudes = (np.array([math.nan if v is None else v for v in column], float) for column in zip(*pairs, strict=True))
    return Places(latitudes, longitudes)


@given(PLACES.filter(bool), st.sampled_from([WITH_HOLE, BOTH]))
def test_a_place_lies_inside_an_area_where_exact_fractions_say_so(
    pairs: list[tuple[float | None, float | None]], geometry: dict[str, Any]
) -> None:
    wanted = [None not in pair and is_inside(geometry, *pair) for pair in pairs]  # type: ignore[misc]
    assert places_of(pairs).inside(json.dumps(geometry)).tolist() == wanted


@given(st.lists(st.integers(0, 40), min_size=6, max_size=16), PLACES.filter(bool))
def test_a_ragged_area_agrees_too(radii: list[int], pairs: list[tuple[float | None, float | None]]) -> None:
    angles = [2 * math.pi * i / len(radii) for i in range(len(radii))]
    ring = [
        [round(4 + (1 + r / 10) * math.cos(a), 3), round(4 + (1 + r / 10) * math.sin(a), 3)]
        for r, a in zip(radii, angles, strict=True)
    ]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    wanted = [None not in pair and is_inside(geometry, *pair) for pair in pairs]  # type: ignore[misc]
    assert places_of(pairs).inside(json.dumps(geometry)).tolist() == wanted


@pytest.mark.parametrize("place", [(0.0, 0.0), (4.0, 2.0), (1.0, 2.0), (3.0, 3.0), (7.0, 1.5), (8.0, 3.0)])
def test_the_border_belongs_to_an_area_that_of_a_hole_too(place: tuple[float, float]) -> None:
    assert places_of([place]).inside(json.dumps(BOTH)).tolist() == [True]


def test_nothing_lies_in_an_empty_area_and_no_place_is_no_error() -> None:
    assert places_of([(1.0, 1.0)]).inside('{"type": "Polygon", "coordinates": []}').tolist() == [False]
    assert Places(np.empty(0), np.empty(0)).inside(json.dumps(BOTH)).tolist() == []


def test_latitudes_and_longitudes_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="as many latitudes as longitudes"):
        Places(np.zeros(2), np.zeros(3))


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
def test_a_distance_is_the_angle_between_two_directions(a: float, b: float, c: float, d: float) -> None:
    def direction(latitude: float, longitude: float) -> np.ndarray[Any, Any]:
        there, across = math.radians(latitude), math.radians(longitude)
        return np.array([math.cos(there) * math.cos(across), math.cos(there) * math.sin(across), math.sin(there)])

    one, other = direction(a, b), direction(c, d)
    angle = math.atan2(float(np.linalg.norm(np.cross(one, other))), float(one @ other))
    assert Places(np.array([a]), np.array([b])).distances_km(c, d)[0] == pytest.approx(angle * EARTH_RADIUS_KM, abs=1e-3)


def test_known_distances_are_told_and_unknown_places_are_nowhere() -> None:
    places = Places(np.array([48.8566, 51.5074, math.nan, 1.0]), np.array([2.3522, -0.1278, 0.0, math.nan]))
    distances = places.distances_km(48.8566, 2.3522)
    assert distances[0] == 0
    assert distances[1] == pytest.approx(343.56, abs=0.05)
    assert np.isnan(distances[2:]).all()


def test_a_place_is_as_far_alone_as_among_a_thousand() -> None:
    random = np.random.default_rng(5)
    latitudes, longitudes = random.uniform(-90, 90, 1003), random.uniform(-180, 180, 1003)
    among = Places(latitudes, longitudes).distances_km(12.3, 45.6)
    alone = [Places(latitudes[i : i + 1], longitudes[i : i + 1]).distances_km(12.3, 45.6)[0] for i in range(1003)]
    assert among.tolist() == alone
