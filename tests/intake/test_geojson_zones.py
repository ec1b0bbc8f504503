"""Any GeoJSON as zones: what is sound stays, what is broken is repaired or left out, and every bit of it is told."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from metes.base.findings import Severity
from metes.intake.geojson_zones import Columns, ZonesRead, geojson_zones
from metes.model.zones import ZoneSet


def feature(one: Any, geometry: Any, **properties: Any) -> dict[str, Any]:
    """A feature with the property `code`."""
    return {"type": "Feature", "properties": {"code": one, **properties}, "geometry": geometry}


def ring(*positions: tuple[float, float]) -> dict[str, Any]:
    """A polygon of an open ring."""
    return {"type": "Polygon", "coordinates": [[list(position) for position in (*positions, positions[0])]]}


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A box, counter-clockwise."""
    return ring((west, south), (east, south), (east, north), (west, north))


def read(features: Sequence[dict[str, Any]], columns: Columns | None = None) -> ZonesRead:
    """The zones of features."""
    text = json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()
    return geojson_zones(text, columns or Columns("code"), key="k", name="K", file="f.geojson")


def zones_of(result: ZonesRead) -> ZoneSet:
    """The set, which must be there."""
    assert result.zones is not None, result.findings
    return result.zones


def codes(result: ZonesRead) -> list[str]:
    """The codes of the findings."""
    return [finding.code for finding in result.findings]


def area(zones: ZoneSet, one: str) -> float:
    """The ground of a zone in square degrees."""
    return float(shapely.area(shapely.from_wkb(zones.shapes[zones.index_of_id[one]])))


def test_sound_zones_come_with_neighbours_names_regions_and_measures() -> None:
    result = read(
        [
            feature("b", box(1, 0, 2, 1), title="Bee", state="X", people=5),
            feature("a", box(0, 0, 1, 1), title="Ay", state="Y", people="7.5"),
        ],
        Columns("code", "title", "state", ("people",)),
    )
    zones = zones_of(result)
    assert result.findings == ()
    assert (zones.ids, zones.names, zones.regions) == (("a", "b"), ("Ay", "Bee"), ("Y", "X"))
    assert zones.measures["people"].tolist() == [7.5, 5]
    assert zones.measures["area_km2"] == pytest.approx([12_363, 12_363], rel=1e-3)
    assert zones.pairs.tolist() == [[0, 1]]
    assert zones.latitude.tolist() == [0.5, 0.5]
    assert zones.source == "f.geojson"


def test_the_order_of_features_changes_nothing() -> None:
    features = [feature(str(x * 4 + y), box(x, y, x + 1, y + 1)) for x in range(4) for y in range(4)]
    assert zones_of(read(features)).digest == zones_of(read(features[::-1])).digest


def test_a_border_that_crosses_itself_is_repaired() -> None:
    result = read([feature("bow", ring((0, 0), (2, 2), (2, 0), (0, 2))), feature("calm", box(2, 0, 3, 2))])
    assert area(zones_of(result), "bow") == pytest.approx(2)
    assert codes(result) == ["zone-crossing"]
    assert "zone bow: its border is not sound: self-intersection at latitude 1, longitude 1" in str(result.findings[0])


def test_a_ring_the_wrong_way_round_and_a_hole_are_nothing_to_tell() -> None:
    clockwise = {
        "type": "Polygon",
        "coordinates": [[[0, 0], [0, 3], [3, 3], [3, 0], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]],
    }
    result = read([feature("ring", clockwise), feature("core", box(1, 1, 2, 2))])
    zones = zones_of(result)
    assert result.findings == ()
    assert area(zones, "ring") == pytest.approx(8)
    assert zones.pairs.tolist() == [[0, 1]]


def test_a_polygon_over_the_date_line_is_cut_and_its_point_stands_in_it() -> None:
    result = read([feature("fiji", ring((178, -18), (-178, -18), (-178, -17), (178, -17)))])
    zones = zones_of(result)
    assert codes(result) == ["zone-date-line"]
    assert abs(zones.longitude[0]) == pytest.approx(180)
    assert area(zones, "fiji") == pytest.approx(4)


def test_features_of_one_id_are_one_zone_with_their_measures_added() -> None:
    columns = Columns("code", measures=("people",))
    result = read([feature(1, box(0, 0, 1, 1), people=2), feature(1, box(1, 0, 2, 1), people=3)], columns)
    zones = zones_of(result)
    assert (zones.ids, zones.measures["people"].tolist()) == (("1",), [5])
    assert area(zones, "1") == pytest.approx(2)
    assert codes(result) == ["zone-duplicate"]


def test_a_feature_without_id_or_ground_is_left_out_and_the_others_go_on() -> None:
    point = {"type": "Point", "coordinates": [0, 0]}
    line = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}
    speck = {"type": "MultiPolygon", "coordinates": [box(5, 5, 6, 6)["coordinates"], [[[7, 7], [7, 7], [7, 7], [7, 7]]]]}
    result = read(
        [
            feature(None, box(0, 0, 1, 1)),
            feature("none", None),
            feature("point", point),
            feature("line", line),
            feature("metres", box(500_000, 4_000_000, 500_100, 4_000_100)),
            feature("kept", speck),
        ]
    )
    assert zones_of(result).ids == ("kept",)
    found = [(finding.code, finding.severity, finding.place.subject) for finding in result.findings]
    error = Severity.ERROR
    assert found == [
        ("zone-id", error, "feature 1"),
        ("zone-empty", error, "feature 2 (none)"),
        ("zone-file", error, "feature 3 (point)"),
        ("zone-coordinates", error, "feature 5 (metres)"),
        ("zone-ring", Severity.WARNING, ""),
        ("zone-empty", error, "zone line"),
    ]


def test_zones_that_overlap_or_leave_slivers_are_mended() -> None:
    result = read(
        [
            feature("a", box(0, 0, 1.01, 1)),
            feature("b", box(1, 0, 2, 1)),
            feature("c", ring((2, 0), (3, 0), (3, 1), (2, 1), (2.003, 0.5))),
        ]
    )
    zones = zones_of(result)
    assert codes(result) == ["zone-overlap"]
    assert "leave slivers along it: a, b, c; the ground is given to one of them" in result.findings[0].message
    assert zones.pairs.tolist() == [[0, 1], [1, 2]]
    shapes = shapely.from_wkb(np.array(zones.shapes, np.object_))
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(3)


def test_borders_are_simplified_together() -> None:
    steps = [(1 + 0.002 * (number % 2), number / 200) for number in range(201)]
    left = ring((0, 0), *steps, (0, 1))
    right = ring((2, 0), (2, 1), *reversed(steps))
    zones = zones_of(read([feature("left", left), feature("right", right)]))
    shapes = shapely.from_wkb(np.array(zones.shapes, np.object_))
    assert shapely.get_num_coordinates(shapes).max() < 20
    assert shapely.coverage_is_valid(shapes)
    assert zones.pairs.tolist() == [[0, 1]]


def test_a_measure_that_is_no_number_counts_as_nothing_and_is_told() -> None:
    columns = Columns("code", measures=("people",))
    values = [1, None, -5, "many", True, "1e999"]
    result = read([feature(str(at), box(at, 0, at + 1, 1), people=value) for at, value in enumerate(values)], columns)
    assert zones_of(result).measures["people"].tolist() == [1, 0, 0, 0, 0, 0]
    assert [str(finding) for finding in result.findings] == [
        "warning zone-measure: f.geojson: 'people' counts as 0 where it is missing, negative or no number: 1, 2, 3, 4, 5; "
        "fill it with numbers of 0 and more"
    ]


def test_islands_are_joined_and_named() -> None:
    result = read([feature("isle", box(5, 0, 6, 1)), feature("main", box(0, 0, 1, 1)), feature("land", box(1, 0, 2, 1))])
    assert zones_of(result).links.tolist() == [[0, 1]]
    assert "isle is joined to land, 445 km" in result.findings[0].message


def test_a_property_that_no_feature_has_is_an_error_with_the_closest_name() -> None:
    result = read([feature("a", box(0, 0, 1, 1), population=1)], Columns("kode", measures=("populaton",)))
    assert result.zones is None
    assert [finding.remedy for finding in result.findings] == ["Did you mean 'code'?", "Did you mean 'population'?"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "zone-file"),
        (b"no json", "zone-file"),
        (b'{"type": "Topology"}', "zone-file"),
        (b"\x1f\x8bbroken", "zone-file"),
        (b'{"type": "FeatureCollection", "features": []}', "zone-empty"),
        (b"[" * 100_000, "zone-file"),
        (b"\xff\xfe\x00", "zone-file"),
    ],
)
def test_what_is_no_geojson_is_refused(source: bytes, code: str) -> None:
    result = geojson_zones(source, Columns("code"), key="k", name="K")
    assert result.zones is None
    assert codes(result) == [code]


def test_a_bomb_of_nothing_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.intake.geojson_zones.MAX_BYTES", 1000)
    result = geojson_zones(gzip.compress(b" " * 100_000), Columns("code"), key="k", name="K")
    assert "more than 1,000 bytes" in result.findings[0].message


def test_too_many_zones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.intake.geojson_zones.MAX_ZONES", 2)
    result = read([feature(str(x), box(x, 0, x + 1, 1)) for x in range(3)])
    assert result.zones is None
    assert "3 zones, at most 2 are taken" in result.findings[0].message


def test_the_features_own_ids_may_be_taken() -> None:
    one = {**feature("x", box(0, 0, 1, 1)), "id": 17}
    assert zones_of(read([one], Columns(""))).ids == ("17",)


@pytest.mark.data
@pytest.mark.parametrize(("file", "count", "pairs", "links"), [("ri_rhode_island", 77, 170, 3), ("ct_connecticut", 282, 742, 0)])
def test_postal_areas_of_states_are_sound(real_data: Path, file: str, count: int, pairs: int, links: int) -> None:
    path = real_data / "geo" / "us_zcta_polygons" / f"{file}_zip_codes_geo.min.json.gz"
    zones = zones_of(
        geojson_zones(path.read_bytes(), Columns("ZCTA5CE10", measures=("ALAND10",)), key="k", name="K", file=path.name)
    )
    assert (len(zones), len(zones.pairs), len(zones.links)) == (count, pairs, links)
    shapes = shapely.from_wkb(np.array(zones.shapes, np.object_))
    assert shapely.coverage_is_valid(shapes)
    # Land alone, as the Census counts it, is a little less than the ground within the borders.
    ratio = zones.measures["ALAND10"].sum() / 1e6 / zones.measures["area_km2"].sum()
    assert 0.85 < ratio < 1


@pytest.mark.data
def test_provinces_of_the_world_are_zones(real_data: Path) -> None:
    path = real_data / "geo" / "world" / "ne_admin1_states_provinces.geojson.gz"
    result = geojson_zones(path.read_bytes(), Columns("name", "name", "admin"), key="k", name="K", file=path.name)
    zones = zones_of(result)
    assert len(zones) > 4000
    assert set(codes(result)) == {"zone-id", "zone-duplicate", "zone-overlap", "zone-island"}
    index = zones.index_of_id
    pairs = {tuple(pair) for pair in zones.pairs.tolist()}
    neighbours = {("Bayern", "Hessen"), ("Colorado", "Utah"), ("British Columbia", "Yukon")}
    assert all(tuple(sorted((index[one], index[other]))) in pairs for one, other in neighbours)
    assert tuple(sorted((index["Arizona"], index["Colorado"]))) not in pairs
