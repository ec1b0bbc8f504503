"""Checks of trees that did not come from text, and what can be seen about a rule alone."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from metes.base.findings import Place, Severity
from metes.model.catalogue import rule_fields
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
from metes.model.plan import NamedList
from metes.rules.checks import check_condition
from metes.rules.syntax import parse
from tests.rules.strategies import FIELDS, LISTS, conditions


def codes(condition: Condition) -> list[str]:
    return [finding.code for finding in check_condition(condition, FIELDS, LISTS)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Equals("codes", "US"), ["rule-unknown-field"]),
        (Equals("code", 5), ["rule-wrong-type"]),
        (Equals("employees", "5"), ["rule-wrong-type"]),
        (Equals("employees", True), ["rule-wrong-type"]),
        (Equals("employees", Decimal("5.5")), ["rule-wrong-type"]),
        (Equals("score", Decimal("NaN")), ["rule-wrong-type"]),
        (Equals("score", 10**15), ["rule-wrong-type"]),
        (In("since", (date(2024, 1, 1), "2024")), ["rule-wrong-type"]),
        (Prefix("employees", "5"), ["rule-wrong-type"]),
        (Contains("since", "2024"), ["rule-wrong-type"]),
        (Range("is_partner", low=True), ["rule-wrong-type"]),
        (InList("code", "smal"), ["rule-unknown-list"]),
        (InList("employees", "other"), ["rule-wrong-type"]),
        (Range("employees", 10, 5), ["rule-empty-range"]),
        (In("employees", tuple(range(100_001))), ["rule-too-long"]),
        (Equals("code", "us"), ["rule-code-case"]),
        (InList("code", "small"), ["rule-code-case"]),
        (InList("name", "small"), []),
        (EVERYTHING, []),
        (Not(EVERYTHING), ["rule-never-holds"]),
        (Not(Missing("code")), ["rule-costly"]),
        (Contains("name", "x"), []),
        (And((Equals("code", "A"), Contains("name", "x"))), []),
    ],
)
def test_each_mistake_has_its_code(condition: Condition, expected: list[str]) -> None:
    assert codes(condition) == expected


@pytest.mark.parametrize(
    "text",
    [
        "code = 'US' and code = 'GB'",
        "employees > 10 and employees < 5",
        "employees > 10 and employees < 11",
        "since > '2024-01-01' and since < '2024-01-02'",
        "code in ('A', 'B') and not code in ('A', 'B', 'C')",
        "code starts with '80' and code = '90210'",
        "code starts with '80' and code starts with '81'",
        "code starts with '80' and code < '80'",
        "code starts with '80' and code > '81'",
        "code starts with '802' and code not starts with '80'",
        "name contains 'abc' and name not contains 'b'",
        "name is missing and name = 'a'",
        "name is missing and name is not missing",
        "employees between 5 and 6 and not employees between 1 and 10",
        "code in list 'small' and code = 'B'",
        "since > '9999-12-31'",
        "employees in (1, 2) and employees >= 3",
    ],
)
def test_a_conjunction_that_contradicts_itself_is_found(text: str) -> None:
    lists = {"small": NamedList("small", ("A",))}
    found = check_condition(parse(text, FIELDS), FIELDS, lists)
    assert [f.code for f in found] == ["rule-never-holds"]
    assert found[0].severity is Severity.WARNING
    assert found[0].remedy


def test_a_contradiction_in_one_part_names_the_part() -> None:
    found = check_condition(parse("code = 'A' or name = 'a' and name = 'b'", FIELDS), FIELDS, {}, Place(subject="west"))
    assert [(f.code, f.value, f.place.subject) for f in found] == [("rule-contradiction", "name = 'a' and name = 'b'", "west")]


def test_an_unknown_field_and_list_are_suggested() -> None:
    found = check_condition(And((Equals("employes", 1), InList("code", "smal"))), FIELDS, LISTS)
    assert [f.remedy for f in found] == ["Did you mean 'employees'?", "Did you mean 'small'?"]


@pytest.mark.parametrize("text", ["revenue = 10.50", "revenue > 10 and revenue < 11", "revenue in (0.5, 2)"])
def test_amounts_between_whole_ones_are_no_contradiction(text: str) -> None:
    assert codes(parse(text, FIELDS)) == []


def test_an_area_is_looked_for_where_the_plan_s_are_given() -> None:
    condition = And((Equals("area:rockys", True), Not(Equals("family.area:plains", True)), Range("distance:1.0,2.0", high=5)))
    assert check_condition(condition, rule_fields(), {}) == []
    found = check_condition(condition, rule_fields(), {}, areas=["rockies", "plains"])
    assert [(f.code, f.message, f.remedy) for f in found] == [
        ("rule-unknown-area", "the plan has no area 'rockys'", "Did you mean 'rockies'?")
    ]
    assert [f.value for f in check_condition(condition, rule_fields(), {}, areas=())] == ["rockys", "plains"]


@pytest.mark.parametrize(
    ("condition", "code", "message"),
    [
        (Equals("month", 13), "rule-wrong-type", "month is compared with a month from 1 to 12, got 13"),
        (Equals("family.month", 0), "rule-wrong-type", "family.month is compared with a month from 1 to 12, got 0"),
        (Equals("area:x", 1), "rule-wrong-type", "in area 'x' is compared with true or false, got 1"),
        (
            Contains("distance:1.0,2.0", "5"),
            "rule-wrong-type",
            "distance to (1, 2) holds decimal values, which have no text to look into",
        ),
        (Equals("distance:1,2", 5), "rule-unknown-field", "there is no field 'distance:1,2'"),
        (Range("postal_order", "SW 19", "SW 01~"), "rule-empty-range", "the low end of the range is above its high end"),
        (
            And((Equals("orders:count::", 0), Range("orders:count::", low=3))),
            "rule-never-holds",
            "the rule can never hold: orders count: no value passes all that is asked",
        ),
        (
            Not(Equals("area:x", True)),
            "rule-costly",
            "no comparison narrows this part of the rule, so it is tried on every account",
        ),
    ],
)
def test_a_mistake_about_a_term_is_told_in_the_words_of_the_rule(condition: Condition, code: str, message: str) -> None:
    assert [(f.code, f.message) for f in check_condition(condition, rule_fields(), {})] == [(code, message)]


def test_a_tree_of_10_000_levels_is_refused_without_recursion() -> None:
    tree: Condition = Missing("code")
    for _ in range(10_000):
        tree = Or((tree, EVERYTHING))
    assert codes(tree) == ["rule-too-deep"]


@given(conditions(max_leaves=10))
def test_generated_conditions_have_no_errors_but_turned_ranges(condition: Condition) -> None:
    found = check_condition(condition, FIELDS, LISTS)
    assert {f.code for f in found if f.severity is Severity.ERROR} <= {"rule-empty-range"}
