"""How Alembic runs: on the connection handed in by `metes.store.schema`, inside its transaction."""

from __future__ import annotations

from alembic import context

from metes.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=False)
context.run_migrations()
