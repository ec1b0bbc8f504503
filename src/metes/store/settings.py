"""Settings of the workspace and its custom fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.catalogue import Field, FieldType
from metes.model.workspace import WORK_SETTINGS
from metes.store import counters
from metes.store.tables import custom_fields, settings


def read_settings(connection: Connection, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The settings that were set: all, or those of some names."""
    query = sa.select(settings) if names is None else sa.select(settings).where(settings.c.name.in_(names))
    return {row.name: json.loads(row.value) for row in connection.execute(query)}


def put_setting(connection: Connection, name: str, value: Any) -> None:
    """Set one setting; None takes it back to its default."""
    if name not in WORK_SETTINGS:
        counters.bump(connection, counters.DATA)
    connection.execute(sa.delete(settings).where(settings.c.name == name))
    if value is not None:
        connection.execute(sa.insert(settings).values(name=name, value=json.dumps(value)))


def read_custom_fields(connection: Connection, kind: str = "accounts") -> tuple[Field, ...]:
    """The custom fields of a kind, by name."""
    rows = connection.execute(sa.select(custom_fields).where(custom_fields.c.kind == kind).order_by(custom_fields.c.name))
    return tuple(Field(row.name, FieldType(row.type), row.label, is_custom=True) for row in rows)


def add_custom_fields(connection: Connection, kind: str, fields: Mapping[str, Field], now: datetime) -> None:
    """Add custom fields that the kind does not have yet; those it has keep their type."""
    present = {field.name for field in read_custom_fields(connection, kind)}
    rows = [
        {"kind": kind, "name": f.name, "type": f.type.value, "label": f.title, "created_at": now}
        for f in fields.values()
        if f.name not in present
    ]
    if rows:
        connection.execute(sa.insert(custom_fields), rows)
