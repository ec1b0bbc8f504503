"""The index gives for each account what the row-wise truth, and so the join, gives."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from metes.model.condition import And, Condition, Equals, Not, Or, Range
from metes.rules.compile import compile_plan
from metes.rules.index import RuleIndex
from metes.rules.predicate import holds
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records
from tests.rules.test_evaluate import KEYED, plan_of


def agree(rules: list[Condition], rows: list[dict[str, Any]]) -> None:
    compiled = compile_plan(plan_of(rules), FIELDS, CURRENCY)
    index = RuleIndex(compiled)
    for row in rows:
        assert index.matches(row) == [rule.number for rule in compiled.rules if holds(rule.condition, row, LISTS)]


@given(st.lists(conditions(), min_size=1, max_size=25), st.lists(records(), min_size=1, max_size=20))
def test_the_index_agrees_with_the_row_wise_truth(rules: list[Condition], rows: list[dict[str, Any]]) -> None:
    agree(rules, rows)


@settings(deadline=None, max_examples=60)
@given(st.lists(conditions(), min_size=1, max_size=10), st.lists(records(), min_size=1, max_size=20))
def test_the_index_by_keys_of_every_kind_agrees_with_the_row_wise_truth(rules: list[Condition], rows: list[dict[str, Any]]) -> None:
    agree([*rules, *KEYED], rows)


def test_a_rule_too_wide_to_spell_out_is_settled_over_its_literals() -> None:
    pairs = [Or((Equals("code", f"C{i}"), Equals("name", f"n{i}"), Range("employees", i, i + 1))) for i in range(12)]
    agree(
        [Not(And(tuple(pairs))), And((Equals("is_partner", True), *pairs))],
        [{"code": f"C{i}", "name": f"n{i}", "employees": i, "is_partner": i % 2 == 0} for i in range(12)],
    )
