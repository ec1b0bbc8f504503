"""A PostgreSQL database that tests take one after the other: emptying it costs less than making one of 500 files for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import DBAPIError

from metes.store.engine import Store
from metes.store.tables import metadata

_STATE = """
SELECT 'table ' || relname FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'version ' || version_num FROM alembic_version"""


class SharedDatabase:
    """Hands out a database with the schema and no rows; one whose schema a test has changed is not handed out again."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make
        self._url: str | None = None
        self._state: list[Any] = []

    def take(self) -> str:
        """The URL of an empty database."""
        if self._url is None:
            self._url = self._make()
            store = Store(self._url)
            self._state = _state(store)
            store.dispose()
        return self._url

    def give_back(self) -> None:
        """Empty the database for the next one."""
        if self._url is None:
            return
        store = Store(self._url)
        try:
            _empty(store)
            if _state(store) != self._state:
                self._url = None
        except DBAPIError:
            self._url = None
        finally:
            store.dispose()


def _empty(store: Store) -> None:
    deletes = "; ".join(f"DELETE FROM {table.name}" for table in metadata.sorted_tables)
    with store.engine.begin() as connection:
        # As a replica, the server does not call the triggers that refuse deletes.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '5s'")
        connection.exec_driver_sql(deletes)
        connection.exec_driver_sql("SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences")


def _state(store: Store) -> list[Any]:
    with store.read() as connection:
        return sorted(connection.exec_driver_sql(_STATE).scalars())
