"""Users as lists show them: with the roles of a day, whom they are, and when they were last seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.access import UserRole
from metes.model.seeing import IN, NO_ROLE, UserFilter
from metes.store import users as stored
from metes.store.columns import anywhere
from metes.store.identity_tables import group_members, groups, person_links, second_factors
from metes.store.links import holds
from metes.store.roles import held_on
from metes.store.tables import people, sessions, users
from metes.store.users import User


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with the roles of a day (those of groups too), the groups, the person they are that day, and when they were last seen."""

    user: User
    roles: tuple[UserRole, ...]
    groups: tuple[str, ...]
    person: str | None
    seen_at: datetime | None
    has_second_factor: bool


def page(connection: Connection, day: date, wanted: UserFilter, *, limit: int, offset: int = 0) -> tuple[tuple[UserRow, ...], int]:
    """The users that a filter lets through, by name, and how many there are."""
    t = users.c
    query = _chosen(sa.select(t.id), day, wanted)
    total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar() or 0
    numbers = connection.execute(query.order_by(t.name).limit(limit).offset(offset)).scalars().all()
    return rows(connection, day, numbers), int(total)


def rows(connection: Connection, day: date, numbers: Any) -> tuple[UserRow, ...]:
    """The users of some numbers, by name."""
    chosen = list(numbers)
    found = stored.users_by_number(connection, chosen, day)
    roles = _roles(connection, chosen, day)
    joined = _grouped(
        connection,
        sa.select(group_members.c.user_id, groups.c.name)
        .join(groups, groups.c.id == group_members.c.group_id)
        .where(group_members.c.user_id.in_(chosen))
        .order_by(groups.c.name),
    )
    who = (
        sa.select(person_links.c.user_id, people.c.name)
        .join(people, people.c.id == person_links.c.person_id)
        .where(person_links.c.user_id.in_(chosen), holds(day))
    )
    named = {row.user_id: row.name for row in connection.execute(who)}
    last = sa.select(sessions.c.user_id, sa.func.max(sessions.c.seen_at).label("seen_at")).group_by(sessions.c.user_id)
    seen = {row.user_id: row.seen_at for row in connection.execute(last.where(sessions.c.user_id.in_(chosen)))}
    t = second_factors.c
    proved = set(connection.execute(sa.select(t.user_id).where(t.user_id.in_(chosen), t.confirmed_at.is_not(None))).scalars())
    return tuple(
        UserRow(
            user,
            tuple(role for role in UserRole if role in roles.get(user.id, ())),
            tuple(joined.get(user.id, ())),
            named.get(user.id),
            seen.get(user.id),
            user.id in proved,
        )
        for user in found
    )


def is_any(connection: Connection) -> bool:
    """Whether there is a user at all."""
    return bool(connection.execute(sa.select(sa.exists().select_from(users))).scalar())


def _chosen(query: sa.Select[Any], day: date, wanted: UserFilter) -> sa.Select[Any]:
    t = users.c
    for word in wanted.search.split():
        like = anywhere(word)
        person = (
            sa.select(person_links.c.user_id)
            .join(people, people.c.id == person_links.c.person_id)
            .where(holds(day), people.c.name.ilike(like, escape="\\"))
        )
        query = query.where(sa.or_(t.name.ilike(like, escape="\\"), t.email.ilike(like, escape="\\"), t.id.in_(person)))
    if wanted.role == NO_ROLE:
        query = query.where(t.id.not_in(sa.select(held_on(day).subquery().c.user_id)))
    elif wanted.role:
        held = held_on(day).subquery()
        query = query.where(t.id.in_(sa.select(held.c.user_id).where(held.c.role == wanted.role)))
    if wanted.state:
        query = query.where(t.disabled_at.is_(None) if wanted.state == IN else t.disabled_at.is_not(None))
    return query


def _roles(connection: Connection, numbers: list[int], day: date) -> dict[int, list[str]]:
    held = held_on(day).subquery()
    return _grouped(connection, sa.select(held.c.user_id, held.c.role).where(held.c.user_id.in_(numbers)))


def _grouped(connection: Connection, query: sa.Select[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for number, text in connection.execute(query):
        found.setdefault(int(number), []).append(str(text))
    return found
