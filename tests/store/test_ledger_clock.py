"""The clock of recorded time: it goes on, also where the machine's clock is set back."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest
import sqlalchemy as sa

from metes.model.scope import Scope
from metes.store import counters, ledger, ledger_changes
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_clock import RECORDED, newest_recorded, recorded_now
from metes.store.ledger_imports import Belongs, record_belongings, retract
from metes.store.tables import counters as counters_table
from tests.conftest import NOW

ALL = Scope.everything("tests see everything")
MICRO = timedelta(microseconds=1)
JANUARY = date(2026, 1, 1)


def own(store: Store, territory: str, now: datetime, cause: int, start: date = JANUARY) -> None:
    """Record that a territory holds account 1 from a day on."""
    with store.write() as connection:
        numbers = ledger.ids_of_territories(connection, ["east", "west"])
        record_belongings(connection, [Belongs(1, numbers[territory], start)], now, Cause("import", cause))


def held(store: Store, known: datetime | None = None, day: date = date(2026, 3, 1)) -> list[str]:
    """Who held account 1."""
    with store.read() as connection:
        return [h.territory for h in ledger.holdings_of(connection, 1, ALL, at=day, known=known)]


def test_the_first_instant_is_that_of_the_clock(store: Store) -> None:
    with store.write() as connection:
        assert newest_recorded(connection) is None
        assert recorded_now(connection, NOW) == NOW
        assert recorded_now(connection, NOW) == NOW
        assert newest_recorded(connection) == NOW


def test_a_clock_set_back_records_right_after_the_newest_instant_and_says_so(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    own(store, "east", NOW, 1)
    with caplog.at_level(logging.WARNING, "metes.store"):
        own(store, "west", NOW - timedelta(days=40), 2)
    assert "Set the clock right" in caplog.text
    assert held(store) == ["west"]
    assert held(store, NOW) == ["east"]
    assert held(store, NOW + MICRO) == ["west"]
    assert held(store, NOW - timedelta(days=20)) == []


def test_every_way_to_write_ownership_keeps_to_the_clock(store: Store) -> None:
    own(store, "east", NOW, 1)
    back = NOW - timedelta(days=3)
    with store.write() as connection:
        retract(connection, Cause("import", 1), back, Cause("undo", 2))
    assert (held(store), held(store, NOW)) == ([], ["east"])
    row = dict(zip(ledger_changes.HOLDINGS.names, (1, 2, 0, 1.0, 2, JANUARY, None), strict=True))
    opening = pa.Table.from_pylist([row], schema=ledger_changes.HOLDINGS)
    with store.write() as connection:
        ledger_changes.write_change(connection, pa.array([], pa.int64()), opening, JANUARY, back, Cause("run", 1))
    assert (held(store), held(store, NOW + MICRO)) == (["west"], [])
    facts = ledger_changes.current_facts(store, JANUARY)["id"]
    ledger_changes.stage_change(store, "t", facts.combine_chunks(), ledger_changes.HOLDINGS.empty_table())
    with store.write() as connection:
        ledger_changes.swap_in_change(connection, "t", None, back, Cause("run", 2))
    assert (held(store), held(store, NOW + 2 * MICRO)) == ([], ["west"])


def test_a_database_from_before_the_clock_was_kept_is_looked_through(store: Store) -> None:
    own(store, "east", NOW, 1)
    with store.write() as connection:
        connection.execute(sa.delete(counters_table).where(counters_table.c.name == RECORDED))
        assert newest_recorded(connection) == NOW
        assert recorded_now(connection, NOW - timedelta(days=1)) == NOW + MICRO
        assert counters.value(connection, RECORDED) > 0


def test_a_write_that_is_rolled_back_leaves_the_clock_alone(store: Store) -> None:
    with store.write() as connection:
        recorded_now(connection, NOW)
        connection.rollback()
    with store.read() as connection:
        assert newest_recorded(connection) is None
