"""Types, lists and areas of a plan through the REST API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app

PLAN = "key: p\ntypes:\n  - key: geo\nterritories:\n  - key: all\n    type: geo\n    catch_all: true\n    seats:\n      - key: s\n"


@pytest.fixture
def api(sqlite_workspace: Workspace) -> Iterator[TestClient]:
    """A client with a token of an administrator, and a draft of a small plan, which is revision 1."""
    sqlite_workspace.user_add("ines", "a long enough password")
    headers = {"Authorization": f"Bearer {sqlite_workspace.token_add('tests', 'ines')}"}
    with TestClient(create_app(sqlite_workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        assert client.post("/plans", json={"files": {"plan.yaml": PLAN}}).json()["revision"] == 1
        yield client


def feature(west: float, **properties: Any) -> dict[str, Any]:
    """A square of one degree on the equator."""
    ring = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_areas_are_put_read_and_taken_out(api: TestClient) -> None:
    put = api.put("/plans/1/areas/gulf", json={"geojson": feature(8, name="Gulf"), "comment": "Where oil is."}).json()
    assert (put["revision"]["id"], put["areas"], put["findings"]) == (1, ["gulf"], [])
    got = api.get("/plans/1/areas/gulf").json()
    assert (got["name"], got["comment"], got["vertices"], got["box"], got["rules"]) == (
        "Gulf",
        "Where oil is.",
        4,
        [8, 0, 9, 1],
        [],
    )
    assert got["square_km"] == pytest.approx(12_364, abs=1)
    assert got["geojson"]["properties"] == {"name": "Gulf", "comment": "Where oil is."}
    assert (
        api.put("/plans/1/areas/gulf", json={"geojson": got["geojson"]}).json()["revision"]["root_hash"]
        == put["revision"]["root_hash"]
    )
    both = {"type": "FeatureCollection", "features": [feature(0, code="A"), feature(1, code="B")]}
    assert api.post("/plans/1/areas", json={"geojson": both, "property": "code", "prefix": "z-"}).json()["areas"] == ["z-a", "z-b"]
    assert [area["key"] for area in api.get("/plans/1/areas").json()] == ["gulf", "z-a", "z-b"]
    rule = api.put("/plans/1/territories/all/rules/r", json={"when": "in area 'gulf'"})
    assert rule.status_code == 200
    assert api.get("/plans/1/areas/gulf").json()["rules"] == [{"territory": "all", "rule": "r"}]
    assert api.delete("/plans/1/areas/gulf").status_code == 200
    assert api.get("/plans/1/areas/gulf").status_code == 404
    assert "rule-unknown-area" in {finding["code"] for finding in api.get("/plans/1/findings").json()}


@pytest.mark.parametrize(
    "body",
    [
        {"geojson": {}},
        {"geojson": feature(200)},
        {"geojson": {"type": "Polygon", "coordinates": [[[0, 0], [float("inf"), 1], [1, 1], [0, 0]]]}},
        {"geojson": 3},
        {"geojson": feature(0), "name": "n" * 201},
    ],
)
def test_what_draws_no_area_is_refused_with_findings(api: TestClient, body: Any) -> None:
    answer = api.put("/plans/1/areas/a", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert api.get("/plans/1/areas").json() == []
    assert api.put("/plans/1/areas/Bad Key", json={"geojson": feature(0)}).status_code in (400, 422)


def test_lists_are_put_read_and_taken_out(api: TestClient) -> None:
    put = api.put("/plans/1/lists/key", json={"values": ["A1", "A2", "A1"], "name": "Key"}).json()
    assert (put["values"], put["repeated"]) == (2, 1)
    assert api.get("/plans/1/lists/key").json() == {"key": "key", "name": "Key", "values": ["A1", "A2"]}
    api.put("/plans/1/territories/all/rules/r", json={"when": "id in list 'key'"})
    assert api.get("/plans/1/lists").json() == [
        {"key": "key", "name": "Key", "values": 2, "rules": [{"territory": "all", "rule": "r"}]}
    ]
    assert api.delete("/plans/1/lists/key").status_code == 200
    assert api.get("/plans/1/lists/key").status_code == 404
    assert api.delete("/plans/1/lists/key").status_code in (400, 404, 422)


def test_types_are_put_and_taken_out_unless_they_are_used(api: TestClient) -> None:
    body = {"name": "Specialists", "role": "overlay", "policy": "share", "priority": 200, "kind": "industry"}
    assert api.put("/plans/1/types/spec", json=body).status_code == 200
    types = {kind["key"]: kind for kind in api.get("/plans/1").json()["types"]}
    assert {name: types["spec"][name] for name in body} == body
    assert api.put("/plans/1/types/spec", json={"role": "boss"}).status_code == 422
    assert api.delete("/plans/1/types/spec").status_code == 200
    assert api.delete("/plans/1/types/geo").status_code == 422
