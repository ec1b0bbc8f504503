"""The tables of notices and of the mails that carry them. They share the metadata of `tables`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# A notice is a user's, or goes by mail alone to a person without one. `by_mail` is what was chosen when it was made; `mail_id` the
# mail that carries it, which a digest gets when it is put together. `once_key` is unique for ever: a reminder of one day.
notices = Table(
    "notices",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId),
    Column("person_id", BigId),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("in_app", Boolean, nullable=False),
    Column("by_mail", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("read_at", Instant),
    Column("mail_id", BigId),
    Column("once_key", Text),
    Index(None, "user_id", "id"),
    Index(
        "ix_notices_unread",
        "user_id",
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    ),
    Index(None, "mail_id", sqlite_where=sa.text("mail_id IS NOT NULL"), postgresql_where=sa.text("mail_id IS NOT NULL")),
    # Few wait for a digest: they are found without reading those that were mailed.
    Index(
        "ix_notices_waiting",
        "by_mail",
        sqlite_where=sa.text("mail_id IS NULL AND by_mail <> 'never'"),
        postgresql_where=sa.text("mail_id IS NULL AND by_mail <> 'never'"),
    ),
    Index("uq_notices_once_key", "once_key", unique=True),
)

# What a user chose where it is not what everybody begins with.
notice_choices = Table(
    "notice_choices",
    metadata,
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("in_app", Boolean, nullable=False),
    Column("by_mail", Text, nullable=False),
)

# Where a user wants mail, in place of the address of the person the user is linked to.
notice_addresses = Table(
    "notice_addresses",
    metadata,
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
)

# One mail to one reader; `job_id` is the job that sends it now. Its content is told from its notices, the same at each attempt.
mails = Table(
    "mails",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId),
    Column("person_id", BigId),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("job_id", BigId),
    Column("sent_at", Instant),
    Column("error", Text),
    Index(None, "state", "next_at"),
)
