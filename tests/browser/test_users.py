"""Roles in a real browser: given with its consequence, looked at as somebody else, and a token that the API takes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import company

__all__ = ["company"]

pytestmark = pytest.mark.browser


def test_a_role_is_given_in_a_dialog_and_seen_by_looking_as_its_user(open_page: Callable[..., Page]) -> None:
    page = open_page("/users/rep", width=1280, height=800)
    expect(page.get_by_role("region", name="What rep sees")).to_contain_text("1 territory with")
    page.get_by_role("link", name="Give a role…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Manager").check()
    dialog.get_by_role("combobox", name="Place beside the seats").press_sequentially("texas")
    dialog.get_by_role("option").first.click()
    dialog.get_by_role("button", name="Go on").click()
    expect(page.locator(".consequence")).to_contain_text("rep sees 1 territory")
    page.get_by_role("button", name="Give the role").click()
    expect(page.get_by_role("region", name="What rep sees")).to_contain_text("Texas")

    page.get_by_role("link", name="View as…").click()
    page.get_by_role("dialog").get_by_label("Why").fill("Texas is missing on their map")
    page.get_by_role("button", name="View as rep").click()
    banner = page.get_by_text("You look at this as rep.")
    expect(banner).to_be_visible()
    page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Territories").click()
    expect(page.get_by_role("link", name="Texas").first).to_be_visible()
    expect(banner).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name="Users")).to_have_count(0)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="rep", exact=True)).to_be_visible()
    expect(banner).to_have_count(0)


def test_a_token_made_on_the_page_opens_the_api_until_it_is_revoked(open_page: Callable[..., Page]) -> None:
    page = open_page("/settings/tokens", width=1280, height=800)
    page.get_by_label("Name").fill("nightly")
    page.get_by_label("Holds for").select_option("30")
    page.get_by_role("button", name="Make token").click()
    secret = page.locator("[data-secret]").inner_text()
    ask = f"fetch('/api/v1/accounts?rows=1', {{headers: {{Authorization: 'Bearer {secret}'}}, credentials: 'omit'}}).then(a => a.status)"
    assert page.evaluate(ask) == 200
    page.goto("/settings/tokens")
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_role("row", name=re.compile("nightly")).get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The token is useless now.")).to_be_visible()
    # Asked from outside the page, whose console would complain of the refusal.
    assert page.request.get("/api/v1/accounts", headers={"Authorization": f"Bearer {secret}"}).status == 401
