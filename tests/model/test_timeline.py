"""Laying facts over facts, held against a slow account of every single day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.model.timeline import Stretch, lay_over

FIRST = date(2024, 1, 1)
DAYS = 14
Days = dict[int, object]


def day(number: int) -> date:
    """The day with a number."""
    return FIRST + timedelta(days=number)


@st.composite
def apart(draw: st.DrawFn, first_id: int = 0) -> list[Stretch]:
    """Stretches that do not overlap, the last one perhaps open; their ids count from `first_id` (0: not recorded)."""
    ends = sorted(draw(st.sets(st.integers(0, DAYS), max_size=6)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    stretches = [Stretch(draw(st.sampled_from("abc")), day(a), day(b)) for a, b in pairs]
    if len(ends) % 2:
        stretches.append(Stretch(draw(st.sampled_from("abc")), day(ends[-1])))
    ids = range(first_id, first_id + len(stretches)) if first_id else [0] * len(stretches)
    return [Stretch(s.value, s.start, s.end, number) for s, number in zip(stretches, ids, strict=True)]


def by_day(stretches: list[Stretch]) -> Days:
    """The value on each day of the window; two stretches on one day are an error of the test or of the code."""
    days: Days = {}
    for number in range(DAYS + 3):
        values = [s.value for s in stretches if s.start <= day(number) and (s.end is None or day(number) < s.end)]
        assert len(values) <= 1, f"day {number} has {values}"
        if values:
            days[number] = values[0]
    return days


def oracle(recorded: list[Stretch], new: list[Stretch]) -> Days:
    """The new value where there is one; else the old one, unless its stretch is restated with another end."""
    starts = {(s.value, s.start) for s in new}
    exact = {(s.value, s.start, s.end) for s in new}
    kept = [s for s in recorded if (s.value, s.start) not in starts or (s.value, s.start, s.end) in exact]
    return {**by_day(kept), **by_day(new)}


def after(recorded: list[Stretch], new: list[Stretch]) -> list[Stretch]:
    """What stands when the overlay is carried out, with ids as a database gives them."""
    laid = lay_over(recorded, new)
    kept = [s for s in recorded if s.id not in laid.closing]
    return kept + [Stretch(s.value, s.start, s.end, 100 + n) for n, s in enumerate(laid.opening)]


@given(apart(first_id=1), apart())
def test_each_day_has_the_value_that_was_said_last(recorded: list[Stretch], new: list[Stretch]) -> None:
    assert by_day(after(recorded, new)) == oracle(recorded, new)


@given(apart(first_id=1), apart())
def test_laying_the_same_again_changes_nothing(recorded: list[Stretch], new: list[Stretch]) -> None:
    again = lay_over(after(recorded, new), new)
    assert (again.closing, again.opening) == ((), ())


@given(apart(first_id=1), apart())
def test_what_the_new_does_not_touch_is_neither_closed_nor_opened(recorded: list[Stretch], new: list[Stretch]) -> None:
    said = by_day(new)
    untouched = [s for s in recorded if not by_day([s]).keys() & said.keys()]
    assert not {s.id for s in untouched} & set(lay_over(recorded, new).closing)


def test_a_stretch_told_again_with_another_end_is_restated() -> None:
    laid = lay_over([Stretch("a", day(1), None, 7)], [Stretch("a", day(1), day(5))])
    assert laid.closing == (7,)
    assert laid.opening == (Stretch("a", day(1), day(5)),)


def test_the_rest_of_an_interrupted_stretch_stands_on_both_sides() -> None:
    laid = lay_over([Stretch("a", day(1), None, 7)], [Stretch("b", day(4), day(6))])
    assert laid.closing == (7,)
    assert laid.opening == (Stretch("a", day(1), day(4)), Stretch("b", day(4), day(6)), Stretch("a", day(6)))


def test_a_stretch_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="start < end"):
        Stretch("a", day(3), day(3))
