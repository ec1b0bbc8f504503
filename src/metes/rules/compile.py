"""Compiles the rules of a plan into tables that a join, or an index in memory, evaluates all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pyarrow as pa

from metes.base.errors import InputError
from metes.base.findings import Finding, Place
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Equals, In, InList, Literal, literals
from metes.model.plan import NamedList, Plan
from metes.rules.checks import blocking_errors
from metes.rules.field_test import Contradiction, FieldTest
from metes.rules.keys import Codes, KeyColumn, KeyColumns, Option, choose_signatures, codes_of, options_of
from metes.rules.minor_units import in_minor_units
from metes.rules.normal import Conjunction, ValuesOfList, disjuncts, merged

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


@dataclass(frozen=True, slots=True)
class Slot:
    """A test that candidates of a signature may still have to pass; rules without it have null parameters.

    Kinds: low, high, missing, prefix, contains, not_prefix, not_contains, not_between compare the field itself; equals, differs,
    within, without compare its atom, the last two with a set of atoms. `ordinal` tells several of one kind apart.
    """

    kind: str
    field: str
    ordinal: int = 0

    @property
    def uses_atom(self) -> bool:
        """Whether the field's atom is compared instead of the field."""
        return self.kind in ("equals", "differs", "within", "without")


@dataclass(frozen=True, slots=True)
class Signature:
    """The conjunctions that are joined by the same key columns.

    `table` has a row for each combination of codes: k0, k1, … the codes of `keys`; rule; conjunction; and p0, p1, … the parameters of
    `slots` (a not_between slot has two: p and q).
    """

    keys: KeyColumns
    slots: tuple[Slot, ...]
    table: pa.Table


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """All rules of a plan, ready to be evaluated.

    Rules are numbered by their territory's place in preorder, then named ones first, then by priority and key: of several rules of one
    territory that hold, the lowest number speaks. Numbers from `len(rules)` on stand for single literals of the `trees`: rules
    too wide to be spelled out, settled over the truth of their literals.
    """

    rules: tuple[CompiledRule, ...]
    fields: Mapping[str, Field]
    currency: str
    conjunctions: tuple[Conjunction, ...]
    rule_of_conjunction: tuple[int, ...]
    codes: Codes
    signatures: tuple[Signature, ...]
    set_members: pa.Table
    trees: tuple[tuple[int, Condition], ...]
    number_of_literal: Mapping[Literal, int]

    @property
    def used_fields(self) -> tuple[str, ...]:
        """The fields that some rule asks for, which the accounts table must have."""
        return tuple(sorted({test.field for c in self.conjunctions for test in c.tests}))


def compile_plan(plan: Plan, fields: Mapping[str, Field], currency: str) -> CompiledRules:
    """The plan's rules, compiled; `currency` is the reporting currency of its amounts.

    Territories under no known parent take nothing, so their rules are left out.

    Raises
    ------
    InputError
        Where a rule asks for an unknown field or list, or compares a field with what it cannot hold.
    """
    rules = _numbered(plan, fields, currency)
    values_of_list = _values_of_list(plan.list_by_key)
    found: list[Conjunction] = []
    rule_of: list[int] = []
    trees: list[tuple[int, Condition]] = []
    for rule in rules:
        own = list(_conjunctions(rule.condition, fields, values_of_list))
        if any(conjunction.rest for conjunction in own):
            trees.append((rule.number, rule.condition))
            continue
        found += own
        rule_of += [rule.number] * len(own)
    number_of_literal: dict[Literal, int] = {}
    for _, tree in trees:
        for literal in literals(tree):
            number_of_literal.setdefault(literal, len(rules) + len(number_of_literal))
    for literal, number in number_of_literal.items():
        own = list(_conjunctions(literal, fields, values_of_list))
        found += own
        rule_of += [number] * len(own)
    codes = codes_of(found)
    signatures, set_members = _Tables(found, rule_of, codes, fields).signatures()
    return CompiledRules(
        rules, fields, currency, tuple(found), tuple(rule_of), codes, signatures, set_members, tuple(trees), number_of_literal
    )


def _numbered(plan: Plan, fields: Mapping[str, Field], currency: str) -> tuple[CompiledRule, ...]:
    index = {territory.key: i for i, territory in enumerate(plan.territories)}
    findings: list[Finding] = []
    out: list[CompiledRule] = []
    for territory in plan.preorder:
        for rule in sorted(territory.rules, key=lambda r: (not is_named(r.condition), r.priority, r.key)):
            place = Place(subject=f"territory {territory.key}, rule {rule.key}")
            findings += blocking_errors(rule.condition, fields, plan.list_by_key, place)
            if not findings:
                condition = in_minor_units(rule.condition, fields, currency)
                out.append(
                    CompiledRule(len(out), index[territory.key], rule.key, rule.priority, is_named(rule.condition), condition)
                )
    if findings:
        raise InputError(f"the plan has {len(findings)} rule problems, the first: {findings[0]}", findings)
    return tuple(out)


def is_named(condition: Condition) -> bool:
    """Whether a rule lists accounts by name: its condition, or a direct part of its AND, is a list of values of `id`."""
    parts = condition.parts if isinstance(condition, And) else (condition,)
    return any(isinstance(part, Equals | In | InList) and part.field == "id" for part in parts)


def _values_of_list(lists: Mapping[str, NamedList]) -> ValuesOfList:
    """The set of a named list, made once, so that rules that share a list share the set."""
    sets: dict[str, frozenset[str]] = {}

    def values(name: str) -> frozenset[str]:
        if name not in sets:
            sets[name] = frozenset(lists[name].values)
        return sets[name]

    return values


def _conjunctions(condition: Condition, fields: Mapping[str, Field], values_of_list: ValuesOfList) -> Iterator[Conjunction]:
    seen: set[Conjunction] = set()
    for raw in disjuncts(condition):
        try:
            conjunction = merged(raw, fields, values_of_list)
        except Contradiction:
            continue
        if conjunction not in seen:
            seen.add(conjunction)
            yield conjunction


class _Tables:
    """Builds the table of each signature, interning the sets of atoms that slots compare with."""

    def __init__(
        self, conjunctions: Sequence[Conjunction], rule_of: Sequence[int], codes: Codes, fields: Mapping[str, Field]
    ) -> None:
        self.conjunctions = conjunctions
        self.rule_of = rule_of
        self.codes = codes
        self.fields = fields
        self.number_of_set: dict[tuple[str, tuple[int, ...]], int] = {}

    def signatures(self) -> tuple[tuple[Signature, ...], pa.Table]:
        """All signatures, and the members (set, atom) of the sets that their slots compare with."""
        options = options_of(self.conjunctions, self.codes)
        groups: dict[KeyColumns, list[int]] = {}
        for i, keys in enumerate(choose_signatures(options)):
            groups.setdefault(keys, []).append(i)
        built = tuple(self.signature(keys, where, options) for keys, where in groups.items())
        members = [(number, atom) for (_, atoms), number in self.number_of_set.items() for atom in atoms]
        columns = [pa.array([m[i] for m in members], pa.int32()) for i in (0, 1)]
        return built, pa.table(columns, names=["set", "atom"])

    def signature(self, keys: KeyColumns, where: Sequence[int], options: Sequence[Sequence[Option]]) -> Signature:
        """The table of one signature: each conjunction once for each combination of its codes."""
        parameters = [self.parameters(self.conjunctions[i], keys) for i in where]
        slots = sorted({slot for own in parameters for slot in own}, key=lambda s: (_COST[s.kind], s.field, s.ordinal))
        rows: list[tuple[int, ...]] = []
        picked: list[int] = []
        for position, i in enumerate(where):
            codes_by_column = {option.column: option.codes for option in options[i]}
            for combination in product(*(codes_by_column[column] for column in keys)):
                rows.append(combination)
                picked.append(position)
        columns = {f"k{j}": pa.array([row[j] for row in rows], pa.int32()) for j in range(len(keys))}
        columns["rule"] = pa.array([self.rule_of[i] for i in where], pa.int32()).take(pa.array(picked, pa.int64()))
        columns["conjunction"] = pa.array(where, pa.int32()).take(pa.array(picked, pa.int64()))
        for j, slot in enumerate(slots):
            for name, values in self.slot_columns(j, slot, parameters):
                columns[name] = values.take(pa.array(picked, pa.int64()))
        return Signature(keys, tuple(slots), pa.table(columns))

    def slot_columns(self, j: int, slot: Slot, parameters: Sequence[Mapping[Slot, Any]]) -> Iterator[tuple[str, pa.Array]]:
        """The parameter columns of a slot, one value per conjunction."""
        values = [own.get(slot) for own in parameters]
        if slot.kind == "not_between":
            type = ARROW_TYPES[self.fields[slot.field].type]
            yield f"p{j}", pa.array([value and value[0] for value in values], type)
            yield f"q{j}", pa.array([value and value[1] for value in values], type)
        elif slot.uses_atom:
            yield f"p{j}", pa.array(values, pa.int32())
        elif slot.kind == "missing":
            yield f"p{j}", pa.array(values, pa.bool_())
        else:
            yield f"p{j}", pa.array(values, ARROW_TYPES[self.fields[slot.field].type])

    def parameters(self, conjunction: Conjunction, keys: KeyColumns) -> dict[Slot, Any]:
        """What of a conjunction the join by `keys` leaves to be tested, with its parameters."""
        return {slot: value for test in conjunction.tests for slot, value in self.slots_of(test, keys)}

    def slots_of(self, test: FieldTest, keys: KeyColumns) -> Iterator[tuple[Slot, Any]]:
        """The slots of one test."""
        name = test.field
        if test.is_missing:
            yield Slot("missing", name), True
            return
        if test.among is not None:
            if KeyColumn("atom", name) not in keys:
                yield self.set_slot(("equals", "within"), name, test.among)
            return
        if test.prefix and KeyColumn("prefix", name, len(test.prefix)) not in keys:
            yield Slot("prefix", name), test.prefix
        for kind, end in (("low", test.low), ("high", test.high)):
            if end is not None:
                yield Slot(kind, name), end
        if test.is_present and not test.prefix and not test.contains and test.low is None and test.high is None:
            yield Slot("missing", name), False
        if test.not_among:
            yield self.set_slot(("differs", "without"), name, test.not_among)
        for kind in ("contains", "not_prefix", "not_contains", "not_between"):
            yield from ((Slot(kind, name, i), value) for i, value in enumerate(getattr(test, kind)))

    def set_slot(self, kinds: tuple[str, str], name: str, values: frozenset[Any]) -> tuple[Slot, int]:
        """A slot that compares the atom with one atom, or with a set of several."""
        atoms = self.codes.atoms_of_set[name][values]
        if len(atoms) == 1:
            return Slot(kinds[0], name), atoms[0]
        return Slot(kinds[1], name), self.number_of_set.setdefault((name, atoms), len(self.number_of_set))


# The order in which slots are tested: comparisons of numbers first, looks into text last.
_ORDER = "equals differs missing low high not_between prefix not_prefix contains not_contains within without"
_COST = {kind: i for i, kind in enumerate(_ORDER.split())}
