"""An analyst's day in a real browser: signing in, importing, changing a rule with its live count, publishing, assigning."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from metes.app.workspace import Workspace
from metes.web.application import create_app
from metes.worker.loop import work
from tests.browser.conftest import cookies_of
from tests.web.pages.conftest import Company
from tests.web.pages.conftest import company as company

pytestmark = pytest.mark.browser

JOB_MS = 180_000
FILE = "Account Number;Company;Country;Since\nB1;Brook & Sons;US;03/04/2024\nB2;Beta;Philipines;05/06/2024\n"


@dataclass
class Site:
    """A served company with a worker beside it."""

    address: str
    workspace: Workspace
    session: str


@pytest.fixture
def site(company: Company, tmp_path: Path) -> Iterator[Site]:
    """A company of its own, served on a free port of the loopback."""
    own = company.copy(tmp_path / "company")
    workspace, working = own.open(), own.open()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(working, stop), daemon=True)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(workspace), log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    worker.start()
    thread.start()
    yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", workspace, own.session)
    stop.set()
    server.should_exit = True
    thread.join()
    worker.join()
    listener.close()
    working.close()
    workspace.close()


@pytest.fixture
def page(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A signed-in page in a small window; at the end the console must be clean."""
    size = getattr(request, "param", {"width": 800, "height": 500})
    context = chromium.new_context(viewport=size, reduced_motion="reduce")
    context.add_cookies(cookies_of(site.address, site.session))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site.address}/plan")
    expect(page.locator("html")).to_have_attribute("data-scripts", "ready")
    yield page
    context.close()
    assert complaints == []


def test_a_rule_is_edited_with_its_live_count_then_published_and_assigned(page: Page, site: Site) -> None:
    page.get_by_label("Find a territory or rule").fill("puget")
    page.locator("#plan-tree").get_by_role("link", name="Puget Sound").first.click()
    expect(page.locator(".takes b")).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).last.click()
    live = page.locator("#rule-editor-live")
    before = site.workspace.rule_count(site.workspace.rule_parse("region = 'US-WA'"))
    page.get_by_role("button", name="Text").click()
    text = page.get_by_label("Rule as text")
    text.fill("regio = 'US-WA'")
    expect(live).to_contain_text("there is no field 'regio'")
    text.fill("region = 'US-WA'")
    expect(live.locator("b")).to_have_text(str(before))
    page.get_by_role("button", name="Form").click()
    value = page.locator('[name="value:0-0"]')
    expect(value).to_have_value("US-WA")
    page.locator('[name="operator:0-0"]').select_option("in")
    expect(value).to_have_attribute("placeholder", "values, between commas")
    value.fill("US-WA, US-OR")
    both = site.workspace.rule_count(site.workspace.rule_parse("region in ('US-WA', 'US-OR')"))
    expect(live.locator("b")).to_have_text(str(both))
    page.get_by_role("button", name="Condition", exact=True).click()
    expect(page.locator(".rule-row")).to_have_count(2)
    page.locator(".rule-row").nth(1).get_by_role("button", name="Remove this condition").click()
    expect(page.locator(".rule-row")).to_have_count(1)
    page.get_by_label("Priority").fill("10")
    page.get_by_role("button", name="Save in draft").click()
    expect(page).to_have_url(re.compile(r"/plan/2/territories/puget-sound$"))
    page.get_by_role("link", name="Changes and publish").click()
    expect(page.locator(".preview-body")).to_contain_text("accounts change territory")
    page.get_by_role("button", name="Publish…").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".job")).to_have_attribute("data-state", "done", timeout=JOB_MS)
    expect(page.get_by_role("heading", name="Who won and lost")).to_be_visible()
    assert site.workspace.plan_find("active").id == 2


def test_a_file_is_imported_with_its_question_answered_and_taken_back(page: Page, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(FILE)
    page.goto(f"{site.address}/import")
    page.locator("#file").set_input_files(file)
    expect(page.locator(".drop output")).to_have_text("export.csv")
    page.get_by_label("Source").fill("crm")
    page.get_by_role("button", name="Look at the files").click()
    expect(page.get_by_text("day first and month first are both possible")).to_be_visible(timeout=JOB_MS)
    page.get_by_label("How days are written in Since").select_option("dmy")
    page.get_by_role("button", name="Answer and look again").click()
    page.get_by_role("button", name="Import", exact=True).click(timeout=JOB_MS)
    expect(page).to_have_url(re.compile(r"/import/\d+$"), timeout=JOB_MS)
    expect(page.locator("#findings")).to_contain_text("Philipines")
    assert str(site.workspace.account("B1").facts.record["customer_since"]) == "2024-04-03"
    page.get_by_role("link", name="Undo…").click()
    expect(page.locator("#dialog")).to_contain_text("will be closed")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back by demo")).to_be_visible(timeout=JOB_MS)


def test_an_account_is_edited_and_stands_with_its_new_holder_at_once(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/accounts/1")
    key = site.workspace.account_by_number(1).key
    before = [holding.territory for holding in site.workspace.owner(key).primary]
    to = ("US-WA", "Seattle", "98101") if not before[0].startswith("puget") else ("US-FL", "Miami", "33101")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Employees").fill("320")
    for label, text in zip(("Region", "City", "Postal code"), to, strict=True):
        page.get_by_label(label).fill(text)
    for label in ("Latitude", "Longitude"):
        page.get_by_label(label).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as import")).to_be_visible(timeout=JOB_MS)
    expect(page).to_have_url(f"{site.address}/accounts/1")
    after = [holding.territory for holding in site.workspace.owner(key).primary]
    assert after != before


def test_a_schedule_is_run_and_its_log_is_read_while_it_runs(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/jobs")
    page.get_by_role("link", name="Schedules").click()
    row = page.get_by_role("row").filter(has_text="nightly-assignment")
    row.get_by_role("button", name="Run now").click()
    expect(page.locator(".job")).to_have_attribute("data-state", "done", timeout=JOB_MS)
    expect(page.locator(".log")).to_contain_text("demo ran the schedule nightly-assignment by hand")
    expect(page.locator(".log")).to_contain_text("attempt 1 begins")
    page.goto(f"{site.address}/jobs/schedules")
    page.get_by_role("row").filter(has_text="old-logs").get_by_role("link", name="Remove…").click()
    page.locator("#dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("old-logs is removed")).to_be_visible()


PLACES = (
    "/plan",
    "/plan/1/territories/puget-sound",
    "/plan/1/territories/puget-sound/rules/main",
    "/plan/1/changes",
    "/plan/revisions",
)
MORE_PLACES = (
    "/import",
    "/import/history",
    "/import/3",
    "/jobs",
    "/jobs/schedules",
    "/accounts/1/edit",
    "/settings",
    "/settings/rights",
    "/users",
    "/users/demo",
    "/users/new",
    "/users/demo/person",
    "/users/demo/roles/new",
    "/users/tokens",
    "/groups",
    "/roles",
    "/settings/tokens",
    "/settings/access",
    "/audit",
    "/scenarios",
    "/scenarios/new",
    "/reviews",
    "/plan/compare",
    "/plan/1/log",
    "/publications/1",
    "/my/changes",
)


@pytest.mark.parametrize("page", [{"width": 360, "height": 780}], indirect=True)
def test_no_page_is_wider_than_a_phone(page: Page, site: Site) -> None:
    for place in (*PLACES, *MORE_PLACES):
        page.goto(f"{site.address}{place}")
        expect(page.locator("html")).to_have_attribute("data-scripts", "ready")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), place
        expect(page.locator("h1")).to_have_count(1)
