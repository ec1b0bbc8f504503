"""The way in, in a real browser: password and second factor, a password forgotten, sessions ended."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from metes.app.workspace import Workspace
from metes.web.application import create_app
from tests.app.doors import code_at
from tests.collaborating.worlds import Clock, mail_at, opened, work_off
from tests.conftest import PATIENCE_MS
from tests.connect.servers import mail_box

pytestmark = pytest.mark.browser

PASSWORD, OTHER = "violet canal in january", "correct horse battery"


@contextmanager
def served(workspace: Workspace) -> Iterator[str]:
    """The address of a server of a workspace."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(workspace), log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


def window(chromium: Browser, address: str) -> Page:
    """A browser that was never here."""
    page = chromium.new_context(base_url=address, viewport={"width": 900, "height": 700}, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def sign_in(page: Page, password: str, target: str = "/sign-in") -> None:
    page.goto(target)
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def set_up_factor(page: Page, clock: Clock) -> str:
    """Set up the second factor from the settings; its secret."""
    page.goto("/settings/security")
    page.get_by_role("link", name="Set it up").click()
    page.get_by_role("button", name="Show the picture").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code that the app shows").fill(code_at(secret, clock.now))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".codes code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Signing in takes a code of your telephone.")).to_be_visible()
    return secret


def test_somebody_chooses_a_password_sets_up_a_factor_resets_by_mail_and_ends_sessions(
    chromium: Browser, sqlite_with_schema: Path, tmp_path: Path
) -> None:
    database = f"sqlite:///{copyfile(sqlite_with_schema, tmp_path / 'metes.db')}"
    with mail_box() as (box, port), opened(database, tmp_path, mail_at(port)) as (workspace, clock), served(workspace) as address:
        workspace.config_set("base_url", address)
        made = workspace.user_add("ada", roles=["administrator"], email="ada@example.com")

        # The password somebody made leads to one's own, and then to where one wanted to go.
        here = window(chromium, address)
        sign_in(here, made, "/settings/security")
        here.get_by_label("New password").fill("password1234")
        here.get_by_role("button", name="Keep it").click()
        expect(here.get_by_text("tried first")).to_be_visible()
        here.get_by_label("New password").fill(PASSWORD)
        here.get_by_role("button", name="Keep it").click()
        here.wait_for_url(f"{address}/settings/security")
        secret = set_up_factor(here, clock)

        # Elsewhere: password and code.
        clock.pass_by(seconds=60)
        there = window(chromium, address)
        sign_in(there, PASSWORD, "/settings/security")
        there.get_by_label("Code of your telephone").fill(code_at(secret, clock.now))
        there.get_by_role("button", name="Go on").click()
        expect(there.get_by_role("row")).to_have_count(3)
        there.get_by_role("button", name="End all others").click()
        expect(there.get_by_text("1 other session has ended.")).to_be_visible()
        here.goto("/settings/security")
        expect(here).to_have_url(re.compile("/sign-in"))

        # Forgotten: a link by mail, once.
        here.get_by_role("link", name="Forgot your password?").click()
        here.get_by_label("Name or address").fill("ada")
        here.get_by_role("button", name="Send a link").click()
        expect(here.get_by_text("a mail with a link is on its way")).to_be_visible()
        work_off(workspace)
        (mail,) = (one for one in box.mails if one["Subject"] == "Choose another password")
        link = re.search(r"\S+/sign-in/reset\?link=\S+", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        assert link is not None
        here.goto(link[0])
        here.get_by_label("New password").fill(OTHER)
        here.get_by_role("button", name="Change password").click()
        expect(here.get_by_text("All your sessions have ended.")).to_be_visible()
        there.goto("/settings/security")
        expect(there).to_have_url(re.compile("/sign-in"))
        here.goto(link[0])
        expect(here.get_by_text("no longer holds")).to_be_visible()
        sign_in(here, OTHER)
        expect(here.get_by_label("Code of your telephone")).to_be_visible()
