"""Beside the audit trail, what can be erased from it: values that name a person, and addresses. They share the metadata of `tables`.

The trail itself holds their salted digests only. A digest says nothing once its row here is gone, for the salt goes with it.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, String, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# `place` says where in the entry the value stands: 'who', 'before.email', 'after.email'.
audit_values = Table(
    "audit_values",
    metadata,
    Column("entry", BigId, primary_key=True, autoincrement=False),
    Column("place", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("salt", String(32), nullable=False),
)

# One row for an address and a day, so that entries of a day share it and it goes some days after them.
audit_addresses = Table(
    "audit_addresses",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("address", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("salt", String(32), nullable=False),
    Index(None, "address", "day"),
    Index(None, "day"),
)

# Who was erased, as a salted digest of the source and its id, so that the next import does not bring them back.
erased_records = Table(
    "erased_records",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("erased_at", Instant, nullable=False),
)
