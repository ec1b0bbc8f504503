"""Say in the audit trail from where, by what means, before and after; keep apart what can be erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("via", "address", "request", "before", "after", "personal")


def upgrade() -> None:
    """Add columns, indexes and tables. Entries that are there stay as they are, of version 1."""
    op.add_column("audit", sa.Column("version", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    for name in _TEXTS:
        op.add_column("audit", sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("audit", sa.Column("seal", sa.String(64), nullable=True))
    op.add_column("audit", sa.Column("sealed_by", _BIG, nullable=True))
    for name in ("principal", "action", "subject", "address"):
        op.create_index(op.f(f"ix_audit_{name}_id"), "audit", [name, "id"], unique=False)
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "audit_values",
        sa.Column("entry", _BIG, autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("entry", "place", name=op.f("pk_audit_values")),
    )
    op.create_table(
        "audit_addresses",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_audit_addresses")),
    )
    op.create_index(op.f("ix_audit_addresses_address_day"), "audit_addresses", ["address", "day"], unique=False)
    op.create_index(op.f("ix_audit_addresses_day"), "audit_addresses", ["day"], unique=False)
    op.create_table(
        "erased_records",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_erased_records")),
    )
