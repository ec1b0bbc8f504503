"""The one order of a plan's parts, which the text and the hashed nodes keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TypeVar

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import subjects
from metes.plan.limits import MAX_TERRITORY_DEPTH

Part = TypeVar("Part", TerritoryType, Rule, Seat, Territory, NamedList, Area, Pin, Plan)


def in_order(plan: Plan) -> Plan:
    """The plan with its parts in canonical order and its comments tidy; what they say is unchanged.

    Roots, lists and areas stand by key, since each is a file; children, rules, types and seats of one territory keep their order; seats
    follow the tree; pins stand before exclusions and by account, territory and days. n log n in the number of parts.

    Raises
    ------
    InputError
        Where the territories are no tree, nest past the limit, share a key, or a seat stands on none of them: such a plan has no text.
    """
    _refuse_what_is_no_tree(plan)
    roots = sorted(plan.children_by_key.get(None, ()), key=lambda t: t.key)
    territories: list[Territory] = []
    for root in roots:
        first, last = plan.interval_by_key[root.key]
        territories.extend(plan.preorder[first:last])
    seats = [seat for territory in territories for seat in plan.seats_by_territory.get(territory.key, ())]
    return replace(
        _tidy(plan),
        types=tuple(map(_tidy, plan.types)),
        territories=tuple(_tidy_territory(t) for t in territories),
        lists=tuple(_tidy(named) for named in sorted(plan.lists, key=lambda n: n.key)),
        areas=tuple(_tidy(area) for area in sorted(plan.areas, key=lambda a: a.key)),
        pins=tuple(sorted(map(_tidy, plan.pins), key=pin_order)),
        seats=tuple(map(_tidy, seats)),
    )


def pin_order(pin: Pin) -> tuple[bool, str, str, date, date, str, str, str]:
    """Where a pin stands among the pins and exclusions."""
    start, end = pin.period.start or date.min, pin.period.end or date.max
    return (pin.is_exclusion, pin.account, pin.territory, start, end, pin.reason, pin.author, pin.comment)


def tidy_comment(text: str) -> str:
    """A comment as it can stand in a file: no blanks at line ends, no empty lines around it, no control characters."""
    lines = ("".join(c for c in line if c.isprintable() or c in "\t\u00a0").rstrip() for line in text.splitlines())
    return "\n".join(lines).strip("\n")


def _tidy(part: Part) -> Part:
    return replace(part, comment=tidy_comment(part.comment)) if part.comment else part


def _tidy_territory(territory: Territory) -> Territory:
    tidy = _tidy(territory)
    if any(rule.comment for rule in tidy.rules):
        return replace(tidy, rules=tuple(map(_tidy, tidy.rules)))
    return tidy


def _refuse_what_is_no_tree(plan: Plan) -> None:
    """Raise InputError naming every territory and seat that has no place in the tree."""
    findings: list[Finding] = []

    def report(code: str, message: str, subject: str, remedy: str) -> None:
        findings.append(Finding(code, Severity.ERROR, message, Place(subject=subject), remedy=remedy))

    if len(plan.territory_by_key) < len(plan.territories):
        report("plan-duplicate", "two territories share a key", f"plan {plan.key}", "Give each its own key.")
    elif len(plan.preorder) < len(plan.territories):
        reached = {t.key for t in plan.preorder}
        for territory in plan.territories:
            if territory.key not in reached:
                message = f"'{territory.key}' hangs under no root of the tree"
                report("plan-unknown-parent", message, subjects.of_territory(territory.key), "Give it a parent that exists.")
    levels: dict[str | None, int] = {None: 0}
    for territory in plan.preorder:
        levels[territory.key] = levels[territory.parent] + 1
        if levels[territory.key] == MAX_TERRITORY_DEPTH + 1:
            message = f"'{territory.key}' stands more than {MAX_TERRITORY_DEPTH} levels deep"
            report("plan-depth", message, subjects.of_territory(territory.key), "Flatten the tree.")
    for seat in plan.seats:
        if seat.territory not in plan.territory_by_key:
            message = f"seat '{seat.key}' stands on '{seat.territory}', which the plan lacks"
            report("plan-unknown-territory", message, subjects.of_seat(seat.key), "Put it on a territory of the plan.")
    if findings:
        raise InputError(f"the plan '{plan.key}' is no tree: {findings[0].message}", findings)
