"""The gallery in a real browser: nothing breaks the policy, and what script adds works."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route, expect

from tests.web import gallery

pytestmark = pytest.mark.browser
WITHOUT_MAP = """
const define = customElements.define.bind(customElements);
customElements.define = (name, ...rest) => name === "metes-map" || define(name, ...rest);
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the gallery on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(gallery.app(), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def page(opened: Page, address: str) -> Page:
    """The gallery; its map, which takes longer to draw than all the rest, stays empty."""
    opened.add_init_script(WITHOUT_MAP)
    return shown(opened, address)


@pytest.fixture
def page_with_map(opened: Page, address: str) -> Page:
    """The gallery with its map."""
    return shown(opened, address)


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Page]:
    """A small window without motion; at the end the console must be clean."""
    page = chromium.new_page(viewport={"width": 1000, "height": 500}, reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith((address, "blob:", "data:")) else complaints.append(request.url)
    )
    yield page
    page.close()
    assert complaints == []


def shown(page: Page, address: str) -> Page:
    """The window when its scripts have done their part."""
    page.goto(f"{address}/gallery")
    expect(page.locator("html")).to_have_attribute("data-scripts", "ready")
    return page


def test_the_map_becomes_ready_and_a_zone_can_be_chosen(page_with_map: Page) -> None:
    chart = page_with_map.locator("metes-map")
    expect(chart).to_have_attribute("data-state", "ready")
    expect(chart.locator(".map-legend")).to_contain_text("Rio Norte")
    chart.evaluate("map => map.showZone('08013')")
    expect(chart.locator(".map-card")).to_contain_text("Boulder")
    expect(chart.locator(".map-card a")).to_have_text("Open territory")


def test_control_k_goes_to_the_search_and_arrows_move_through_what_is_found(page: Page) -> None:
    page.keyboard.press("Control+k")
    search = page.locator("#search")
    expect(search).to_be_focused()
    search.press_sequentially("texas")
    expect(page.locator("#search-options [role=option]")).to_have_count(1)
    expect(search).to_have_attribute("aria-expanded", "true")
    search.press("ArrowDown")
    expect(page.locator("#search-options [role=option]")).to_have_attribute("aria-selected", "true")
    search.press("Escape")
    expect(search).to_have_attribute("aria-expanded", "false")


def test_the_picker_takes_the_key_of_what_was_chosen(page: Page) -> None:
    picker = page.locator("input[name=territory_text]")
    picker.press_sequentially("front")
    expect(page.locator("#territory-options [role=option]")).to_have_count(1)
    picker.press("ArrowDown")
    picker.press("Enter")
    expect(picker).to_have_value("Front Range")
    expect(page.locator("input[name=territory]")).to_have_value("Front Range")


def test_rows_are_moved_through_and_selected_by_keys(page: Page) -> None:
    rows = page.locator("#table tbody tr")
    rows.first.focus()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("#table .bulk")).to_be_visible()
    expect(page.locator("#table [data-selected-count]")).to_have_text("1 selected")
    page.locator("#table [data-select-all]").check()
    expect(page.locator("#table [data-selected-count]")).to_have_text("14 selected")


def test_a_confirmation_opens_as_a_dialog_and_is_a_page_without_script(page: Page, chromium: Browser, address: str) -> None:
    page.get_by_role("link", name="Pin to territory").click()
    expect(page.locator("#dialog")).to_contain_text("One account moves.")
    page.locator("#dialog [data-close-dialog]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    bare = chromium.new_context(java_script_enabled=False).new_page()
    bare.goto(f"{address}/gallery")
    bare.get_by_role("link", name="Pin to territory").click()
    expect(bare.locator("main")).to_contain_text("One account moves.")
    bare.close()


def test_the_count_of_a_rule_follows_what_is_typed(page: Page) -> None:
    page.locator("#rule-text textarea").press_sequentially(" ")
    expect(page.locator("#rule-text-live b")).to_have_text("77")


def test_a_tree_closes_all_below_a_node(page: Page) -> None:
    page.get_by_role("button", name="Territories under World").click()
    expect(page.locator("[data-node='Rio Norte']")).to_be_hidden()
    page.get_by_role("button", name="Territories under World").click()
    expect(page.locator("[data-node='Rio Norte']")).to_be_visible()


def test_a_job_bar_takes_what_the_server_sends_and_stops_at_its_end(page: Page) -> None:
    expect(page.locator("#job-running")).to_contain_text("Finished.")


def test_a_job_bar_follows_the_server_before_any_other_script_has_come(opened: Page, address: str) -> None:
    late: list[Route] = []
    opened.add_init_script(WITHOUT_MAP)
    opened.route("**/*.js", lambda route: route.continue_() if "htmx" in route.request.url else late.append(route))
    opened.goto(f"{address}/gallery", wait_until="commit")
    expect(opened.locator("#job-running")).to_contain_text("Finished.")
    assert late
    for route in late:
        route.continue_()
    expect(opened.locator("html")).to_have_attribute("data-scripts", "ready")


def test_the_theme_is_kept_for_the_next_page(page: Page) -> None:
    page.locator(".bar details.menu summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("width", [360, 390, 720, 1440])
def test_no_width_scrolls_sideways(page_with_map: Page, width: int) -> None:
    page_with_map.set_viewport_size({"width": width, "height": 500})
    # The map takes its new size a few frames after the window has; asked by the clock, for a window behind others draws no frames.
    page_with_map.wait_for_function("width => document.documentElement.scrollWidth === width", arg=width, polling=100)


def test_what_can_be_pressed_is_24_pixels_high(page: Page) -> None:
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, .rail a, summary, select, .tree-twist, .chip a, thead a")]
        .filter((e) => e.checkVisibility() && !e.classList.contains("visually-hidden")).map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
        .filter(([, box]) => box.height < 24 || box.width < 20).map(([text]) => text)"""
    )
    assert small == []
