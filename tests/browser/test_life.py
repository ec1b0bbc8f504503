"""The life of a plan in a real browser: branch, edit, compare, a conflict, approval by another, publication, read, taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import company
from tests.conftest import PATIENCE_MS

__all__ = ["company"]

pytestmark = pytest.mark.browser

JOB_MS = 2 * PATIENCE_MS


def second_user(chromium: Browser, address: str, password: str) -> Page:
    """A page on which ines is signed in."""
    page = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 800}, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/sign-in")
    page.get_by_label("Name").fill("ines")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password").fill("three words of hers")
    page.get_by_role("button", name="Keep it and go on").click()
    page.wait_for_url(f"{address}/")
    return page


def begin(page: Page, title: str) -> str:
    """Branch a scenario in the dialog; its address."""
    page.goto("/scenarios")
    page.get_by_role("link", name="New scenario").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill(title)
    dialog.get_by_role("button", name="Begin scenario").click()
    expect(page.locator(".pill.where")).to_contain_text(title)
    return f"/plan/{page.url.partition('revision=')[2]}"


def write_rule(page: Page, scenario: str, text: str) -> None:
    """Puget Sound's rule, typed as text."""
    page.goto(f"{scenario}/territories/puget-sound/rules/main?mode=text")
    page.locator("textarea[name=text]").fill(text)
    page.get_by_role("button", name="Save in draft").click()
    expect(page.locator(".rule-shown").first).to_contain_text(text)


def test_a_plan_is_branched_merged_approved_published_read_and_taken_back(
    open_page: Callable[..., Page], chromium: Browser, address: str
) -> None:
    page = open_page("/users/new", width=1280, height=800)
    page.locator("#name").fill("ines")
    page.get_by_role("checkbox", name="Administrator").check()
    page.get_by_role("button", name="Add user").click()
    secret = page.locator("[data-secret]").inner_text()
    coast, near = begin(page, "Coast"), begin(page, "Near")
    write_rule(page, coast, "region = 'US-OR'")
    write_rule(page, near, "region = 'US-ID'")

    page.goto(f"/plan/compare?a={coast.rpartition('/')[2]}&b={near.rpartition('/')[2]}")
    expect(page.locator(".sides mark").first).to_have_text("'US-OR'")
    page.get_by_role("link", name="Territories gain and lose").click()
    expect(page.get_by_role("region", name="In all")).to_contain_text("accounts change territory")

    page.goto(f"{coast}/merge?from={near.rpartition('/')[2]}")
    expect(page.get_by_role("region", name="Conflicts")).to_contain_text("1 of 1 to settle")
    page.get_by_role("radio", name=re.compile("^Theirs")).first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Merge it in").click()
    expect(page).to_have_url(re.compile(f"{coast}/changes$"))

    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_label("Why").fill("Idaho is near")
    page.get_by_role("button", name="Propose for review").click()
    expect(page.get_by_text("whoever changed a scenario does not approve it")).to_be_visible()
    ines = second_user(chromium, address, secret)
    ines.goto("/reviews")
    ines.get_by_role("link", name="Coast").click()
    ines.get_by_role("button", name="Approve").click()
    expect(ines.get_by_text("Every part is approved")).to_be_visible()
    ines.context.close()

    page.reload()
    page.get_by_role("link", name="Publish…").click()
    expect(page.get_by_role("region", name="What each person is told")).to_contain_text("Why: Idaho is near.")
    person = page.locator(".told a").first.inner_text()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".job")).to_have_attribute("data-state", "done", timeout=JOB_MS)

    page.goto("/users/demo/person")
    page.get_by_role("combobox", name="Person").press_sequentially(person)
    page.get_by_role("option").first.click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Save").click()
    page.goto("/my/changes")
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("You read it")).to_be_visible()

    page.goto("/plan/revisions")
    page.get_by_role("link", name="Coast", exact=True).click()
    expect(page.get_by_role("region", name="What each person was told")).to_contain_text("1 of")
    page.get_by_role("link", name="Take it back…").click()
    page.get_by_role("button", name="Begin the scenario").click()
    expect(page.locator(".steps")).to_contain_text("region = 'US-WA'")
