"""What a change of plan may touch, held against deciding every account anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metes.base.dates import Period
from metes.model.condition import EVERYTHING, And, Condition, Equals, In, InList, Not, Or, Prefix
from metes.model.plan import Area, NamedList, Pin, Plan, Policy, Role, Rule, Territory, TerritoryType
from metes.rules.affected import Changes, changed_rules
from metes.rules.compile import compile_plan
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from tests.rules.plans import DAY, KEYS, plain_conditions
from tests.rules.plans import plans as any_plans
from tests.rules.strategies import CURRENCY, FIELDS

LATER = date(2024, 7, 1)
RECORDS = [{"id": key, "employees": i % 6, "code": "AB"[i % 2]} for i, key in enumerate(KEYS)]
LISTED = NamedList("picked", ("A",))


def with_lists(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Conditions of which some ask for a named list."""
    listed = InList("code", "picked")
    return conditions | conditions.map(lambda c: And((c, listed))) | conditions.map(lambda c: Or((Not(listed), c)))


plans = any_plans(with_lists(plain_conditions())).map(lambda plan: replace(plan, lists=(LISTED,)))


@st.composite
def edited(draw: st.DrawFn, plan: Plan) -> Plan:
    """The plan after one or two edits."""
    for _ in range(draw(st.integers(1, 2))):
        plan = draw(st.sampled_from(_EDITS))(draw, plan)
    return plan


def some_territory(draw: st.DrawFn, plan: Plan) -> Territory:
    """A territory of the plan."""
    return draw(st.sampled_from(plan.territories))


def put(plan: Plan, territory: Territory) -> Plan:
    """The plan with a territory in the place of the one with its key."""
    return replace(plan, territories=tuple(territory if t.key == territory.key else t for t in plan.territories))


def change_rules(draw: st.DrawFn, plan: Plan) -> Plan:
    """Other rules, none, or one more."""
    territory = some_territory(draw, plan)
    rule = Rule(
        draw(st.sampled_from(["r0", "r1", "r2"])), draw(with_lists(plain_conditions())), priority=draw(st.sampled_from([1, 2]))
    )
    kept = tuple(r for r in territory.rules if r.key != rule.key)
    return put(plan, replace(territory, rules=draw(st.sampled_from([(), kept, (*kept, rule), (*kept, rule)]))))


def move(draw: st.DrawFn, plan: Plan) -> Plan:
    """A territory under another parent, which may even make a cycle."""
    parents = [None, *(t.key for t in plan.territories)]
    return put(plan, replace(some_territory(draw, plan), parent=draw(st.sampled_from(parents))))


def remove(draw: st.DrawFn, plan: Plan) -> Plan:
    """Without a territory; what stood below it takes nothing any more."""
    gone = some_territory(draw, plan)
    left = tuple(t for t in plan.territories if t.key != gone.key)
    return replace(plan, territories=left) if left else plan


def change_territory(draw: st.DrawFn, plan: Plan) -> Plan:
    """Another type, share or way of taking."""
    territory = some_territory(draw, plan)
    return put(
        plan,
        replace(
            territory,
            type=draw(st.sampled_from(plan.types)).key,
            share=draw(st.sampled_from([None, 0.5])),
            is_catch_all=draw(st.booleans()),
        ),
    )


def rerank(draw: st.DrawFn, plan: Plan) -> Plan:
    """Another priority of every rule of a territory."""
    territory = some_territory(draw, plan)
    return put(plan, replace(territory, rules=tuple(replace(r, priority=draw(st.sampled_from([0, 9]))) for r in territory.rules)))


def change_type(draw: st.DrawFn, plan: Plan) -> Plan:
    """Another role, policy or priority of a type."""
    key = draw(st.sampled_from(plan.types)).key
    change = draw(
        st.sampled_from(
            [{"priority": -2}, {"priority": 999}, {"role": Role.OVERLAY}, {"policy": Policy.SPLIT}, {"policy": Policy.PRIORITY}]
        )
    )
    return replace(plan, types=tuple(replace(t, **change) if t.key == key else t for t in plan.types))


def change_list(draw: st.DrawFn, plan: Plan) -> Plan:
    """Other values in the list."""
    return replace(plan, lists=(NamedList("picked", draw(st.sampled_from([("A", "B"), ("B",), ("A", "A")]))),))


def change_pins(draw: st.DrawFn, plan: Plan) -> Plan:
    """One pin or exclusion more, or one fewer."""
    period = draw(st.sampled_from([Period(), Period(LATER), Period(None, LATER)]))
    pin = Pin(draw(st.sampled_from(KEYS)), some_territory(draw, plan).key, "agreed", "ops", period, draw(st.booleans()))
    return replace(plan, pins=draw(st.sampled_from([(*plan.pins, pin), plan.pins[1:]])))


_EDITS = [change_rules, rerank, move, remove, change_territory, change_type, change_list, change_pins]


def holdings(plan: Plan, record: dict[str, Any], day: date) -> set[tuple[str, str, float, str]]:
    """Who holds the account of a record, by the slow truth."""
    compiled = compile_plan(plan, FIELDS, CURRENCY)
    held = [rule.number for rule in compiled.rules if holds(rule.condition, record, plan.list_by_key)]
    settled = settle(plan, compiled, held, record["id"], day)
    return {(h.candidate.territory.key, h.role.value, round(h.share, 9), h.candidate.via.value) for h in settled.holdings}


def may_touch(changes: Changes, before: Plan, after: Plan, record: dict[str, Any]) -> bool:
    """Whether the account of a record is among those that the changes tell."""
    return (
        bool(changes.reason)
        or record["id"] in changes.accounts
        or any(holds(c, record, before.list_by_key) for c in changes.before)
        or any(holds(c, record, after.list_by_key) for c in changes.after)
    )


@given(st.data(), plans)
def test_an_account_that_a_change_cannot_touch_is_held_as_before(data: st.DataObject, before: Plan) -> None:
    after = data.draw(edited(before))
    days = data.draw(st.sampled_from([(DAY, DAY), (DAY, LATER)]))
    changes = changed_rules(before, after, *days)
    for record in RECORDS:
        if not may_touch(changes, before, after, record):
            assert holdings(before, record, days[0]) == holdings(after, record, days[1])


WEST = Territory("west", "geo", rules=(Rule("all", In("employees", (1, 2, 3))),))
FRONT = Territory("front", "geo", parent="west", rules=(Rule("one", Equals("employees", 1)), Rule("two", Equals("employees", 2))))
HOUSE = Territory("house", "geo", is_catch_all=True)
# west (employees 1, 2, 3) above front (employees 1, or 2); house takes the rest.
PLAN = Plan("p", types=(TerritoryType("geo"),), territories=(WEST, FRONT, HOUSE), lists=(LISTED,))


def changes_to(after: Plan, before: Plan = PLAN) -> Changes:
    """What changes from one plan to another on one day."""
    return changed_rules(before, after, DAY, DAY)


def test_nothing_is_touched_where_names_colours_and_notes_alone_change() -> None:
    after = put(PLAN, replace(FRONT, name="Front", colour=3, rules=tuple(replace(r, name="R", note="n") for r in FRONT.rules)))
    assert changes_to(replace(after, name="Plan", territories=after.territories[::-1])) == Changes()


def test_a_changed_rule_speaks_for_itself_before_and_after() -> None:
    one, two = FRONT.rules
    changes = changes_to(put(PLAN, replace(FRONT, rules=(replace(one, condition=Equals("employees", 3)), two))))
    assert changes == Changes((Equals("employees", 1),), (Equals("employees", 3),))


def test_a_rule_with_another_priority_is_evaluated_once() -> None:
    one, two = FRONT.rules
    assert changes_to(put(PLAN, replace(FRONT, rules=(replace(one, priority=1), two)))) == Changes((), (one.condition,))


def test_a_territory_that_loses_its_last_rule_touches_what_it_and_those_below_took() -> None:
    changes = changes_to(put(PLAN, replace(WEST, rules=())))
    assert set(changes.before) == {WEST.rules[0].condition, *(r.condition for r in FRONT.rules)}
    assert set(changes.after) == {r.condition for r in FRONT.rules}


def test_a_moved_territory_touches_what_its_rules_take() -> None:
    changes = changes_to(put(PLAN, replace(FRONT, parent=None)))
    assert set(changes.before) == set(changes.after) == {r.condition for r in FRONT.rules}


def test_a_catch_all_without_rules_touches_every_account() -> None:
    reason = "territory spare, which can take any account, is new or stands otherwise"
    assert changes_to(replace(PLAN, territories=(*PLAN.territories, Territory("spare", "geo", is_catch_all=True)))).reason == reason
    below = Territory("spare", "geo", parent="west", is_catch_all=True)
    assert changes_to(replace(PLAN, territories=(*PLAN.territories, below))) == Changes((), (WEST.rules[0].condition,))


def test_a_type_touches_what_its_territories_take() -> None:
    changes = changes_to(replace(PLAN, types=(TerritoryType("geo", priority=7),)))
    assert "can take any account" in changes.reason


def test_a_list_touches_the_rules_that_ask_for_it_and_repeats_in_it_none() -> None:
    condition = And((InList("code", "picked"), Not(Prefix("name", "x"))))
    before = put(PLAN, replace(FRONT, rules=(Rule("listed", condition),)))
    assert changes_to(replace(before, lists=(NamedList("picked", ("A", "B")),)), before) == Changes((condition,), (condition,))
    assert changes_to(replace(before, lists=(NamedList("picked", ("A", "A")),)), before) == Changes()


@pytest.mark.parametrize("name", ["area:ring", "family.area:ring"])
def test_an_area_touches_the_rules_that_ask_for_it_of_the_account_or_its_family(name: str) -> None:
    condition = Equals(name, True)
    before = replace(put(PLAN, replace(FRONT, rules=(Rule("inside", condition),))), areas=(Area("ring", "{}"), Area("other", "{}")))
    assert changes_to(replace(before, areas=(Area("ring", "[]"), Area("other", "{}"))), before) == Changes(
        (condition,), (condition,)
    )
    assert changes_to(replace(before, areas=(Area("ring", "{}"), Area("other", "[]"))), before) == Changes()


def test_pins_touch_their_accounts_when_they_come_go_begin_or_end() -> None:
    pins = tuple(
        Pin(account, "front", "agreed", period=period, is_exclusion=is_exclusion)
        for account, period, is_exclusion in [
            ("A1", Period(None, LATER), False),
            ("A2", Period(LATER), True),
            ("A3", Period(), False),
            ("A4", Period(), True),
        ]
    )
    before = replace(PLAN, pins=pins[:3])
    assert changed_rules(before, replace(PLAN, pins=pins), DAY, LATER) == Changes(accounts=frozenset({"A1", "A2", "A4"}))


def test_a_pin_to_a_territory_that_moves_touches_its_account() -> None:
    before = replace(PLAN, pins=(Pin("A9", "front", "agreed"), Pin("A8", "west", "agreed")))
    assert changes_to(put(before, replace(FRONT, parent=None)), before).accounts == {"A9"}


def test_a_rule_for_everything_is_a_rule_like_others() -> None:
    after = replace(PLAN, territories=(*PLAN.territories, Territory("all", "geo", rules=(Rule("any", EVERYTHING),))))
    assert changes_to(after) == Changes((), (EVERYTHING,))
