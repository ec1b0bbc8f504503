"""Who signed in, through the REST API."""

from __future__ import annotations

from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from tests.web.api.test_work import api as api


def test_sign_ins_are_listed_page_by_page_and_exported(api: TestClient, sqlite_workspace: Workspace) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        sqlite_workspace.sign_in("ines", "a long enough password", address)
    newest = api.get("/sign-ins", params={"rows": 1}).json()[0]
    assert (newest["user"], newest["method"], newest["ended_how"]) == ("ines", "password", "")
    (first,) = api.get("/sign-ins", params={"before": newest["number"], "user": "ines"}).json()
    assert {newest["address"], first["address"]} == {"192.0.2.1", "192.0.2.2"}
    assert api.get("/sign-ins", params={"from": first["address"]}).json() == [first]
    assert api.get("/sign-ins", params={"before": 99}).status_code == 404
    assert api.get("/sign-ins", params={"since": "2026-02-01", "until": "2026-01-01"}).status_code == 422
    assert api.get("/sign-ins/export.csv", params={"method": "provider"}).text.count("\n") == 1
