"""A plan cut down to what somebody may see of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from metes.model.condition import InList, literals
from metes.model.plan import Area, NamedList, Plan, Territory
from metes.model.scope import Scope


def cut(plan: Plan, scope: Scope, day: date) -> Plan:
    """The plan as seen from a scope: its territories whole, those above them by key and name alone, and what these ask for.

    Left out are all other territories, their seats and pins, lists and areas that no rule left asks for, exclusions (they name
    accounts that others hold), and pins that are not in force on the day.
    """
    if scope.territories is None:
        return plan
    kept = {key for key in scope.territories if key in plan.territory_by_key}
    above = {t.key for key in kept for t in plan.ancestors(key)} - kept
    territories = tuple(t if t.key in kept else _bare(t) for t in plan.territories if t.key in kept or t.key in above)
    lists, areas = _asked_for(plan, territories)
    types = {t.type for t in territories}
    return replace(
        plan,
        description="",
        comment="",
        types=tuple(t for t in plan.types if t.key in types),
        territories=territories,
        lists=lists,
        areas=areas,
        pins=tuple(p for p in plan.pins if p.territory in kept and not p.is_exclusion and p.holds_on(day)),
        seats=tuple(s for s in plan.seats if s.territory in kept),
    )


def _bare(territory: Territory) -> Territory:
    return Territory(territory.key, territory.type, territory.name, territory.parent, colour=territory.colour)


def _asked_for(plan: Plan, territories: tuple[Territory, ...]) -> tuple[tuple[NamedList, ...], tuple[Area, ...]]:
    """The lists and areas that the rules of some territories ask for."""
    asked = [literal for t in territories for rule in t.rules for literal in literals(rule.condition)]
    lists = {literal.list for literal in asked if isinstance(literal, InList)}
    fields = {literal.field.removeprefix("family.") for literal in asked}
    areas = {field.removeprefix("area:") for field in fields if field.startswith("area:")}
    return tuple(n for n in plan.lists if n.key in lists), tuple(a for a in plan.areas if a.key in areas)
