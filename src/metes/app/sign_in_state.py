"""How far somebody has come with signing in: what a session still needs before it opens anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.engine import Connection

from metes.identity.secrets import digest
from metes.model.access import UserRole
from metes.model.workspace import ADMINISTRATORS, OPTIONAL, WorkspaceSettings, settings_from
from metes.store import factors, users
from metes.store.roles import roles_on
from metes.store.settings import read_settings
from metes.store.users import Session, User

PASSWORD = "password"  # noqa: S105  how a session began
# For so long somebody who has just proved who they are need not prove it again.
PROOF_HOLDS = timedelta(minutes=15)


class Step(StrEnum):
    """What is still to be done before a session opens anything, in this order."""

    FACTOR = "factor"
    PASSWORD = "password"  # noqa: S105
    SET_UP = "set-up"


@dataclass(frozen=True, slots=True)
class SignInState:
    """A session with the digest of its secret, and the step that is still to be done; None where it is complete."""

    session: Session
    digest: str
    step: Step | None

    @property
    def user(self) -> User:
        """Whose session it is."""
        return self.session.user

    def is_proved(self, now: datetime) -> bool:
        """Whether its user proved a short while ago who they are."""
        return is_proved(self.session, now)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun, or has a new secret: the secret for the browser's cookie, and whose it is."""

    secret: str
    user: User


def state_at(connection: Connection, secret: str, now: datetime) -> SignInState | None:
    """The state of a session by its secret; None where there is none, or nobody used it for too long.

    One that is not complete ends when its proof does: whoever signs in does not stop halfway for an hour.
    """
    settings = settings_from(read_settings(connection))
    key = digest(secret)
    session = users.find_session(connection, key, now, settings.today(now))
    if session is None or is_idle(session, settings, now):
        return None
    step = _step(connection, session, settings, now)
    if step is not None and not is_proved(session, now):
        return None
    return SignInState(session, key, step)


def is_proved(session: Session, now: datetime) -> bool:
    """Whether the user of a session proved a short while ago who they are."""
    return session.proved_at is not None and now - session.proved_at <= PROOF_HOLDS


def is_idle(session: Session, settings: WorkspaceSettings, now: datetime) -> bool:
    """Whether nobody used a session for longer than the workspace puts up with."""
    return session.seen_at is not None and now - session.seen_at > timedelta(minutes=settings.session_idle_minutes)


def _step(connection: Connection, session: Session, settings: WorkspaceSettings, now: datetime) -> Step | None:
    if session.awaits_factor:
        return Step.FACTOR
    if session.method != PASSWORD:  # who signs in elsewhere has password and second factor there
        return None
    if session.user.must_change_password:
        return Step.PASSWORD
    return Step.SET_UP if must_set_up(connection, session.user.id, settings, now) else None


def must_set_up(connection: Connection, user_id: int, settings: WorkspaceSettings, now: datetime) -> bool:
    """Whether the workspace asks for a second factor of a user who has none."""
    return needs_factor(connection, user_id, settings, now) and not factors.has_factor(connection, user_id)


def needs_factor(connection: Connection, user_id: int, settings: WorkspaceSettings, now: datetime) -> bool:
    """Whether the workspace asks for a second factor of a user."""
    if settings.second_factor == OPTIONAL:
        return False
    if settings.second_factor != ADMINISTRATORS:
        return True
    held = roles_on(connection, user_id, settings.today(now))
    return any(role is UserRole.ADMINISTRATOR for role, *_ in held)
