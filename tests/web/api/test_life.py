"""The life of a plan through the REST API: branch, merge, review, publish, cancel, revert, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app

PLAN = """\
key: p
types:
  - key: geo
territories:
  - key: all
    type: geo
    catch_all: true
    children:
      - {key: west, name: West, type: geo, rules: [{key: r, when: region = 'US-CA'}]}
      - {key: east, name: East, type: geo, rules: [{key: r, when: region = 'US-NY'}]}
"""


@pytest.fixture
def api(sqlite_workspace: Workspace) -> Iterator[TestClient]:
    """A client with a token of ines, with a small plan in force, which is revision 1."""
    sqlite_workspace.user_add("ines", "a long enough password")
    headers = {"Authorization": f"Bearer {sqlite_workspace.token_add('tests', 'ines', role='administrator')}"}
    with TestClient(create_app(sqlite_workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        client.post("/plans", json={"files": {"plan.yaml": PLAN}})
        assert client.post("/plans/1/publish", json={}).json()["state"] == "active"
        yield client


@pytest.fixture
def second(api: TestClient, sqlite_workspace: Workspace) -> dict[str, str]:
    """The header of another user, otto."""
    sqlite_workspace.user_add("otto", "another long password", roles=["administrator"])
    return {"Authorization": f"Bearer {sqlite_workspace.token_add('tests of otto', 'otto', role='administrator')}"}


def branch(api: TestClient, title: str, when: str, territory: str = "west") -> int:
    """A scenario of the active plan in which a territory's rule asks for something else."""
    made = api.post("/plans/active/branch", json={"title": title}).json()
    api.put(f"/plans/{made['id']}/territories/{territory}/rules/r", json={"when": when})
    return int(made["id"])


def ended(answer: Any, status: int) -> Any:
    """The answer, which must have a status."""
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def test_a_scenario_is_begun_named_and_logged(api: TestClient) -> None:
    number = branch(api, "Coast", "region = 'US-OR'")
    assert ended(api.post(f"/plans/{number}/rename", json={"title": "Whole coast"}), 200)["title"] == "Whole coast"
    kinds = [entry["kind"] for entry in api.get(f"/plans/{number}/log").json()]
    assert {"branch", "edit", "publish"} <= set(kinds)
    ended(api.post("/plans/active/branch", json={"title": ""}), 422)
    ended(api.post("/plans/1/rename", json={"title": "No"}), 404)


def test_conflicts_are_told_settled_and_only_then_merged(api: TestClient) -> None:
    mine = branch(api, "Mine", "region = 'US-OR'")
    other = branch(api, "Other", "region = 'US-WA'")
    asked = ended(api.post(f"/plans/{mine}/merge", json={"source": str(other)}), 200)
    assert asked["revision"] is None
    (conflict,) = asked["conflicts"]
    assert (conflict["ours"], conflict["theirs"]) == ("region = 'US-OR'", "region = 'US-WA'")
    taken = api.post(f"/plans/{mine}/merge", json={"source": str(other), "choices": {conflict["key"]: "theirs"}}).json()
    assert taken["revision"]["id"] == mine
    rules = {t["key"]: t["rules"] for t in api.get(f"/plans/{mine}").json()["territories"]}
    assert rules["west"][0]["when"] == "region = 'US-WA'"
    ended(api.post(f"/plans/{mine}/merge", json={"source": str(other), "choices": {"x": "nobody's"}}), 422)


def test_a_part_is_approved_by_whoever_was_given_the_right(api: TestClient, second: dict[str, str]) -> None:
    right = ended(api.post("/rights", json={"user": "otto", "right": "approve", "territory": "west"}), 201)["right"]
    assert [(r["user"], r["territory"]) for r in api.get("/rights").json()] == [("otto", "west")]
    number = branch(api, "Coast", "region in ('US-CA', 'US-OR')")
    proposed = ended(api.post(f"/plans/{number}/propose", json={"rationale": "Otto has time"}), 200)
    assert [(p["part"]["key"], p["may_decide"]) for p in proposed["parts"]] == [("west", False)]
    decision = {"part": "west", "decision": "approve"}
    ended(api.post(f"/plans/{number}/decisions", json=decision), 403)
    said = ended(api.post(f"/plans/{number}/comments", json={"text": "Why?", "subject": "rule west/r"}), 201)["comment"]
    assert ended(api.post(f"/comments/{said}/resolve"), 200)["resolved_by"] == "ines"
    assert len(api.get("/reviews", headers=second).json()) == 1
    approved = ended(api.post(f"/plans/{number}/decisions", json=decision, headers=second), 200)
    assert approved["is_settled"]
    assert approved["revision"]["state"] == "approved"
    ended(api.delete(f"/rights/{right}"), 204)
    assert ended(api.post(f"/plans/{number}/withdraw"), 200)["revision"]["state"] == "draft"


def test_a_publication_is_cancelled_before_its_day_and_taken_back_after_it(api: TestClient) -> None:
    number = branch(api, "Coast", "region = 'US-OR'")
    assert api.get(f"/plans/{number}/messages?rationale=more").json() == []
    ahead = ended(api.post(f"/plans/{number}/publish", json={"on": "2026-09-01", "rationale": "later"}), 200)
    assert ahead["state"] == "scheduled"
    newest = api.get("/publications").json()[0]
    assert ended(api.post(f"/publications/{newest['id']}/cancel", json={"reason": "too soon"}), 200)["state"] == "draft"
    assert ended(api.post(f"/plans/{number}/publish", json={"rationale": "now"}), 200)["state"] == "active"
    record = api.get(f"/publications/{api.get('/publications').json()[0]['id']}").json()
    assert record["publication"]["rationale"] == "now"
    back = ended(api.post(f"/publications/{record['publication']['id']}/revert", json={}), 200)
    ended(api.post(f"/plans/{back['revision']['id']}/publish", json={}), 200)
    rules = {t["key"]: t["rules"] for t in api.get("/plans/active").json()["territories"]}
    assert rules["west"][0]["when"] == "region = 'US-CA'"


def test_what_the_plan_moved_on_from_cannot_be_published(api: TestClient) -> None:
    first, late = branch(api, "First", "region = 'US-OR'"), branch(api, "Late", "region = 'US-NJ'", "east")
    ended(api.post(f"/plans/{first}/publish", json={}), 200)
    assert "merge it in first" in ended(api.post(f"/plans/{late}/publish", json={}), 409)["error"]["message"]
    assert ended(api.post(f"/plans/{late}/merge", json={}), 200)["conflicts"] == []
    ended(api.post(f"/plans/{late}/publish", json={}), 200)


def test_messages_are_for_whoever_is_linked_to_a_person(api: TestClient) -> None:
    assert api.get("/messages").json() == []
    ended(api.post("/publications/1/acknowledge"), 422)
    ended(api.put("/users/ines/person", json={"person": "nobody"}), 404)
    ended(api.put("/users/ines/person", json={"person": None}), 204)
