"""A revised plan takes what the same plan compiled anew takes, however it came to be."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.condition import And, Condition, Equals, InList, Range
from metes.model.plan import NamedList, Plan, Rule, Territory, TerritoryType
from metes.rules.compile import CompiledRules, compile_part, compile_plan
from metes.rules.evaluate import evaluate_table
from metes.rules.index import RuleIndex
from metes.rules.revise import MAX_PACKS, revised
from metes.rules.tree import TreeArrays, stands_alike, tree_arrays, with_conditions
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records
from tests.rules.test_evaluate import accounts_table

DAY = date(2024, 6, 1)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A small forest whose territories come and go, with lists that change."""
    keys = draw(st.permutations([f"t{i}" for i in range(6)]))[: draw(st.integers(1, 6))]
    territories = []
    for i, key in enumerate(keys):
        rules = tuple(Rule(f"r{j}", draw(conditions(4)), priority=draw(st.integers(1, 2))) for j in range(draw(st.integers(0, 2))))
        territories.append(Territory(key, "geo", parent=draw(st.sampled_from([None, *keys[:i]])), rules=rules))
    small = NamedList("small", tuple(draw(st.lists(st.sampled_from(["A", "B", "80202", "abc"]), min_size=1, unique=True))))
    return Plan("p", types=(TerritoryType("geo"),), territories=tuple(territories), lists=(small, LISTS["other"], LISTS["long"]))


def same_rules(one: CompiledRules, other: CompiledRules) -> bool:
    return one.rules == other.rules and sorted(one.used_fields) >= sorted(other.used_fields)


@settings(max_examples=60, deadline=None)
@given(st.lists(plans(), min_size=2, max_size=7), st.lists(records(), min_size=1, max_size=12))
def test_a_chain_of_revisions_takes_what_the_last_plan_takes(chain: list[Plan], rows: list[dict[str, Any]]) -> None:
    table = accounts_table(rows)
    compiled = compile_plan(chain[0], FIELDS, CURRENCY)
    for before, after in zip(chain, [*chain[1:], chain[-1]], strict=True):
        compiled = revised(compiled, before, after, FIELDS, CURRENCY)
        anew = compile_plan(after, FIELDS, CURRENCY)
        assert same_rules(compiled, anew)
        assert len(compiled.packs) <= MAX_PACKS
        assert evaluate_table(table, compiled) == evaluate_table(table, anew)
        index = RuleIndex(compiled)
        assert [index.matches(row) for row in rows] == [RuleIndex(anew).matches(row) for row in rows]


def many(count: int = 60) -> Plan:
    """Territories side by side, one code each."""
    rules = (And((Equals("code", f"C{i}"), Range("employees", low=i))) for i in range(count))
    territories = tuple(Territory(f"t{i:03d}", "geo", rules=(Rule("r", rule),)) for i, rule in enumerate(rules))
    return Plan("p", types=(TerritoryType("geo"),), territories=territories, lists=(NamedList("few", ("A",)),))


def with_rule(plan: Plan, place: int, condition: Condition) -> Plan:
    changed = replace(plan.territories[place], rules=(Rule("r", condition),))
    return replace(plan, territories=(*plan.territories[:place], changed, *plan.territories[place + 1 :]))


def test_only_what_changed_is_compiled_until_packs_are_many() -> None:
    plan = many()
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    first, sizes = compiled.packs[0], []
    for i in range(2 * MAX_PACKS):
        after = with_rule(plan, i, Equals("code", f"N{i}"))
        compiled, plan = revised(compiled, plan, after, FIELDS, CURRENCY), after
        sizes.append([pack.rule_count for pack in compiled.packs])
        table = accounts_table([{"code": code, "employees": 99} for code in ("N0", f"N{i}", "C0", "C50")])
        assert evaluate_table(table, compiled) == evaluate_table(table, compile_plan(plan, FIELDS, CURRENCY))
    assert sizes == [[60, 1], [60, 1, 1], [60, 1, 1, 1], [60, 4], [60, 4, 1], [60, 4, 1, 1], [60], [60, 1]]
    assert compiled.packs[0] is not first


def test_rules_that_are_gone_do_not_stay_for_ever() -> None:
    plan = many()
    after = replace(plan, territories=plan.territories[:20])
    compiled = revised(compile_plan(plan, FIELDS, CURRENCY), plan, after, FIELDS, CURRENCY)
    assert [pack.rule_count for pack in compiled.packs] == [20]


def test_a_plan_that_did_not_change_keeps_its_packs() -> None:
    plan = many()
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    again = revised(compiled, plan, replace(plan, name="other"), FIELDS, CURRENCY)
    assert again.rules == compiled.rules
    assert [pack.tables for pack in again.packs] == [pack.tables for pack in compiled.packs]


def test_a_rule_whose_list_changed_is_compiled_anew() -> None:
    plan = with_rule(many(), 3, InList("code", "few"))
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    after = replace(plan, lists=(NamedList("few", ("A", "B")),))
    table = accounts_table([{"code": "B"}])
    assert evaluate_table(table, compiled).num_rows == 0
    assert evaluate_table(table, revised(compiled, plan, after, FIELDS, CURRENCY))["rule"].to_pylist() == [3]


def test_a_changed_rule_without_truth_is_refused() -> None:
    plan = many()
    with pytest.raises(InputError) as error:
        revised(compile_plan(plan, FIELDS, CURRENCY), plan, with_rule(plan, 5, Equals("code", 5)), FIELDS, CURRENCY)
    assert [str(f.place) for f in error.value.findings] == ["territory t005, rule r"]


def test_a_part_is_evaluated_under_the_numbers_of_the_whole_and_asks_for_its_own_fields() -> None:
    plan = with_rule(many(), 7, Equals("name", "x"))
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    part = compile_part(compiled, [7])
    assert part.used_fields == ("name",)
    table = accounts_table([{"code": "C1", "employees": 5, "name": "x"}, {"name": "y"}]).select(["account", "name"])
    assert evaluate_table(table, part).to_pylist() == [{"account": 10, "rule": 7}]


@given(plans(), plans(), conditions(4))
def test_the_tree_of_a_plan_that_stands_alike_is_taken_over_whole(plan: Plan, other: Plan, condition: Condition) -> None:
    """Where conditions alone changed the arrays are those that would be made anew; plans that stand otherwise are told apart."""
    changed = replace(
        plan,
        territories=tuple(
            replace(t, rules=tuple(replace(rule, condition=condition) for rule in t.rules)) for t in plan.territories
        ),
    )
    before, after = (compile_plan(p, FIELDS, CURRENCY) for p in (plan, changed))
    assert stands_alike(plan, changed)
    assert same_arrays(with_conditions(tree_arrays(plan, before), after), tree_arrays(changed, after))
    if stands_alike(plan, other):
        again = compile_plan(other, FIELDS, CURRENCY)
        assert same_arrays(with_conditions(tree_arrays(plan, before), again), tree_arrays(other, again))
    for stands_otherwise in (
        replace(plan, territories=plan.territories[:-1]),
        replace(plan, types=(TerritoryType("geo", priority=7),)),
        replace(plan, territories=(replace(plan.territories[0], is_catch_all=True), *plan.territories[1:])),
    ):
        assert not stands_alike(plan, stands_otherwise)


def same_arrays(one: TreeArrays, other: TreeArrays) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=f.name == "share") for f in fields(one))
