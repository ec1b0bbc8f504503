"""A plan checked and proved in a real browser, from the plan's page to the rule that stands level with another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

NEW_RULE = "/plan/1/territories/great-basin/new-rule"


def test_a_plan_is_proved_and_a_level_rule_is_found_and_followed(open_page: Callable[..., Page]) -> None:
    page = open_page("/plan?revision=1", width=1200, height=900)
    page.get_by_role("button", name="Check and prove").click()
    expect(page.get_by_role("status").filter(has_text="Proved: every possible account")).to_be_visible()

    page.goto(page.url.split("/plan/")[0] + NEW_RULE + "?mode=text")
    page.get_by_role("button", name="Text", exact=True).click()
    page.get_by_label("Name").first.fill("Provo too")
    page.get_by_label("Rule as text").fill("region = 'US-UT' and city = 'Provo'")
    page.get_by_role("button", name="Save in draft").click()
    expect(page.get_by_text("The rule was saved in draft 2")).to_be_visible()

    page.goto(page.url.split("/plan/")[0] + "/plan/2/check")
    page.get_by_role("button", name="Check and prove").click()
    expect(page.get_by_text("Not proved: 1 double is possible")).to_be_visible()
    expect(page.get_by_text("city = 'Provo'").first).to_be_visible()
    page.locator("ul.findings").get_by_role("link").first.click()
    expect(page.locator("#proved")).to_contain_text("stands level with")


@pytest.mark.parametrize("width", [360, 1440])
def test_the_findings_stay_within_the_window(open_page: Callable[..., Page], width: int) -> None:
    page = open_page("/plan/1/check", width=width, height=800)
    page.get_by_role("button", name="Check and prove").click()
    expect(page.get_by_text("questions to the solver")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
