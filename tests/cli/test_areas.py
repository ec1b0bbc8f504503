"""Areas of a plan by command line: from a GeoJSON file to accounts that a rule takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metes.model.plan import Plan
from metes.plan.text import read_plan
from tests.cli.conftest import Command
from tests.plan.strategies import FIELDS

ACCOUNTS = """id,name,country,latitude,longitude
A1,In the square,US,40,-105
A2,Outside of it,US,45,-80
A3,Nowhere,US,,
"""
PLAN = """key: fy27
types:
  - key: geo
territories:
  - key: west
    type: geo
    rules:
      - key: front
        when: in area 'front-range'
    seats:
      - key: west-1
  - key: house
    type: geo
    catch_all: true
"""


def square(west: float, south: float, **properties: Any) -> dict[str, Any]:
    """A feature of one degree by one."""
    ring = [[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.fixture
def company(metes: Command, tmp_path: Path) -> Command:
    """Three accounts, and a plan whose rule asks for an area that stands in one file with it."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    geometry = json.dumps(square(-105.5, 39.5)["geometry"])
    (tmp_path / "plan.yaml").write_text(f"{PLAN}areas:\n  - key: front-range\n    geometry: {geometry}\n")
    assert metes("import", "accounts", "accounts.csv").code in (0, 1)
    imported = metes("plan", "import", "plan.yaml")
    assert imported.code == 0, imported.err
    assert metes("plan", "publish", "draft").code == 0
    return metes


def test_a_rule_takes_what_lies_in_an_area_and_a_new_border_moves_it(company: Command, tmp_path: Path) -> None:
    company("assign")
    assert company("owner", "A1", "--json").json["territory"] == "west"
    assert company("owner", "A3", "--json").json["territory"] == "house"
    (tmp_path / "east.geojson").write_text(json.dumps(square(-80.5, 44.5, name="Lakes")))
    added = company("plan", "area", "add", "front-range", "east.geojson", "--comment", "Moved")
    assert added.code == 0, added.err
    assert "Change the border of area front-range: 9,472 km² before, 8,743 km² after." in company("plan", "diff").out.splitlines()
    assert company("plan", "publish", "draft").code == 0
    company("assign")
    assert company("owner", "A2", "--json").json["territory"] == "west"
    assert company("owner", "A1", "--json").json["territory"] == "house"


def test_areas_are_listed_shown_made_by_property_and_removed(company: Command, tmp_path: Path) -> None:
    counties = [square(0, 0, NAME="Weld"), square(1, 0, NAME="Weld"), square(5, 5, NAME="El Paso")]
    (tmp_path / "counties.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": counties}))
    added = company("plan", "area", "add-each", "counties.geojson", "--property", "NAME", "--prefix", "co-")
    assert (added.code, "2 areas are in draft" in added.err) == (0, True)
    listed = company("plan", "area", "list", "draft", "--json").json
    assert [(a["key"], a["name"], len(a["rules"])) for a in listed] == [
        ("co-el-paso", "El Paso", 0),
        ("co-weld", "Weld", 0),
        ("front-range", "", 1),
    ]
    assert "co-weld" in company("plan", "area", "list", "draft").out
    shown = company("plan", "area", "show", "co-weld", "draft")
    assert json.loads(shown.out)["properties"] == {"name": "Weld"}
    assert company("plan", "area", "show", "co-weld", "draft", "--json").json["geometry"]["type"] == "Polygon"
    assert "plan-area-unused" in company("plan", "check", "draft").err
    assert company("plan", "area", "remove", "co-weld").code == 0
    assert company("plan", "area", "show", "co-weld", "draft").code == 2
    assert company("plan", "area", "remove", "front-range").code == 0
    assert "rule-unknown-area" in company("plan", "check", "draft").err


def test_export_and_import_again_make_the_same_plan(company: Command, tmp_path: Path) -> None:
    assert company("plan", "export", "out").code == 0
    again = company("plan", "import", "out", "--json").json
    assert company("plan", "diff", "active", str(again["revision"])).out == ""
    plan: Plan = read_plan(tmp_path / "out", FIELDS)[0]
    assert [area.key for area in plan.areas] == ["front-range"]
    assert company("plan", "export", "out").err == "out holds this plan already; nothing was written\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "no UTF-8"),
        (b"{}", "expected GeoJSON"),
        (json.dumps(square(39, -105)).encode(), "exchanged"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_draws_no_area_is_told_and_nothing_is_kept(
    company: Command, tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "bad.geojson").write_bytes(content)
    for command in (("add", "x", "bad.geojson"), ("add-each", "bad.geojson", "--property", "NAME")):
        refused = company("plan", "area", *command)
        assert (refused.code, message in refused.err) == (2, True)
    assert [r["state"] for r in company("plan", "list", "--json").json] == ["active"]


def test_before_a_first_plan_is_active_an_area_goes_to_the_draft(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN.replace("in area 'front-range'", "country = 'US'"))
    assert metes("plan", "import", "plan.yaml").code in (0, 1)
    (tmp_path / "lakes.geojson").write_text(json.dumps(square(-80.5, 44.5, name="Lakes")))
    added = metes("plan", "area", "add", "lakes", "lakes.geojson")
    assert added.code == 0, added.err
    assert "lakes" in metes("plan", "area", "list", "draft").out
    assert len([row for row in metes("plan", "list", "--json").json if row["state"] == "draft"]) == 1
