"""The plan as a value: tree, intervals, pins."""

from __future__ import annotations

from datetime import date

import pytest

from metes.base.dates import Period
from metes.model.plan import NamedList, Pin, Plan, Seat, Territory, TerritoryType
from metes.model.scope import Scope


def territory(key: str, parent: str | None = None) -> Territory:
    """A territory of one type."""
    return Territory(key, "geo", parent=parent)


#   all ── west ── north
#       │       └─ south
#       └─ east
#   ring-a ⇄ ring-b (a cycle), lost ── (no such parent)
PLAN = Plan(
    "p",
    types=(TerritoryType("geo"),),
    territories=(
        territory("north", "west"),
        territory("all"),
        territory("west", "all"),
        territory("east", "all"),
        territory("south", "west"),
        territory("ring-a", "ring-b"),
        territory("ring-b", "ring-a"),
        territory("lost", "nowhere"),
    ),
    lists=(NamedList("codes", ("1", "2")),),
    seats=(Seat("s2", "west"), Seat("s1", "west"), Seat("s3", "east")),
)


def test_parents_come_before_their_children_and_cycles_are_left_out() -> None:
    assert [t.key for t in PLAN.preorder] == ["all", "west", "north", "south", "east"]


def test_an_interval_holds_a_territory_and_all_below_it() -> None:
    keys = [t.key for t in PLAN.preorder]
    below = {key: keys[first:last] for key, (first, last) in PLAN.interval_by_key.items()}
    assert below == {
        "all": keys,
        "west": ["west", "north", "south"],
        "north": ["north"],
        "south": ["south"],
        "east": ["east"],
    }


def test_ancestors_come_nearest_first_and_stop_on_a_cycle() -> None:
    assert [t.key for t in PLAN.ancestors("north")] == ["west", "all"]
    assert [t.key for t in PLAN.ancestors("ring-a")] == ["ring-b"]
    assert [t.key for t in PLAN.ancestors("lost")] == []


def test_things_are_found_by_key_in_the_order_of_the_text() -> None:
    assert [s.key for s in PLAN.seats_by_territory["west"]] == ["s2", "s1"]
    assert PLAN.type_by_key["geo"].priority == 100
    assert PLAN.list_by_key["codes"].values == ("1", "2")
    assert PLAN.territory_by_key["east"].label == "east"


def test_a_deep_tree_needs_no_recursion() -> None:
    chain = tuple(territory(f"t{n}", f"t{n - 1}" if n else None) for n in range(5000))
    assert Plan("deep", territories=chain).interval_by_key["t0"] == (0, 5000)


def test_a_pin_is_in_force_in_its_period() -> None:
    pin = Pin("A1", "west", "asked for", period=Period(date(2024, 1, 1), date(2024, 2, 1)))
    assert pin.holds_on(date(2024, 1, 31))
    assert not pin.holds_on(date(2024, 2, 1))


def test_an_unrestricted_scope_needs_a_reason() -> None:
    assert Scope.everything("the administrator asks").is_everything
    assert not Scope(frozenset({"west"})).is_everything
    with pytest.raises(ValueError, match="reason"):
        Scope.everything("")


def test_a_seat_keeps_its_licences_and_numbers_in_one_form() -> None:
    seat = Seat(
        "s", "west", licences=(" US-WY", "us-co", "Series  7", "us-wy"), base_latitude=40, base_longitude=-0.0, ramp_share=1
    )
    assert seat.licences == ("series 7", "us-co", "us-wy")
    assert repr(seat.base) == "(40.0, 0.0)"
    assert seat == Seat("s", "west", licences=("us-wy", "series 7", "us-co"), base_latitude=40.0, base_longitude=0.0)


def test_half_a_base_is_none_and_a_ramp_takes_its_share_of_the_hours() -> None:
    assert Seat("s", "west", base_latitude=40).base is None
    assert Seat("s", "west").ramped_hours is None
    assert Seat("s", "west", capacity_hours=1600, ramp_share=0.25).ramped_hours == 400.0
