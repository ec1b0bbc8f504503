"""A workspace before a provider, and a browser without script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.connect.provider_settings import provider_access
from metes.web.application import create_app
from metes.web.protection import protection_of
from metes.web.visits import COOKIE
from tests.connect.conftest import Clock, clock, liar, signing_key
from tests.connect.providers import Canaille, canaille_running

__all__ = ["Clock", "clock", "liar", "signing_key"]

METES = "http://testserver"


@dataclass
class Visitor:
    """A browser before Metes, at one provider."""

    workspace: Workspace
    provider: Any
    client: TestClient
    clock: Callable[[], datetime]

    def other(self) -> Visitor:
        """Another browser before the same server."""
        return Visitor(self.workspace, self.provider, TestClient(self.client.app, follow_redirects=False), self.clock)

    def leave(self, target: str = "/", **more: str) -> str:
        """Follow the button; where the provider asks."""
        answer = self.client.get("/sign-in/with-provider", params={"next": target, **more})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def back(self, address: str) -> Any:
        """Come back to an address that the provider gave."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}" == METES
        return self.client.get(f"{parts.path}?{parts.query}")

    def sign_in(self, target: str = "/", **more: str) -> Any:
        """The whole way there and back; Metes' answer."""
        return self.back(self.provider.signed_in(self.leave(target), **more))

    @property
    def user(self) -> Any:
        """Who is signed in; None where nobody is."""
        session = self.workspace.session(self.client.cookies.get(COOKIE) or "")
        return session and session.user

    @property
    def is_proved(self) -> bool:
        """Whether who is signed in proved a short while ago who they are."""
        state = self.workspace.sign_in_state(self.client.cookies.get(COOKIE) or "")
        return state is not None and state.is_proved(self.clock())

    def said(self, answer: Any) -> str:
        """What the sign-in page says went wrong."""
        assert answer.status_code in (403, 503), (answer.status_code, answer.text[-500:])
        assert self.user is None
        return str(answer.text)


@pytest.fixture(scope="session")
def canaille() -> Iterator[Canaille]:
    """Canaille, once for all tests of a process."""
    with canaille_running() as running:
        running.put_metes(METES)
        yield running


@pytest.fixture
def before(sqlite_with_schema: Path, tmp_path: Path) -> Iterator[Callable[..., Visitor]]:
    """Makes a visitor before a new workspace at a provider, with these words of the environment beside its own."""
    opened: list[Workspace] = []

    def make(provider: Any, clock: Callable[[], datetime] | None = None, **words: str) -> Visitor:
        database = copyfile(sqlite_with_schema, tmp_path / f"metes-{len(opened)}.db")
        settings = AppSettings(f"sqlite:///{database}", provider=provider_access(provider.words(**words)))
        workspace = open_workspace(settings, **({"clock": clock} if clock else {}))  # type: ignore[arg-type]
        workspace.config_set("base_url", METES)
        opened.append(workspace)
        app = create_app(workspace, protection_of([METES], is_plain_allowed=True, has_metrics=False))
        return Visitor(workspace, provider, TestClient(app, follow_redirects=False), workspace.clock)

    yield make
    for workspace in opened:
        workspace.close()
