"""The verbs of roles and groups: who is what to the workspace, where, from when to when."""

from __future__ import annotations

from datetime import date

from sqlalchemy.engine import Connection

from metes.app.desk import require_number
from metes.app.users import UserVerbs
from metes.base.errors import InputError, NotFound
from metes.model.access import RIGHT_ASKS, ROLE_MAY, SEES_EVERYTHING, UserRole, role_named
from metes.store import audit, plan_rights, users
from metes.store import roles as granted
from metes.store.roles import LOCAL, Group, RoleGrant

LONGEST_GROUP = 100
# Names that directories give: an address of many parts.
LONGEST_OUTSIDE = 400


class RoleVerbs(UserVerbs):
    """Roles of users and groups, and who is in which group."""

    def role_list(self, user: str | None = None) -> tuple[RoleGrant, ...]:
        """The roles that were given and not taken back, of everybody or of one user (those of the user's groups too)."""
        with self.store.read() as connection:
            number = users.require_user(connection, user).id if user else None
            return granted.grants(connection, user_id=number)

    def role_grant(
        self,
        role: str,
        *,
        user: str | None = None,
        group: str | None = None,
        territory: str = "",
        since: date | None = None,
        until: date | None = None,
    ) -> int:
        """Give a user or a group a role from a day on (None: today), until a day; its number.

        `territory` is a place beside the seats of whoever holds it, with all below it.
        """
        named = role_named(role)
        if (user is None) == (group is None):
            raise InputError("expected a user or a group to give the role to, and not both")
        if territory:
            self._require_place(named, territory)
        now = self.clock()
        with self.store.write() as connection:
            first = since or self._day(connection)
            if until is not None and until <= first:
                raise InputError(f"a role that begins on {first} cannot end on {until}; say a later day")
            user_id = users.require_user(connection, user).id if user is not None else None
            group_id = granted.find_group(connection, group) if group is not None else None
            number = granted.grant(
                connection, named, self.principal.name, now, user_id=user_id, group_id=group_id, territory=territory,
                true_from=first, true_until=until,
            )  # fmt: skip
            subject = f"user {user_id}" if user_id is not None else f"group {group_id}"
            after = _told(named, territory, first, until)
            audit.add_entry(connection, self.principal, "role grant", subject, {"grant": number}, now, after=after)
        return number

    def role_revoke(self, number: int) -> RoleGrant:
        """Take a role back; what it was. Refused where nobody would be left to run the workspace."""
        require_number(number, "role")
        now = self.clock()
        with self.store.write() as connection:
            found = granted.revoke(connection, number, self.principal.name, now, self._day(connection))
            subject = f"user {found.user_id}" if found.user_id is not None else f"group {found.group_id}"
            before = _told(found.role, found.territory, found.true_from, found.true_until)
            audit.add_entry(connection, self.principal, "role revoke", subject, {"grant": number}, now, before=before)
        return found

    def rights_idle(self) -> frozenset[int]:
        """The numbers of the rights on the plan that do not count today: no role of their user's lets them do it at all."""
        with self.store.read() as connection:
            day = self._day(connection)
            may = {
                right: granted.holders(connection, [r for r in UserRole if asked in ROLE_MAY[r]], day)
                for right, asked in RIGHT_ASKS.items()
            }
            return frozenset(row.id for row in plan_rights.rights(connection).rows if row.user_id not in may[row.right])

    def group_list(self) -> tuple[Group, ...]:
        """All groups with their members, by name."""
        with self.store.read() as connection:
            return granted.all_groups(connection)

    def group_add(self, name: str, external: str | None = None) -> int:
        """Add a group; its number. `external` is what the company's sign-in calls it, which then says who is in it."""
        cleaned, outside = _group_name(name), (external or "").strip() or None
        if outside is not None and not (len(outside) <= LONGEST_OUTSIDE and outside.isprintable()):
            raise InputError(
                f"expected a name outside of at most {LONGEST_OUTSIDE} characters, got {len(outside)}; say what the provider sends"
            )
        now = self.clock()
        with self.store.write() as connection:
            number = granted.add_group(connection, cleaned, outside, now)
            after = {"name": cleaned, "external": outside}
            audit.add_entry(connection, self.principal, "group add", f"group {number}", {}, now, after=after)
        return number

    def group_remove(self, name: str) -> None:
        """Drop a group with the roles it gave. Refused where nobody would be left to run the workspace."""
        now = self.clock()
        with self.store.write() as connection:
            group = _group(connection, name)
            held = [g for g in granted.grants(connection) if g.group_id == group.id]
            granted.remove_group(connection, group.id, self.principal.name, now, self._day(connection))
            before = {
                "name": group.name, "external": group.external_name, "members": len(group.members),
                "roles": [_told(g.role, g.territory, g.true_from, g.true_until) for g in held],
            }  # fmt: skip
            audit.add_entry(connection, self.principal, "group remove", f"group {group.id}", {}, now, before=before)

    def group_join(self, name: str, user: str) -> None:
        """Put a user into a group."""
        now = self.clock()
        with self.store.write() as connection:
            group, member = _group(connection, name), users.require_user(connection, user)
            if member.name in group.members:
                return
            granted.put_member(connection, group.id, member.id, LOCAL, now)
            audit.add_entry(connection, self.principal, "group join", f"group {group.id}", {"user": member.id}, now)

    def group_leave(self, name: str, user: str) -> None:
        """Take a user out of a group. Refused where nobody would be left to run the workspace."""
        now = self.clock()
        with self.store.write() as connection:
            group, member = _group(connection, name), users.require_user(connection, user)
            if member.name not in group.members:
                raise NotFound(f"user '{member.name}' is not in the group '{group.name}'; 'metes group list' shows who is")
            granted.take_member(connection, group.id, member.id, self._day(connection))
            audit.add_entry(connection, self.principal, "group leave", f"group {group.id}", {"user": member.id}, now)

    def _require_place(self, role: UserRole, territory: str) -> None:
        if role in SEES_EVERYTHING:
            raise InputError(f"the role {role} sees everything; leave the territory out")
        self._require_territory(territory)


def _told(role: UserRole, territory: str, first: date, until: date | None) -> dict[str, str | None]:
    return {"role": role.value, "territory": territory, "from": first.isoformat(), "until": until.isoformat() if until else None}


def _group(connection: Connection, name: str) -> Group:
    number = granted.find_group(connection, name)
    return next(group for group in granted.all_groups(connection) if group.id == number)


def _group_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not 1 <= len(cleaned) <= LONGEST_GROUP or not cleaned.isprintable():
        raise InputError(f"expected a name of 1 to {LONGEST_GROUP} characters for a group, got {name[:120]!r}")
    return cleaned
