"""The boxes of a plan: what each rule takes within what its territory's parents take, with its standing in precedence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, TypeAlias

from metes.model.condition import And, Condition, Everything, Not, Or
from metes.model.plan import Plan
from metes.rules.compile import CompiledRules
from metes.rules.field_test import Contradiction, FieldTest, narrowed
from metes.rules.normal import Conjunction, ValuesOfList
from metes.rules.prove_cells import implies, meet
from metes.rules.prove_formula import All, Formula, No, Some
from metes.rules.tree import TreeArrays, tree_arrays

NAMED, RULE, CATCH_ALL = 1, 2, 3
NO_RULE: Final = -1

Tests: TypeAlias = Mapping[str, FieldTest]


@dataclass(frozen=True, slots=True)
class Standing:
    """What precedence compares of a claim, the lower first: the kind of claim and the type's priority, then depth within one tree, then
    the rule's priority."""

    via: int
    type_rank: int
    root: int
    depth: int
    priority: int

    @property
    def rank(self) -> tuple[int, int]:
        """Kind of claim and type priority, by which claims are parted first."""
        return self.via, self.type_rank


@dataclass(frozen=True, slots=True)
class Box:
    """One way in which a territory can claim an account: `tests` all hold, and what `rest` says beside.

    `territory` is a place in preorder; `rule` a rule's number, or -1 for a catch-all without rules. Accounts whose id is in `shut`
    are kept out by exclusions.
    """

    number: int
    territory: int
    rule: int
    tests: Tests
    rest: tuple[Formula, ...]
    standing: Standing
    shut: frozenset[str]

    @property
    def formula(self) -> Formula:
        """What an account must pass, exclusions left out."""
        return All((*self.tests.values(), *self.rest))


class Boxes:
    """All boxes of a plan on a day, and the formulas of its rules. Linear in the conjunctions of its rules and their ancestors'."""

    def __init__(self, plan: Plan, compiled: CompiledRules, day: date, values_of_list: ValuesOfList) -> None:
        self.plan = plan
        self.compiled = compiled
        self.tree: TreeArrays = tree_arrays(plan, compiled)
        self.territories = plan.preorder
        self.values_of_list = values_of_list
        self._tree_of_rule = dict(compiled.trees)
        self._conjunctions: dict[int, list[Conjunction]] = defaultdict(list)
        for conjunction, rule in zip(compiled.conjunctions, compiled.rule_of_conjunction, strict=True):
            self._conjunctions[rule].append(conjunction)
        self.rules_of_territory: dict[int, list[int]] = defaultdict(list)
        for number, territory in enumerate(self.tree.territory_of_rule.tolist()):
            self.rules_of_territory[territory].append(number)
        self.shut, self.pinned = fixed_ids(plan, self.tree, day)
        self._above: dict[int, tuple[Tests, tuple[Formula, ...]] | None] = {}
        self.unreachable: dict[tuple[int, int], str] = {}
        self.boxes: list[Box] = list(self._all())

    def conjunctions(self, rule: int) -> Sequence[Conjunction]:
        """A rule's conjunctions; none where it never holds, or where it is too wide to be spelled out."""
        return self._conjunctions.get(rule, ())

    def is_wide(self, rule: int) -> bool:
        """Whether a rule is too wide to be spelled out."""
        return rule in self._tree_of_rule

    def rule_formula(self, rule: int) -> Formula:
        """When a rule holds, by itself."""
        if rule in self._tree_of_rule:
            return self._tree(self._tree_of_rule[rule])
        return Some(tuple(All(conjunction.tests) for conjunction in self.conjunctions(rule)))

    def taken_by(self, territory: int) -> Formula:
        """What the rules of a territory take, by themselves; everything where it has none."""
        rules = self.rules_of_territory.get(territory)
        return Some(tuple(map(self.rule_formula, rules))) if rules else All()

    def ruled_above(self, territory: int) -> Iterator[int]:
        """The territories with rules above one, nearest first."""
        above = int(self.tree.ruled_parent[territory])
        while above >= 0:
            yield above
            above = int(self.tree.ruled_parent[above])

    def chain(self, territory: int) -> tuple[Formula, ...]:
        """What the territories above one take, each by itself."""
        return tuple(self.taken_by(above) for above in self.ruled_above(territory))

    @cached_property
    def group_of_territory(self) -> list[int]:
        """The number of the group in which a territory contends; 0 are all primary ones."""
        groups = list(self.tree.groups())
        return [next(i for i, mask in enumerate(groups) if mask[kind]) for kind in self.tree.type.tolist()]

    @cached_property
    def boxes_of_territory(self) -> Mapping[int, Sequence[Box]]:
        """The boxes of each territory."""
        out: dict[int, list[Box]] = defaultdict(list)
        for box in self.boxes:
            out[box.territory].append(box)
        return out

    @cached_property
    def boxes_of_rule(self) -> Mapping[int, Sequence[Box]]:
        """The boxes of each rule."""
        out: dict[int, list[Box]] = defaultdict(list)
        for box in self.boxes:
            out[box.rule].append(box)
        return out

    def _all(self) -> Iterator[Box]:
        number = 0
        for territory in range(self.tree.size):
            rules = self.rules_of_territory.get(territory, [])
            options: list[tuple[int, Tests, tuple[Formula, ...]]] = []
            if not rules and self.tree.is_catch_all[territory]:
                options.append((NO_RULE, {}, ()))
            for rule in rules:
                if self.is_wide(rule):
                    options.append((rule, {}, (self.rule_formula(rule),)))
                options += [(rule, {t.field: t for t in c.tests}, ()) for c in self.conjunctions(rule)]
            above = self._taken_above(territory) if options else None
            for rule, own, rest in options:
                tests = None if above is None else met(above[0], own)
                if tests is None or above is None:
                    continue
                standing = self._standing(territory, rule)
                shut = self.shut.get(territory, frozenset())
                yield Box(number, territory, rule, tests, (*rest, *above[1]), standing, shut)
                number += 1

    def _standing(self, territory: int, rule: int) -> Standing:
        tree = self.tree
        via = CATCH_ALL if tree.is_catch_all[territory] else NAMED if tree.is_named_rule[rule] else RULE
        type_rank = int(tree.type_rank[tree.type[territory]])
        priority = int(tree.priority_rank[rule + 1])
        return Standing(via, type_rank, int(tree.root[territory]), int(tree.depth[territory]), priority)

    def _taken_above(self, territory: int) -> tuple[Tests, tuple[Formula, ...]] | None:
        """What the territories above one take: one test per field where each can take in one way alone, and the rest as formulas."""
        above = int(self.tree.ruled_parent[territory])
        if above < 0:
            return {}, ()
        if above not in self._above:
            self._above[above] = self._with_own(above, self._taken_above(above))
        return self._above[above]

    def _with_own(
        self, territory: int, above: tuple[Tests, tuple[Formula, ...]] | None
    ) -> tuple[Tests, tuple[Formula, ...]] | None:
        if above is None:
            return None
        rules = self.rules_of_territory[territory]
        ways = [conjunction for rule in rules for conjunction in self.conjunctions(rule)]
        if len(ways) != 1 or any(map(self.is_wide, rules)):
            return above[0], (self.taken_by(territory), *above[1])
        tests = met(above[0], {test.field: test for test in ways[0].tests})
        return None if tests is None else (tests, above[1])

    def _tree(self, node: Condition) -> Formula:
        """A condition as a formula, literal by literal."""
        match node:
            case Everything():
                return All()
            case Not(part):
                return No(self._tree(part))
            case And(parts):
                return All(tuple(map(self._tree, parts)))
            case Or(parts):
                return Some(tuple(map(self._tree, parts)))
            case _:
                try:
                    test = FieldTest(node.field, self.compiled.fields[node.field].type)
                    return narrowed(test, node, True, self.values_of_list).settled()
                except Contradiction:
                    return Some()


def met(one: Tests, other: Tests) -> Tests | None:
    """One test per field that passes what both pass; None where that is nothing."""
    if not one or not other:
        return one or other
    out = dict(one)
    try:
        for name, test in other.items():
            out[name] = meet(out[name], test) if name in out else test
    except Contradiction:
        return None
    return out


def covers(outer: Box, inner: Box) -> bool:
    """Whether a box is seen to take all that another takes."""
    if outer.rest or outer.shut:
        return False
    return all(name in inner.tests and implies(inner.tests[name], test) for name, test in outer.tests.items())


def common(one: Box, other: Box) -> Tests | None:
    """The tests of the accounts that two boxes share; None where they are seen to share none."""
    return met(one.tests, other.tests)


def fixed_ids(plan: Plan, tree: TreeArrays, day: date) -> tuple[dict[int, frozenset[str]], dict[int, frozenset[str]]]:
    """The ids kept out of each territory, those kept out above it among them, and the ids pinned to each territory."""
    shut: dict[int, set[str]] = defaultdict(set)
    pinned: dict[int, set[str]] = defaultdict(set)
    in_force = [p for p in plan.pins if p.holds_on(day) and p.territory in tree.position_of_key]
    for pin in in_force:
        if pin.is_exclusion:
            at = tree.position_of_key[pin.territory]
            for territory in range(at, int(tree.last[at])):
                shut[territory].add(pin.account)
    for pin in in_force:
        at = tree.position_of_key[pin.territory]
        if not pin.is_exclusion and pin.account not in shut.get(at, ()):
            pinned[at].add(pin.account)
    return {k: frozenset(v) for k, v in shut.items()}, {k: frozenset(v) for k, v in pinned.items()}
