"""The schema: made by the migration exactly as the tables say, brought up to date in one piece, refused when newer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from metes.base.errors import SchemaMismatch
from metes.store import schema
from metes.store.engine import Store
from metes.store.tables import LEDGER_TABLES, metadata

# Upgrades a database and kills itself once the named table is made, in the middle of the migration.
KILLED = """
import os, signal, sys
import sqlalchemy as sa
from metes.store import schema
from metes.store.engine import Store

store = Store(sys.argv[1])

@sa.event.listens_for(store.engine, "after_cursor_execute")
def stop(connection, cursor, statement, *rest):
    if "CREATE TABLE " + sys.argv[2] in statement:
        os.kill(os.getpid(), signal.SIGKILL)

schema.upgrade(store)
"""


def test_the_migration_makes_exactly_the_tables_of_the_metadata(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_every_table_that_only_grows_has_its_triggers(store: Store) -> None:
    sql = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if store.is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with store.read() as connection:
        names = set(connection.exec_driver_sql(sql).scalars())
    wanted = [t.name for t in LEDGER_TABLES] + ["plan_publications", "audit"]
    kinds = ["keeps", "stays"] if store.is_sqlite else ["keeps", "whole"]
    assert names >= {f"{table}_{kind}" for table in wanted for kind in kinds}


def test_the_revisions_are_those_that_alembic_knows() -> None:
    known = [script.revision for script in ScriptDirectory.from_config(schema.alembic_config()).walk_revisions()]
    assert tuple(reversed(known)) == schema.known_revisions()


def test_a_second_upgrade_changes_nothing(store: Store) -> None:
    assert schema.upgrade(store) == (schema.head(), schema.head())
    schema.require_current(store)


def test_a_new_database_is_empty_and_has_no_schema(database: str) -> None:
    store = Store(database)
    assert schema.is_empty(store)
    with pytest.raises(SchemaMismatch, match="has schema none"):
        schema.require_current(store)
    assert schema.upgrade(store) == (None, schema.head())
    assert not schema.is_empty(store)
    store.dispose()


def test_a_newer_schema_is_refused_and_left_alone(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="9999, which is newer"):
        schema.upgrade(store)
    with pytest.raises(SchemaMismatch, match="install the newer Metes"):
        schema.require_current(store)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


def test_somebody_elses_database_is_not_taken_for_an_empty_one(database: str) -> None:
    store = Store(database)
    with store.write() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
    assert not schema.is_empty(store)
    store.dispose()


@pytest.mark.parametrize("table", ["accounts", "ledger_pins", "zones"])
def test_an_upgrade_killed_in_the_middle_leaves_an_empty_database(database: str, table: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, database, table], env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    store = Store(database)
    with store.read() as connection:
        assert sa.inspect(connection).get_table_names() == []
    assert schema.upgrade(store) == (None, schema.head())
    store.dispose()
