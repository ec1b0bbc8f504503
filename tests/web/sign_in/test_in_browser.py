"""Single sign-on in a real browser: Metes and Canaille on the loopback, the cookies and the page's policy as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from metes.web.application import create_app
from metes.web.protection import Protection
from tests.connect.known import PASSWORD
from tests.connect.providers import Canaille
from tests.web.security.serving import served
from tests.web.sign_in.conftest import METES, Visitor


@pytest.fixture
def opened(before: Callable[..., Visitor], canaille: Canaille, chromium: Browser) -> Iterator[tuple[Page, Visitor]]:
    """The page of a deep address, asked for by nobody yet, and what is behind it."""
    visitor = before(canaille, METES_OIDC_PROVISION="yes")
    with served(create_app(visitor.workspace), Protection()) as port:
        address = f"http://127.0.0.1:{port}"
        visitor.workspace.config_set("base_url", address)
        canaille.put_metes(address)
        context = chromium.new_context(base_url=address, viewport={"width": 800, "height": 600})
        page = context.new_page()
        page.goto("/more?x=1")
        yield page, visitor
        context.close()
        canaille.put_metes(METES)


def test_a_reader_signs_in_at_canaille_comes_to_the_page_asked_for_and_signs_out_of_both(opened: tuple[Page, Visitor]) -> None:
    page, visitor = opened
    page.get_by_role("link", name="Sign in with Canaille").click()
    page.get_by_role("textbox", name="Login").fill("cleo")
    page.get_by_role("button", name="Continue").or_(page.get_by_role("button", name="Sign in")).first.click()
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{visitor.workspace.settings().base_url}/more?x=1")
    expect(page.locator("body")).to_contain_text("cleo")
    assert visitor.workspace.user_sessions("cleo")[0].agent != ""
    page.locator("summary", has_text="cleo").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator(".notice")).to_contain_text("You are signed out of Metes")
    page.get_by_role("link", name="Sign out of Canaille too").click()
    page.get_by_role("button", name="Logout").click()
    expect(page).to_have_url(f"{visitor.workspace.settings().base_url}/sign-in")
