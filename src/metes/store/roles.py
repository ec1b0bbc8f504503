"""Groups and the roles of users and groups, each from a day on, until a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound, Refused
from metes.model.access import UserRole
from metes.store import counters
from metes.store.identity_tables import group_members, groups, role_grants
from metes.store.tables import users

LOCAL, SIGN_IN, KEPT = "local", "sign-in", "kept"


@dataclass(frozen=True, slots=True)
class Group:
    """Users who get their roles together; `external_name` is what the company's sign-in calls it."""

    id: int
    name: str
    external_name: str | None
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role of a user or a group; `territory` is a place beside those of the seats (empty: none)."""

    id: int
    user_id: int | None
    user: str | None
    group_id: int | None
    group: str | None
    role: UserRole
    territory: str
    true_from: date
    true_until: date | None
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Moves:
    """What a sign-in changed of a user's groups, by their names; `kept` are those that it no longer names and that cannot be left yet."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything changed."""
        return bool(self.joined or self.left or self.kept)


def grants(connection: Connection, *, user_id: int | None = None, day: date | None = None) -> tuple[RoleGrant, ...]:
    """The grants that were not taken back: all, or those of a user (the user's groups' too), and of those the ones that hold on a day."""
    t = role_grants.c
    query = (
        sa.select(
            t.id, t.user_id, users.c.name.label("user"), t.group_id, groups.c.name.label("group"), t.role, t.territory, t.true_from,
            t.true_until, t.granted_by, t.granted_at,
        )
        .outerjoin(users, users.c.id == t.user_id)
        .outerjoin(groups, groups.c.id == t.group_id)
        .where(t.revoked_at.is_(None))
        .order_by(sa.func.coalesce(users.c.name, groups.c.name), t.role, t.territory, t.true_from, t.id)
    )  # fmt: skip
    if user_id is not None:
        mine = sa.select(group_members.c.group_id).where(group_members.c.user_id == user_id)
        query = query.where(sa.or_(t.user_id == user_id, t.group_id.in_(mine)))
    if day is not None:
        query = query.where(_in_force(day))
    return tuple(RoleGrant(**{**row, "role": UserRole(row["role"])}) for row in connection.execute(query).mappings())


def roles_on(connection: Connection, user_id: int, day: date) -> tuple[tuple[UserRole, str], ...]:
    """The roles that a user holds on a day, each with its territory."""
    t = role_grants.c
    mine = sa.select(group_members.c.group_id).where(group_members.c.user_id == user_id)
    query = sa.select(t.role, t.territory).where(_in_force(day), sa.or_(t.user_id == user_id, t.group_id.in_(mine)))
    return tuple((UserRole(row.role), row.territory) for row in connection.execute(query))


def grant(
    connection: Connection,
    role: UserRole,
    by: str,
    now: datetime,
    *,
    user_id: int | None = None,
    group_id: int | None = None,
    territory: str = "",
    true_from: date,
    true_until: date | None = None,
) -> int:
    """Give a user or a group a role; its number. Conflict where they hold it there already."""
    t = role_grants.c
    same = sa.and_(t.role == role, t.territory == territory, t.revoked_at.is_(None))
    who = t.user_id == user_id if user_id is not None else t.group_id == group_id
    overlaps = sa.and_(
        sa.true() if true_until is None else t.true_from < true_until, sa.or_(t.true_until.is_(None), t.true_until > true_from)
    )
    if connection.execute(sa.select(t.id).where(same, who, overlaps)).first():
        raise Conflict(f"the role {role} is held there already")
    row = dict(
        user_id=user_id, group_id=group_id, role=role.value, territory=territory, true_from=true_from, true_until=true_until,
        granted_by=by, granted_at=now,
    )  # fmt: skip
    number = int(connection.execute(sa.insert(role_grants).values(**row).returning(t.id)).scalar_one())
    counters.bump(connection, counters.ACCESS)
    return number


def revoke(connection: Connection, number: int, by: str, now: datetime, day: date) -> RoleGrant:
    """Take a grant back. NotFound where there is none of this number; Refused where nobody would be left to run the workspace."""
    found = next((g for g in grants(connection) if g.id == number), None)
    if found is None:
        raise NotFound(f"there is no role of the number {number} in force; 'metes role list' shows those there are")
    connection.execute(sa.update(role_grants).where(role_grants.c.id == number).values(revoked_by=by, revoked_at=now))
    require_administrator(connection, day)
    counters.bump(connection, counters.ACCESS)
    return found


def administrators(connection: Connection, day: date) -> tuple[int, ...]:
    """The numbers of the users who run the workspace on a day and are not shut out, ascending."""
    return tuple(sorted(holders(connection, [UserRole.ADMINISTRATOR], day)))


def holders(connection: Connection, held: Iterable[UserRole], day: date) -> frozenset[int]:
    """The numbers of the users who hold any of some roles on a day, wherever, and are not shut out."""
    held_then = held_on(day).subquery()
    mine = sa.select(held_then.c.user_id).where(held_then.c.role.in_([role.value for role in held]))
    return frozenset(connection.execute(sa.select(users.c.id).where(users.c.disabled_at.is_(None), users.c.id.in_(mine))).scalars())


def held_on(day: date) -> sa.CompoundSelect[Any]:
    """The users with each role that they hold on a day, by themselves or through a group: `user_id`, `role`."""
    t = role_grants.c
    own = sa.select(t.user_id, t.role).where(_in_force(day), t.user_id.is_not(None))
    through = sa.select(group_members.c.user_id, t.role).join(role_grants, t.group_id == group_members.c.group_id)
    return own.union(through.where(_in_force(day)))


def _in_force(day: date) -> sa.ColumnElement[bool]:
    """Whether a grant holds on a day and was not taken back."""
    t = role_grants.c
    return sa.and_(t.revoked_at.is_(None), t.true_from <= day, sa.or_(t.true_until.is_(None), t.true_until > day))


def require_administrator(connection: Connection, day: date) -> None:
    """Refused, inside the transaction that would take the last one's right, unless somebody is left to run the workspace."""
    if not administrators(connection, day):
        raise Refused("nobody would be left to run the workspace; give somebody else the role administrator first")


def all_groups(connection: Connection) -> tuple[Group, ...]:
    """Every group with its members, by name."""
    members: dict[int, list[str]] = {}
    query = sa.select(group_members.c.group_id, users.c.name).join(users, users.c.id == group_members.c.user_id)
    for group_id, name in connection.execute(query.order_by(users.c.name)):
        members.setdefault(group_id, []).append(name)
    rows = connection.execute(sa.select(groups).order_by(groups.c.name))
    return tuple(Group(row.id, row.name, row.external_name, tuple(members.get(row.id, ()))) for row in rows)


def find_group(connection: Connection, name: str) -> int:
    """The number of the group of a name; NotFound where there is none."""
    found = connection.execute(sa.select(groups.c.id).where(groups.c.name == name)).scalar()
    if found is None:
        raise NotFound(f"there is no group '{name[:100]}'; 'metes group list' shows those there are")
    return int(found)


def add_group(connection: Connection, name: str, external_name: str | None, now: datetime) -> int:
    """A new group's number; Conflict where a name is taken."""
    t = groups.c
    taken: sa.ColumnElement[bool] = t.name == name
    if external_name is not None:
        taken = sa.or_(taken, t.external_name == external_name)
    if connection.execute(sa.select(t.id).where(taken)).first():
        raise Conflict(f"there is a group '{name}' already, or one with this name outside; choose another")
    row = dict(name=name, external_name=external_name, created_at=now)
    return int(connection.execute(sa.insert(groups).values(**row).returning(t.id)).scalar_one())


def remove_group(connection: Connection, group_id: int, by: str, now: datetime, day: date) -> None:
    """Drop a group with what it gave; Refused where nobody would be left to run the workspace."""
    t = role_grants.c
    connection.execute(
        sa.update(role_grants).where(t.group_id == group_id, t.revoked_at.is_(None)).values(revoked_by=by, revoked_at=now)
    )
    connection.execute(sa.delete(group_members).where(group_members.c.group_id == group_id))
    connection.execute(sa.delete(groups).where(groups.c.id == group_id))
    require_administrator(connection, day)
    counters.bump(connection, counters.ACCESS)


def put_member(connection: Connection, group_id: int, user_id: int, source: str, now: datetime) -> None:
    """Put a user into a group, where they are not in it yet."""
    t = group_members.c
    if connection.execute(sa.select(t.user_id).where(t.group_id == group_id, t.user_id == user_id)).first() is None:
        connection.execute(sa.insert(group_members).values(group_id=group_id, user_id=user_id, source=source, added_at=now))
        counters.bump(connection, counters.ACCESS)


def take_member(connection: Connection, group_id: int, user_id: int, day: date) -> None:
    """Take a user out of a group; Refused where nobody would be left to run the workspace."""
    t = group_members.c
    connection.execute(sa.delete(group_members).where(t.group_id == group_id, t.user_id == user_id))
    require_administrator(connection, day)
    counters.bump(connection, counters.ACCESS)


def put_external(connection: Connection, user_id: int, names: Iterable[str], now: datetime, day: date) -> Moves:
    """Bring a user's groups in line with what the company's sign-in says on a day. Groups given here stay.

    The last one who runs the workspace stays in one group that makes them so, until somebody else runs it.
    """
    wanted, t = set(names), group_members.c
    known: dict[int, Any] = {row.id: row for row in connection.execute(sa.select(groups))}
    called = {number for number, row in known.items() if row.external_name in wanted}
    held = {row.group_id: row.source for row in connection.execute(sa.select(t.group_id, t.source).where(t.user_id == user_id))}
    joined = sorted(called - set(held))
    for number in joined:
        put_member(connection, number, user_id, SIGN_IN, now)
    outside = {number for number, source in held.items() if source != LOCAL}
    kept = _needed_to_run(connection, user_id, outside - called, day)
    left = sorted(outside - called - kept)
    if left:
        connection.execute(sa.delete(group_members).where(t.user_id == user_id, t.group_id.in_(left)))
        counters.bump(connection, counters.ACCESS)
    newly = sorted(number for number in kept if held[number] != KEPT)
    _set_source(connection, user_id, newly, KEPT)
    _set_source(connection, user_id, sorted(number for number in called if held.get(number) == KEPT), SIGN_IN)
    return Moves(*(tuple(known[n].name for n in some if n in known) for some in (joined, left, newly)))


def kept_groups(connection: Connection, user_id: int) -> frozenset[int]:
    """The groups in which a user stays against the company's sign-in, because nobody else runs the workspace."""
    t = group_members.c
    return frozenset(connection.execute(sa.select(t.group_id).where(t.user_id == user_id, t.source == KEPT)).scalars())


def _needed_to_run(connection: Connection, user_id: int, leaving: set[int], day: date) -> frozenset[int]:
    """Of groups that a user leaves, the one that has to be kept so that somebody runs the workspace; none where somebody does anyhow."""
    if not leaving or set(administrators(connection, day)) != {user_id}:
        return frozenset()
    t, m = role_grants.c, group_members.c
    runs = sa.and_(_in_force(day), t.role == UserRole.ADMINISTRATOR.value)
    staying = sa.select(m.group_id).where(m.user_id == user_id, m.group_id.not_in(leaving))
    if connection.execute(sa.select(t.id).where(runs, sa.or_(t.user_id == user_id, t.group_id.in_(staying))).limit(1)).first():
        return frozenset()
    return frozenset(connection.execute(sa.select(sa.func.min(t.group_id)).where(runs, t.group_id.in_(leaving))).scalars())


def _set_source(connection: Connection, user_id: int, numbers: Sequence[int], source: str) -> None:
    """Say anew who put a user into some groups."""
    t = group_members.c
    if numbers:
        connection.execute(sa.update(group_members).where(t.user_id == user_id, t.group_id.in_(numbers)).values(source=source))
