"""Which accounts a change of plan can touch: those that some rule takes, before or after, that the change speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain

from metes.model.condition import Condition, InList, literals
from metes.model.plan import Plan, Policy, Rule, Territory
from metes.model.terms import InArea, OfFamily, Term, term_of
from metes.rules.precedence import type_of


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
    if before is after:
        return Changes(accounts=_pinned(before, after, day_before, day_after, frozenset()))
    old, new = ({territory.key: territory for territory in plan.preorder} for plan in (before, after))
    moved, gone, come = _moved(before, after, old), old.keys() - new.keys(), new.keys() - old.keys()
    sources_before, sources_after = _sources(before, moved | gone), _sources(after, moved | come)
    for plan, sources in ((before, sources_before), (after, sources_after)):
        if open_to_all := [key for key, source in sources.items() if source is None]:
            when = "stood otherwise before" if plan is before else "is new or stands otherwise"
            return Changes(reason=f"territory {open_to_all[0]}, which can take any account, {when}")
    names = _changed_names(before, after)
    pairs = [(old[key], new[key]) for key in new if key in old and (names or old[key] is not new[key])]
    return Changes(
        before=_conditions(
            sources_before, chain.from_iterable(_unlike_rules(one, other, names, by_rank=False) for one, other in pairs)
        ),
        after=_conditions(
            sources_after, chain.from_iterable(_unlike_rules(other, one, names, by_rank=True) for one, other in pairs)
        ),
        accounts=_pinned(before, after, day_before, day_after, moved | gone | come),
    )


def _moved(before: Plan, after: Plan, old: Mapping[str, Territory]) -> frozenset[str]:
    """The territories of both plans that do not stand in one as they do in the other."""
    has_same_path: dict[str, bool] = {}
    moved: list[str] = []
    changed_types = {key for key in before.type_by_key.keys() | after.type_by_key.keys() if _type(before, key) != _type(after, key)}
    for territory in after.preorder:
        key, parent, was = territory.key, territory.parent, old.get(territory.key)
        if was is None:
            has_same_path[key] = False
            continue
        # What lies below passes through this one, with its rules or without any.
        is_same_path = was is territory or (was.parent == parent and bool(was.rules) == bool(territory.rules))
        has_same_path[key] = is_same_path and (parent is None or has_same_path[parent])
        is_same = has_same_path[key] and (was is territory or _standing(before, was) == _standing(after, territory))
        if not is_same or territory.type in changed_types:
            moved.append(key)
    return frozenset(moved)


def _type(plan: Plan, key: str) -> tuple[object, ...] | None:
    """What precedence asks of a type; None where the plan lacks it."""
    type = plan.type_by_key.get(key)
    return None if type is None else (type.role, type.policy, type.priority)


def _standing(plan: Plan, territory: Territory) -> tuple[object, ...]:
    """What precedence asks of a territory beside its type's own, its rules and its place."""
    type = type_of(plan, territory)
    return type.key, territory.is_catch_all, territory.share if type.policy is Policy.SPLIT else None


def _sources(plan: Plan, moved: Iterable[str]) -> dict[str, Territory | None]:
    """Of territories that claim accounts, the one whose rules all those accounts pass: itself or one above; None where there is none."""
    sources: dict[str, Territory | None] = {}
    for key in sorted(moved):
        territory = plan.territory_by_key[key]
        if territory.rules or territory.is_catch_all:
            sources[key] = next((t for t in (territory, *plan.ancestors(key)) if t.rules), None)
    return sources


def _conditions(sources: Mapping[str, Territory | None], rules: Iterable[Rule]) -> tuple[Condition, ...]:
    """The distinct conditions of some rules, and of all rules of the territories that are sources."""
    whole = {source.key: source for source in sources.values() if source is not None}
    return tuple(dict.fromkeys(rule.condition for rule in (*rules, *(r for source in whole.values() for r in source.rules))))


def _unlike_rules(territory: Territory, other: Territory, names: frozenset[str], *, by_rank: bool) -> Iterator[Rule]:
    """The rules that a territory lacks in the other plan or has otherwise; `names` are the lists and areas that are not the same.

    A rule that differs in nothing but its priority takes what it took: one plan's word on it is enough, that asked `by_rank`.
    """
    others = {rule.key: rule for rule in other.rules}
    for rule in territory.rules:
        was = others.get(rule.key)
        if was is None or not _is_like(rule, was, by_rank) or (names and not names.isdisjoint(_names(rule.condition))):
            yield rule


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


def _pinned(before: Plan, after: Plan, day_before: date, day_after: date, moved: frozenset[str]) -> frozenset[str]:
    """The accounts whose pins or exclusions in force are not the same, or that are pinned to a territory that stands otherwise."""
    old, new = _in_force(before, day_before), _in_force(after, day_after)
    pinned = (pin for pin in old | new if pin[1] in moved and not pin[2])
    return frozenset(account for account, _, _ in (*(old ^ new), *pinned))


def _in_force(plan: Plan, day: date) -> frozenset[tuple[str, str, bool]]:
    return frozenset((pin.account, pin.territory, pin.is_exclusion) for pin in plan.pins if pin.holds_on(day))
