"""Keep notices, how each user wants them, and the mails that carry them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "notices",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("user_id", _BIG, nullable=True),
        sa.Column("person_id", _BIG, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("in_app", sa.Boolean(), nullable=False),
        sa.Column("by_mail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("mail_id", _BIG, nullable=True),
        sa.Column("once_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_user_id_id"), "notices", ["user_id", "id"], unique=False)
    _partial("ix_notices_unread", "user_id", "read_at IS NULL")
    _partial(op.f("ix_notices_mail_id"), "mail_id", "mail_id IS NOT NULL")
    _partial("ix_notices_waiting", "by_mail", "mail_id IS NULL AND by_mail <> 'never'")
    op.create_index("uq_notices_once_key", "notices", ["once_key"], unique=True)
    op.create_table(
        "notice_choices",
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("in_app", sa.Boolean(), nullable=False),
        sa.Column("by_mail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notice_choices")),
    )
    op.create_table(
        "notice_addresses",
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_addresses")),
    )
    op.create_table(
        "mails",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("user_id", _BIG, nullable=True),
        sa.Column("person_id", _BIG, nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("job_id", _BIG, nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_state_next_at"), "mails", ["state", "next_at"], unique=False)


def _partial(name: str, column: str, where: str) -> None:
    """An index of the few notices that something waits for."""
    op.create_index(name, "notices", [column], unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
