"""Which person a user is, from a day on, until a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from metes.base.errors import Conflict, InputError
from metes.store import links, users
from metes.store.engine import Store
from metes.store.tables import people
from tests.conftest import NOW

DAY = date(2026, 3, 14)


def on(days: int) -> date:
    """A day that lies so many days from the day of the tests."""
    return DAY + timedelta(days=days)


@pytest.fixture
def two(store: Store) -> tuple[int, int]:
    """Two users, and the people 7 and 8 of the roster."""
    with store.write() as connection:
        for number in (7, 8):
            row = dict(id=number, source_id=1, external_id=f"P{number}", name=f"Person {number}", digest="x")
            connection.execute(sa.insert(people).values(**row, created_import=1, changed_import=1, revision=1))
        return users.add_user(connection, "ann", "hash", NOW), users.add_user(connection, "bo", "hash", NOW)


def test_a_link_holds_from_its_day_until_another_takes_its_place(store: Store, two: tuple[int, int]) -> None:
    with store.write() as connection:
        links.link(connection, two[0], 7, "local", NOW, since=on(-10))
        links.link(connection, two[0], 8, "local", NOW, since=on(5), until=on(9))
        found = [links.person_of(connection, two[0], on(n)) for n in (-11, -10, 4, 5, 8, 9)]
        assert found == [None, 7, 7, 8, 8, None]
        assert [(link.person, link.true_from, link.true_until) for link in links.links_of(connection, two[0])] == [
            ("Person 8", on(5), on(9)),
            ("Person 7", on(-10), on(5)),
        ]
        assert [user.person_id for user in users.all_users(connection, on(0))] == [7, None]


def test_nobody_from_today_on_ends_what_was_and_what_was_to_come(store: Store, two: tuple[int, int]) -> None:
    with store.write() as connection:
        links.link(connection, two[0], 7, "local", NOW, since=on(-10))
        links.link(connection, two[0], 8, "local", NOW, since=on(5))
        links.link(connection, two[0], None, "local", NOW)
        assert [links.person_of(connection, two[0], on(n)) for n in (-1, 0, 6)] == [7, None, None]


def test_a_person_is_one_user_at_a_time(store: Store, two: tuple[int, int]) -> None:
    with store.write() as connection:
        links.link(connection, two[0], 7, "local", NOW, since=on(0), until=on(10))
        for since, until in ((on(-5), None), (on(-5), on(1)), (on(9), on(20)), (on(3), on(4))):
            with pytest.raises(Conflict, match="user 'ann'"):
                links.link(connection, two[1], 7, "local", NOW, since=since, until=until)
        links.link(connection, two[1], 7, "local", NOW, since=on(10))
        assert links.person_of(connection, two[1], on(10)) == 7


def test_a_link_ends_after_it_began(store: Store, two: tuple[int, int]) -> None:
    with store.write() as connection, pytest.raises(InputError, match="cannot end"):
        links.link(connection, two[0], 7, "local", NOW, since=on(3), until=on(3))


def test_a_user_is_nobody_once_the_person_has_left_the_roster(store: Store, two: tuple[int, int]) -> None:
    with store.write() as connection:
        links.link(connection, two[0], 7, "local", NOW, since=on(0))
        connection.execute(sa.update(people).where(people.c.id == 7).values(closed_on=on(-1)))
        assert links.person_of(connection, two[0], on(0)) is None
