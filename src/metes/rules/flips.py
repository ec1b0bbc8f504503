"""Which change of one field, the smallest within its domain, would give an account to another primary territory."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

import numpy as np

from metes.base.money import exponent
from metes.model.catalogue import Field, FieldType
from metes.model.condition import And, Condition, Contains, Equals, Everything, In, Literal, Not, Or, Prefix, Range, literals
from metes.model.postal import postal_text
from metes.model.terms import Distance, InArea, Month, Orders, OrdersMeasure, PostalOrder
from metes.rules.compile import CompiledRules
from metes.rules.field_test import interval_of, stored
from metes.rules.forest import Bools, Ints, forest_of
from metes.rules.literal_bank import FieldLiterals, LiteralBank
from metes.rules.primaries import Keys, PrimaryFinder
from metes.rules.term_text import innermost

PER_FIELD = 5
# A text that no rule names: it stands for every value that the rules do not tell apart.
OTHER = "\U0010fffd"
_UNCHANGING = frozenset({"id"})
_LARGEST = 2**63 - 1
_FIRST_CHUNK, _LARGEST_CHUNK = 16, 256

Known = Callable[[str], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Try:
    """A value that a field might have instead, None for a missing one. `size` measures the change: of numbers and days below 1.

    `is_known` says that the value is known to occur: some account has it.
    """

    value: Any
    size: float
    is_known: bool = False

    @property
    def is_other(self) -> bool:
        """Whether any value will do that no rule names."""
        return isinstance(self.value, str) and self.value == OTHER


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of one field, and the keys of the primary territories that would then hold the account (none: a gap)."""

    field: str
    before: Any
    change: Try
    territories: tuple[str, ...]


class FlipFinder:
    """A plan made ready for finding what would flip its answer, account after account. Safe to share between threads.

    Notes
    -----
    Source: ours. Every rule is evaluated once for each field it asks for, with the literals of that field all true and all false: where
    the two differ the field can turn it. Of those only such count as could take the account from its present holder. Their ends and
    values cut the field's domain into cells within which nothing changes; of each cell the value nearest to the account's own is tried.
    """

    def __init__(self, compiled: CompiledRules, bank: LiteralBank, finder: PrimaryFinder) -> None:
        self.compiled = compiled
        self.bank = bank
        self.finder = finder
        self.fields = [name for name in bank.of_field if name not in _UNCHANGING]
        rules_of_field: dict[str, list[int]] = {name: [] for name in self.fields}
        for rule in compiled.rules:
            for name in {literal.field for literal in literals(rule.condition)}.intersection(rules_of_field):
                rules_of_field[name].append(rule.number)
        # A tree for each pair of a field and a rule that asks for it, those of one field together.
        pairs = [(i, number) for i, name in enumerate(self.fields) for number in rules_of_field[name]]
        self._field, self._rule = np.array(pairs, np.int64).reshape(-1, 2).T
        self._forest = forest_of((compiled.rules[number].condition for _, number in pairs), bank.number)
        self._last_leaf = np.append(self._forest.first_leaf[1:], len(self._forest.literal_of_leaf))
        starts = [bank.slice_of(name).start for name in self.fields]
        field_of_tree = np.repeat(self._field, self._last_leaf - self._forest.first_leaf)
        first, last = (np.array(ends, np.int64)[field_of_tree] for ends in (starts, [bank.slice_of(n).stop for n in self.fields]))
        self._is_own = (self._forest.literal_of_leaf >= first) & (self._forest.literal_of_leaf < last)

    def flips(
        self, record: Mapping[str, Any], held_rules: Sequence[int], day: date, known: Known, per_field: int | None = PER_FIELD
    ) -> tuple[Flip, ...]:
        """For each field, and each outcome that a change of it can bring, the smallest such change, the smallest first.

        `held_rules` are the rules that hold for the record now. `known` gives the values of a text field that accounts have, the most
        frequent first. Numbers and days change by as little as they can; of texts the known come before those that only rules name.
        Of each field the first `per_field` outcomes are found (None: all).
        """
        account = str(record.get("id") or "")
        now = self.finder.primaries(held_rules, account, day)
        truth = self.bank.truth(record)
        found: list[Flip] = []
        for name, always, pairs in self._turned(truth, np.array(held_rules, np.int64), account, day):
            best: dict[Keys, Try] = {}
            for change, held in self._cells(name, record.get(name), truth, always, pairs, known):
                then = self.finder.primaries(held, account, day)
                if then != now:
                    best.setdefault(then, change)
                if len(best) == per_field:
                    break
            found += [Flip(name, record.get(name), change, tuple(sorted(then))) for then, change in best.items()]
        return tuple(sorted(found, key=lambda f: (f.change.size, f.field, f.territories)))

    def _turned(self, truth: Bools, held: Ints, account: str, day: date) -> Iterator[tuple[str, Ints, Ints]]:
        """Each field that can turn rules which matter, with the rules that hold whatever it is, and the pairs of those that it turns."""
        if not self._rule.size:
            return
        leaf_truth = self._forest.leaf_truth(truth)
        worst, best = (
            self._forest.node_truth(np.where(self._is_own, filled, leaf_truth))[self._forest.roots] for filled in (False, True)
        )
        turns = best & ~worst
        is_lost = turns & np.isin(self._rule, held)
        matters = self.finder.that_matter(held.tolist(), account, day)
        for i in np.unique(self._field[is_lost | (turns & matters[self._rule])]).tolist():
            own = np.flatnonzero(turns & (self._field == i))
            lost = self._rule[own[is_lost[own]]]
            always = np.setdiff1d(held, lost)
            still = matters if not lost.size else self.finder.that_matter(always.tolist(), account, day)
            pairs = own[still[self._rule[own]]]
            if pairs.size:
                yield self.fields[i], always, pairs

    def _cells(
        self, name: str, value: Any, truth: Bools, always: Ints, pairs: Ints, known: Known
    ) -> Iterator[tuple[Try, list[int]]]:
        """One change for each cell of the field's domain but the account's own, the smallest first, with the rules that hold then."""
        group = self.bank.of_field[name]
        asked = self._literals_of(pairs) - self.bank.slice_of(name).start
        turned = self._rule[pairs]
        conditions = [self.compiled.rules[rule].condition for rule in turned.tolist()]
        for cells in _chunks(self._changes(group, value, asked, known)):
            columns = np.stack([found for _, found in cells], axis=1)
            holds = np.zeros((len(conditions), len(cells)), bool)
            for i, condition in enumerate(conditions):
                holds[i] = self._truth(condition, name, truth, columns)
            for i, (change, _) in enumerate(cells):
                yield change, [*always.tolist(), *turned[holds[:, i]].tolist()]

    def _changes(self, group: FieldLiterals, value: Any, asked: Ints, known: Known) -> Iterator[tuple[Try, Bools]]:
        """The changes that some literal tells apart from those before them, with the truth of the field's literals."""
        seen = {group.truth(value)[asked].tobytes()}
        for change in _tries(group, value, asked, self.compiled.currency, known):
            found = group.truth(change.value)
            if (key := found[asked].tobytes()) not in seen:
                seen.add(key)
                yield change, found

    def _literals_of(self, pairs: Ints) -> Ints:
        """The numbers of the literals about the field in the rules of some pairs."""
        leaves = np.concatenate([np.arange(self._forest.first_leaf[pair], self._last_leaf[pair]) for pair in pairs.tolist()])
        return np.unique(self._forest.literal_of_leaf[leaves[self._is_own[leaves]]])

    def _truth(self, node: Condition, name: str, truth: Bools, columns: Bools) -> Any:
        """Whether a condition holds for each value tried, or one truth value where the field does not matter.

        `columns` holds the truth of the field's literals by value tried, shape (n_literals, n_values).
        """
        match node:
            case Everything():
                return True
            case Not(part):
                return np.logical_not(self._truth(part, name, truth, columns))
            case And(parts) | Or(parts):
                is_or = isinstance(node, Or)
                found: Any = not is_or
                for part in parts:
                    more = self._truth(part, name, truth, columns)
                    found = np.logical_or(found, more) if is_or else np.logical_and(found, more)
                    if not found.ndim and bool(found) is is_or:
                        break
                return found
            case _:
                number = self.bank.number[node]
                return columns[number - self.bank.slice_of(name).start] if node.field == name else truth[number]


def _chunks(changes: Iterator[tuple[Try, Bools]]) -> Iterator[list[tuple[Try, Bools]]]:
    """The changes some at a time, at first few: mostly the first ones tell enough."""
    size = _FIRST_CHUNK
    while chunk := list(islice(changes, size)):
        yield chunk
        size = min(2 * size, _LARGEST_CHUNK)


def _tries(group: FieldLiterals, value: Any, asked: Ints, currency: str, known: Known) -> Iterator[Try]:
    """The values to try in place of a field's own, at least one for each cell that the literals cut, the smallest change first."""
    field, literals = group.field, [group.literals[i] for i in asked.tolist()]
    found: Iterable[Try]
    if isinstance(innermost(field.name), Month) and value is not None:
        found = [Try((value - 1 + later) % 12 + 1, later / 12) for later in range(1, 12)]
    elif field.type is FieldType.BOOLEAN:
        found = [Try(other, 1.0, True) for other in (True, False)]
    elif field.type.is_text:
        found = _texts(field, literals, group.named_by(asked), known(field.name))
    else:
        found = _numbers(field, value, _cuts(field.type, literals), currency)
    yield from (change for change in found if change.value != value)
    if value is not None and _may_be_missing(field):
        yield Try(None, 2.0, True)


def _may_be_missing(field: Field) -> bool:
    """Whether a change can take the value away: not where a record must have one, and not from a place that is known."""
    match innermost(field.name):
        case Month() | Distance() | InArea():
            return False
        case Orders(measure):
            return measure is OrdersMeasure.RECENCY
        case _:
            return not field.is_required


def _texts(field: Field, literals: Sequence[Literal], named: Sequence[str], known: Sequence[Any]) -> Iterator[Try]:
    """Texts that accounts have, texts that the rules name, and one that neither does."""
    is_postal = isinstance(innermost(field.name), PostalOrder)
    for i, value in enumerate(known):
        yield Try(value, 1.0 + 0.2 * i / len(known), True)
    texts = {text for literal in literals for text in _texts_of(literal)}
    ends = [end for literal in literals if isinstance(literal, Range) for end in (literal.low, literal.high)]
    texts.update(end + more for end in ends if isinstance(end, str) for more in ("", "0"))
    for value in sorted(texts.union(named)):
        if not is_postal or postal_text(value) is not None:
            yield Try(value, 1.25)
    # Where rules compare texts by their order, no text stands for all that they do not name.
    if not ends and not is_postal:
        yield Try(OTHER, 1.5)


def _texts_of(literal: Literal) -> tuple[str, ...]:
    """The text that a literal looks for within others."""
    match literal:
        case Prefix(_, text) | Contains(_, text):
            return (text,)
        case _:
            return ()


def _cuts(type: FieldType, literals: Sequence[Literal]) -> list[Any]:
    """Where the literals cut an ordered domain: each cut is the first value of what lies above it."""
    cuts: set[Any] = set()
    for literal in literals:
        match literal:
            case Range():
                cuts.update(end for end in interval_of(literal, type) if end is not None)
            case Equals(_, value):
                cuts.update(_around(stored([value], type)))
            case In(_, values):
                cuts.update(_around(stored(list(values), type)))
    return sorted(cuts)


def _around(values: Sequence[Any]) -> Iterator[Any]:
    """Each value and the one after it."""
    for value in values:
        yield value
        if value != date.max:
            yield _next(value)


def _next(value: Any, step: int = 1) -> Any:
    """The value after, or before, one of an ordered domain."""
    if isinstance(value, float):
        return math.nextafter(value, math.inf * step)
    return value + timedelta(days=step) if isinstance(value, date) else value + step


def _numbers(field: Field, value: Any, cuts: Sequence[Any], currency: str) -> list[Try]:
    """Of each cell between cuts the number, or day, that is nearest to the field's own, the nearest first; in a missing one's place
    each cell's lowest."""
    least, most = _bounds(field, currency)
    found: list[Any] = []
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        if high is not None and high <= least:
            continue
        first = least if low is None else max(low, least)
        last = most if high is None else min(_next(high, -1), most)
        if first > last:
            continue
        if value is None:
            found.append(last if low is None and field.low is None and high is not None else first)
        elif not first <= value <= last:
            found.append(first if value < first else last)
    if value is None:
        return [Try(chosen, 1.0 + 0.2 * i / len(found)) for i, chosen in enumerate(found)]
    return [Try(chosen, _size(value, chosen)) for chosen in sorted(found, key=lambda v: abs(v - value))]


def _bounds(field: Field, currency: str) -> tuple[Any, Any]:
    """The lowest and the highest value that a field can have."""
    if field.type is FieldType.DATE:
        return date.min, date.max
    low, high = field.low, field.high
    if field.type is FieldType.DECIMAL:
        return -sys.float_info.max if low is None else low, sys.float_info.max if high is None else high
    unit = 10 ** exponent(currency) if field.type is FieldType.MONEY else 1
    return -_LARGEST if low is None else math.ceil(low * unit), _LARGEST if high is None else math.floor(high * unit)


def _size(before: Any, after: Any) -> float:
    """How large a change is, from 0 to 1, to be compared with changes of other fields; it grows with the difference."""
    if isinstance(before, date):
        days = float(abs((after - before).days))
        return days / (days + 365)
    difference, scale = abs(float(after) - float(before)), max(abs(float(before)), 1.0)
    return difference / (difference + scale)
