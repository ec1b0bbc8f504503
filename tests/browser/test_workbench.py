"""The workbench in a real browser: lasso, paint, keys, undo, locks, two people at once, and hands without a map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from metes.app.workspace import Workspace
from tests.browser.conftest import NOT_OURS, cookies_of, serving
from tests.conftest import PATIENCE_MS
from tests.web.pages.conftest import Company

pytestmark = pytest.mark.browser

WHOLE = {
    "name": "Counties anew",
    "units": "us-counties",
    "territories": 6,
    "measures": [{"measure": "potential", "band": 0.2}, {"measure": "workload", "band": 0.2}],
    "start": "scratch",
    "bases": False,
}


@dataclass(frozen=True)
class Served:
    """A server of a company of its own."""

    address: str
    workspace: Workspace
    session: str


@pytest.fixture(scope="module")
def served(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a company with a design of all counties, worked out: design 1, which each test copies for itself."""
    own = company.copy(tmp_path_factory.mktemp("workbench") / "company")
    workspace = own.open()
    workspace.design_run(workspace.design_new(WHOLE).id)
    with serving(own) as address:
        yield Served(address, workspace, own.session)
    workspace.close()


@pytest.fixture
def open_bench(chromium: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens a copy of the design, or again the one opened before; at the end no console may have complained but of what was told."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []
    copied = served.workspace.design_save_as(1, "A copy").id

    def opened(*, has_map: bool = True, has_script: bool = True, is_ready: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": 800, "height": 500}, reduced_motion="reduce", base_url=served.address, java_script_enabled=has_script
        )
        contexts.append(context)
        context.add_cookies(cookies_of(served.address, served.session))
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        if not has_map:
            page.route("**/shapes.json", lambda route: route.fulfill(status=503))
        page.goto(f"/designs/{copied}")
        if has_script:
            expect(page.locator("#workbench")).to_have_attribute("data-state", "ready")
        if has_script and is_ready:
            expect(page.locator("#workbench")).to_have_attribute("data-map", "ready" if has_map else "error")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(word in text for word in (*NOT_OURS, "409", "503"))] == []


def bench_of(page: Page) -> Locator:
    return page.locator("#workbench")


def steps(page: Page, count: int) -> None:
    expect(page.locator("[data-steps]")).to_have_text(f"{count}\u00a0step{'' if count == 1 else 's'}".replace("\u00a0", " "))


def drawn_around(page: Page, *, shift: bool = False) -> None:
    """A lasso around the middle of the map."""
    box = page.locator("metes-workbench-map .maplibregl-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.45
    page.mouse.move(x, y)
    page.mouse.down()
    for dx, dy in ((50, 0), (50, 40), (0, 40), (0, 4)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


def test_a_lasso_a_move_and_the_way_back(open_bench: Callable[..., Page]) -> None:
    page = open_bench()
    page.get_by_role("button", name="Lasso").click()
    drawn_around(page)
    expect(bench_of(page)).not_to_have_attribute("data-chosen", "0")
    expect(page.locator("[data-status]")).to_contain_text("in the lasso")
    target = page.locator("#wb-table tbody tr").last
    name = target.get_attribute("data-name")
    page.locator("#wb-target").select_option(label=name)
    page.locator("#wb-chosen").get_by_role("button", name="Move").click()
    expect(page.locator("[data-status]")).to_contain_text(f"to {name}")
    expect(bench_of(page)).to_have_attribute("data-chosen", "0")
    steps(page, 2)
    page.keyboard.press("u")
    expect(page.locator("[data-status]")).to_contain_text("Taken back")
    steps(page, 1)
    page.keyboard.press("Control+z")
    steps(page, 0)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Shift+U")
    steps(page, 2)
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()
    page.reload()
    steps(page, 2)


def test_a_click_chooses_shift_adds_and_escape_lets_go(open_bench: Callable[..., Page]) -> None:
    page = open_bench()
    canvas = page.locator("metes-workbench-map .maplibregl-canvas")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["width"] * 0.5, box["height"] * 0.5
    canvas.click(position={"x": x, "y": y})
    expect(bench_of(page)).to_have_attribute("data-chosen", "1")
    canvas.click(position={"x": x + 60, "y": y}, modifiers=["Shift"])
    expect(bench_of(page)).to_have_attribute("data-chosen", "2")
    page.keyboard.press("Escape")
    expect(bench_of(page)).to_have_attribute("data-chosen", "0")


def test_paint_gives_what_the_brush_touches_to_the_chosen_territory(open_bench: Callable[..., Page]) -> None:
    page = open_bench()
    row = page.locator("#wb-table tbody tr").last
    row.click(position={"x": 200, "y": 10})
    page.keyboard.press("p")
    expect(page.locator("[data-status]")).to_contain_text("Painting with")
    page.locator(".wb-map").scroll_into_view_if_needed()
    drawn_around(page)
    expect(page.locator("[data-status]")).to_contain_text(f"to {row.get_attribute('data-name')}")
    steps(page, 2)


def test_a_move_by_keys_alone(open_bench: Callable[..., Page]) -> None:
    page = open_bench(has_map=False)
    page.keyboard.press("/")
    expect(page.locator("#wb-search")).to_be_focused()
    page.keyboard.type("boulder, colorado")
    expect(page.locator("#wb-units li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(bench_of(page)).to_have_attribute("data-chosen", "1")
    page.locator('[data-view-tab="balance"]').press("Enter")
    page.locator('#wb-table tbody tr[tabindex="0"]').focus()
    before = page.locator("[data-chosen-count]").inner_text()
    for key in ("End", "ArrowUp", "ArrowDown", "Home"):
        page.keyboard.press(key)
    rows = page.locator("#wb-table tbody tr")
    at = 0 if rows.nth(0).get_attribute("data-name") not in before else 1
    if at:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("[data-status]")).to_contain_text("Moved 1 county")
    expect(page.locator("[data-status]")).to_contain_text(str(rows.nth(at).get_attribute("data-name")))


def test_a_locked_unit_stays(open_bench: Callable[..., Page]) -> None:
    page = open_bench(has_map=False)
    page.keyboard.press("/")
    page.keyboard.type("boulder, colorado")
    page.locator("#wb-units input").check()
    page.locator("#wb-chosen").get_by_role("button", name="Lock", exact=True).click()
    expect(page.locator("#wb-units li")).to_contain_text("locked")
    expect(page.locator("[data-locked-count]")).to_have_text("1 county")
    options = page.locator("#wb-target option")
    held = page.locator("[data-chosen-count]").inner_text()
    other = next(text for text in options.all_inner_texts() if text not in held)
    page.locator("#wb-target").select_option(label=other)
    page.locator("#wb-chosen").get_by_role("button", name="Move").click()
    expect(page.locator("[data-status]")).to_contain_text("Nothing moved")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-locked-count]")).to_have_text("none")


def test_who_comes_second_is_told_and_can_go_on(open_bench: Callable[..., Page]) -> None:
    first, second = open_bench(has_map=False), open_bench(has_map=False)
    first.keyboard.press("u")
    steps(first, 0)
    second.keyboard.press("u")
    expect(second.get_by_role("alert")).to_contain_text("Your last step was not made")
    second.get_by_role("link", name="Load the design as it is now").click()
    expect(bench_of(second)).to_have_attribute("data-state", "ready")
    steps(second, 0)
    second.keyboard.press("Shift+U")
    steps(second, 1)


def test_without_a_map_the_table_and_the_list_do_the_same(open_bench: Callable[..., Page]) -> None:
    page = open_bench(has_map=False)
    expect(page.locator("metes-workbench-map")).to_contain_text("could not be drawn")
    page.keyboard.press("/")
    page.keyboard.type("wyoming")
    for box in page.locator("#wb-units input").all()[:3]:
        box.check()
    held = page.locator("[data-chosen-count]").inner_text()
    other = next(text for text in page.locator("#wb-target option").all_inner_texts() if text not in held)
    page.locator("#wb-target").select_option(label=other)
    page.locator("#wb-chosen").get_by_role("button", name="Move").click()
    expect(page.locator("[data-status]")).to_contain_text("Moved 3 counties")


def test_without_script_a_move_is_a_form(open_bench: Callable[..., Page]) -> None:
    page = open_bench(has_script=False)
    page.goto(f"{page.url}?view=units&q=wyoming")
    page.locator("#wb-units input").first.check()
    page.locator("#wb-units-form").get_by_label("Move to").select_option(label="No territory")
    page.locator("#wb-units-form").get_by_role("button", name="Move").click()
    expect(page.locator(".notice").first).to_contain_text("1 county moved to no territory")
    expect(page.locator("#wb-units li").first).to_contain_text("no territory")


def test_layers_fill_by_a_measure_and_hatch_what_moved(open_bench: Callable[..., Page]) -> None:
    page = open_bench()
    page.locator("#wb-layers summary").click()
    page.locator("#wb-layers").get_by_label("Potential").check()
    expect(page.locator(".wb-scale li").first).to_contain_text("up to")
    page.locator("#wb-layers").get_by_label("What moved against today").check()
    page.locator("#wb-layers").get_by_label("Territory", exact=True).check()
    expect(page.locator(".wb-scale")).to_be_hidden()


def test_columns_sort_in_place(open_bench: Callable[..., Page]) -> None:
    page = open_bench(has_map=False)
    page.locator('[data-sort="name"]').click()
    names = [row.get_attribute("data-name") or "" for row in page.locator("#wb-table tbody tr").all()]
    assert names == sorted(names, key=str.lower)
    expect(page.locator("#wb-table th").first).to_have_attribute("aria-sort", "ascending")
    assert "sort=name" in page.url


def test_a_design_is_saved_as_another(open_bench: Callable[..., Page]) -> None:
    page = open_bench(has_map=False)
    before = page.url
    page.locator("summary", has_text="More").last.click()
    page.get_by_label("Save as").fill("Another")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda address: "/designs/" in address and address != before)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Another")
