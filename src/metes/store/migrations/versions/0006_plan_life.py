"""Keep the life of plans: scenarios with what was done to them, rights, reviews, and what publications promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from metes.store.triggers import statements

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FROZEN = ("plan_changes", "plan_decisions", "plan_publication_notes", "plan_cancellations")

# What was there before begins with its own content, branched from what its parent says.
_BRANCHED = """
    UPDATE plan_revisions SET base_root = (SELECT parent.root_hash FROM plan_revisions AS parent WHERE parent.id = plan_revisions.parent_id)
"""
_BEGUN = """
    INSERT INTO plan_changes (revision_id, kind, root_before, root_after, note, author, at)
    SELECT id, 'import', base_root, root_hash, note, author, created_at FROM plan_revisions ORDER BY id
"""


def upgrade() -> None:
    """Add the columns and the tables, with the triggers of those that only grow."""
    op.add_column("plan_revisions", sa.Column("title", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("plan_revisions", sa.Column("base_root", sa.String(64), nullable=True))
    op.add_column("users", sa.Column("person_id", _BIG, nullable=True))
    op.create_table(
        "plan_changes",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("revision_id", _BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("root_before", sa.String(64), nullable=True),
        sa.Column("root_after", sa.String(64), nullable=False),
        sa.Column("other_root", sa.String(64), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
    )
    op.create_index(op.f("ix_plan_changes_revision_id"), "plan_changes", ["revision_id"], unique=False)
    op.create_table(
        "plan_rights",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("territory", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_rights")),
    )
    op.create_table(
        "plan_reviews",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("revision_id", _BIG, nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_reviews")),
    )
    op.create_index(op.f("ix_plan_reviews_revision_id"), "plan_reviews", ["revision_id"], unique=False)
    op.create_table(
        "plan_decisions",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("review_id", _BIG, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("part_hash", sa.String(64), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_decisions")),
    )
    op.create_index(op.f("ix_plan_decisions_review_id"), "plan_decisions", ["review_id"], unique=False)
    op.create_table(
        "plan_comments",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("revision_id", _BIG, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reply_to", _BIG, nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_comments")),
    )
    op.create_index(op.f("ix_plan_comments_revision_id"), "plan_comments", ["revision_id"], unique=False)
    op.create_table(
        "plan_publication_notes",
        sa.Column("publication_id", _BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("before_root", sa.String(64), nullable=True),
        sa.Column("reverts", _BIG, nullable=True),
        sa.Column("promised", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("publication_id", name=op.f("pk_plan_publication_notes")),
    )
    op.create_table(
        "plan_cancellations",
        sa.Column("publication_id", _BIG, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("publication_id", name=op.f("pk_plan_cancellations")),
    )
    op.create_table(
        "publication_messages",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("publication_id", _BIG, nullable=False),
        sa.Column("person_id", _BIG, nullable=False),
        sa.Column("gained", sa.Text(), nullable=False),
        sa.Column("lost", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_messages")),
    )
    op.create_index(op.f("ix_publication_messages_publication_id"), "publication_messages", ["publication_id"], unique=False)
    op.create_index(op.f("ix_publication_messages_person_id"), "publication_messages", ["person_id"], unique=False)
    op.execute(_BRANCHED)
    op.execute(_BEGUN)
    for statement in statements(op.get_bind().dialect.name, (), _FROZEN):
        op.execute(sa.text(statement.replace(":", "\\:")))
