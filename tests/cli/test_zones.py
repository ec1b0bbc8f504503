"""Zone sets by command line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.app.test_zones import TWO, box, geojson
from tests.cli.conftest import Command


def test_a_file_becomes_a_set_that_is_listed_shown_written_and_removed(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "two.geojson.gz").write_bytes(gzip.compress(TWO))
    added = metes("zones", "add", "two", "two.geojson.gz", "--id", "code", "--measure", "people", "--title", "Two squares")
    assert (added.code, added.err) == (0, "two holds zones: 2, pairs of neighbours: 1, links: 0\n")
    listed = {row["key"]: row for row in metes("zones", "list", "--json").json}
    assert (listed["two"]["name"], listed["two"]["zones"], listed["us-zips"]["is_built_in"]) == ("Two squares", 2, True)
    shown = metes("zones", "show", "two").out
    assert "zones: 2\n" in shown
    assert "measure people: 7 in all\n" in shown
    assert metes("zones", "show", "two", "--json").json["links"] == []

    assert metes("zones", "shapes", "two", "out.geojson").code == 0
    written = json.loads((tmp_path / "out.geojson").read_text())
    assert [f["properties"]["people"] for f in written["features"]] == [4, 3]
    again = metes("zones", "shapes", "two", "out.geojson")
    assert again.code == 2
    assert "there already; name another" in again.err

    assert metes("zones", "remove", "two").code == 0
    assert metes("zones", "show", "two").code == 2
    assert metes("zones", "remove", "two", "--undo").code == 0
    assert metes("zones", "show", "two").code == 0
    assert metes("zones", "remove", "two", "--undo").code == 2
    assert metes("zones", "remove", "two").code == 0


def test_repairs_are_told_and_islands_alone_are_no_finding(metes: Command, tmp_path: Path) -> None:
    (tmp_path / "apart.geojson").write_bytes(geojson(box(0, "west"), box(4, "east")))
    apart = metes("zones", "add", "apart", "apart.geojson", "--id", "code")
    assert apart.code == 0
    assert "east is joined to west, 343 km" in apart.err or "west is joined to east, 343 km" in apart.err
    assert len(metes("zones", "show", "apart", "--json").json["links"]) == 1
    (tmp_path / "twice.geojson").write_bytes(geojson(box(0, "a"), box(1, "a")))
    twice = metes("zones", "add", "twice", "twice.geojson", "--id", "code", "--json")
    assert twice.code == 1
    assert [finding["code"] for finding in twice.json["findings"]] == ["zone-duplicate"]


def test_a_built_in_set_is_shown_with_its_links(metes: Command) -> None:
    shown = metes("zones", "show", "world-countries").out
    assert "key: world-countries" in shown
    assert "links: 95" in shown
    assert "… and 75 more (--json lists all)" in shown


@pytest.mark.parametrize(("key", "file"), [("us-zips", "two.geojson"), ("two", "nothing.geojson"), ("Two Squares", "two.geojson")])
def test_what_cannot_be_added_is_refused(metes: Command, tmp_path: Path, key: str, file: str) -> None:
    (tmp_path / "two.geojson").write_bytes(TWO)
    assert metes("zones", "add", key, file, "--id", "code").code == 2
