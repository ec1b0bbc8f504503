"""A set as TopoJSON comes back with the same shapes, each common border once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from metes.intake.topojson import read_layer
from metes.model.zones import ZoneKind, ZoneSet
from metes.partition.neighbours import border_pairs
from metes.render.topology import topojson
from tests.model.test_zones import two_zones


def zones_of(*shapes: shapely.Geometry | None) -> ZoneSet:
    """A set of these shapes; a zone without one stands at 5, 5."""
    count = len(shapes)
    points = [shapely.Point(5, 5) if shape is None else shapely.point_on_surface(shape) for shape in shapes]
    return two_zones(
        kind=ZoneKind.POLYGONS,
        ids=tuple(f"z{at}" for at in range(count)),
        names=tuple(f"Zone {at}" for at in range(count)),
        regions=("",) * count,
        latitude=[point.y for point in points],
        longitude=[point.x for point in points],
        measures={},
        pairs=border_pairs(np.array(shapes, np.object_)),
        shapes=tuple(shapely.to_wkb(np.array(shapes, np.object_)).tolist()),
    )


def read(zones: ZoneSet, folder: Path) -> tuple[dict[str, Any], Any]:
    """The document, and the layer that a reader makes of it."""
    path = folder / "zones.json"
    path.write_bytes(topojson(zones))
    return json.loads(path.read_bytes()), read_layer(path, "zones")


LAKE = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [shapely.box(1, 1, 2, 2).exterior])


@pytest.mark.parametrize(
    ("shapes", "arcs"),
    [
        ([shapely.box(0, 0, 1, 1)], 1),
        ([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], 3),
        ([LAKE, shapely.box(1, 1, 2, 2)], 2),
        ([LAKE], 2),
        ([shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(4, 0, 5, 1)]), shapely.box(1, 0, 2, 1)], 4),
        ([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 1, 1, 2), shapely.box(1, 1, 2, 2)], 8),
        ([], 0),
    ],
    ids=["one", "two", "enclave", "hole", "parts", "corner", "none"],
)
def test_common_borders_stand_once(shapes: list[shapely.Geometry], arcs: int, tmp_path: Path) -> None:
    document, layer = read(zones_of(*shapes), tmp_path)
    assert len(document["arcs"]) == arcs
    assert all(found.equals(shape) for found, shape in zip(layer.shapes, shapes, strict=True))


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1), st.integers(1, 5), st.integers(0, 99))
def test_any_map_comes_back_with_its_neighbours(cells: set[tuple[int, int]], zones: int, seed: int) -> None:
    from tempfile import TemporaryDirectory

    random = np.random.default_rng(seed)
    owner = {cell: int(random.integers(zones)) for cell in sorted(cells)}
    shapes = [
        shapely.union_all([shapely.box(x, y, x + 1, y + 1) for (x, y), own in owner.items() if own == zone])
        for zone in set(owner.values())
    ]
    made = zones_of(*shapes)
    with TemporaryDirectory() as folder:
        _, layer = read(made, Path(folder))
    assert all(found.equals(shape) for found, shape in zip(layer.shapes, shapes, strict=True))
    assert layer.pairs.tolist() == made.pairs.tolist()


def test_ids_are_the_numbers_of_zones_and_a_zone_without_shape_is_a_point(tmp_path: Path) -> None:
    document, _ = read(zones_of(shapely.box(0, 0, 1, 1), None), tmp_path)
    one, other = document["objects"]["zones"]["geometries"]
    assert (one["id"], one["properties"], one["type"]) == (0, {"id": "z0", "name": "Zone 0"}, "Polygon")
    assert (other["id"], other["type"]) == (1, "Point")
    scale, origin = document["transform"]["scale"][0], document["transform"]["translate"]
    assert np.array(other["coordinates"]) * scale + origin == pytest.approx([5, 5], abs=scale)


def test_the_same_set_gives_the_same_bytes_and_a_speck_becomes_a_point(tmp_path: Path) -> None:
    zones = zones_of(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(3, 0, 3 + 1e-5, 1e-5))
    assert topojson(zones) == topojson(zones)
    document, _ = read(zones, tmp_path)
    assert [member["type"] for member in document["objects"]["zones"]["geometries"]] == ["Polygon", "Polygon", "Point"]
