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
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Territory, TerritoryType
from metes.rules.affected import Changes, changed_rules
from metes.rules.compile import compile_plan
from metes.rules.precedence import settle
from metes.rules.predicate import holds
from tests.rules.plan_edits import Editor, put
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


EDITOR = Editor(with_lists(plain_conditions()), KEYS, [("A", "B"), ("B",), ("A", "A")], [LATER])
plans = any_plans(with_lists(plain_conditions())).map(lambda plan: replace(plan, lists=(LISTED,)))


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
    after = EDITOR.edited(data.draw, before)
    if data.draw(st.booleans()):
        after = EDITOR.edited(data.draw, after)
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


def test_a_pin_to_a_territory_that_goes_touches_its_account() -> None:
    spare = Territory("spare", "geo")
    before = replace(PLAN, territories=(*PLAN.territories, spare), pins=(Pin("A9", "spare", "agreed"),))
    assert changes_to(replace(before, territories=PLAN.territories), before) == Changes(accounts=frozenset({"A9"}))
    assert changes_to(before, replace(before, territories=PLAN.territories)) == Changes(accounts=frozenset({"A9"}))
