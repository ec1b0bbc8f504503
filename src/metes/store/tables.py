"""The schema: records, plans, ledger, and what the workspace itself needs. Alembic's first migration is made from it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date, Float, Index, Integer, String, Table, Text, UniqueConstraint

from metes.store.columns import BigId, Instant

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# So begin the names of side tables, which loads fill beside these.
STAGE_PREFIX = "stage_"


def _id() -> Column[int]:
    return Column("id", BigId, primary_key=True)


def _bookkeeping() -> list[Column[Any]]:
    """What every imported record carries: its content's digest, the imports that made and last changed it, and when it closed."""
    return [
        Column("digest", String(32), nullable=False),
        Column("created_import", BigId, nullable=False),
        Column("changed_import", BigId, nullable=False),
        Column("revision", BigId, nullable=False),
        Column("closed_on", Date),
    ]


def _sourced() -> list[Column[Any]]:
    return [Column("source_id", Integer, nullable=False), Column("external_id", Text, nullable=False)]


def _place() -> list[Column[Any]]:
    return [
        Column("country", String(2)),
        Column("region", String(10)),
        Column("city", Text),
        Column("postal_code", Text),
    ]


# --- records ------------------------------------------------------------------------------------------------------------------

sources = Table("sources", metadata, Column("id", Integer, primary_key=True), Column("name", Text, nullable=False, unique=True))

accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_id", BigId),
    *_place(),
    Column("street", Text),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("place_precision", String(8)),
    # The planning zone (US county FIPS code) that holds the place, found at import.
    Column("zone", Text),
    Column("industry", Text),
    Column("segment", Text),
    Column("channel", Text),
    Column("language", Text),
    Column("referral_source", Text),
    Column("employees", sa.BigInteger),
    Column("annual_revenue_minor", sa.BigInteger),
    Column("potential_minor", sa.BigInteger),
    Column("currency", String(3)),
    Column("customer_since", Date),
    Column("website", Text),
    Column("phone", Text),
    Column("custom", Text),
    *_bookkeeping(),
    UniqueConstraint("key"),
    Index(None, "revision"),
    # Closed accounts are few: all are counted by this index and the one before, without reading a row.
    Index(None, "closed_on", sqlite_where=sa.text("closed_on IS NOT NULL"), postgresql_where=sa.text("closed_on IS NOT NULL")),
    # Families are few: only accounts that have a parent stand in it.
    Index(None, "parent_id", sqlite_where=sa.text("parent_id IS NOT NULL"), postgresql_where=sa.text("parent_id IS NOT NULL")),
)

account_sources = Table(
    "account_sources",
    metadata,
    Column("source_id", Integer, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("account_id", BigId, nullable=False),
    Index(None, "account_id"),
    sqlite_with_rowid=False,
)

custom_fields = Table(
    "custom_fields",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    _id(),
    *_sourced(),
    Column("account_id", BigId),
    Column("name", Text, nullable=False),
    Column("title", Text),
    Column("email", Text),
    Column("phone", Text),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
    Index(None, "account_id"),
)

people = Table(
    "people",
    metadata,
    _id(),
    *_sourced(),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("role", Text),
    Column("manager_id", BigId),
    Column("office", Text),
    Column("active_from", Date),
    Column("active_to", Date),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
)

products = Table(
    "products",
    metadata,
    _id(),
    *_sourced(),
    Column("name", Text, nullable=False),
    Column("family", Text),
    Column("price_minor", sa.BigInteger),
    Column("currency", String(3)),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
)

opportunities = Table(
    "opportunities",
    metadata,
    _id(),
    *_sourced(),
    Column("name", Text),
    Column("account_id", BigId),
    Column("person_id", BigId),
    Column("product_id", BigId),
    Column("stage", Text, nullable=False),
    Column("status", String(4), nullable=False),
    Column("amount_minor", sa.BigInteger),
    Column("currency", String(3)),
    Column("opened_on", Date),
    Column("closed_date", Date),
    Column("probability_share", Float),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
    Index(None, "account_id"),
)

orders = Table(
    "orders",
    metadata,
    _id(),
    *_sourced(),
    Column("account_id", BigId),
    Column("product_id", BigId),
    Column("person_id", BigId),
    Column("ordered_on", Date, nullable=False),
    Column("amount_minor", sa.BigInteger, nullable=False),
    Column("currency", String(3)),
    Column("quantity", Float),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
    Index(None, "account_id"),
    Index(None, "revision"),
)

activities = Table(
    "activities",
    metadata,
    _id(),
    *_sourced(),
    Column("account_id", BigId),
    Column("contact_id", BigId),
    Column("person_id", BigId),
    Column("kind", Text, nullable=False),
    Column("occurred_on", Date, nullable=False),
    Column("subject", Text),
    Column("minutes", sa.BigInteger),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
    Index(None, "account_id"),
)

leads = Table(
    "leads",
    metadata,
    _id(),
    *_sourced(),
    Column("name", Text, nullable=False),
    Column("company", Text),
    Column("email", Text),
    Column("phone", Text),
    *_place(),
    Column("industry", Text),
    Column("employees", sa.BigInteger),
    Column("referral_source", Text),
    Column("status", Text),
    Column("created_on", Date),
    Column("account_id", BigId),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
)

zones = Table(
    "zones",
    metadata,
    _id(),
    *_sourced(),
    Column("name", Text, nullable=False),
    Column("kind", Text),
    Column("country", String(2)),
    Column("region", String(10)),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("population", sa.BigInteger),
    Column("potential_minor", sa.BigInteger),
    Column("currency", String(3)),
    *_bookkeeping(),
    UniqueConstraint("source_id", "external_id"),
)

# --- imports ------------------------------------------------------------------------------------------------------------------

imports = Table(
    "imports",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("files", Text, nullable=False),
    Column("file_digest", String(64), nullable=False),
    Column("mapping", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("undone_at", Instant),
    Column("undone_by", Text),
)

import_findings = Table(
    "import_findings",
    metadata,
    _id(),
    Column("import_id", BigId, nullable=False),
    Column("code", Text, nullable=False),
    Column("severity", String(7), nullable=False),
    Column("file", Text, nullable=False),
    Column("line", sa.BigInteger),
    Column("column", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Index(None, "import_id"),
)

# What a record was before an import changed it, so that the import can be undone as a whole.
import_changes = Table(
    "import_changes",
    metadata,
    Column("import_id", BigId, primary_key=True),
    Column("record_id", BigId, primary_key=True),
    Column("before", Text, nullable=False),
    sqlite_with_rowid=False,
)

import_mappings = Table(
    "import_mappings",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("source_id", Integer, primary_key=True),
    Column("headers_digest", String(64), primary_key=True),
    Column("mapping", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

# --- plans --------------------------------------------------------------------------------------------------------------------

plan_nodes = Table("plan_nodes", metadata, Column("hash", String(64), primary_key=True), Column("content", Text, nullable=False))

plan_revisions = Table(
    "plan_revisions",
    metadata,
    _id(),
    Column("plan_key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("root_hash", String(64), nullable=False),
    Column("parent_id", BigId),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    # The scenario's name for people, and the root of what it was branched from or last merged with.
    Column("title", Text, nullable=False, server_default=sa.text("''")),
    Column("base_root", String(64)),
)

# A publication is a fact in two times: this revision is the plan from `effective_on`, as known from `recorded_at`.
plan_publications = Table(
    "plan_publications",
    metadata,
    _id(),
    Column("revision_id", BigId, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_until", Instant),
)

# --- ledger -------------------------------------------------------------------------------------------------------------------

territory_keys = Table(
    "territory_keys", metadata, Column("id", Integer, primary_key=True), Column("key", Text, nullable=False, unique=True)
)


def _two_times() -> list[Column[Any]]:
    return [
        Column("true_from", Date, nullable=False),
        Column("true_until", Date),
        Column("recorded_at", Instant, nullable=False),
        Column("recorded_until", Instant),
        Column("cause_kind", String(7), nullable=False),
        Column("cause_id", BigId, nullable=False),
    ]


ledger_ownership = Table(
    "ledger_ownership",
    metadata,
    _id(),
    Column("account_id", BigId, nullable=False),
    Column("territory_id", Integer, nullable=False),
    Column("role", sa.SmallInteger, nullable=False),
    Column("share", Float, nullable=False),
    Column("via", sa.SmallInteger, nullable=False),
    *_two_times(),
    Index(None, "account_id"),
)

ledger_seats = Table(
    "ledger_seats",
    metadata,
    _id(),
    Column("seat", Text, nullable=False),
    Column("person_id", BigId, nullable=False),
    *_two_times(),
    Index(None, "seat"),
    Index(None, "person_id"),
)

ledger_pins = Table(
    "ledger_pins",
    metadata,
    _id(),
    Column("account_key", Text, nullable=False),
    Column("territory_id", Integer, nullable=False),
    Column("is_exclusion", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    *_two_times(),
    Index(None, "account_key"),
)

LEDGER_TABLES = (ledger_ownership, ledger_seats, ledger_pins)

runs = Table(
    "runs",
    metadata,
    _id(),
    Column("revision_id", BigId, nullable=False),
    Column("book_revision", BigId, nullable=False),
    Column("day", Date, nullable=False),
    Column("counts", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=False),
)

# --- workspace ----------------------------------------------------------------------------------------------------------------

counters = Table("counters", metadata, Column("name", Text, primary_key=True), Column("value", sa.BigInteger, nullable=False))

settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    # Empty for those who sign in elsewhere.
    Column("password_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("preferences", Text, nullable=False),
    # Where a link goes that lets somebody choose a new password; said by an administrator or by the provider of the sign-in.
    Column("email", Text),
    Column("password_changed_at", Instant),
    Column("must_change_password", Boolean, nullable=False, server_default=sa.false()),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", BigId, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # By which its user ends it; the digest never leaves the database.
    Column("number", BigId, nullable=False, unique=True),
    Column("address", Text, nullable=False, server_default=sa.text("''")),
    Column("agent", Text, nullable=False, server_default=sa.text("''")),
    Column("method", Text, nullable=False, server_default=sa.text("'password'")),
    # Whether the second factor is still to come: till then the session opens nothing else.
    Column("awaits_factor", Boolean, nullable=False, server_default=sa.false()),
    Column("proved_at", Instant),
    # Whose pages an administrator looks at.
    Column("as_user_id", BigId),
    Index(None, "user_id"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Index(None, "name", "at"),
)

tokens = Table(
    "tokens",
    metadata,
    _id(),
    Column("user_id", BigId, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    # What it may less than its user: one role of theirs, and a part of the tree.
    Column("role", Text),
    Column("territory", Text, nullable=False, server_default=sa.text("''")),
    Index(None, "user_id"),
)

saved_views = Table(
    "saved_views",
    metadata,
    _id(),
    Column("user_id", BigId, nullable=False),
    Column("page", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("user_id", "page", "name"),
)

# Entries are chained: `hash` covers the entry and the hash before it.
audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", Instant, nullable=False),
    Column("principal", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    # Version 1 knew the columns before; its entries hold, and are verified, as they were written.
    Column("version", sa.SmallInteger, nullable=False, server_default=sa.text("1")),
    Column("via", Text, nullable=False, server_default=sa.text("''")),
    Column("address", Text, nullable=False, server_default=sa.text("''")),
    Column("request", Text, nullable=False, server_default=sa.text("''")),
    Column("before", Text, nullable=False, server_default=sa.text("''")),
    Column("after", Text, nullable=False, server_default=sa.text("''")),
    Column("personal", Text, nullable=False, server_default=sa.text("''")),
    # Of an entry of version 1 that named a user who was erased: the hash of what stands there now, and the entry that vouches for it.
    Column("seal", String(64)),
    Column("sealed_by", BigId),
    Index(None, "principal", "id"),
    Index(None, "action", "id"),
    Index(None, "subject", "id"),
    Index(None, "address", "id"),
    Index(None, "at"),
)

RECORD_TABLES = {
    "accounts": accounts,
    "contacts": contacts,
    "people": people,
    "products": products,
    "opportunities": opportunities,
    "orders": orders,
    "activities": activities,
    "leads": leads,
    "zones": zones,
}
