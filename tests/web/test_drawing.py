"""Where marks stand."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.web.drawing import Span, band, bars, timeline

START, END = date(2024, 1, 1), date(2028, 1, 1)


def test_spans_are_cut_to_the_axis_and_stand_in_percent() -> None:
    # 1,461 days; the first span began before the axis, the second is open.
    drawn = timeline([Span("a", None, date(2026, 1, 1)), Span("b", date(2026, 1, 1))], [], START, END, date(2026, 1, 1))
    assert [(m.x, m.width) for m in drawn.held] == [(0.0, 50.034), (50.034, 49.966)]
    assert drawn.today == 50.034
    assert [label for label, _ in drawn.ticks] == ["2024", "2025", "2026", "2027"]


def test_a_span_outside_the_axis_is_left_out() -> None:
    drawn = timeline([Span("old", date(2020, 1, 1), date(2021, 1, 1))], [Span("late", END)], START, END, date(2030, 1, 1))
    assert drawn.held == drawn.recorded == ()
    assert drawn.today is None


def test_an_axis_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="start < end"):
        timeline([], [], START, START)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=60))
def test_bars_stay_inside_and_the_largest_fills_the_height(values: list[int]) -> None:
    drawn = bars([(f"{i}", value) for i, value in enumerate(values)])
    assert all(b.x >= 0 and b.x + b.width <= 100.01 and 0 <= b.height <= 100 for b in drawn)
    assert max(b.height for b in drawn) == (100 if max(values) > 0 else 0)


def test_forecast_bars_follow_the_values_on_the_same_scale() -> None:
    first, second = bars([("2027-01", 50)], [("2027-02", 100)])
    assert (first.height, second.height, first.is_forecast, second.is_forecast) == (50, 100, False, True)
    assert bars([]) == ()


def test_a_band_keeps_its_dot_on_the_scale_and_says_when_it_is_outside() -> None:
    assert band(0.0, 0.05).dot == 50
    assert band(0.04, 0.05).is_outside is False
    assert band(-0.06, 0.05).is_outside is True
    assert band(9.0, 0.05).dot == 95
    with pytest.raises(ValueError, match="tolerance > 0"):
        band(0.1, 0)
