"""Steps as pages show them: by territory, in the words of the field."""

from __future__ import annotations

from dataclasses import replace

from metes.model.condition import Equals
from metes.model.plan import NamedList, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan.diff import diff
from metes.web.plan_steps import groups_of, in_groups, matching

# world - west (rule r, seat s)
#       \ east
BEFORE = Plan(
    "p",
    types=(TerritoryType("geo"),),
    territories=(
        Territory("world", "geo", "World", is_catch_all=True),
        Territory("west", "geo", "West", "world", (Rule("r", Equals("region", "US-WA")),)),
        Territory("east", "geo", "East", "world"),
    ),
    lists=(NamedList("big", ("a",)),),
    seats=(Seat("s", "west", capacity_hours=1000),),
)


def changed() -> Plan:
    """West asks for another region and moves below East; its seat has less time; a list has one value more."""
    world, west, east = BEFORE.territories
    west = replace(west, parent="east", rules=(Rule("r", Equals("region", "US-OR")),))
    seats = (Seat("s", "west", capacity_hours=800),)
    return replace(BEFORE, territories=(world, east, west), lists=(NamedList("big", ("a", "b")),), seats=seats)


def test_steps_of_one_territory_stand_together_with_names_and_marked_words() -> None:
    after = changed()
    steps = in_groups(diff(BEFORE, after))
    groups = groups_of(steps, BEFORE, after)
    assert [(g.name, g.path) for g in groups] == [("West", "World / East"), ("Types, lists and areas", "")]
    lines = {line.label: line for line in groups[0].lines}
    assert [text for text, _ in lines["Parent"].before] == ["World"]
    assert [text for text, _ in lines["Parent"].after] == ["East"]
    assert (lines["Rule r · condition"].is_code, lines["Rule r · condition"].after[-1]) == (True, ("'US-OR'", True))
    assert lines["Seat s · capacity hours"].has_values


def test_steps_are_found_by_words_territory_and_kind() -> None:
    steps = list(diff(BEFORE, changed()))
    names = {t.key: t.label for t in BEFORE.territories}
    assert matching(steps, "", "", names) == steps
    assert {s.kind for s in matching(steps, "", "seat", names)} == {"seat"}
    assert [s.kind for s in matching(steps, "us-or", "", names)] == ["rule"]
    assert {s.territory for s in matching(steps, "WEST", "", names)} == {"west"}
