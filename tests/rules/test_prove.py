"""A proof against the slow truth on generated plans and books: what is proved never fails, what is found is real."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from metes.model.condition import Condition, Equals, Range
from metes.model.plan import Plan, Role, Rule, Territory, TerritoryType
from metes.rules.compile import CompiledRules, compile_plan
from metes.rules.precedence import Settlement, Step, settle, takes, type_of
from metes.rules.predicate import holds
from metes.rules.prove import Proof, prove
from metes.rules.prove_boxes import Boxes
from metes.rules.prove_overlap import OverlapIndex
from metes.rules.prove_samples import FEW, rules_that_hold
from tests.rules import plans, strategies
from tests.rules.plans import DAY
from tests.rules.strategies import CURRENCY, FIELDS, LISTS

Record = dict[str, Any]


def small_conditions() -> st.SearchStrategy[Condition]:
    """Conditions over few fields, so that rules of one plan often overlap, cover each other or leave nothing."""
    few = {name: FIELDS[name] for name in ("id", "code", "employees", "is_partner")}
    return st.one_of(strategies.conditions(4, few), strategies.conditions(8, few), plans.plain_conditions())


def settled(plan: Plan, compiled: CompiledRules, record: Record) -> Settlement:
    """The slow truth for one account."""
    held = [rule.number for rule in compiled.rules if holds(rule.condition, record, plan.list_by_key)]
    return settle(plan, compiled, held, str(record["id"]), DAY)


def level_losers(plan: Plan, settlement: Settlement) -> list[str]:
    """The primary territories that lost by their key alone."""
    return [
        loss.candidate.territory.key
        for loss in settlement.losses
        if loss.step is Step.TERRITORY_KEY and type_of(plan, loss.candidate.territory).role is Role.PRIMARY
    ]


def books() -> st.SearchStrategy[list[Record]]:
    """Accounts with an id each, some of them named by rules and pins."""
    ids = st.sampled_from([*plans.KEYS, "A", "80202", "OTHER", ""])
    return st.lists(st.tuples(strategies.records(), ids).map(lambda pair: {**pair[0], "id": pair[1]}), min_size=1, max_size=25)


def proved(plan: Plan) -> tuple[Proof, CompiledRules]:
    """The plan's proof."""
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    return prove(plan, compiled, DAY), compiled


def with_lists(plan: Plan) -> Plan:
    """The plan with the lists that generated rules ask for."""
    return Plan("p", types=plan.types, territories=plan.territories, pins=plan.pins, lists=tuple(LISTS.values()))


def taken(plan: Plan, compiled: CompiledRules, rule: int, record: Record) -> bool:
    """Whether a rule takes an account within what its territory's parents take."""
    if not holds(compiled.rules[rule].condition, record, plan.list_by_key):
        return False
    ruled = {plan.territories[r.territory].key for r in compiled.rules if holds(r.condition, record, plan.list_by_key)}
    return takes(plan, plan.territories[compiled.rules[rule].territory], ruled)


@settings(max_examples=120)
@given(plans.plans(small_conditions()).map(with_lists), books())
def test_a_plan_that_is_proved_never_yields_a_gap_or_a_double(plan: Plan, book: list[Record]) -> None:
    proof, compiled = proved(plan)
    for record in book:
        settlement = settled(plan, compiled, record)
        if not proof.gaps and not any(left.what == "gap" for left in proof.open):
            assert settlement.primaries
        if not proof.doubles and not any(left.what == "double" for left in proof.open):
            assert not level_losers(plan, settlement)


@settings(max_examples=120)
@given(plans.plans(small_conditions()).map(with_lists))
def test_every_example_of_a_gap_or_a_double_is_one(plan: Plan) -> None:
    proof, compiled = proved(plan)
    for example in proof.gaps:
        assert not settled(plan, compiled, {"id": "?", **example}).primaries
    for double in proof.doubles:
        settlement = settled(plan, compiled, dict(double.example))
        order = plan.preorder
        assert order[double.loser].key in level_losers(plan, settlement)
        # Several hold together where a type splits; the winner is one of them.
        assert order[double.winner] in [primary.candidate.territory for primary in settlement.primaries]


@settings(max_examples=100)
@given(plans.plans(small_conditions()).map(with_lists), books())
def test_rules_said_to_take_or_hold_nothing_do_not_on_any_account(plan: Plan, book: list[Record]) -> None:
    proof, compiled = proved(plan)
    examples = [dict(found.example) for found in proof.shadowed]
    for record in [*book, *examples]:
        for found in proof.unreachable:
            assert not taken(plan, compiled, found.rule, record)
        held = {holding.candidate.territory.key for holding in settled(plan, compiled, record).holdings}
        pinned = {pin.account for pin in plan.pins if pin.holds_on(DAY)}
        for shadowed in proof.shadowed:
            if taken(plan, compiled, shadowed.rule, record) and record["id"] not in pinned:
                assert plan.territories[compiled.rules[shadowed.rule].territory].key not in held
    for shadowed in proof.shadowed:
        assert taken(plan, compiled, shadowed.rule, dict(shadowed.example))


@settings(max_examples=100)
@given(plans.plans().map(with_lists))
def test_plain_plans_are_always_decided(plan: Plan) -> None:
    assert not proved(plan)[0].open


def test_rules_that_are_broad_by_themselves_are_tried_within_their_parents() -> None:
    """A tree of broad rules under narrow ones: what a made-up account meets must not grow with the tree's breadth."""
    territories = [Territory("root", "geo")]
    for i in range(300):
        territories.append(Territory(f"c{i}", "geo", parent="root", rules=(Rule("r", Equals("code", f"C{i}")),)))
        territories.append(Territory(f"d{i}", "geo", parent=f"c{i}", rules=(Rule("r", Range("employees", low=1)),)))
    plan = Plan("deep", types=(TerritoryType("geo"),), territories=tuple(territories))
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    records = [{"id": f"A{i}", "code": f"C{i % 300}", "employees": 5} for i in range(FEW + 100)]
    boxes = Boxes(plan, compiled, DAY, {}.__getitem__)
    sample, rule = rules_that_hold(records, OverlapIndex(boxes.boxes), compiled)
    assert len(sample) == 2 * len(records)
    assert {compiled.plan.territories[compiled.rules[r].territory].key for r in rule[:2].tolist()} == {"c0", "d0"}
