"""Terms built in the rule's form, in a real browser, and read back as text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

RULE = "/plan/1/territories/puget-sound/new-rule"


def test_terms_built_by_form_are_counted_and_read_back_as_text(open_page: Callable[..., Page]) -> None:
    page = open_page(RULE, width=1200, height=900)
    row = page.locator(".rule-row").first
    row.get_by_label("Field").select_option(label="Distance to a point")
    expect(row.get_by_label("Comparison")).to_have_value("<=")
    row.get_by_label("Latitude and longitude").fill("47.6, -122.33")
    row.get_by_label("Distance", exact=True).fill("100")
    expect(page.locator("#rule-editor-live")).to_contain_text("of 600 accounts")

    page.get_by_role("button", name="Condition", exact=True).click()
    months = page.locator(".rule-row").nth(1)
    months.get_by_label("Field").select_option(label="Month")
    for name in ("Nov", "Dec", "Jan"):
        months.get_by_label(name).check()

    page.get_by_role("button", name="Condition", exact=True).click()
    orders = page.locator(".rule-row").nth(2)
    orders.get_by_label("Field").select_option(label="Number of orders")
    orders.get_by_label("Value").fill("2")
    expect(orders.get_by_label("Id of the product")).to_be_hidden()
    orders.get_by_label("Months").fill("12")

    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.get_by_label("Rule as text")).to_have_value(
        "distance to (47.6, -122.33) <= 100 km\nand month in (1, 11, 12)\nand orders count in last 12 months >= 2"
    )
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.locator(".rule-row")).to_have_count(3)
    expect(page.get_by_label("Latitude and longitude")).to_have_value("47.6, -122.33")
    assert [box.get_attribute("name") for box in page.locator(".months input[checked]").all()] == [
        "month-1:0-1",
        "month-11:0-1",
        "month-12:0-1",
    ]


@pytest.mark.parametrize("width", [360, 1440])
def test_rows_of_terms_stay_within_the_window(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(f"{RULE.replace('new-rule', 'rules/main')}?mode=text", width=width, height=800)
    page.get_by_label("Rule as text").fill(
        "distance to (47.6, -122.33) <= 100 km and month in (1, 2) and postal_code from '980' to '984'"
        " and orders sum of family 'Mowers and more' in last 12 months >= 2 and family.country = 'US'"
    )
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.locator(".rule-row")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
