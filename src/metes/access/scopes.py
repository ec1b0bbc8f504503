"""From the places where somebody has rights to the part of the tree they see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from metes.model.access import SEES_EVERYTHING, Access, HeldRole, UserRole
from metes.model.plan import Plan
from metes.model.scope import NO_NARROWING, Narrowing, Scope

Interval = tuple[int, int]


def intervals_of(plan: Plan, places: Iterable[str]) -> tuple[Interval, ...]:
    """The preorder intervals [first, last) of some territories with all below them, ascending, joined where they touch.

    Territories that the plan lacks are left out. O(p log p) for p places.
    """
    found = sorted(plan.interval_by_key[key] for key in set(places) if key in plan.interval_by_key)
    joined: list[Interval] = []
    for first, last in found:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def scope_of(plan: Plan | None, places: Iterable[str]) -> Scope:
    """The scope of some places with all below them; everything where no territory of the plan is left out."""
    if plan is None:
        return Scope.nothing()
    intervals = intervals_of(plan, places)
    if plan.preorder and intervals == ((0, len(plan.preorder)),):
        return Scope.everything("every root of the plan is in it")
    return Scope(frozenset(t.key for first, last in intervals for t in plan.preorder[first:last]))


def access_of(
    plan: Plan | None,
    roles: Iterable[tuple[UserRole, str]],
    seated: Iterable[str],
    person_id: int | None,
    narrowing: Narrowing = NO_NARROWING,
) -> Access:
    """What somebody may where.

    Parameters
    ----------
    plan : the plan in force today; None where there is none, so that only whoever sees everything sees anything.
    roles : each role held today, with the territory it was granted for (empty: none beside the seats').
    seated : the territories of the seats on which the person sits today.
    narrowing : what a token takes away.

    Source: ours.
    """
    seats = frozenset(seated)
    places: dict[UserRole, set[str]] = {}
    for role, territory in roles:
        places.setdefault(role, set(seats)).update({territory} - {""})
    held = []
    for role, at in places.items():
        if narrowing.role is not None and role != narrowing.role:
            continue
        whole = Scope.everything(f"the role {role}") if role in SEES_EVERYTHING else scope_of(plan, at)
        held.append(HeldRole(role, narrowed(whole, plan, narrowing.territory)))
    return Access(tuple(held), person_id)


def dated(access: Access, plan: Plan | None, day: date) -> Access:
    """What somebody may, with what decides about accounts and people: the day, the seats of each scope's territories, and who asks."""

    def one(scope: Scope) -> Scope:
        if scope.territories is None:
            return scope
        keys = scope.territories
        seats = frozenset(seat.key for seat in plan.seats if seat.territory in keys) if plan is not None and keys else frozenset()
        return replace(scope, day=day, seats=seats, person_id=access.person_id)

    return replace(access, held=tuple(replace(held, scope=one(held.scope)) for held in access.held))


def narrowed(scope: Scope, plan: Plan | None, territory: str) -> Scope:
    """What of a scope lies at or below a territory (empty: all of it)."""
    if not territory:
        return scope
    below = scope_of(plan, [territory]).territories
    if below is None or scope.territories is None:
        return scope if below is None else Scope(below)
    return Scope(scope.territories & below)
