"""TopoJSON read into shapes and neighbours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from metes.intake.topojson import read_layer

# Two squares with the edge at x = 1 in common (arc 0), and the left one with a hole of three positions, which is none.
TOPOLOGY: dict[str, Any] = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.5], "translate": [10, 20]},
    "arcs": [[[2, 0], [0, 2]], [[2, 2], [-2, 0], [0, -2], [2, 0]], [[2, 0], [2, 0], [0, 2], [-2, 0]], [[1, 1], [0, 1], [0, -1]]],
    "objects": {
        "squares": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "id": "left", "properties": {"name": "Left"}, "arcs": [[0, 1], [3]]},
                {"type": "MultiPolygon", "id": 7, "arcs": [[[2, -1]]]},
                {"type": None, "properties": {}},
            ],
        }
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The topology as a file."""
    path = tmp_path / "squares.json"
    path.write_text(json.dumps(TOPOLOGY))
    return path


def test_shapes_stand_in_degrees_and_share_arcs(file: Path) -> None:
    layer = read_layer(file, "squares")
    left, right, nothing = layer.shapes
    assert left.equals(shapely.box(10, 20, 11, 21))
    assert not left.interiors
    assert right.equals(shapely.box(11, 20, 12, 21))
    assert nothing is None
    assert layer.ids == ("left", "7", None)
    assert layer.properties == ({"name": "Left"}, {}, {})
    assert layer.pairs.tolist() == [[0, 1]]


def test_a_country_on_both_sides_of_the_date_line_is_cut_there(tmp_path: Path) -> None:
    # One ring from 170 over 180, stitched to -180, to -170, and back.
    arc = [[170, 60], [10, 0], [-360, 0], [10, 0], [0, 10], [-10, 0], [360, 0], [-10, 0], [0, -10]]
    topology = {"objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0]]}]}}, "arcs": [arc]}
    topology["transform"] = {"scale": [1, 1], "translate": [0, 0]}
    (tmp_path / "land.json").write_text(json.dumps(topology))
    (shape,) = read_layer(tmp_path / "land.json", "land").shapes
    assert shape.equals(shapely.union(shapely.box(170, 60, 180, 70), shapely.box(-180, 60, -170, 70)))


def test_an_object_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(LookupError, match=r"squares\.json has no object circles; it has squares"):
        read_layer(file, "circles")
