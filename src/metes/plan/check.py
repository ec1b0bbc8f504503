"""Checks a whole plan: what would make it contradict itself, leave accounts out, or mean something else than it seems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Final

from metes.base.findings import Finding, Place, Severity
from metes.base.ids import is_key, key_from
from metes.base.memory import uncollected
from metes.model.catalogue import Field
from metes.model.plan import Pin, Plan, Policy, Role, Rule, Territory
from metes.plan import subjects
from metes.plan.check_areas import check_areas
from metes.plan.check_seats import check_seats
from metes.plan.conform import suggestion
from metes.plan.limits import COLOURS, MAX_TERRITORIES, MAX_TERRITORY_DEPTH
from metes.rules.checks import check_condition

_SHARE_TOLERANCE: Final = 1e-6
_MAX_CONTRADICTIONS: Final = 20


@uncollected()
def check_plan(plan: Plan, fields: Mapping[str, Field], known_accounts: Container[str] | None = None) -> list[Finding]:
    """Everything worth saying about a plan, in the order of its parts; empty where it is sound.

    `fields` are those a rule may ask for; with `known_accounts` pins on others are warned about. The codes stand in
    docs/reference/findings.md. Linear in the plan, n log n in its pins, of which at most 20 contradictions an account
    are told.
    """
    findings = [finding for check in _CHECKS for finding in check(plan)]
    findings.extend(_rules(plan, fields))
    if known_accounts is not None:
        findings.extend(_unknown_accounts(plan, known_accounts))
    return findings


def _finding(severity: Severity, code: str, subject: str, message: str, remedy: str, value: str = "") -> Finding:
    return Finding(f"plan-{code}", severity, message, Place(subject=subject), value[:80], remedy)


def _error(code: str, subject: str, message: str, remedy: str, value: str = "") -> Finding:
    return _finding(Severity.ERROR, code, subject, message, remedy, value)


def _warning(code: str, subject: str, message: str, remedy: str, value: str = "") -> Finding:
    return _finding(Severity.WARNING, code, subject, message, remedy, value)


def _note(code: str, subject: str, message: str, remedy: str) -> Finding:
    return _finding(Severity.NOTE, code, subject, message, remedy)


def _keys(plan: Plan) -> Iterator[Finding]:
    """Keys that are malformed or used twice."""
    yield from _keys_of([(f"plan {plan.key}", plan.key)])
    yield from _keys_of((subjects.of_type(t.key), t.key) for t in plan.types)
    yield from _keys_of((subjects.of_territory(t.key), t.key) for t in plan.territories)
    yield from _keys_of((subjects.of_rule(t.key, rule.key), rule.key) for t in plan.territories for rule in t.rules)
    yield from _keys_of((subjects.of_seat(seat.key), seat.key) for seat in plan.seats)
    yield from _keys_of((subjects.of_list(named.key), named.key) for named in plan.lists)
    yield from _keys_of((subjects.of_area(area.key), area.key) for area in plan.areas)


def _keys_of(keys: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    counts = Counter(keys)
    for (subject, key), count in counts.items():
        if not is_key(key):
            remedy = f"Keys are 1 to 80 of a-z, 0-9, '_', '.', '-', with a letter or digit at both ends; such as '{key_from(key)}'."
            yield _error("key", subject, f"'{key[:80]}' cannot be a key", remedy, key)
        if count > 1:
            yield _error("duplicate", subject, f"the key '{key}' is used {count} times", "Give each its own key.", key)


def _tree(plan: Plan) -> Iterator[Finding]:
    """Unknown types and parents, cycles, and trees too deep or too large."""
    if not plan.territories:
        yield _warning("empty", f"plan {plan.key}", "the plan has no territories, so every account is a gap", "Add a territory.")
    if len(plan.territories) > MAX_TERRITORIES:
        message = f"the plan has {len(plan.territories):,} territories, at most {MAX_TERRITORIES:,} are taken"
        yield _error("size", f"plan {plan.key}", message, "Use seats and rules in place of the smallest territories.")
    for territory in plan.territories:
        subject = subjects.of_territory(territory.key)
        if territory.type not in plan.type_by_key:
            remedy = suggestion(territory.type, plan.type_by_key) or "Add the type, or use one of the plan's."
            yield _error("unknown-type", subject, f"there is no type '{territory.type}'", remedy, territory.type)
        if territory.parent is not None and territory.parent not in plan.territory_by_key:
            remedy = suggestion(territory.parent, plan.territory_by_key) or "Add the parent, or make it a root."
            yield _error(
                "unknown-parent", subject, f"there is no territory '{territory.parent}' above it", remedy, territory.parent
            )
    yield from _cycles(plan)
    yield from _depths(plan)


def _cycles(plan: Plan) -> Iterator[Finding]:
    """Each cycle of parents once, named with its path."""
    settled: set[str] = set()
    for territory in plan.territories:
        path: list[str] = []
        on_path: set[str] = set()
        key: str | None = territory.key
        while key is not None and key in plan.territory_by_key and key not in settled and key not in on_path:
            path.append(key)
            on_path.add(key)
            key = plan.territory_by_key[key].parent
        if key is not None and key in on_path:
            cycle = [*path[path.index(key) :], key]
            shown = " under ".join(cycle if len(cycle) <= 12 else [*cycle[:6], "...", *cycle[-5:]])
            yield _error(
                "cycle", subjects.of_territory(key), f"its parents run in a circle: {shown}", "Give one another parent, or none."
            )
        settled |= on_path


def _depths(plan: Plan) -> Iterator[Finding]:
    levels: dict[str | None, int] = {None: 0}
    for territory in plan.preorder:
        levels[territory.key] = level = levels[territory.parent] + 1
        if level == MAX_TERRITORY_DEPTH + 1:
            message = f"it stands {level} levels deep, at most {MAX_TERRITORY_DEPTH} are taken"
            yield _error("depth", subjects.of_territory(territory.key), message, "Flatten the tree.")


def _types(plan: Plan) -> Iterator[Finding]:
    """Types that no territory has, and plans without a primary one."""
    used = {territory.type for territory in plan.territories}
    for kind in plan.types:
        if kind.key not in used:
            yield _note("unused-type", subjects.of_type(kind.key), "no territory has this type", "Use it, or take it out.")
    if plan.types and all(kind.role is not Role.PRIMARY for kind in plan.types):
        message = "no type is primary, so no account will have an owner"
        yield _warning("no-primary-type", f"plan {plan.key}", message, "Give the type that owns accounts the role 'primary'.")


def _catch_alls(plan: Plan) -> Iterator[Finding]:
    """Catch-alls that are missing, more than one of a type, or hold rules that are never asked."""
    by_type: dict[str, list[Territory]] = {}
    for territory in plan.territories:
        if territory.is_catch_all:
            by_type.setdefault(territory.type, []).append(territory)
    for key, territories in by_type.items():
        if len(territories) > 1:
            names = ", ".join(f"'{t.key}'" for t in territories[:10])
            message = f"{len(territories)} of its territories are catch-alls: {names}"
            yield _warning(
                "two-catch-alls", subjects.of_type(key), message, "Keep one; the others take only what precedence leaves them."
            )
    primary = {kind.key for kind in plan.types if kind.role is Role.PRIMARY}
    if primary and plan.territories and not primary & by_type.keys():
        message = "no primary territory is a catch-all, so an account that no rule takes is a gap"
        yield _warning("no-catch-all", f"plan {plan.key}", message, "Give one territory 'catch_all: true'.")


def _roots(plan: Plan) -> Iterator[Finding]:
    """Roots whose rules narrow all that hangs below them."""
    for root in plan.children_by_key.get(None, ()):
        if root.rules and plan.children_by_key.get(root.key):
            message = "it is a root with rules, so nothing that its rules leave out reaches any territory below it"
            yield _note(
                "root-rules",
                subjects.of_territory(root.key),
                message,
                "Take its rules out if the tree is meant to take every account.",
            )


def _shares(plan: Plan) -> Iterator[Finding]:
    """Shares out of range, without a policy that uses them, or that do not sum to 1 among siblings."""
    split = {kind.key for kind in plan.types if kind.policy is Policy.SPLIT}
    groups: dict[tuple[str | None, str], list[Territory]] = {}
    for territory in plan.territories:
        subject = subjects.of_territory(territory.key)
        if territory.share is not None and not 0 <= territory.share <= 1:
            yield _error("share", subject, f"a share lies from 0 to 1, got {territory.share}", "Write 0.25 for a quarter.")
        if territory.type in split:
            groups.setdefault((territory.parent, territory.type), []).append(territory)
        elif territory.share is not None and territory.type in plan.type_by_key:
            message = f"it has a share, and its type '{territory.type}' does not split"
            yield _note("share-unused", subject, message, "Take the share out, or give the type the policy 'split'.")
    for (parent, key), territories in groups.items():
        total = sum(t.share or 0.0 for t in territories)
        if abs(total - 1) > _SHARE_TOLERANCE:
            under = f"under '{parent}'" if parent is not None else "at the top"
            message = f"the shares of its {len(territories)} territories {under} sum to {total:.6g}, not to 1"
            yield _warning("share-sum", subjects.of_type(key), message, "Change the shares, so that they sum to 1.")


def _colours(plan: Plan) -> Iterator[Finding]:
    for territory in plan.territories:
        if territory.colour is not None and not 0 <= territory.colour < COLOURS:
            message = f"a colour lies from 0 to {COLOURS - 1}, got {territory.colour}"
            yield _error("colour", subjects.of_territory(territory.key), message, "Choose another, or leave it out.")


def _lists(plan: Plan) -> Iterator[Finding]:
    """Lists that are empty or name a value twice."""
    for named in plan.lists:
        subject = subjects.of_list(named.key)
        if not named.values:
            yield _warning("list-empty", subject, "the list has no values, so a rule that asks for it takes nothing", "Fill it.")
        twice = [value for value, count in Counter(named.values).items() if count > 1]
        if twice:
            shown = ", ".join(f"'{value}'" for value in twice[:5])
            message = f"{len(twice):,} values stand more than once: {shown}{', ...' if len(twice) > 5 else ''}"
            yield _warning("list-duplicate", subject, message, "Keep each once.")


def _pins(plan: Plan) -> Iterator[Finding]:
    """Pins on unknown territories, and pins and exclusions of one account that contradict each other."""
    by_account: dict[str, list[Pin]] = {}
    for pin in plan.pins:
        by_account.setdefault(pin.account, []).append(pin)
        if pin.territory not in plan.territory_by_key:
            remedy = suggestion(pin.territory, plan.territory_by_key) or "Use a territory of the plan."
            yield _error(
                "unknown-territory", subjects.of_pin(pin), f"there is no territory '{pin.territory}'", remedy, pin.territory
            )
        if not pin.reason.strip():
            yield _error(
                "no-reason", subjects.of_pin(pin), "it gives no reason", "Say why; whoever explains the account will need it."
            )
    for pins in by_account.values():
        if len(pins) > 1:
            yield from islice(_contradictions(plan, pins), _MAX_CONTRADICTIONS)


def _contradictions(plan: Plan, pins: list[Pin]) -> Iterator[Finding]:
    """What two pins or exclusions of one account, in force on the same day, have against each other."""
    for one, other in _overlapping(sorted(pins, key=lambda pin: pin.period.start or date.min)):
        subject = subjects.of_pin(other)
        if one.territory == other.territory:
            if one.is_exclusion is other.is_exclusion:
                message = f"the account '{one.account}' has this twice for the same days"
                yield _warning("pin-twice", subject, message, "Keep one of the two, or part their days.")
            else:
                message = f"the account '{one.account}' is both pinned to '{one.territory}' and kept out of it; the exclusion wins"
                yield _warning("pin-and-exclusion", subject, message, "Take one of the two out, or part their days.")
        elif not one.is_exclusion and not other.is_exclusion and _is_primary(plan, one) and _is_primary(plan, other):
            message = f"the account '{one.account}' is pinned to '{one.territory}' and to '{other.territory}' on the same days"
            yield _error("pin-conflict", subject, message, "Keep one of the two, or part their days.")


def _overlapping(pins: Sequence[Pin]) -> Iterator[tuple[Pin, Pin]]:
    """Pairs in force on the same day, of pins sorted by their first day."""
    for position, one in enumerate(pins):
        for other in pins[position + 1 :]:
            if not one.period.overlaps(other.period):
                break
            yield one, other


def _is_primary(plan: Plan, pin: Pin) -> bool:
    territory = plan.territory_by_key.get(pin.territory)
    kind = plan.type_by_key.get(territory.type) if territory is not None else None
    return kind is not None and kind.role is Role.PRIMARY


def _unknown_accounts(plan: Plan, known_accounts: Container[str]) -> Iterator[Finding]:
    for pin in plan.pins:
        if pin.account not in known_accounts:
            message = f"no account '{pin.account}' has been imported"
            yield _warning("unknown-account", subjects.of_pin(pin), message, "Check the key, or import the account.", pin.account)


def _rules(plan: Plan, fields: Mapping[str, Field]) -> Iterator[Finding]:
    """What the rules room says of each condition, placed at its rule."""
    for territory in plan.territories:
        for rule in territory.rules:
            yield from _rule(plan, territory, rule, fields)


def _rule(plan: Plan, territory: Territory, rule: Rule, fields: Mapping[str, Field]) -> Iterator[Finding]:
    subject = subjects.of_rule(territory.key, rule.key)
    for finding in check_condition(rule.condition, fields, plan.list_by_key, areas=plan.area_by_key):
        yield replace(finding, place=replace(finding.place, subject=subject))


_CHECKS: Final[tuple[Callable[[Plan], Iterator[Finding]], ...]] = (
    _keys,
    _tree,
    _types,
    _catch_alls,
    _roots,
    _shares,
    _colours,
    check_seats,
    _lists,
    check_areas,
    _pins,
)
