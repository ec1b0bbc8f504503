"""Which person of the roster a user is: links that hold from a day on, until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, InputError
from metes.model.workspace import settings_from
from metes.store import counters
from metes.store.identity_tables import person_links
from metes.store.settings import read_settings
from metes.store.tables import people, users


@dataclass(frozen=True, slots=True)
class Link:
    """A user is a person from a day on, until a day (None: for good)."""

    id: int
    user_id: int
    person_id: int
    person: str
    true_from: date
    true_until: date | None
    linked_by: str


def day_of(connection: Connection, now: datetime) -> date:
    """The day it is in the workspace's time zone."""
    # Nearly everything asks for it, and it hangs on one setting alone.
    return settings_from(read_settings(connection, ["time_zone"])).today(now)


def person_on(day: date) -> sa.ScalarSelect[Any]:
    """The person whom the user of the query around it is on a day."""
    t = person_links.c
    return sa.select(t.person_id).where(t.user_id == users.c.id, holds(day)).limit(1).scalar_subquery()


def person_of(connection: Connection, user_id: int, day: date) -> int | None:
    """The person whom a user is on a day; None where nobody, or somebody who has left the roster."""
    t = person_links.c
    query = sa.select(t.person_id).join(people, people.c.id == t.person_id).where(t.user_id == user_id, holds(day))
    return connection.execute(query.where(people.c.closed_on.is_(None)).limit(1)).scalar()


def holds(day: date) -> sa.ColumnElement[bool]:
    """Whether a link holds on a day."""
    t = person_links.c
    return sa.and_(t.true_from <= day, sa.or_(t.true_until.is_(None), t.true_until > day))


def links_of(connection: Connection, user_id: int) -> tuple[Link, ...]:
    """All links of a user, the newest first."""
    t = person_links.c
    query = (
        sa.select(t.id, t.user_id, t.person_id, people.c.name.label("person"), t.true_from, t.true_until, t.linked_by)
        .join(people, people.c.id == t.person_id)
        .where(t.user_id == user_id)
        .order_by(t.true_from.desc(), t.id.desc())
    )
    return tuple(Link(**row) for row in connection.execute(query).mappings())


def link(
    connection: Connection,
    user_id: int,
    person_id: int | None,
    by: str,
    now: datetime,
    *,
    since: date | None = None,
    until: date | None = None,
) -> None:
    """Say which person a user is from a day on (None: today), until a day; None for nobody. What was said of those days before ends.

    Conflict where somebody else is that person then.
    """
    t = person_links.c
    first = since or day_of(connection, now)
    if until is not None and until <= first:
        raise InputError(f"a link that begins on {first} cannot end on {until}; say a later day")
    if person_id is not None:
        later = sa.true() if until is None else t.true_from < until
        other = connection.execute(
            sa.select(users.c.name)
            .join(person_links, t.user_id == users.c.id)
            .where(t.person_id == person_id, t.user_id != user_id, later, sa.or_(t.true_until.is_(None), t.true_until > first))
        ).scalar()
        if other is not None:
            raise Conflict(f"user '{other}' is linked to this person already")
    connection.execute(sa.delete(person_links).where(t.user_id == user_id, t.true_from >= first))
    ends = sa.and_(t.user_id == user_id, sa.or_(t.true_until.is_(None), t.true_until > first))
    connection.execute(sa.update(person_links).where(ends).values(true_until=first))
    if person_id is not None:
        row = dict(user_id=user_id, person_id=person_id, true_from=first, true_until=until, linked_by=by, linked_at=now)
        connection.execute(sa.insert(person_links).values(**row))
    counters.bump(connection, counters.ACCESS)
