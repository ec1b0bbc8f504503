"""From places to a part of the tree, and what a plan cut down to it still holds."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from metes.access.cut import cut
from metes.access.scopes import access_of, intervals_of, scope_of
from metes.base.dates import Period
from metes.model.access import Capability, UserRole
from metes.model.condition import Equals, InList
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.model.scope import Narrowing, Scope

DAY = date(2026, 3, 14)

#         root
#     west     east
#   wa  or    ny
PLAN = Plan(
    "p",
    types=(TerritoryType("geo"), TerritoryType("unused")),
    territories=(
        Territory("root", "geo"),
        Territory("west", "geo", parent="root", description="secret of the west"),
        Territory("wa", "geo", parent="west", rules=(Rule("r", InList("industry", "ours")), Rule("s", Equals("area:coast", True)))),
        Territory("or", "geo", parent="west"),
        Territory("east", "geo", parent="root"),
        Territory("ny", "geo", parent="east", rules=(Rule("r", InList("industry", "theirs")),)),
    ),
    lists=(NamedList("ours", ("a",)), NamedList("theirs", ("b",))),
    areas=(Area("coast", "{}"), Area("inland", "{}")),
    pins=(
        Pin("A1", "wa", "near"),
        Pin("A2", "wa", "kept out", is_exclusion=True),
        Pin("A3", "wa", "next year", period=Period(date(2027, 1, 1), None)),
        Pin("A4", "ny", "far"),
    ),
    seats=(Seat("s-wa", "wa"), Seat("s-ny", "ny"), Seat("s-west", "west")),
)


def test_places_become_intervals_that_do_not_overlap() -> None:
    assert intervals_of(PLAN, ["wa", "west", "gone"]) == ((1, 4),)
    assert intervals_of(PLAN, ["wa", "or", "ny"]) == ((2, 4), (5, 6))


@given(st.sets(st.sampled_from([t.key for t in PLAN.territories] + ["gone"])))
def test_a_scope_is_the_places_with_all_below_them(places: set[str]) -> None:
    below = {t.key for t in PLAN.territories if places & {t.key, *(a.key for a in PLAN.ancestors(t.key))}}
    found = scope_of(PLAN, places).territories
    assert (found if found is not None else {t.key for t in PLAN.territories}) == below
    assert (found is None) == ("root" in places or ({"west", "east"} <= places and "root" in below))


def test_a_role_that_sees_by_tree_sees_its_seats_and_its_grants() -> None:
    access = access_of(PLAN, [(UserRole.MANAGER, "ny"), (UserRole.REP, "")], ["wa"], 7)
    assert access.scope(Capability.LOOK).territories == {"wa", "ny"}
    assert access.scope(Capability.REVIEW).territories == {"wa", "ny"}
    assert access_of(PLAN, [(UserRole.REP, "")], [], None).scope(Capability.LOOK).is_nothing
    assert access_of(PLAN, [], ["root"], 7).held == ()


def test_what_is_not_to_be_had_in_part_asks_for_the_whole() -> None:
    assert not access_of(PLAN, [(UserRole.LEADER, "west")], [], None).may(Capability.PLAN_READ)
    assert access_of(PLAN, [(UserRole.LEADER, "root")], [], None).may(Capability.PLAN_READ)
    assert not access_of(PLAN, [(UserRole.LEADER, "root")], [], None).may(Capability.ADMIN)


def test_a_token_takes_away_and_never_gives() -> None:
    roles = [(UserRole.PLANNER, ""), (UserRole.REP, "wa")]
    assert access_of(PLAN, roles, [], None, Narrowing("rep")).scope(Capability.LOOK).territories == {"wa"}
    assert access_of(PLAN, roles, [], None, Narrowing("administrator")).held == ()
    assert access_of(PLAN, roles, [], None, Narrowing("rep", "east")).scope(Capability.LOOK).is_nothing
    assert access_of(PLAN, roles, [], None, Narrowing(territory="west")).scope(Capability.LOOK).territories == {"west", "wa", "or"}
    assert not access_of(PLAN, roles, [], None, Narrowing(territory="west")).may(Capability.PLAN_EDIT)
    assert access_of(PLAN, roles, [], None, Narrowing(territory="gone")).scope(Capability.LOOK).is_nothing


def test_a_plan_is_cut_to_the_scope() -> None:
    seen = cut(PLAN, Scope(frozenset({"wa"})), DAY)
    assert [t.key for t in seen.territories] == ["root", "west", "wa"]
    assert seen.territory_by_key["west"].description == ""
    assert [n.key for n in seen.lists] == ["ours"]
    assert [a.key for a in seen.areas] == ["coast"]
    assert [p.account for p in seen.pins] == ["A1"]
    assert [s.key for s in seen.seats] == ["s-wa"]
    assert [t.key for t in seen.types] == ["geo"]
    assert cut(PLAN, Scope.everything("a test"), DAY) is PLAN
    assert cut(PLAN, Scope.nothing(), DAY).territories == ()
