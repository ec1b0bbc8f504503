"""The same lists as a rep and as a manager see them, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from metes.model.scope import Principal
from tests.browser.conftest import company, serving
from tests.web.pages.conftest import Company

__all__ = ["company"]

pytestmark = pytest.mark.browser
PASSWORD = "a quiet river of stones"


@pytest.fixture
def seen(company: Company, tmp_path: Path) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """A server, and of the users that a rep and the manager above are, how many accounts and territories they see."""
    own = company.copy(tmp_path / "company")
    workspace = own.open()
    rep = max(workspace.tree(), key=lambda node: (node.depth, node.own.accounts)).territory
    for name, role, territory in (("scope-rep", "rep", rep.key), ("scope-manager", "manager", rep.parent or "")):
        workspace.user_add(name, PASSWORD, roles=[role], territory=territory)
    counts = {}
    for user in workspace.user_list():
        if user.name.startswith("scope-"):
            mine = workspace.acting_as(Principal(user.name, user.id))
            counts[user.name] = (mine.total().accounts, len(mine.scope.territories or ()))
    workspace.close()
    with serving(own) as address:
        yield address, counts


def test_a_rep_and_a_manager_see_their_part_of_the_same_lists(
    chromium: Browser, seen: tuple[str, dict[str, tuple[int, int]]]
) -> None:
    address, counts = seen
    assert counts["scope-rep"] < counts["scope-manager"]
    for name, (accounts, _) in counts.items():
        context = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto("/sign-in?next=/accounts")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#sums dd").first).to_have_text(f"{accounts:,}")
        expect(page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Users")).to_have_count(0)
        page.goto("/map")
        expect(page.locator("metes-map")).to_be_visible()
        page.goto("/accounts")
        page.locator("main table tbody a").first.click()
        expect(page.get_by_role("heading", name="Owner today")).to_be_visible()
        expect(page.get_by_role("link", name="Edit", exact=True)).to_have_count(1 if name == "scope-manager" else 0)
        context.close()
