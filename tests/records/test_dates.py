"""Days in many forms; day and month are never guessed."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.records.dates import days

PI_DAY = date(2024, 3, 14)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-14",
        "2024/3/14",
        "20240314",
        "2024-03-14 00:00:00.000",
        "2024-03-14T10:11:12Z",
        "2024-03-14T10:11:12.123456+02:00",
        "14.03.2024",
        "14.3.24",
        "3/14/2024",
        "14-03-2024",
        "03/14/24 10:22 PM",
        "14 Mar 2024",
        "Mar 14, 2024",
        "March 14th, 2024",
        "14-Mar-24",
        "Thu, 14 Mar 2024 10:00:00 +0000",
        "14. März 2024",
        "14 mars 2024",
        "14 de marzo de 2024",
    ],
)
def test_a_day_is_read_in_every_usual_form(text: str) -> None:
    parsed = days(pa.array([text]))
    assert (parsed.values.to_pylist(), parsed.issues, parsed.question) == ([PI_DAY], (), None)


@pytest.mark.parametrize("texts", [["03/04/2024"], ["01-02-2024", "05-06-2024"], ["13/04/2024", "04/13/2024"]])
def test_day_and_month_that_could_be_swapped_are_asked(texts: list[str]) -> None:
    question = days(pa.array(texts)).question
    assert question is not None
    assert question.code == "date-ambiguous"
    assert "date_format: dmy" in question.remedy
    assert "date_format: mdy" in question.remedy


def test_one_value_decides_for_the_column() -> None:
    assert days(pa.array(["03/04/2024", "13/04/2024"])).values.to_pylist() == [date(2024, 4, 3), date(2024, 4, 13)]
    assert days(pa.array(["03/04/2024", "04/13/2024"])).values.to_pylist() == [date(2024, 3, 4), date(2024, 4, 13)]
    assert days(pa.array(["03/03/2024"])).values.to_pylist() == [date(2024, 3, 3)]


def test_the_answer_settles_the_question() -> None:
    assert days(pa.array(["03/04/2024"]), order="dmy").values.to_pylist() == [date(2024, 4, 3)]
    assert days(pa.array(["03/04/2024"]), order="mdy").values.to_pylist() == [date(2024, 3, 4)]
    assert days(pa.array(["24/03/14"]), order="ymd").values.to_pylist() == [PI_DAY]


def test_impossible_days_and_other_texts_are_warnings() -> None:
    parsed = days(pa.array(["2023-02-29", "2024-13-01", "20240230", "soon", "N/A", "0000-00-00", "2024-02-29"]))
    assert {i.code: i.hits.nonzero()[0].tolist() for i in parsed.issues} == {"impossible-date": [0, 1, 2], "not-a-date": [3]}
    assert parsed.values.to_pylist() == [None] * 6 + [date(2024, 2, 29)]


@given(st.lists(st.dates(date(1000, 1, 1), date(9999, 12, 31)), max_size=10))
def test_every_day_is_read_back_from_each_unambiguous_form(wanted: list[date]) -> None:
    for write in (
        date.isoformat,
        lambda d: f"{d.day}.{d.month}.{d.year:04d}",
        lambda d: f"{d.day} {_MONTHS[d.month - 1]} {d.year:04d}",
    ):
        assert days(pa.array([write(d) for d in wanted], pa.string())).values.to_pylist() == wanted


_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
