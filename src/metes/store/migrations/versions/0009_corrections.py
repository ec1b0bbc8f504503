"""Keep corrections to the ledger, which only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from metes.store.triggers import statements

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table with its triggers."""
    op.create_table(
        "ledger_corrections",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=True),
        sa.Column("person_id", _BIG, nullable=True),
        sa.Column("account_id", _BIG, nullable=True),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("is_beside", sa.Boolean(), nullable=False),
        sa.Column("takes_back", _BIG, nullable=True),
        sa.Column("true_from", sa.Date(), nullable=True),
        sa.Column("true_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_corrections")),
    )
    op.create_index(op.f("ix_ledger_corrections_account_id"), "ledger_corrections", ["account_id"], unique=False)
    op.create_index(op.f("ix_ledger_corrections_person_id"), "ledger_corrections", ["person_id"], unique=False)
    for statement in statements(op.get_bind().dialect.name, (), ("ledger_corrections",)):
        op.execute(sa.text(statement.replace(":", "\\:")))
