"""Compiles the rules of a plan into tables that a kernel, or an index in memory, evaluates all at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from metes.base.errors import InputError
from metes.base.findings import Finding, Place
from metes.base.memory import uncollected
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Equals, In, InList, Literal, literals
from metes.model.plan import NamedList, Plan, Rule, Territory
from metes.rules.checks import blocking_errors
from metes.rules.field_test import Contradiction
from metes.rules.minor_units import in_minor_units
from metes.rules.normal import Conjunction, ValuesOfList, disjuncts, merged
from metes.rules.packs import Pack, make_pack

ARROW_TYPES: Mapping[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.CODE: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.DECIMAL: pa.float64(),
    FieldType.MONEY: pa.int64(),
    FieldType.DATE: pa.date32(),
    FieldType.BOOLEAN: pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its number. `territory` indexes `plan.territories`; money in `condition` is in minor units."""

    number: int
    territory: int
    key: str
    priority: int
    is_named: bool
    condition: Condition


@dataclass(frozen=True, eq=False)
class CompiledRules:
    """All rules of a plan, ready to be evaluated.

    Rules are numbered by their territory's place in preorder, then named ones first, then by priority and key: of several rules of one
    territory that hold, the lowest number speaks. Each rule stands in one of the packs. `plan` is what was compiled; of its pins
    nothing is kept elsewhere.
    """

    plan: Plan
    rules: tuple[CompiledRule, ...]
    fields: Mapping[str, Field]
    currency: str
    packs: tuple[Pack, ...]

    @cached_property
    def used_fields(self) -> tuple[str, ...]:
        """The fields that some rule asks for, which the accounts table must have."""
        return tuple(sorted(set().union(*(pack.used_fields for pack in self.packs))))

    @property
    def conjunctions(self) -> tuple[Conjunction, ...]:
        """The conjunctions of all rules, those of single literals of trees among them."""
        return tuple(conjunction for conjunction, _ in self._spelled_out)

    @property
    def rule_of_conjunction(self) -> tuple[int, ...]:
        """The rule of each conjunction; numbers from `len(rules)` on stand for literals of trees."""
        return tuple(rule for _, rule in self._spelled_out)

    @cached_property
    def trees(self) -> tuple[tuple[int, Condition], ...]:
        """The rules too wide to be spelled out."""
        return tuple((int(n), tree) for pack in self.packs for local, tree in pack.trees if (n := pack.number_of_rule[local]) >= 0)

    @cached_property
    def _spelled_out(self) -> tuple[tuple[Conjunction, int], ...]:
        out: list[tuple[Conjunction, int]] = []
        literals_before = len(self.rules)
        for pack in self.packs:
            behind = range(literals_before, literals_before + len(pack.number_of_literal))
            number = [*pack.number_of_rule.tolist(), *behind]
            literals_before = behind.stop
            out += zip(pack.conjunctions, (number[local] for local in pack.rules_of_conjunctions), strict=True)
        return tuple((conjunction, rule) for conjunction, rule in out if rule >= 0)


def compile_plan(plan: Plan, fields: Mapping[str, Field], currency: str) -> CompiledRules:
    """The plan's rules, compiled; `currency` is the reporting currency of its amounts.

    Territories under no known parent take nothing, so their rules are left out.

    Raises
    ------
    InputError
        Where a rule asks for an unknown field or list, or compares a field with what it cannot hold.
    """
    with uncollected():
        rules = _numbered(plan, fields, currency)
        return CompiledRules(plan, rules, fields, currency, (pack_of(rules, fields, plan.list_by_key),))


def compile_part(compiled: CompiledRules, numbers: Collection[int]) -> CompiledRules:
    """Some of a plan's rules alone, under the numbers that they have among all: cheap to make, and asking for their own fields only."""
    wanted = [compiled.rules[number] for number in sorted(set(numbers))]
    return replace(compiled, packs=(pack_of(wanted, compiled.fields, compiled.plan.list_by_key),))


def pack_of(
    rules: Sequence[CompiledRule],
    fields: Mapping[str, Field],
    lists: Mapping[str, NamedList],
    spelled_out: Callable[[CompiledRule], Sequence[Conjunction] | None] | None = None,
) -> Pack:
    """Some rules as one pack; `spelled_out` gives a rule's conjunctions, None where it is too wide, if not those of its condition."""
    values_of_list = values_of_lists(lists)
    found: list[Conjunction] = []
    rule_of: list[int] = []
    trees: list[tuple[int, Condition]] = []
    for local, rule in enumerate(rules):
        own = spelled_out(rule) if spelled_out else _spelled_out(rule.condition, fields, values_of_list)
        if own is None:
            trees.append((local, rule.condition))
        else:
            found += own
            rule_of += [local] * len(own)
    number_of_literal: dict[Literal, int] = {}
    for literal in (literal for _, tree in trees for literal in literals(tree)):
        if literal not in number_of_literal:
            number_of_literal[literal] = len(rules) + len(number_of_literal)
            own = _spelled_out(literal, fields, values_of_list) or ()
            found += own
            rule_of += [number_of_literal[literal]] * len(own)
    return make_pack(len(rules), [rule.number for rule in rules], found, rule_of, trees, number_of_literal)


def _numbered(plan: Plan, fields: Mapping[str, Field], currency: str) -> tuple[CompiledRule, ...]:
    """All rules of a plan under their numbers."""
    index = {territory.key: i for i, territory in enumerate(plan.territories)}
    findings: list[Finding] = []
    out: list[CompiledRule] = []
    for territory in plan.preorder:
        for rule in in_turn(territory.rules):
            findings += findings_of(rule, territory, plan, fields)
            if not findings:
                out.append(compiled_rule(len(out), index[territory.key], rule, fields, currency))
    refuse(findings)
    return tuple(out)


def in_turn(rules: Sequence[Rule]) -> Sequence[Rule]:
    """A territory's rules as they are numbered: named ones first, then by priority and key."""
    return rules if len(rules) < 2 else sorted(rules, key=lambda rule: (not is_named(rule.condition), rule.priority, rule.key))


def findings_of(rule: Rule, territory: Territory, plan: Plan, fields: Mapping[str, Field]) -> list[Finding]:
    """The errors without whose repair a rule has no truth."""
    place = Place(subject=f"territory {territory.key}, rule {rule.key}")
    return blocking_errors(rule.condition, fields, plan.list_by_key, place)


def compiled_rule(number: int, territory: int, rule: Rule, fields: Mapping[str, Field], currency: str) -> CompiledRule:
    """A rule under its number."""
    condition = in_minor_units(rule.condition, fields, currency)
    return CompiledRule(number, territory, rule.key, rule.priority, is_named(rule.condition), condition)


def refuse(findings: Sequence[Finding]) -> None:
    """Raise InputError where there are findings."""
    if findings:
        raise InputError(f"the plan has {len(findings)} rule problems, the first: {findings[0]}", findings)


def is_named(condition: Condition) -> bool:
    """Whether a rule lists accounts by name: its condition, or a direct part of its AND, is a list of values of `id`."""
    parts = condition.parts if isinstance(condition, And) else (condition,)
    return any(isinstance(part, Equals | In | InList) and part.field == "id" for part in parts)


def values_of_lists(lists: Mapping[str, NamedList]) -> ValuesOfList:
    """The set of a named list, made once, so that rules that share a list share the set."""
    sets: dict[str, frozenset[str]] = {}

    def values(name: str) -> frozenset[str]:
        if name not in sets:
            sets[name] = frozenset(lists[name].values)
        return sets[name]

    return values


def _spelled_out(condition: Condition, fields: Mapping[str, Field], values_of_list: ValuesOfList) -> list[Conjunction] | None:
    """The conjunctions of a condition that can hold, each once; None where it is too wide to be spelled out."""
    found: list[Conjunction] = []
    for raw in disjuncts(condition):
        try:
            found.append(merged(raw, fields, values_of_list))
        except Contradiction:
            continue
    if any(conjunction.rest for conjunction in found):
        return None
    return list(dict.fromkeys(found)) if len(found) > 1 else found
