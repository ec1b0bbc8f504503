"""The reasons of what somebody sees are those that make the scope."""

from __future__ import annotations

import pytest

from metes.access.reasons import reasons_of
from metes.access.scopes import access_of, scope_of
from metes.model.access import Capability, UserRole
from metes.model.plan import Plan, Seat, Territory
from metes.model.scope import Scope
from metes.model.seeing import GrantedRole

SEATS = (Seat("s-west", "west"), Seat("s-bay", "bay"))
PLAN = Plan(
    "p",
    territories=(
        Territory("world", "geo"),
        Territory("west", "geo", parent="world"),
        Territory("bay", "geo", parent="west"),
        Territory("east", "geo", parent="world"),
    ),
    seats=SEATS,
)
GRANTS = {
    "a place": GrantedRole(UserRole.REP, "east"),
    "seats alone": GrantedRole(UserRole.MANAGER, group="g"),
    "everything": GrantedRole(UserRole.PLANNER),
    "a place that is gone": GrantedRole(UserRole.REP, "gone"),
}


@pytest.mark.parametrize("names", [[], ["a place"], ["seats alone"], ["a place", "seats alone"], ["everything"], list(GRANTS)])
@pytest.mark.parametrize("seats", [(), SEATS[1:], SEATS])
def test_the_reasons_together_open_what_is_seen(names: list[str], seats: tuple[Seat, ...]) -> None:
    grants = [GRANTS[name] for name in names]
    access = access_of(PLAN, [(g.role, g.territory) for g in grants], {s.territory for s in seats}, None)
    reasons = reasons_of(PLAN, grants, seats)
    parts = [Scope.everything("all") if r.is_everything else scope_of(PLAN, [r.territory]) for r in reasons]
    assert Scope.union(parts).territories == access.scope(Capability.LOOK).territories


def test_a_reason_says_in_words_why() -> None:
    reasons = reasons_of(PLAN, GRANTS.values(), SEATS[:1])
    assert [r.text for r in reasons] == [
        "the role planner sees everything",
        "the role rep there",
        "the role rep there; the plan in force has no such territory",
        "sits on s-west, with the roles manager and rep",
    ]
