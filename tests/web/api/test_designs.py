"""Designs through the API: small answers, versions, and findings."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app
from metes.worker.loop import run_next
from tests.designing.worlds import asked, company


@pytest.fixture
def client(sqlite_workspace: Workspace, tmp_path: Path) -> Iterator[TestClient]:
    """Somebody with a token, at the company of 24 accounts."""
    company(sqlite_workspace, tmp_path)
    sqlite_workspace.user_add("ann", "long enough a password")
    secret = sqlite_workspace.token_add("test", "ann")
    with TestClient(create_app(sqlite_workspace), headers={"authorization": f"Bearer {secret}"}) as made:
        yield made


def test_a_design_is_begun_moved_undone_and_taken_into_a_draft(client: TestClient) -> None:
    made = client.post("/api/v1/designs", json={"spec": asked()})
    assert made.status_code == 201
    number = made.json()["id"]
    at = f"/api/v1/designs/{number}"
    state = client.get(f"{at}/state").json()
    assert (state["version"], [t["key"] for t in state["territories"]]) == (1, ["west", "east"])
    moved = client.post(f"{at}/move", json={"version": 1, "units": [0, 1], "territory": 1}).json()
    assert (moved["version"], moved["moved"], len(moved["rows"])) == (2, 2, 2)
    assert np.frombuffer(base64.b64decode(moved["units"]), "<i4").tolist() == [0, 1]
    assert client.post(f"{at}/move", json={"version": 1, "units": [2], "territory": 1}).status_code == 409
    assert client.post(f"{at}/lock", json={"units": [3]}).json()["version"] == 3
    assert client.post(f"{at}/unlock", json={"units": [3]}).json()["version"] == 4
    assert client.post(f"{at}/label", json={"territory": 0, "name": "Dusk"}).json()["text"].endswith("called Dusk.")
    assert client.post(f"{at}/undo", json={}).json()["can_redo"]
    assert client.post(f"{at}/redo", json={}).json()["can_redo"] is False
    assert client.get(f"{at}/compare").json()["accounts"] == 2
    assert client.get(f"{at}/fairness").json()["seats"][0]["quota"] is None
    seats = client.get(f"{at}/seats", params={"seat_cost": 10, "span": 1}).json()
    assert [row["seats"] for row in seats["rows"]] == [1, 2, 3]
    assert seats["texts"][1].endswith("and cost 10 USD a year.")
    assert client.get(f"{at}/seats", params={"value": "happiness"}).status_code == 422
    assert client.get(f"{at}/export").text.splitlines()[1].startswith("A00,")
    assert client.get(f"{at}/spec").text.startswith("name: Two\n")
    assert client.post(f"{at}/plan").json()["elsewhere"] == 0
    copy = client.post(f"{at}/copies", json={"name": "Other"}).json()["id"]
    assert client.delete(f"/api/v1/designs/{copy}").json() == {"removed": copy}
    assert client.post(f"/api/v1/designs/{copy}/restore").json()["name"] == "Other"
    assert [row["id"] for row in client.get("/api/v1/designs").json()] == [copy, number]
    assert client.post(f"{at}/run").status_code == 202


def test_units_and_assignment_are_sent_again_only_where_they_changed(client: TestClient) -> None:
    number = client.post("/api/v1/designs", json={"spec": asked()}).json()["id"]
    for part, changes in (("units", False), ("assignment", True)):
        address = f"/api/v1/designs/{number}/{part}"
        first = client.get(address)
        assert client.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304
        client.post(f"/api/v1/designs/{number}/move", json={"units": [0 if changes else 1], "territory": "east"})
        again = client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == (200 if changes else 304)


def test_bases_are_told_and_a_frontier_is_a_job_of_which_a_point_is_picked(client: TestClient, sqlite_workspace: Workspace) -> None:
    number = client.post("/api/v1/designs", json={"spec": asked()}).json()["id"]
    at = f"/api/v1/designs/{number}"
    bases = client.get(f"{at}/bases", params={"seconds": 1, "slack_share": 0.5}).json()
    assert (len(bases["bases"]), bases["measure"]) == (2, "accounts")
    assert client.get(f"{at}/bases", params={"seconds": 600}).status_code == 422
    assert client.get(f"{at}/frontier").json() == {"id": number, "currency": "USD", "job": None, "state": None, "points": []}
    queued = client.post(f"{at}/frontier")
    assert queued.status_code == 202
    job = queued.json()["job"]
    assert client.get(f"{at}/frontier").json()["state"] == "queued"
    while run_next(sqlite_workspace, "test"):
        pass
    found = client.get(f"{at}/frontier").json()
    assert (found["job"], found["state"]) == (job, "done")
    assert "content" not in found["points"][0]
    made = client.post(f"{at}/frontier/pick", json={"job": job, "point": 0})
    assert (made.status_code, made.json()["name"]) == (201, "Two, point 1")
    assert client.post(f"{at}/frontier/pick", json={"job": job, "point": 99}).status_code == 404


def test_what_cannot_be_designed_answers_with_findings(client: TestClient) -> None:
    answer = client.post("/api/v1/designs", json={"text": "territories: 0\nmeasures: [happiness]"})
    assert answer.status_code == 422
    assert "design-spec" in answer.text
    assert client.get("/api/v1/designs/99/state").status_code == 404
