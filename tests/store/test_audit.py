"""The audit trail: whole, or broken at a place that can be named."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from metes.model.scope import Principal
from metes.store import audit
from metes.store.engine import Store
from metes.store.tables import audit as table
from tests.conftest import NOW


@pytest.fixture
def trail(store: Store) -> Store:
    """Five entries, and none of the triggers that would keep them."""
    for number in range(5):
        with store.write() as connection:
            audit.add_entry(connection, Principal("ann"), "assign", f"run {number}", {"é": number}, NOW + timedelta(seconds=number))
    with store.write() as connection:
        on = "" if store.is_sqlite else " ON audit"
        for trigger in ("audit_keeps", "audit_stays") if store.is_sqlite else ("audit_keeps",):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{on}")
    return store


def first_broken(store: Store) -> int | None:
    """Where the chain breaks."""
    with store.read() as connection:
        return audit.first_broken(connection)


def test_an_untouched_chain_is_whole(trail: Store) -> None:
    assert first_broken(trail) is None


def test_an_empty_chain_is_whole(store: Store) -> None:
    assert first_broken(store) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW + timedelta(microseconds=2)),
        ("principal", "eve"),
        ("action", "assign "),
        ("subject", "run 9"),
        ("detail", '{"é":9}'),
        ("previous_hash", "0" * 64),
        ("hash", "f" * 64),
    ],
)
def test_a_changed_entry_is_found(trail: Store, column: str, value: object) -> None:
    with trail.write() as connection:
        connection.execute(sa.update(table).where(table.c.id == 3).values({column: value}))
    assert first_broken(trail) == 3


def test_an_entry_after_a_removed_one_is_found(trail: Store) -> None:
    with trail.write() as connection:
        connection.execute(sa.delete(table).where(table.c.id == 2))
    assert first_broken(trail) == 3


def test_a_removed_beginning_is_found(trail: Store) -> None:
    with trail.write() as connection:
        connection.execute(sa.delete(table).where(table.c.id <= 2))
    assert first_broken(trail) == 3


def test_a_forged_entry_breaks_the_chain_behind_it(trail: Store) -> None:
    with trail.write() as connection:
        last = connection.execute(sa.select(table).where(table.c.id == 5)).mappings().one()
        third = connection.execute(sa.select(table).where(table.c.id == 3)).mappings().one()
        connection.execute(sa.delete(table).where(table.c.id > 3))
        forged = {
            "at": NOW,
            "principal": "eve",
            "action": "assign",
            "subject": "run 9",
            "detail": "{}",
            "previous_hash": third["hash"],
        }
        connection.execute(sa.insert(table).values(id=4, **forged, hash=audit._hash(forged)))
        connection.execute(sa.insert(table).values(**last))
    assert first_broken(trail) == 5


def test_entries_swapped_are_found(trail: Store) -> None:
    with trail.write() as connection:
        connection.execute(sa.update(table).where(table.c.id == 2).values(id=99))
        connection.execute(sa.update(table).where(table.c.id == 3).values(id=2))
        connection.execute(sa.update(table).where(table.c.id == 99).values(id=3))
    assert first_broken(trail) == 2


def test_the_newest_entries_come_first_page_by_page(trail: Store) -> None:
    with trail.read() as connection:
        newest = audit.entries(connection, limit=2)
        older = audit.entries(connection, limit=2, before=newest[-1]["id"])
    assert [e["subject"] for e in newest + older] == ["run 4", "run 3", "run 2", "run 1"]
    assert newest[0]["detail"] == '{"é":4}'


def test_an_entry_goes_with_the_transaction_that_it_tells_of(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            audit.add_entry(connection, Principal("ann"), "assign", "run 1", {}, NOW)
            raise KeyError("something went wrong")

    with pytest.raises(KeyError):
        fail()
    with store.read() as connection:
        assert audit.entries(connection) == []
