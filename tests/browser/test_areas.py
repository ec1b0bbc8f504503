"""An area in a real browser: uploaded, seen on the map, asked for by a rule, taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import company

__all__ = ["company"]

pytestmark = pytest.mark.browser


def test_an_uploaded_area_is_seen_on_the_map_and_a_rule_asks_for_it(open_page: Callable[..., Page], tmp_path: Path) -> None:
    ring = [[-124, 46], [-120, 46], [-120, 49], [-124, 49], [-124, 46]]
    file = tmp_path / "sound.geojson"
    feature = {"type": "Feature", "properties": {"name": "The Sound"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    file.write_text(json.dumps(feature))
    page = open_page("/plan/1/parts", width=390, height=844)
    page.get_by_role("link", name="Add an area").click()
    page.locator("#file").set_input_files(file)
    expect(page.locator("[data-drop] output")).to_have_text("sound.geojson")
    page.get_by_role("button", name="Save in draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Sound")
    expect(page.locator("metes-map")).to_have_attribute("data-state", "ready")
    drawn = page.locator("metes-map").evaluate("map => map.map.querySourceFeatures('area').length")
    assert drawn > 0
    expect(page.locator(".takes b")).to_contain_text("account")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    draft = page.url.partition("/areas/")[0]
    page.goto(f"{draft}/territories/puget-sound/new-rule")
    page.get_by_role("button", name="Text", exact=True).click()
    page.locator("textarea[name=text]").fill("in area 'sound'")
    expect(page.locator(".live")).to_contain_text("of 600")
    page.get_by_label("Name").fill("By area")
    page.get_by_role("button", name="Save in draft").click()
    expect(page.get_by_text("in area 'sound'")).to_be_visible()
    page.goto(f"{draft}/areas/sound")
    expect(page.get_by_role("link", name="By area")).to_have_count(0)
    expect(page.get_by_role("region", name="Rules that ask for it").get_by_role("link")).to_contain_text("by-area")

    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("asks for it")
    page.get_by_role("button", name="Remove from draft").click()
    expect(page.get_by_role("heading", name="No areas")).to_be_visible()
    page.get_by_role("button", name="Undo the last change").click()
    expect(page.locator("#areas")).to_contain_text("The Sound")
