"""Conditions as JSON: back equal, and nothing else accepted."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.model.condition import (
    EVERYTHING,
    MAX_DEPTH,
    And,
    Condition,
    Equals,
    In,
    Missing,
    Not,
    Or,
    Range,
    depth,
    from_json,
    literals,
    to_json,
)

NAMES = st.sampled_from(["name", "employees", "it's", "日本", ""])
VALUES = st.one_of(
    st.text(max_size=5), st.integers(), st.booleans(), st.dates(), st.decimals(-(10**15), 10**15, allow_nan=False, places=6)
)
LITERALS = st.one_of(
    st.builds(Equals, NAMES, VALUES),
    st.builds(In, NAMES, st.lists(VALUES, min_size=1, max_size=3).map(tuple)),
    st.builds(Missing, NAMES),
    st.builds(Range, NAMES, VALUES, st.none() | VALUES, st.booleans(), st.booleans()),
    st.builds(Range, NAMES, st.none(), VALUES),
)


def _extended(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return parts.map(And) | parts.map(Or) | inner.map(Not)


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(LITERALS | st.just(EVERYTHING), _extended, max_leaves=8)


@given(CONDITIONS)
def test_a_condition_comes_back_equal_from_its_json(condition: Condition) -> None:
    assert from_json(json.loads(json.dumps(to_json(condition)))) == condition


@given(CONDITIONS)
def test_equal_conditions_have_one_json(condition: Condition) -> None:
    assert to_json(from_json(to_json(condition))) == to_json(condition)


def _types(condition: Condition) -> list[str]:
    return [type(literal.value).__name__ for literal in literals(condition) if isinstance(literal, Equals)]


@pytest.mark.parametrize("value", [True, 1, Decimal("1.5"), "1"])
def test_a_value_keeps_its_type(value: Any) -> None:
    assert _types(from_json(to_json(Equals("f", value)))) == [type(value).__name__]


def test_a_decimal_has_one_text() -> None:
    assert to_json(Equals("f", Decimal("1.50"))) == to_json(Equals("f", Decimal("1.5"))) == ["=", "f", {"decimal": "1.5"}]


def test_equal_numbers_have_one_text_whatever_their_type() -> None:
    assert Equals("f", Decimal("1E+3")) == Equals("f", 1000)
    assert to_json(Equals("f", Decimal("1E+3"))) == to_json(Equals("f", 1000)) == ["=", "f", 1000]


def _nested(levels: int) -> Condition:
    condition: Condition = Missing("f")
    for _ in range(levels):
        condition = Not(condition)
    return condition


def test_a_condition_may_nest_as_deep_as_the_limit_and_no_deeper() -> None:
    deepest = _nested(MAX_DEPTH)
    assert depth(deepest) == MAX_DEPTH
    assert from_json(to_json(deepest)) == deepest
    with pytest.raises(ValueError, match="may nest 100 levels"):
        from_json(to_json(_nested(MAX_DEPTH + 1)))


def test_ten_thousand_levels_are_refused_and_do_not_overflow_the_stack() -> None:
    data: list[Any] = ["missing", "f"]
    for _ in range(10_000):
        data = ["not", data]
    with pytest.raises(ValueError, match="may nest 100 levels"):
        from_json(data)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "everything",
        {},
        [],
        ["and"],
        ["or"],
        ["in", "f"],
        ["not"],
        ["=", 1, 2],
        ["=", "f", 1.5],
        ["=", "f", None],
        ["=", "f", ["x"]],
        ["=", "f", {"decimal": 1}],
        ["=", "f", {"date": "yesterday"}],
        ["range", "f", None, None, True, True],
        ["range", "f", 1, 2, 1, 0],
        ["prefix", "f", 7],
        ["and", ["nonsense"]],
        ["drop table", "f"],
    ],
)
def test_another_form_is_refused_by_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|needs|format"):
        from_json(data)


def test_literals_come_from_left_to_right() -> None:
    a, b, c = Missing("a"), Missing("b"), Missing("c")
    assert list(literals(And((a, Not(Or((b, EVERYTHING))), c)))) == [a, b, c]


def test_depth_counts_the_levels_above_the_deepest_literal() -> None:
    assert depth(Missing("a")) == 0
    assert depth(And((Missing("a"), Not(Or((Missing("b"),)))))) == 3
