"""Steps between plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings

from metes.base.dates import Period
from metes.model.condition import In
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory
from metes.plan.diff import Act, diff
from metes.plan.draft import empty_plan
from metes.plan.edit import (
    moved,
    with_areas,
    with_list,
    with_pins,
    with_rule,
    with_seat,
    with_territory,
    without_area,
    without_territory,
)
from tests.plan.strategies import plans

STARTER = empty_plan("fy25", "Fiscal 2025")
EAST = next(seat for seat in STARTER.seats if seat.key == "east-1")


@given(plans(), plans())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_steps_means_the_same_and_steps_are_always_alike(one: Plan, other: Plan) -> None:
    assert diff(one, one) == ()
    steps = diff(one, other)
    assert steps == diff(one, other)
    assert all(step.sentence.endswith(".") and step.subject for step in steps)
    back = diff(other, one)
    came = [s.subject for s in steps if s.act is Act.ADD and s.kind != "rule"]  # a territory takes its rules along when it goes
    assert sorted(came) == sorted(s.subject for s in back if s.act is Act.REMOVE and s.kind != "rule")


def test_an_edited_plan_is_told_in_plain_sentences() -> None:
    plan = with_list(STARTER, NamedList("strategic", ("A1", "A2", "A3")))
    plan = with_pins(plan, [Pin("A9", "west", "board decision", "kim", Period(date(2024, 1, 1), None))])
    new = with_territory(plan, Territory("north", "geographic", "North", "company"))
    new = moved(new, "east", "north")
    new = with_rule(new, "west", Rule("west-states", In("region", ("US-CA", "US-NV"))))
    new = with_seat(new, Seat("west-1", "north", capacity_hours=1200))
    new = with_seat(new, replace(EAST, base_latitude=40.7, base_longitude=-74, ramp_share=0.5, licences=("US-NY", "us-ct")))
    new = without_territory(new, "house")
    new = with_list(new, NamedList("strategic", ("A1", "B1")))
    new = replace(new, name="Fiscal 2026", pins=(replace(plan.pins[0], reason="again"), Pin("A7", "west", "no", is_exclusion=True)))
    assert [step.sentence for step in diff(plan, new)] == [
        "Change name of plan fy25 from 'Fiscal 2025' to 'Fiscal 2026'.",
        "Change condition of rule west/west-states from 'region in ('US-CA', 'US-OR', 'US-WA')' to 'region in ('US-CA', 'US-NV')'.",
        "Change comment of rule west/west-states from 'Conditions: country = 'US', segment in ('A', 'B'), postal_code starts with '80',...' "
        "to nothing.",
        "Add territory north (North) under company.",
        "Move territory east (East) from company to north.",
        "Remove territory house (House accounts) under company.",
        "Move seat west-1 from west to north.",
        "Change capacity hours of seat west-1 from '1600' to '1200'.",
        "Change comment of seat west-1 from 'A seat is a place; who sits there, from when to when, comes with 'metes import seats'.' to nothing.",
        "Change ramp share of seat east-1 from '1.0' to '0.5'.",
        "Change licences of seat east-1 from nothing to 'us-ct, us-ny'.",
        "Change home base of seat east-1 from nothing to '40.7, -74.0'.",
        "Remove seat house-1 on house.",
        "Add 1 value to list strategic: B1.",
        "Remove 2 values from list strategic: A2, A3.",
        "Change reason of pin A9 -> west from 'board decision' to 'again'.",
        "Add exclusion of account A7 from west.",
    ]


def test_areas_are_told_with_their_size_before_and_after() -> None:
    def box(side: float) -> str:
        return f'{{"type":"Polygon","coordinates":[[[0,0],[{side},0],[{side},{side}],[0,{side}],[0,0]]]}}'

    old = with_areas(STARTER, [Area("bay", box(1), "Bay"), Area("alps", box(2))])
    new = without_area(with_areas(old, [Area("bay", box(3), "The Bay"), Area("jura", box(0.01))]), "alps")
    assert [step.sentence for step in diff(old, new)] == [
        "Change name of area bay from 'Bay' to 'The Bay'.",
        "Change the border of area bay: 12,364 km² before, 111,228 km² after.",
        "Add area jura of 1.24 km².",
        "Remove area alps of 49,447 km².",
    ]


def test_a_step_carries_both_values() -> None:
    (step,) = diff(STARTER, moved(STARTER, "east", "west"))
    assert (step.act, step.subject, step.field, step.before, step.after) == (
        Act.MOVE,
        "territory east",
        "parent",
        "company",
        "west",
    )


def test_the_rules_of_a_new_territory_are_steps_too() -> None:
    new = with_territory(STARTER, Territory("north", "geographic", "", "company", (Rule("r", In("region", ("US-MT",))),)))
    assert [step.subject for step in diff(STARTER, new)] == ["territory north", "rule north/r"]


def test_two_pins_of_one_place_on_other_days_are_two() -> None:
    january, june = (Pin("A", "west", "w", period=Period(date(2024, month, 1), None)) for month in (1, 6))
    (step,) = diff(with_pins(STARTER, [january]), with_pins(STARTER, [january, june]))
    assert step.sentence == "Add pin of account A to west from 2024-06-01."


def test_a_step_names_the_territory_it_belongs_to() -> None:
    plan = with_pins(STARTER, [Pin("A9", "west", "board decision", "kim", Period(date(2024, 1, 1), None))])
    new = with_rule(plan, "west", Rule("west-states", In("region", ("US-CA",))))
    new = with_seat(new, Seat("west-1", "house"))
    new = replace(new, name="Fiscal 2026", pins=(replace(plan.pins[0], period=Period(date(2024, 1, 1), date(2025, 1, 1))),))
    steps = diff(plan, new)
    assert {(step.kind, step.territory) for step in steps} == {("plan", ""), ("rule", "west"), ("seat", "house"), ("pin", "west")}
    assert "Change period of pin A9 -> west from 'from 2024-01-01' to 'from 2024-01-01 until before 2025-01-01'." in {
        step.sentence for step in steps
    }
