"""A browser without script: pages asked, forms sent with their token, and the jobs they queue run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from metes.app.workspace import Workspace
from metes.web.application import create_app
from metes.web.visits import COOKIE
from metes.worker.loop import run_next


@dataclass
class Browser:
    """A signed-in client, the workspace it looks at, and a worker beside it."""

    client: TestClient
    workspace: Workspace

    def get(self, address: str, **more: Any) -> Any:
        """A page, whatever its status."""
        return self.client.get(address, **more)

    def post(self, address: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """A form sent with the session's token; where it leads is not followed."""
        return self.client.post(address, data={"csrf_token": self.token(), **(data or {})}, follow_redirects=False, **more)

    def token(self) -> str:
        """The token that the session's forms carry."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get("/more").text)
        assert found is not None
        return found[1]

    def work(self) -> None:
        """Run every job that waits."""
        while run_next(self.workspace, "test"):
            pass


def browser_on(workspace: Workspace, user: str, password: str) -> Browser:
    """A browser that signs in to a workspace by form."""
    client = TestClient(create_app(workspace), raise_server_exceptions=False)
    answer = client.post("/sign-in", data={"name": user, "password": password}, follow_redirects=False)
    assert answer.status_code == 303
    return Browser(client, workspace)


def browser_in(workspace: Workspace, session: str) -> Browser:
    """A browser in a session that stands in the workspace."""
    client = TestClient(create_app(workspace), raise_server_exceptions=False)
    return Browser(with_session(client, session), workspace)


def with_session(client: TestClient, session: str) -> TestClient:
    """The client with the cookie that signing in would have given it."""
    client.cookies.set(COOKIE, session, domain="testserver.local", path="/")
    return client
