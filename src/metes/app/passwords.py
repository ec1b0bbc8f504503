"""The verbs of passwords: changed, chosen by whoever got one made, reset by mail or by an administrator."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from metes.app.limiting import RESETS_OF_ADDRESS, RESETS_OF_NAME, said_wait
from metes.app.schedules import ScheduleVerbs
from metes.app.sign_in_state import SignedIn, SignInState, Step, state_at
from metes.base.errors import Conflict, InputError, Refused, TooMany
from metes.identity import secrets
from metes.identity.passwords import checked_against, checked_password, hash_password, is_password
from metes.model.scope import Principal
from metes.model.workspace import settings_from
from metes.store import audit, notices, resets, signing, users
from metes.store.settings import read_settings
from metes.store.users import User

WRONG_PASSWORD = "this is not your present password"  # noqa: S105
NOT_SIGNED_IN = "this session has ended; sign in again"
PROVE_FIRST = "prove first that it is you: type your password again"
LINK_IS_OVER = "this link no longer holds: it works once, for 30 minutes; ask for another"
SECURITY_PAGE = "/settings/security"
MADE_PASSWORD_DAYS = 7
log = logging.getLogger("metes.app")


class PasswordVerbs(ScheduleVerbs):
    """Passwords, by those who have them and by those who run the workspace."""

    def user_password(self, name: str, password: str | None = None) -> str:
        """Give a user another password, ending all sessions; the password. One made here only serves to choose another."""
        now = self.clock()
        with self.store.read() as connection:
            user = users.require_user(connection, name)
            known = self._known_of(connection, user.name, user.email)
        chosen = secrets.new_password() if password is None else self._checked(password, known)
        hashed = hash_password(chosen)
        with self.store.write() as connection:
            users.set_password(connection, name, hashed, now, must_change=password is None)
            resets.drop_links(connection, user.id)
            audit.add_entry(connection, self.principal, "user password", f"user {user.id}", {"made": password is None}, now)
            self._tell_user(connection, user.id, "Your password was changed", "An administrator gave you another password.", now)
        return chosen

    def password_change(self, secret: str, present: str, password: str) -> SignedIn:
        """Change one's own password, knowing the present one: all sessions end, and this one goes on under another secret."""
        state = self._state(secret)
        self._require_password(state, present)
        if present == password:
            raise InputError("this is the password you have; choose another")
        return self._set_own_password(state, password, "password change")

    def password_choose(self, secret: str, password: str) -> SignedIn:
        """Choose a password in place of one that somebody else made; the same session under another secret."""
        state = self._state(secret)
        if state.step is not Step.PASSWORD:
            raise Conflict("you have a password of your own already; change it among the settings")
        with self.store.read() as connection:
            made = signing.hash_of(connection, state.user.id)
        if is_password(password, made):
            raise InputError("this is the password that was made for you; choose one of your own")
        return self._set_own_password(state, password, "password choose")

    @property
    def can_reset_by_mail(self) -> bool:
        """Whether a link to a new password can be sent: there is a mail server, and an address for links to begin with."""
        return self.shelf.mail.is_named and bool(self.settings().base_url)

    def reset_ask(self, named: str, address: str) -> None:
        """Send a link to a new password to the user of a name or an address, if there is one; nobody learns whether there is."""
        if not self.can_reset_by_mail:
            raise Refused("no mail can be sent from here; ask an administrator for another password")
        self.shelf.limits.take(RESETS_OF_ADDRESS, address)
        cleaned = named.strip()[:200]
        is_within = self.shelf.limits.allows(RESETS_OF_NAME, cleaned.casefold())
        if not cleaned.isprintable():
            return
        now = self.clock()
        with self.store.write() as connection:
            found = resets.ask(connection, cleaned if is_within else "", now)
            who = "an unknown name" if found is None else f"user {found}"
            audit.add_entry(connection, Principal("sign-in", address=address), "password reset asked", who, {}, now)

    def reset_is_open(self, link: str) -> bool:
        """Whether a link to a new password still holds."""
        with self.store.read() as connection:
            return resets.user_of_link(connection, secrets.digest(link), self.clock()) is not None

    def reset_use(self, link: str, password: str, address: str) -> User:
        """Choose another password by a link, which then holds no more; all sessions end, and none begins."""
        now, key = self.clock(), secrets.digest(link)
        with self.store.read() as connection:
            number = resets.user_of_link(connection, key, now)
            user = None if number is None else users.user_by_number(connection, number)
            if user is None:
                raise Refused(LINK_IS_OVER)
            known = self._known_of(connection, user.name, user.email)
        hashed = hash_password(self._checked(password, known))
        with self.store.write() as connection:
            if resets.use_link(connection, key, now) is None:  # somebody was faster
                raise Refused(LINK_IS_OVER)
            self._keep_password(connection, user, hashed, now)
            signing.forget_failures(connection, user.name)
            who = Principal(user.name, user.id, address)
            audit.add_entry(connection, who, "password reset", f"user {user.id}", {}, now)
            self._tell_user(
                connection, user.id, "Your password was changed", "It was chosen anew by a link that was mailed to you.", now
            )
        return user

    def _set_own_password(self, state: SignInState, password: str, action: str) -> SignedIn:
        now, user = self.clock(), state.user
        with self.store.read() as connection:
            known = self._known_of(connection, user.name, user.email)
        hashed = hash_password(self._checked(password, known))
        with self.store.write() as connection:
            self._keep_password(connection, user, hashed, now)
            begun = self._begin(connection, user, state.session.method, state.session.address, state.session.agent)
            audit.add_entry(connection, self._as(state), action, f"user {user.id}", {}, now)
            self._tell_user(connection, user.id, "Your password was changed", "You changed it yourself, if it was you.", now)
        return begun

    def _keep_password(self, connection: Connection, user: User, hashed: str, now: datetime) -> None:
        """A new password: every session and every link of the user is over."""
        users.set_password(connection, user.name, hashed, now)
        resets.drop_links(connection, user.id)

    def _begin(
        self, connection: Connection, user: User, method: str, address: str, agent: str, *, awaits_factor: bool = False
    ) -> SignedIn:
        """A new session of a user: its secret is new, whatever the browser had before."""
        secret = secrets.new_secret()
        users.add_session(
            connection,
            user.id,
            secrets.digest(secret),
            secrets.new_secret(),
            self.clock(),
            address=address,
            agent=agent,
            method=method,
            awaits_factor=awaits_factor,
            number=secrets.new_number(),
        )
        return SignedIn(secret, user)

    def _state(self, secret: str) -> SignInState:
        """The session of a secret, of the principal's own user; Refused where it has ended."""
        with self.store.read() as connection:
            found = state_at(connection, secret, self.clock())
        if found is None or self.principal.user_id not in (None, found.user.id):
            raise Refused(NOT_SIGNED_IN)
        return found

    def _require_password(self, state: SignInState, password: str) -> None:
        """Refused unless this is the password of a complete session's user; TooMany after too many tries."""
        if state.step is not None:
            raise Refused(NOT_SIGNED_IN)
        self._count_try(state.user, "proof")
        with self.store.read() as connection:
            kept = signing.hash_of(connection, state.user.id)
        is_right, _ = checked_against(password, kept)
        self._note_try(state.user, "proof", is_right, state.session.address)
        if not is_right:
            raise Refused(WRONG_PASSWORD)

    def _count_try(self, user: User, what: str) -> None:
        """TooMany where a user failed at something too often of late, from wherever."""
        now = self.clock()
        with self.store.read() as connection:
            failed = users.failed_sign_ins(connection, _tried(user, what), "", now)
        if failed >= users.LOCKOUT_TRIES:
            seconds = users.LOCKOUT_MINUTES * 60
            raise TooMany(f"too many tries; wait {said_wait(seconds)}, then try again", seconds)

    def _note_try(self, user: User, what: str, is_right: bool, address: str) -> None:
        """Remember a try, whose name no user can have; the last one allowed stands in the audit trail, and its user hears of it."""
        now, name = self.clock(), _tried(user, what)
        level = logging.INFO if is_right else logging.WARNING
        log.log(level, "%s %s", what, "right" if is_right else "wrong", extra={"subject": f"user {user.id}", "address": address})
        with self.store.touch() as connection:
            users.note_sign_in(connection, name, "", is_right, now)
            failed = 0 if is_right else users.failed_sign_ins(connection, name, "", now)
        if failed == users.LOCKOUT_TRIES:
            with self.store.write() as connection:
                who = Principal("sign-in", address=address)
                audit.add_entry(connection, who, f"{what} locked", f"user {user.id}", {"tries": failed}, now)
                self._tell_user(connection, user.id, f"{failed} wrong tries", _WARNINGS[what], now)

    def _known_of(self, connection: Connection, name: str, email: str | None) -> tuple[str, ...]:
        """What anybody knows of a user, which makes no password."""
        return (name, email or "", settings_from(read_settings(connection)).company, "metes")

    def _checked(self, password: str, known: tuple[str, ...]) -> str:
        return checked_password(password, known, self.shelf.signing.breached)

    def _as(self, state: SignInState) -> Principal:
        """Who acts in a session that is not complete yet, or is: its user."""
        if self.principal.user_id is not None:
            return self.principal
        return Principal(state.user.name, state.user.id, state.session.address)

    def _tell_user(self, connection: Connection, user_id: int, subject: str, text: str, now: datetime) -> None:
        """Tell a user of a change to how they sign in."""
        more = "If it was not you, end all other sessions there, choose another password, and tell an administrator."
        notices.add_notices(
            connection, kind="security", subject=subject, text=f"{text} {more}", link=SECURITY_PAGE, now=now, user_ids=[user_id]
        )


def made_password_is_over(user: User, now: datetime) -> bool:
    """Whether a password that somebody made for a user was not used for too long."""
    since = user.password_changed_at or user.created_at
    return user.must_change_password and now - since > timedelta(days=MADE_PASSWORD_DAYS)


_WARNINGS = {
    "proof": "Somebody in one of your sessions did not know your password.",
    "factor": "Somebody who knows your password did not have your second factor: choose another password soon.",
}


def _tried(user: User, what: str) -> str:
    return f"{what} {user.id}"
