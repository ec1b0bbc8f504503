"""Sets of zones by the API."""

from __future__ import annotations

import json

from fastapi.testclient import TestClient

from tests.app.test_zones import TWO
from tests.web.api.test_chain import api  # noqa: F401  # the fixture


def test_a_set_is_put_read_and_removed(api: TestClient) -> None:  # noqa: F811
    body = {"geojson": json.loads(TWO), "id_property": "code", "name": "Two squares", "measures": ["people"]}
    put = api.put("/zones/two", json=body)
    assert put.json() == {"key": "two", "zones": 2, "neighbours": 1, "links": 0, "findings": []}
    assert [one["key"] for one in api.get("/zones").json()] == ["us-counties", "us-zips", "world-countries", "two"]
    found = api.get("/zones/two").json()
    assert (found["ids"], found["pairs"], found["links"]) == (["east", "west"], [[0, 1]], [])
    assert found["measures"]["people"] == [4, 3]
    assert found["latitude"] == [39.5, 39.5]
    shapes = api.get("/zones/two/shapes", params={"v": found["digest"][:12]})
    assert shapes.json()["objects"]["zones"]["geometries"][0]["properties"] == {"id": "east", "name": "east"}
    assert "immutable" in shapes.headers["cache-control"]
    assert api.delete("/zones/two").json() == {"removed": "two"}
    assert api.get("/zones/two").status_code == 404
    assert [one["key"] for one in api.get("/zones", params={"removed": True}).json()] == ["two"]
    assert api.post("/zones/two/restore").json()["name"] == "Two squares"
    assert api.get("/zones/two").json()["digest"] == found["digest"]
    assert api.post("/zones/two/restore").status_code == 404


def test_rows_add_their_numbers_to_the_zones_of_another_set(api: TestClient) -> None:  # noqa: F811
    api.put("/zones/two", json={"geojson": json.loads(TWO), "id_property": "code"})
    rows = [{"id": "west", "firms": 3}, {"id": "west", "firms": 4}, {"id": "east", "firms": 5}]
    put = api.put("/zones/market/measures", json={"of": "two", "rows": rows, "measures": ["firms"], "name": "Market"})
    assert [finding["code"] for finding in put.json()["findings"]] == ["zone-duplicate"]
    found = api.get("/zones/market").json()
    assert (found["name"], found["ids"], found["measures"]["firms"]) == ("Market", ["east", "west"], [5, 7])
    refused = api.put("/zones/market/measures", json={"of": "two", "rows": rows, "measures": ["shops"]})
    assert refused.status_code == 422
    assert "has no column 'shops'" in refused.text
    assert api.put("/zones/market/measures", json={"of": "none", "rows": rows, "measures": ["firms"]}).status_code == 404


def test_what_cannot_be_taken_is_told_with_its_findings(api: TestClient) -> None:  # noqa: F811
    refused = api.put("/zones/two", json={"geojson": json.loads(TWO), "id_property": "kode"})
    assert refused.status_code == 422
    assert refused.json()["error"]["findings"][0]["code"] == "zone-property"
    assert api.put("/zones/us-zips", json={"geojson": {}, "id_property": "x"}).status_code == 422
    assert api.put("/zones/two", json={"geojson": {}, "id_property": ""}).status_code == 422


def test_nobody_reads_zones_without_a_token(api: TestClient) -> None:  # noqa: F811
    api.headers.pop("Authorization")
    assert api.get("/zones").status_code == 401
    assert api.get("/zones/us-counties/shapes").status_code == 401
