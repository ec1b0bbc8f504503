"""The schema's version: made new, brought up to date, refused when newer than this Metes."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from metes.base.errors import SchemaMismatch
from metes.store.bulk import STAGE_PREFIX
from metes.store.engine import Store


def upgrade(store: Store) -> tuple[str | None, str]:
    """Bring the database to this version's schema in one transaction; the revisions before and after."""
    with store.write(patience_seconds=60.0) as connection:
        return upgrade_on(connection)


def upgrade_on(connection: Connection) -> tuple[str | None, str]:
    """The same inside the exclusive transaction at hand, so that a restored backup comes with its schema or not at all."""
    before = _current(connection)
    _refuse_newer(before)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before, head()


def require_current(store: Store) -> None:
    """`SchemaMismatch` unless the database has exactly this version's schema."""
    with store.read() as connection:
        current = _current(connection)
    _refuse_newer(current)
    if current != head():
        raise SchemaMismatch(
            f"the database {store.url.database} has schema {current or 'none'}, expected {head()}; run 'metes db upgrade'"
        )


def is_empty(store: Store) -> bool:
    """Whether nothing has been made in the database yet, but for side tables that a killed restore left."""
    with store.read() as connection:
        names = sa.inspect(connection).get_table_names()
        return all(name.startswith(STAGE_PREFIX) for name in names)


def head() -> str:
    """The revision this version of Metes reads and writes."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise SchemaMismatch("this installation of Metes has no migrations; install it again")
    return found


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaMismatch(f"the database has schema {current}, which is newer than this Metes knows; install the newer Metes")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
