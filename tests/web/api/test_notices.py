"""Notices through the REST API: the caller's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.store import notices
from metes.web.application import create_app
from tests.conftest import NOW


@pytest.fixture
def api(sqlite_workspace: Workspace) -> Iterator[TestClient]:
    """A client with a token of ines, who was told two things; otto was told one."""
    for name in ("ines", "otto"):
        sqlite_workspace.user_add(name, "a long enough password", roles=["administrator"])
    for number, (name, kind) in enumerate([("ines", "comment"), ("otto", "comment"), ("ines", "reminder")]):
        with sqlite_workspace.store.write() as connection:
            user = next(u.id for u in sqlite_workspace.user_list() if u.name == name)
            notices.add_notices(connection, kind=kind, subject=f"S{number}", text="t", link="/plan", now=NOW, user_ids=[user])
    headers = {"Authorization": f"Bearer {sqlite_workspace.token_add('tests', 'ines', role='administrator')}"}
    with TestClient(create_app(sqlite_workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        yield client


def test_notices_are_listed_filtered_and_read(api: TestClient) -> None:
    found = api.get("/notices").json()
    assert (found["unread"], [n["subject"] for n in found["notices"]]) == (2, ["S2", "S0"])
    newest, oldest = (n["id"] for n in found["notices"])
    assert [n["id"] for n in api.get("/notices", params={"kind": "comment"}).json()["notices"]] == [oldest]
    assert [n["id"] for n in api.get("/notices", params={"before": newest, "rows": 1}).json()["notices"]] == [oldest]
    assert api.post(f"/notices/{newest}/read").json()["read_at"] == "2026-03-14T09:30:00+00:00"
    assert [n["id"] for n in api.get("/notices", params={"unread": True}).json()["notices"]] == [oldest]
    assert api.post(f"/notices/{oldest + 1}/read").status_code == 404  # otto's
    assert api.post("/notices/read", json={"kind": "reminder"}).json() == {"read": 0}
    assert api.post("/notices/read", json={}).json() == {"read": 1}
    assert api.get("/notices", params={"kind": "gossip"}).status_code == 422


def test_preferences_are_chosen_and_a_server_that_is_missing_is_said(api: TestClient) -> None:
    before = api.get("/notices/preferences").json()
    assert (before["address"], before["has_mail_server"], len(before["choices"])) == (None, False, 8)
    after = api.put("/notices/preferences/comment", json={"in_app": False, "by_mail": "never"}).json()
    assert {"kind": "comment", "in_app": False, "by_mail": "never"} in after["choices"]
    assert api.put("/notices/preferences/comment", json={"in_app": True, "by_mail": "hourly"}).status_code == 422
    assert api.put("/notices/address", json={"address": "ines@example.com"}).json()["address"] == "ines@example.com"
    assert api.put("/notices/address", json={"address": None}).json()["address"] is None
    assert api.post("/notices/retry-mail").json() == {"mails": 0}
    refused = api.post("/notices/test-mail", json={"address": "ines@example.com"})
    assert refused.status_code == 422
    assert "METES_SMTP_URL" in refused.json()["error"]["message"]
