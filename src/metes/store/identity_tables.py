"""The tables of identity: groups, roles, who a user is, second factors, resets. They share the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# `external_name` is what the company's sign-in calls the group; members of it come and go with each sign-in there.
groups = Table(
    "groups",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("external_name", Text, unique=True),
    Column("created_at", Instant, nullable=False),
)

# `source` says who put the user into the group: 'local', or 'sign-in', which takes them out again; 'kept' where it would have, but nobody
# else runs the workspace.
group_members = Table(
    "group_members",
    metadata,
    Column("group_id", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Index(None, "user_id"),
)

# A role of a user or of a group from a day on, until a day. `territory`: of roles that see by tree, a place beside those of the
# person's seats; empty for the seats alone.
role_grants = Table(
    "role_grants",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId),
    Column("group_id", BigId),
    Column("role", Text, nullable=False),
    Column("territory", Text, nullable=False),
    Column("true_from", Date, nullable=False),
    Column("true_until", Date),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("revoked_by", Text),
    Column("revoked_at", Instant),
    Index(None, "user_id"),
    Index(None, "group_id"),
)

# Which person of the roster a user is, from a day on, until a day.
person_links = Table(
    "person_links",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId, nullable=False),
    Column("person_id", BigId, nullable=False),
    Column("true_from", Date, nullable=False),
    Column("true_until", Date),
    Column("linked_by", Text, nullable=False),
    Column("linked_at", Instant, nullable=False),
    Index(None, "user_id"),
    Index(None, "person_id"),
)

# Who a user is at a provider of sign-ins.
identities = Table(
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", BigId, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index(None, "user_id"),
)

# `secret` is enciphered; `last_step` is the time step of the code used last, which counts no second time.
second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", BigId, primary_key=True, autoincrement=False),
    Column("secret", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("last_step", Integer, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("used_at", Instant),
    Index(None, "user_id"),
)

# What a mail to somebody who forgot the password carries, as a digest.
reset_links = Table(
    "reset_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", BigId, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index(None, "user_id"),
)

# A sign-in at a provider that has begun: what must come back with the answer, once.
provider_sign_ins = Table(
    "provider_sign_ins",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("nonce", Text, nullable=False),
    Column("verifier", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
