"""The verbs that say what somebody sees and why, and let an administrator look at the workspace as somebody else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from metes.access.reasons import reasons_of
from metes.app import policy
from metes.app.access import plan_on, seats_of, standing_of
from metes.app.tokens import TokenVerbs
from metes.base.errors import InputError, NotFound, Refused
from metes.identity import secrets
from metes.model.access import HIDDEN, Access, Capability, UserRole, role_named
from metes.model.seeing import Extent, GrantedRole, Seeing, SeeingChange
from metes.store import audit, links, user_reading, users
from metes.store import roles as granted
from metes.store.links import Link
from metes.store.people import find_person
from metes.store.roles import RoleGrant
from metes.store.user_reading import UserRow
from metes.store.users import Session, Token

VIEW_AS_HOURS = 1
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A user with everything that the page of users shows: roles of any day, whom they are since when, sessions, tokens."""

    row: UserRow
    grants: tuple[RoleGrant, ...]
    links: tuple[Link, ...]
    sessions: tuple[Session, ...]
    tokens: tuple[Token, ...]
    # Groups that give a role to the last one who runs the workspace, against what the company's sign-in says.
    kept_groups: frozenset[int] = frozenset()


class SeeingVerbs(TokenVerbs):
    """What somebody sees, and looking as somebody else."""

    def user_show(self, name: str) -> UserProfile:
        """A user with roles, groups, persons, sessions and tokens."""
        now = self.clock()
        with self.store.read() as connection:
            day = links.day_of(connection, now)
            user = users.require_user(connection, name, day)
            return UserProfile(
                row=user_reading.rows(connection, day, [user.id])[0],
                grants=granted.grants(connection, user_id=user.id),
                links=links.links_of(connection, user.id),
                sessions=users.sessions_of(connection, user.id, now),
                tokens=users.all_tokens(connection, user.id),
                kept_groups=granted.kept_groups(connection, user.id),
            )

    def what_sees(self, name: str | None = None) -> Seeing:
        """What a user (None: whoever asks) may and sees today, and why. Of others, for administrators."""
        is_of_another = name is not None and name != self.principal.name
        if policy.is_narrowed(self.principal) or (is_of_another and not self._is_administering()):
            raise NotFound(HIDDEN)
        if name is None and self.principal.user_id is None:
            raise InputError("expected a user; 'metes user list' shows those there are")
        with self.store.read() as connection:
            day = self._day(connection)
            user = users.require_user(connection, name or self.principal.name, day)
            plan = plan_on(connection, day, self.plan_at)
            standing = standing_of(connection, plan, user.id, day)
            (row,) = user_reading.rows(connection, day, [user.id])
        access = standing.access(plan, day)
        held = [GrantedRole(g.role, g.territory, g.group or "", g.true_until) for g in standing.grants]
        may = tuple(capability for capability in Capability if access.may(capability))
        reasons = reasons_of(plan, held, standing.seats)
        return Seeing(user.name, access.roles, may, reasons, self._seen_extent(access), row.person, user.disabled_at is not None)

    def role_preview(
        self,
        name: str,
        *,
        add: Sequence[tuple[str, str]] = (),
        without: Collection[int] = (),
        person: str | None = None,
    ) -> SeeingChange:
        """How much a user would see with some roles more (each with its territory), without some of the grants, or as another person."""
        for role, territory in add:
            if territory:
                self._require_place(role_named(role), territory)
        with self.store.read() as connection:
            day = self._day(connection)
            user = users.require_user(connection, name)
            plan = plan_on(connection, day, self.plan_at)
            now = standing_of(connection, plan, user.id, day)
            then = replace(
                now,
                grants=tuple(grant for grant in now.grants if grant.id not in without),
                more=tuple((role_named(role), territory) for role, territory in add),
            )
            if person is not None:
                number = find_person(connection, person) if person else None
                then = replace(then, person=number, seats=seats_of(connection, plan, number, day))
        before, after = (self._seen_extent(one.access(plan, day)) for one in (now, then))
        return SeeingChange(user.name, before, after)

    def view_as_begin(self, secret: str, name: str, reason: str) -> datetime:
        """Let the session of a browser look at the workspace as another user, for an hour at most; the instant at which it ends.

        Nothing can be changed meanwhile. Refused as an administrator, as oneself and as whoever is shut out.
        """
        because = " ".join(reason.split())
        if not 3 <= len(because) <= LONGEST_REASON:
            raise InputError(f"expected a reason of 3 to {LONGEST_REASON} characters for looking as somebody else")
        now = self.clock()
        with self.store.write() as connection:
            session = users.find_session(connection, secrets.digest(secret), now)
            if session is None or session.user.id != self.principal.user_id:
                raise Refused("only whoever is signed in to the pages can look at them as somebody else; sign in")
            target = users.require_user(connection, name)
            self._require_viewable(connection, target.id, target.disabled_at)
            ends = now + timedelta(hours=VIEW_AS_HOURS)
            if session.expires_at is not None:
                ends = min(ends, session.expires_at)
            users.set_session(connection, secrets.digest(secret), as_user_id=target.id, expires_at=ends)
            detail = {"until": ends.isoformat()}
            named = {"after.reason": because}
            audit.add_entry(connection, self.principal, "view as begin", f"user {target.id}", detail, now, personal=named)
        return ends

    def view_as_end(self, secret: str) -> None:
        """Let the session of a browser look at the workspace as its own user again."""
        now = self.clock()
        with self.store.write() as connection:
            digest = secrets.digest(secret)
            session = users.find_session(connection, digest, now)
            if session is None or session.as_user is None or session.user.id != self.principal.user_id:
                return
            begun = session.created_at or now
            users.set_session(connection, digest, as_user_id=None, expires_at=begun + timedelta(days=users.SESSION_DAYS))
            audit.add_entry(connection, self.principal, "view as end", f"user {session.as_user.id}", {}, now)

    def _require_viewable(self, connection: Connection, user_id: int, disabled_at: datetime | None) -> None:
        if user_id == self.principal.user_id:
            raise Refused("this is you; look at the pages as they are")
        if disabled_at is not None:
            raise Refused("this user is shut out and sees nothing")
        if any(role is UserRole.ADMINISTRATOR for role, _ in granted.roles_on(connection, user_id, self._day(connection))):
            raise Refused("nobody looks at the workspace as another administrator")

    def _seen_extent(self, access: Access) -> Extent:
        scope = access.scope(Capability.LOOK)
        territories = None if scope.territories is None else len(scope.territories)
        return Extent(territories, 0 if scope.is_nothing else self.book().total(scope).accounts)
