"""Why through the REST API: one account, a selection, a territory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app
from tests.web.pages.conftest import Company, company

__all__ = ["company"]


@pytest.fixture(scope="module")
def api(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client with a token on the demo company."""
    workspace: Workspace = company.copy(tmp_path_factory.mktemp("api") / "company").open()
    headers = {"Authorization": f"Bearer {workspace.token_add('tests', 'demo')}"}
    with TestClient(create_app(workspace), base_url="http://testserver/api/v1", headers=headers) as client:
        yield client
    workspace.close()


def test_an_explanation_is_paged_and_searched(api: TestClient) -> None:
    account = api.get("/accounts", params={"where": "region = 'US-TX'", "rows": 1}).json()["rows"][0]["id"]
    first = api.get(f"/accounts/{account}/explanation", params={"rows": 5}).json()
    second = api.get(f"/accounts/{account}/explanation", params={"rows": 5, "first": 5}).json()
    assert len(first["failed"]) == len(second["failed"]) == 5
    assert first["failed"] != second["failed"]
    assert first["recorded"] == [first["held"][0]["territory"]]
    assert first["flips"]
    named = api.get(f"/accounts/{account}/explanation", params={"search": "wasatch"}).json()
    assert [f["territory"]["key"] for f in named["failed"]] == ["wasatch"]


def test_a_selection_is_paged(api: TestClient) -> None:
    query = {"where": "employees > 200", "rows": 3}
    first = api.get("/explanations", params=query).json()
    second = api.get("/explanations", params={**query, "cursor": first["next"]}).json()
    assert len(first["rows"]) == len(second["rows"]) == 3
    assert not {row["id"] for row in first["rows"]} & {row["id"] for row in second["rows"]}
    held = api.get(f"/accounts/{first['rows'][0]['id']}/explanation").json()["held"][0]["territory"]["key"]
    assert first["rows"][0]["territory"] == held
    assert api.get("/explanations", params={"territory": "west", "rows": 1}).json()["total"] > 0
    assert api.get("/explanations", params={"where": "nonsense"}).status_code == 422


def test_a_territory_adds_up(api: TestClient) -> None:
    found = api.get("/territories/west/explanation").json()
    assert found["total"]["accounts"] == api.get("/territories/west").json()["whole"]["accounts"]
    assert sum(tally["accounts"] for _, tally in found["by_via"]) == found["total"]["accounts"]
    assert api.get("/territories/nowhere/explanation").status_code == 404
