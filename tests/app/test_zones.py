"""The verbs of zone sets."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import pytest

from metes.app.workspace import Workspace
from metes.app.zone_shelf import Bounded
from metes.base.errors import Conflict, InputError, NotFound
from metes.store import audit_reading, audit_verifying

ACCOUNTS = """id,name,country,latitude,longitude
A1,In the west,US,39.5,-105.5
A2,In the east,US,39.5,-104.5
A3,Nowhere near,US,45,-80
A4,Without a place,,,
"""


def box(west: float, code: str, **properties: Any) -> dict[str, Any]:
    """A square of one degree in Colorado, so far to the east of its western border."""
    left, right = west - 106, west - 105
    ring = [[left, 39], [right, 39], [right, 40], [left, 40], [left, 39]]
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def geojson(*features: dict[str, Any]) -> bytes:
    """A collection as text."""
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


TWO = geojson(box(0, "west", people=3), box(1, "east", people=4))


def test_a_set_is_added_read_drawn_and_removed(workspace: Workspace) -> None:
    added = workspace.zone_set_add("two", TWO, id_property="code", name="Two squares", measures=["people"])
    assert added.findings == ()
    zones = workspace.zone_set("two")
    assert zones.digest == added.zones.digest
    assert dict(zip(zones.ids, zones.measures["people"], strict=True)) == {"east": 4, "west": 3}
    listed = {summary.key: summary for summary in workspace.zone_set_list()}
    assert list(listed) == ["us-counties", "us-zips", "world-countries", "two"]
    assert (listed["two"].zones, listed["two"].is_built_in, listed["two"].added_by) == (2, False, "local")

    digest, packed = workspace.zone_set_shapes("two")
    assert digest == zones.digest
    assert len(json.loads(gzip.decompress(packed))["objects"]["zones"]["geometries"]) == 2
    _, tile = workspace.zone_set_tile("two", 0, 0, 0)
    assert len(mapbox_vector_tile.decode(gzip.decompress(tile))["zones"]["features"]) == 2
    drawn = workspace.shelf.books / "zones" / digest[:24]
    assert {file.name for file in drawn.iterdir()} == {"shapes.json.gz", "0-0-0.mvt.gz"}

    workspace.zone_set_remove("two")
    assert not drawn.exists()
    with pytest.raises(NotFound, match="there is no zone set 'two'"):
        workspace.zone_set("two")
    with workspace.store.read() as connection:
        told = [(entry.action, entry.subject) for entry in audit_reading.page(connection)]
        assert told[:2] == [("zone set remove", "two"), ("zone set add", "two")]
        assert audit_verifying.first_broken(connection) is None


def test_a_set_of_the_same_key_takes_the_place_of_the_one_before(sqlite_workspace: Workspace) -> None:
    sqlite_workspace.zone_set_add("two", TWO, id_property="code")
    first = sqlite_workspace.zone_set("two")
    digest, _ = sqlite_workspace.zone_set_shapes("two")
    sqlite_workspace.zone_set_add("two", geojson(box(0, "west"), box(1, "middle"), box(2, "east")), id_property="code")
    assert len(sqlite_workspace.zone_set("two")) == 3
    assert len(first) == 2
    assert not (sqlite_workspace.shelf.books / "zones" / digest[:24]).exists()


def test_accounts_are_in_the_zone_they_lie_in(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(ACCOUNTS)
    sqlite_workspace.import_("accounts", [path])
    sqlite_workspace.zone_set_add("two", TWO, id_property="code")
    zones = sqlite_workspace.zone_set("two")
    found = sqlite_workspace.zone_of_account(zones)
    assert [zones.ids[at] if at >= 0 else "" for at in found] == ["west", "east", "", ""]
    assert sqlite_workspace.zone_of_account(zones) is found
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


def test_numbers_of_a_table_make_a_set_in_which_accounts_go_by_code_as_before(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("id,name,country\nA1,Without a place,DE\n")
    sqlite_workspace.import_("accounts", [tmp_path / "accounts.csv"])
    (tmp_path / "firms.csv").write_text("code,firms\nDE,7\nXX,1\n")
    added = sqlite_workspace.zone_set_measure(
        "market", "world-countries", tmp_path / "firms.csv", id_column="code", measures=["firms"]
    )
    assert [finding.code for finding in added.findings] == ["zone-unknown", "zone-measure"]
    zones = sqlite_workspace.zone_set("market")
    (at,) = sqlite_workspace.zone_of_account(zones)
    assert (zones.ids[at], zones.measures["firms"][at], zones.measures["firms"].sum()) == ("DE", 7, 7)
    with pytest.raises(InputError, match="has no column 'kode'"):
        sqlite_workspace.zone_set_measure("market", "world-countries", tmp_path / "firms.csv", id_column="kode", measures=["firms"])


def test_a_built_in_set_is_made_once_and_kept_on_disk(sqlite_workspace: Workspace) -> None:
    assert [summary.zones for summary in sqlite_workspace.zone_set_list()] == [None, None, None]
    made = sqlite_workspace.zone_set("world-countries")
    assert sqlite_workspace.zone_set("world-countries") is made
    assert sqlite_workspace.zone_set_list()[2].zones == len(made)
    sqlite_workspace.shelf.zones.sets.values.clear()
    again = sqlite_workspace.zone_set("world-countries")
    assert again is not made
    assert again.digest == made.digest
    # A file that was cut off is made anew.
    (file,) = (sqlite_workspace.shelf.books / "zones").glob("world-countries-*.arrow")
    file.write_bytes(file.read_bytes()[:1000])
    sqlite_workspace.shelf.zones.sets.values.clear()
    assert sqlite_workspace.zone_set("world-countries").digest == made.digest


def test_what_cannot_be_added_is_refused_with_all_findings(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no feature has the property 'kode'\. Did you mean 'code'") as refused:
        sqlite_workspace.zone_set_add("two", TWO, id_property="kode", measures=["money"])
    assert [finding.code for finding in refused.value.findings] == ["zone-property", "zone-property"]
    for key, message in [("us-zips", "comes with Metes"), ("Front Range", "such as 'front-range'")]:
        with pytest.raises(InputError, match=message):
            sqlite_workspace.zone_set_add(key, TWO, id_property="code")
    with pytest.raises(InputError, match="comes with Metes"):
        sqlite_workspace.zone_set_remove("us-counties")
    with pytest.raises(InputError, match="cannot be read"):
        sqlite_workspace.zone_set_add("two", tmp_path / "nothing.geojson", id_property="code")
    with pytest.raises(NotFound, match="Did you mean 'us-counties'"):
        sqlite_workspace.zone_set("us-county")
    with pytest.raises(NotFound, match="there is no zone set 'two'"):
        sqlite_workspace.zone_set_remove("two")
    assert len(sqlite_workspace.zone_set_list()) == 3


def test_what_is_exported_can_be_added_again(sqlite_workspace: Workspace, tmp_path: Path) -> None:
    sqlite_workspace.zone_set_add("two", TWO, id_property="code", measures=["people"])
    zones = sqlite_workspace.zone_set("two")
    path = tmp_path / "two.geojson"
    sqlite_workspace.zone_set_export(zones, path)
    back = sqlite_workspace.zone_set_add("again", path, id_property="id", name_property="name", measures=["people"]).zones
    assert (back.ids, back.names, back.shapes, back.pairs.tolist()) == (zones.ids, zones.names, zones.shapes, zones.pairs.tolist())
    assert back.measures["people"].tolist() == zones.measures["people"].tolist()
    with pytest.raises(Conflict, match="there already"):
        sqlite_workspace.zone_set_export(zones, path)
    with pytest.raises(InputError, match="cannot be written"):
        sqlite_workspace.zone_set_export(zones, tmp_path / "no" / "folder.geojson")


@pytest.mark.parametrize("place", [(17, 0, 0), (2, 4, 0), (-1, 0, 0), (3, -1, 0)])
def test_a_tile_that_no_map_has_is_not_there(sqlite_workspace: Workspace, place: tuple[int, int, int]) -> None:
    with pytest.raises(NotFound, match="there is no tile"):
        sqlite_workspace.zone_set_tile("us-zips", *place)


def test_a_shelf_keeps_what_was_asked_for_last() -> None:
    shelf = Bounded(10, len)
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert shelf.get(text, lambda text=text: make(text)) == text
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]
    assert shelf.weight == 8
    # One larger than all of the shelf is given, and the last to go.
    assert shelf.get("d" * 50, lambda: "d" * 50) == "d" * 50
    assert list(shelf.values) == ["d" * 50]


def test_a_value_that_many_ask_for_is_made_once_and_others_do_not_wait_for_it() -> None:
    shelf = Bounded(10)
    shelf.get("ready", lambda: "ready")
    begun, go_on, made = threading.Event(), threading.Event(), []

    def slow() -> str:
        begun.set()
        assert go_on.wait(20)
        made.append(1)
        return "slow"

    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.get("slow", slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    assert shelf.get("ready", lambda: "not again") == "ready"
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert (found, made, shelf.making) == (["slow"] * 4, [1], {})


def test_a_value_that_could_not_be_made_is_tried_again() -> None:
    shelf = Bounded(10)
    with pytest.raises(ZeroDivisionError):
        shelf.get("one", lambda: 1 // 0)
    assert shelf.get("one", lambda: 1) == 1
