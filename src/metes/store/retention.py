"""What is older than the workspace keeps it: how much there is, and taking out of it what identifies people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.privacy import Retention
from metes.model.workspace import WorkspaceSettings
from metes.store import counters
from metes.store.audit_tables import audit_addresses
from metes.store.sign_in_tables import session_log
from metes.store.tables import activities, contacts, import_changes, import_findings, imports, leads, sessions

_PSEUDONYM = "Erased"
# Rules by their settings, with what they are about.
RULES: Mapping[str, str] = MappingProxyType(
    {
        "keep_audit_addresses_days": "addresses beside the audit trail, and who signed in",
        "keep_closed_contacts_days": "contacts and leads that were closed: name, e-mail address, telephone, title",
        "keep_activities_days": "what activities were about; that they were stays",
        "keep_findings_days": "findings of imports, with the values they name",
    }
)


def due(connection: Connection, settings: WorkspaceSettings, now: datetime) -> tuple[Retention, ...]:
    """Each rule with how many rows are older than it allows; 0 days keep for ever."""
    return tuple(
        Retention(name, getattr(settings, name), what, _count(connection, name, settings, now)) for name, what in RULES.items()
    )


def retain(connection: Connection, settings: WorkspaceSettings, now: datetime) -> dict[str, int]:
    """Take out what is older than the rules allow, in the transaction at hand; rows by rule."""
    done = {name: _DO[name](connection, _before(settings, name, now)) for name in RULES if getattr(settings, name)}
    if done.get("keep_closed_contacts_days") or done.get("keep_activities_days"):
        counters.bump(connection, counters.DATA)
    return done


def _before(settings: WorkspaceSettings, name: str, now: datetime) -> datetime:
    return now - timedelta(days=getattr(settings, name))


def _count(connection: Connection, name: str, settings: WorkspaceSettings, now: datetime) -> int:
    if not getattr(settings, name):
        return 0
    queries = _OLD[name](_before(settings, name, now))
    return sum(
        connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar() or 0
        for table, condition in queries
    )


def _old_findings(before: datetime) -> list[tuple[sa.Table, Any]]:
    old = sa.select(imports.c.id).where(imports.c.imported_at < before)
    return [(import_findings, import_findings.c.import_id.in_(old))]


def _old_addresses(before: datetime) -> list[tuple[sa.Table, Any]]:
    # An open session is shown to its user, however little is kept.
    is_over = session_log.c.number.not_in(sa.select(sessions.c.number))
    return [(audit_addresses, audit_addresses.c.day < before.date()), (session_log, (session_log.c.begun_at < before) & is_over)]


def _old_contacts(before: datetime) -> list[tuple[sa.Table, Any]]:
    return [(table, (table.c.closed_on < before.date()) & ~table.c.name.startswith(_PSEUDONYM)) for table in (contacts, leads)]


def _old_activities(before: datetime) -> list[tuple[sa.Table, Any]]:
    return [(activities, (activities.c.occurred_on < before.date()) & activities.c.subject.is_not(None))]


def _drop(old: Callable[[datetime], list[tuple[sa.Table, Any]]]) -> Callable[[Connection, datetime], int]:
    def drop(connection: Connection, before: datetime) -> int:
        return sum(connection.execute(sa.delete(table).where(condition)).rowcount for table, condition in old(before))

    return drop


def _forget_contacts(connection: Connection, before: datetime) -> int:
    """Closed contacts and leads lose what identifies them. Should their source deliver them again, they come back."""
    done = 0
    for table, condition in _old_contacts(before):
        of_kind = sa.select(imports.c.id).where(imports.c.kind == table.name)
        kept = import_changes
        theirs = kept.c.import_id.in_(of_kind) & kept.c.record_id.in_(sa.select(table.c.id).where(condition))
        connection.execute(sa.delete(kept).where(theirs))
        number = sa.cast(table.c.id, sa.Text)
        kind = table.name.removesuffix("s")
        values: dict[str, Any] = {"name": sa.literal(f"{_PSEUDONYM} {kind} ") + number, "digest": "0"}
        values["external_id"] = sa.literal(f"erased-{kind}-") + number
        values |= {name: None for name in ("title", "email", "phone", "company") if name in table.c}
        done += connection.execute(sa.update(table).where(condition).values(values)).rowcount
    return done


def _forget_subjects(connection: Connection, before: datetime) -> int:
    ((table, condition),) = _old_activities(before)
    kept = import_changes
    of_kind = sa.select(imports.c.id).where(imports.c.kind == table.name)
    theirs = kept.c.import_id.in_(of_kind) & kept.c.record_id.in_(sa.select(table.c.id).where(condition))
    connection.execute(sa.delete(kept).where(theirs))
    # The digest stays: a source that delivers the same again changes nothing, and the text does not come back.
    return connection.execute(sa.update(table).where(condition).values(subject=None)).rowcount


_OLD: Mapping[str, Callable[[datetime], list[tuple[sa.Table, Any]]]] = {
    "keep_audit_addresses_days": _old_addresses,
    "keep_closed_contacts_days": _old_contacts,
    "keep_activities_days": _old_activities,
    "keep_findings_days": _old_findings,
}
_DO: Mapping[str, Callable[[Connection, datetime], int]] = {
    "keep_audit_addresses_days": _drop(_old_addresses),
    "keep_closed_contacts_days": _forget_contacts,
    "keep_activities_days": _forget_subjects,
    "keep_findings_days": _drop(_old_findings),
}
