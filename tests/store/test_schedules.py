"""Schedules: each turn once, whichever worker comes first, whatever the clock does."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Connection

from metes.base.errors import Conflict, NotFound
from metes.model.cadence import parse_cadence
from metes.store import counters, jobs, schedules
from metes.store.engine import Store
from tests.conftest import NOW

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
TWO = datetime(2026, 3, 15, 2, tzinfo=UTC)  # the first turn of a nightly schedule at two after NOW


def add(connection: Connection, name: str = "nightly", cadence: str = "nightly 02:00", kind: str = "clean-up") -> None:
    """A schedule made at NOW."""
    schedules.add(connection, name, kind, parse_cadence(cadence), "ann", NOW, UTC_ZONE)


def tick(store: Store, now: datetime, zone: ZoneInfo = UTC_ZONE) -> tuple[int, ...]:
    """What a worker queues."""
    with store.write() as connection:
        return schedules.tick(connection, now, zone)


def count(store: Store) -> int:
    """How many jobs there are."""
    with store.read() as connection:
        return len(jobs.recent(connection))


def find(store: Store, name: str = "nightly") -> schedules.Schedule:
    """A schedule as it stands."""
    with store.read() as connection:
        return schedules.find(connection, name)


def finish_all(store: Store) -> None:
    """Do every job that waits."""
    with store.write() as connection:
        while (job := jobs.claim(connection, "w", NOW)) is not None:
            jobs.finish(connection, job.id, "w", "done", NOW)


def test_a_turn_is_taken_once_when_its_time_has_come(store: Store) -> None:
    with store.write() as connection:
        add(connection)
    assert tick(store, TWO - timedelta(seconds=1)) == ()
    (job,) = tick(store, TWO)
    assert tick(store, TWO) == ()
    assert tick(store, TWO + timedelta(hours=5)) == ()
    schedule = find(store)
    assert (schedule.last_at, schedule.last_job, schedule.next_at) == (TWO, job, TWO + DAY)
    with store.read() as connection:
        queued = jobs.job(connection, job)
    assert (queued.kind, queued.payload, queued.principal) == ("clean-up", {"schedule": "nightly"}, "ann")


def test_after_days_of_silence_a_schedule_runs_once(store: Store) -> None:
    with store.write() as connection:
        add(connection)
    assert len(tick(store, TWO + 5 * DAY)) == 1
    finish_all(store)
    assert tick(store, TWO + 5 * DAY) == ()
    assert find(store).next_at == TWO + 6 * DAY


def test_a_turn_joins_the_one_that_still_waits(store: Store) -> None:
    with store.write() as connection:
        add(connection)
    first = tick(store, TWO)
    assert tick(store, TWO + DAY) == first
    assert count(store) == 1
    finish_all(store)
    assert tick(store, TWO + 2 * DAY) != first


def test_two_workers_never_take_the_same_turn(store: Store) -> None:
    with store.write() as connection:
        for number in range(5):
            add(connection, f"s{number}")
    threads = [threading.Thread(target=tick, args=(store, TWO)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 5


def test_a_clock_set_back_a_little_takes_no_turn_twice(store: Store) -> None:
    with store.write() as connection:
        add(connection)
    tick(store, TWO)
    finish_all(store)
    before = TWO - timedelta(hours=1)
    assert tick(store, before) == ()
    with store.write() as connection:
        schedules.set_enabled(connection, "nightly", True, before, UTC_ZONE)
        schedules.set_zone(connection, before, UTC_ZONE)
    assert tick(store, TWO) == ()
    assert len(tick(store, TWO + DAY)) == 1


def test_a_clock_that_was_years_ahead_stops_no_schedule_for_years(store: Store) -> None:
    with store.write() as connection:
        add(connection)
    tick(store, TWO + 4000 * DAY)
    finish_all(store)
    assert tick(store, TWO + DAY) == ()
    assert find(store).next_at == TWO + 2 * DAY
    assert len(tick(store, TWO + 2 * DAY)) == 1


def test_what_was_missed_while_a_schedule_rested_is_not_made_up_for(store: Store) -> None:
    with store.write() as connection:
        add(connection)
        schedules.set_enabled(connection, "nightly", False, NOW, UTC_ZONE)
    assert tick(store, TWO + 3 * DAY) == ()
    with store.write() as connection:
        schedules.set_enabled(connection, "nightly", True, TWO + 3 * DAY, UTC_ZONE)
    assert tick(store, TWO + 3 * DAY) == ()
    assert len(tick(store, TWO + 4 * DAY)) == 1


def test_another_time_zone_moves_the_next_turn(store: Store) -> None:
    with store.write() as connection:
        add(connection)
        schedules.set_zone(connection, NOW, BERLIN)
    assert find(store).next_at == TWO - timedelta(hours=1)


def test_assignments_of_schedules_and_of_changes_wait_as_one(store: Store) -> None:
    with store.write() as connection:
        add(connection, "a", kind="assign")
        add(connection, "b", kind="assign")
        waiting = jobs.add_waiting(connection, "assign", {}, "ann", NOW, waiting_key=jobs.ASSIGN_KEY, why="import 1")
        assert schedules.run_now(connection, "a", "bea", NOW) == waiting
    assert waiting in tick(store, TWO)


def test_the_first_schedules_are_made_once_and_removed_ones_stay_away(store: Store) -> None:
    with store.write() as connection:
        schedules.add_first(connection, "schedule", NOW, UTC_ZONE)
        schedules.remove(connection, "clean-up")
        schedules.add_first(connection, "schedule", NOW, UTC_ZONE)
        assert [s.name for s in schedules.all_schedules(connection)] == [
            "daily-digest",
            "nightly-assignment",
            "old-logs",
            "reminders",
            "retention",
            "weekly-digest",
        ]
        with pytest.raises(NotFound, match="no schedule 'clean-up'"):
            schedules.find(connection, "clean-up")
        with pytest.raises(Conflict, match="already"):
            add(connection, "old-logs")


def test_schedules_that_came_later_are_made_beside_those_there_are(store: Store) -> None:
    with store.write() as connection:
        counters.bump(connection, "schedules")  # the first set was made long ago, and one of it removed
        add(connection, "clean-up")
        add(connection, "reminders", "weekly friday 12:00")
        assert not schedules.has_first(connection)
        schedules.add_first(connection, "schedule", NOW, UTC_ZONE)
        assert schedules.has_first(connection)
        cadences = {s.name: str(s.cadence) for s in schedules.all_schedules(connection)}
    assert cadences == {
        "clean-up": "nightly 02:00",
        "reminders": "weekly friday 12:00",
        "daily-digest": "nightly 07:00",
        "weekly-digest": "weekly monday 07:00",
        "retention": "weekly sunday 04:00",
    }
