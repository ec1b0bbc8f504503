"""Polygons over the date line come back in pieces on this Earth, of the same ground."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from metes.intake.date_line import cut_at_date_line


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    """A GeoJSON polygon of open rings."""
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in rings]}


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """The corners of a box."""
    return [[west, south], [east, south], [east, north], [west, north]]


def cut(geometry: dict[str, Any]) -> shapely.Geometry:
    """The ground of a geometry that has to be cut."""
    found, is_cut = cut_at_date_line(geometry)
    assert is_cut
    return shapely.union_all(shapely.get_parts(shapely.geometry.shape(found)))


BOTH_SIDES = shapely.union(shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -170, 10))


@pytest.mark.parametrize("corners", [box(170, 0, -170, 10), box(170, 0, 190, 10), box(-190, 0, -170, 10), box(530, 0, 540, 10)])
def test_a_box_over_the_date_line_is_two(corners: list[list[float]]) -> None:
    wanted = shapely.box(170, 0, 180, 10) if corners[0][0] == 530 else BOTH_SIDES
    assert cut(polygon(corners)).equals(wanted)


def test_a_hole_goes_where_its_border_goes() -> None:
    holed = polygon(box(170, 0, -170, 10), box(-179, 4, -175, 6))
    assert cut(holed).equals(shapely.difference(BOTH_SIDES, shapely.box(-179, 4, -175, 6)))


def test_a_border_around_the_pole_is_closed_over_it() -> None:
    around = polygon([[-180 + 30 * step, -70.0] for step in range(12)])
    found = cut(around)
    assert found.area == pytest.approx(360 * 20)
    assert found.bounds == pytest.approx((-180, -90, 180, -70))


@pytest.mark.parametrize(
    "geometry",
    [
        polygon(box(-100, 30, -90, 40)),
        polygon(box(-180, -90, 180, 90)),
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": [[["a", 2], [1, 2], [3, 4], [5, 6]]]},
        {"type": "Polygon", "coordinates": None},
        {"type": "Polygon", "coordinates": [[[200000, 500000], [1, 1], [2, 2], [200000, 500000]]]},
        {},
    ],
)
def test_what_does_not_cross_stays_as_it_is(geometry: dict[str, Any]) -> None:
    assert cut_at_date_line(geometry) == (geometry, False)


def test_of_many_polygons_those_alone_that_cross_are_cut() -> None:
    calm, crossing = polygon(box(0, 0, 1, 1)), polygon(box(170, 0, -170, 10))
    many = {"type": "MultiPolygon", "coordinates": [calm["coordinates"], crossing["coordinates"]]}
    found, is_cut = cut_at_date_line(many)
    assert is_cut
    assert found["coordinates"][0] == calm["coordinates"]
    assert len(found["coordinates"]) == 3
