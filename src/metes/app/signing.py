"""The verbs of signing in: sessions begun, looked at and ended, and tokens known by their secrets."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from metes.app.desk import require_number
from metes.app.factors import WRONG_CODE, FactorVerbs
from metes.app.limiting import SIGN_INS_OF_ADDRESS, Limit, said_wait
from metes.app.passwords import NOT_SIGNED_IN, made_password_is_over
from metes.app.sign_in_state import PASSWORD, SignedIn, SignInState, is_idle, needs_factor, state_at
from metes.base.errors import Busy, NotFound, Refused, TooMany
from metes.identity import secrets
from metes.identity.passwords import checked_against
from metes.model.scope import Principal
from metes.model.workspace import settings_from
from metes.store import audit, factors, signing, users
from metes.store.roles import administrators
from metes.store.settings import read_settings
from metes.store.users import Session, Token, User

SESSION_SECONDS = users.SESSION_DAYS * 86_400
WRONG_SIGN_IN = "this name and password do not go together"
# So many tries with one name failed within an hour, wherever they came from: then only places go on that the user is known from.
NAME_TRIES, NAME_SECONDS = 100, 3600
# What is used often is written down no more often than this.
USE_NOTED = timedelta(minutes=1)
_LOCK_SECONDS = users.LOCKOUT_MINUTES * 60
log = logging.getLogger("metes.app")


@dataclass(frozen=True, slots=True)
class OwnSecurity:
    """How a user signs in: the second factor (since when, whether the workspace asks for it), codes left, sessions and tokens."""

    user: User
    factor_since: datetime | None
    must_have_factor: bool
    recovery_codes_left: int
    sessions: tuple[Session, ...]
    tokens: int


class SigningVerbs(FactorVerbs):
    """Who is at the door."""

    def sign_in(self, name: str, password: str, address: str, agent: str = "") -> SignedIn:
        """Begin a session, which may still need a second factor; Refused says no more than that name and password do not go together.

        TooMany says how long to wait. For a name that does not exist, a user who is shut out and a wrong password, the answer is the
        same and takes as long.
        """
        now = self.clock()
        if not name.isprintable():  # no name of a user, and not every database can even look for it
            raise Refused(WRONG_SIGN_IN)
        self.shelf.limits.take(SIGN_INS_OF_ADDRESS, address)
        found, failed = self._at_the_door(name, address, now)
        is_right, anew = checked_against(password, found[1] if found else None)
        is_right = is_right and found is not None and found[0].disabled_at is None and not made_password_is_over(found[0], now)
        is_right = is_right and found is not None and self._takes_password(found[0], now)
        begun = None
        with self.store.touch() as connection:
            users.note_sign_in(connection, name, address, is_right, now)
            if is_right and found is not None:
                awaits = factors.has_factor(connection, found[0].id)
                begun = self._begin(connection, found[0], PASSWORD, address, agent, awaits_factor=awaits)
                if anew is not None:
                    signing.rehash(connection, found[0].id, found[1], anew)
        who = f"user {found[0].id}" if found else "an unknown name"
        if begun is None:
            self._sign_in_failed(who, address, failed + 1, now)
            raise Refused(WRONG_SIGN_IN)
        log.info("signed in", extra={"subject": who, "address": address, "method": PASSWORD})
        return begun

    def begin_session_for(self, user: User, *, method: str, address: str, agent: str = "") -> SignedIn:
        """Begin a session of a user whom somebody else has vouched for, such as a provider of sign-ins; `method` names it.

        It needs no second factor of ours. Refused where the user is shut out.
        """
        with self.store.touch() as connection:
            found = users.user_by_number(connection, user.id)
            if found is None or found.disabled_at is not None:
                raise Refused("this user cannot sign in; ask an administrator")
            begun = self._begin(connection, found, method, address, agent)
        log.info("signed in", extra={"subject": f"user {user.id}", "address": address, "method": method})
        return begun

    def sign_in_state(self, secret: str) -> SignInState | None:
        """How far the session of a browser's cookie has come; None where it has ended."""
        with self.store.read() as connection:
            return state_at(connection, secret, self.clock())

    def session(self, secret: str) -> Session | None:
        """The session of a browser's cookie; None where it has ended, or where a step of signing in is still to be done."""
        now = self.clock()
        state = self.sign_in_state(secret)
        if state is None or state.step is not None:
            return None
        is_news = state.session.seen_at is None or now - state.session.seen_at >= USE_NOTED
        if is_news and self.shelf.seen.is_time(state.digest, now, USE_NOTED):
            # When it was seen last is worth one short wait behind a long writer, not one for each page.
            with suppress(Busy), self.store.touch(patience_seconds=0) as connection:
                users.set_session(connection, state.digest, seen_at=now)
        return state.session

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self.store.touch() as connection:
            users.end_session(connection, secrets.digest(secret), self.clock())

    def prove(self, secret: str, answer: str) -> None:
        """Prove again that it is oneself: by the password, or by a code where one has no password. It holds for a short while."""
        state = self._state(secret)
        if state.user.has_password:
            self._require_password(state, answer)
        else:
            if state.step is not None:
                raise Refused(NOT_SIGNED_IN)
            self._prove_by_code(state, answer)
        with self.store.touch() as connection:
            users.set_session(connection, state.digest, proved_at=self.clock())

    def own_security(self) -> OwnSecurity:
        """How the principal signs in."""
        now = self.clock()
        with self.store.read() as connection:
            user = users.user_by_number(connection, self.principal.user_id or 0)
            if user is None:
                raise NotFound("only a user has sessions and a password; sign in as one")
            factor = factors.factor_of(connection, user.id)
            settings = settings_from(read_settings(connection))
            kept = tuple(s for s in users.sessions_of(connection, user.id, now) if not is_idle(s, settings, now))
            return OwnSecurity(
                user,
                factor.confirmed_at if factor else None,
                needs_factor(connection, user.id, settings, now),
                factors.recovery_codes_left(connection, user.id),
                kept,
                sum(t.revoked_at is None for t in users.all_tokens(connection, user.id)),
            )

    def session_end(self, number: int) -> None:
        """End one of the principal's own sessions."""
        require_number(number, "session")
        self._end_own(number=number)

    def sessions_end_others(self, secret: str) -> int:
        """End all of the principal's sessions but that of a secret; how many."""
        return self._end_own(but=self._state(secret).digest)

    def user_sessions(self, name: str) -> tuple[Session, ...]:
        """The sessions of a user, the one seen last first."""
        now = self.clock()
        with self.store.read() as connection:
            user = users.require_user(connection, name)
            settings = settings_from(read_settings(connection))
            return tuple(s for s in users.sessions_of(connection, user.id, now) if not is_idle(s, settings, now))

    def user_end_sessions(self, name: str) -> int:
        """End all sessions of a user; how many."""
        with self.store.write() as connection:
            user = users.require_user(connection, name)
            now = self.clock()
            count = users.end_sessions(connection, user.id, now)
            audit.add_entry(connection, self.principal, "user sessions end", f"user {user.id}", {"ended": count}, now)
        return count

    def token_user(self, secret: str) -> tuple[Token, User] | None:
        """The token of a secret and whose it is; None where it is unknown, revoked or run out."""
        now = self.clock()
        found = self.shelf.tokens.find(self.store, secrets.digest(secret), now)
        if found is None:
            return None
        if found.is_use_news(now, USE_NOTED):
            with suppress(Busy), self.store.touch(patience_seconds=0) as connection:
                users.note_token_use(connection, found.token.id, now)
        return found.token, found.user

    def token_may_ask(self, token: Token) -> None:
        """Count one request of a token; TooMany where it has sent as many as the workspace lets it."""
        most = self.settings().api_requests_a_minute
        if most:
            self.shelf.limits.take(Limit("api", most, 60), str(token.id))

    def _at_the_door(self, name: str, address: str, now: datetime) -> tuple[tuple[User, str] | None, int]:
        """The user of a name, with the hash, and how many tries in a row failed; TooMany where they were too many.

        A stranger's tries shut out the stranger's address, and however many addresses there are, never those the user is known from.
        """
        with self.store.read() as connection:
            found = users.find_user(connection, name)
            failed = users.failed_sign_ins(connection, name, address, now)
            everywhere = signing.failures_of(connection, name, now - timedelta(seconds=NAME_SECONDS))
            is_known = everywhere >= NAME_TRIES and signing.is_known_place(
                connection, found[0].id if found else 0, name, address, now
            )
        if failed >= users.LOCKOUT_TRIES or (everywhere >= NAME_TRIES and not is_known):
            raise TooMany(f"too many tries; wait {said_wait(_LOCK_SECONDS)}, then try again", _LOCK_SECONDS)
        return found, failed

    def _takes_password(self, user: User, now: datetime) -> bool:
        """Whether a user may come in by password, or the company's sign-in is the only door for all but administrators."""
        with self.store.read() as connection:
            settings = settings_from(read_settings(connection))
            return settings.local_passwords or user.id in administrators(connection, settings.today(now))

    def _sign_in_failed(self, who: str, address: str, failed: int, now: datetime) -> None:
        log.warning("sign-in failed", extra={"subject": who, "address": address, "method": PASSWORD})
        if failed == users.LOCKOUT_TRIES:
            # The same for known and unknown names, so that the time it takes tells nothing.
            with self.store.write() as connection:
                audit.add_entry(connection, Principal("sign-in", address=address), "sign-in locked", who, {"tries": failed}, now)

    def _prove_by_code(self, state: SignInState, code: str) -> None:
        self._count_try(state.user, "factor")
        with self.store.touch() as connection:
            is_right = bool(self._use_code(connection, state.user.id, code))
        self._note_try(state.user, "factor", is_right, state.session.address)
        if not is_right:
            raise Refused(WRONG_CODE)

    def _end_own(self, *, number: int | None = None, but: str | None = None) -> int:
        if self.principal.user_id is None:
            raise NotFound("only a user has sessions; sign in as one")
        with self.store.write() as connection:
            now = self.clock()
            count = users.end_sessions(connection, self.principal.user_id, now, number=number, but=but)
            if number is not None and not count:
                raise NotFound("you have no such session; it may have ended meanwhile")
            who = f"user {self.principal.user_id}"
            audit.add_entry(connection, self.principal, "sessions end", who, {"ended": count}, now)
        return count
