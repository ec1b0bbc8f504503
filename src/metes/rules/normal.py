"""Disjunctive normal form: a condition as conjunctions, each with one merged test per field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from metes.model.catalogue import Field
from metes.model.condition import (
    And,
    Condition,
    Everything,
    Literal,
    Not,
    Or,
)
from metes.rules.field_test import Contradiction, FieldTest, narrowed
from metes.rules.folding import folded
from metes.rules.printer import describe

MAX_CONJUNCTIONS = 512

Signed = tuple[Literal, bool]
ValuesOfList = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Raw:
    """A conjunction before merging: literals with their sign, and conditions kept whole because spelling them out is too much."""

    literals: tuple[Signed, ...] = ()
    rest: tuple[Condition, ...] = ()

    def as_condition(self) -> Condition:
        """The conjunction as a tree."""
        parts = [literal if positive else Not(literal) for literal, positive in self.literals]
        return And((*parts, *self.rest)) if parts or self.rest else Everything()


@dataclass(frozen=True, slots=True)
class Conjunction:
    """One merged test per field, sorted by field, and the conditions that must hold besides."""

    tests: tuple[FieldTest, ...] = ()
    rest: tuple[Condition, ...] = ()


def disjuncts(condition: Condition) -> tuple[Raw, ...]:
    """The conjunctions of which one must hold; at most 512, past which the remainder is kept whole in `rest`.

    NOT moves down to the literals, which two-valued logic allows. Comparisons of one field with values that stand beside each other
    are folded into one list first.
    """
    return tuple(_disjuncts(folded(condition), True))


def _disjuncts(node: Condition, positive: bool) -> list[Raw]:
    match node:
        case Everything():
            return [Raw()] if positive else []
        case Not(part):
            return _disjuncts(part, not positive)
        case And(parts) | Or(parts):
            is_or = isinstance(node, Or) == positive
            return _union(parts, positive) if is_or else _crossed(parts, positive)
        case _:
            return [Raw(((node, positive),))]


def _union(parts: tuple[Condition, ...], positive: bool) -> list[Raw]:
    out: list[Raw] = []
    for i, part in enumerate(parts):
        group = _disjuncts(part, positive)
        if len(out) + len(group) > MAX_CONJUNCTIONS - 1:
            remaining = Or(parts[i:]) if positive else Not(And(parts[i:]))
            return [*out, Raw(rest=(remaining,))]
        out += group
    return out


def _crossed(parts: Iterable[Condition], positive: bool) -> list[Raw]:
    """All ways to hold all parts; parts whose ways would multiply past the limit are kept whole."""
    groups = [(part, _disjuncts(part, positive)) for part in parts]
    taken: list[list[Raw]] = []
    rest: list[Condition] = []
    ways = 1
    for part, group in sorted(groups, key=lambda pair: len(pair[1])):
        if ways * len(group) > MAX_CONJUNCTIONS:
            rest.append(part if positive else Not(part))
        else:
            ways *= len(group)
            taken.append(group)
    return [
        Raw(tuple(pair for raw in choice for pair in raw.literals), (*(r for raw in choice for r in raw.rest), *rest))
        for choice in product(*taken)
    ]


def merged(raw: Raw, fields: Mapping[str, Field], values_of_list: ValuesOfList) -> Conjunction:
    """The conjunction with one test per field; raises Contradiction, naming the field, where it can never hold."""
    tests: dict[str, FieldTest] = {}
    for literal, positive in raw.literals:
        test = tests.get(literal.field) or FieldTest(literal.field, fields[literal.field].type)
        try:
            tests[literal.field] = narrowed(test, literal, positive, values_of_list)
        except Contradiction as reason:
            raise Contradiction(f"{describe(literal.field)}: {reason}") from None
    return Conjunction(tuple(_settled(tests[name]) for name in sorted(tests)), raw.rest)


def _settled(test: FieldTest) -> FieldTest:
    try:
        return test.settled()
    except Contradiction as reason:
        raise Contradiction(f"{describe(test.field)}: {reason}") from None


def conjunctions(condition: Condition, fields: Mapping[str, Field], values_of_list: ValuesOfList) -> tuple[Conjunction, ...]:
    """The conjunctions of a condition, without those that can never hold and without repeats."""
    out: dict[Conjunction, None] = {}
    for raw in disjuncts(condition):
        try:
            out[merged(raw, fields, values_of_list)] = None
        except Contradiction:
            continue
    return tuple(out)
