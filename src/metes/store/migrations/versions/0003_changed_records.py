"""Find what changed since a run without reading everything: orders by revision, closed accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    closed = sa.text("closed_on IS NOT NULL")
    op.create_index(op.f("ix_accounts_closed_on"), "accounts", ["closed_on"], sqlite_where=closed, postgresql_where=closed)
    op.create_index(op.f("ix_orders_revision"), "orders", ["revision"])
