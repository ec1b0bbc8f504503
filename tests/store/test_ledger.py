"""The ledger's two times, and what a run of the rules writes into it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from metes.model.scope import Scope
from metes.store import bulk, ledger, ledger_changes
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.tables import account_sources, accounts, ledger_ownership, sources
from tests.conftest import NOW
from tests.store.rows import row_of

ALL = Scope.everything("tests see everything")
RUN = Cause("run", 1)
MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))


def holding(account: int, territory: int, since: date, until: date | None = None, role: int = 0) -> tuple[object, ...]:
    """A row of HOLDINGS."""
    return (account, territory, role, 1.0, 2, since, until)


def change(store: Store, closing: list[int], opening: list[tuple[object, ...]], day: date | None, now: datetime) -> tuple[int, int]:
    """Stage a change and swap it in."""
    rows = [dict(zip(ledger_changes.HOLDINGS.names, row, strict=True)) for row in opening]
    ledger_changes.stage_change(
        store, "test", pa.array(closing, pa.int64()), pa.Table.from_pylist(rows, schema=ledger_changes.HOLDINGS)
    )
    with store.write() as connection:
        return ledger_changes.swap_in_change(connection, "test", day, now, RUN)


@pytest.fixture
def held(store: Store) -> Store:
    """Account 1 held by west since March; account 2 by east for March, then by west; known since NOW."""
    with store.write() as connection:
        ledger.ids_of_territories(connection, ["west", "east"])
    east, west = 1, 2
    change(store, [], [holding(1, west, MARCH), holding(2, east, MARCH, APRIL), holding(2, west, APRIL)], None, NOW)
    return store


def owners(store: Store, account: int, at: date, known: datetime | None = None) -> list[str]:
    """Territories that hold the account."""
    with store.read() as connection:
        return [h.territory for h in ledger.holdings_of(connection, account, ALL, at=at, known=known)]


def test_new_territories_get_numbers_in_the_order_of_their_keys_and_keep_them(store: Store) -> None:
    with store.write() as connection:
        first = dict(ledger.ids_of_territories(connection, ["b", "a"]))
        second = dict(ledger.ids_of_territories(connection, iter(["c", "a"])))
        assert (first, second) == ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3})
        assert ledger.known_territories(connection) == second


def test_facts_come_back_as_they_were_written(held: Store) -> None:
    with held.read() as connection:
        (fact,) = ledger.holdings_of(connection, 1, ALL)
    assert fact == ledger.Holding(1, "west", "primary", 1.0, "rule", MARCH, None, NOW, None)


def test_the_current_facts_are_those_that_still_matter_on_a_day(held: Store) -> None:
    facts = ledger_changes.current_facts(held, APRIL).select(["account_id", "territory_id", "later", "is_open"]).to_pylist()
    assert facts == [
        {"account_id": 1, "territory_id": 2, "later": 0, "is_open": 1},
        {"account_id": 2, "territory_id": 2, "later": 0, "is_open": 1},
    ]
    earlier = ledger_changes.current_facts(held, MARCH)
    assert earlier["later"].to_pylist() == [0, 0, 1]
    assert earlier["is_open"].to_pylist() == [1, 0, 1]


def test_a_change_keeps_the_days_before_it_and_both_times_can_be_asked(held: Store) -> None:
    ids = ledger_changes.current_facts(held, MAY)["id"].to_pylist()
    later = NOW + timedelta(days=1)
    assert change(held, ids[:1], [holding(1, 1, MAY)], MAY, later) == (1, 1)
    assert [owners(held, 1, day) for day in (MARCH, APRIL, MAY, JUNE)] == [["west"], ["west"], ["east"], ["east"]]
    assert [owners(held, 1, day, NOW) for day in (MARCH, MAY)] == [["west"], ["west"]]
    assert owners(held, 1, MARCH, NOW - timedelta(days=1)) == []
    with held.read() as connection:
        assert len(ledger.holdings_of(connection, 1, ALL, whole_history=True)) == 3


def test_a_fact_that_begins_on_the_day_of_the_change_leaves_nothing_behind(held: Store) -> None:
    ids = ledger_changes.current_facts(held, APRIL)["id"].to_pylist()
    change(held, ids[1:], [], APRIL, NOW + timedelta(days=1))
    assert [owners(held, 2, day) for day in (MARCH, APRIL)] == [["east"], []]


def test_a_change_without_a_day_takes_the_facts_back_whole(held: Store) -> None:
    ids = ledger_changes.current_facts(held, MARCH)["id"].to_pylist()
    assert change(held, ids, [], None, NOW + timedelta(days=1)) == (3, 0)
    assert owners(held, 1, MARCH) == owners(held, 2, MARCH) == []
    assert owners(held, 1, MARCH, NOW) == ["west"]


def test_a_change_leaves_no_side_tables(held: Store) -> None:
    assert bulk.stages(held) == ()


def test_accounts_are_found_by_key_then_by_what_a_source_calls_them(store: Store) -> None:
    with store.write() as connection:
        connection.execute(sa.insert(sources), [{"id": 1, "name": "crm"}, {"id": 2, "name": "erp"}])
        for number, key in enumerate(["A1", "B2"], 1):
            connection.execute(sa.insert(accounts).values(**row_of(accounts, number, key=key)))
        rows = [(1, "X9", 1), (2, "X9", 2), (2, "lower", 1)]
        connection.execute(
            sa.insert(account_sources), [dict(zip(("source_id", "external_id", "account_id"), r, strict=True)) for r in rows]
        )
        assert ledger.find_account(connection, "A1", ALL) == (1,)
        assert sorted(ledger.find_account(connection, "x9", ALL)) == [1, 2]
        assert ledger.find_account(connection, "lower", ALL) == (1,)
        assert ledger.find_account(connection, "nobody", ALL) == ()


def test_a_change_written_straight_is_as_one_from_side_tables(held: Store) -> None:
    shifted = [
        (account + 100, *rest) for account, *rest in (holding(1, 2, MARCH), holding(2, 1, MARCH, APRIL), holding(2, 2, APRIL))
    ]
    change(held, [], shifted, None, NOW)
    ids, later = ledger_changes.current_facts(held, MARCH)["id"].to_pylist(), NOW + timedelta(days=1)
    change(held, ids[:3], [holding(1, 1, APRIL)], APRIL, later)
    opening = pa.Table.from_pylist(
        [dict(zip(ledger_changes.HOLDINGS.names, holding(101, 1, APRIL), strict=True))], schema=ledger_changes.HOLDINGS
    )
    with held.write() as connection:
        assert ledger_changes.write_change(connection, pa.array(ids[3:], pa.int64()), opening, APRIL, later, RUN) == (3, 1)
        table = ledger_ownership.c
        columns = [column for column in table if column.name not in ("id", "account_id")]
        facts = [
            {
                tuple(row)
                for row in connection.execute(sa.select(*columns).where(table.account_id > low, table.account_id <= low + 100))
            }
            for low in (0, 100)
        ]
    assert facts[0] == facts[1]
    assert len(facts[0]) == 6


@pytest.mark.parametrize("many", [0, 1000])
def test_the_facts_of_some_accounts_are_those_among_all(held: Store, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_changes, "MANY_ACCOUNTS", many)
    monkeypatch.setattr(ledger_changes, "ACCOUNTS_AT_ONCE", 2)
    everything = ledger_changes.current_facts(held, MARCH)
    for numbers in ([2], [1, 2, 3], [7], []):
        some = ledger_changes.current_facts(held, MARCH, np.array(numbers, np.int64))
        assert some.to_pylist() == [row for row in everything.to_pylist() if row["account_id"] in numbers]
