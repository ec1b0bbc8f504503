"""Vector tiles hold what lies in them, with borders that stay common."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from metes.render.tiles import DEEPEST, EXTENT, ZoneTiles, mercator
from tests.render.test_topology import zones_of

WEST, EAST = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)


def features(tiles: ZoneTiles, zoom: int, x: int, y: int) -> dict[int, dict[str, Any]]:
    """The features of a tile by id; the layer is the only one."""
    content = tiles.tile(zoom, x, y)
    if not content:
        return {}
    layers = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})
    assert list(layers) == ["zones"]
    assert layers["zones"]["extent"] == EXTENT
    return {feature["id"]: feature for feature in layers["zones"]["features"]}


def test_features_carry_the_number_id_and_name_of_their_zone() -> None:
    tiles = ZoneTiles(zones_of(WEST, None, EAST))
    found = features(tiles, 0, 0, 0)
    assert {number: feature["properties"] for number, feature in found.items()} == {
        0: {"id": "z0", "name": "Zone 0"},
        2: {"id": "z2", "name": "Zone 2"},
    }


def test_a_tile_far_away_is_empty_and_a_deep_one_holds_what_lies_in_it() -> None:
    tiles = ZoneTiles(zones_of(WEST, EAST))
    assert tiles.tile(4, 0, 0) == b""
    # Zoom 10: a tile is 0.35 degrees wide; the one at 1.05, 0.5 lies in the eastern square alone, but for its margin.
    x = int((1.3 / 360 + 0.5) * 2**10)
    y = int(mercator(np.array([[1.3, 0.5]]))[0, 1] * 2**10)
    assert set(features(tiles, 10, x, y)) == {1}
    shape = shapely.geometry.shape(features(tiles, 10, x, y)[1]["geometry"])
    assert shape.covers(shapely.box(0, 0, EXTENT, EXTENT))


@pytest.mark.parametrize("zoom", [0, 3, 6, 9])
def test_borders_stay_common_when_simplified(zoom: int) -> None:
    wave = [(1 + 0.02 * np.sin(40 * y), y) for y in np.linspace(0, 1, 400)]
    west = shapely.Polygon([(0, 0), *wave, (0, 1)])
    east = shapely.Polygon([(2, 0), *wave, (2, 1)])
    tiles = ZoneTiles(zones_of(west, east))
    x = 2**zoom // 2
    y = int(mercator(np.array([[1.0, 0.5]]))[0, 1] * 2**zoom)
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features(tiles, zoom, x, y).values()]
    if len(shapes) < 2:
        assert zoom == 0 or zoom == 9
        return
    assert shapely.area(shapely.intersection(*shapes)) == pytest.approx(0)
    assert shapely.union_all(shapes).geom_type == "Polygon"


def test_holes_stay_holes_and_parts_stay_parts() -> None:
    lake = shapely.Polygon(WEST.exterior, [shapely.box(0.3, 0.3, 0.7, 0.7).exterior])
    both = shapely.MultiPolygon([lake, shapely.box(1.5, 0, 2, 1)])
    found = features(ZoneTiles(zones_of(both)), 5, 16, 15)
    shape = shapely.geometry.shape(found[0]["geometry"])
    assert shape.is_valid
    assert sorted(len(part.interiors) for part in shape.geoms) == [0, 1]


@pytest.mark.parametrize("place", [(-1, 0, 0), (0, 0, 1), (0, 1, 0), (3, 8, 0), (3, 0, -1), (DEEPEST + 1, 0, 0)])
def test_a_tile_that_no_map_has_is_refused(place: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="a tile must have 0 <= zoom"):
        ZoneTiles(zones_of(WEST)).tile(*place)


def test_the_square_of_web_maps() -> None:
    found = mercator(np.array([[-180.0, 85.0511], [0.0, 0.0], [180.0, -90.0]]))
    assert found == pytest.approx(np.array([[0, 0], [0.5, 0.5], [1, 1]]), abs=1e-6)


def test_a_set_without_shapes_has_empty_tiles() -> None:
    assert ZoneTiles(zones_of(None, None)).tile(0, 0, 0) == b""
