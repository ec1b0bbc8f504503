"""Two-valued truth, row by row."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.model.condition import (
    EVERYTHING,
    And,
    Condition,
    Contains,
    Equals,
    In,
    InList,
    Missing,
    Not,
    Or,
    Prefix,
    Range,
)
from metes.rules.minor_units import in_minor_units
from metes.rules.predicate import deciding, holds
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records

RECORD: dict[str, Any] = {
    "name": "O'Neill Ltd",
    "code": "80202",
    "employees": 10,
    "score": 0.1,
    "since": date(2024, 2, 29),
    "is_partner": False,
    "revenue": None,
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (EVERYTHING, True),
        (Equals("name", "o'neill ltd"), False),
        (Equals("score", Decimal("0.1")), True),
        (Equals("is_partner", False), True),
        (Equals("revenue", 0), False),
        (Not(Equals("revenue", 0)), True),
        (Range("revenue", high=5), False),
        (Not(Range("revenue", high=5)), True),
        (Missing("revenue"), True),
        (Missing("unheard"), True),
        (Missing("is_partner"), False),
        (In("code", ("80201", "80202")), True),
        (InList("code", "small"), True),
        (Prefix("code", "802"), True),
        (Prefix("name", "o"), False),
        (Contains("name", "'N"), True),
        (Range("employees", 10, 10), True),
        (Range("employees", 10, 11, includes_low=False), False),
        (Range("employees", 9, 10, includes_high=False), False),
        (Range("code", "80000", "80999"), True),
        (Range("since", high=date(2024, 3, 1), includes_high=False), True),
    ],
)
def test_each_literal_holds_as_its_words_say(condition: Condition, expected: bool) -> None:
    assert holds(condition, RECORD, LISTS) is expected


@given(conditions(), records())
def test_not_flips_every_condition(condition: Condition, record: dict[str, Any]) -> None:
    assert holds(Not(condition), record, LISTS) is not holds(condition, record, LISTS)


@given(conditions(), records())
def test_the_deciding_literals_alone_decide(condition: Condition, record: dict[str, Any]) -> None:
    condition = in_minor_units(condition, FIELDS, CURRENCY)
    truth = holds(condition, record, LISTS)
    decided_by = deciding(condition, record, LISTS)
    if truth:
        assert all(holds(literal, record, LISTS) for literal in decided_by)
    elif decided_by:
        assert not any(holds(literal, record, LISTS) for literal in decided_by)


def test_the_first_literal_that_failed_is_named() -> None:
    rule = And((Equals("code", "80202"), Not(Equals("is_partner", False)), Equals("employees", 5)))
    assert deciding(rule, RECORD, LISTS) == (Not(Equals("is_partner", False)),)


def test_of_an_or_that_fails_the_part_is_named_that_came_nearest() -> None:
    rule = Or((And((Equals("employees", 1), Equals("code", "1"))), And((Equals("code", "80202"), Equals("employees", 5)))))
    assert deciding(rule, RECORD, LISTS) == (Equals("employees", 5),)


def test_of_a_rule_that_holds_all_literals_that_had_to_hold_are_named() -> None:
    rule = And((Or((Equals("employees", 1), Prefix("code", "80"))), Not(Missing("code"))))
    assert deciding(rule, RECORD, LISTS) == (Prefix("code", "80"), Not(Missing("code")))


@given(st.decimals(-50, 50, places=4), st.integers(-6000, 6000), st.booleans())
def test_amounts_finer_than_a_minor_unit_are_compared_exactly(amount: Decimal, minor: int, includes: bool) -> None:
    literal = in_minor_units(Range("revenue", low=amount, includes_low=includes), FIELDS, "USD")
    exact = Decimal(minor) / 100
    assert holds(literal, {"revenue": minor}, {}) is (exact >= amount if includes else exact > amount)
