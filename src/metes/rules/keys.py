"""Chooses by which columns conjunctions are joined: few signatures, so that few candidates are tried and few joins are run."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metes.rules.field_test import FieldTest
from metes.rules.normal import Conjunction

MAX_KEYS = 3
MAX_COMBINATIONS = 256
MAX_BOUNDS = 63

# Nanoseconds per account, as measured on a million accounts: a probe of one join, a column of codes, and a candidate tried.
_PROBE, _COLUMN, _CANDIDATE = 25.0, 40.0, 30.0


@dataclass(frozen=True, slots=True, order=True)
class KeyColumn:
    """A column of small integers made from a field: the atom of its value, its first characters, or the bucket it falls in."""

    kind: str
    field: str
    length: int = 0


KeyColumns = tuple[KeyColumn, ...]


@dataclass(slots=True)
class Codes:
    """How values become codes.

    `atom_of` gives one code to all values of a field that no rule tells apart, so that a list of 50,000 values that rules only
    name as a whole is one code. `prefix_of` gives codes to prefixes by field and length, `bounds` the ends of buckets by field.
    """

    atom_of: dict[str, dict[Any, int]] = field(default_factory=dict)
    atoms_of_set: dict[str, dict[frozenset[Any], tuple[int, ...]]] = field(default_factory=dict)
    prefix_of: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    bounds: dict[str, list[Any]] = field(default_factory=dict)

    def code(self, column: KeyColumn, value: Any) -> int | None:
        """The code of a value in a key column; None where no rule asks for it, or where it is missing."""
        if value is None:
            return None
        if column.kind == "atom":
            return self.atom_of[column.field].get(value)
        if column.kind == "prefix":
            return self.prefix_of[column.field, column.length].get(value[: column.length])
        return bisect_right(self.bounds[column.field], value)


def codes_of(conjunctions: Iterable[Conjunction]) -> Codes:
    """Codes for everything the conjunctions ask for."""
    sets: dict[str, dict[frozenset[Any], None]] = {}
    prefixes: dict[tuple[str, int], dict[str, int]] = {}
    ends: dict[str, list[Any]] = {}
    for conjunction in conjunctions:
        for test in conjunction.tests:
            for values in (test.among, test.not_among):
                if values:
                    sets.setdefault(test.field, {})[values] = None
            if test.prefix:
                known = prefixes.setdefault((test.field, len(test.prefix)), {})
                known.setdefault(test.prefix, len(known))
            ends.setdefault(test.field, []).extend(end for end in (test.low, test.high) if end is not None)
    codes = Codes(prefix_of=prefixes, bounds={name: _quantiles(found) for name, found in ends.items() if found})
    for name, found_sets in sets.items():
        codes.atom_of[name], codes.atoms_of_set[name] = _atoms(list(found_sets))
    return codes


def _quantiles(ends: list[Any]) -> list[Any]:
    """Distinct bounds that part the end points into buckets of equal counts."""
    ends = sorted(set(ends))
    if len(ends) <= MAX_BOUNDS:
        return ends
    return sorted({ends[len(ends) * i // MAX_BOUNDS] for i in range(MAX_BOUNDS)})


def _atoms(sets: Sequence[frozenset[Any]]) -> tuple[dict[Any, int], dict[frozenset[Any], tuple[int, ...]]]:
    """The atom of each value, values in exactly the same sets sharing one, and the atoms of each set."""
    members: dict[Any, list[int]] = {}
    for number, values in enumerate(sets):
        for value in values:
            members.setdefault(value, []).append(number)
    atom_of_membership: dict[tuple[int, ...], int] = {}
    atoms_of_set: list[list[int]] = [[] for _ in sets]
    atom_of: dict[Any, int] = {}
    for value in sorted(members):
        membership = tuple(members[value])
        if membership not in atom_of_membership:
            atom_of_membership[membership] = len(atom_of_membership)
            for number in membership:
                atoms_of_set[number].append(atom_of_membership[membership])
        atom_of[value] = atom_of_membership[membership]
    return atom_of, {values: tuple(atoms) for values, atoms in zip(sets, atoms_of_set, strict=True)}


@dataclass(frozen=True, slots=True)
class Option:
    """A key column that a conjunction offers, with its codes there and the share of accounts that they are guessed to take."""

    column: KeyColumn
    codes: Sequence[int]
    taken_share: float


def options_of(conjunctions: Sequence[Conjunction], codes: Codes) -> list[list[Option]]:
    """What each conjunction can be joined by, the most selective first; shares are guessed from how often rules ask for a code."""
    uses: dict[KeyColumn, Counter[int]] = {}
    offered: list[list[tuple[KeyColumn, Sequence[int]]]] = []
    for conjunction in conjunctions:
        offered.append([pair for test in conjunction.tests if (pair := _offer(test, codes)) is not None])
        for column, wanted in offered[-1]:
            uses.setdefault(column, Counter()).update(wanted)
    totals = {column: counts.total() + 1 for column, counts in uses.items()}
    out: list[list[Option]] = []
    for pairs in offered:
        options = [Option(c, wanted, sum(map(uses[c].__getitem__, wanted)) / totals[c]) for c, wanted in pairs]
        out.append(sorted(options, key=lambda option: (option.taken_share, option.column)))
    return out


def _offer(test: FieldTest, codes: Codes) -> tuple[KeyColumn, Sequence[int]] | None:
    """The key column and codes that a test offers, if it narrows at all."""
    if test.among is not None:
        return KeyColumn("atom", test.field), codes.atoms_of_set[test.field][test.among]
    if test.prefix:
        length = len(test.prefix)
        return KeyColumn("prefix", test.field, length), (codes.prefix_of[test.field, length][test.prefix],)
    if test.low is None and test.high is None:
        return None
    bounds = codes.bounds[test.field]
    first = 0 if test.low is None else bisect_right(bounds, test.low)
    last = len(bounds) if test.high is None else bisect_left(bounds, test.high)
    return KeyColumn("bucket", test.field), range(first, last + 1)


def choose_signatures(options: Sequence[Sequence[Option]]) -> list[KeyColumns]:
    """For each conjunction the key columns it is joined by; () where it is tried on every account.

    Greedy facility location (ours): a signature opens while the candidates it spares cost more than its own probe and the
    columns of codes that it is the first to need. O(signatures x conjunctions) per opened signature.
    """
    offers = _offers(options)
    best = np.full(len(options), _CANDIDATE)
    chosen: list[KeyColumns] = [()] * len(options)
    have: set[KeyColumn] = set()
    while offers:
        gains = {
            keys: float(np.maximum(best[where] - cost, 0.0).sum()) - _PROBE - _COLUMN * len(set(keys) - have)
            for keys, (where, cost) in offers.items()
        }
        keys = max(gains, key=lambda k: gains[k])
        if gains[keys] <= 0:
            break
        where, cost = offers.pop(keys)
        better = cost < best[where]
        best[where[better]] = cost[better]
        have.update(keys)
        for i in where[better]:
            chosen[i] = keys
    return chosen


def _offers(options: Sequence[Sequence[Option]]) -> dict[KeyColumns, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """For each possible signature the conjunctions that can use it and what each then costs."""
    found: dict[KeyColumns, tuple[list[int], list[float]]] = {}
    for i, own in enumerate(options):
        for size in range(1, MAX_KEYS + 1):
            for subset in combinations(own[:5], size):
                counts = [len(option.codes) for option in subset]
                if prod(counts) > max(MAX_COMBINATIONS, *counts):
                    continue
                keys = tuple(sorted(option.column for option in subset))
                where, cost = found.setdefault(keys, ([], []))
                where.append(i)
                cost.append(_CANDIDATE * prod(option.taken_share for option in subset))
    return {keys: (np.array(where), np.array(cost)) for keys, (where, cost) in found.items()}
