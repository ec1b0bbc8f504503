"""Two plans that came from one, merged."""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metes.model.condition import Equals
from metes.model.plan import Pin, Plan, Rule, Seat, Territory
from metes.plan import edit
from metes.plan.diff import Act, diff
from metes.plan.merge import Clash, Merged, Side, merge, settle, settle_all
from metes.plan.nodes import nodes_of, plan_of
from metes.plan.order import in_order
from tests.plan.edits import COMPANY, Edit, edited, edits
from tests.plan.strategies import plans

SOAK = 20 if os.environ.get("METES_SOAK") else 1
RELAXED = {"suppress_health_check": [HealthCheck.too_slow], "deadline": None, "derandomize": SOAK == 1}
UNDOES = {Act.ADD: Act.REMOVE, Act.REMOVE: Act.ADD, Act.CHANGE: Act.CHANGE, Act.MOVE: Act.MOVE}


def renamed(plan: Plan, key: str, name: str) -> Plan:
    """The plan with another name of a territory."""
    return edit.with_territory(plan, replace(plan.territory_by_key[key], name=name))


def keys_of(merged: Merged) -> dict[str, Clash]:
    """The conflicts by key."""
    return {conflict.key: conflict.kind for conflict in merged.conflicts}


# --- laws ------------------------------------------------------------------------------------------------------------------------


@given(plans(), plans())
@settings(max_examples=25 * SOAK, **RELAXED)
def test_a_merge_with_a_side_that_changed_nothing_is_the_other_side(base: Plan, other: Plan) -> None:
    for merged, wanted in (
        (merge(base, other, base), other),
        (merge(base, base, other), other),
        (merge(base, other, other), other),
    ):
        assert (merged.plan, merged.conflicts) == (wanted, ())


@given(edits(), edits())
@settings(max_examples=150 * SOAK, **RELAXED)
def test_what_the_other_side_did_is_in_the_merge_or_in_a_conflict(one: list[Edit], other: list[Edit]) -> None:
    ours, theirs = edited(COMPANY, one), edited(COMPANY, other)
    merged = merge(COMPANY, ours, theirs)
    for mine, yours in ((ours, theirs), (theirs, ours)):
        done = {(step.subject, step.field, step.act) for step in diff(COMPANY, yours)}
        left = {(step.subject, step.field, step.act) for step in diff(yours, merged.plan)}
        undone = {(subject, field, UNDOES[act]) for subject, field, act in left if field != "values"}
        assert not done & undone or merged.conflicts
        if not merged.conflicts:
            assert {subject for subject, _, _ in left} <= {step.subject for step in diff(COMPANY, mine)}


@given(edits(), edits(), st.sampled_from(Side), st.integers(0, 2**20))
@settings(max_examples=150 * SOAK, **RELAXED)
def test_however_conflicts_are_settled_the_merge_is_a_plan_with_a_text(
    one: list[Edit], other: list[Edit], rest: Side, choose: int
) -> None:
    merged = merge(COMPANY, edited(COMPANY, one), edited(COMPANY, other))
    assert in_order(merged.plan) == merged.plan
    assert not merged.conflicts or not merged.is_settled
    whole = settle_all(merged, rest)
    assert whole.is_settled
    assert in_order(whole.plan) == whole.plan
    choices: dict[str, Side] = {}
    for _ in range(50):
        if merged.is_settled:
            break
        for number, conflict in enumerate(merged.unsettled):
            choices[conflict.key] = list(Side)[choose // 3**number % 3]
        merged = settle(merged, choices)
    assert merged.is_settled
    root, nodes = nodes_of(merged.plan)
    assert plan_of(root, nodes.__getitem__) == merged.plan
    assert {seat.territory for seat in merged.plan.seats} <= set(merged.plan.territory_by_key)
    assert {pin.territory for pin in merged.plan.pins} <= set(merged.plan.territory_by_key)


@given(edits(), edits())
@settings(max_examples=100 * SOAK, **RELAXED)
def test_taking_all_of_one_side_where_they_conflict_keeps_its_own_changes(one: list[Edit], other: list[Edit]) -> None:
    ours, theirs = edited(COMPANY, one), edited(COMPANY, other)
    merged = settle_all(merge(COMPANY, ours, theirs), "ours")
    mirrored = settle_all(merge(COMPANY, theirs, ours), "theirs")
    assert diff(merged.plan, mirrored.plan) == ()


@given(edits(), edits())
@settings(max_examples=100 * SOAK, **RELAXED)
def test_conflicts_are_the_same_seen_from_either_side(one: list[Edit], other: list[Edit]) -> None:
    ours, theirs = edited(COMPANY, one), edited(COMPANY, other)
    here, there = merge(COMPANY, ours, theirs), merge(COMPANY, theirs, ours)
    if all(c.kind is Clash.FIELD for c in here.conflicts):
        assert keys_of(here) == keys_of(there)
        assert {(c.ours, c.theirs) for c in here.conflicts} == {(c.theirs, c.ours) for c in there.conflicts}


WEST = (st.sampled_from(["west", "bay", "coast"]), st.sampled_from(["west-1", "bay-1"]))
EAST = (st.sampled_from(["east", "north", "south"]), st.sampled_from(["east-1"]))


@st.composite
def changes_within(draw: st.DrawFn, half: str) -> list[tuple[str, str, str, int]]:
    """Changes that touch one half of the tree alone."""
    territories, seats = WEST if half == "west" else EAST
    kinds = st.sampled_from(["name", "rule", "seat", "child", "pin", "value"])
    return draw(st.lists(st.tuples(kinds, territories, seats, st.integers(0, 3)), max_size=5))


def changed_within(plan: Plan, changes: list[tuple[str, str, str, int]], half: str) -> Plan:
    """The plan after changes within one half."""
    for kind, territory, seat, n in changes:
        if kind == "name":
            plan = renamed(plan, territory, f"{half} {n}")
        elif kind == "rule":
            plan = edit.with_rule(plan, territory, Rule(f"r{n}", Equals("region", f"US-{n}")))
        elif kind == "seat":
            plan = edit.with_seat(plan, Seat(seat, territory, capacity_hours=n + 1))
        elif kind == "child":
            plan = edit.with_territory(plan, Territory(f"{half}-{n}", "geo", parent=territory))
        elif kind == "pin":
            plan = edit.with_pin(plan, Pin(f"{half}-{n}", territory, "because"))
        else:
            named = plan.list_by_key["strategic"]
            values = tuple(v for v in named.values if v != ("A1" if half == "west" else "A2"))
            plan = edit.with_list(plan, replace(named, values=tuple(dict.fromkeys((*values, f"{half}-{n}")))))
    return in_order(plan)


@given(changes_within("west"), changes_within("east"))
@settings(max_examples=80 * SOAK, **RELAXED)
def test_merging_independent_edits_equals_doing_both_in_either_order(
    west: list[tuple[str, str, str, int]], east: list[tuple[str, str, str, int]]
) -> None:
    ours, theirs = changed_within(COMPANY, west, "west"), changed_within(COMPANY, east, "east")
    merged = merge(COMPANY, ours, theirs)
    assert merged.conflicts == ()
    for both in (changed_within(ours, east, "east"), changed_within(theirs, west, "west")):
        steps = diff(merged.plan, both)
        assert [step for step in steps if step.kind != "list"] == []
        assert {s.act.value for s in steps} <= {"change"}  # the order of a list's values at most
