"""Mails that wait to be sent: made with their notices or by a digest, taken by one job, retried later and later, given up in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.notices import NEVER, SECURITY
from metes.store.links import day_of, person_on
from metes.store.notice_tables import mails, notice_addresses, notices
from metes.store.notices import Notice
from metes.store.resets import RESET
from metes.store.tables import people, users
from metes.store.work_tables import jobs

# After a try that failed the next comes so much later; some two days in all.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720, 1440)
# News of longer ago is not worth a mail: no server was there all the while.
KEPT = timedelta(days=14)
WAITING, SENDING, SENT, FAILED, DROPPED = "waiting", "sending", "sent", "failed", "dropped"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a job has taken to send. `to` is None where its reader has no address any more."""

    id: int
    job_id: int
    user_id: int | None
    digest: str
    attempts: int
    created_at: datetime
    to: str | None
    name: str
    is_shut_out: bool


@dataclass(frozen=True, slots=True)
class FailedMail:
    """A mail that was given up, with what was said last; `reader` is the name of its user, or of its person."""

    id: int
    reader: str
    error: str
    attempts: int
    at: datetime


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether some mail waits to be sent now, and no job is about to."""
    j = jobs.c
    going = sa.select(j.id).where(j.kind == "mail", j.state.in_(("queued", "running"))).limit(1)
    if connection.execute(going).first() is not None:
        return False
    return any(connection.execute(query.limit(1)).first() is not None for query in _takeable(now, None))


def count_due(connection: Connection, job_id: int, now: datetime) -> int:
    """How many mails a job could take now."""
    counts = (sa.select(sa.func.count()).select_from(query.order_by(None).subquery()) for query in _takeable(now, job_id))
    return sum(int(connection.execute(count).scalar_one()) for count in counts)


def take(connection: Connection, job_id: int, now: datetime) -> Mail | None:
    """Take the mail that waits longest, or that a job which is no more left in its hands; None where there is none.

    Belongs into an exclusive transaction, so that two jobs never take the same mail.
    """
    t = mails.c
    found = next((number for query in _takeable(now, job_id) if (number := connection.execute(query.limit(1)).scalar())), None)
    if found is None:
        return None
    query = (
        sa.select(mails, users.c.name.label("user_name"), users.c.disabled_at, people.c.name.label("person_name"), people.c.email)
        .add_columns(users.c.email.label("own_address"))
        .add_columns(notice_addresses.c.address.label("chosen"))
        .outerjoin(users, users.c.id == t.user_id)
        .outerjoin(notice_addresses, notice_addresses.c.user_id == t.user_id)
        .outerjoin(
            people,
            sa.and_(people.c.id == sa.func.coalesce(person_on(day_of(connection, now)), t.person_id), people.c.closed_on.is_(None)),
        )
        .where(t.id == found)
    )
    row = connection.execute(query).one()
    n = notices.c
    warns = connection.execute(sa.select(n.id).where(n.mail_id == row.id, n.kind == SECURITY).limit(1)).first() is not None
    chosen = row.chosen or row.email or row.own_address
    # Whoever sits at somebody's browser can choose where notices go, and warnings of that are for somebody else.
    to = row.own_address if row.digest == RESET else (row.own_address or row.email or chosen) if warns else chosen
    connection.execute(sa.update(mails).where(t.id == row.id).values(state=SENDING, job_id=job_id))
    name = row.person_name or row.user_name or ""
    return Mail(row.id, job_id, row.user_id, row.digest, row.attempts, row.created_at, to, name, row.disabled_at is not None)


def content(connection: Connection, mail_id: int) -> tuple[Notice, ...]:
    """What a mail tells, oldest first."""
    t = notices.c
    columns = (t.id, t.kind, t.subject, t.text, t.link, t.created_at, t.read_at)
    return tuple(Notice(*row) for row in connection.execute(sa.select(*columns).where(t.mail_id == mail_id).order_by(t.id)))


def note_sent(connection: Connection, mail: Mail, now: datetime) -> None:
    """Note that the server took a mail."""
    _end(connection, mail, state=SENT, sent_at=now, attempts=mail.attempts + 1, error=None)


def note_failed(connection: Connection, mail: Mail, error: str, now: datetime) -> None:
    """Give a mail up."""
    _end(connection, mail, state=FAILED, next_at=now, attempts=mail.attempts + 1, error=error)


def drop(connection: Connection, mail: Mail, why: str, now: datetime) -> None:
    """Send a mail to nobody, because nobody is to have it any more."""
    _end(connection, mail, state=DROPPED, next_at=now, error=why)


def put_off(connection: Connection, mail: Mail, error: str, now: datetime) -> bool:
    """Let a mail wait for its next try; False where that was the last."""
    values = _after(mail.attempts, error, now)
    _end(connection, mail, **values)
    return bool(values["state"] == WAITING)


def put_off_due(connection: Connection, error: str, now: datetime) -> tuple[int, int]:
    """Let all that wait now wait longer, because the server cannot be reached; how many wait, and how many are given up."""
    t = mails.c
    waiting = failed = 0
    for attempts in range(len(RETRY_MINUTES) + 1):
        values = _after(attempts, error, now)
        due = sa.and_(t.state == WAITING, t.next_at <= now, t.attempts == attempts)
        changed = connection.execute(sa.update(mails).where(due).values(**values)).rowcount
        if values["state"] == WAITING:
            waiting += changed
        else:
            failed += changed
    return waiting, failed


def drop_old(connection: Connection, now: datetime) -> int:
    """Send no mail any more that has waited for far too long; how many."""
    t = mails.c
    old = sa.and_(t.state == WAITING, t.created_at < now - KEPT)
    why = f"no mail server took it within {KEPT.days} days"
    return int(connection.execute(sa.update(mails).where(old).values(state=DROPPED, error=why)).rowcount)


def make_digests(connection: Connection, by_mail: str, now: datetime) -> int:
    """Make one mail for each user of what waits for the daily or weekly digest and was not read meanwhile; how many."""
    t = notices.c
    waits = sa.and_(t.by_mail == by_mail, t.mail_id.is_(None))
    needless = sa.or_(t.read_at.is_not(None), t.created_at < now - KEPT)
    connection.execute(sa.update(notices).where(waits, needless).values(by_mail=NEVER))
    readers = connection.execute(sa.select(t.user_id).where(waits).distinct().order_by(t.user_id)).scalars().all()
    row = dict(digest=by_mail, state=WAITING, attempts=0, created_at=now, next_at=now)
    for user_id in readers:
        mail_id = connection.execute(sa.insert(mails).values(user_id=user_id, **row).returning(mails.c.id)).scalar_one()
        connection.execute(sa.update(notices).where(waits, t.user_id == user_id).values(mail_id=mail_id))
    return len(readers)


def retry_failed(connection: Connection, moment: datetime, now: datetime) -> int:
    """Let the mails given up since an instant be tried again from the beginning; how many."""
    t = mails.c
    given_up = sa.and_(t.state == FAILED, t.next_at >= moment)
    return int(connection.execute(sa.update(mails).where(given_up).values(state=WAITING, attempts=0, next_at=now)).rowcount)


def failed_since(connection: Connection, moment: datetime, limit: int = 50) -> tuple[FailedMail, ...]:
    """Mails given up since an instant, newest first."""
    t = mails.c
    query = (
        sa.select(t.id, sa.func.coalesce(users.c.name, people.c.name, "").label("reader"), t.error, t.attempts, t.next_at)
        .outerjoin(users, users.c.id == t.user_id)
        .outerjoin(people, people.c.id == t.person_id)
        .where(t.state == FAILED, t.next_at >= moment)
    )
    rows = connection.execute(query.order_by(t.next_at.desc(), t.id.desc()).limit(limit))
    return tuple(FailedMail(row.id, row.reader, row.error or "", row.attempts, row.next_at) for row in rows)


def drop_before(connection: Connection, moment: datetime) -> int:
    """Drop what is known of mails made before an instant that wait no more; how many."""
    t = mails.c
    over = sa.and_(t.state.in_((SENT, FAILED, DROPPED)), t.created_at < moment)
    return int(connection.execute(sa.delete(mails).where(over)).rowcount)


def last_trouble(connection: Connection) -> tuple[str, int] | None:
    """What hinders mails that wait for another try, and how many they are; None where nothing does."""
    t = mails.c
    tried = sa.and_(t.state == WAITING, t.attempts > 0)
    count = int(connection.execute(sa.select(sa.func.count()).select_from(mails).where(tried)).scalar_one())
    error = connection.execute(sa.select(t.error).where(tried).order_by(t.next_at.desc(), t.id.desc()).limit(1)).scalar()
    return (error or "", count) if count else None


def _after(attempts: int, error: str, now: datetime) -> Mapping[str, Any]:
    """What becomes of a mail whose next try, after so many, failed as well."""
    if attempts >= len(RETRY_MINUTES):
        return dict(state=FAILED, next_at=now, attempts=attempts + 1, error=error)
    return dict(state=WAITING, next_at=now + timedelta(minutes=RETRY_MINUTES[attempts]), attempts=attempts + 1, error=error)


def _end(connection: Connection, mail: Mail, **values: Any) -> None:
    """Let go of a mail, unless another job has taken it meanwhile."""
    t = mails.c
    held = sa.and_(t.id == mail.id, t.state == SENDING, t.job_id == mail.job_id)
    connection.execute(sa.update(mails).where(held).values(job_id=None, **values))


def _takeable(now: datetime, job_id: int | None) -> tuple[sa.Select[tuple[int]], ...]:
    """The ids of mails that a job can take, the most urgent first: each query finds its first by the index alone."""
    t = mails.c
    alive = sa.select(jobs.c.id).where(jobs.c.state == "running", jobs.c.id != (job_id or 0))
    left = sa.and_(t.state == SENDING, sa.or_(t.job_id.is_(None), t.job_id.not_in(alive)))
    ready = sa.and_(t.state == WAITING, t.next_at <= now)
    # A mail that waits for longer than any try does waits because somebody set the clock back.
    astray = sa.and_(t.state == WAITING, t.next_at > now + timedelta(minutes=RETRY_MINUTES[-1] + 1))
    return tuple(sa.select(t.id).where(which).order_by(t.next_at, t.id) for which in (left, ready, astray))
