"""The normal form gives the truth of the tree it came from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.model.catalogue import FieldType
from metes.model.condition import EVERYTHING, And, Condition, Contains, Equals, In, Missing, Not, Or, Prefix, Range
from metes.rules.field_test import Contradiction, FieldTest
from metes.rules.minor_units import in_minor_units
from metes.rules.normal import MAX_CONJUNCTIONS, conjunctions, disjuncts
from metes.rules.predicate import holds
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records


def values_of_list(name: str) -> frozenset[str]:
    return frozenset(LISTS[name].values)


@given(conditions(max_leaves=12), records())
def test_one_conjunction_holds_exactly_where_the_condition_does(condition: Condition, record: dict[str, Any]) -> None:
    condition = in_minor_units(condition, FIELDS, CURRENCY)
    found = any(
        all(test.holds(record.get(test.field)) for test in c.tests) and all(holds(r, record, LISTS) for r in c.rest)
        for c in conjunctions(condition, FIELDS, values_of_list)
    )
    assert found is holds(condition, record, LISTS)


def test_conditions_that_multiply_past_the_limit_keep_the_rest_whole() -> None:
    pair = Or((Equals("code", "A"), Equals("name", "a")))
    other = Or((Range("employees", low=1), Range("score", low=1)))
    huge = And((Equals("is_partner", True), *([pair, other] * 10)))
    found = disjuncts(huge)
    assert len(found) <= MAX_CONJUNCTIONS
    assert all(raw.rest for raw in found)
    record = {"is_partner": True, "code": "A", "score": 2.0}
    assert any(holds(raw.as_condition(), record, {}) for raw in found)
    assert not any(holds(raw.as_condition(), {**record, "score": 0.0}, {}) for raw in found)


def test_many_parts_of_an_or_keep_the_rest_whole() -> None:
    wide = Or(tuple(And((Equals("code", str(i)), Equals("employees", i))) for i in range(2_000)))
    found = disjuncts(wide)
    assert len(found) <= MAX_CONJUNCTIONS
    for i in (3, 600, 1_999):
        assert any(holds(raw.as_condition(), {"code": str(i), "employees": i}, {}) for raw in found)
    negated = disjuncts(Not(And(tuple(Not(part) for part in wide.parts))))
    assert any(holds(raw.as_condition(), {"code": "1999", "employees": 1999}, {}) for raw in negated)


def test_equal_fields_under_an_or_become_one_list() -> None:
    rule = Or(tuple(Equals("code", str(i)) for i in range(2_000)))
    assert [raw.literals for raw in disjuncts(rule)] == [((In("code", tuple(map(str, range(2_000)))), True),)]


def test_whole_numbers_that_leave_no_room_between_them_contradict() -> None:
    rule = And((Range("employees", low=10, includes_low=False), Range("employees", high=11, includes_high=False)))
    assert conjunctions(rule, FIELDS, values_of_list) == ()


@pytest.mark.parametrize("literal", [Prefix("code", ""), Contains("code", "")])
def test_what_every_value_has_ruled_out_leaves_the_missing_ones(literal: Condition) -> None:
    assert conjunctions(Not(literal), FIELDS, values_of_list) == conjunctions(Missing("code"), FIELDS, values_of_list)
    assert conjunctions(And((Not(literal), Equals("code", "A"))), FIELDS, values_of_list) == ()


YES, NO, IS_MISSING = Equals("is_partner", True), Equals("is_partner", False), Missing("is_partner")


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        (And((Not(YES), Not(IS_MISSING))), NO),
        (And((Not(YES), Not(NO))), IS_MISSING),
        (And((Not(YES), NO)), NO),
        (And((In("is_partner", (True, False)), Not(NO))), YES),
        (And((Not(YES), YES)), Not(EVERYTHING)),
        (And((Not(YES), Not(NO), Not(IS_MISSING))), Not(EVERYTHING)),
    ],
)
def test_truth_values_ruled_out_merge_into_those_that_are_left(condition: Condition, same: Condition) -> None:
    assert conjunctions(condition, FIELDS, values_of_list) == conjunctions(same, FIELDS, values_of_list)


@given(
    st.sets(st.text("ab0", min_size=1, max_size=6), min_size=70, max_size=120),
    st.text("ab0", max_size=3),
    st.none() | st.text("ab0", max_size=3),
    st.none() | st.text("ab0", max_size=3),
)
def test_a_long_list_keeps_what_lies_between_the_ends_and_has_the_prefix(
    values: set[str], prefix: str, low: str | None, high: str | None
) -> None:
    test = FieldTest("code", FieldType.CODE, among=frozenset(values), prefix=prefix, low=low, high=high)
    kept = {v for v in values if v.startswith(prefix) and (low is None or v >= low) and (high is None or v < high)}
    if kept:
        assert test.settled().among == kept
    else:
        with pytest.raises(Contradiction):
            test.settled()
