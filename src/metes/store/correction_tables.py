"""The table of corrections to the ledger: who said afterwards what had been true, and why. It shares the metadata of `tables`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# `kind` is seat (a person, or nobody, sat on it), owner (a territory, or none, held an account) or back (takes one back).
# People and accounts stand here by their numbers alone.
ledger_corrections = Table(
    "ledger_corrections",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("seat", Text),
    Column("person_id", BigId),
    Column("account_id", BigId),
    Column("territory_id", Integer),
    Column("is_beside", Boolean, nullable=False),
    Column("takes_back", BigId),
    Column("true_from", Date),
    Column("true_until", Date),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "account_id"),
    Index(None, "person_id"),
)
