"""The benchmark's sets, small: kernel, index and row-wise truth agree on rules of real shapes, and so do resolution and explanation."""

import pyarrow as pa
from benchmarks import rule_sets

from metes.rules.assign import assign_table
from metes.rules.compile import compile_plan
from metes.rules.evaluate import evaluate_table
from metes.rules.explain import Explainer
from metes.rules.index import RuleIndex
from metes.rules.predicate import holds
from metes.rules.resolve import resolve
from metes.rules.within import within_parents

N = 1_500


def test_kernel_index_truth_and_explanation_agree_on_rules_of_real_shapes() -> None:
    rules = rule_sets.conditions(150)
    accounts = rule_sets.accounts(N, rules.rings)
    plan = rule_sets.plan(rules, N, pins=100)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    found = evaluate_table(accounts, compiled)
    records = accounts.to_pylist()
    expected = [(r["account"], rule.number) for r in records for rule in compiled.rules if holds(rule.condition, r, {})]
    assert expected
    assert list(zip(found["account"].to_pylist(), found["rule"].to_pylist(), strict=True)) == expected
    index = RuleIndex(compiled)
    assert [(r["account"], rule) for r in records for rule in index.matches(r)] == expected

    held = resolve(found, compiled, plan, rule_sets.DAY, rule_sets.account_keys(N), pa.array(range(N), pa.int64()))
    assert assign_table(accounts, compiled, plan, rule_sets.DAY, rule_sets.account_keys(N)) == held
    resolved = {r["account"]: (plan.territories[r["territory"]].key, r["via"]) for r in held.to_pylist()}
    assert {via for _, via in resolved.values()} == {"pin", "rule"}
    explainer = Explainer(plan, rule_sets.FIELDS, "USD", compiled)
    for record in records[::10]:
        said = explainer.explain({**record, "id": rule_sets.account_key(record["account"])}, rule_sets.DAY, limit=3)
        primary = [(h.territory.key, h.via) for h in said.primaries]
        assert primary == ([resolved[record["account"]]] if record["account"] in resolved else [])


def test_narrowed_to_some_owners_the_rules_take_no_more_however_many_they_are() -> None:
    few, many = (rule_sets.conditions(count, is_steady=True) for count in (100, 1_000))
    assert few.conditions == rule_sets.conditions(100).conditions
    accounts = rule_sets.accounts(3_000, many.rings)
    found = [
        evaluate_table(accounts, compile_plan(rule_sets.plan(r, 3_000), rule_sets.FIELDS, "USD")).num_rows for r in (few, many)
    ]
    assert found[1] < 2 * found[0]


def test_the_big_tree_is_as_deep_and_wide_as_it_says_and_settles_the_same_narrowed_or_not() -> None:
    plan = rule_sets.big_tree(500, territories=600, children=40)
    assert max(sum(1 for _ in plan.ancestors(territory.key)) for territory in plan.territories) == 14
    assert len(plan.children_by_key["root"]) == 40
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    accounts, keys = rule_sets.accounts(500), rule_sets.account_keys(500)
    matches = evaluate_table(accounts, compiled)
    assert evaluate_table(accounts, within_parents(compiled)).num_rows < matches.num_rows / 10
    held = resolve(matches, compiled, plan, rule_sets.DAY, keys, accounts["account"].combine_chunks())
    assert assign_table(accounts, compiled, plan, rule_sets.DAY, keys) == held
