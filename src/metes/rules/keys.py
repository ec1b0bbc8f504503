"""Chooses by which keys conjunctions are found: few signatures, so that few candidates are tried and few probes are made."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from metes.rules.codes import FLAGS, LARGEST, CodeColumn, FieldCodes, Interval, is_flag, prefix_interval
from metes.rules.field_test import FieldTest
from metes.rules.normal import Conjunction

MAX_KEYS = 3
MAX_COMBINATIONS = 256
MAX_BOUNDS = 63
_MAX_OFFERED = 6

# Nanoseconds per account, as measured on a million accounts: a probe, each key of it, a candidate tried, and what an entry of a table
# costs all others by taking room in the processor's caches.
_PROBE, _KEY, _CANDIDATE, _ENTRY = 10.0, 3.0, 10.0, 0.0001

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class KeyColumn:
    """What conjunctions can be found by: the atom of a field, its first characters, the bucket it falls in, or a text it contains.

    Its values are cells: atoms, the prefixes of one length in order, buckets between bounds, codes of texts.
    """

    kind: str
    field: str
    length: int = 0

    @property
    def source(self) -> CodeColumn:
        """The column of codes that it is read from."""
        return CodeColumn("order" if self.kind in ("prefix", "bucket") else self.kind, self.field)


KeyColumns = tuple[KeyColumn, ...]
FLAG = KeyColumn("texts", FLAGS)


def flag_of(conjunction: Conjunction) -> str:
    """The truth value by which a conjunction can be found: the first that must be true; empty where there is none."""
    return next((test.field for test in conjunction.tests if test.among is not None and is_flag(test)), "")


@dataclass(frozen=True, slots=True)
class Offer:
    """The conjunctions `where` that can be found by one key column, each with its cells [first[i], first[i + 1]).

    `taken_share` is the share of accounts that these cells are guessed to take, from how often rules ask for a cell.
    """

    where: Ints
    first: Ints
    cells: Ints
    taken_share: NDArray[np.float64]

    @property
    def counts(self) -> Ints:
        """How many cells each conjunction has."""
        return np.diff(self.first)


@dataclass(frozen=True, slots=True)
class Keys:
    """What every conjunction offers, and the cells that order codes fall into."""

    codes: Mapping[str, FieldCodes]
    bounds: Mapping[str, Ints]
    prefixes: Mapping[KeyColumn, Sequence[str]]
    offers: Mapping[KeyColumn, Offer]

    def cell_of_code(self, column: KeyColumn) -> NDArray[np.int32]:
        """The cell of each code of the column's source, from code 0 on; -1 where no rule asks for it."""
        own = self.codes[column.field]
        match column.kind:
            case "atom":
                cells = np.arange(max(own.atom_of.values()) + 1)
                cells[0] = -1
            case "texts":
                cells = np.arange(len(own.texts))
            case "bucket":
                cells = np.searchsorted(self.bounds[column.field], np.arange(len(own.ends) + 1), side="right")
            case _:
                cells = np.full(len(own.ends) + 1, -1)
                for cell, prefix in enumerate(self.prefixes[column]):
                    low, high = own.interval(*prefix_interval(prefix))
                    cells[low:high] = cell
        return cells.astype(np.int32)

    def is_exact(self, test: FieldTest, interval: Interval) -> bool:
        """Whether the buckets of a test's interval hold nothing beside it."""
        bounds = self.bounds[test.field]
        return all(end in (0, LARGEST) or bounds[min(bisect_left(bounds, end), len(bounds) - 1)] == end for end in interval)


def keys_of(conjunctions: Sequence[Conjunction], codes: Mapping[str, FieldCodes]) -> Keys:
    """All key columns that the conjunctions offer. O(conjunctions x tests + cells)."""
    bounds = {name: _bounds(len(own.ends)) for name, own in codes.items() if own.ends}
    prefixes = _prefixes(conjunctions)
    number = {column: {prefix: cell for cell, prefix in enumerate(own)} for column, own in prefixes.items()}
    where: dict[KeyColumn, list[int]] = {}
    counts: dict[KeyColumn, list[int]] = {}
    cells: dict[KeyColumn, list[int]] = {}
    for i, conjunction in enumerate(conjunctions):
        if flag := flag_of(conjunction):
            where.setdefault(FLAG, []).append(i)
            counts.setdefault(FLAG, []).append(1)
            cells.setdefault(FLAG, []).append(codes[FLAGS].number_of_text[flag])
        for test in conjunction.tests:
            if is_flag(test):
                continue
            for column, own in _offered(test, codes[test.field], bounds, number):
                where.setdefault(column, []).append(i)
                counts.setdefault(column, []).append(len(own))
                cells.setdefault(column, []).extend(own)
    offers = {column: _offer(where[column], counts[column], cells[column]) for column in sorted(where)}
    return Keys(codes, bounds, prefixes, offers)


def _bounds(ends: int) -> Ints:
    """Order codes at which buckets begin: all ends, or a few that part them into equal counts."""
    if ends <= MAX_BOUNDS:
        return np.arange(1, ends + 1)
    return np.unique(1 + ends * np.arange(MAX_BOUNDS) // MAX_BOUNDS)


def _prefixes(conjunctions: Sequence[Conjunction]) -> dict[KeyColumn, list[str]]:
    """The prefixes of each length that conjunctions ask for, in order."""
    found: dict[KeyColumn, set[str]] = {}
    for conjunction in conjunctions:
        for test in conjunction.tests:
            if test.prefix:
                found.setdefault(KeyColumn("prefix", test.field, len(test.prefix)), set()).add(test.prefix)
    return {column: sorted(prefixes) for column, prefixes in found.items()}


def _offered(
    test: FieldTest, own: FieldCodes, bounds: Mapping[str, Ints], prefixes: Mapping[KeyColumn, Mapping[str, int]]
) -> Iterator[tuple[KeyColumn, Sequence[int]]]:
    """The key columns and cells that a test offers, if it narrows at all."""
    if test.among is not None:
        yield KeyColumn("atom", test.field), own.atoms_of_set[test.among]
        return
    if test.prefix:
        column = KeyColumn("prefix", test.field, len(test.prefix))
        yield column, (prefixes[column][test.prefix],)
    elif test.low is not None or test.high is not None:
        low, high = own.interval(test.low, test.high)
        first, last = np.searchsorted(bounds[test.field], (low, high - 1), side="right").tolist()
        yield KeyColumn("bucket", test.field), range(first, last + 1)
    if test.contains:
        yield KeyColumn("texts", test.field), (own.number_of_text[max(test.contains, key=len)],)


def _offer(where: list[int], counts: list[int], cells: list[int]) -> Offer:
    first = np.concatenate([[0], np.cumsum(counts)])
    all_cells = np.array(cells, np.int64)
    uses = np.bincount(all_cells)
    taken = np.add.reduceat(uses[all_cells], first[:-1]) / (len(cells) + 1)
    return Offer(np.array(where, np.int64), first, all_cells, taken)


def choose_signatures(count: int, offers: Mapping[KeyColumn, Offer]) -> list[KeyColumns]:
    """For each of `count` conjunctions the key columns it is found by; () where it is tried on every account.

    Greedy facility location (ours): a signature opens while the candidates that it spares cost more than its own probe. As costs
    only fall, a gain that was computed earlier bounds the gain now, so few are computed anew.
    """
    best = np.full(count, _CANDIDATE)
    chosen: list[KeyColumns] = [()] * count
    possible = _possible(count, offers)

    def gain(keys: KeyColumns) -> float:
        where, cost = possible[keys]
        return float(np.maximum(best[where] - cost, 0.0).sum()) - _PROBE - _KEY * len(keys)

    heap = [(-gain(keys), keys) for keys in possible]
    heapq.heapify(heap)
    while heap:
        _, keys = heapq.heappop(heap)
        now = gain(keys)
        if heap and now < -heap[0][0]:
            heapq.heappush(heap, (-now, keys))
            continue
        if now <= 0:
            break
        where, cost = possible[keys]
        is_better = cost < best[where]
        best[where[is_better]] = cost[is_better]
        for i in where[is_better].tolist():
            chosen[i] = keys
    return chosen


def _possible(count: int, offers: Mapping[KeyColumn, Offer]) -> dict[KeyColumns, tuple[Ints, NDArray[np.float64]]]:
    """For each possible signature the conjunctions that can use it and what each then costs."""
    columns = list(offers)
    own: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, column in enumerate(columns):
        for position, i in enumerate(offers[column].where.tolist()):
            own[i].append((number, position))
    shapes: dict[tuple[int, ...], list[int]] = {}
    for i, pairs in enumerate(own):
        shapes.setdefault(tuple(number for number, _ in pairs), []).append(i)
    found: dict[KeyColumns, tuple[list[Ints], list[NDArray[np.float64]]]] = {}
    for shape, members in shapes.items():
        positions = np.array([[position for _, position in own[i]] for i in members], np.int64).reshape(len(members), len(shape))
        for keys, fits, cost in _subsets([columns[number] for number in shape], positions, offers):
            where, costs = found.setdefault(keys, ([], []))
            where.append(np.array(members, np.int64)[fits])
            costs.append(cost[fits])
    return {keys: (np.concatenate(where), np.concatenate(costs)) for keys, (where, costs) in found.items()}


def _subsets(
    columns: Sequence[KeyColumn], positions: Ints, offers: Mapping[KeyColumn, Offer]
) -> Iterator[tuple[KeyColumns, NDArray[np.bool_], NDArray[np.float64]]]:
    """For conjunctions of one shape: each signature of its most selective columns, who may use it, and at what cost."""
    shares = [offers[column].taken_share[positions[:, j]] for j, column in enumerate(columns)]
    counts = [offers[column].counts[positions[:, j]] for j, column in enumerate(columns)]
    kept = sorted(range(len(columns)), key=lambda j: (shares[j].mean(), columns[j]))[:_MAX_OFFERED]
    for size in range(1, MAX_KEYS + 1):
        for subset in combinations(sorted(kept), size):
            if sum(columns[j].kind == "texts" for j in subset) > 1:
                continue
            entries = np.prod([counts[j] for j in subset], axis=0)
            fits = entries <= np.maximum(MAX_COMBINATIONS, np.max([counts[j] for j in subset], axis=0))
            cost = _CANDIDATE * np.prod([shares[j] for j in subset], axis=0) + _ENTRY * entries
            if fits.any():
                yield tuple(columns[j] for j in subset), fits, cost
