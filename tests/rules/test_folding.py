"""Folding comparisons of one field into lists, without a change of truth."""

from typing import Any

import pytest
from hypothesis import given

from metes.model.catalogue import rule_fields
from metes.model.condition import And, Condition, Contains, Equals, In, Missing, Not, Or, Prefix
from metes.rules.checks import check_condition
from metes.rules.folding import folded
from metes.rules.minor_units import in_minor_units
from metes.rules.normal import disjuncts
from metes.rules.predicate import holds
from metes.rules.syntax import parse
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records


@given(conditions(max_leaves=20), records())
def test_a_folded_condition_holds_where_the_condition_does(condition: Condition, record: dict[str, Any]) -> None:
    condition = in_minor_units(condition, FIELDS, CURRENCY)
    assert holds(folded(condition), record, LISTS) is holds(condition, record, LISTS)


@given(conditions(max_leaves=20))
def test_folding_once_is_enough(condition: Condition) -> None:
    assert folded(folded(condition)) == folded(condition)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Or((Equals("a", 1), Missing("b"), In("a", (2, 1)))), Or((In("a", (1, 2)), Missing("b")))),
        (Or((Equals("a", 1), Or((Equals("a", 2), Equals("b", 3))))), Or((In("a", (1, 2)), Equals("b", 3)))),
        (And((Not(Equals("a", 1)), Not(In("a", (2, 3))))), Not(In("a", (1, 2, 3)))),
        (And((Equals("a", 1), Equals("a", 2))), And((Equals("a", 1), Equals("a", 2)))),
        (Not(Or((Equals("a", 1), Equals("a", 2)))), Not(In("a", (1, 2)))),
        (Or((Equals("a", 1), Equals("a", 1))), Equals("a", 1)),
        (Or((Not(Equals("a", 1)), Prefix("b", "x"), Contains("b", "x"))), Or((Not(Equals("a", 1)), Prefix("b", "x"), Contains("b", "x")))),
        (And((Missing("a"),)), Missing("a")),
    ],
)  # fmt: skip
def test_what_is_folded(condition: Condition, expected: Condition) -> None:
    assert folded(condition) == expected


def test_20_000_comparisons_under_an_or_are_read_checked_and_brought_to_one_list() -> None:
    codes = [f"{code:05d}" for code in range(20_000)]
    text = " or ".join(f"postal_code = '{code}'" for code in codes)
    fields = rule_fields()
    condition = parse(text, fields)
    assert check_condition(condition, fields, {}) == []
    assert [raw.literals for raw in disjuncts(condition)] == [((In("postal_code", tuple(codes)), True),)]
    assert [raw.literals for raw in disjuncts(Not(condition))] == [((In("postal_code", tuple(codes)), False),)]


def test_20_000_comparisons_ruled_out_one_by_one_are_one_list() -> None:
    condition = And(tuple(Not(Equals("postal_code", f"{code:05d}")) for code in range(20_000)))
    ((literal, positive),) = disjuncts(condition)[0].literals
    assert isinstance(literal, In)
    assert (len(literal.values), positive) == (20_000, False)
