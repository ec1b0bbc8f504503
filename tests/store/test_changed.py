"""What changed since a revision, held against looking at every record."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from metes.store import changed
from metes.store.engine import Store
from metes.store.tables import accounts, orders, products
from tests.conftest import NOW
from tests.store.rows import row_of


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """Accounts 1 to 6 by revision; 3 stands under 2 under 1, 5 under the closed 4."""
    parents, closed = {2: 1, 3: 2, 5: 4}, {4: NOW.date()}
    with store.write() as connection:
        for number in range(1, 7):
            row = row_of(
                accounts, number, key=f"A{number}", revision=number, parent_id=parents.get(number), closed_on=closed.get(number)
            )
            connection.execute(sa.insert(accounts).values(**row))
        yield connection


def test_open_accounts_are_counted(connection: Connection) -> None:
    assert changed.open_accounts(connection) == 5


def test_what_changed_is_found_up_to_a_limit(connection: Connection) -> None:
    found = changed.changed_accounts(connection, 3, 3)
    assert found is not None
    assert found.tolist() == [4, 5, 6]
    assert changed.changed_accounts(connection, 3, 2) is None
    assert [changed.count_changed(connection, since) for since in (0, 3, 6)] == [6, 3, 0]


def test_all_that_stand_below_are_found_through_closed_accounts_too(connection: Connection) -> None:
    assert [changed.with_descendants(connection, np.array(own, np.int64)).tolist() for own in ([1], [4, 6], [])] == [
        [1, 2, 3],
        [4, 5, 6],
        [],
    ]


def test_keys_are_turned_into_numbers(connection: Connection) -> None:
    assert changed.numbers_of_keys(connection, ["A5", "A1", "B7"]) == {"A1": 1, "A5": 5}
    assert changed.keys_of_numbers(connection, np.array([5, 1, 77])) == {"A1": 1, "A5": 5}


def add(connection: Connection, table: sa.Table, number: int, **values: object) -> None:
    """A record of a kind."""
    connection.execute(sa.insert(table).values(**row_of(table, number, **values)))


def test_accounts_of_new_orders_are_found_while_nothing_older_changed(connection: Connection) -> None:
    add(connection, orders, 1, account_id=1, revision=2, created_import=5)
    add(connection, orders, 2, account_id=2, revision=9, created_import=8)
    add(connection, orders, 3, account_id=2, revision=9, created_import=8)
    add(connection, orders, 4, account_id=None, revision=9, created_import=8)
    assert [found.tolist() for found in [changed.accounts_of_new_orders(connection, 3, 5)] if found is not None] == [[2]]
    assert changed.accounts_of_new_orders(connection, 1, 5) is None
    add(connection, products, 1, revision=9, created_import=5)
    assert changed.accounts_of_new_orders(connection, 3, 5) is None
    assert changed.last_import(connection) == 0
