"""The zone sets that users add: listed, read, put, removed and brought back."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.store.zone_tables import removed_zone_sets, zone_sets


@dataclass(frozen=True, slots=True)
class StoredZoneSet:
    """What the list of zone sets tells of one."""

    key: str
    name: str
    kind: str
    source: str
    zones: int
    content_hash: str
    created_at: datetime
    created_by: str


_TOLD = tuple(StoredZoneSet.__dataclass_fields__)


def all_zone_sets(connection: Connection) -> tuple[StoredZoneSet, ...]:
    """All that were added, by key, without their content."""
    return _listed(connection, zone_sets)


def removed_sets(connection: Connection) -> tuple[StoredZoneSet, ...]:
    """The set of each key that was removed or replaced last, by key, without their content."""
    return _listed(connection, removed_zone_sets)


def _listed(connection: Connection, table: sa.Table) -> tuple[StoredZoneSet, ...]:
    found = connection.execute(sa.select(*(table.c[name] for name in _TOLD)).order_by(table.c.key))
    return tuple(StoredZoneSet(**row) for row in found.mappings())


def find_zone_set(connection: Connection, key: str) -> StoredZoneSet | None:
    """The one of this key, without its content; None where there is none."""
    found = connection.execute(sa.select(*(zone_sets.c[name] for name in _TOLD)).where(zone_sets.c.key == key)).mappings().first()
    return None if found is None else StoredZoneSet(**found)


def content(connection: Connection, key: str) -> bytes:
    """The content of the one of this key; NotFound where there is none."""
    text = connection.execute(sa.select(zone_sets.c.content).where(zone_sets.c.key == key)).scalar()
    if text is None:
        raise NotFound(f"there is no zone set '{key[:80]}'; 'metes zones list' shows those there are")
    return base64.b64decode(text)


def put_zone_set(connection: Connection, stored: StoredZoneSet, content: bytes) -> None:
    """Keep a set, in the place of the one with its key, which can be brought back where it is another."""
    before = find_zone_set(connection, stored.key)
    if before is not None and before.content_hash != stored.content_hash:
        _set_aside(connection, stored.key)
    connection.execute(sa.delete(zone_sets).where(zone_sets.c.key == stored.key))
    values = {name: getattr(stored, name) for name in _TOLD}
    connection.execute(sa.insert(zone_sets).values(**values, content=base64.b64encode(content).decode()))


def remove_zone_set(connection: Connection, key: str) -> str:
    """Remove a set, which can be brought back; the hash of its content. NotFound where there is none."""
    stored = find_zone_set(connection, key)
    if stored is None:
        raise NotFound(f"there is no zone set '{key[:80]}' that was added; 'metes zones list' shows those there are")
    _set_aside(connection, key)
    connection.execute(sa.delete(zone_sets).where(zone_sets.c.key == key))
    return stored.content_hash


def restore_zone_set(connection: Connection, key: str) -> StoredZoneSet:
    """Bring the set of a key that was removed or replaced last back; one that has its place now takes its own. NotFound for none."""
    gone = connection.execute(sa.select(removed_zone_sets).where(removed_zone_sets.c.key == key)).mappings().first()
    if gone is None:
        raise NotFound(f"no zone set '{key[:80]}' was removed or replaced")
    if find_zone_set(connection, key) is None:
        connection.execute(sa.delete(removed_zone_sets).where(removed_zone_sets.c.key == key))
    else:
        _set_aside(connection, key)
        connection.execute(sa.delete(zone_sets).where(zone_sets.c.key == key))
    connection.execute(sa.insert(zone_sets).values(**gone))
    return StoredZoneSet(**{name: gone[name] for name in _TOLD})


def _set_aside(connection: Connection, key: str) -> None:
    """Keep the set of a key as the one that went last."""
    names = [column.name for column in zone_sets.columns]
    connection.execute(sa.delete(removed_zone_sets).where(removed_zone_sets.c.key == key))
    connection.execute(sa.insert(removed_zone_sets).from_select(names, sa.select(zone_sets).where(zone_sets.c.key == key)))
