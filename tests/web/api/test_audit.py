"""The audit trail and personal data through the REST API."""

from __future__ import annotations

from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from tests.web.api.test_work import api as api


def test_the_trail_is_filtered_shown_exported_and_verified(api: TestClient) -> None:
    assert api.post("/schedules/clean-up/pause").status_code == 200
    entry = api.get("/audit", params={"rows": 1, "action": "schedule", "from": "testclient"}).json()[0]
    assert (entry["principal"], entry["via"], entry["after"]) == ("ines", "token 1", {"enabled": False})
    assert api.get(f"/audit/{entry['id']}").json() == entry
    assert api.get("/audit/99999").status_code == 404
    assert api.get("/audit", params={"since": "2030-01-01"}).json() == []
    assert api.get("/audit", params={"since": "2026-02-01", "until": "2026-01-01"}).status_code == 422
    assert api.get("/audit/export.csv", params={"subject": "schedule clean-up"}).text.count("\n") == 2
    assert api.get("/audit/export.pdf").status_code == 422
    anchor = api.get("/audit/anchor").json()
    told = api.post("/audit/verification", json=[anchor]).json()
    assert (told["is_whole"], told["anchors"], told["entries"]) == (True, 1, anchor["count"])
    wrong = api.post("/audit/verification", json=[{**anchor, "hash": "0" * 64}]).json()
    assert (wrong["is_whole"], wrong["faults"][0]["kind"]) == (False, "rewritten")
    assert api.get("/audit/verification").json()["is_whole"]


def test_somebody_is_found_handed_out_and_erased(api: TestClient, sqlite_workspace: Workspace) -> None:
    # A common token of an administrator does none of it.
    assert api.get("/privacy/register").status_code == 404
    api.headers["Authorization"] = f"Bearer {sqlite_workspace.token_add('privacy', 'ines', role='administrator')}"
    sqlite_workspace.user_add("zquix", "a long enough password", roles=["rep"])
    (one,) = api.get("/privacy/people", params={"q": "zquix"}).json()
    place = f"/privacy/user/{one['number']}"
    assert api.get(place).json()["name"] == "zquix"
    assert api.post(f"{place}/export").json()["own"][0]["name"] == "zquix"
    assert api.get(f"{place}/erasure").json()["entry"] is None
    assert api.post(f"{place}/erasure", json={"confirmed": "someone"}).status_code == 409
    assert api.post(f"{place}/erasure", json={"confirmed": "zquix"}).json()["entry"] > 0
    assert api.get("/privacy/people", params={"q": "zquix"}).json() == []
    assert {held["table"] for held in api.get("/privacy/register").json()} >= {"users", "people"}
    assert api.get("/privacy/retention").json()[0]["setting"] == "keep_audit_addresses_days"
    assert api.post("/privacy/retention").json() == {"keep_audit_addresses_days": 0}
