"""What can be said of a plan's rules beside gaps and doubles: rules that add nothing, values that parents refuse, codes nobody knows."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

from metes.model.condition import Condition, Equals, In, InList, Literal, Prefix, literals
from metes.model.terms import Distance, InArea, OfFamily, Orders, PostalOrder, term_of
from metes.rules.compile import CompiledRule
from metes.rules.field_test import Contradiction, FieldTest, narrowed
from metes.rules.normal import Raw, disjuncts
from metes.rules.prove_boxes import Boxes, Tests
from metes.rules.prove_cells import implies
from metes.rules.prove_formula import All, Budget, Impossible, No, Some, formula_holds
from metes.rules.prove_samples import Accounts
from metes.rules.prove_search import search

# Fields that say where an account is: together one attribute.
PLACE_FIELDS: Final = frozenset({"country", "region", "city", "postal_code", "postal_order", "latitude", "longitude", "zone"})
ACCOUNTS_ASSUMED: Final = 100_000
MOST_ATTRIBUTES: Final = 4
FEWEST_EXPECTED: Final = 5.0
_BUDGET: Final = Budget(500, 100_000)
_PARTS_COMPARED: Final = 24


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """Which codes there are. `standard` are lists that the world keeps, by field; `seen` what this workspace's data hold; `postal` the
    postal codes of a country. What has no entry is not checked."""

    standard: Mapping[str, Container[Any]] = field(default_factory=dict)
    seen: Mapping[str, Container[Any]] = field(default_factory=dict)
    postal: Mapping[str, Container[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redundant:
    """A rule that takes nothing which other rules of its territory do not take, at no worse standing: their numbers."""

    rule: int
    by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RedundantPart:
    """A part of a rule's OR that another part takes whole, or a literal that says nothing beyond the others: its condition."""

    rule: int
    part: Condition
    is_literal: bool


@dataclass(frozen=True, slots=True)
class Outside:
    """Values that a rule asks of a field and that the territory above at a place never takes."""

    rule: int
    field: str
    values: tuple[Any, ...]
    above: int


@dataclass(frozen=True, slots=True)
class UnknownCodes:
    """Codes that a rule asks for, or a named list that it uses, and that do not exist (`is_standard`) or that no data hold."""

    rule: int
    field: str
    list: str
    codes: tuple[str, ...]
    is_standard: bool


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the primary rules part accounts by: attributes, in how many ways each is told apart, and the accounts expected for each
    combination of them, of `accounts`."""

    ways: Mapping[str, int]
    accounts: int

    @property
    def combinations(self) -> int:
        """How many combinations there are."""
        return prod(self.ways.values())

    @property
    def expected(self) -> float:
        """Accounts per combination, were all alike frequent."""
        return self.accounts / self.combinations

    @property
    def are_too_many(self) -> bool:
        """Whether nothing can be measured for one of them: more than four, and fewer than five accounts expected."""
        return len(self.ways) > MOST_ATTRIBUTES and self.expected < FEWEST_EXPECTED


def redundant_rules(boxes: Boxes, accounts: Accounts) -> Iterator[Redundant]:
    """Rules that could be taken out of their territory without a change of what it takes or of its standing.

    Of two rules that take the same the later is told. Linear in the rules of territories with several, quadratic within one.
    """
    for rules in boxes.rules_of_territory.values():
        if len(rules) < 2:
            continue
        gone: set[int] = set()
        for rule in reversed(rules):
            others = [r for r in rules if r != rule and r not in gone and _stands_before(boxes, r, rule)]
            if others and _adds_nothing(boxes, accounts, rule, others):
                gone.add(rule)
                yield Redundant(rule, _needed(boxes, rule, others))


def _stands_before(boxes: Boxes, one: int, other: int) -> bool:
    """Whether a rule's standing is as good as another's of its territory."""
    rank = boxes.tree.priority_rank
    named = boxes.tree.is_named_rule
    if named[one] != named[other]:
        return bool(named[one])
    return bool(rank[one + 1] <= rank[other + 1])


def _adds_nothing(boxes: Boxes, accounts: Accounts, rule: int, others: Sequence[int]) -> bool:
    formulas = [boxes.rule_formula(other) for other in others]
    for box in boxes.boxes_of_rule.get(rule, ()):
        record = accounts.of_box(box, accounts.nothing_known, False)
        if record is not None and not any(formula_holds(formula, record) for formula in formulas):
            return False
    if not boxes.boxes_of_rule.get(rule):
        return False
    wanted = All((boxes.rule_formula(rule), No(Some(tuple(formulas)))))
    return isinstance(search(wanted, accounts.domain_of, _BUDGET), Impossible)


def _needed(boxes: Boxes, rule: int, others: Sequence[int]) -> tuple[int, ...]:
    """One of the others, where it takes all by itself as can be seen; else all of them."""
    own = [_tests(c.tests) for c in boxes.conjunctions(rule)]
    for other in others:
        if own and all(any(_is_within(part, _tests(c.tests)) for c in boxes.conjunctions(other)) for part in own):
            return (other,)
    return tuple(others)


def _tests(tests: Sequence[FieldTest]) -> Tests:
    return {test.field: test for test in tests}


def _is_within(inner: Tests, outer: Tests) -> bool:
    return all(name in inner and implies(inner[name], test) for name, test in outer.items())


def redundant_parts(boxes: Boxes, rule: CompiledRule) -> Iterator[RedundantPart]:
    """Parts and literals of one rule that could be taken out of it."""
    names = [literal.field for literal in literals(rule.condition)]
    if len(set(names)) == len(names):
        return
    raws = disjuncts(rule.condition)
    if len(raws) > _PARTS_COMPARED or any(raw.rest for raw in raws):
        return
    tests = [_merged(boxes, raw.literals) for raw in raws]
    for i, own in enumerate(tests):
        if own is None:
            continue
        covering = (j for j, other in enumerate(tests) if j != i and other is not None and _is_within(own, other))
        if any(j < i or not _is_within(tests[j] or {}, own) for j in covering):
            yield RedundantPart(rule.number, raws[i].as_condition(), False)
        yield from (RedundantPart(rule.number, literal, True) for literal in _idle_literals(boxes, raws[i]))


def _idle_literals(boxes: Boxes, raw: Raw) -> Iterator[Condition]:
    """Literals of a conjunction that say nothing beyond the others about their field."""
    by_field: dict[str, list[tuple[Literal, bool]]] = {}
    for literal, positive in raw.literals:
        by_field.setdefault(literal.field, []).append((literal, positive))
    for signed in by_field.values():
        if len(signed) < 2:
            continue
        whole = _merged(boxes, signed)
        for i in reversed(range(len(signed))):
            left = signed[:i] + signed[i + 1 :]
            if left and whole is not None and _merged(boxes, left) == whole:
                yield Raw((signed[i],)).as_condition()
                signed = left


def _merged(boxes: Boxes, signed: Sequence[tuple[Literal, bool]]) -> Tests | None:
    """One test per field; None where the literals contradict each other."""
    out: dict[str, FieldTest] = {}
    try:
        for literal, positive in signed:
            test = out.get(literal.field) or FieldTest(literal.field, boxes.compiled.fields[literal.field].type)
            out[literal.field] = narrowed(test, literal, positive, boxes.values_of_list)
        return {name: test.settled() for name, test in out.items()}
    except Contradiction:
        return None


def outside_parents(boxes: Boxes, rule: CompiledRule) -> Iterator[Outside]:
    """Values that a rule lists and that some territory above takes under none of its rules; rules that take nothing are left out."""
    if not boxes.boxes_of_rule.get(rule.number):
        return
    for above in boxes.ruled_above(int(boxes.tree.territory_of_rule[rule.number])):
        rules = boxes.rules_of_territory[above]
        if any(map(boxes.is_wide, rules)):
            continue
        ways = [_tests(c.tests) for r in rules for c in boxes.conjunctions(r)]
        for name, values in _listed(boxes, rule.number).items():
            if all(name in way for way in ways) and (gone := _refused(values, [way[name] for way in ways])):
                yield Outside(rule.number, name, tuple(sorted(gone)), above)


def _listed(boxes: Boxes, rule: int) -> Mapping[str, frozenset[Any]]:
    """The values that a rule lists, by field."""
    out: dict[str, frozenset[Any]] = {}
    for conjunction in boxes.conjunctions(rule):
        for test in conjunction.tests:
            if test.among is not None:
                out[test.field] = out.get(test.field, frozenset()) | test.among
    return out


def _refused(values: frozenset[Any], tests: Sequence[FieldTest]) -> set[Any]:
    """The values that pass none of some tests."""
    left = set(values)
    for test in tests:
        left = {value for value in left if not test.holds(value)} if test.among is None else left - test.among
    return left


def unknown_codes(rule: CompiledRule, known: KnownCodes, lists: Mapping[str, Sequence[str]]) -> Iterator[UnknownCodes]:
    """Codes of a rule that do not exist, literal by literal; postal codes are looked up in the country asked for beside them."""
    if not (known.standard or known.seen or known.postal):
        return
    seen: set[tuple[str, str]] = set()
    for raw in disjuncts(rule.condition):
        positive = [literal for literal, sign in raw.literals if sign]
        country = _country_of(positive)
        for literal in positive:
            name = literal.list if isinstance(literal, InList) else ""
            if isinstance(literal, Equals | In | InList) and not (name and (literal.field, name) in seen):
                seen.add((literal.field, name))
                yield from _unknown(rule.number, literal, known, lists, country)
    yield from _unknown_products(rule, known)


def _country_of(positive: Sequence[Literal]) -> str:
    """The one country that some literals ask for, by name or by region; empty where there is none."""
    countries: set[str] = set()
    for literal in positive:
        values = (literal.value,) if isinstance(literal, Equals) else literal.values if isinstance(literal, In) else ()
        if literal.field == "country":
            countries.update(map(str, values))
        elif literal.field == "region":
            countries.update(str(value).partition("-")[0] for value in values)
            if isinstance(literal, Prefix) and "-" in literal.prefix:
                countries.add(literal.prefix.partition("-")[0])
    return next(iter(countries)) if len(countries) == 1 else ""


def _unknown(
    rule: int, literal: Equals | In | InList, known: KnownCodes, lists: Mapping[str, Sequence[str]], country: str
) -> Iterator[UnknownCodes]:
    """The unknown codes of one literal."""
    term = term_of(literal.field)
    plain = term.field if isinstance(term, OfFamily) else literal.field
    name = literal.list if isinstance(literal, InList) else ""
    values: Sequence[Any]
    match literal:
        case Equals(_, value):
            values = (value,)
        case In(_, listed):
            values = listed
        case InList(_, key):
            values = lists[key]
    standard = known.postal.get(country) if plain == "postal_code" else known.standard.get(plain)
    for codes, is_standard in ((standard, True), (known.seen.get(plain), False)):
        if codes is not None and (gone := [str(value) for value in values if value not in codes]):
            yield UnknownCodes(rule, plain, name, tuple(gone), is_standard)


def _unknown_products(rule: CompiledRule, known: KnownCodes) -> Iterator[UnknownCodes]:
    """Products and product families that a rule's purchase histories name and that no data hold."""
    names = {literal.field for raw in disjuncts(rule.condition) for literal, _ in raw.literals}
    for name in sorted(names):
        term = term_of(name)
        if isinstance(term, Orders):
            product = term.product.strip().upper() if term.product is not None else None
            for kind, asked in (("product", product), ("product family", term.family)):
                codes = known.seen.get(kind)
                if asked is not None and codes is not None and asked not in codes:
                    yield UnknownCodes(rule.number, kind, "", (asked,), False)


def attributes(boxes: Boxes, accounts: int | None) -> Attributes:
    """What the rules of primary territories tell accounts apart by; 100,000 accounts are assumed where there are none."""
    primary = [box for box in boxes.boxes if boxes.group_of_territory[box.territory] == 0]
    tests: dict[str, set[Any]] = {}
    for box in primary:
        place: list[FieldTest] = []
        for name, test in box.tests.items():
            if name == "id":
                continue
            if _is_place(name):
                place.append(test)
            else:
                tests.setdefault(name, set()).add(test)
        if place:
            tests.setdefault("place", set()).add(tuple(sorted(place, key=lambda test: test.field)))
    ways = {name: len(found) + 1 for name, found in sorted(tests.items())}
    return Attributes(ways, accounts if accounts else ACCOUNTS_ASSUMED)


def _is_place(name: str) -> bool:
    return name in PLACE_FIELDS or isinstance(term_of(name), InArea | Distance | PostalOrder)
