"""Proofs through the REST API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app

PLAN = "key: p\ntypes:\n  - key: geo\nterritories:\n  - key: west\n    type: geo\n    rules:\n      - key: main\n        when: employees >= 10\n"


@pytest.fixture
def api(sqlite_workspace: Workspace) -> Iterator[TestClient]:
    """A client with a token of an administrator, and a draft with a gap, which is revision 1."""
    sqlite_workspace.user_add("ines", "a long enough password")
    headers = {"Authorization": f"Bearer {sqlite_workspace.token_add('tests', 'ines')}"}
    with TestClient(create_app(sqlite_workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        assert client.post("/plans", json={"files": {"plan.yaml": PLAN}}).json()["revision"] == 1
        yield client


def test_a_proof_tells_verdict_findings_and_examples(api: TestClient) -> None:
    found = api.get("/plans/1/proof").json()
    assert (found["verdict"], found["gaps"], found["doubles"], found["undecided"], found["book"]) == ("refuted", 2, 0, 0, None)
    first = next(f for f in found["findings"] if f["code"] == "plan-gap")
    assert first["example"] == {"employees": "0"}
    assert first["severity"] == "warning"


def test_the_proof_of_a_plan_that_is_not_there_is_not_there(api: TestClient) -> None:
    assert api.get("/plans/9/proof").status_code == 404
