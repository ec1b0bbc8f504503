"""Lifting what keeps tables from changing, for an erasure alone, inside its transaction: whoever else looks never sees them lifted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection


@contextmanager
def lifted(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """No trigger of these tables is called within the block; an exception must end the transaction, which puts them back as well."""
    if connection.dialect.name == "sqlite":
        with _dropped(connection, tables):
            yield
        return
    query = sa.text(
        "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND c.relname IN :tables"
    ).bindparams(sa.bindparam("tables", expanding=True))
    names = sorted(connection.execute(query, {"tables": list(tables)}).scalars())
    for name in names:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
    yield
    for name in names:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')


@contextmanager
def _dropped(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """SQLite cannot switch a trigger off: they are dropped and made again from their own text."""
    query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :tables ORDER BY name").bindparams(
        sa.bindparam("tables", expanding=True)
    )
    triggers = connection.execute(query, {"tables": list(tables)}).all()
    for trigger in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{trigger.name}"')
    yield
    for trigger in triggers:
        connection.exec_driver_sql(trigger.sql)
