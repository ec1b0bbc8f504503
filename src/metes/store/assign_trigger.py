"""What makes an assignment happen by itself: changed data, and a plan that becomes active.

Each trigger is a job written in the transaction that causes it, so that neither is there without the other.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.engine import Connection

from metes.model.workspace import settings_from
from metes.store import jobs, plans
from metes.store.settings import read_settings

ASSIGN = "assign"


# The kinds of records whose change may change what rules take.
KINDS = frozenset({"accounts", "orders", "products"})


def records_changed(connection: Connection, kind: str, principal: str, now: datetime, why: str) -> int | None:
    """Queue an assignment after a change of records that rules may look at; see `data_changed`."""
    return data_changed(connection, principal, now, why) if kind in KINDS else None


def data_changed(connection: Connection, principal: str, now: datetime, why: str) -> int | None:
    """Queue an assignment after a change of data; None where the workspace assigns by hand or has no active plan.

    All changes before it begins are one run.
    """
    settings = settings_from(read_settings(connection))
    if not settings.assign_on_change or plans.active_revision(connection, settings.today(now)) is None:
        return None
    return queue(connection, principal, now, why)


def queue(connection: Connection, principal: str, now: datetime, why: str) -> int:
    """Queue an assignment of all accounts; the job that does it, which may have waited already."""
    return jobs.add_waiting(connection, ASSIGN, {}, principal, now, waiting_key=jobs.ASSIGN_KEY, why=why)


def plan_became_active(connection: Connection, principal: str, now: datetime, today: date) -> int | None:
    """Queue the assignment of the publication that is in force, once for ever; None where that was done or there is none.

    A plan that was superseded before any worker came to it is not assigned: only the plan in force is.
    """
    begun = [p for p in plans.publications(connection) if p.effective_on <= today]
    if not begun:
        return None
    publication = begun[-1]
    why = f"the plan published as revision {publication.revision_id} took over on {publication.effective_on}"
    return jobs.add_once(
        connection, ASSIGN, {}, principal, now, why=why, waiting_key=jobs.ASSIGN_KEY, once_key=once_key(publication.id)
    )


def once_key(publication_id: int) -> str:
    """The key that a publication's assignment keeps for ever."""
    return f"publication:{publication_id}"


def is_plan_new(connection: Connection, today: date) -> bool:
    """Whether the plan in force has not been queued for assignment yet."""
    begun = [p for p in plans.publications(connection) if p.effective_on <= today]
    return bool(begun) and jobs.find_once(connection, once_key(begun[-1].id)) is None
