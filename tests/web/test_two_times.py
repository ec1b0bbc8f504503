"""Lanes of a history in two times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from metes.web.marks import Marks
from metes.web.two_times import lanes, without

TODAY = date(2027, 3, 14)
DAYS = st.dates(date(2026, 1, 1), date(2026, 2, 10))


@dataclass(frozen=True)
class Held:
    territory: str
    true_from: date
    true_until: date | None
    recorded_at: datetime
    recorded_until: datetime | None = None
    role: str = "primary"


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def drawn(*facts: Held):  # type: ignore[no-untyped-def]
    return lanes(facts, Marks(None), TODAY, lambda moment: moment.date(), lambda day: day.isoformat())


def test_a_hand_over_known_on_its_day_is_no_correction() -> None:
    day = date(2026, 6, 1)
    before = Held("west", date(2026, 1, 1), None, at(date(2026, 1, 1)), at(day))
    rest = Held("west", date(2026, 1, 1), day, at(day))
    after = Held("east", day, None, at(day))
    shown = drawn(before, rest, after)
    assert [(s.label, s.start, s.end) for s in shown.held] == [("west", date(2026, 1, 1), day), ("east", day, None)]
    assert [s.label for s in shown.recorded if "corrected" in s.label] == []


def test_what_was_said_and_corrected_later_stands_in_the_second_lane() -> None:
    # West was said to hold it; on 1 April we learnt that East had held it since 1 February.
    said = Held("west", date(2026, 1, 1), None, at(date(2026, 1, 1)), at(date(2026, 4, 1)))
    kept = Held("west", date(2026, 1, 1), date(2026, 2, 1), at(date(2026, 4, 1)))
    right = Held("east", date(2026, 2, 1), None, at(date(2026, 4, 1)))
    shown = drawn(said, kept, right)
    corrected = [(s.label, s.start, s.end) for s in shown.recorded if "corrected" in s.label]
    assert corrected == [("west, corrected 2026-04-01", date(2026, 2, 1), date(2026, 4, 1))]


def test_days_known_only_afterwards_say_when_they_were_recorded() -> None:
    shown = drawn(Held("west", date(2025, 1, 1), None, at(date(2027, 1, 1))))
    assert [(s.label, s.start, s.end) for s in shown.recorded] == [("recorded 2027-01-01", date(2025, 1, 1), date(2027, 1, 1))]
    assert shown.start == date(2025, 1, 1)
    assert shown.end > TODAY


def test_no_history_draws_the_last_year() -> None:
    shown = drawn()
    assert shown.held == shown.recorded == ()
    assert shown.start < TODAY < shown.end


@given(st.tuples(DAYS, DAYS), st.lists(st.tuples(DAYS, DAYS), max_size=5))
def test_what_is_left_is_the_days_that_nothing_covers(whole: tuple[date, date], taken: list[tuple[date, date]]) -> None:
    left = without(whole, [t for t in taken if t[0] < t[1]])
    days = [date(2026, 1, 1).replace(day=1).fromordinal(date(2026, 1, 1).toordinal() + i) for i in range(45)]
    for day in days:
        expected = whole[0] <= day < whole[1] and not any(a <= day < b for a, b in taken)
        assert any(a <= day < b for a, b in left) == expected
