"""Who signed in: each session as it begins and ends, for longer than the session itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.model.sign_ins import SessionEnd, SignIn, SignInFilter
from metes.store.columns import Instant
from metes.store.sign_in_tables import session_log
from metes.store.tables import sessions, users

_EVERYBODY = SignInFilter()
_PAGE = 1000
# Counting on would take longer than a page may.
MOST_COUNTED = 100_000
Before = tuple[datetime, int]


def note_begin(connection: Connection, digest: str) -> None:
    """Remember a session that has just begun."""
    s = sessions.c
    completed = sa.case((s.awaits_factor, sa.null()), else_=s.created_at)
    begun = sa.select(s.number, s.user_id, s.method, s.address, s.agent, s.created_at, completed, sa.literal("")).where(
        s.digest == digest
    )
    names = ["number", "user_id", "method", "address", "agent", "begun_at", "completed_at", "ended_how"]
    connection.execute(sa.insert(session_log).from_select(names, begun))


def note_complete(connection: Connection, digest: str, now: datetime) -> None:
    """Remember that the second factor of a session was given."""
    t = session_log.c
    mine = t.number.in_(sa.select(sessions.c.number).where(sessions.c.digest == digest))
    connection.execute(sa.update(session_log).where(mine, t.completed_at.is_(None)).values(completed_at=now))


def note_end(connection: Connection, which: sa.ColumnElement[bool], how: SessionEnd, now: datetime) -> None:
    """Remember that some sessions end, before they go; those whose time was over ended then."""
    t, s = session_log.c, sessions.c
    ending = sa.select(s.number).where(which)
    over = sa.select(s.expires_at).where(s.number == t.number).scalar_subquery()
    ran_out = over <= now
    connection.execute(
        sa.update(session_log).where(t.number.in_(ending), t.ended_at.is_(None)).values(
            ended_at=sa.case((ran_out, over), else_=sa.literal(now, Instant)), ended_how=sa.case((ran_out, SessionEnd.RAN_OUT.value), else_=how.value)
        )
    )  # fmt: skip


def page(
    connection: Connection,
    wanted: SignInFilter = _EVERYBODY,
    *,
    now: datetime,
    idle: timedelta,
    zone: ZoneInfo,
    limit: int = 100,
    before: Before | None = None,
) -> tuple[SignIn, ...]:
    """The newest sign-ins that a filter lets through, those before an instant and a number where they are given.

    A session that nobody used for longer than `idle` is over, as is one whose time is, also while it stands there still.
    """
    t, s = session_log.c, sessions.c
    query = (
        sa.select(session_log, users.c.name.label("user"), s.seen_at, s.expires_at)
        .join(users, users.c.id == t.user_id)
        .outerjoin(sessions, s.number == t.number)
        .where(*_conditions(wanted, zone))
        .order_by(t.begun_at.desc(), t.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(sa.or_(t.begun_at < before[0], sa.and_(t.begun_at == before[0], t.number < before[1])))
    return tuple(_sign_in(row, now, idle) for row in connection.execute(query))


def place_of(connection: Connection, number: int) -> Before:
    """Where in the order of sign-ins the one of a number stands; NotFound where there is none."""
    t = session_log.c
    begun_at = connection.execute(sa.select(t.begun_at).where(t.number == number)).scalar()
    if begun_at is None:
        raise NotFound(f"there is no sign-in of the number {number}; the list shows those there are")
    return begun_at, number


def every(connection: Connection, wanted: SignInFilter, *, now: datetime, idle: timedelta, zone: ZoneInfo) -> Iterator[SignIn]:
    """All sign-ins that a filter lets through, newest first, page by page."""
    before: Before | None = None
    while found := page(connection, wanted, now=now, idle=idle, zone=zone, limit=_PAGE, before=before):
        yield from found
        before = (found[-1].begun_at, found[-1].number)


def count(
    connection: Connection,
    wanted: SignInFilter = _EVERYBODY,
    *,
    zone: ZoneInfo,
    behind: Before | None = None,
    most: int = MOST_COUNTED,
) -> int:
    """How many sign-ins a filter lets through, those after an instant and a number; of very many it says `most`."""
    t = session_log.c
    query = sa.select(t.number).join(users, users.c.id == t.user_id).where(*_conditions(wanted, zone))
    if behind is not None:
        query = query.where(sa.or_(t.begun_at > behind[0], sa.and_(t.begun_at == behind[0], t.number > behind[1])))
    return connection.execute(sa.select(sa.func.count()).select_from(query.limit(most).subquery())).scalar() or 0


def _conditions(wanted: SignInFilter, zone: ZoneInfo) -> list[sa.ColumnElement[bool]]:
    t = session_log.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.user:
        found.append(users.c.name == wanted.user)
    if wanted.address:
        found.append(t.address == wanted.address)
    if wanted.method:
        found.append(t.method == wanted.method)
    if wanted.since is not None:
        found.append(t.begun_at >= datetime.combine(wanted.since, time(), zone))
    if wanted.until is not None:
        found.append(t.begun_at <= datetime.combine(wanted.until, time.max, zone))
    return found


def _sign_in(row: sa.Row[Any], now: datetime, idle: timedelta) -> SignIn:
    ended_at, how = row.ended_at, row.ended_how
    if ended_at is None:
        over = None if row.expires_at is None else min(row.expires_at, row.seen_at + idle)
        if over is None or over < now:
            ended_at, how = over, SessionEnd.RAN_OUT.value
    return SignIn(row.number, row.user, row.begun_at, row.completed_at, row.method, row.address, row.agent, ended_at, how)
