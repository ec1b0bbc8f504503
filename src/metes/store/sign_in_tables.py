"""The table of sessions that began, which stays when they have ended. It shares the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# `number` is the session's own. `completed_at` is empty where the second factor was never given; `ended_how` says who or what ended it, and is
# empty while it was neither ended nor looked after since its time was over.
session_log = Table(
    "session_log",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigId, nullable=False),
    Column("method", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("completed_at", Instant),
    Column("ended_at", Instant),
    Column("ended_how", Text, nullable=False),
    Index(None, "begun_at"),
    Index(None, "user_id", "begun_at"),
    Index(None, "address", "begun_at"),
)
