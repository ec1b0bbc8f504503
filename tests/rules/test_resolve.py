"""The answer on whole columns is the answer of the slow precedence, account by account."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from metes.base.dates import Period
from metes.model.condition import EVERYTHING, Equals, In, Range
from metes.model.plan import Pin, Plan, Policy, Role, Rule, Territory, TerritoryType
from metes.rules.compile import CompiledRules, compile_plan
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from metes.rules.resolve import resolve
from tests.rules.plans import DAY, KEYS, plans
from tests.rules.strategies import CURRENCY, FIELDS

RECORDS: list[dict[str, Any]] = [{"id": key, "employees": None if i % 7 == 6 else i % 7} for i, key in enumerate(KEYS)]
NUMBERS = {key: 100 + i for i, key in enumerate(KEYS)}
Row = tuple[int, str, str, float, str, int]


def held_rules(compiled: CompiledRules, record: dict[str, Any]) -> list[int]:
    return [rule.number for rule in compiled.rules if holds(rule.condition, record, {})]


def fast(plan: Plan, as_table: bool = False) -> list[Row]:
    """What `resolve` gives, with territory keys."""
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    pairs = [(NUMBERS[record["id"]], rule) for record in RECORDS for rule in held_rules(compiled, record)]
    matches = pa.table(
        {"account": pa.array([p[0] for p in pairs], pa.int64()), "rule": pa.array([p[1] for p in pairs], pa.int32())}
    )
    numbers = pa.table({"account": list(NUMBERS), "id": list(NUMBERS.values())}) if as_table else NUMBERS
    found = resolve(matches, compiled, plan, DAY, numbers, pa.array(NUMBERS.values(), pa.int64()))
    assert [str(type) for type in found.schema.types][:2] == ["int64", "int32"]
    return [
        (r["account"], plan.territories[r["territory"]].key, r["role"], round(r["share"], 9), r["via"], r["rule"])
        for r in found.to_pylist()
    ]


def slow(plan: Plan) -> list[Row]:
    """What the precedence of one account gives for all, one by one."""
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    return [
        (NUMBERS[key], h.candidate.territory.key, h.role.value, round(h.share, 9), h.candidate.via.value, h.candidate.rule)
        for key, record in zip(KEYS, RECORDS, strict=True)
        for h in settle(plan, compiled, held_rules(compiled, record), key, DAY).holdings
    ]


@given(plans())
def test_columns_and_single_accounts_agree(plan: Plan) -> None:
    found, expected = fast(plan), slow(plan)
    assert sorted(found) == sorted(expected)
    assert fast(plan, as_table=True) == found
    roles = ["primary", "overlay", "shared"]
    assert [(r[0], roles.index(r[2])) for r in found] == sorted((r[0], roles.index(r[2])) for r in found)


@given(plans())
def test_shares_of_a_split_sum_to_one_and_priority_gives_one_primary(plan: Plan) -> None:
    held: dict[int, list[Row]] = {}
    for row in fast(plan):
        if row[2] == "primary":
            held.setdefault(row[0], []).append(row)
    for rows in held.values():
        policies = {plan.type_by_key[plan.territory_by_key[row[1]].type].policy for row in rows}
        assert len(policies) == 1
        if Policy.PRIORITY in policies:
            assert len(rows) == 1
        if Policy.SPLIT in policies:
            assert sum(row[3] for row in rows) == pytest.approx(1.0)


GEO = TerritoryType("geo")


def won_by(plan: Plan, key: str = "A1") -> list[tuple[str, str]]:
    assert sorted(fast(plan)) == sorted(slow(plan))
    return [(row[1], row[4]) for row in fast(plan) if row[0] == NUMBERS[key]]


def two(first: Rule, second: Rule, **more: Any) -> Plan:
    """Two territories side by side."""
    return Plan(
        "p", types=(GEO,), territories=(Territory("a", "geo", rules=(first,)), Territory("b", "geo", rules=(second,))), **more
    )


def test_a_named_account_beats_a_better_priority() -> None:
    plan = two(Rule("r", Equals("employees", 1), priority=1), Rule("r", In("id", ("A1", "A2")), priority=9))
    assert won_by(plan) == [("b", "named")]


def test_a_pin_beats_a_named_account_and_an_exclusion_beats_the_pin() -> None:
    rules = Rule("r", Equals("employees", 1)), Rule("r", Equals("id", "A1"))
    pin = Pin("A1", "a", "agreed")
    assert won_by(two(*rules, pins=(pin,))) == [("a", "pin")]
    assert won_by(two(*rules, pins=(pin, Pin("A1", "a", "no", is_exclusion=True)))) == [("b", "named")]
    assert won_by(two(*rules, pins=(Pin("A1", "a", "agreed", period=Period(None, DAY)),))) == [("b", "named")]


def test_the_lower_rule_priority_then_the_territory_key_decide() -> None:
    assert won_by(two(Rule("r", EVERYTHING, priority=2), Rule("r", EVERYTHING, priority=1))) == [("b", "rule")]
    assert won_by(two(Rule("r", EVERYTHING), Rule("r", EVERYTHING))) == [("a", "rule")]


def deep(**more: Any) -> Plan:
    """west (employees 1-3) > coast (without rules) > bay (employee 1, or everything)."""
    territories = (
        Territory("west", "geo", rules=(Rule("r", Range("employees", 1, 3), priority=1),)),
        Territory("coast", "geo", parent="west"),
        Territory("bay", "geo", parent="coast", rules=(Rule("r", EVERYTHING, priority=50),)),
    )
    return Plan("p", types=(GEO,), territories=territories, **more)


def test_the_deeper_territory_wins_but_takes_only_what_its_parent_takes() -> None:
    assert won_by(deep()) == [("bay", "rule")]
    assert won_by(deep(), "A5") == []


def test_an_exclusion_shuts_all_below_it() -> None:
    assert won_by(deep(pins=(Pin("A1", "coast", "no", is_exclusion=True),))) == [("west", "rule")]


def test_a_pin_holds_against_the_rule_of_the_parent() -> None:
    assert won_by(deep(pins=(Pin("A5", "bay", "agreed"),)), "A5") == [("bay", "pin")]


def test_of_two_pins_the_first_territory_key_wins() -> None:
    plan = two(Rule("r", EVERYTHING), Rule("r", EVERYTHING), pins=(Pin("A1", "b", "x"), Pin("A1", "a", "y")))
    assert won_by(plan) == [("a", "pin")]


def test_a_catch_all_takes_what_nothing_else_holds_within_its_parent() -> None:
    territories = (
        Territory("west", "geo", rules=(Rule("r", Range("employees", 1, 3)),)),
        Territory("one", "geo", parent="west", rules=(Rule("r", Equals("employees", 1)),)),
        Territory("rest", "geo", parent="west", is_catch_all=True),
        Territory("house", "geo", is_catch_all=True),
    )
    plan = Plan("p", types=(GEO, TerritoryType("over", role=Role.OVERLAY)), territories=territories)
    assert won_by(plan, "A1") == [("one", "rule")]
    assert won_by(plan, "A2") == [("west", "rule")]
    assert won_by(plan, "A5") == [("house", "catch-all")]
    region_only = (Territory("west", "geo"), *territories[1:3])
    plan = Plan("p", types=(GEO,), territories=region_only)
    assert won_by(plan, "A2") == [("rest", "catch-all")]


def test_split_and_overlay_hold_beside_each_other() -> None:
    types = (TerritoryType("team", policy=Policy.SPLIT), TerritoryType("expert", role=Role.OVERLAY, policy=Policy.SHARE))
    territories = (
        Territory("x", "team", rules=(Rule("r", EVERYTHING),), share=0.6),
        Territory("y", "team", rules=(Rule("r", EVERYTHING),), share=0.2),
        Territory("e1", "expert", rules=(Rule("r", EVERYTHING),)),
        Territory("e2", "expert", rules=(Rule("r", EVERYTHING),)),
    )
    found = [row[1:4] for row in fast(Plan("p", types=types, territories=territories)) if row[0] == NUMBERS["A1"]]
    assert found == [("x", "primary", 0.75), ("y", "primary", 0.25), ("e1", "overlay", 1.0), ("e2", "overlay", 1.0)]


def test_a_plan_without_territories_leaves_every_account_a_gap() -> None:
    assert fast(Plan("p")) == []
