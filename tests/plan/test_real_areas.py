"""Areas made of the maps that people really have: states and provinces of the world, counties of the United States."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from metes.model.condition import Equals
from metes.model.plan import Area, Plan, Rule, Territory, TerritoryType
from metes.plan.areas import read_area, read_areas_by
from metes.plan.check import check_plan
from metes.plan.diff import diff
from metes.plan.nodes import nodes_of, plan_of
from metes.plan.polygons import extent_of
from metes.plan.text import read_text
from metes.plan.writing import write_plan
from tests.plan.strategies import FIELDS

pytestmark = pytest.mark.data


def plan_with(areas: tuple[Area, ...]) -> Plan:
    """A sound plan that asks for each area."""
    rules = tuple(Rule(f"r{number}", Equals(f"area:{area.key}", True)) for number, area in enumerate(areas))
    types = (TerritoryType("geo"),)
    territories = (Territory("all", "geo", is_catch_all=True, rules=rules),)
    return Plan("p", types=types, territories=territories, areas=areas)


def travels(areas: tuple[Area, ...], folder: Path) -> Plan:
    """The plan of some areas, written, read, written again and stored: always the same."""
    plan = plan_with(areas)
    written = write_plan(plan, folder)
    assert len(written) == len(areas) + 2
    again = read_text(folder, FIELDS)
    assert again.findings == ()
    assert diff(plan, again.plan) == ()
    assert again.plan.areas == plan.areas
    assert write_plan(again.plan, folder) == []
    root, nodes = nodes_of(again.plan)
    assert plan_of(root, nodes.__getitem__) == again.plan
    return again.plan


def test_every_province_of_the_world_becomes_an_area_and_stays_it(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "geo" / "world" / "ne_admin1_states_provinces.geojson.gz"
    read = read_areas_by(gzip.decompress(path.read_bytes()).decode(), "adm0_a3", prefix="c-")
    assert all(finding.severity == "warning" for finding in read.findings)
    assert len(read.areas) > 200
    plan = travels(read.areas, tmp_path)
    codes = {finding.code for finding in check_plan(plan, FIELDS)}
    assert codes <= {"plan-area-date-line", "plan-no-owning-seat", "plan-root-rules", "rule-costly"}
    size = {area.key: extent_of(area.geometry).square_km for area in plan.areas}
    assert size["c-fra"] == pytest.approx(640_000, rel=0.05)
    assert size["c-usa"] == pytest.approx(9_500_000, rel=0.05)


def test_counties_of_an_atlas_in_topojson_are_told_to_be_converted_and_then_taken(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "geo" / "us_counties_states" / "counties-10m.json"
    topology = json.loads(path.read_text())
    (refused,) = read_area(json.dumps({**topology, "arcs": []}), "counties").findings
    assert (refused.code, "mapshaper" in refused.remedy) == ("plan-area-form", True)
    counties = features_of(topology, "counties")
    colorado = [feature for feature in counties["features"] if feature["properties"]["id"].startswith("08")]
    read = read_areas_by(json.dumps({"type": "FeatureCollection", "features": colorado}), "id", prefix="us-")
    assert len(read.areas) == 64
    assert [finding.message.partition(" are")[0] for finding in read.findings] == ["9 rings of fewer than 4 positions"]
    travels(read.areas, tmp_path)
    together = read_area(json.dumps({"type": "FeatureCollection", "features": colorado}), "colorado")
    whole = extent_of(together.areas[0].geometry)
    assert whole.polygons == 1
    assert whole.square_km == pytest.approx(sum(extent_of(area.geometry).square_km for area in read.areas), rel=1e-6)
    assert whole.square_km == pytest.approx(269_600, rel=0.01)


def test_zip_areas_of_rhode_island_are_taken(real_data: Path, tmp_path: Path) -> None:
    path = real_data / "geo" / "us_zcta_polygons" / "ri_rhode_island_zip_codes_geo.min.json.gz"
    read = read_areas_by(gzip.decompress(path.read_bytes()).decode(), "ZCTA5CE10", prefix="zip-")
    assert all(finding.severity == "warning" for finding in read.findings)
    assert len(read.areas) > 70
    travels(read.areas, tmp_path)


def features_of(topology: dict[str, Any], name: str) -> dict[str, Any]:
    """The polygons of an object of TopoJSON as GeoJSON, by the format's specification: arcs are sums of steps on a grid."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[list[float]]] = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arc.append([x * kx + dx, y * ky + dy])
        arcs.append(arc)

    def ring(indices: list[int]) -> list[list[float]]:
        out: list[list[float]] = []
        for index in indices:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            out += arc[1:] if out else arc
        return out

    features = []
    for geometry in topology["objects"][name]["geometries"]:
        parts = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        coordinates = [[ring(indices) for indices in polygon] for polygon in parts]
        properties = {**geometry["properties"], "id": geometry["id"]}
        shape = {"type": "MultiPolygon", "coordinates": coordinates}
        features.append({"type": "Feature", "properties": properties, "geometry": shape})
    return {"type": "FeatureCollection", "features": features}
