"""Somebody at the door: a clock that tests set, ada who runs the workspace, and codes of her telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from metes.app.signing_access import SigningAccess
from metes.app.workspace import Workspace
from metes.identity.factors import STEP_SECONDS
from metes.identity.sealing import SealAccess
from metes.model.scope import Principal
from tests.conftest import NOW

PASSWORD, OTHER = "correct horse battery", "violet canal in january"
HERE, THERE = "192.0.2.1", "198.51.100.7"


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def opened(workspace: Workspace) -> Clock:
    """The clock of the workspace, and ada in it, who runs it."""
    made = Clock()
    workspace.clock = made
    workspace.shelf.signing = SigningAccess(SealAccess("a key for tests that nobody else has"))
    workspace.user_add("ada", PASSWORD, email="ada@example.com")
    return made


def signed(workspace: Workspace, name: str = "ada", password: str = PASSWORD, address: str = HERE) -> str:
    return workspace.sign_in(name, password, address, "agent").secret


def number_of(workspace: Workspace, name: str = "ada") -> int:
    return next(user.id for user in workspace.user_list() if user.name == name)


def own(workspace: Workspace, name: str = "ada") -> Workspace:
    return workspace.acting_as(Principal(name, number_of(workspace, name), HERE))


def code_at(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret.replace(" ", "")).generate_otp(int(now.timestamp()) // STEP_SECONDS)


def with_factor(workspace: Workspace, clock: Clock, session: str) -> tuple[str, str, tuple[str, ...]]:
    """A second factor set up in a session: the session's new secret, the factor's, and the recovery codes."""
    begun = workspace.factor_begin(session)
    after, codes = workspace.factor_confirm(session, code_at(begun.secret, clock.now))
    return after.secret, begun.secret, codes
