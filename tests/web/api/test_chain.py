"""The chain through the REST API with a token: plan, import, publish, assign, owner, explanation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app
from metes.worker.loop import run_next
from tests.cli.test_chain import ACCOUNTS, PLAN


@pytest.fixture
def api(workspace: Workspace) -> Iterator[TestClient]:
    """A client with a token of an administrator."""
    workspace.user_add("ines", "a long enough password")
    token = workspace.token_add("tests", "ines")
    with TestClient(
        create_app(workspace), base_url="http://testserver/api/v1", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        yield client


def test_a_company_is_ruled_assigned_and_explained_by_requests_alone(api: TestClient, workspace: Workspace) -> None:
    sent = api.post("/imports", data={"kind": "accounts"}, files={"file": ("accounts.csv", ACCOUNTS.encode())})
    assert sent.status_code == 202
    assert run_next(workspace, "here")
    job = api.get(f"/jobs/{sent.json()['job']}").json()
    assert (job["state"], job["result"]["created"]) == ("done", 5)

    made = api.post("/plans", json={"files": {"plan.yaml": PLAN}})
    assert made.status_code == 201
    draft = made.json()["revision"]
    changed = api.put(f"/plans/{draft}/territories/west/rules/states", json={"when": "country = 'US'", "name": "All of it"})
    assert changed.json()["id"] == draft
    assert "when: country = 'US'" in "".join(api.get(f"/plans/{draft}/text").json().values())
    pin = {"account": "A4", "territory": "west", "reason": "asked for", "from": "2020-01-01"}
    assert api.post(f"/plans/{draft}/pins", json=[pin]).status_code == 200
    assert api.post(f"/plans/{draft}/publish", json={}).json()["state"] == "active"

    assert api.post("/assignments").status_code == 202
    assert run_next(workspace, "here")
    held = {row["id"]: row["territory"] for row in api.get("/accounts", params={"columns": "id,territory"}).json()["rows"]}
    assert held == {"A1": "front-range", "A2": "west", "A3": "front-range", "A4": "west", "A5": "house"}
    assert api.get("/accounts/A4/owner").json()["holdings"][0]["via"] == "pin"
    assert "asked for" in " ".join(api.get("/accounts/A4/explanation").json()["sentences"])
    assert api.get("/audit/verification").json()["is_whole"]


def test_pages_of_a_list_visit_each_account_once(api: TestClient, workspace: Workspace) -> None:
    api.post("/imports", data={"kind": "accounts"}, files={"file": ("accounts.csv", ACCOUNTS.encode())})
    run_next(workspace, "here")
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get("/accounts", params={"rows": 2, "sort": "-potential", "columns": "id", "cursor": cursor}).json()
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == ["A4", "A1", "A3", "A2", "A5"]


def test_without_a_token_nothing_is_told(api: TestClient) -> None:
    api.headers.pop("Authorization")
    assert api.get("/accounts").status_code == 401
    assert api.get("/accounts", headers={"Authorization": "Bearer metes_wrong"}).status_code == 401


def test_a_plan_with_errors_is_refused_with_file_and_line(api: TestClient) -> None:
    answer = api.post("/plans", json={"files": {"plan.yaml": PLAN.replace("country = 'US' and", "contry = 'US' and")}})
    assert answer.status_code == 422
    finding = answer.json()["error"]["findings"][0]
    assert (finding["code"], finding["file"], finding["line"]) == ("rule-unknown-field", "plan.yaml", 11)
    assert "country" in finding["remedy"]
