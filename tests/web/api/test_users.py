"""Users, roles, groups and tokens over the API: who may, by session and by token, and what each answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app
from tests.app.roles_world import PASSWORD, begin


@pytest.fixture
def company(sqlite_workspace: Workspace, tmp_path: Path) -> Workspace:
    """The company of two coasts, with a rep and a program."""
    made = begin(sqlite_workspace, tmp_path)
    made.user_add("bo", PASSWORD, person="P2", roles=["rep"])
    made.user_add("crm", PASSWORD, roles=["integration"], territory="west")
    return made


@pytest.fixture
def api(company: Workspace) -> Iterator[TestClient]:
    """A client without a token."""
    with TestClient(create_app(company), base_url="http://testserver/api/v1") as client:
        yield client


def by(company: Workspace, user: str, **narrowed: Any) -> dict[str, dict[str, str]]:
    """The header of a token of a user."""
    return {"headers": {"Authorization": f"Bearer {company.token_add('tests', user, **narrowed)}"}}


def test_an_administrator_s_token_gives_and_takes_roles(company: Workspace, api: TestClient) -> None:
    ada = by(company, "ada", role="administrator")
    given = api.post("/roles", json={"role": "rep", "user": "bo", "territory": "east", "until": "2027-01-01"}, **ada)
    assert given.status_code == 201
    number = given.json()["role"]
    rows = api.get("/roles", params={"user": "bo"}, **ada).json()
    assert [(g["territory"], g["true_until"]) for g in rows if g["id"] == number] == [("east", "2027-01-01")]
    assert api.get("/users/bo/sees", **ada).json()["extent"] == {"territories": 2, "accounts": 7}
    assert api.delete(f"/roles/{number}", **ada).status_code == 204
    assert api.delete(f"/roles/{number}", **ada).status_code == 404
    (mine,) = api.get("/roles", params={"user": "ada"}, **ada).json()
    assert api.delete(f"/roles/{mine['id']}", **ada).status_code == 403


def test_groups_are_made_filled_and_dropped(company: Workspace, api: TestClient) -> None:
    ada = by(company, "ada", role="administrator")
    assert api.post("/groups", json={"name": "west", "external": "CN=west"}, **ada).status_code == 201
    assert api.post("/groups", json={"name": "west"}, **ada).status_code == 409
    assert api.put("/groups/west/members/bo", **ada).status_code == 204
    assert api.get("/groups", **ada).json()[0]["members"] == ["bo"]
    assert api.delete("/groups/west/members/bo", **ada).status_code == 204
    assert api.delete("/groups/west", **ada).status_code == 204
    assert api.delete("/groups/west", **ada).status_code == 404


def test_a_user_is_made_with_everything_found_and_linked(company: Workspace, api: TestClient) -> None:
    ada = by(company, "ada", role="administrator")
    body = {"name": "mo", "roles": ["manager"], "person": "P1", "email": "mo@example.com"}
    assert len(api.post("/users", json=body, **ada).json()["password"]) > 11
    (mo,) = api.get("/users", params={"q": "west", "role": "manager"}, **ada).json()
    assert (mo["name"], mo["roles"], mo["person"], mo["email"]) == ("mo", ["manager"], "Mo West", "mo@example.com")
    assert api.put("/users/mo/person", json={"person": "P3", "from": "2026-06-01"}, **ada).status_code == 204
    assert api.put("/users/mo/email", json={"email": None}, **ada).status_code == 204
    shown = api.get("/users/mo", **ada).json()
    assert [(link["person"], link["true_from"]) for link in shown["links"]] == [
        ("Ed East", "2026-06-01"),
        ("Mo West", "2026-03-14"),
    ]
    assert (shown["email"], shown["sessions"], shown["has_second_factor"]) == (None, 0, False)


ADMIN_ONLY = (
    ("get", "/users"),
    ("get", "/users/ada"),
    ("get", "/users/ada/sees"),
    ("get", "/roles"),
    ("get", "/groups"),
    ("post", "/users"),
    ("post", "/roles"),
    ("post", "/groups"),
    ("delete", "/roles/1"),
    ("delete", "/groups/west"),
    ("put", "/groups/west/members/bo"),
    ("put", "/users/ada/email"),
    ("post", "/users/ada/disable"),
)
BODIES = {
    "/users": {"name": "x"},
    "/roles": {"role": "rep", "user": "bo"},
    "/groups": {"name": "x"},
    "/users/ada/email": {"email": None},
}


@pytest.mark.parametrize("who", ["bo", "crm", "ada with all roles"])
def test_for_everybody_else_there_is_nothing_there(company: Workspace, api: TestClient, who: str) -> None:
    caller = by(company, who.split()[0])
    for method, path in ADMIN_ONLY:
        answer = api.request(method, path, json=BODIES.get(path) if method in ("post", "put") else None, **caller)
        if who.startswith("ada") and path == "/users/ada/sees":
            assert answer.status_code == 200  # one's own
            continue
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "there is nothing here"), (method, path)


def test_a_token_makes_no_token_and_sees_its_owner_s(company: Workspace, api: TestClient) -> None:
    bo = by(company, "bo")
    assert api.post("/tokens", json={"name": "more"}, **bo).status_code == 403
    (token,) = api.get("/tokens", **bo).json()
    assert (token["user"], token["role"], "digest" in token) == ("bo", None, False)
    assert api.delete(f"/tokens/{token['id']}", **bo).status_code == 204
    assert api.get("/tokens", **bo).status_code == 401


def test_a_narrowed_token_gets_what_its_territory_holds(company: Workspace, api: TestClient) -> None:
    whole, bay = by(company, "crm"), by(company, "crm", territory="bay")
    assert len(api.get("/accounts", **whole).json()["rows"]) == 5
    assert len(api.get("/accounts", **bay).json()["rows"]) == 3
    assert api.get("/territories/hills", **bay).status_code == 404
