"""Areas read from GeoJSON of any hand, made canonical, and written again."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.base.findings import Severity
from metes.model.plan import Area, Plan
from metes.plan.areas import area_text, read_area, read_areas_by
from metes.plan.geojson import Polygon, Ring
from metes.plan.nodes import nodes_of, plan_of
from metes.plan.polygons import extent_of, geometry_text, polygons_of, shaped, square_kilometres
from metes.plan.text import read_text, read_texts
from metes.plan.writing import write_plan
from tests.plan.strategies import FIELDS, squares

SQUARE: list[Any] = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
CANONICAL = '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}'
HEAD = "key: p\n"


def geojson(coordinates: Any, kind: str = "Polygon") -> dict[str, Any]:
    """A bare geometry."""
    return {"type": kind, "coordinates": coordinates}


def feature(coordinates: Any, **properties: Any) -> dict[str, Any]:
    """A polygon with properties."""
    return {"type": "Feature", "properties": properties, "geometry": geojson(coordinates)}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    """Features together."""
    return {"type": "FeatureCollection", "features": list(features)}


def square(west: float, south: float, side: float = 1) -> list[Any]:
    """The coordinates of a square."""
    east, north = west + side, south + side
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def only(value: Any, key: str = "a") -> Area:
    """The area of a value that has nothing wrong with it."""
    read = read_area(json.dumps(value), key)
    assert read.findings == ()
    return read.areas[0]


def codes(value: Any) -> list[tuple[str, Severity]]:
    """What is said of a value, by code and severity."""
    text = value if isinstance(value, str) else json.dumps(value)
    return [(finding.code, finding.severity) for finding in read_area(text, "a", "a.geojson").findings]


@pytest.mark.parametrize(
    "value",
    [
        geojson(SQUARE),
        geojson([SQUARE], "MultiPolygon"),
        feature(SQUARE),
        collection(feature(SQUARE)),
        {"type": "Feature", "properties": None, "geometry": {"type": "GeometryCollection", "geometries": [geojson(SQUARE)]}},
        geojson([SQUARE[0][:-1]]),
        geojson([SQUARE[0][::-1]]),
        geojson([SQUARE[0][2:] + SQUARE[0][1:3]]),
        geojson([[[x + 1e-9, y - 1e-9] for x, y in SQUARE[0]]]),
        geojson([[[x, y, 1600.5] for x, y in SQUARE[0]]]),
        geojson([[position for position in SQUARE[0] for _ in range(3)]]),
        collection(feature(SQUARE), feature(SQUARE)),
        collection(feature(SQUARE), {"type": "Feature", "properties": {}, "geometry": None}),
    ],
)
def test_one_ground_has_one_text_however_it_is_written(value: Any) -> None:
    assert only(value).geometry == CANONICAL


def test_counties_that_share_a_border_become_one_area() -> None:
    both = only(collection(feature(square(0, 0)), feature(square(1, 0)), feature(square(5, 5))))
    assert [len(polygon[0]) for polygon in polygons_of(both.geometry)] == [7, 5]
    assert extent_of(both.geometry).polygons == 2


def test_name_and_comment_come_from_the_only_feature() -> None:
    area = only(feature(SQUARE, name="Front Range", comment="Drawn by kim", STATEFP="08"))
    assert (area.name, area.comment) == ("Front Range", "Drawn by kim")
    assert only(collection(feature(SQUARE, name="A"), feature(square(5, 5), name="B"))).name == ""


@given(st.lists(squares(), min_size=1, max_size=5))
@settings(max_examples=80, derandomize=True, deadline=None)
def test_what_is_canonical_stays_as_it_is_and_order_does_not_matter(polygons: list[Polygon]) -> None:
    import shapely

    whole = shaped(polygons)
    assert shaped(whole.polygons).polygons == whole.polygons
    assert geometry_text(shaped(polygons[::-1]).polygons) == geometry_text(whole.polygons)
    drawn = shapely.union_all([shapely.Polygon(polygon[0], polygon[1:]) for polygon in polygons])
    kept = shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in whole.polygons])
    assert kept.is_valid
    assert drawn.symmetric_difference(kept).area <= 1e-6 * drawn.length
    assert all(shapely.is_ccw(shapely.LinearRing(polygon[0])) for polygon in whole.polygons)
    assert not any(shapely.is_ccw(shapely.LinearRing(hole)) for polygon in whole.polygons for hole in polygon[1:])


@st.composite
def scribbles(draw: st.DrawFn) -> Ring:
    """A ring of random positions on a coarse grid, which crosses and touches itself in every way."""
    points = draw(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=4, max_size=12))
    return [(x / 3, y / 7) for x, y in [*points, points[0]]]


@given(st.lists(scribbles(), min_size=1, max_size=3))
@settings(max_examples=120, derandomize=True, deadline=None)
def test_any_scribble_becomes_valid_and_stays(rings: list[Ring]) -> None:
    read = read_area(json.dumps(collection(*(feature([ring]) for ring in rings))), "a")
    for area in read.areas:
        again = read_area(area_text(area), "a")
        assert again.areas == (area,)
        assert again.findings == ()
    assert read.areas or {finding.code for finding in read.findings} >= {"plan-area-empty"}


def test_a_border_that_crosses_itself_is_repaired_and_told_with_its_place() -> None:
    bow_tie = geojson([[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]])
    read = read_area(json.dumps(bow_tie), "a", "areas/a.geojson")
    assert [str(finding) for finding in read.findings] == [
        "warning plan-area-crossing: areas/a.geojson, area a: its border is not sound: self-intersection at latitude 1, longitude 1; "
        "repaired, it has 24,724 km²; look at it on the map; draw it anew where it is not what you mean"
    ]
    assert extent_of(read.areas[0].geometry).polygons == 2


def test_a_star_keeps_its_middle_and_holes_stay_holes() -> None:
    star = [[0, 3], [2, -3], [-3, 1], [3, 1], [-2, -3], [0, 3]]
    hole = [[-0.2, -0.2], [0.2, -0.2], [0.2, 0.2], [-0.2, 0.2], [-0.2, -0.2]]
    import shapely

    area = read_area(json.dumps(geojson([star, hole])), "a").areas[0]
    shape = shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in polygons_of(area.geometry)])
    assert [bool(shape.contains(shapely.Point(x, y))) for x, y in ((0.5, 0), (0, 0), (0, 2))] == [True, False, True]


def test_rings_of_too_few_positions_are_left_out_and_told_once() -> None:
    speck = [[7, 7], [7.1, 7], [7, 7]]
    value = geojson([SQUARE, [speck], [[[8, 8], [8, 8], [8, 8], [8, 8]]]], "MultiPolygon")
    read = read_area(json.dumps(value), "a")
    assert [f.message for f in read.findings] == ["2 rings of fewer than 4 positions are left out, at [7, 7], [8, 8]"]
    assert read.areas[0].geometry == CANONICAL
    assert codes(geojson([SQUARE, [[[3, 3], [4, 4], [5, 5], [3, 3]]]], "MultiPolygon")) == [("plan-area-ring", Severity.WARNING)]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "plan-area-json"),
        ("{", "plan-area-json"),
        ("[" * 200_000, "plan-area-json"),
        ('{"type":"Polygon","coordinates":' + "[" * 5000 + "]" * 5000 + "}", "plan-area-json"),
        ('{"type":"Polygon","coordinates":[[[0,0],[NaN,0],[1,1],[0,0]]]}', "plan-area-json"),
        ('{"type":"Polygon","coordinates":[[[0,0],[1e999,0],[1,1],[0,0],[0,1]]]}', "plan-area-coordinates"),
        ('{"type":"Polygon","coordinates":[[[0,0],[' + "9" * 6000 + ",0],[1,1],[0,0],[0,1]]]}", "plan-area-coordinates"),
        (geojson([[[0, 0], [True, 0], [1, 1], [0, 1], [0, 0]]]), "plan-area-coordinates"),
        (geojson([[[0, 0], ["1", 0], [1, 1], [0, 1], [0, 0]]]), "plan-area-coordinates"),
        (geojson([[[0, 0], [1], [1, 1], [0, 1], [0, 0]]]), "plan-area-coordinates"),
        (geojson([[[0, 0], [181, 0], [181, 1], [0, 1], [0, 0]]]), "plan-area-coordinates"),
        ([], "plan-area-form"),
        (3, "plan-area-form"),
        ({"type": "Topology", "objects": {}, "arcs": []}, "plan-area-form"),
        (geojson([0, 0], "Point"), "plan-area-form"),
        (geojson(None), "plan-area-form"),
        (geojson([None]), "plan-area-form"),
        (geojson({}), "plan-area-form"),
        (collection({"type": "Polygon"}), "plan-area-form"),
        ({"type": "FeatureCollection", "features": None}, "plan-area-form"),
        ({"type": "Feature"}, "plan-area-empty"),
        (collection(), "plan-area-empty"),
        (geojson([]), "plan-area-empty"),
        (geojson([[[0, 0], [1, 1], [2, 2], [0, 0]]]), "plan-area-empty"),
    ],
)
def test_what_is_no_area_is_an_error_and_never_a_crash(value: Any, code: str) -> None:
    found = codes(value)
    assert (code, Severity.ERROR) in found
    assert read_area(value if isinstance(value, str) else json.dumps(value), "a").areas == ()


@pytest.mark.parametrize(
    ("positions", "remedy"),
    [
        ([[39, -105], [41, -105], [41, -102], [39, -105]], "exchanged"),
        ([[-11688546, 4828110], [-11577226, 4828110], [-11577226, 4950000], [-11688546, 4828110]], "EPSG:4326"),
        ([[170, 50], [190, 50], [190, 60], [170, 60], [170, 50]], "date line"),
        ([[170, 50], [190, 50], [190, 95], [170, 60], [170, 50]], "Longitude lies from"),
    ],
)
def test_positions_off_the_earth_are_told_with_what_is_likely_behind_them(positions: Any, remedy: str) -> None:
    (finding,) = read_area(json.dumps(geojson([positions])), "a").findings
    assert finding.code == "plan-area-coordinates"
    assert remedy in finding.remedy


def test_too_many_positions_bytes_or_crossings_are_refused_soon() -> None:
    comb = [[x / 1000, (x % 2) * 80.0] for x in range(100_001)]
    assert codes(geojson([[*comb, [100, -1], [0, -1]]])) == [("plan-area-size", Severity.ERROR)]
    assert codes(" " * (16 * 1024 * 1024 + 1)) == [("plan-area-size", Severity.ERROR)]
    seeded = random.Random(7)
    knot = [[seeded.uniform(-90, 90), seeded.uniform(-60, 60)] for _ in range(20_000)]
    assert codes(geojson([knot])) == [("plan-area-crossing", Severity.ERROR)]


def test_a_key_that_is_none_is_an_error() -> None:
    assert [f.code for f in read_area(CANONICAL, "Front Range").findings] == ["plan-key"]


def test_an_area_for_each_value_of_a_property_joins_features_of_one_value() -> None:
    value = collection(
        feature(square(0, 0), NAME="Front Range", id=8),
        feature(square(1, 0), NAME="Front Range", id=8),
        feature(square(5, 5), NAME="Jura", id=9.5),
        feature(square(9, 9), id=True),
    )
    read = read_areas_by(json.dumps(value), "NAME", prefix="us-")
    assert [(area.key, area.name) for area in read.areas] == [("us-front-range", "Front Range"), ("us-jura", "Jura")]
    assert [(f.code, f.severity) for f in read.findings] == [("plan-area-property", Severity.WARNING)]
    assert [area.key for area in read_areas_by(json.dumps(value), "id").areas] == ["8", "9-5"]
    (missing,) = read_areas_by(json.dumps(value), "name_").findings
    assert missing.remedy == "They have NAME, id."


def test_two_values_of_one_key_are_an_error() -> None:
    value = collection(feature(SQUARE, n="St. Mary"), feature(SQUARE, n="St Mary"))
    assert [f.code for f in read_areas_by(json.dumps(value), "n").findings] == ["plan-duplicate"]


def test_the_size_of_a_known_country_and_of_the_whole_earth() -> None:
    assert square_kilometres(
        [[[(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, -90.0)]]]
    ) == pytest.approx(510_065_622, rel=1e-6)
    colorado = [[(-109.05, 37.0), (-102.05, 37.0), (-102.05, 41.0), (-109.05, 41.0), (-109.05, 37.0)]]
    assert square_kilometres([colorado]) == pytest.approx(269_600, rel=0.01)
    assert square_kilometres([[*colorado, colorado[0][::-1]]]) == pytest.approx(0, abs=1e-6)


def test_an_area_travels_through_text_and_nodes(tmp_path: Path) -> None:
    area = only(feature(square(-105, 39), name='Ba"y\n', comment="Why\nnot"), "bay")
    plan = Plan("p", areas=(area, only(geojson(SQUARE), "alps")))
    write_plan(plan, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("areas/*")) == ["alps.geojson", "bay.geojson"]
    again = read_text(tmp_path, FIELDS)
    assert [f for f in again.findings if f.code != "plan-empty"] == []
    assert [a.key for a in again.plan.areas] == ["alps", "bay"]
    assert again.plan.area_by_key["bay"] == area
    assert write_plan(again.plan, tmp_path, FIELDS) == []
    root, nodes = nodes_of(again.plan)
    assert plan_of(root, nodes.__getitem__) == again.plan


def test_a_file_of_another_hand_that_says_the_same_is_left_as_it_is_and_one_that_is_gone_removed(tmp_path: Path) -> None:
    plan = Plan("p", areas=(only(geojson(SQUARE), "a"), only(geojson(square(5, 5)), "b")))
    write_plan(plan, tmp_path)
    by_hand = json.dumps(collection(feature([SQUARE[0][::-1]], OBJECTID=17)), indent=4)
    (tmp_path / "areas" / "a.geojson").write_text(by_hand)
    (tmp_path / "areas" / "notes.txt").write_text("kept")
    assert write_plan(Plan("p", areas=plan.areas[:1]), tmp_path, FIELDS) == [tmp_path / "areas" / "b.geojson"]
    assert (tmp_path / "areas" / "a.geojson").read_text() == by_hand
    assert (tmp_path / "areas" / "notes.txt").exists()


def test_a_plan_without_areas_keeps_the_hash_it_had() -> None:
    root, nodes = nodes_of(Plan("p"))
    assert "areas" not in nodes[root]


def test_a_plan_of_one_file_holds_areas_inline() -> None:
    text = HEAD + (
        "areas:\n  # Where it snows.\n  - key: alps\n    name: Alps\n"
        '    geometry: {"type": "Polygon", "coordinates": [[[6, 45], [7, 45.5], [7, 46], [6, 45]]]}\n'
        "  - key: jura\n    geometry:\n      type: Feature\n      properties: {name: Jura}\n      geometry:\n"
        "        type: Polygon\n        coordinates: [[[6, 47], [7, 47], [6.5, 47.5]]]\n"
    )
    read = read_texts({"plan.yaml": text}, FIELDS)
    assert read.findings == ()
    assert read.is_one_file
    assert [(a.key, a.name, a.comment) for a in read.plan.areas] == [("alps", "Alps", "Where it snows."), ("jura", "Jura", "")]
    assert read.plan.areas[0].geometry == '{"type":"Polygon","coordinates":[[[6,45],[7,45.5],[7,46],[6,45]]]}'


def test_what_is_wrong_inline_is_told_with_its_line() -> None:
    lines = ("areas:", "  - {key: a, geometry: {type: Point, coordinates: [1, 2]}}", "  - {key: b}", "  - {key: c, geometry: 3}")
    read = read_texts({"plan.yaml": HEAD + "\n".join(lines) + "\n"}, FIELDS)
    assert [(f.code, f.place.line) for f in read.findings] == [
        ("plan-area-form", 3),
        ("plan-missing-line", 4),
        ("plan-value", 5),
    ]


def test_an_area_twice_or_named_badly_is_told() -> None:
    inline = HEAD + 'areas: [{key: a, geometry: {"type": "Polygon", "coordinates": [[[6, 47], [7, 47], [6.5, 47.5]]]}}]\n'
    files = {"plan.yaml": inline, "areas/a.geojson": CANONICAL, "areas/My Area.geojson": CANONICAL}
    read = read_texts(files, FIELDS)
    assert [(f.code, f.place.file) for f in read.findings] == [
        ("plan-duplicate", "areas/a.geojson"),
        ("plan-key", "areas/My Area.geojson"),
    ]


def test_half_a_character_is_refused_where_it_cannot_be_written() -> None:
    assert only(json.loads('{"type":"Feature","properties":{"name":"a\\ud800b"},"geometry":' + CANONICAL + "}")).name == "ab"
    with pytest.raises(InputError, match="half a character"):
        area_text(Area("a", CANONICAL, "\ud800"))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=4)))
@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_junk_as_coordinates_is_told(coordinates: Any) -> None:
    for kind in ("Polygon", "MultiPolygon", "GeometryCollection"):
        value = {"type": kind, "coordinates": coordinates, "geometries": coordinates, "features": coordinates}
        assert read_area(json.dumps(value, allow_nan=True), "a").findings
