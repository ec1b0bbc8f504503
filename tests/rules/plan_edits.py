"""Edits of plans, drawn one by one, for the property tests of what a change of plan may touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from hypothesis import strategies as st

from metes.base.dates import Period
from metes.model.condition import Condition
from metes.model.plan import NamedList, Pin, Plan, Policy, Role, Rule, Territory

LIST = "picked"
EDITS = ["change_rules", "rerank", "move", "add", "remove", "change_territory", "change_type", "change_list", "change_pins"]


@dataclass(frozen=True)
class Editor:
    """Draws edits: conditions of rules, keys of accounts to pin, values of the list `picked`, and days on which pins begin or end."""

    conditions: st.SearchStrategy[Condition]
    accounts: Sequence[str]
    values: Sequence[tuple[str, ...]]
    days: Sequence[date]

    def edited(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """The plan after one edit."""
        edit: Plan = getattr(self, draw(st.sampled_from(EDITS)))(draw, plan)
        return edit

    def change_rules(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """Other rules, none, or one more."""
        territory = some_territory(draw, plan)
        rule = Rule(draw(st.sampled_from(["r0", "r1", "r2"])), draw(self.conditions), priority=draw(st.sampled_from([1, 2])))
        kept = tuple(r for r in territory.rules if r.key != rule.key)
        return put(plan, replace(territory, rules=draw(st.sampled_from([(), kept, (*kept, rule), (*kept, rule)]))))

    def rerank(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """Another priority of every rule of a territory."""
        territory = some_territory(draw, plan)
        return put(
            plan, replace(territory, rules=tuple(replace(r, priority=draw(st.sampled_from([0, 9]))) for r in territory.rules))
        )

    def move(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """A territory under another parent, which may even make a cycle."""
        parents = [None, *(t.key for t in plan.territories)]
        return put(plan, replace(some_territory(draw, plan), parent=draw(st.sampled_from(parents))))

    def add(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """One more territory, or that of its key anew."""
        parents = [None, *(t.key for t in plan.territories)]
        key, parent = draw(st.sampled_from(["n1", "n2", "n3"])), draw(st.sampled_from(parents))
        type = draw(st.sampled_from(plan.types)).key
        new = Territory(key, type, parent=None if parent == key else parent, rules=(Rule("r0", draw(self.conditions)),))
        return put(plan, new) if key in plan.territory_by_key else replace(plan, territories=(*plan.territories, new))

    def remove(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """Without a territory; what stood below it takes nothing any more."""
        gone = some_territory(draw, plan)
        left = tuple(t for t in plan.territories if t.key != gone.key)
        return replace(plan, territories=left) if left else plan

    def change_territory(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """Another type, share or way of taking."""
        type, share, is_catch_all = draw(st.sampled_from(plan.types)).key, draw(st.sampled_from([None, 0.5])), draw(st.booleans())
        return put(plan, replace(some_territory(draw, plan), type=type, share=share, is_catch_all=is_catch_all))

    def change_type(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """Another role, policy or priority of a type."""
        key = draw(st.sampled_from(plan.types)).key
        split, shared = {"policy": Policy.SPLIT}, {"policy": Policy.PRIORITY}
        change = draw(st.sampled_from([{"priority": -2}, {"priority": 999}, {"role": Role.OVERLAY}, split, shared]))
        return replace(plan, types=tuple(replace(t, **change) if t.key == key else t for t in plan.types))

    def change_list(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """Other values in the list."""
        return replace(plan, lists=(NamedList(LIST, draw(st.sampled_from(self.values))),))

    def change_pins(self, draw: st.DrawFn, plan: Plan) -> Plan:
        """One pin or exclusion more, or one fewer."""
        day = draw(st.sampled_from(self.days))
        period = draw(st.sampled_from([Period(), Period(day), Period(None, day)]))
        account, territory = draw(st.sampled_from(self.accounts)), some_territory(draw, plan).key
        pin = Pin(account, territory, "agreed", "ops", period, draw(st.booleans()))
        return replace(plan, pins=draw(st.sampled_from([(*plan.pins, pin), plan.pins[1:]])))


def some_territory(draw: st.DrawFn, plan: Plan) -> Territory:
    """A territory of the plan."""
    return draw(st.sampled_from(plan.territories))


def put(plan: Plan, territory: Territory) -> Plan:
    """The plan with a territory in the place of the one with its key."""
    return replace(plan, territories=tuple(territory if t.key == territory.key else t for t in plan.territories))
