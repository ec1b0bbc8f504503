"""Days, periods and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.dates import ALWAYS, Period, as_utc, day_after, months_before, parse_day

FIRST = date(2024, 1, 1)
WINDOW = [FIRST + timedelta(days=n) for n in range(12)]
ENDS = st.none() | st.sampled_from(WINDOW[1:-1])


def _period(start: date | None, end: date | None) -> Period | None:
    return None if start is not None and end is not None and start >= end else Period(start, end)


@given(ENDS, ENDS, ENDS, ENDS)
def test_periods_overlap_where_some_day_lies_in_both(a: date | None, b: date | None, c: date | None, d: date | None) -> None:
    one, other = _period(a, b), _period(c, d)
    if one is not None and other is not None:
        assert one.overlaps(other) == other.overlaps(one) == any(one.holds(day) and other.holds(day) for day in WINDOW)


def test_a_period_holds_its_first_day_and_not_its_last() -> None:
    period = Period(WINDOW[2], WINDOW[4])
    assert [day for day in WINDOW if period.holds(day)] == WINDOW[2:4]
    assert all(ALWAYS.holds(day) for day in WINDOW)


@pytest.mark.parametrize("end", [WINDOW[0], WINDOW[1]])
def test_a_period_that_ends_before_it_has_begun_is_refused(end: date) -> None:
    with pytest.raises(ValueError, match="start < end"):
        Period(WINDOW[1], end)


def test_days_are_read_from_iso_text_alone() -> None:
    assert parse_day(" 2024-02-29 ") == date(2024, 2, 29)
    assert day_after(date(2024, 2, 29)) == date(2024, 3, 1)
    for text in ("2023-02-29", "29.02.2024", ""):
        with pytest.raises(ValueError, match=r"format|day"):
            parse_day(text)


def test_an_instant_is_brought_to_utc() -> None:
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    assert as_utc(noon.astimezone(timezone(timedelta(hours=9)))) == noon
    assert as_utc(noon.replace(tzinfo=None)) == noon
    assert as_utc(noon.astimezone(timezone(timedelta(hours=9)))).tzinfo is UTC


def test_months_before_keeps_the_day_or_takes_the_last_of_the_month() -> None:
    assert months_before(date(2026, 3, 14), 1) == date(2026, 2, 14)
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2024, 3, 31), 1) == date(2024, 2, 29)
    assert months_before(date(2026, 1, 5), 12) == date(2025, 1, 5)
    assert months_before(date(2026, 1, 5), 13) == date(2024, 12, 5)
