"""Every loser's nearest rule and first failed literal, at once, are those that one finds one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from metes.model.condition import And, Condition, Equals, Not, Or, Prefix, Range, literals
from metes.model.plan import NamedList, Plan, Rule, Territory
from metes.rules.explain import Explainer, as_written
from metes.rules.failing import signed_leaf
from metes.rules.forest import leaves
from metes.rules.predicate import deciding, holds
from tests.rules.plans import DAY, plans
from tests.rules.strategies import CURRENCY, FIELDS, LISTS, conditions, records

Found = list[tuple[str, str, str, Condition | None, float]]


def one_by_one(explainer: Explainer, plan: Plan, record: dict[str, Any]) -> Found:
    """Territory, who stops it, the rule that came nearest, its first literal that failed, the share that held: slow and obvious."""
    written = {name: as_written(value, FIELDS.get(name), CURRENCY) for name, value in record.items()}
    lists = plan.list_by_key
    ruled = {t.key for t in plan.preorder if any(holds(rule.condition, written, lists) for rule in t.rules)}
    _, settlement = explainer.settled(record, DAY)
    claiming = {h.candidate.territory.key for h in settlement.holdings} | {x.candidate.territory.key for x in settlement.losses}
    out: Found = []
    for territory in plan.preorder:
        if territory.key in claiming or not (territory.rules or territory.is_catch_all):
            continue
        stopper = next(t for t in (territory, *plan.ancestors(territory.key)) if t.rules and t.key not in ruled)
        shares = [held_share(rule.condition, written, lists) for rule in stopper.rules]
        rule = stopper.rules[shares.index(max(shares))]
        decided = deciding(rule.condition, written, lists)
        assert len(decided) <= 1
        out.append((territory.key, stopper.key, rule.key, decided[0] if decided else None, max(shares)))
    return sorted(out, key=lambda found: -found[-1])


def held_share(condition: Condition, record: dict[str, Any], lists: dict[str, NamedList]) -> float:
    """The share of a condition's comparisons that hold, each with the NOTs above it."""
    found: list[bool] = []

    def walk(node: Condition, positive: bool) -> None:
        if isinstance(node, Not):
            walk(node.part, not positive)
        elif isinstance(node, And | Or):
            for part in node.parts:
                walk(part, positive)
        elif any(literals(node)):
            found.append(holds(node, record, lists) is positive)

    walk(condition, True)
    return sum(found) / len(found) if found else 0.0


def at_once(explainer: Explainer, plan: Plan, record: dict[str, Any]) -> Found:
    failures = explainer.failures(record, explainer.settled(record, DAY)[1])
    out: Found = []
    columns = (failures.territory, failures.stopper, failures.rule, failures.leaf, failures.held_share)
    for territory, stopper, number, leaf, share in zip(*(c.tolist() for c in columns), strict=True):
        above = plan.preorder[stopper]
        rule = next(r for r in above.rules if r.key == explainer.compiled.rules[number].key)
        out.append((plan.preorder[territory].key, above.key, rule.key, signed_leaf(rule.condition, leaf), share))
    return out


@st.composite
def worlds(draw: st.DrawFn) -> Plan:
    """A plan whose rules ask for anything."""
    found = draw(plans(conditions(max_leaves=10)))
    return Plan(found.key, types=found.types, territories=found.territories, lists=tuple(LISTS.values()), pins=found.pins)


@given(worlds(), records())
def test_all_losers_at_once_are_those_found_one_by_one(plan: Plan, record: dict[str, Any]) -> None:
    explainer = Explainer(plan, FIELDS, CURRENCY)
    assert at_once(explainer, plan, record) == one_by_one(explainer, plan, record)


@given(conditions())
def test_leaves_are_numbered_from_left_to_right(condition: Condition) -> None:
    for i, leaf in enumerate(leaves(condition)):
        found = signed_leaf(condition, i)
        assert leaf in (found, found.part if isinstance(found, Not) else None)
    assert signed_leaf(condition, -1) is None


def test_of_several_rules_the_nearest_as_written_is_named() -> None:
    rules = (
        Rule("late", And((Equals("code", "X"), Range("employees", 5, 9))), priority=9),
        Rule("early", And((Range("employees", 5, 9), Equals("code", "Y"))), priority=1),
        Rule("far", Or((Prefix("code", "Z"), Not(Equals("employees", 7))))),
    )
    plan = Plan("p", territories=(Territory("t", "geo", rules=rules),))
    failed = Explainer(plan, FIELDS, CURRENCY).explain({"id": "A", "code": "A", "employees": 7}, DAY).failed[0]
    assert (failed.rule.key, failed.held_share) == ("late", 0.5)
    assert [literal.text for literal in failed.rule.literals] == ["code = 'X'"]


def test_a_plan_without_rules_fails_nobody() -> None:
    plan = Plan("p", territories=(Territory("all", "geo", is_catch_all=True), Territory("idle", "geo", parent="all")))
    found = Explainer(plan, FIELDS, CURRENCY).explain({"id": "A"}, DAY)
    assert ([h.territory.key for h in found.held], found.failed, found.failed_count) == (["all"], (), 0)


def test_failures_are_paged_and_searched_by_territory() -> None:
    territories = tuple(Territory(f"t{i:02d}", "geo", f"Place {i}", rules=(Rule("r", Equals("code", f"C{i}")),)) for i in range(30))
    explainer = Explainer(Plan("p", territories=territories), FIELDS, CURRENCY)
    record = {"id": "A", "code": "none"}
    second = explainer.explain(record, DAY, limit=10, first=10)
    assert [f.territory.key for f in second.failed] == [f"t{i}" for i in range(10, 20)]
    assert second.failed_count == 30
    named = explainer.explain(record, DAY, words=("PLACE", "t2"))
    assert [f.territory.key for f in named.failed] == [f"t{i}" for i in range(20, 30)]
    assert named.failed_count == 10
    assert len(explainer.explain(record, DAY, limit=None).failed) == 30
