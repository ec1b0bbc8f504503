"""Keep who is who and who may what: groups, roles, dated links to people, second factors, resets; richer sessions and tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Who ran the workspace before there were roles runs it still; who was linked to a person was so from the day they came.
_EPOCH = "DATE '1970-01-01'"
_ROLES = """
    INSERT INTO role_grants (user_id, role, territory, true_from, granted_by, granted_at)
    SELECT id, 'administrator', '', {day}, 'upgrade', created_at FROM users WHERE is_administrator ORDER BY id
"""
_LINKS = """
    INSERT INTO person_links (user_id, person_id, true_from, linked_by, linked_at)
    SELECT id, person_id, {day}, 'upgrade', created_at FROM users WHERE person_id IS NOT NULL ORDER BY id
"""


def upgrade() -> None:
    """Add the tables, carry over who was what, and drop what said it before."""
    _add_tables()
    day = "'1970-01-01'" if op.get_bind().dialect.name == "sqlite" else _EPOCH
    op.execute(sa.text(_ROLES.format(day=day)))
    op.execute(sa.text(_LINKS.format(day=day)))
    op.drop_column("users", "is_administrator")
    op.drop_column("users", "person_id")
    op.add_column("users", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("password_changed_at", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False))
    _remake_sessions()
    op.add_column("tokens", sa.Column("role", sa.Text(), nullable=True))
    op.add_column("tokens", sa.Column("territory", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index(op.f("ix_tokens_user_id"), "tokens", ["user_id"], unique=False)


def _add_tables() -> None:
    op.create_table(
        "groups",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("external_name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("external_name", name=op.f("uq_groups_external_name")),
        sa.UniqueConstraint("name", name=op.f("uq_groups_name")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("user_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_group_members_user_id"), "group_members", ["user_id"], unique=False)
    op.create_table(
        "role_grants",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("user_id", _BIG, nullable=True),
        sa.Column("group_id", _BIG, nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("territory", sa.Text(), nullable=False),
        sa.Column("true_from", sa.Date(), nullable=False),
        sa.Column("true_until", sa.Date(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    op.create_index(op.f("ix_role_grants_group_id"), "role_grants", ["group_id"], unique=False)
    op.create_index(op.f("ix_role_grants_user_id"), "role_grants", ["user_id"], unique=False)
    op.create_table(
        "person_links",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("person_id", _BIG, nullable=False),
        sa.Column("true_from", sa.Date(), nullable=False),
        sa.Column("true_until", sa.Date(), nullable=True),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_links")),
    )
    op.create_index(op.f("ix_person_links_person_id"), "person_links", ["person_id"], unique=False)
    op.create_index(op.f("ix_person_links_user_id"), "person_links", ["user_id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_user_id"), "identities", ["user_id"], unique=False)
    op.create_table(
        "second_factors",
        sa.Column("user_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
    op.create_table(
        "reset_links",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_reset_links")),
    )
    op.create_index(op.f("ix_reset_links_user_id"), "reset_links", ["user_id"], unique=False)
    op.create_table(
        "provider_sign_ins",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_sign_ins")),
    )


def _remake_sessions() -> None:
    """Sessions get a number by which they are ended; those that there were end with the upgrade."""
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("agent", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("method", sa.Text(), server_default=sa.text("'password'"), nullable=False),
        sa.Column("awaits_factor", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("proved_at", sa.BigInteger(), nullable=True),
        sa.Column("as_user_id", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        sa.UniqueConstraint("number", name=op.f("uq_sessions_number")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
