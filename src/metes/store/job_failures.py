"""Tells of work that failed: those who asked for it, or the administrators where it ran by itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store import roles
from metes.store.links import day_of
from metes.store.notices import News, add_all
from metes.store.tables import users
from metes.store.work_tables import jobs

KIND = "job-failed"
# What sends mail tells nobody by mail that it could not.
_MAIL_KINDS = ("mail", "daily-digest", "weekly-digest")
_CALLED = {
    "import": "An import",
    "undo": "Taking an import back",
    "assign": "An assignment of all accounts",
    "preview": "A preview of a plan",
    "prove": "A check and proof of a plan",
    "design": "A design",
    "design-frontier": "The frontier of a design",
    "reminders": "Reminding people of reviews",
    "mail": "Sending mail",
    "daily-digest": "The daily digest",
    "weekly-digest": "The weekly digest",
}


def tell_failed(connection: Connection, job_id: int, now: datetime) -> None:
    """Tell of a job that has just failed; of what runs by itself and fails each time alike, the first time."""
    row = connection.execute(sa.select(jobs.c.kind, jobs.c.principal, jobs.c.error).where(jobs.c.id == job_id)).one()
    called = _CALLED.get(row.kind, "A job")
    asked = connection.execute(sa.select(users.c.id).where(users.c.name == row.principal)).scalars().all()
    if not asked and _failed_alike_before(connection, job_id, row):
        return
    news = News(
        KIND,
        f"{called} did not succeed",
        f"{called} (job {job_id}) did not succeed: {row.error}",
        f"/jobs/{job_id}",
        user_ids=asked or roles.administrators(connection, day_of(connection, now)),
        in_app_alone=row.kind in _MAIL_KINDS,
    )
    add_all(connection, [news], now)


def tell_mail_failed(connection: Connection, count: int, today: date, now: datetime) -> None:
    """Tell the administrators, once a day and in the app alone, that mails were given up."""
    mails = "A mail was given up" if count == 1 else f"{count} mails were given up"
    text = f"{mails} after the last try. The page of jobs says which, and what the mail server answered."
    news = News(
        KIND, "Mail does not arrive", text, "/jobs", roles.administrators(connection, today), (), f"mail-failed {today}", True
    )
    add_all(connection, [news], now)


def _failed_alike_before(connection: Connection, job_id: int, row: Any) -> bool:
    """Whether the job of the same kind before this one failed for the same reason."""
    t = jobs.c
    same = sa.and_(t.id < job_id, t.kind == row.kind, t.principal == row.principal, t.finished_at.is_not(None))
    before = connection.execute(sa.select(t.state, t.error).where(same).order_by(t.id.desc()).limit(1)).first()
    return before is not None and before.state == "failed" and before.error == row.error
