"""What maps draw zones from: for those who are signed in, packed, and known by its digest."""

from __future__ import annotations

import json

import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

from metes.web.application import create_app
from tests.app.test_zones import TWO
from tests.web.pages.conftest import Company, Visitor

SHAPES = "/zones/two/shapes.json"
TILE = "/zones/two/tiles/0/0/0.mvt"


@pytest.fixture
def drawing(editor: Visitor) -> Visitor:
    """Somebody with a set of two squares."""
    editor.workspace.zone_set_add("two", TWO, id_property="code")
    return editor


def test_shapes_come_as_topojson(drawing: Visitor) -> None:
    answer = drawing.client.get(SHAPES)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-encoding"] == "gzip"
    members = answer.json()["objects"]["zones"]["geometries"]
    assert [(member["id"], member["properties"]["id"]) for member in members] == [(0, "east"), (1, "west")]


def test_tiles_come_as_vector_tiles(drawing: Visitor) -> None:
    answer = drawing.client.get(TILE)
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert {f["id"] for f in mapbox_vector_tile.decode(answer.content)["zones"]["features"]} == {0, 1}
    empty = drawing.client.get("/zones/two/tiles/5/0/0.mvt")
    assert (empty.status_code, empty.content) == (200, b"")


@pytest.mark.parametrize("address", [SHAPES, TILE])
def test_who_has_it_already_is_told_so_and_who_names_the_digest_may_keep_it(drawing: Visitor, address: str) -> None:
    answer = drawing.client.get(address)
    assert answer.headers["cache-control"] == "private, no-cache"
    again = drawing.client.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    digest = drawing.workspace.zone_set("two").digest
    assert drawing.client.get(f"{address}?v={digest[:12]}").headers["cache-control"] == "private, max-age=31536000, immutable"
    assert drawing.client.get(f"{address}?v={digest[:4]}").headers["cache-control"] == "private, no-cache"
    assert drawing.client.get(f"{address}?v={'0' * 12}").headers["cache-control"] == "private, no-cache"


def test_who_cannot_unpack_gets_it_unpacked(drawing: Visitor) -> None:
    answer = drawing.client.get(SHAPES, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert json.loads(answer.content)["type"] == "Topology"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/zones/three/shapes.json", 404),
        ("/zones/two/tiles/0/0/1.mvt", 404),
        ("/zones/two/tiles/17/0/0.mvt", 404),
        ("/zones/two/tiles/-1/0/0.mvt", 404),
        ("/zones/two/tiles/a/0/0.mvt", 422),
        (f"/zones/two/tiles/3/{'9' * 400}/0.mvt", 404),
    ],
)
def test_what_is_not_there_is_not_made_up(drawing: Visitor, address: str, status: int) -> None:
    assert drawing.client.get(address).status_code == status


def test_nobody_sees_zones_without_signing_in(company: Company) -> None:
    workspace = company.open()
    with TestClient(create_app(workspace)) as client:
        for address in (SHAPES, TILE):
            answer = client.get(address, follow_redirects=False)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")
    workspace.close()
