"""Who was erased, as salted digests of source and id: enough to know them again when a source delivers them, and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.model.privacy import Somebody
from metes.store.audit_tables import erased_records

# The kinds of records whose rows name a person, by what they are called once.
KIND_OF_RECORDS = {"people": "person", "contacts": "contact", "leads": "lead"}


def remember(connection: Connection, one: Somebody, now: datetime) -> None:
    """Keep that somebody was erased. All digests of a workspace have one salt, for each imported id is looked for among them."""
    if not one.external_id:
        return
    salt = connection.execute(sa.select(erased_records.c.salt).limit(1)).scalar() or secrets.token_hex(16)
    row = {"kind": one.kind, "digest": _digest(salt, one.kind, one.source_id, one.external_id), "salt": salt, "erased_at": now}
    table = erased_records
    known = sa.select(table.c.kind).where(table.c.kind == row["kind"], table.c.digest == row["digest"])
    if connection.execute(known).first() is None:
        connection.execute(sa.insert(table).values(row))


def is_any(connection: Connection, kind: str) -> bool:
    """Whether anybody of a kind was erased."""
    return connection.execute(sa.select(erased_records.c.kind).where(erased_records.c.kind == kind).limit(1)).first() is not None


def erased_among(connection: Connection, kind: str, source_id: int, external_ids: Iterable[str | None]) -> list[int]:
    """Which of some ids (their positions) belong to somebody who was erased; quick where nobody was."""
    table = erased_records
    rows = connection.execute(sa.select(table.c.digest, table.c.salt).where(table.c.kind == kind)).all()
    if not rows:
        return []
    salt, known = rows[0].salt, {row.digest for row in rows}
    return [at for at, one in enumerate(external_ids) if one is not None and _digest(salt, kind, source_id, one) in known]


def _digest(salt: str, kind: str, source_id: int, external_id: str) -> str:
    return hashlib.sha256(f"{salt}\n{kind}\n{source_id}\n{external_id}".encode()).hexdigest()
