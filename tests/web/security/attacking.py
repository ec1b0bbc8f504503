"""What an attacker has: the list of all addresses, hostile texts, and a browser without manners."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from fastapi import FastAPI
from starlette.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web import api, pages
from metes.web.application import create_app
from metes.web.visits import COOKIE
from metes.worker.loop import run_next

NAME, PASSWORD = "mallory", "a password of mallory"
SCRIPT = "<script>alert(1)</script>"
BREAKOUT = "\"'><img src=x onerror=alert(1)>"
MARKUP = f"{SCRIPT}{BREAKOUT}"
ADDRESS = "javascript:alert(1)"
FORMULA = '=HYPERLINK("http://evil.example","x")'
UNSAFE = ("post", "put", "patch", "delete")
OPEN = {
    "/sign-in",
    "/sign-in/with-provider",
    "/sign-in/back",
    "/sign-in/forgot",
    "/sign-in/reset",
    "/sign-out/at-provider",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/openapi.json",
    "/static/{digest}/{name}",
}
_VALUES = {"name": "mallory", "key": "west", "rule": "r1", "reference": "active", "before": "active", "after": "active"}


def page_routes() -> list[tuple[str, str]]:
    """Method and pattern of every page."""
    return _operations(pages.router, "")


def api_routes() -> list[tuple[str, str]]:
    """Method and pattern of every resource of the API."""
    return _operations(api.router, "/api/v1")


def _operations(router: Any, prefix: str) -> list[tuple[str, str]]:
    described = FastAPI()
    described.include_router(router, prefix=prefix)
    paths = described.openapi()["paths"]
    return sorted((method, path) for path, operations in paths.items() for method in operations)


def filled(pattern: str, **values: str) -> str:
    """An address of a pattern, its parameters filled."""
    return re.sub(r"\{(\w+)\}", lambda found: {**_VALUES, **values}.get(found[1], "1"), pattern)


def some_of(values: Sequence[str], route: str, parts: int = 2) -> Sequence[str]:
    """One of some parts of what is tried, another for each route, so that all of it is tried on every few; in a soak all of it."""
    return values if os.environ.get("METES_SOAK") else values[crc32(route.encode()) % parts :: parts]


def apart(ask: Callable[[Mapping[str, str]], Any], query: Mapping[str, str]) -> Iterator[tuple[Mapping[str, str], Any]]:
    """What is answered to a query and, where that is not what is answered without one, to its halves, down to single parameters.

    One that is refused would hide what becomes of the others.
    """
    usual = ask({}).status_code

    def halves(part: Mapping[str, str]) -> Iterator[tuple[Mapping[str, str], Any]]:
        answer = ask(part)
        yield part, answer
        if answer.status_code != usual and len(part) > 1:
            items = list(part.items())
            yield from halves(dict(items[: len(items) // 2]))
            yield from halves(dict(items[len(items) // 2 :]))

    return halves(query)


@dataclass
class Attacker:
    """A client that keeps cookies and follows nothing."""

    workspace: Workspace
    app: FastAPI | None = None
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.app = self.app or create_app(self.workspace)
        self.client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)

    def other(self) -> Attacker:
        """Somebody else on the same server, not signed in."""
        return Attacker(self.workspace, self.app)

    def in_session(self, secret: str) -> Attacker:
        """The same with the cookie that signing in would have given."""
        self.client.cookies.set(COOKIE, secret, domain="testserver.local", path="/")
        return self

    def sign_in(self, name: str = NAME, password: str = PASSWORD, **more: Any) -> Any:
        """Try a name and a password."""
        return self.client.post("/sign-in", data={"name": name, "password": password}, **more)

    def get(self, address: str, **more: Any) -> Any:
        """Ask for a page."""
        return self.client.get(address, **more)

    def token(self) -> str:
        """The form token of the session."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get("/more").text)
        assert found is not None
        return found[1]

    def post(self, address: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form with the session's token."""
        return self.client.post(address, data={"csrf_token": self.token(), **(data or {})}, **more)

    def work(self) -> None:
        """Run every job that waits."""
        while run_next(self.workspace, "test"):
            pass
