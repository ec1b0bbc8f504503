"""Keep which sessions began and how they ended, longer than the sessions themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table, with the sessions that are open."""
    op.create_table(
        "session_log",
        sa.Column("number", _BIG, autoincrement=False, nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_session_log")),
    )
    for columns in (["begun_at"], ["user_id", "begun_at"], ["address", "begun_at"]):
        op.create_index(op.f(f"ix_session_log_{'_'.join(columns)}"), "session_log", columns, unique=False)
    op.execute(
        "INSERT INTO session_log (number, user_id, method, address, agent, begun_at, completed_at, ended_how) "
        "SELECT number, user_id, method, address, agent, created_at, CASE WHEN awaits_factor THEN NULL ELSE created_at END, '' FROM sessions"
    )
