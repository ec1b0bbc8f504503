"""Designing territories in a real browser: asked for, worked out, compared with today, made a draft and published."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_a_design_of_counties_is_made_run_compared_and_published(open_page: Open) -> None:
    page = open_page("/designs")
    page.get_by_role("link", name="New design").first.click()
    live = page.locator("#design-live")
    page.get_by_label("Name").fill("Western states")
    page.get_by_label("Regions").fill("US-CA, US-OR, US-WA, US-NV")
    page.get_by_label("Number of territories").fill("6")
    page.get_by_label("Name").focus()
    expect(live).to_contain_text(re.compile(r"150\sunits for 6\sterritories"))
    page.get_by_role("button", name="Measure", exact=True).click()
    page.locator("#measure-1").select_option("workload")
    page.locator("#band-1").fill("wide")
    page.get_by_label("Name").focus()
    expect(page.locator("#measure-1-error")).to_contain_text("Write the band as a percentage")
    page.locator("#band-1").fill("80")
    page.locator("#band-0").fill("60")
    page.get_by_label("Name").focus()
    expect(page.locator("#measure-1-error")).to_have_count(0)
    page.get_by_role("button", name="Make and run").click()
    page.wait_for_url(re.compile(r"/designs/1$"))
    page.goto("/designs")
    row = page.locator("#designs tbody tr").first
    expect(row).to_contain_text("worked out")
    expect(row).to_contain_text("150")
    page.goto("/designs/1/compare?with=today")
    expect(page.locator("svg.territories")).to_have_count(2)
    page.get_by_role("link", name=re.compile("What differs")).click()
    expect(page.locator("#units tbody tr").first).to_be_visible()
    page.goto("/designs/1/fairness")
    expect(page.get_by_role("heading", level=1)).to_have_text("How fair is Western states?")
    page.goto("/designs/1/to-plan")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_text("where the design has them")).to_be_visible()
    expect(page.locator(".preview-body")).to_contain_text("accounts change territory")
    page.get_by_role("button", name="Publish…").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".job")).to_have_attribute("data-state", "done")


def test_no_page_is_wider_than_a_phone(open_page: Open) -> None:
    page = open_page("/designs", width=360, height=640)
    for place in ("/designs", "/designs/new", "/zones", "/zones/new", "/zones/world-countries"):
        page.goto(place)
        expect(page.locator("html")).to_have_attribute("data-scripts", "ready")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, place
        expect(page.locator("h1")).to_have_count(1)
