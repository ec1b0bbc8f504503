"""The table of the zone sets that users add. It shares the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from metes.store.columns import Instant
from metes.store.tables import metadata

# `content` is Arrow compressed, as text (base64): backups, side tables and both databases then take it as they take all else.
zone_sets = Table(
    "zone_sets",
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
