"""Which accounts a change of plan can touch: those that some rule takes, before or after, that the change speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from metes.model.condition import Condition, InList, literals
from metes.model.plan import Plan, Policy, Rule, Territory
from metes.model.terms import InArea, OfFamily, Term, term_of
from metes.rules.precedence import type_of

_Rules: TypeAlias = Mapping[tuple[str, str], Rule]


@dataclass(frozen=True, slots=True)
class Changes:
    """What tells the accounts that a change of plan may touch.

    They are those for which a condition of `before` holds under the old plan, or one of `after` under the new one, and those whose
    keys are `accounts`. With a `reason` it may touch any account at all, and the rest says nothing.
    """

    before: tuple[Condition, ...] = ()
    after: tuple[Condition, ...] = ()
    accounts: frozenset[str] = frozenset()
    reason: str = ""

    @property
    def conditions(self) -> int:
        """How many conditions must be evaluated over all accounts."""
        return len(self.before) + len(self.after)


def changed_rules(before: Plan, after: Plan, day_before: date, day_after: date) -> Changes:
    """What may be decided otherwise by `after` on one day than by `before` on another, for accounts whose data are the same.

    Parameters
    ----------
    before, after
        Two plans, however alike.
    day_before, day_after
        The days on which pins and exclusions must be in force. Terms that depend on the day are taken to have the same values on
        both; where a rule asks for one, the caller must say that any account may be touched.

    Notes
    -----
    Source: ours. A territory stands as before when its type, its ways of taking and all that lies above it, with rules or without,
    are the same. For an account that no changed rule takes, a territory that stands as before is a candidate exactly as it was. Any
    other territory is a candidate only for accounts that its own rules take, or where it has none those of the nearest territory
    above that has some. So what none of these rules takes, and no pin concerns, stays where it is. O(both plans).
    """
    moved_before, moved_after = _moved(before, after), _moved(after, before)
    old_rules, new_rules = _rules(before), _rules(after)
    sources_before, sources_after = _sources(before, moved_before), _sources(after, moved_after)
    for plan, sources in ((before, sources_before), (after, sources_after)):
        if open_to_all := [key for key, source in sources.items() if source is None]:
            when = "stood otherwise before" if plan is before else "is new or stands otherwise"
            return Changes(reason=f"territory {open_to_all[0]}, which can take any account, {when}")
    names = _changed_names(before, after)
    return Changes(
        before=_conditions(old_rules, sources_before.values(), _differing(old_rules, new_rules, names, by_rank=False)),
        after=_conditions(new_rules, sources_after.values(), _differing(new_rules, old_rules, names, by_rank=True)),
        accounts=_pinned(before, after, day_before, day_after, moved_before | moved_after),
    )


def _rules(plan: Plan) -> _Rules:
    """The rules that can take something, by territory and key."""
    return {(territory.key, rule.key): rule for territory in plan.preorder for rule in territory.rules}


def _moved(plan: Plan, other: Plan) -> frozenset[str]:
    """The territories of a plan that the other lacks, or that do not stand there as they do here."""
    elsewhere = {territory.key: territory for territory in other.preorder}
    has_same_path: dict[str, bool] = {}
    moved: list[str] = []
    for territory in plan.preorder:
        there = elsewhere.get(territory.key)
        is_same_place = there is not None and there.parent == territory.parent
        if is_same_place and territory.parent is not None:
            is_same_place = has_same_path[territory.parent]
        # What lies below passes through this one, with its rules or without any.
        has_same_path[territory.key] = is_same_place and there is not None and bool(there.rules) == bool(territory.rules)
        if not has_same_path[territory.key] or there is None or _standing(plan, territory) != _standing(other, there):
            moved.append(territory.key)
    return frozenset(moved)


def _standing(plan: Plan, territory: Territory) -> tuple[object, ...]:
    """What precedence asks of a territory beside its rules and its place."""
    type = type_of(plan, territory)
    share = territory.share if type.policy is Policy.SPLIT else None
    return type.key, type.role, type.policy, type.priority, territory.is_catch_all, share


def _sources(plan: Plan, moved: Iterable[str]) -> dict[str, Territory | None]:
    """Of territories that claim accounts, the one whose rules all those accounts pass: itself or one above; None where there is none."""
    sources: dict[str, Territory | None] = {}
    for key in sorted(moved):
        territory = plan.territory_by_key[key]
        if territory.rules or territory.is_catch_all:
            sources[key] = next((t for t in (territory, *plan.ancestors(key)) if t.rules), None)
    return sources


def _differing(rules: _Rules, others: _Rules, names: frozenset[str], *, by_rank: bool) -> Iterator[tuple[str, str]]:
    """Keys of the rules that the other plan lacks or has otherwise; `names` are the lists and areas that are not the same.

    A rule that differs in nothing but its priority takes what it took: one plan's word on it is enough, that asked `by_rank`.
    """
    for key, rule in rules.items():
        other = others.get(key)
        is_same = other is not None and _is_like(rule, other, by_rank)
        if not is_same or (names and not names.isdisjoint(_names(rule.condition))):
            yield key


def _is_like(rule: Rule, other: Rule, by_rank: bool) -> bool:
    """Whether two rules take the same, and come in the same turn where that is asked."""
    return rule is other or (rule.condition == other.condition and (not by_rank or rule.priority == other.priority))


def _changed_names(before: Plan, after: Plan) -> frozenset[str]:
    """The lists and areas that are not the same in both plans, as `_names` writes them."""
    lists = [{key: frozenset(named.values) for key, named in plan.list_by_key.items()} for plan in (before, after)]
    areas = [{key: area.geometry for key, area in plan.area_by_key.items()} for plan in (before, after)]
    return frozenset([*(f"list:{key}" for key in _unlike(*lists)), *(f"area:{key}" for key in _unlike(*areas))])


def _unlike(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """The keys under which two mappings do not hold the same."""
    return (key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def _names(condition: Condition) -> Iterator[str]:
    """The lists and areas that a condition asks for."""
    for literal in literals(condition):
        if isinstance(literal, InList):
            yield f"list:{literal.list}"
        term = term_of(literal.field)
        if term is not None and (area := _area(term)) is not None:
            yield f"area:{area}"


def _area(term: Term) -> str | None:
    """The area that a term asks for, be it of the account or of its family."""
    while isinstance(term, OfFamily):
        inner = term_of(term.field)
        if inner is None:
            return None
        term = inner
    return term.area if isinstance(term, InArea) else None


def _conditions(rules: _Rules, sources: Iterable[Territory | None], differing: Iterable[tuple[str, str]]) -> tuple[Condition, ...]:
    """The distinct conditions of some rules and of all rules of some territories."""
    own = [rules[key].condition for key in differing]
    whole = {source.key: source for source in sources if source is not None}
    return tuple(dict.fromkeys([*own, *(rule.condition for source in whole.values() for rule in source.rules)]))


def _pinned(before: Plan, after: Plan, day_before: date, day_after: date, moved: frozenset[str]) -> frozenset[str]:
    """The accounts whose pins or exclusions in force are not the same, or that are pinned to a territory that stands otherwise."""
    old, new = _in_force(before, day_before), _in_force(after, day_after)
    pinned = (pin for pin in old | new if pin[1] in moved and not pin[2])
    return frozenset(account for account, _, _ in (*(old ^ new), *pinned))


def _in_force(plan: Plan, day: date) -> frozenset[tuple[str, str, bool]]:
    return frozenset((pin.account, pin.territory, pin.is_exclusion) for pin in plan.pins if pin.holds_on(day))
