"""The nouns of who signed in: one sign-in with its session, and what to look for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from metes.base.errors import InputError


class SessionEnd(StrEnum):
    """How a session ended."""

    SIGNED_OUT = "signed out"
    # By its user, an administrator, a new password or a second factor, as the audit trail tells.
    ENDED = "ended"
    RAN_OUT = "ran out"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who signed in: when, from which address and browser, by what ('password', 'provider'), and what became of the session.

    `completed_at` is None where the second factor was never given. `ended_how` is empty while the session is open.
    """

    number: int
    user: str
    begun_at: datetime
    completed_at: datetime | None
    method: str
    address: str
    agent: str
    ended_at: datetime | None
    ended_how: str

    @property
    def is_open(self) -> bool:
        """Whether the session goes on."""
        return not self.ended_how


@dataclass(frozen=True, slots=True)
class SignInFilter:
    """Which sign-ins: of a user, from an address, by a method, from one day to another, both included; days are the workspace's own."""

    user: str = ""
    address: str = ""
    method: str = ""
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise InputError(f"expected a first day before the last, got {self.since} and {self.until}; turn them round")
