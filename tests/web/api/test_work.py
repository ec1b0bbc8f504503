"""Jobs with their logs, schedules and the edit of an account through the REST API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app
from metes.worker.loop import run_next
from tests.cli.test_jobs import PLAN


@pytest.fixture
def api(sqlite_workspace: Workspace, tmp_path: Path) -> Iterator[TestClient]:
    """A client with a token of an administrator on a company of two accounts, assigned."""
    (tmp_path / "accounts.csv").write_text("id,name,employees\nA1,Kettle,10\nA2,Ash,90\n")
    sqlite_workspace.import_("accounts", [tmp_path / "accounts.csv"])
    sqlite_workspace.plan_import({"plan.yaml": PLAN})
    sqlite_workspace.plan_publish("draft")
    sqlite_workspace.assign_now()
    sqlite_workspace.user_add("ines", "a long enough password")
    headers = {"Authorization": f"Bearer {sqlite_workspace.token_add('tests', 'ines')}"}
    with TestClient(create_app(sqlite_workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        yield client


def test_assignments_asked_for_twice_are_one_job_with_one_log(api: TestClient, sqlite_workspace: Workspace) -> None:
    first, second = (api.post("/assignments").json()["job"] for _ in range(2))
    assert first == second
    assert api.post(f"/jobs/{first}/cancel").json()["state"] == "cancelled"
    assert api.post(f"/jobs/{first}/resume").json()["state"] == "queued"
    run_next(sqlite_workspace, "here")
    lines = api.get(f"/jobs/{first}/log").json()
    assert [line["text"] for line in lines[:3]] == ["ines asked for it", "ines asked for it", "ines asked it to stop"]
    assert api.get(f"/jobs/{first}/log", params={"after": lines[-2]["number"]}).json() == lines[-1:]
    assert api.post(f"/jobs/{first}/resume").status_code == 409
    assert api.get("/jobs/99/log").status_code == 404


def test_schedules_are_added_run_paused_and_removed(api: TestClient, sqlite_workspace: Workspace) -> None:
    body = {"name": "weekly", "kind": "drop-logs", "cadence": "weekly monday 02:00"}
    added = api.post("/schedules", json=body)
    assert added.status_code == 201
    assert (added.json()["cadence"], added.json()["next_at"]) == ("weekly monday 02:00", "2026-03-16T02:00:00+00:00")
    assert api.post("/schedules", json=body).status_code == 409
    assert api.post("/schedules", json={**body, "cadence": "at times"}).status_code == 422
    job = api.post("/schedules/weekly/run")
    assert job.status_code == 202
    run_next(sqlite_workspace, "here")
    assert api.get(f"/jobs/{job.json()['job']}").json()["state"] == "done"
    assert not api.post("/schedules/weekly/pause").json()["is_enabled"]
    assert api.post("/schedules/weekly/resume").json()["is_enabled"]
    assert api.delete("/schedules/weekly").status_code == 204
    assert [s["name"] for s in api.get("/schedules").json()] == [
        "clean-up",
        "daily-digest",
        "nightly-assignment",
        "old-logs",
        "reminders",
        "retention",
        "weekly-digest",
    ]
    assert api.delete("/schedules/weekly").status_code == 404


def test_an_account_is_changed_and_assigned(api: TestClient) -> None:
    changed = api.patch("/accounts/A1", json={"fields": {"employees": "60"}, "expected": 1}).json()
    assert (changed["is_changed"], changed["import"], changed["assigned"]["moved"], changed["job"]) == (True, 2, 1, None)
    assert api.get("/accounts/A1/owner").json()["holdings"][0]["territory"] == "large"
    assert api.patch("/accounts/A1", json={"fields": {"employees": "70"}, "expected": 1}).status_code == 409
    refused = api.patch("/accounts/A1", json={"fields": {"employees": "many", "colour": "red"}})
    assert refused.status_code == 422
    assert api.patch("/accounts/A9", json={"fields": {"employees": "70"}}).status_code == 404
