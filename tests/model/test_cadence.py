"""When a cadence has its turns, in spring, in autumn, in short months."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.cadence import Cadence, is_astray, parse_cadence

BERLIN = ZoneInfo("Europe/Berlin")
CADENCES = st.builds(
    lambda every, on, hour, minute: Cadence(every, time(hour, minute), {"nightly": 0, "weekly": on % 7, "monthly": on}[every]),
    st.sampled_from(["nightly", "weekly", "monthly"]),
    st.integers(1, 31),
    st.integers(0, 23),
    st.integers(0, 59),
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]).map(
    ZoneInfo
)
MOMENTS = st.integers(0, 40 * 365 * 24 * 60).map(lambda minutes: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@pytest.mark.parametrize("text", ["nightly 02:00", "weekly monday 23:59", "monthly 31 00:00"])
def test_a_cadence_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_cadence(text)) == text


@pytest.mark.parametrize(
    "text", ["", "02:00", "daily 02:00", "weekly 02:00", "weekly 1 02:00", "monthly 32 02:00", "nightly 2am", "nightly 02:00:30"]
)
def test_what_is_no_cadence_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InputError, match="expected 'nightly 02:00'"):
        parse_cadence(text)


def test_a_night_in_spring_that_lacks_the_hour_has_its_turn_an_hour_later() -> None:
    turn = parse_cadence("nightly 02:30").next_after(datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN)
    assert turn == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert turn.astimezone(BERLIN).time() == time(3, 30)


def test_a_night_in_autumn_that_has_the_hour_twice_has_one_turn() -> None:
    cadence = parse_cadence("nightly 02:30")
    first = cadence.next_after(datetime(2026, 10, 24, 12, tzinfo=UTC), BERLIN)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert cadence.next_after(first, BERLIN) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_short_month_has_its_turn_on_its_last_day() -> None:
    cadence = parse_cadence("monthly 31 06:00")
    moment, days = datetime(2026, 1, 31, 12, tzinfo=UTC), []
    for _ in range(3):
        moment = cadence.next_after(moment, ZoneInfo("UTC"))
        days.append((moment.month, moment.day))
    assert days == [(2, 28), (3, 31), (4, 30)]


@given(CADENCES, ZONES, MOMENTS)
def test_turns_follow_each_other_one_a_day_and_none_is_left_out(cadence: Cadence, zone: ZoneInfo, moment: datetime) -> None:
    turn = cadence.next_after(moment, zone)
    assert turn > moment
    after = cadence.next_after(turn, zone)
    assert after > turn
    # No other turn lies between: asked anywhere before it, the next turn is this one.
    assert cadence.next_after(turn + (after - turn) / 2, zone) == after
    assert after - turn <= timedelta(days=32)
    assert not is_astray(turn, cadence, moment, zone)
    assert not is_astray(after, cadence, moment, zone)
    assert is_astray(cadence.next_after(after, zone), cadence, moment, zone)
