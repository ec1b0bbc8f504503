"""Which accounts and people a scope shows by the ledger, held against plain loops over generated ledgers, on both databases."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from metes.base.errors import NotFound
from metes.model.scope import Scope
from metes.store import ledger, profile
from metes.store.engine import Store
from metes.store.tables import account_sources, accounts, ledger_ownership, ledger_seats, people, sources
from metes.store.visible import accounts_seen, people_seen
from tests.conftest import NOW
from tests.store.rows import row_of

DAY = date(2026, 3, 14)
KEYS = ("north", "north/1", "south", "east", "west")
SEATS = tuple(f"{key}-seat" for key in KEYS)
ALL = Scope.everything("tests see everything")
COUNT = 60
PEOPLE = 24
# How a fact lies around the day, and whether it holds on it as known now.
STATES: dict[str, tuple[dict[str, Any], bool]] = {
    "open": ({}, True),
    "until tomorrow": ({"true_until": DAY + timedelta(days=1)}, True),
    "since today": ({"true_from": DAY}, True),
    "ended today": ({"true_until": DAY}, False),
    "ended yesterday": ({"true_until": DAY - timedelta(days=1)}, False),
    "begins tomorrow": ({"true_from": DAY + timedelta(days=1)}, False),
    "superseded": ({"recorded_until": NOW}, False),
}


class World:
    """Who holds what and who sits where on the day, as facts were generated."""

    def __init__(self) -> None:
        self.holders: dict[int, set[str]] = {}
        self.ever: dict[int, int] = {}
        self.sitting: dict[int, set[str]] = {}
        self.manager: dict[int, int | None] = {}
        self.closed: set[int] = set()
        self.parent: dict[int, int | None] = {}

    def accounts(self, territories: set[str]) -> set[int]:
        """Open accounts that one of the territories holds."""
        return {number for number, held in self.holders.items() if held & territories} - self.closed

    def people(self, seats: set[str], me: int | None) -> set[int]:
        """Who sits there, oneself, and who reports to oneself, found by climbing from each."""
        found = {number for number, sat in self.sitting.items() if sat & seats}
        for number in self.manager if me is not None else ():
            above, way = number, set[int]()
            while above is not None and above not in way and above != me:
                way.add(above)
                above = self.manager[above]
            if above == me:
                found.add(number)
        return found


def made(store: Store, seed: int) -> World:
    """A generated ledger."""
    random_ = random.Random(seed)
    world = World()
    facts = {"share": 1.0, "true_from": date(2026, 1, 1), "true_until": None, "recorded_at": NOW, "recorded_until": None, "via": 2}
    with store.write() as connection:
        numbers = ledger.ids_of_territories(connection, KEYS)
        connection.execute(sa.insert(sources).values(id=1, name="crm"))
        for number in range(1, COUNT + 1):
            closed = DAY if random_.random() < 0.15 else None
            parent = random_.choice([None, random_.randint(1, number)]) if number > 1 else None
            parent = None if parent == number else parent
            row = row_of(accounts, number, key=f"K{number}", name=f"N{number}", parent_id=parent, closed_on=closed, custom=None)
            connection.execute(sa.insert(accounts).values(**row))
            source = {"source_id": 1, "external_id": f"X{number // 2}-{number % 2}", "account_id": number}
            connection.execute(sa.insert(account_sources).values(**{**row_of(account_sources, number), **source}))
            world.parent[number], world.holders[number], world.ever[number] = parent, set(), 0
            world.closed |= {number} if closed else set()
            for _ in range(random_.randint(0, 3)):
                (more, holds), key, role = random_.choice(list(STATES.values())), random_.choice(KEYS), random_.randint(0, 2)
                values = {**facts, **more, "account_id": number, "territory_id": numbers[key], "role": role}
                connection.execute(sa.insert(ledger_ownership).values(**_without_id(ledger_ownership, values)))
                world.ever[number] += 1
                world.holders[number] |= {key} if holds else set()
        for number in range(1, PEOPLE + 1):
            manager = random_.choice([None, random_.randint(1, PEOPLE), random_.randint(1, PEOPLE)])
            row = row_of(
                people, number, name=f"P{number}", manager_id=manager, closed_on=None, source_id=1, external_id=f"P{number}"
            )
            connection.execute(sa.insert(people).values(**row))
            world.manager[number], world.sitting[number] = manager, set()
            for _ in range(random_.randint(0, 2)):
                (more, holds), seat = random_.choice(list(STATES.values())), random_.choice(SEATS)
                values = {**facts, **more, "person_id": number, "seat": seat}
                connection.execute(sa.insert(ledger_seats).values(**_without_id(ledger_seats, values)))
                world.sitting[number] |= {seat} if holds else set()
    return world


def _without_id(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    row = row_of(table, 1, **{name: value for name, value in values.items() if name in table.c})
    del row["id"]
    return row


def scopes(seed: int) -> list[tuple[Scope, set[str], set[str], int | None]]:
    """Scopes of every size, with their territories, seats and who asks."""
    random_ = random.Random(seed)
    out = []
    for size in range(len(KEYS) + 1):
        territories = set(random_.sample(KEYS, size))
        seats = {f"{key}-seat" for key in territories}
        me = random_.choice([None, random_.randint(1, PEOPLE)])
        out.append((Scope(frozenset(territories), "", DAY, frozenset(seats), me), territories, seats, me))
    return out


@pytest.mark.parametrize("seed", [1, 2])
def test_what_the_ledger_shows_is_what_is_held_and_sat_on_that_day(store: Store, seed: int) -> None:
    world = made(store, seed)
    with store.read() as connection:
        assert accounts_seen(connection, range(1, 99), ALL) == set(range(1, 99))
        for scope, territories, seats, me in scopes(seed):
            wanted = world.accounts(territories)
            assert accounts_seen(connection, range(99), scope) == wanted
            for number in range(1, COUNT + 1):
                assert ledger.find_account(connection, f"K{number}", scope) == ((number,) if number in wanted else ())
                told = ledger.holdings_of(connection, number, scope, whole_history=True)
                assert len(told) == (world.ever[number] if number in wanted else 0)
            persons = world.people(seats, me)
            assert people_seen(connection, range(99), scope) == persons
            rows, total = profile.all_people(connection, scope)
            assert ({row["id"] for row in rows}, total) == (persons, len(persons))
            assert all(row["manager_id"] is None or row["manager_id"] in persons for row in rows)
            sat = ledger.sittings(connection, scope, at=DAY)
            assert {(s.person_id, s.seat) for s in sat} == {
                (n, seat) for n, held in world.sitting.items() for seat in held if seat in seats or n == me
            }


def test_pages_of_what_is_not_shown_are_those_of_what_does_not_exist(store: Store) -> None:
    world = made(store, 3)
    scope, territories, seats, me = scopes(3)[2]
    wanted, persons = world.accounts(territories), world.people(seats, me)
    facts = {"months_from": DAY, "currency": "USD", "rates": {}}
    with store.read() as connection:
        for number in (*range(1, COUNT + 1), 999):
            if number in wanted:
                told = profile.account_facts(connection, number, scope, **facts)
                assert {one["id"] for one in told.family} <= wanted
                parent = world.parent[number]
                assert told.record["parent_id"] == (parent if parent in wanted else None)
            else:
                with pytest.raises(NotFound, match=f"^there is no account with the number {number}$"):
                    profile.account_facts(connection, number, scope, **facts)
        for number in range(1, PEOPLE + 1):
            if number in persons:
                assert profile.person(connection, number, scope)["id"] == number
                assert {one["id"] for one in profile.reports_of(connection, number, scope)} <= persons
            else:
                with pytest.raises(NotFound, match=f"^there is no person with the number {number}$"):
                    profile.person(connection, number, scope)


def test_a_narrow_scope_without_a_day_shows_nothing_by_mistake(store: Store) -> None:
    made(store, 4)
    with store.read() as connection:
        with pytest.raises(ValueError, match="a narrow scope needs the day"):
            accounts_seen(connection, [1], Scope(frozenset({"north"})))
        assert accounts_seen(connection, [1], Scope.nothing()) == people_seen(connection, [1], Scope.nothing()) == frozenset()
