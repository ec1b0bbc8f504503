"""The tables of a plan's life: what was done to its scenarios, who may what, reviews, and what publications promised. They share the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, String, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# Every change of a revision's content, beginning with its own; `other_root` is what was merged in or taken back.
plan_changes = Table(
    "plan_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("revision_id", BigId, nullable=False),
    Column("kind", Text, nullable=False),
    Column("root_before", String(64)),
    Column("root_after", String(64), nullable=False),
    Column("other_root", String(64)),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "revision_id"),
)

# Who may propose, review, approve or publish what stands at or below a territory (empty: the whole plan).
plan_rights = Table(
    "plan_rights",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId, nullable=False),
    Column("territory", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("revoked_by", Text),
    Column("revoked_at", Instant),
)

plan_reviews = Table(
    "plan_reviews",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("revision_id", BigId, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("due_on", Date),
    Column("rationale", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("closed_at", Instant),
    Index(None, "revision_id"),
)

# A decision holds while the part's hash, that of its steps, is what it was.
plan_decisions = Table(
    "plan_decisions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("review_id", BigId, nullable=False),
    Column("part", Text, nullable=False),
    Column("part_hash", String(64), nullable=False),
    Column("decision", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("comment", Text, nullable=False),
    Index(None, "review_id"),
)

plan_comments = Table(
    "plan_comments",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("revision_id", BigId, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reply_to", BigId),
    Column("resolved_by", Text),
    Column("resolved_at", Instant),
    Index(None, "revision_id"),
)

# What is known of a publication beside its two times: why it was made, what it replaced, and what its preview promised.
plan_publication_notes = Table(
    "plan_publication_notes",
    metadata,
    Column("publication_id", BigId, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("rationale", Text, nullable=False),
    Column("before_root", String(64)),
    Column("reverts", BigId),
    Column("promised", Text, nullable=False),
)

plan_cancellations = Table(
    "plan_cancellations",
    metadata,
    Column("publication_id", BigId, primary_key=True, autoincrement=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
)

# What a publication told one person; amounts in minor units as JSON.
publication_messages = Table(
    "publication_messages",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("publication_id", BigId, nullable=False),
    Column("person_id", BigId, nullable=False),
    Column("gained", Text, nullable=False),
    Column("lost", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", Instant),
    Index(None, "publication_id"),
    Index(None, "person_id"),
)

FROZEN = ("plan_changes", "plan_decisions", "plan_publication_notes", "plan_cancellations")
