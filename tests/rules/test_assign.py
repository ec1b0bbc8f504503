"""Assigning in one step is evaluating and then resolving."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.errors import Cancelled
from metes.model.condition import EVERYTHING, Condition, Equals, Range
from metes.model.plan import Plan, Rule, Territory, TerritoryType
from metes.rules.assign import assign_table
from metes.rules.compile import compile_plan
from metes.rules.evaluate import BLOCK_ROWS, CHUNK_ROWS, evaluate_table
from metes.rules.resolve import resolve
from metes.rules.within import within_parents
from tests.rules.plans import DAY, KEYS, plans
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records
from tests.rules.test_evaluate import accounts_table, plan_of
from tests.rules.test_resolve import NUMBERS, RECORDS, fast

ACCOUNTS = pa.table(
    {
        "account": pa.array([NUMBERS[key] for key in KEYS], pa.int64()),
        "id": pa.array(KEYS, pa.string()),
        "employees": pa.array([record["employees"] for record in RECORDS], pa.int64()),
    }
)


@given(plans())
def test_assigning_is_evaluating_and_resolving(plan: Plan) -> None:
    found = assign_table(ACCOUNTS, compile_plan(plan, FIELDS, CURRENCY), plan, DAY, NUMBERS)
    assert [
        (r["account"], plan.territories[r["territory"]].key, r["role"], round(r["share"], 9), r["via"], r["rule"])
        for r in found.to_pylist()
    ] == fast(plan)


@given(plans(conditions(max_leaves=4)), st.lists(records(), min_size=1, max_size=12))
def test_rules_narrowed_by_those_above_give_the_same_holders(plan: Plan, rows: list[dict[str, Any]]) -> None:
    plan = replace(plan, lists=tuple(LISTS.values()))
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    table = accounts_table(rows)
    pinned = dict(zip(KEYS, table["account"].to_pylist(), strict=False))
    matches = evaluate_table(table, compiled)
    expected = resolve(matches, compiled, plan, DAY, pinned, table["account"].combine_chunks())
    narrowed = within_parents(compiled)
    assert assign_table(table, compiled, plan, DAY, pinned) == expected
    assert assign_table(table, narrowed, plan, DAY, pinned) == expected
    assert evaluate_table(table, narrowed).num_rows <= matches.num_rows


def test_a_broad_rule_is_tried_where_those_above_it_hold_alone() -> None:
    def territory(key: str, parent: str | None, *rules: Condition) -> Territory:
        return Territory(key, "geo", parent=parent, rules=tuple(Rule(f"r{i}", rule) for i, rule in enumerate(rules)))

    territories = (
        territory("us", None, Equals("code", "US")),
        territory("passing", "us"),
        territory("small", "passing", Range("employees", high=10), Equals("code", "CA")),
        territory("tiny", "small", Range("employees", high=2)),
    )
    plan = Plan("p", types=(TerritoryType("geo"),), territories=territories)
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    table = accounts_table([{"code": code, "employees": 1} for code in ("US", "CA", None)])
    assert evaluate_table(table, compiled)["rule"].to_pylist() == [0, 1, 3, 1, 2, 3, 1, 3]
    assert evaluate_table(table, within_parents(compiled))["rule"].to_pylist() == [0, 1, 3]
    assert within_parents(compiled) is within_parents(compiled)


def test_a_plan_without_rules_below_rules_is_not_narrowed() -> None:
    compiled = compile_plan(plan_of([Equals("code", "US")]), FIELDS, CURRENCY)
    assert within_parents(compiled) is compiled


def many_accounts(count: int) -> pa.Table:
    return pa.table(
        {"account": pa.array(range(count), pa.int64()), "employees": pa.array([i % 9 for i in range(count)], pa.int64())}
    )


class Watch:
    """A progress that keeps what it hears, and stops the work when told."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.heard: list[tuple[str, int, int]] = []
        self.stop_after = stop_after

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.heard.append((stage, done, total))
        if self.stop_after is not None and len(self.heard) > self.stop_after:
            raise Cancelled("stopped")


def test_every_block_is_reported_and_threads_change_nothing() -> None:
    plan = plan_of([Range("employees", i, i + 3) for i in range(9)])
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    table, watch = many_accounts(3 * BLOCK_ROWS), Watch()
    one = assign_table(table, compiled, plan, DAY, {}, threads=1, progress=watch)
    assert [done for _, done, _ in watch.heard] == [0, BLOCK_ROWS, 2 * BLOCK_ROWS, 3 * BLOCK_ROWS]
    assert {stage for stage, _, _ in watch.heard} == {"assigning accounts"}
    assert one == assign_table(table, compiled, plan, DAY, {}, threads=3)
    assert one["account"].to_pylist() == list(range(table.num_rows))


def test_work_that_is_cancelled_ends_with_the_block() -> None:
    plan = plan_of([EVERYTHING])
    with pytest.raises(Cancelled):
        assign_table(many_accounts(3 * BLOCK_ROWS), compile_plan(plan, FIELDS, CURRENCY), plan, DAY, {}, progress=Watch(1))


def test_more_matches_than_a_chunk_has_room_for_are_found_in_parts() -> None:
    plan = plan_of([EVERYTHING] * 700)
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    found = evaluate_table(many_accounts(CHUNK_ROWS), compiled)
    assert found.num_rows == 700 * CHUNK_ROWS
    assert pc.min_max(found["rule"]).as_py() == {"min": 0, "max": 699}
    assert found["account"][-1].as_py() == CHUNK_ROWS - 1
