"""When the day alone makes something else of an account."""

from __future__ import annotations

from datetime import date

import pytest

from metes.assigning.turns import asks_kin, asks_orders, asks_revenue, field_under, next_turn, turns_between
from metes.base.dates import Period
from metes.model.plan import Pin, Plan
from metes.model.terms import Distance, InArea, Month, OfFamily, Orders, OrdersMeasure

MARCH_14, MARCH_20, APRIL_1, NEXT_MARCH = date(2026, 3, 14), date(2026, 3, 20), date(2026, 4, 1), date(2027, 3, 14)
SOLD = Orders(OrdersMeasure.SUM, 12).name
MONTH = Month().name


def of_family(name: str) -> str:
    """The same asked of the family."""
    return OfFamily(name).name


@pytest.mark.parametrize(
    ("name", "turns"),
    [
        ("industry", (False, False, False)),
        (InArea("box").name, (False, False, False)),
        (MONTH, (False, True, False)),
        (of_family(MONTH), (False, True, False)),
        (SOLD, (True, True, True)),
        (of_family(SOLD), (True, True, True)),
        ("revenue_12m", (True, True, True)),
        (of_family("revenue_12m"), (True, True, True)),
    ],
)
def test_a_month_turns_with_its_number_and_orders_every_day(name: str, turns: tuple[bool, bool, bool]) -> None:
    assert not turns_between(name, MARCH_14, MARCH_14)
    assert tuple(turns_between(name, MARCH_14, day) for day in (MARCH_20, APRIL_1, NEXT_MARCH)) == turns


def test_what_a_name_asks_for() -> None:
    assert [asks_orders(n) for n in (SOLD, of_family(SOLD), "revenue_12m", "industry", MONTH)] == [True, True, True, False, False]
    assert [asks_revenue(n) for n in (SOLD, "revenue_12m", of_family("revenue_12m"))] == [False, True, True]
    assert [asks_kin(n) for n in ("parent", "family", of_family("industry"), "industry")] == [True, True, True, False]
    point = Distance(40.0, -105.0).name
    assert [field_under(n) for n in ("grade", of_family("grade"), of_family(point))] == ["grade", "grade", point]


@pytest.mark.parametrize(
    ("names", "turn"),
    [
        ([], MARCH_20),
        (["industry"], MARCH_20),
        ([MONTH], MARCH_20),
        ([SOLD], date(2026, 3, 15)),
        (["revenue_12m"], date(2026, 3, 15)),
    ],
)
def test_the_next_turn_is_the_first_of_pins_and_of_what_goes_with_the_day(names: list[str], turn: date) -> None:
    pins = (Pin("A", "west", "", period=Period(MARCH_14, MARCH_20)), Pin("B", "west", "", period=Period(APRIL_1)))
    assert next_turn(Plan("p", pins=pins), names, MARCH_14) == turn


def test_a_month_turns_on_the_first_of_the_next() -> None:
    assert next_turn(Plan("p"), [MONTH], date(2026, 12, 31)) == date(2027, 1, 1)
    assert next_turn(Plan("p"), [MONTH], date(2026, 1, 1)) == date(2026, 2, 1)
    assert next_turn(Plan("p"), ["industry"], MARCH_14) is None
