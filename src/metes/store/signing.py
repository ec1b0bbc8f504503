"""What signing in asks of the store beside users and sessions: tries by name, places known, hashes made anew."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store import sign_in_log
from metes.store.tables import sessions, sign_ins, users


def failures_of(connection: Connection, name: str, since: datetime) -> int:
    """How many tries with a name failed since an instant, from wherever they came."""
    t = sign_ins.c
    failed = sa.and_(t.name == name, t.at >= since, sa.not_(t.succeeded))
    return int(connection.execute(sa.select(sa.func.count()).select_from(sign_ins).where(failed)).scalar_one())


def is_known_place(connection: Connection, user_id: int, name: str, address: str, now: datetime) -> bool:
    """Whether a user has a session from an address, or signed in from it of late."""
    t = sign_ins.c
    tried = sa.select(t.id).where(t.name == name, t.address == address, t.succeeded).limit(1)
    s = sessions.c
    open_one = (
        sa.select(s.number).where(s.user_id == user_id, s.address == address, s.expires_at > now, sa.not_(s.awaits_factor)).limit(1)
    )
    return any(connection.execute(query).first() is not None for query in (tried, open_one))


def hash_of(connection: Connection, user_id: int) -> str:
    """The hash of a user's password; empty for who signs in elsewhere."""
    return connection.execute(sa.select(users.c.password_hash).where(users.c.id == user_id)).scalar() or ""


def rehash(connection: Connection, user_id: int, before: str, after: str) -> None:
    """Keep another hash of the same password, unless the password was changed meanwhile."""
    this = sa.and_(users.c.id == user_id, users.c.password_hash == before)
    connection.execute(sa.update(users).where(this).values(password_hash=after))


def forget_failures(connection: Connection, name: str) -> None:
    """Let tries with a name count no more: whoever it is has proved who they are in another way."""
    connection.execute(sa.delete(sign_ins).where(sign_ins.c.name == name, sa.not_(sign_ins.c.succeeded)))


def rotate_session(connection: Connection, before: str, after: str, csrf: str, now: datetime) -> bool:
    """Give a session another secret and another form token, now that its user has proved more; False where it has ended."""
    values = dict(digest=after, csrf=csrf, awaits_factor=False, proved_at=now, seen_at=now)
    is_there = connection.execute(sa.update(sessions).where(sessions.c.digest == before).values(**values)).rowcount == 1
    sign_in_log.note_complete(connection, after, now)
    return is_there
