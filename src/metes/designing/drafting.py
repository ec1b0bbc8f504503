"""Turns a design into rules of a plan: named lists of zones or accounts, new territories under their parents, seats where they went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metes.base.findings import Finding, Place, Severity
from metes.base.ids import key_from
from metes.designing.given import DesignTerritory
from metes.designing.spec import parent_name
from metes.designing.state import DesignState
from metes.designing.territories import GEOGRAPHIC, free_key, staying
from metes.model.condition import And, Condition, Equals, InList, Or
from metes.model.plan import NamedList, Plan, Rule, Territory, TerritoryType
from metes.model.zones import US_COUNTIES, US_ZIPS, WORLD_COUNTRIES
from metes.plan.order import in_order

RULE, ACCOUNTS_RULE = "design", "design-accounts"
_FIELD_OF_SET = {US_COUNTIES: "zone", US_ZIPS: "postal_code", WORLD_COUNTRIES: "country"}
_LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class Drafted:
    """A plan with a design's territories, the keys of those it changed, and what there is to say of it."""

    plan: Plan
    changed: frozenset[str]
    findings: tuple[Finding, ...]


def draft_of(state: DesignState, plan: Plan, name: str) -> Drafted:
    """The plan with each of a design's territories taking its zones by one named list, or its accounts by name.

    Territories that exist keep key, parent and seats, and get the design's name and colour; new ones stand under the parent that most of
    the others have. Where the design has parents, these are new territories there, and all others stand under them. Territories above take what
    those below take. A territory that held units today and is none of the design's, or that nothing stands under any more, loses its
    rules, so that it holds nothing, and is told.
    """
    findings: list[Finding] = []
    keys = [territory.key for territory in state.territories]
    field = _FIELD_OF_SET.get(state.given.zone_set, "") if state.given.zone_set else "id"
    if not field:
        findings.append(_by_name(state))
    had_children = [t.key for t in plan.territories if _children(plan, t.key)]
    plan = _with_territories(plan, state.territories, state.spec.within)
    if state.parents:
        plan = _under_parents(plan, keys, state.parents)
    if field:
        units = [np.flatnonzero(state.live.territory_of_unit == j) for j in range(len(keys))]
        lists = {key: [state.given.ids[i] for i in at] for key, at in zip(keys, units, strict=True)}
        plan = _with_lists(plan, lists, field, f"design {name}")
    else:
        plan = _without_rules(plan, frozenset(keys))
    deserted = {key for key in had_children if not _children(plan, key) and plan.territory_by_key[key].rules}
    emptied = _emptied(state, plan, frozenset(keys)) | deserted
    if emptied:
        findings.append(_said_of_emptied(emptied, plan))
        plan = _without_rules(plan, emptied)
    changed = frozenset(keys) | emptied
    return Drafted(_with_parents(plan, changed), changed, tuple(findings))


def with_accounts(drafted: Drafted, accounts_of: Mapping[str, Sequence[str]]) -> Plan:
    """The plan with accounts named one by one, by the key of their territory: what lists of zones do not reach."""
    plan = drafted.plan
    by_key = plan.territory_by_key
    lists = {one.key: one for one in plan.lists}
    changed: dict[str, Territory] = {}
    for key, accounts in accounts_of.items():
        if not accounts:
            continue
        named = _list_key(f"{key}-accounts")
        lists[named] = NamedList(named, tuple(sorted(accounts)), f"Accounts of {by_key[key].label}")
        kept = tuple(rule for rule in by_key[key].rules if rule.key != ACCOUNTS_RULE)
        changed[key] = replace(by_key[key], rules=(*kept, Rule(ACCOUNTS_RULE, InList("id", named), "Accounts by name", 50)))
    territories = tuple(changed.get(t.key, t) for t in plan.territories)
    named_too = in_order(replace(plan, territories=territories, lists=tuple(lists.values())))
    return _with_parents(named_too, drafted.changed)


def _with_territories(plan: Plan, territories: Sequence[DesignTerritory], within: str) -> Plan:
    """The plan with all territories of a design, and each seat on its territory."""
    known = [plan.territory_by_key[t.key] for t in territories if t.key in plan.territory_by_key]
    types, parents = Counter(t.type for t in known), Counter(t.parent for t in known)
    kind = types.most_common(1)[0][0] if types else _geographic(plan)
    if kind not in plan.type_by_key:
        plan = replace(plan, types=(*plan.types, TerritoryType(kind, "Geographic territories", kind=GEOGRAPHIC)))
    parent = within or (parents.most_common(1)[0][0] if parents else None)
    changed = {}
    for one in territories:
        before = plan.territory_by_key.get(one.key, Territory(one.key, kind, one.name, parent))
        changed[one.key] = replace(before, name=one.name if one.name != one.key or before.name else "", colour=one.colour)
    new = tuple(t for key, t in changed.items() if key not in plan.territory_by_key)
    seat_on = {one.seat: one.key for one in territories if one.seat}
    seats = tuple(replace(seat, territory=seat_on.get(seat.key, seat.territory)) for seat in plan.seats)
    return in_order(replace(plan, territories=(*(changed.get(t.key, t) for t in plan.territories), *new), seats=seats))


def _under_parents(plan: Plan, keys: Sequence[str], parents: Sequence[int]) -> Plan:
    """The plan with a territory for each parent of a design, and the design's territories under theirs.

    Parents are new and stand below what all of the design's territories stood under; one that an earlier draft made for such territories is taken
    again.
    """
    top, kind = _common_ancestor(plan, keys), plan.territory_by_key[keys[0]].type
    taken, made = set(plan.territory_by_key), {}
    for number in range(max(parents) + 1):
        key = key_from(parent_name(number))
        before = plan.territory_by_key.get(key)
        if before is None or before.parent != top or before.rules or not _children(plan, key) <= set(keys):
            key = free_key(key, taken)
            before = Territory(key, kind, parent_name(number), top)
        taken.add(key)
        made[key] = before
    order = list(made)
    parent_of = {key: order[parent] for key, parent in zip(keys, parents, strict=True)}
    kept = (replace(t, parent=parent_of.get(t.key, t.parent)) for t in plan.territories if t.key not in made)
    return in_order(replace(plan, territories=(*kept, *made.values())))


def _children(plan: Plan, key: str) -> set[str]:
    return {child.key for child in plan.children_by_key.get(key, ())}


def _common_ancestor(plan: Plan, keys: Sequence[str]) -> str | None:
    """The lowest territory that all of some stand under; None where there is none."""
    chains = [[above.key for above in plan.ancestors(key)] for key in keys]
    return next((key for key in chains[0] if all(key in chain for chain in chains)), None)


def _geographic(plan: Plan) -> str:
    """The key of a type for geographic territories, the plan's first one where it has one."""
    found = [kind.key for kind in plan.types if kind.kind == GEOGRAPHIC and kind.role == "primary"]
    return found[0] if found else "geographic"


def _with_lists(plan: Plan, lists_of: Mapping[str, Sequence[str]], field: str, note: str) -> Plan:
    """The plan with one named list and one rule for each territory, in the place of its rules."""
    lists = {one.key: one for one in plan.lists}
    changed: dict[str, Territory] = {}
    for key, values in lists_of.items():
        territory = plan.territory_by_key[key]
        if not values:
            changed[key] = replace(territory, rules=())
            continue
        named = _list_key(key)
        lists[named] = NamedList(named, tuple(sorted(values)), f"{territory.label}, {note}"[:200])
        changed[key] = replace(territory, rules=(Rule(RULE, _condition(field, named), note[:200]),))
    territories = tuple(changed.get(t.key, t) for t in plan.territories)
    return in_order(replace(plan, territories=territories, lists=tuple(lists.values())))


def _condition(field: str, named: str) -> Condition:
    """The accounts of a list of zones: postal codes are those of the United States."""
    inside = InList(field, named)
    return And((Equals("country", "US"), inside)) if field == "postal_code" else inside


def _with_parents(plan: Plan, changed: frozenset[str]) -> Plan:
    """The plan with territories above taking what the changed ones below them take.

    One all of whose leaves were changed takes just that; one with other leaves takes it beside its own rules.
    """
    below: dict[str, list[Territory]] = {}
    for key in changed:
        for above in plan.ancestors(key):
            below.setdefault(above.key, []).append(plan.territory_by_key[key])
    wider: dict[str, Territory] = {}
    for key, leaves in below.items():
        parent = plan.territory_by_key[key]
        if not parent.rules or key in changed:
            continue
        parts = _parts(rule.condition for leaf in sorted(leaves, key=lambda t: t.key) for rule in leaf.rules)
        others = [] if _all_leaves(plan, key) <= changed else [rule for rule in parent.rules if rule.key != RULE]
        if not parts:
            continue
        condition = parts[0] if len(parts) == 1 else Or(parts)
        wider[key] = replace(parent, rules=(*others, Rule(RULE, condition, "What the designed territories below take")))
    return in_order(replace(plan, territories=tuple(wider.get(t.key, t) for t in plan.territories)))


def _parts(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    return tuple(dict.fromkeys(conditions))


def _all_leaves(plan: Plan, key: str) -> frozenset[str]:
    first, last = plan.interval_by_key[key]
    return frozenset(t.key for t in plan.preorder[first:last] if t.key != key and not plan.children_by_key.get(t.key))


def _without_rules(plan: Plan, keys: frozenset[str]) -> Plan:
    return in_order(replace(plan, territories=tuple(replace(t, rules=()) if t.key in keys else t for t in plan.territories)))


def _emptied(state: DesignState, plan: Plan, designed: frozenset[str]) -> frozenset[str]:
    """Leaves that held units today and are none of the design's."""
    held = {state.given.today_keys[h] for h in np.unique(state.given.today[state.given.today >= 0])}
    apart = staying(plan)
    leaves = {key for key in held if key in plan.territory_by_key and not plan.children_by_key.get(key)}
    return frozenset(key for key in leaves - designed - apart if not plan.territory_by_key[key].is_catch_all)


def _said_of_emptied(emptied: frozenset[str], plan: Plan) -> Finding:
    names = sorted(emptied)
    more = ", …" if len(names) > 20 else ""
    message = f"{len(names):,} territories are none of the design's and hold nothing in the draft: {', '.join(names[:20])}{more}"
    seats = sum(len(plan.seats_by_territory.get(key, ())) for key in names)
    remedy = f"Remove them from the draft, or give them work; {seats:,} seats stand on them."
    return Finding("design-emptied", Severity.WARNING, message, Place(subject="design draft"), remedy=remedy)


def _by_name(state: DesignState) -> Finding:
    message = f"no field of accounts says which zone of {state.given.zone_set} they are in, so that accounts are listed by name"
    remedy = "Accounts that come later are in no list: design again then, or use counties, postal codes or countries."
    return Finding("design-by-name", Severity.NOTE, message, Place(subject="design draft"), remedy=remedy)


def _list_key(key: str) -> str:
    return key_from(f"design-{key}"[:_LONGEST_KEY])
