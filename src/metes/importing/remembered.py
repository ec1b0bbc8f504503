"""Mappings remembered per kind, source and set of headers, and ids by which columns are recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.importing.loading import headers_digest
from metes.importing.report import FileReport
from metes.model.catalogue import Kind
from metes.records.mapping import Mapping, mapping_from
from metes.store.engine import Store
from metes.store.tables import RECORD_TABLES, account_sources, import_mappings

_KNOWN_IDS = 5_000


def recaller(store: Store, kind: Kind, source_id: int | None) -> Callable[[str], Mapping | None]:
    """A function from a digest of headers to the mapping last used for it; what has become wrong since is left out."""
    if source_id is None:
        return lambda _digest: None
    t = import_mappings.c
    with store.read() as connection:
        rows = connection.execute(sa.select(t.headers_digest, t.mapping).where(t.kind == kind.name, t.source_id == source_id)).all()
    kept = {row.headers_digest: row.mapping for row in rows}

    def recall(digest: str) -> Mapping | None:
        text = kept.get(digest)
        return None if text is None else mapping_from(json.loads(text), kind, [])

    return recall


def remember(connection: Connection, kind: str, source_id: int, files: Sequence[FileReport], now: datetime) -> None:
    """Keep the mappings of an import for the next one from the same source with the same headers."""
    t = import_mappings.c
    for file in files:
        digest = headers_digest([c.column for c in file.mapping.columns])
        here = sa.and_(t.kind == kind, t.source_id == source_id, t.headers_digest == digest)
        connection.execute(sa.delete(import_mappings).where(here))
        text = json.dumps(file.mapping.as_dict(), ensure_ascii=False)
        row = {"kind": kind, "source_id": source_id, "headers_digest": digest, "mapping": text, "saved_at": now}
        connection.execute(sa.insert(import_mappings).values(**row))


def known_ids(store: Store, kind: Kind) -> dict[str, frozenset[str]]:
    """Some ids of the kinds that this one refers to, so that a column full of them is recognised whatever its header."""
    found: dict[str, frozenset[str]] = {}
    with store.read() as connection:
        for name in {f.refers_to for f in kind.fields} & RECORD_TABLES.keys():
            table = account_sources if name == "accounts" else RECORD_TABLES[name]
            ids = connection.execute(sa.select(table.c.external_id).limit(_KNOWN_IDS)).scalars()
            found[name] = frozenset(ids)
    return found
