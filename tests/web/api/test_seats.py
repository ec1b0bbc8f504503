"""Seats of a plan through the REST API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app

PLAN = "key: p\ntypes:\n  - key: geo\nterritories:\n  - key: all\n    type: geo\n    catch_all: true\n    seats:\n      - key: s\n"
FULL = {
    "territory": "all",
    "name": "North",
    "capacity_hours": 1600,
    "base_latitude": 39.74,
    "base_longitude": -104.99,
    "ramp_share": 0.5,
    "licences": ["US-WY", "us-co", "us-wy"],
}


@pytest.fixture
def api(sqlite_workspace: Workspace) -> Iterator[TestClient]:
    """A client with a token of an administrator, and a draft of a small plan, which is revision 1."""
    sqlite_workspace.user_add("ines", "a long enough password")
    headers = {"Authorization": f"Bearer {sqlite_workspace.token_add('tests', 'ines')}"}
    with TestClient(create_app(sqlite_workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        assert client.post("/plans", json={"files": {"plan.yaml": PLAN}}).json()["revision"] == 1
        yield client


def test_seats_are_put_read_and_taken_out(api: TestClient) -> None:
    assert api.put("/plans/1/seats/n", json=FULL).json()["id"] == 1
    got = api.get("/plans/1/seats/n").json()
    assert got == {**FULL, "key": "n", "role": "account executive", "owns": True, "comment": "", "licences": ["us-co", "us-wy"]}
    assert [seat["key"] for seat in api.get("/plans/1/seats").json()] == ["s", "n"]
    assert api.put("/plans/1/seats/n", json={**FULL, "base": "Boulder, CO"}).json()["id"] == 1
    moved = api.get("/plans/1/seats/n").json()
    assert (round(moved["base_latitude"]), round(moved["base_longitude"])) == (40, -105)
    assert api.put("/plans/1/seats/n", json={**FULL, "base": "Nowhere at all"}).status_code == 422
    api.put("/plans/1/seats/n", json=FULL)
    assert api.get("/plans/1").json()["territories"][0]["seats"][1]["ramp_share"] == 0.5
    assert "base_latitude: 39.74\n" in "".join(api.get("/plans/1/text").json().values())
    assert api.delete("/plans/1/seats/n").status_code == 200
    assert api.get("/plans/1/seats/n").status_code == 404
    assert api.delete("/plans/1/seats/n").status_code == 422


def test_a_territory_tells_what_each_of_its_seats_has(api: TestClient) -> None:
    api.put("/plans/1/seats/s", json=FULL)
    api.post("/plans/1/publish", json={})
    (seat,) = api.get("/territories/all").json()["seats"]
    assert {name: seat[name] for name in ("seat", "person", "base_latitude", "licences")} == {
        "seat": "s",
        "person": "",
        "base_latitude": 39.74,
        "licences": ["us-co", "us-wy"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"base_latitude": None},
        {"base_longitude": 181},
        {"ramp_share": 0},
        {"capacity_hours": -1},
        {"licences": ["?"]},
        {"licences": "us-co"},
        {"territory": "nowhere"},
        {"owns": "perhaps"},
    ],
)
def test_what_means_nothing_is_refused(api: TestClient, change: dict[str, Any]) -> None:
    assert api.put("/plans/1/seats/n", json={**FULL, **change}).status_code in (400, 422)
    assert [seat["key"] for seat in api.get("/plans/1/seats").json()] == ["s"]
