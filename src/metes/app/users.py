"""The verbs of users: made, found, linked to people, shut out and let in again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy.engine import Connection

from metes.app.signing import SigningVerbs
from metes.base.errors import InputError, NotFound
from metes.identity import passwords, secrets
from metes.model.access import SEES_EVERYTHING, UserRole, role_named
from metes.model.notices import checked_mail_address
from metes.model.seeing import IN, NO_ROLE, OUT, UserFilter
from metes.store import audit, links, user_reading, users
from metes.store import roles as granted
from metes.store.people import find_person
from metes.store.user_reading import UserRow
from metes.store.users import User

LONGEST_SEARCH = 200
USERS_SHOWN = 50
# Pages of users that stand where a user's own page would.
PAGE_NAMES = frozenset({"new", "options", "tokens"})
# So end the addresses of pages below it.
PAGE_ENDS = ("disable", "email", "enable", "new", "password", "person", "remove", "revoke", "view-as")


class UserVerbs(SigningVerbs):
    """Users, and whom they are."""

    def user_add(
        self,
        name: str,
        password: str | None = None,
        *,
        person: str | None = None,
        roles: Sequence[str] | None = None,
        territory: str = "",
        email: str | None = None,
    ) -> str:
        """Add a user with roles (None: administrator for the first, else none), linked to a person where one is named.

        `territory` is where the roles hold beside the seats of the person. Gives the password; one made here, where none is given, only serves to choose another.
        """
        cleaned = name.strip()
        if not 1 <= len(cleaned) <= 100 or any(c.isspace() or not c.isprintable() for c in cleaned):
            raise InputError(f"expected a user name of 1 to 100 characters without blanks and control characters, got {name!r}")
        if cleaned in audit.ALWAYS_SYSTEM:
            raise InputError(f"what Metes does by itself is done as {cleaned}; choose another name for the user")
        if cleaned in PAGE_NAMES:
            raise InputError(f"a page is called {cleaned}; choose another name for the user")
        if not cleaned.strip(".") or any(cleaned.endswith(f"/{page}") for page in PAGE_ENDS):
            raise InputError(f"the address of {cleaned} would be that of another page; choose another name for the user")
        wanted = None if roles is None else tuple(dict.fromkeys(map(role_named, roles)))
        address = checked_mail_address(email) if email else None
        if territory:
            self._require_territory(territory)
        chosen = secrets.new_password() if password is None else self._checked(password, (cleaned, address or "", "metes"))
        hashed = passwords.hash_password(chosen)
        now = self.clock()
        with self.store.write() as connection:
            is_first = not user_reading.is_any(connection)
            held = (UserRole.ADMINISTRATOR,) if wanted is None and is_first else wanted or ()
            number = find_person(connection, person) if person else None
            user_id = users.add_user(connection, cleaned, hashed, now, email=address, must_change=password is None)
            if number is not None:
                links.link(connection, user_id, number, self.principal.name, now)
            day = links.day_of(connection, now)
            for role in held:
                place = "" if role in SEES_EVERYTHING else territory
                granted.grant(connection, role, self.principal.name, now, user_id=user_id, territory=place, true_from=day)
            after = {"roles": list(held), "territory": territory, "person": number}
            named = {"after.email": address}
            audit.add_entry(connection, self.principal, "user add", f"user {user_id}", {}, now, after=after, personal=named)
        return chosen

    def has_users(self) -> bool:
        """Whether anybody was added who could sign in."""
        with self.store.read() as connection:
            return user_reading.is_any(connection)

    def user_list(self) -> tuple[User, ...]:
        """All users."""
        with self.store.read() as connection:
            return users.all_users(connection, links.day_of(connection, self.clock()))

    def users(
        self, wanted: UserFilter = UserFilter(), *, limit: int = USERS_SHOWN, offset: int = 0
    ) -> tuple[tuple[UserRow, ...], int]:
        """The users that a filter lets through, by name, with their roles of today; and how many there are."""
        if wanted.role not in ("", NO_ROLE):
            role_named(wanted.role)
        if wanted.state not in ("", IN, OUT):
            raise InputError(f"expected '{IN}' or '{OUT}' for the state of users, got {wanted.state[:40]!r}")
        if len(wanted.search) > LONGEST_SEARCH:
            raise InputError(f"expected at most {LONGEST_SEARCH} characters to look for; shorten it")
        with self.store.read() as connection:
            day = links.day_of(connection, self.clock())
            return user_reading.page(connection, day, wanted, limit=limit, offset=offset)

    def user_link(self, name: str, person: str | None, *, since: date | None = None, until: date | None = None) -> None:
        """Say which person a user is from a day on (None: today), until a day; None for nobody."""
        now = self.clock()
        with self.store.write() as connection:
            number = find_person(connection, person) if person else None
            user_id = users.require_user(connection, name).id
            first = since or links.day_of(connection, now)
            before = {"person": links.person_of(connection, user_id, first)}
            links.link(connection, user_id, number, self.principal.name, now, since=first, until=until)
            detail = {"from": first.isoformat(), "until": until and until.isoformat()}
            after = {"person": number}
            audit.add_entry(connection, self.principal, "user link", f"user {user_id}", detail, now, before=before, after=after)

    def user_email(self, name: str, email: str | None) -> None:
        """Say where a link to a new password goes; None for nowhere."""
        address = checked_mail_address(email) if email and email.strip() else None
        with self.store.write() as connection:
            before = users.require_user(connection, name)
            users.set_email(connection, name, address)
            told = audit.change({"email": before.email}, {"email": address}, ["email"])
            audit.add_entry(connection, self.principal, "user email", f"user {before.id}", {}, self.clock(), **told)

    def user_disable(self, name: str, *, is_disabled: bool = True) -> None:
        """Shut a user out, or let them in again."""
        with self.store.write() as connection:
            before = users.require_user(connection, name)
            user_id = users.set_disabled(connection, name, self.clock() if is_disabled else None)
            granted.require_administrator(connection, self._day(connection))
            told = audit.change({"shut out": before.disabled_at is not None}, {"shut out": is_disabled})
            audit.add_entry(connection, self.principal, "user disable", f"user {user_id}", {}, self.clock(), **told)

    def _day(self, connection: Connection) -> date:
        return links.day_of(connection, self.clock())

    def _require_territory(self, territory: str) -> None:
        active = self.active()
        if active is None or territory not in active[1].territory_by_key:
            raise NotFound(f"the plan in force has no territory '{territory[:100]}'; 'metes territories' lists those it has")
