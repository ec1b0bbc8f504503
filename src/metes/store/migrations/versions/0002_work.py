"""Give jobs their keys, beats and checkpoints, a log each, and schedules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables of long work."""
    op.add_column("jobs", sa.Column("waiting_key", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("once_key", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("beats", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("jobs", sa.Column("run_after", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("checkpoint", sa.Text(), nullable=True))
    op.create_index("uq_jobs_once_key", "jobs", ["once_key"], unique=True)
    waiting = sa.text("state = 'queued'")
    op.create_index("uq_jobs_waiting_key", "jobs", ["waiting_key"], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "job_log",
        sa.Column("number", _BIG, nullable=False),
        sa.Column("job_id", _BIG, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_job_log")),
    )
    op.create_index(op.f("ix_job_log_job_id_number"), "job_log", ["job_id", "number"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("last_job", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_schedules_name")),
    )
