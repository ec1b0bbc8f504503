"""Reading the audit trail: pages of entries that a filter lets through, with the names and values that were not erased."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.model.audit import ERASED, AuditEntry, AuditFilter
from metes.store.audit import SOMEBODY
from metes.store.audit_tables import audit_addresses, audit_values
from metes.store.tables import audit, users

_EVERYTHING = AuditFilter()
_PAGE = 1000
# Counting on would take longer than a page may.
MOST_COUNTED = 100_000


def page(
    connection: Connection,
    wanted: AuditFilter = _EVERYTHING,
    *,
    limit: int = 100,
    before: int | None = None,
    zone: ZoneInfo | None = None,
) -> tuple[AuditEntry, ...]:
    """The newest entries that a filter lets through, those before a number where one is given."""
    query = sa.select(audit).where(*_conditions(connection, wanted, zone)).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    return _told(connection, [dict(row) for row in connection.execute(query).mappings()])


def one(connection: Connection, number: int) -> AuditEntry:
    """One entry; NotFound where there is none of the number."""
    row = connection.execute(sa.select(audit).where(audit.c.id == number)).mappings().first()
    if row is None:
        raise NotFound(f"there is no entry {number} in the audit trail")
    return _told(connection, [dict(row)])[0]


def every(connection: Connection, wanted: AuditFilter = _EVERYTHING, zone: ZoneInfo | None = None) -> Iterator[AuditEntry]:
    """All entries that a filter lets through, newest first, page by page."""
    before = None
    while found := page(connection, wanted, limit=_PAGE, before=before, zone=zone):
        yield from found
        before = found[-1].id


def count(
    connection: Connection,
    wanted: AuditFilter = _EVERYTHING,
    *,
    behind: int = 0,
    zone: ZoneInfo | None = None,
    most: int = MOST_COUNTED,
) -> int:
    """How many entries a filter lets through, those behind a number; of very many it says `most`."""
    within = sa.select(audit.c.id).where(audit.c.id > behind, *_conditions(connection, wanted, zone)).limit(most).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(within)).scalar() or 0


def actions(connection: Connection) -> tuple[str, ...]:
    """Every action that there is an entry of, in order: found by hopping over the index, however long the trail is."""
    names: list[str] = []
    while True:
        after = connection.execute(
            sa.select(sa.func.min(audit.c.action)).where(audit.c.action > (names[-1] if names else ""))
        ).scalar()
        if after is None:
            return tuple(names)
        names.append(after)


def _conditions(connection: Connection, wanted: AuditFilter, zone: ZoneInfo | None) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.who:
        found.append(_by_whom(connection, wanted.who))
    if wanted.action:
        group = f"{wanted.action} "  # 'plan' finds 'plan publish' as well
        found.append(audit.c.action.in_([n for n in actions(connection) if n == wanted.action or n.startswith(group)]))
    if wanted.subject:
        found.append(audit.c.subject == _subject(connection, wanted.subject))
    if wanted.address:
        digests = sa.select(audit_addresses.c.digest).where(audit_addresses.c.address == wanted.address)
        found.append(audit.c.address.in_(digests))
    in_zone = zone or ZoneInfo("UTC")
    if wanted.since is not None:
        found.append(audit.c.at >= datetime.combine(wanted.since, time(), in_zone))
    if wanted.until is not None:
        found.append(audit.c.at <= datetime.combine(wanted.until, time.max, in_zone))
    return found


def _subject(connection: Connection, text: str) -> str:
    """A subject as the trail calls it: 'user 12' for 'user ann'."""
    name = text.removeprefix("user ")
    if name == text or name.isdecimal():
        return text
    number = connection.execute(sa.select(users.c.id).where(users.c.name == name)).scalar()
    return text if number is None else f"user {number}"


def _by_whom(connection: Connection, who: str) -> sa.ColumnElement[bool]:
    """Entries of a user, by name or number, or of another principal; a name stands in entries of version 1 as it was."""
    number = connection.execute(sa.select(users.c.id).where(users.c.name == who)).scalar()
    names = [who] if number is None else [who, f"user {number}"]
    if who.startswith("user ") and who[5:].isdecimal():
        by_number = sa.select(users.c.name).where(users.c.id == int(who[5:][:18]))
        names += connection.execute(by_number).scalars()
    of_values = sa.select(audit_values.c.entry).where(audit_values.c.place == "who", audit_values.c.value == who)
    if connection.execute(of_values.limit(1)).first() is None:
        return audit.c.principal.in_(names)
    return audit.c.principal.in_(names) | (audit.c.id.in_(of_values) & (audit.c.principal == SOMEBODY))


def _told(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> tuple[AuditEntry, ...]:
    names = _names(connection, rows)
    addresses = _addresses(connection, rows)
    values = _values(connection, rows)
    return tuple(_entry(row, names, addresses, values.get(row["id"], {})) for row in rows)


def _entry(row: Mapping[str, Any], names: Mapping[str, str], addresses: Mapping[str, str], values: Mapping[str, str]) -> AuditEntry:
    told = {place: values.get(place, ERASED) for place in (json.loads(row["personal"]) if row["personal"] else ())}
    who = row["principal"]
    return AuditEntry(
        id=row["id"],
        at=row["at"],
        who=who,
        principal=told.get("who", names.get(who, who)),
        via=row["via"],
        address=addresses.get(row["address"], ERASED) if row["address"] else "",
        request=row["request"],
        action=row["action"],
        subject=row["subject"],
        detail=json.loads(row["detail"]) | {n: v for n, v in told.items() if "." not in n and n != "who"},
        before=_side("before", row, told),
        after=_side("after", row, told),
        hash=row["hash"],
        previous_hash=row["previous_hash"],
    )


def _side(side: str, row: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    own = json.loads(row[side]) if row[side] else {}
    return own | {place.removeprefix(f"{side}."): value for place, value in told.items() if place.startswith(f"{side}.")}


def _names(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    numbers = {int(who[5:]) for who in (row["principal"] for row in rows) if who.startswith("user ") and who[5:].isdecimal()}
    if not numbers:
        return {}
    found = connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(numbers)))
    return {f"user {row.id}": row.name for row in found}


def _addresses(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    digests = {row["address"] for row in rows if row["address"]}
    if not digests:
        return {}
    table = audit_addresses
    return {row.digest: row.address for row in connection.execute(sa.select(table).where(table.c.digest.in_(digests)))}


def _values(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, str]]:
    entries = [row["id"] for row in rows if row["personal"]]
    found: dict[int, dict[str, str]] = {}
    if entries:
        for row in connection.execute(sa.select(audit_values).where(audit_values.c.entry.in_(entries))):
            found.setdefault(row.entry, {})[row.place] = row.value
    return found
