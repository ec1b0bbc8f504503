"""Pure edits: each returns a new plan, or raises InputError where the plan would break."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NoReturn

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.ids import is_key, key_from
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import subjects
from metes.plan.check_seats import check_seat
from metes.plan.conform import suggestion
from metes.plan.limits import MAX_AREAS
from metes.plan.order import in_order


def with_type(plan: Plan, kind: TerritoryType) -> Plan:
    """The plan with a type added, or put in place of the one with its key."""
    _need_key(kind.key, subjects.of_type(kind.key))
    if kind.key not in plan.type_by_key:
        return replace(plan, types=(*plan.types, kind))
    return replace(plan, types=tuple(kind if t.key == kind.key else t for t in plan.types))


def with_territory(plan: Plan, territory: Territory) -> Plan:
    """The plan with a territory added behind its siblings, or put in place of the one with its key, which may move it."""
    subject = subjects.of_territory(territory.key)
    _need_key(territory.key, subject)
    for rule in territory.rules:
        _need_key(rule.key, subjects.of_rule(territory.key, rule.key))
    if len({rule.key for rule in territory.rules}) < len(territory.rules):
        _refuse("plan-duplicate", subject, f"two rules of '{territory.key}' share a key", "Give each its own key.")
    if territory.type not in plan.type_by_key:
        remedy = suggestion(territory.type, plan.type_by_key) or "Add the type first."
        _refuse("plan-unknown-type", subject, f"there is no type '{territory.type}'", remedy)
    if territory.parent is not None:
        _need_territory(plan, territory.parent, subject)
        if territory.parent == territory.key or territory.key in {t.key for t in plan.ancestors(territory.parent)}:
            _refuse(
                "plan-cycle",
                subject,
                f"'{territory.parent}' stands below '{territory.key}'",
                "Choose a parent elsewhere in the tree.",
            )
    if territory.key in plan.territory_by_key:
        return _with(plan, territory)
    return in_order(replace(plan, territories=(*plan.territories, territory)))


def without_territory(plan: Plan, key: str) -> Plan:
    """The plan without a territory, its seats and its pins; refused where other territories stand below it."""
    _need_territory(plan, key, subjects.of_territory(key))
    if children := plan.children_by_key.get(key, ()):
        message = f"{len(children)} territories stand below '{key}', the first is '{children[0].key}'"
        _refuse("plan-has-children", subjects.of_territory(key), message, "Move or remove them first, or remove the whole subtree.")
    return _without(plan, {key})


def without_subtree(plan: Plan, key: str) -> Plan:
    """The plan without a territory and all below it, with their seats and pins."""
    _need_territory(plan, key, subjects.of_territory(key))
    first, last = plan.interval_by_key[key]
    return _without(plan, {territory.key for territory in plan.preorder[first:last]})


def moved(plan: Plan, key: str, parent: str | None) -> Plan:
    """The plan with a territory, and all below it, under another parent; None makes it a root."""
    return with_territory(plan, replace(_need_territory(plan, key, subjects.of_territory(key)), parent=parent))


def with_rule(plan: Plan, territory: str, rule: Rule) -> Plan:
    """The plan with a rule added behind the others of its territory, or put in place of the one with its key."""
    subject = subjects.of_rule(territory, rule.key)
    _need_key(rule.key, subject)
    on = _need_territory(plan, territory, subject)
    is_there = any(r.key == rule.key for r in on.rules)
    rules = tuple(rule if r.key == rule.key else r for r in on.rules) if is_there else (*on.rules, rule)
    return _with(plan, replace(on, rules=rules))


def without_rule(plan: Plan, territory: str, key: str) -> Plan:
    """The plan without one rule of a territory."""
    subject = subjects.of_rule(territory, key)
    on = _need_territory(plan, territory, subject)
    rules = tuple(rule for rule in on.rules if rule.key != key)
    if len(rules) == len(on.rules):
        remedy = suggestion(key, (rule.key for rule in on.rules)) or "Its rules are named on its page and in its file."
        _refuse("plan-unknown-rule", subject, f"'{territory}' has no rule '{key}'", remedy)
    return _with(plan, replace(on, rules=rules))


def with_seat(plan: Plan, seat: Seat) -> Plan:
    """The plan with a seat added, or put in place of the one with its key, which may move it to another territory."""
    subject = subjects.of_seat(seat.key)
    _need_key(seat.key, subject)
    _need_territory(plan, seat.territory, subject)
    if findings := list(check_seat(seat)):
        raise InputError(f"{subject}: " + " ".join(f"{f.message}. {f.remedy}" for f in findings), findings)
    is_there = any(s.key == seat.key for s in plan.seats)
    seats = tuple(seat if s.key == seat.key else s for s in plan.seats) if is_there else (*plan.seats, seat)
    return in_order(replace(plan, seats=seats))


def without_seat(plan: Plan, key: str) -> Plan:
    """The plan without one seat."""
    seats = tuple(seat for seat in plan.seats if seat.key != key)
    if len(seats) == len(plan.seats):
        remedy = suggestion(key, (seat.key for seat in plan.seats)) or "Look at the territory's seats."
        _refuse("plan-unknown-seat", subjects.of_seat(key), f"there is no seat '{key}'", remedy)
    return replace(plan, seats=seats)


def with_list(plan: Plan, named: NamedList) -> Plan:
    """The plan with a named list added, or put in place of the one with its key."""
    _need_key(named.key, subjects.of_list(named.key))
    others = [n for n in plan.lists if n.key != named.key]
    return replace(plan, lists=tuple(sorted([*others, named], key=lambda n: n.key)))


def without_list(plan: Plan, key: str) -> Plan:
    """The plan without one named list; whether a rule still asks for it is for `check_plan` to say."""
    if key not in plan.list_by_key:
        remedy = suggestion(key, plan.list_by_key) or "Look at the plan's lists."
        _refuse("plan-unknown-list", subjects.of_list(key), f"there is no list '{key}'", remedy)
    return replace(plan, lists=tuple(named for named in plan.lists if named.key != key))


def without_type(plan: Plan, key: str) -> Plan:
    """The plan without one type; refused where territories have it."""
    subject = subjects.of_type(key)
    if key not in plan.type_by_key:
        remedy = suggestion(key, plan.type_by_key) or "Look at the plan's types."
        _refuse("plan-unknown-type", subject, f"there is no type '{key}'", remedy)
    if having := [territory.key for territory in plan.territories if territory.type == key]:
        message = f"{len(having):,} territories have this type, the first is '{having[0]}'"
        _refuse("plan-type-in-use", subject, message, "Give them another type first.")
    return replace(plan, types=tuple(kind for kind in plan.types if kind.key != key))


def with_areas(plan: Plan, areas: Iterable[Area]) -> Plan:
    """The plan with areas added, or put in place of those with their keys."""
    given = {area.key: area for area in areas}
    for key in given:
        _need_key(key, subjects.of_area(key))
    kept = {area.key: area for area in plan.areas} | given
    if len(kept) > MAX_AREAS:
        message = f"the plan would have {len(kept):,} areas, at most {MAX_AREAS:,} are taken"
        _refuse("plan-area-size", f"plan {plan.key}", message, "Take those out that no rule asks for, or join some.")
    return replace(plan, areas=tuple(sorted(kept.values(), key=lambda area: area.key)))


def without_area(plan: Plan, key: str) -> Plan:
    """The plan without one area; whether a rule still asks for it is for `check_plan` to say."""
    if key not in plan.area_by_key:
        remedy = suggestion(key, plan.area_by_key) or "Look at the plan's areas."
        _refuse("plan-unknown-area", subjects.of_area(key), f"there is no area '{key}'", remedy)
    return replace(plan, areas=tuple(area for area in plan.areas if area.key != key))


def with_pin(plan: Plan, pin: Pin) -> Plan:
    """The plan with one pin or exclusion more."""
    return with_pins(plan, [pin])


def with_pins(plan: Plan, pins: Iterable[Pin]) -> Plan:
    """The plan with many pins or exclusions more; those it has already are not added again.

    All that is wrong is gathered. Contradictions among pins are for `check_plan` to say, since each of the two may be the mistake.
    """
    findings: list[Finding] = []
    added: dict[Pin, None] = {}
    for pin in pins:
        subject = subjects.of_pin(pin)
        if pin.territory not in plan.territory_by_key:
            remedy = suggestion(pin.territory, plan.territory_by_key) or "Use a territory of the plan."
            findings.append(_finding("plan-unknown-territory", subject, f"there is no territory '{pin.territory}'", remedy))
        if not pin.account.strip() or not pin.reason.strip():
            findings.append(
                _finding("plan-no-reason", subject, "a pin needs an account and a reason", "Name the account and say why.")
            )
        added[pin] = None
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        raise InputError(f"{findings[0].place}: {findings[0].message}{more}", findings)
    present = set(plan.pins)
    return in_order(replace(plan, pins=(*plan.pins, *(pin for pin in added if pin not in present))))


def without_pin(plan: Plan, pin: Pin) -> Plan:
    """The plan without one pin or exclusion, named by all its values."""
    if pin not in plan.pins:
        _refuse("plan-unknown-pin", subjects.of_pin(pin), "the plan has no such pin", "It may have been changed; look again.")
    return replace(plan, pins=tuple(p for p in plan.pins if p != pin))


def _with(plan: Plan, territory: Territory) -> Plan:
    """The plan with a territory put in place of the one with its key."""
    territories = tuple(territory if t.key == territory.key else t for t in plan.territories)
    return in_order(replace(plan, territories=territories))


def _without(plan: Plan, keys: set[str]) -> Plan:
    return replace(
        plan,
        territories=tuple(t for t in plan.territories if t.key not in keys),
        seats=tuple(seat for seat in plan.seats if seat.territory not in keys),
        pins=tuple(pin for pin in plan.pins if pin.territory not in keys),
    )


def _finding(code: str, subject: str, message: str, remedy: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(subject=subject), remedy=remedy)


def _refuse(code: str, subject: str, message: str, remedy: str) -> NoReturn:
    raise InputError(f"{subject}: {message}. {remedy}", [_finding(code, subject, message, remedy)])


def _need_key(key: str, subject: str) -> None:
    if not is_key(key):
        _refuse("plan-key", subject, f"'{key[:80]}' cannot be a key", f"Use a-z, 0-9, '_', '.', '-'; such as '{key_from(key)}'.")


def _need_territory(plan: Plan, key: str, subject: str) -> Territory:
    territory = plan.territory_by_key.get(key)
    if territory is None:
        remedy = suggestion(key, plan.territory_by_key) or "Use a territory of the plan."
        _refuse("plan-unknown-territory", subject, f"there is no territory '{key}'", remedy)
    return territory
