"""A real server on a copy of the demo company, and a real browser before it; no page may complain or ask outside."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from metes.web.application import create_app
from metes.web.visits import COOKIE
from metes.worker.loop import work
from tests.conftest import PATIENCE_MS
from tests.web.pages.conftest import Company, company

__all__ = ["company"]

# A driver of software GL says so as a warning of the page; it is none of ours.
NOT_OURS = ("GL Driver Message", "WebGL")


@contextmanager
def serving(made: Company) -> Iterator[str]:
    """A server of a company on a free port, with a worker beside it."""
    workspace = made.open()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(workspace), log_level="critical"))
    stop = threading.Event()
    threads = [
        threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True),
        threading.Thread(target=work, args=(workspace, stop), daemon=True),
    ]
    for thread in threads:
        thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    stop.set()
    for thread in threads:
        thread.join()
    listener.close()
    workspace.close()


def cookies_of(address: str, session: str) -> list[Any]:
    """The cookie of somebody signed in, for the address of a server."""
    return [{"name": COOKIE, "value": session, "url": address}]


@pytest.fixture
def address(company: Company, tmp_path: Path) -> Iterator[str]:
    """The address of a server whose company belongs to the test."""
    with serving(company.copy(tmp_path / "company")) as served:
        yield served


@pytest.fixture
def open_page(chromium: Browser, address: str, company: Company) -> Iterator[Callable[..., Page]]:
    """Opens pages, signed in, in a window of a given size; at the end no console may have complained."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(path: str, width: int = 800, height: int = 500) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", base_url=address)
        contexts.append(context)
        context.add_cookies(cookies_of(address, company.session))
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((address, "blob:", "data:")) else complaints.append(request.url),
        )
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("data-scripts", "ready")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [c for c in complaints if not any(mark in c for mark in NOT_OURS)] == []
