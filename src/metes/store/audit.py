"""The audit trail: entries chained by hash, so that a changed, removed or inserted one shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.ids import canonical_json, content_hash
from metes.model.scope import Principal
from metes.store.columns import to_micros
from metes.store.tables import audit

BEGINNING = "0" * 64


def add_entry(
    connection: Connection, principal: Principal, action: str, subject: str, detail: Mapping[str, Any], now: datetime
) -> None:
    """Append an entry, in the transaction of what it tells of. The detail holds ids and counts, nothing that names a person."""
    previous = connection.execute(sa.select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar() or BEGINNING
    text = canonical_json(detail)
    entry = dict(at=now, principal=principal.name, action=action, subject=subject, detail=text, previous_hash=previous)
    connection.execute(sa.insert(audit).values(**entry, hash=_hash(entry)))


def first_broken(connection: Connection) -> int | None:
    """The id of the first entry whose hash or link does not hold; None where the chain is whole."""
    previous = BEGINNING
    for row in connection.execute(sa.select(audit).order_by(audit.c.id)).mappings():
        entry = {name: row[name] for name in ("at", "principal", "action", "subject", "detail", "previous_hash")}
        if row["previous_hash"] != previous or row["hash"] != _hash(entry):
            return int(row["id"])
        previous = row["hash"]
    return None


def entries(connection: Connection, *, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
    """The newest entries, those before an id where one is given."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [dict(row) for row in connection.execute(query).mappings()]


def _hash(entry: Mapping[str, Any]) -> str:
    return content_hash({**entry, "at": to_micros(entry["at"])})
