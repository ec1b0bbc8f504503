"""The verbs of the API's tokens: made by whoever they act for, narrowed, asked, revoked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from metes.app import policy
from metes.app.desk import require_number
from metes.app.roles import RoleVerbs
from metes.base.errors import InputError, NotFound, Refused
from metes.identity import secrets
from metes.model.access import HIDDEN, Capability, UserRole, role_named
from metes.store import audit, users
from metes.store import roles as granted
from metes.store.users import Token, User

TOKEN_DAYS, MOST_TOKEN_DAYS = 90, 366


class TokenVerbs(RoleVerbs):
    """Tokens: never more than their user may at the moment of the call."""

    def token_add(
        self, name: str, user: str | None = None, days: int | None = TOKEN_DAYS, *, role: str | None = None, territory: str = ""
    ) -> str:
        """Make an API token, of oneself (an administrator: of a program, too); the secret, shown this once.

        `role` is one of the user's (None: all of them), `territory` a place that it is narrowed to. `days` are those after which it
        runs out; None, or more than 366, is for users of the role integration alone.
        """
        cleaned = name.strip()
        if not 1 <= len(cleaned) <= 100 or not cleaned.isprintable():
            raise InputError(f"expected a name of 1 to 100 characters for the token, got {name[:120]!r}")
        if self.principal.is_token:
            raise Refused("a token makes no tokens; sign in, or use the command line")
        narrowed = role_named(role) if role else None
        if territory:
            self._require_territory(territory)
        secret, now = secrets.new_token(), self.clock()
        with self.store.write() as connection:
            owner = self._token_owner(connection, user)
            held = {found for found, _ in granted.roles_on(connection, owner.id, self._day(connection))}
            if narrowed is not None and narrowed not in held:
                raise InputError(f"user {owner.name} does not hold the role {narrowed} today; choose one that they hold")
            _require_expiry(days, held)
            expires = now + timedelta(days=days) if days else None
            number = users.add_token(
                connection, owner.id, cleaned, secrets.digest(secret), expires, now, role=narrowed, territory=territory
            )
            after = {"user": owner.id, "days": days, "role": narrowed, "territory": territory}
            audit.add_entry(connection, self.principal, "token add", f"token {number}", {}, now, after=after)
        return secret

    def token_list(self, user: str | None = None) -> tuple[Token, ...]:
        """Tokens without their secrets, newest first: one's own; an administrator's are all, or those of a user."""
        with self.store.read() as connection:
            if self._is_administering():
                number = users.require_user(connection, user).id if user else None
            elif user is not None and user != self.principal.name:
                raise NotFound(HIDDEN)
            else:
                number = self.principal.user_id
            return users.all_tokens(connection, number)

    def token_revoke(self, token_id: int) -> None:
        """Make a token useless: one's own; an administrator, any."""
        require_number(token_id, "token")
        with self.store.write() as connection:
            if not self._is_administering() and token_id not in self._own_tokens(connection):
                raise NotFound(f"there is no token {token_id} in use; 'metes token list' shows those there are")
            users.revoke_token(connection, token_id, self.clock())
            audit.add_entry(connection, self.principal, "token revoke", f"token {token_id}", {}, self.clock())

    def _own_tokens(self, connection: Connection) -> frozenset[int]:
        return frozenset(token.id for token in users.all_tokens(connection, self.principal.user_id))

    def _is_administering(self) -> bool:
        return policy.may(self.principal, self.access, Capability.ADMIN)

    def _token_owner(self, connection: Connection, user: str | None) -> User:
        """Whom a token is for: whoever asks, or a program that an administrator names."""
        if self.principal.user_id is None:
            if user is None:
                raise InputError("expected a user whom the token acts for; name one with --user")
            return users.require_user(connection, user)
        if user is None or user == self.principal.name:
            return users.require_user(connection, self.principal.name)
        if not self._is_administering():
            raise NotFound(HIDDEN)
        owner = users.require_user(connection, user)
        roles = {role for role, _ in granted.roles_on(connection, owner.id, self._day(connection))}
        if roles != {UserRole.INTEGRATION}:
            raise Refused(
                f"user {owner.name} is a person, who makes their own tokens; make this one for a user of the role integration alone"
            )
        return owner


def _require_expiry(days: int | None, roles: set[UserRole]) -> None:
    if days is not None and days < 1:
        raise InputError(f"expected at least a day for a token, got {days}")
    if roles == {UserRole.INTEGRATION}:
        return
    if days is None or days > MOST_TOKEN_DAYS:
        raise InputError(
            f"expected 1 to {MOST_TOKEN_DAYS} days for a token, got {days or 'none'}; programs of the role integration may have more"
        )
