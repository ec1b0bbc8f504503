"""Fields that not everybody sees: ways to reach people, and what decides about pay."""

from __future__ import annotations

from metes.access.fields import without_contacts, without_pay
from metes.model.plan import Plan, Seat, Territory, TerritoryType
from metes.model.scope import Scope

PLAN = Plan(
    "p",
    types=(TerritoryType("geo"),),
    territories=(Territory("west", "geo"), Territory("east", "geo")),
    seats=(
        Seat("w1", "west", capacity_hours=1600, ramp_share=0.5, licences=("rx",)),
        Seat("w2", "west", capacity_hours=1700),
        Seat("e1", "east", capacity_hours=1800),
    ),
)


def test_a_contact_keeps_the_name_and_loses_the_ways_to_reach_it() -> None:
    row = {"id": 1, "name": "Ada", "title": "CFO", "email": "ada@example.com", "phone": "1"}
    assert without_contacts(row) == {"id": 1, "name": "Ada", "title": "CFO", "email": None, "phone": None}


def test_hours_and_ramp_are_left_where_pay_is_seen_and_on_ones_own_seats() -> None:
    seen = without_pay(PLAN, Scope(frozenset({"east"})), ["w2"])
    assert [(s.key, s.capacity_hours, s.ramp_share, s.licences) for s in seen.seats] == [
        ("w1", None, 1.0, ("rx",)),
        ("w2", 1700, 1.0, ()),
        ("e1", 1800, 1.0, ()),
    ]
    assert without_pay(PLAN, Scope.everything("a test"), []) is PLAN
