"""Pure edits of plans."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from metes.base.errors import InputError
from metes.model.condition import EVERYTHING
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import edit
from metes.plan.draft import empty_plan
from metes.plan.order import in_order

STARTER = empty_plan("fy25", "Fiscal 2025")
SQUARE = '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}'
NORTH = Territory("north", "geographic", "North", "company")


def test_edits_add_and_replace_and_leave_the_old_plan_alone() -> None:
    plan = edit.with_territory(STARTER, NORTH)
    plan = edit.with_rule(plan, "north", Rule("r", EVERYTHING))
    plan = edit.with_rule(plan, "north", Rule("r", EVERYTHING, priority=5))
    plan = edit.with_seat(plan, Seat("n", "north"))
    plan = edit.with_seat(plan, Seat("n", "north", capacity_hours=10))
    plan = edit.with_list(edit.with_list(plan, NamedList("b", ("x",))), NamedList("a", ("y",)))
    plan = edit.with_type(edit.with_type(plan, TerritoryType("spec")), TerritoryType("spec", "Specialists"))
    assert [rule.priority for rule in plan.territory_by_key["north"].rules] == [5]
    assert plan.seats_by_territory["north"] == (Seat("n", "north", capacity_hours=10),)
    assert [named.key for named in plan.lists] == ["a", "b"]
    assert plan.type_by_key["spec"].name == "Specialists"
    assert plan == in_order(plan)
    assert "north" not in STARTER.territory_by_key


def test_a_seat_that_means_nothing_is_refused_with_all_that_is_wrong() -> None:
    with pytest.raises(InputError) as refused:
        edit.with_seat(STARTER, Seat("n", "west", base_latitude=100, ramp_share=0, licences=("no:",)))
    assert [f.code for f in refused.value.findings] == ["plan-base", "plan-base", "plan-ramp", "plan-licence"]
    assert str(refused.value).startswith("seat n: the home base has a latitude, 100, and no longitude.")


def test_edits_take_away_what_they_added() -> None:
    plan = edit.with_list(edit.with_seat(edit.with_territory(STARTER, NORTH), Seat("n", "north")), NamedList("l", ("x",)))
    plan = edit.with_pin(edit.with_rule(plan, "north", Rule("r", EVERYTHING)), Pin("A", "north", "why"))
    plan = edit.without_list(edit.without_pin(edit.without_rule(edit.without_seat(plan, "n"), "north", "r"), plan.pins[0]), "l")
    assert edit.without_territory(plan, "north") == STARTER


def test_areas_and_types_come_and_go() -> None:
    areas = [Area("b", SQUARE), Area("a", SQUARE), Area("b", SQUARE, "Bay")]
    plan = edit.with_type(edit.with_areas(STARTER, areas), TerritoryType("spec"))
    assert [(area.key, area.name) for area in plan.areas] == [("a", ""), ("b", "Bay")]
    assert edit.without_type(edit.without_area(edit.without_area(plan, "a"), "b"), "spec") == STARTER


def test_a_territory_goes_with_its_seats_and_pins_but_not_with_children() -> None:
    plan = edit.with_pin(STARTER, Pin("A", "west", "why"))
    gone = edit.without_territory(plan, "west")
    assert gone.pins == ()
    assert "west-1" not in {seat.key for seat in gone.seats}
    with pytest.raises(InputError, match="3 territories stand below 'company'"):
        edit.without_territory(plan, "company")
    assert edit.without_subtree(plan, "company").territories == ()


def test_a_moved_territory_takes_its_subtree_along() -> None:
    plan = edit.with_territory(STARTER, Territory("bay", "geographic", parent="west"))
    assert [t.key for t in edit.moved(plan, "west", None).preorder] == ["company", "east", "house", "west", "bay"]


def test_many_pins_come_in_once_and_all_that_is_wrong_is_gathered() -> None:
    pins = [Pin(f"A{i}", "west", "why") for i in range(100)]
    plan = edit.with_pins(STARTER, [*pins, *pins])
    assert len(plan.pins) == 100
    assert edit.with_pins(plan, pins) == plan
    with pytest.raises(InputError) as caught:
        edit.with_pins(STARTER, [Pin("A", "wst", "why"), Pin("B", "west", ""), Pin("C", "west", "why")])
    assert [finding.code for finding in caught.value.findings] == ["plan-unknown-territory", "plan-no-reason"]
    assert caught.value.findings[0].remedy == "Did you mean 'west'?"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: edit.with_territory(p, Territory("Bad Key", "geographic")), "such as 'bad-key'"),
        (lambda p: edit.with_territory(p, Territory("n", "geografic")), "Did you mean 'geographic'"),
        (lambda p: edit.with_territory(p, Territory("n", "geographic", parent="compny")), "Did you mean 'company'"),
        (lambda p: edit.with_territory(p, Territory("n", "geographic", rules=(Rule("r", EVERYTHING),) * 2)), "share a key"),
        (lambda p: edit.moved(p, "company", "west"), "'west' stands below 'company'"),
        (lambda p: edit.moved(p, "west", "west"), "stands below"),
        (lambda p: edit.with_rule(p, "wst", Rule("r", EVERYTHING)), "Did you mean 'west'"),
        (lambda p: edit.with_rule(p, "west", Rule("R 1", EVERYTHING)), "such as 'r-1'"),
        (lambda p: edit.without_rule(p, "west", "west-state"), "Did you mean 'west-states'"),
        (lambda p: edit.with_seat(p, Seat("s", "nowhere")), "no territory 'nowhere'"),
        (lambda p: edit.without_seat(p, "wst-1"), "Did you mean 'west-1'"),
        (lambda p: edit.with_list(p, NamedList("A b", ())), "cannot be a key"),
        (lambda p: edit.without_list(p, "l"), "no list 'l'"),
        (lambda p: edit.with_areas(p, [Area("Front Range", SQUARE)]), "such as 'front-range'"),
        (lambda p: edit.with_areas(p, [Area(f"a{i}", SQUARE) for i in range(10_001)]), "at most 10,000"),
        (lambda p: edit.without_area(edit.with_areas(p, [Area("alps", SQUARE)]), "alpes"), "Did you mean 'alps'"),
        (lambda p: edit.without_type(p, "geografic"), "Did you mean 'geographic'"),
        (lambda p: edit.without_type(p, "geographic"), "4 territories have this type"),
        (lambda p: edit.without_pin(p, Pin("A", "west", "why")), "no such pin"),
        (lambda p: edit.without_territory(p, "nowhere"), "no territory 'nowhere'"),
    ],
)
def test_an_edit_that_would_break_the_plan_says_why(change: Callable[[Plan], Plan], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        change(STARTER)
    assert caught.value.findings[0].remedy
