"""Links by which somebody who forgot the password chooses another: asked for, sent, used once."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store.identity_tables import reset_links
from metes.store.notice_tables import mails
from metes.store.tables import users

HOLDS = timedelta(minutes=30)
# A mail that waited for longer would only confuse whoever asked.
SENT_WITHIN = timedelta(hours=1)
# What `mails.digest` says of a mail that carries such a link. It has no notice: its secret is made when it is sent, and kept nowhere.
RESET = "reset"


def ask(connection: Connection, named: str, now: datetime) -> int | None:
    """Let a mail with a link go to the user of this name or address, in whatever case; the user's number.

    Where there is none who could use it, a mail to nobody is kept, so that both take the same time.
    """
    t = users.c
    can_use = sa.and_(t.disabled_at.is_(None), t.password_hash != "", t.email.is_not(None))
    is_theirs = sa.or_(t.name == named, sa.func.lower(t.email) == sa.func.lower(named))
    rows = connection.execute(sa.select(t.id, t.name).where(can_use, is_theirs).limit(3)).all()
    by_name = [row.id for row in rows if row.name == named]
    found = by_name[0] if by_name else rows[0].id if len(rows) == 1 else None
    row = dict(user_id=found, digest=RESET, state="waiting" if found else "dropped", attempts=0, created_at=now, next_at=now)
    connection.execute(sa.insert(mails).values(**row))
    return found


def add_link(connection: Connection, user_id: int, digest: str, now: datetime) -> None:
    """Keep the digest of a link that is about to be sent; those that have run out are dropped."""
    connection.execute(sa.delete(reset_links).where(reset_links.c.expires_at < now))
    row = dict(digest=digest, user_id=user_id, created_at=now, expires_at=now + HOLDS)
    connection.execute(sa.insert(reset_links).values(**row))


def user_of_link(connection: Connection, digest: str, now: datetime) -> int | None:
    """Whose link this is, where it still holds."""
    t = reset_links.c
    query = sa.select(t.user_id).join(users, users.c.id == t.user_id)
    holds = sa.and_(t.digest == digest, t.used_at.is_(None), t.expires_at > now, users.c.disabled_at.is_(None))
    return connection.execute(query.where(holds)).scalar()


def use_link(connection: Connection, digest: str, now: datetime) -> int | None:
    """Use up a link; the number of its user, or None where it does not hold."""
    t = reset_links.c
    holds = sa.and_(t.digest == digest, t.used_at.is_(None), t.expires_at > now)
    updated = sa.update(reset_links).where(holds).values(used_at=now).returning(t.user_id)
    return connection.execute(updated).scalar()


def drop_links(connection: Connection, user_id: int) -> None:
    """Let no link of a user hold any more; also one that is asked for and not sent."""
    connection.execute(sa.delete(reset_links).where(reset_links.c.user_id == user_id))
    waits = sa.and_(mails.c.user_id == user_id, mails.c.digest == RESET, mails.c.state == "waiting")
    connection.execute(sa.update(mails).where(waits).values(state="dropped", error="the password was changed meanwhile"))
