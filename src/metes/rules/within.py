"""Narrows rules by those of the territories above them, so that a rule that is broad by itself is tried on few accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

from metes.model.catalogue import Field
from metes.model.plan import Plan
from metes.rules.compile import CompiledRule, CompiledRules, pack_of, values_of_lists
from metes.rules.field_test import Contradiction, FieldTest, narrowed
from metes.rules.normal import Conjunction, Raw, ValuesOfList, disjuncts
from metes.rules.packs import Pack

# What an account must pass to be taken above: one test per field, for each of some ways.
Ways: TypeAlias = Sequence[Mapping[str, FieldTest]]
_ANY_WAY: Ways = ({},)
# What rules became, for as long as they themselves are kept; None where they are what they were.
_NARROWED: WeakKeyDictionary[CompiledRules, CompiledRules | None] = WeakKeyDictionary()
_MAX_WAYS = 16
_MAX_CONJUNCTIONS = 64


def within_parents(compiled: CompiledRules) -> CompiledRules:
    """The same rules, each taking only what the territories above it can take too: enough to settle who holds an account.

    A territory takes an account where its parent does and a rule of its own holds. So a rule may be tried on the accounts alone that
    all above can take, and where a territory does take one, exactly the same of its rules hold. Where no territory with rules lies
    above another, these are the rules themselves.

    Notes
    -----
    Source: ours. Where the ways to be taken by a territory are more than a few, those of the one above it stand for them; rules too
    wide to be spelled out are not narrowed. O(rules x literals x ways).
    """
    if compiled not in _NARROWED:
        above = _ruled_above(compiled.plan)
        _NARROWED[compiled] = replace(compiled, packs=(_Narrower(compiled, above).pack(),)) if any(above.values()) else None
    return _NARROWED[compiled] or compiled


def is_ready(compiled: CompiledRules) -> bool:
    """Whether `within_parents` has its answer already."""
    return compiled in _NARROWED


def _ruled_above(plan: Plan) -> dict[str, str]:
    """For each territory with rules the nearest one above that has some; empty where there is none."""
    nearest: dict[str, str] = {}
    for territory in plan.preorder:
        parent = plan.territory_by_key.get(territory.parent or "")
        nearest[territory.key] = "" if parent is None else parent.key if parent.rules else nearest[parent.key]
    return {territory.key: nearest[territory.key] for territory in plan.preorder if territory.rules}


class _Narrower:
    """Goes down the tree with the ways in which accounts are taken so far."""

    def __init__(self, compiled: CompiledRules, above: Mapping[str, str]) -> None:
        self.compiled, self.above = compiled, above
        self.fields: Mapping[str, Field] = compiled.fields
        self.values_of_list: ValuesOfList = values_of_lists(compiled.plan.list_by_key)
        self.ways: dict[str, Ways] = {"": _ANY_WAY}
        self.conjunctions: dict[int, Sequence[Conjunction] | None] = {}

    def pack(self) -> Pack:
        """All rules, narrowed."""
        rules_of: dict[str, list[CompiledRule]] = {}
        for rule in self.compiled.rules:
            rules_of.setdefault(self.compiled.plan.territories[rule.territory].key, []).append(rule)
        for key, rules in rules_of.items():  # in preorder, as rules are numbered
            self.add(key, rules)
        plan = self.compiled.plan
        return pack_of(self.compiled.rules, self.fields, plan.list_by_key, lambda rule: self.conjunctions[rule.number])

    def add(self, key: str, rules: Sequence[CompiledRule]) -> None:
        """Add the rules of one territory, those above it having been added."""
        base = self.ways[self.above[key]]
        own: list[Mapping[str, FieldTest]] = []
        is_spelled_out = True
        for rule in rules:
            raws = disjuncts(rule.condition)
            if any(raw.rest for raw in raws):
                self.conjunctions[rule.number], is_spelled_out = None, False
                continue
            outer = base if len(base) * len(raws) <= _MAX_CONJUNCTIONS else _ANY_WAY
            ways = [way for above in outer for raw in raws if (way := self.narrowed(above, raw)) is not None]
            found = dict.fromkeys(conjunction for way in ways if (conjunction := _settled(way)) is not None)
            self.conjunctions[rule.number] = tuple(found)
            own += ways
        self.ways[key] = own if is_spelled_out and len(own) <= _MAX_WAYS else base

    def narrowed(self, above: Mapping[str, FieldTest], raw: Raw) -> Mapping[str, FieldTest] | None:
        """What an account must pass above and here; None where nothing can."""
        tests = dict(above)
        try:
            for literal, positive in raw.literals:
                test = tests.get(literal.field) or FieldTest(literal.field, self.fields[literal.field].type)
                tests[literal.field] = narrowed(test, literal, positive, self.values_of_list)
        except Contradiction:
            return None
        return tests


def _settled(way: Mapping[str, FieldTest]) -> Conjunction | None:
    """A way as a conjunction; None where nothing can pass."""
    try:
        return Conjunction(tuple(way[name].settled() for name in sorted(way)))
    except Contradiction:
        return None
