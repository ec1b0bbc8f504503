"""Packs: rules as tables of integers that a kernel, or an index for one account, finds them by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metes.model.condition import Condition, Literal
from metes.rules.codes import (
    FLAGS,
    LARGEST,
    MISSING,
    CodeColumn,
    FieldCodes,
    Interval,
    codes_of,
    columns_of,
    is_flag,
    prefix_interval,
)
from metes.rules.field_test import FieldTest
from metes.rules.keys import FLAG, KeyColumn, KeyColumns, Keys, choose_signatures, flag_of, keys_of
from metes.rules.normal import Conjunction

Ints32 = NDArray[np.int32]

# Kinds of tests, and the columns of the tables below; `metes.kernels.matching` reads them by the same numbers.
INTERVAL, WITHIN, WITHOUT, HAS_TEXT, LACKS_TEXT, AMONG, NOT_AMONG = range(7)
_DENSE_SPACE = 1 << 16
_SPARSE_FACTOR = 4
_WORD_BITS = 64
# Sets whose atoms lie further apart than this many per member are kept as sorted lists instead of bits.
_MAX_SPREAD = 256
# A multiplier that spreads keys over the slots of a table: 2^64 divided by the golden ratio.
GOLDEN = 0x9E3779B97F4A7C15
# An interval, as base and width, that every code passes.
_ALWAYS = (-(2**31) + 1, -1)


class MatchTables(NamedTuple):
    """What the kernel reads.

    signatures
        int64, (n_signatures, 16): number of keys; column, offset in `cell_of_code` and stride of up to three keys; the column
        and offset of a key of texts, or -1; bits of the hash table, or -1 where `first_of_key` is addressed directly; offsets in
        `hashed_keys` and in `first_of_key`.
    cell_of_code
        int32: the cells of codes -1, 0, 1, … of each key, -1 where no rule asks.
    hashed_keys, hashed_entries
        int64, int32: open-addressing tables from combined key to entry; -1 is an empty slot.
    first_of_key
        int32: where each entry's candidates begin in `candidates`; one more ends the last.
    candidates
        int32: conjunctions.
    conjunctions
        int32, (n_conjunctions, 6): rule; column, base and width of an interval; first and last of further `tests`.
    tests
        int32, (n_tests, 5): kind, column and up to three parameters.
    words, members
        uint64, int32: bits of sets of atoms, and sorted atoms of sets.
    """

    signatures: NDArray[np.int64]
    cell_of_code: Ints32
    hashed_keys: NDArray[np.int64]
    hashed_entries: Ints32
    first_of_key: Ints32
    candidates: Ints32
    conjunctions: Ints32
    tests: Ints32
    words: NDArray[np.uint64]
    members: Ints32


@dataclass(frozen=True, eq=False)
class Pack:
    """Some rules of a plan, compiled together.

    Rules have numbers of the pack's own, `number_of_rule` gives those of the plan, -1 for rules that it no longer has. Numbers from
    `rule_count` on stand for single literals of the `trees`: rules too wide to be spelled out, settled over the truth of their
    literals. Conjunctions stand by signature.
    """

    rule_count: int
    number_of_rule: Ints32
    conjunctions: tuple[Conjunction, ...]
    rule_of_conjunction: Ints32
    codes: Mapping[str, FieldCodes]
    columns: tuple[CodeColumn, ...]
    signatures: tuple[KeyColumns, ...]
    tables: MatchTables
    trees: tuple[tuple[int, Condition], ...]
    number_of_literal: Mapping[Literal, int]

    @cached_property
    def rules_of_conjunctions(self) -> list[int]:
        """The rule of each conjunction, for reading one at a time."""
        return self.rule_of_conjunction.tolist()  # type: ignore[no-any-return]

    @cached_property
    def used_fields(self) -> frozenset[str]:
        """The fields that some rule asks for."""
        flags = self.codes[FLAGS].texts if FLAGS in self.codes else ()
        return frozenset((*flags, *(name for name in self.codes if name != FLAGS)))


def make_pack(
    rule_count: int,
    numbers: Sequence[int],
    conjunctions: Sequence[Conjunction],
    rule_of: Sequence[int],
    trees: Sequence[tuple[int, Condition]] = (),
    number_of_literal: Mapping[Literal, int] | None = None,
) -> Pack:
    """The conjunctions as a pack; `rule_of` names the pack's own rules, `numbers` the plan's."""
    codes = codes_of(conjunctions)
    keys = keys_of(conjunctions, codes)
    chosen = choose_signatures(len(conjunctions), keys.offers)
    groups: dict[KeyColumns, list[int]] = {}
    for i, own in enumerate(chosen):
        groups.setdefault(own, []).append(i)
    order = [i for where in groups.values() for i in where]
    columns = columns_of(codes)
    builder = _Builder(keys, columns)
    for signature, where in groups.items():
        builder.add(signature, np.array(where, np.int64), [conjunctions[i] for i in where], [rule_of[i] for i in where])
    return Pack(
        rule_count,
        np.array(numbers, np.int32),
        tuple(conjunctions[i] for i in order),
        np.array([rule_of[i] for i in order], np.int32),
        codes,
        columns,
        tuple(groups),
        builder.tables(),
        tuple(trees),
        dict(number_of_literal or {}),
    )


class _Builder:
    """Gathers the tables of one pack, signature by signature."""

    def __init__(self, keys: Keys, columns: Sequence[CodeColumn]) -> None:
        self.keys = keys
        self.number_of_column = {column: number for number, column in enumerate(columns)}
        self.presence = {column.field: number for number, column in reversed(list(enumerate(columns)))}
        self.signatures: list[list[int]] = []
        self.cells = _Joined(np.int32)
        self.hashed_keys = _Joined(np.int64)
        self.hashed_entries = _Joined(np.int32)
        self.first_of_key = _Joined(np.int32)
        self.candidates = _Joined(np.int32)
        self.conjunctions: list[tuple[int, int, int, int, int, int]] = []
        self.tests: list[tuple[int, int, int, int, int]] = []
        self.words = _Joined(np.uint64)
        self.members = _Joined(np.int32)
        self.test_of_set: dict[tuple[int, ...], tuple[int, int, int, bool]] = {}

    def tables(self) -> MatchTables:
        """The tables, whole."""
        return MatchTables(
            np.array(self.signatures, np.int64).reshape(-1, 16),
            self.cells.array(),
            self.hashed_keys.array(),
            self.hashed_entries.array(),
            self.first_of_key.array(),
            self.candidates.array(),
            _bits32(self.conjunctions, 6),
            _bits32(self.tests, 5),
            self.words.array(),
            self.members.array(),
        )

    def add(self, keys: KeyColumns, where: NDArray[np.int64], conjunctions: Sequence[Conjunction], rules: Sequence[int]) -> None:
        """Add the conjunctions (`where` they stand in the offers) that are found by the same keys."""
        begin = len(self.conjunctions)
        for conjunction, rule in zip(conjunctions, rules, strict=True):
            self.conjunctions.append((rule, *self.open_tests(conjunction, keys)))
        row = [0] * 16
        plain = [key for key in keys if key.kind != "texts"]
        row[0] = len(plain)
        row[10] = row[11] = -1
        combined, conjunction_of, space = np.zeros(len(where), np.int64), np.arange(len(where)), 1
        for j, key in enumerate([*plain, *(key for key in keys if key.kind == "texts")]):
            cells, counts = _cells_of(self.keys, key, where)
            dense, lookup = _dense(cells, self.keys.cell_of_code(key))
            combined, conjunction_of = _crossed(combined, conjunction_of, counts, dense * space)
            source, offset = self.number_of_column[key.source], self.cells.add(np.concatenate([[-1], lookup]))
            if key.kind == "texts":
                row[10:13] = source, offset, space
            else:
                row[1 + 3 * j : 4 + 3 * j] = source, offset, space
            space *= int(dense.max()) + 1
        row[13:16] = self.entries(combined, conjunction_of + begin, space)
        self.signatures.append(row)

    def entries(self, combined: NDArray[np.int64], conjunctions: NDArray[np.int64], space: int) -> tuple[int, int, int]:
        """Add candidates by combined key: bits of the hash table or -1, and the offsets of it and of the entries."""
        order = np.argsort(combined, kind="stable")
        combined = combined[order]
        offset = self.candidates.add(conjunctions[order])
        if space <= max(_DENSE_SPACE, _SPARSE_FACTOR * len(combined)):
            first = np.searchsorted(combined, np.arange(space + 1))
            return -1, 0, self.first_of_key.add(first + offset)
        distinct, first = np.unique(combined, return_index=True)
        bits = int(2 * len(distinct) - 1).bit_length()
        slots, entries = _hashed(distinct, bits)
        self.hashed_entries.add(entries)
        return bits, self.hashed_keys.add(slots), self.first_of_key.add(np.append(first, len(combined)) + offset)

    def open_tests(self, conjunction: Conjunction, keys: KeyColumns) -> tuple[int, int, int, int, int]:
        """What the keys leave to be tested: one interval, and the range of further tests."""
        key_flag = flag_of(conjunction) if FLAG in keys else None
        tests = (test for test in conjunction.tests if not is_flag(test))
        flags = (test for test in conjunction.tests if is_flag(test) and test.field != key_flag)
        found = sorted([*(row for test in tests for row in self.tests_of(test, keys)), *map(self.flag_test, flags)])
        if found and found[0][0] == INTERVAL:
            (_, column, base, width, _), *found = found
        else:
            column, (base, width) = 0, _ALWAYS
        begin = len(self.tests)
        self.tests += found
        return column, base, width, begin, len(self.tests)

    def tests_of(self, test: FieldTest, keys: KeyColumns) -> Iterator[tuple[int, int, int, int, int]]:
        """The tests of one field that the keys leave open."""
        name, own = test.field, self.keys.codes[test.field]
        present = self.presence.get(name, 0)
        if test.is_missing:
            yield _interval(present, MISSING, 0)
            return
        if test.among is not None:
            if KeyColumn("atom", name) not in keys:
                yield self.set_test(name, own.atoms_of_set[test.among], True)
            return
        low, high = self.open_interval(test, keys)
        if (low, high) != (MISSING, LARGEST):
            yield _interval(self.number_of_column.get(CodeColumn("order", name), present), low, high)
        if test.not_among:
            yield self.set_test(name, own.atoms_of_set[test.not_among], False)
        for interval in (*test.not_between, *(prefix_interval(prefix) for prefix in test.not_prefix)):
            yield _outside(self.number_of_column.get(CodeColumn("order", name), present), *own.interval(*interval))
        yield from self.text_tests(test, keys, present)

    def flag_test(self, test: FieldTest) -> tuple[int, int, int, int, int]:
        """The test that a truth value is true, or is not."""
        number = self.keys.codes[FLAGS].number_of_text[test.field]
        return LACKS_TEXT if test.among is None else HAS_TEXT, self.number_of_column[FLAG.source], number, 0, 0

    def text_tests(self, test: FieldTest, keys: KeyColumns, present: int) -> Iterator[tuple[int, int, int, int, int]]:
        """The tests of texts within a value."""
        own, column = self.keys.codes[test.field], self.number_of_column.get(CodeColumn("texts", test.field), 0)
        key = max(test.contains, key=len) if test.contains and KeyColumn("texts", test.field) in keys else None
        for text in test.contains:
            if text != key:
                yield HAS_TEXT, column, own.number_of_text[text], 0, 0
        for text in test.not_contains:
            if text:
                yield LACKS_TEXT, column, own.number_of_text[text], 0, 0
            else:  # every text contains the empty one
                yield _interval(present, MISSING, 0)

    def open_interval(self, test: FieldTest, keys: KeyColumns) -> Interval:
        """The order codes that a test asks for and the keys leave open; every code, a missing one too, where there are none."""
        own = self.keys.codes[test.field]
        if test.low is None and test.high is None and not test.prefix:
            is_open = test.is_present and not test.contains
            return (0 if is_open else MISSING), LARGEST
        low, high = own.interval(test.low, test.high)
        if test.prefix:
            is_exact = KeyColumn("prefix", test.field, len(test.prefix)) in keys and (low, high) == (0, LARGEST)
            first, last = own.interval(*prefix_interval(test.prefix))
            low, high = max(low, first), min(high, last)
        else:
            is_exact = KeyColumn("bucket", test.field) in keys and self.keys.is_exact(test, (low, high))
        return (MISSING, LARGEST) if is_exact else (low, high)

    def set_test(self, name: str, atoms: tuple[int, ...], is_within: bool) -> tuple[int, int, int, int, int]:
        """The test that an atom is, or is not, in a set."""
        column = self.number_of_column[CodeColumn("atom", name)]
        if atoms[-1] - atoms[0] == len(atoms) - 1:
            return (_interval if is_within else _outside)(column, atoms[0], atoms[-1] + 1)
        first, second, third, is_bits = self.test_of_set.get(atoms) or self.test_of_set.setdefault(atoms, self.add_set(atoms))
        kind = (WITHIN if is_within else WITHOUT) if is_bits else (AMONG if is_within else NOT_AMONG)
        return kind, column, first, second, third

    def add_set(self, atoms: tuple[int, ...]) -> tuple[int, int, int, bool]:
        """Keep a set as bits (first atom, number of bits, offset in words), or as a list (first, last place, 0) where it is too thin."""
        bits = atoms[-1] - atoms[0] + 1
        if bits > _MAX_SPREAD * len(atoms):
            offset = self.members.add(np.array(atoms))
            return offset, offset + len(atoms), 0, False
        places = np.array(atoms) - atoms[0]
        words = np.zeros((bits + _WORD_BITS - 1) // _WORD_BITS, np.uint64)
        np.bitwise_or.at(words, places // _WORD_BITS, np.uint64(1) << (places % _WORD_BITS).astype(np.uint64))
        return atoms[0], bits, self.words.add(words), True


class _Joined:
    """Arrays put behind each other."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.parts: list[NDArray[Any]] = []
        self.size = 0

    def add(self, part: NDArray[Any]) -> int:
        """Append an array; where it begins."""
        begin = self.size
        self.parts.append(part.astype(self.dtype))
        self.size += len(part)
        return begin

    def array(self) -> NDArray[Any]:
        """The whole."""
        return np.concatenate([np.zeros(0, self.dtype), *self.parts])


def _interval(column: int, low: int, high: int) -> tuple[int, int, int, int, int]:
    """The test low <= code < high, as base and width: code - low, taken as unsigned, is below the width."""
    return INTERVAL, column, low, max(high - low, 0), 0


def _outside(column: int, low: int, high: int) -> tuple[int, int, int, int, int]:
    """The test that a code does not lie in [low, high), where it is not empty: codes from `high` on, round to `low`."""
    return (INTERVAL, column, high, (low - high) % 2**32, 0) if high > low else (INTERVAL, column, *_ALWAYS, 0)


def _bits32(rows: Sequence[tuple[int, ...]], width: int) -> Ints32:
    """Rows of integers of 32 bits, signed or not, by their bits."""
    return (np.array(rows, np.int64).reshape(-1, width) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def _cells_of(keys: Keys, column: KeyColumn, where: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells of some conjunctions in one key column, behind each other, and how many each has."""
    offer = keys.offers[column]
    position = np.searchsorted(offer.where, where)
    counts = offer.counts[position]
    return offer.cells[_ranges(offer.first[position], counts)], counts


def _ranges(first: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The integers first[i], …, first[i] + counts[i] - 1 for all i, behind each other."""
    before = np.cumsum(counts) - counts
    return np.repeat(first - before, counts) + np.arange(int(counts.sum()))


def _dense(cells: NDArray[np.int64], cell_of_code: Ints32) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells renumbered without gaps, and the new cell of each code."""
    distinct, dense = np.unique(cells, return_inverse=True)
    number = np.full(max(int(distinct[-1]), int(cell_of_code.max(initial=0))) + 2, -1)
    number[distinct] = np.arange(len(distinct))
    return dense, number[cell_of_code]


def _crossed(
    combined: NDArray[np.int64], conjunction_of: NDArray[np.int64], counts: NDArray[np.int64], cells: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each combined key once for each cell of its conjunction, the cell added."""
    first = np.cumsum(counts) - counts
    own = counts[conjunction_of]
    return np.repeat(combined, own) + cells[_ranges(first[conjunction_of], own)], np.repeat(conjunction_of, own)


def _hashed(keys: NDArray[np.int64], bits: int) -> tuple[NDArray[np.int64], Ints32]:
    """An open-addressing table of distinct keys: the key in each slot or -1, and its entry."""
    slots, entries = np.full(1 << bits, -1, np.int64), np.zeros(1 << bits, np.int32)
    place = (keys.astype(np.uint64) * np.uint64(GOLDEN) >> np.uint64(64 - bits)).astype(np.int64)
    left = np.arange(len(keys))
    while left.size:
        free = left[slots[place[left]] < 0]
        _, first = np.unique(place[free], return_index=True)
        placed = free[first]
        slots[place[placed]], entries[place[placed]] = keys[placed], placed
        left = np.setdiff1d(left, placed, assume_unique=True)
        place[left] = (place[left] + 1) & ((1 << bits) - 1)
    return slots, entries
