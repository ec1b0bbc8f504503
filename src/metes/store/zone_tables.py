"""The tables of the zone sets that users add, and of those that went. They share the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from metes.store.columns import Instant
from metes.store.tables import metadata


def _table(name: str) -> Table:
    # `content` is Arrow compressed, as text (base64): backups, side tables and both databases then take it as they take all else.
    return Table(
        name,
        metadata,
        Column("key", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("zones", Integer, nullable=False),
        Column("content_hash", Text, nullable=False),
        Column("content", Text, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("created_by", Text, nullable=False),
    )


zone_sets = _table("zone_sets")
# The set of each key that was removed or replaced last.
removed_zone_sets = _table("removed_zone_sets")
