"""Territories and zones as pages name them."""

from __future__ import annotations

from metes.model.plan import Plan, Territory
from metes.web.marks import Marks, colour_of
from metes.web.zone_names import zone_names


def test_a_territory_keeps_its_colour_whatever_stands_around_it() -> None:
    plain = Territory("west", "geographic", "West")
    assert colour_of(plain) == colour_of(Territory("west", "other", "Another name"))
    assert colour_of(Territory("west", "geographic", colour=7)) == 7


def test_a_territory_gone_from_the_plan_stands_by_its_key_without_a_link() -> None:
    marks = Marks(Plan("p", territories=(Territory("west", "geographic", "West"),)))
    assert marks.of("west") == {
        "key": "west",
        "name": "West",
        "colour": colour_of(Territory("west", "")),
        "href": "/territories/west",
    }
    assert marks.of("east") == {"key": "east", "name": "east", "colour": None, "href": ""}
    assert marks.of("") is marks.of(None) is None
    assert Marks(None).name("west") == "west"


def test_zones_are_named_with_their_state() -> None:
    names = zone_names()
    assert names["08031"] == "Denver, Colorado"
    assert len(names) > 3000
