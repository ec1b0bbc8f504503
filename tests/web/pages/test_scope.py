"""The same pages as a rep, a manager, and somebody without a territory see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from metes.model.query import AccountQuery
from metes.model.scope import Principal
from metes.web.application import create_app
from metes.web.visits import COOKIE
from tests.web.pages.conftest import Company, Visitor

PASSWORD = "a long password"
LINK = re.compile(r'(?:href|hx-get|data-fills|data-points)="(/[^"#]*)')
# What a page links to beside the place it is about, and files.
_LEFT_OUT = re.compile(r"/(static|accounts/export|accounts/views|accounts/why\.|preferences|sign-out)")


@pytest.fixture(scope="module")
def roles(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Visitor]]:
    """A rep of one territory, the manager above it, and somebody whose role has no place."""
    workspace = company.copy(tmp_path_factory.mktemp("roles") / "company").open()
    plan = workspace.require_active()[1]
    rep = max(workspace.tree(), key=lambda node: (node.depth, node.own.accounts)).territory
    for name, role, territory in (("rep", "rep", rep.key), ("manager", "manager", rep.parent), ("new", "rep", "")):
        workspace.user_add(f"scope-{name}", PASSWORD, roles=[role], territory=territory or "")
    app = create_app(workspace)
    found = {}
    for user in workspace.user_list():
        if user.name.startswith("scope-"):
            client = TestClient(app, raise_server_exceptions=True)
            _sign_in(client, user.name)
            found[user.name.removeprefix("scope-")] = Visitor(client, workspace.acting_as(Principal(user.name, user.id)))
    assert plan.territory_by_key[rep.key].parent is not None
    yield found
    workspace.close()


def _sign_in(client: Any, name: str) -> None:
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORD}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert client.cookies.get(COOKIE) or client.cookies


def test_lists_count_what_each_sees_and_of_the_same(roles: dict[str, Visitor]) -> None:
    counts = {name: visitor.workspace.total().accounts for name, visitor in roles.items()}
    assert 0 == counts["new"] < counts["rep"] < counts["manager"] < 600
    for name in ("rep", "manager"):
        text = roles[name].get("/accounts")
        assert f"<dd>{counts[name]:,}</dd>" in text, name
        assert set(re.findall(r'href="/accounts/(\d+)"', text)) <= {
            str(row["account"]) for row in roles[name].workspace.accounts(AccountQuery(rows=200)).rows
        }


@pytest.mark.parametrize("name", ["rep", "manager"])
def test_no_page_offers_what_does_not_open(roles: dict[str, Visitor], name: str) -> None:
    visitor = roles[name]
    (account, *_) = [row["account"] for row in visitor.workspace.accounts(AccountQuery(rows=1)).rows]
    own = sorted(visitor.workspace.scope.territories or ())[-1]
    seen: set[str] = set()
    for page in (
        "/",
        "/accounts",
        f"/accounts/{account}",
        "/territories",
        f"/territories/{own}",
        "/people",
        "/map",
        "/search?q=a",
        f"/accounts/{account}/why",
    ):
        text = visitor.get(page)
        for href in {h.replace("&amp;", "&") for h in LINK.findall(text)} - seen:
            seen.add(href)
            if not _LEFT_OUT.match(href):
                asked = f"{href}{'&' if '?' in href else '?'}bbox=-125,24,-66,50" if href.startswith("/map/points") else href
                status = visitor.client.get(asked).status_code
                assert status == 200, (page, href, status)
    assert any(href.startswith("/map/fills.json") for href in seen)


def test_whoever_has_no_territory_is_told_whom_to_ask(roles: dict[str, Visitor]) -> None:
    for page in ("/", "/accounts", "/territories", "/map"):
        assert "You have no territory yet" in roles["new"].get(page), page


def test_a_rep_is_told_that_hours_are_hidden_and_a_manager_sees_them(roles: dict[str, Visitor], visitor: Visitor) -> None:
    key = next(iter(roles["rep"].workspace.scope.territories or ()))
    assert visitor.workspace.territory(key).plan.seats_by_territory.get(key)
    assert "Capacity and ramp of others are hidden" in roles["rep"].get(f"/territories/{key}")
    assert "are hidden" not in roles["manager"].get(f"/territories/{key}")
