"""Two plans that came from one, merged."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.model.condition import Equals, In, InList
from metes.model.plan import NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import edit
from metes.plan.diff import Act, Step, diff
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
        done = {(_part(step), step.field, step.act) for step in diff(COMPANY, yours)}
        left = diff(yours, merged.plan)
        undone = {(_part(step), step.field, UNDOES[step.act]) for step in left if step.field != "values"}
        assert not done & undone or merged.conflicts
        if not merged.conflicts:
            assert {step.subject for step in left} <= {step.subject for step in diff(COMPANY, mine)}


def _part(step: Step) -> str:
    """What a step is about; pins of one account and territory are told apart by their days, which stand behind the first word."""
    return step.subject if step.field else step.sentence.split(" ", 1)[1]


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
    assert [step for step in diff(merged.plan, mirrored.plan) if step.field != "values"] == []  # order of values at most


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


@given(changes_within("west"), changes_within("east"))
@settings(max_examples=80 * SOAK, **RELAXED)
def test_what_was_published_is_taken_back_exactly_and_beneath_what_came_later(
    west: list[tuple[str, str, str, int]], east: list[tuple[str, str, str, int]]
) -> None:
    made = changed_within(COMPANY, west, "west")
    back = merge(made, made, COMPANY)
    assert nodes_of(back.plan)[0] == nodes_of(COMPANY)[0]  # the same content, so that every derived answer is the same
    later = changed_within(made, east, "east")
    beneath = merge(made, later, COMPANY)
    assert beneath.conflicts == ()
    wanted = changed_within(COMPANY, east, "east")
    assert [step for step in diff(beneath.plan, wanted) if step.kind != "list"] == []


# --- conflicts, one of each kind ----------------------------------------------------------------------------------------------------


def test_one_field_changed_in_two_ways_is_told_in_its_words_and_settled_three_ways() -> None:
    merged = merge(COMPANY, renamed(COMPANY, "west", "Far West"), renamed(COMPANY, "west", "Pacific"))
    (conflict,) = merged.conflicts
    assert (conflict.key, conflict.kind, conflict.territory) == ("territory:west:name", Clash.FIELD, "west")
    assert (conflict.base, conflict.ours, conflict.theirs) == ("West", "Far West", "Pacific")
    assert conflict.sentence == "Both changed the name of territory west: it was 'West'; ours made it 'Far West', theirs 'Pacific'."
    assert merged.plan.territory_by_key["west"].name == "Far West"
    for side, name in (("ours", "Far West"), ("theirs", "Pacific"), ("base", "West")):
        settled = settle(merged, {conflict.key: side})
        assert settled.is_settled
        assert settled.plan.territory_by_key["west"].name == name


def test_two_fields_of_one_rule_join_and_its_condition_conflicts() -> None:
    rule = COMPANY.territory_by_key["west"].rules[0]
    ours = edit.with_rule(COMPANY, "west", replace(rule, note="Ours.", condition=Equals("region", "US-CA")))
    theirs = edit.with_rule(COMPANY, "west", replace(rule, priority=5, condition=In("region", ("US-CA", "US-WA"))))
    merged = merge(COMPANY, ours, theirs)
    (conflict,) = merged.conflicts
    assert conflict.key == "rule:west/states:condition"
    assert (conflict.ours, conflict.theirs) == ("region = 'US-CA'", "region in ('US-CA', 'US-WA')")
    found = merged.plan.territory_by_key["west"].rules[0]
    assert (found.note, found.priority, found.condition) == ("Ours.", 5, Equals("region", "US-CA"))


def test_list_values_and_licences_join_as_sets() -> None:
    ours = edit.with_list(COMPANY, NamedList("strategic", ("A1", "A3", "A4")))
    theirs = edit.with_list(COMPANY, NamedList("strategic", ("A2", "A3", "A5")))
    seat = next(s for s in COMPANY.seats if s.key == "west-1")
    ours = edit.with_seat(ours, replace(seat, licences=("us-ca", "us-or")))
    theirs = edit.with_seat(theirs, replace(seat, licences=("us-wa",)))
    merged = merge(COMPANY, ours, theirs)
    assert merged.conflicts == ()
    assert merged.plan.list_by_key["strategic"].values == ("A3", "A4", "A5")
    assert next(s for s in merged.plan.seats if s.key == "west-1").licences == ("us-or", "us-wa")


def test_a_removed_subtree_against_an_edit_below_it_is_one_conflict() -> None:
    ours = edit.without_subtree(COMPANY, "west")
    theirs = renamed(edit.with_territory(COMPANY, Territory("dock", "geo", "Docks", "city")), "bay", "Greater Bay")
    theirs = edit.with_pin(edit.with_seat(theirs, Seat("dock-1", "dock")), Pin("A9", "dock", "asked for it"))
    merged = merge(COMPANY, ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.key, conflict.kind) == ("territory:west", Clash.REMOVED)
    assert conflict.ours == "removed with 3 below it"
    assert conflict.sentence == (
        "Ours removed territory west with 3 below it; theirs changed or uses it: Change name of territory bay from 'Bay Area' to "
        "'Greater Bay'. Add territory dock (Docks) under city. Add seat dock-1 on dock. Add pin of account A9 to dock."
    )
    assert diff(settle(merged, {conflict.key: "ours"}).plan, ours) == ()
    assert diff(settle(merged, {conflict.key: "theirs"}).plan, theirs) == ()
    assert diff(settle(merged, {conflict.key: "base"}).plan, COMPANY) == ()
    mirrored = merge(COMPANY, theirs, ours)
    assert keys_of(mirrored) == keys_of(merged)
    assert diff(settle(mirrored, {conflict.key: "theirs"}).plan, ours) == ()


def test_a_removed_territory_against_a_new_child_seat_pin_or_rule_is_a_conflict() -> None:
    ours = edit.without_subtree(COMPANY, "coast")
    for theirs in (
        edit.with_territory(COMPANY, Territory("reef", "geo", parent="coast")),
        edit.moved(COMPANY, "south", "coast"),
        edit.with_seat(COMPANY, Seat("coast-1", "coast")),
        edit.with_seat(COMPANY, replace(COMPANY.seats[1], territory="coast")),
        edit.with_pin(COMPANY, Pin("A9", "coast", "asked for it")),
        edit.with_rule(COMPANY, "coast", Rule("beach", Equals("city", "Santa Cruz"))),
    ):
        merged = merge(COMPANY, ours, theirs)
        assert keys_of(merged) == {"territory:coast": Clash.REMOVED}
        assert merge(COMPANY, ours, edit.with_pin(COMPANY, Pin("A9", "west", "elsewhere"))).is_settled
        assert diff(settle(merged, {"territory:coast": "theirs"}).plan, theirs) == ()
        kept = settle(merged, {"territory:coast": "ours"}).plan
        assert "coast" not in kept.territory_by_key
        assert {"south", "west-2"} <= {*kept.territory_by_key, *(seat.key for seat in kept.seats)}


def test_a_part_added_twice_and_not_alike_is_a_conflict_and_alike_none() -> None:
    one = edit.with_territory(COMPANY, Territory("lakes", "geo", "Lakes", "east"))
    other = edit.with_territory(COMPANY, Territory("lakes", "geo", "Great Lakes", "north"))
    assert merge(COMPANY, one, one).conflicts == ()
    merged = merge(COMPANY, one, other)
    (conflict,) = merged.conflicts
    assert (conflict.key, conflict.kind) == ("territory:lakes", Clash.ADDED)
    assert "ours with type 'geo'; name 'Lakes'; parent 'east'; theirs with type 'geo'; name 'Great Lakes'" in conflict.sentence
    assert settle(merged, {conflict.key: "theirs"}).plan.territory_by_key["lakes"].parent == "north"
    assert diff(settle(merged, {conflict.key: "base"}).plan, COMPANY) == ()


def test_a_key_used_again_for_something_else_is_never_blended_with_edits_of_what_it_was() -> None:
    pilot = Territory("bay", "named", "Pilot", "house", (Rule("pilot", Equals("segment", "A")),))
    reused = edit.with_territory(COMPANY, pilot)
    changed = edit.with_rule(COMPANY, "bay", Rule("more", Equals("postal_code", "94100")))
    merged = merge(COMPANY, changed, reused)
    assert keys_of(merged) == {"territory:bay": Clash.REUSED}
    assert "Theirs uses the key of territory bay for something else" in merged.conflicts[0].sentence
    assert settle(merged, {"territory:bay": "theirs"}).plan.territory_by_key["bay"] == pilot
    removed = merge(COMPANY, edit.without_subtree(COMPANY, "bay"), reused)
    assert keys_of(removed) == {"territory:bay": Clash.REUSED}


def test_one_subtree_moved_to_two_places_is_a_conflict() -> None:
    merged = merge(COMPANY, edit.moved(COMPANY, "bay", "east"), edit.moved(COMPANY, "bay", "coast"))
    assert keys_of(merged) == {"territory:bay:parent": Clash.MOVED}
    assert merged.conflicts[0].sentence == (
        "Both moved territory bay: it stood under west; ours put it under east, theirs under coast."
    )
    assert [t.key for t in settle(merged, {"territory:bay:parent": "theirs"}).plan.ancestors("city")][:2] == ["bay", "coast"]


def test_moves_that_together_make_a_circle_are_a_conflict() -> None:
    ours, theirs = edit.moved(COMPANY, "west", "north"), edit.moved(COMPANY, "east", "coast")
    merged = merge(COMPANY, ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.key, conflict.kind) == ("circle:east", Clash.CIRCLE)
    assert conflict.sentence == (
        "The moves of both sides together make a circle: ours moved west under north; theirs moved east under coast."
    )
    assert diff(settle(merged, {"circle:east": "ours"}).plan, ours) == ()
    assert diff(settle(merged, {"circle:east": "theirs"}).plan, theirs) == ()
    assert diff(settle(merged, {"circle:east": "base"}).plan, COMPANY) == ()


def test_what_one_side_removed_and_the_other_began_to_ask_for_is_a_conflict() -> None:
    ours = edit.without_list(COMPANY, "partners")
    theirs = edit.with_rule(COMPANY, "house", Rule("partners", InList("id", "partners")))
    merged = merge(COMPANY, ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.key, conflict.sentence) == (
        "list:partners",
        "Ours removed list partners; theirs uses it in rule house/partners.",
    )
    assert "partners" in settle(merged, {"list:partners": "theirs"}).plan.list_by_key
    spare = replace(COMPANY, types=(*COMPANY.types, TerritoryType("spare")))
    theirs = edit.with_territory(spare, replace(spare.territory_by_key["south"], type="spare"))
    assert keys_of(merge(spare, edit.without_type(spare, "spare"), theirs)) == {"type:spare": Clash.REMOVED}


def test_settling_one_conflict_may_uncover_another() -> None:
    # Ours moves bay under coast and removes east; theirs removes coast and moves west under east.
    ours = edit.without_subtree(edit.moved(edit.moved(COMPANY, "bay", "coast"), "north", "house"), "south")
    ours = edit.without_territory(edit.moved(ours, "coast", "house"), "east")
    theirs = edit.without_subtree(edit.moved(COMPANY, "west", "east"), "coast")
    merged = merge(COMPANY, ours, theirs)
    assert set(keys_of(merged)) == {"territory:coast", "territory:east"}
    both_gone = settle(merged, {"territory:coast": "theirs", "territory:east": "ours"})
    assert both_gone.is_settled
    assert both_gone.plan.territory_by_key["bay"].parent == "west"
    assert both_gone.plan.territory_by_key["west"].parent == "company"


def test_a_plan_that_has_a_key_twice_is_not_merged() -> None:
    twice = replace(COMPANY, lists=(*COMPANY.lists, NamedList("strategic", ("X",))))
    with pytest.raises(InputError, match="has the list 'strategic' twice"):
        merge(COMPANY, twice, COMPANY)


def test_choices_that_fit_nothing_are_refused_together() -> None:
    merged = merge(COMPANY, renamed(COMPANY, "west", "A"), renamed(COMPANY, "west", "B"))
    with pytest.raises(InputError, match="Did you mean 'territory:west:name'") as caught:
        settle(merged, {"territory:west:names": "ours", "other": "base"})
    assert [finding.code for finding in caught.value.findings] == ["plan-unknown-conflict"] * 2
    with pytest.raises(InputError, match="expected ours, theirs or base"):
        settle(merged, {"territory:west:name": "both"})
