"""What the database itself refuses, whoever asks: ledger, publications and audit only grow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from metes.store.engine import Store
from metes.store.plan_life_tables import FROZEN as PLAN_LIFE_FROZEN
from metes.store.tables import LEDGER_TABLES, audit, metadata, plan_publications
from tests.store.rows import FIRST_MOMENT, row_of, value_of

TWO_TIMES = (*LEDGER_TABLES, plan_publications)
# Tables that take inserts alone.
FROZEN = (audit, *(metadata.tables[name] for name in (*PLAN_LIFE_FROZEN, "ledger_corrections")))
EVERY_COLUMN = [(t, c.name) for t in (*TWO_TIMES, *FROZEN) for c in t.columns if c.name != "recorded_until"]
LATER = FIRST_MOMENT + timedelta(days=500)


def with_row(store: Store, table: sa.Table, **given: Any) -> None:
    """Put one row into the table."""
    more = given if table in FROZEN else {"recorded_until": None, **given}
    with store.write() as connection:
        connection.execute(sa.insert(table).values(**row_of(table, 1, **more)))


def content(store: Store, table: sa.Table) -> list[Any]:
    """All rows of the table."""
    with store.read() as connection:
        return list(connection.execute(sa.select(table)).all())


def assert_refused(store: Store, table: sa.Table, statement: Any) -> None:
    """The database refuses the statement in words of its own, and keeps the rows as they are."""
    before = content(store, table)
    with pytest.raises(DBAPIError, match="only grows"), store.write() as connection:
        connection.execute(statement)
    assert content(store, table) == before


@pytest.mark.parametrize(("table", "column"), EVERY_COLUMN, ids=[f"{t.name}.{c}" for t, c in EVERY_COLUMN])
def test_no_other_column_can_be_changed(store: Store, table: sa.Table, column: str) -> None:
    with_row(store, table)
    assert_refused(store, table, sa.update(table).values({column: value_of(table.c[column], 2)}))
    if table not in FROZEN:
        changed = {column: value_of(table.c[column], 2), "recorded_until": LATER}
        assert_refused(store, table, sa.update(table).values(changed))
    if table.c[column].nullable:
        assert_refused(store, table, sa.update(table).values({column: None}))


@pytest.mark.parametrize("table", TWO_TIMES, ids=lambda t: t.name)
def test_the_recorded_end_can_be_set_once(store: Store, table: sa.Table) -> None:
    with_row(store, table)
    assert_refused(store, table, sa.update(table).values(recorded_until=None))
    with store.write() as connection:
        connection.execute(sa.update(table).values(recorded_until=LATER))
    for value in (None, LATER, LATER + timedelta(days=1)):
        assert_refused(store, table, sa.update(table).values(recorded_until=value))


@pytest.mark.parametrize("table", [*TWO_TIMES, *FROZEN], ids=lambda t: t.name)
def test_nothing_can_be_deleted(store: Store, table: sa.Table) -> None:
    with_row(store, table)
    assert_refused(store, table, sa.delete(table))
    if not store.is_sqlite:
        assert_refused(store, table, sa.text(f"TRUNCATE {table.name}"))


@pytest.mark.parametrize("table", [*TWO_TIMES, *FROZEN], ids=lambda t: t.name)
def test_an_insert_cannot_replace_a_row(store: Store, table: sa.Table) -> None:
    (key,) = (column.name for column in table.primary_key)
    with_row(store, table, **{key: 7})
    changed = row_of(table, 2, **{key: 7}, **({} if table in FROZEN else {"recorded_until": None}))
    if store.is_sqlite:
        assert_refused(store, table, sa.insert(table).prefix_with("OR REPLACE").values(**changed))
    else:
        insert = postgresql.insert(table).values(**changed)
        assert_refused(store, table, insert.on_conflict_do_update(index_elements=[key], set_=changed))


def test_each_table_that_only_grows_is_tried_here(store: Store) -> None:
    with store.read() as connection:
        if store.is_sqlite:
            found = connection.exec_driver_sql("SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'").scalars()
        else:
            found = connection.exec_driver_sql(
                "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
            ).scalars()
        assert set(found) == {table.name for table in (*TWO_TIMES, *FROZEN)}


@pytest.mark.parametrize("table", [*TWO_TIMES, *FROZEN], ids=lambda t: t.name)
def test_a_change_of_many_rows_is_refused_as_a_whole(store: Store, table: sa.Table) -> None:
    (key,) = (column.name for column in table.primary_key)
    for number in (1, 2, 3):
        with_row(store, table, **{key: number})
    some = next(column for column in table.columns if column.name not in (key, "recorded_until") and not column.nullable)
    assert_refused(store, table, sa.update(table).where(table.c[key] > 1).values({some.name: value_of(some, 9)}))
    assert_refused(store, table, sa.delete(table).where(table.c[key] == 2))
    assert_refused(store, table, sa.text(f"DELETE FROM {table.name} WHERE {key} IN (SELECT {key} FROM {table.name})"))
