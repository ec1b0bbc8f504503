"""Every distinct literal of a plan's rules, and the truth of all of them for one record at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from metes.model.catalogue import Field, FieldType
from metes.model.condition import Contains, Equals, In, InList, Literal, Missing, Prefix, Range
from metes.model.plan import NamedList
from metes.rules.field_test import interval_of
from metes.rules.forest import Bools, Ints

# Of the values that rules name only together this many are handed out: one would do, were there no prefixes to part them.
NAMED_TRIED = 50
_TEXTS_KEPT = 1000


class LiteralBank:
    """The distinct literals of some conditions, those of one field standing together; money in minor units.

    Truth is that of `predicate.holds`. Building takes time in proportion to the literals and their values; asking takes a few look-ups
    per field. Safe to share between threads: asking changes nothing.
    """

    def __init__(self, literals: Iterable[Literal], fields: Mapping[str, Field], lists: Mapping[str, NamedList]) -> None:
        by_field: dict[str, dict[Literal, None]] = {}
        for literal in literals:
            by_field.setdefault(literal.field, {})[literal] = None
        self.of_field = {name: FieldLiterals(fields[name], tuple(by_field[name]), lists) for name in sorted(by_field)}
        starts = accumulate((len(group.literals) for group in self.of_field.values()), initial=0)
        self.first_of_field = dict(zip(self.of_field, starts, strict=False))
        self.literals = tuple(literal for group in self.of_field.values() for literal in group.literals)
        self.number = {literal: i for i, literal in enumerate(self.literals)}

    def truth(self, record: Mapping[str, Any]) -> Bools:
        """Whether each literal holds for a record, shape (n_literals,)."""
        parts = [group.truth(record.get(name)) for name, group in self.of_field.items()]
        return np.concatenate(parts) if parts else np.zeros(0, bool)

    def slice_of(self, field: str) -> slice:
        """Where the literals of a field stand."""
        first = self.first_of_field[field]
        return slice(first, first + len(self.of_field[field].literals))


class FieldLiterals:
    """The distinct literals about one field, looked up by value: sets by member, prefixes by length, ranges by rank of their ends."""

    def __init__(self, field: Field, literals: Sequence[Literal], lists: Mapping[str, NamedList]) -> None:
        self.field = field
        self.literals = tuple(literals)
        self._kept: dict[Any, Bools] = {}
        self._missing = _numbers(i for i, literal in enumerate(literals) if isinstance(literal, Missing))
        members: dict[Any, list[int]] = {}
        prefixes: dict[int, dict[str, list[int]]] = {}
        texts: dict[str, list[int]] = {}
        ranges: list[tuple[int, Any, Any]] = []
        for i, literal in enumerate(literals):
            match literal:
                case Equals() | In() | InList():
                    for value in set(self._as_stored(_values(literal, lists))):
                        members.setdefault(value, []).append(i)
                case Prefix(_, prefix):
                    prefixes.setdefault(len(prefix), {}).setdefault(prefix, []).append(i)
                case Contains(_, text):
                    texts.setdefault(text, []).append(i)
                case Range():
                    ranges.append((i, *interval_of(literal, field.type)))
        self._members = {value: _numbers(found) for value, found in members.items()}
        self._prefixes = {length: {p: _numbers(found) for p, found in group.items()} for length, group in prefixes.items()}
        self._texts = [(text, _numbers(found)) for text, found in texts.items()]
        self._set_ranges(ranges)

    def _as_stored(self, values: Iterable[Any]) -> Iterable[Any]:
        """Values of a rule as records hold them; fractions that a whole number never equals do no harm."""
        return map(float, values) if self.field.type is FieldType.DECIMAL else values

    def _set_ranges(self, ranges: Sequence[tuple[int, Any, Any]]) -> None:
        """Replace the ends of ranges by their ranks among all ends, so that a value is compared with them by one search."""
        self._ends = sorted({end for _, low, high in ranges for end in (low, high) if end is not None})
        rank = {end: i for i, end in enumerate(self._ends)}
        self._ranges = _numbers(i for i, _, _ in ranges)
        self._low = _numbers(-1 if low is None else rank[low] for _, low, _ in ranges)
        self._high = _numbers(len(rank) if high is None else rank[high] for _, _, high in ranges)

    def truth(self, value: Any) -> Bools:
        """Whether each literal holds for a value, None for a missing one; shape (n_literals,), read-only. Texts asked for are kept."""
        kept = self._kept.get(value)
        if kept is None:
            kept = self._truth(value)
            kept.flags.writeable = False
            if self.field.type.is_text and len(self._kept) < _TEXTS_KEPT:
                self._kept[value] = kept
        return kept

    def _truth(self, value: Any) -> Bools:
        out = np.zeros(len(self.literals), bool)
        if value is None:
            out[self._missing] = True
            return out
        if self.field.type is FieldType.DECIMAL:
            value = float(value)
        if (found := self._members.get(value)) is not None:
            out[found] = True
        for length, group in self._prefixes.items():
            if len(value) >= length and (found := group.get(value[:length])) is not None:
                out[found] = True
        for text, found in self._texts:
            if text in value:
                out[found] = True
        if self._ranges.size:
            passed = bisect_right(self._ends, value)
            out[self._ranges] = (self._low < passed) & (self._high >= passed)
        return out

    def named_by(self, asked: Ints) -> list[Any]:
        """The values that some literals, by their number here, name singly or in lists; of those named together always, a few."""
        values, place, literal = self._named
        return [values[i] for i in np.unique(place[np.isin(literal, asked)]).tolist()]

    @cached_property
    def _named(self) -> tuple[list[Any], Ints, Ints]:
        """Values in order, a few of each group that the same literals name, and as pairs which literals name which of them."""
        groups: dict[bytes, list[Any]] = {}
        for value in sorted(self._members):
            group = groups.setdefault(self._members[value].tobytes(), [])
            if len(group) < NAMED_TRIED:
                group.append(value)
        values = sorted(value for group in groups.values() for value in group)
        members = [self._members[value] for value in values]
        place = np.repeat(np.arange(len(values)), [len(found) for found in members])
        return values, place, np.concatenate([_numbers(()), *members])


def _values(literal: Equals | In | InList, lists: Mapping[str, NamedList]) -> Sequence[Any]:
    """The values that a literal names."""
    match literal:
        case Equals(_, value):
            return (value,)
        case In(_, values):
            return values
        case InList(_, name):
            return lists[name].values


def _numbers(found: Iterable[int]) -> Ints:
    return np.fromiter(found, np.int64)
