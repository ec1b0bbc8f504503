"""The tables of designs, of what they work with, and of what was done to them. They share the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# Operations beyond `position` are undone; `version` grows with every change, so that two people cannot write over one another.
designs = Table(
    "designs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan_revision", BigId),
    Column("spec", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("given_hash", String(64), nullable=False),
    Column("start_hash", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("job_id", BigId),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", Text, nullable=False),
)

# Arrays by their content, compressed, as text (base64): backups and both databases then take them as they take all else.
design_contents = Table(
    "design_contents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("content", Text, nullable=False),
)

design_operations = Table(
    "design_operations",
    metadata,
    Column("design_id", BigId, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("done_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)
