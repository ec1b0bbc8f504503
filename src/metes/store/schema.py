"""The schema's version: made new, brought up to date, refused when newer than this Metes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.base.errors import SchemaMismatch
from metes.store import (  # noqa: F401  # their tables belong to the metadata
    audit_tables,
    correction_tables,
    design_tables,
    identity_tables,
    notice_tables,
    plan_life_tables,
    work_tables,
    zone_tables,
)
from metes.store.engine import Store
from metes.store.tables import STAGE_PREFIX

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(store: Store) -> tuple[str | None, str]:
    """Bring the database to this version's schema in one transaction; the revisions before and after."""
    with store.write(patience_seconds=60.0) as connection:
        return upgrade_on(connection)


def upgrade_on(connection: Connection) -> tuple[str | None, str]:
    """The same inside the exclusive transaction at hand, so that a restored backup comes with its schema or not at all."""
    before = _current(connection)
    _refuse_newer(before)
    from alembic import command  # only an upgrade needs Alembic, which is slow to load

    config = alembic_config()
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
    return known_revisions()[-1]


@cache
def known_revisions() -> tuple[str, ...]:
    """All revisions, oldest first: the numbers that the migrations' file names begin with, so that Alembic need not be loaded."""
    found = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    if not found:
        raise SchemaMismatch("this installation of Metes has no migrations; install it again")
    return tuple(found)


def _current(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def _refuse_newer(current: str | None) -> None:
    if current is not None and current not in known_revisions():
        raise SchemaMismatch(f"the database has schema {current}, which is newer than this Metes knows; install the newer Metes")


def alembic_config() -> Any:
    """Alembic's configuration of our migrations."""
    from alembic.config import Config  # only an upgrade needs Alembic, which is slow to load

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
