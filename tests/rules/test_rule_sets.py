"""The benchmark's sets, small: join, index and row-wise truth agree on rules of real shapes, and so do resolution and explanation."""

import duckdb
import pyarrow as pa
from benchmarks import rule_sets

from metes.rules.compile import compile_plan
from metes.rules.evaluate import evaluate
from metes.rules.explain import Explainer
from metes.rules.index import RuleIndex
from metes.rules.predicate import holds
from metes.rules.resolve import resolve

N = 1_500


def test_join_index_truth_and_explanation_agree_on_rules_of_real_shapes() -> None:
    accounts = rule_sets.accounts(N)
    plan = rule_sets.plan(rule_sets.conditions(150), N, pins=100)
    compiled = compile_plan(plan, rule_sets.FIELDS, "USD")
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("accounts", accounts)
        found = evaluate(connection, "accounts", compiled)
    records = accounts.to_pylist()
    expected = [(r["account"], rule.number) for r in records for rule in compiled.rules if holds(rule.condition, r, {})]
    assert expected
    assert list(zip(found["account"].to_pylist(), found["rule"].to_pylist(), strict=True)) == expected
    index = RuleIndex(compiled)
    assert [(r["account"], rule) for r in records for rule in index.matches(r)] == expected

    held = resolve(found, compiled, plan, rule_sets.DAY, rule_sets.account_keys(N), pa.array(range(N), pa.int64()))
    resolved = {r["account"]: (plan.territories[r["territory"]].key, r["via"]) for r in held.to_pylist()}
    assert {via for _, via in resolved.values()} == {"pin", "rule"}
    explainer = Explainer(plan, rule_sets.FIELDS, "USD", compiled)
    for record in records[::10]:
        said = explainer.explain({**record, "id": rule_sets.account_key(record["account"])}, rule_sets.DAY, limit=3)
        primary = [(h.territory.key, h.via) for h in said.primaries]
        assert primary == ([resolved[record["account"]]] if record["account"] in resolved else [])
