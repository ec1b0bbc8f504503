"""The zone sets that users add: listed, read, put and removed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import NotFound
from metes.store.zone_tables import zone_sets


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


_TOLD = tuple(zone_sets.c[name] for name in StoredZoneSet.__dataclass_fields__)


def all_zone_sets(connection: Connection) -> tuple[StoredZoneSet, ...]:
    """All that were added, by key, without their content."""
    return tuple(StoredZoneSet(**row) for row in connection.execute(sa.select(*_TOLD).order_by(zone_sets.c.key)).mappings())


def find_zone_set(connection: Connection, key: str) -> StoredZoneSet | None:
    """The one of this key, without its content; None where there is none."""
    row = connection.execute(sa.select(*_TOLD).where(zone_sets.c.key == key)).mappings().first()
    return None if row is None else StoredZoneSet(**row)


def content(connection: Connection, key: str) -> bytes:
    """The content of the one of this key; NotFound where there is none."""
    text = connection.execute(sa.select(zone_sets.c.content).where(zone_sets.c.key == key)).scalar()
    if text is None:
        raise NotFound(f"there is no zone set '{key[:80]}'; 'metes zones list' shows those there are")
    return base64.b64decode(text)


def put_zone_set(connection: Connection, stored: StoredZoneSet, content: bytes) -> None:
    """Keep a set, in the place of the one with its key."""
    connection.execute(sa.delete(zone_sets).where(zone_sets.c.key == stored.key))
    values = {name: getattr(stored, name) for name in StoredZoneSet.__dataclass_fields__}
    connection.execute(sa.insert(zone_sets).values(**values, content=base64.b64encode(content).decode()))


def remove_zone_set(connection: Connection, key: str) -> str:
    """Remove a set; the hash of its content. NotFound where there is none."""
    stored = find_zone_set(connection, key)
    if stored is None:
        raise NotFound(f"there is no zone set '{key[:80]}' that was added; 'metes zones list' shows those there are")
    connection.execute(sa.delete(zone_sets).where(zone_sets.c.key == key))
    return stored.content_hash
