"""Evaluates compiled rules over a table of accounts: chunks of rows become codes, and a kernel finds the rules that hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from metes.base.progress import SILENT, Progress
from metes.kernels.matching import group_by_row, match
from metes.model.condition import And, Condition, Everything, Not, Or
from metes.rules.coding import Coder, Codes
from metes.rules.compile import CompiledRules
from metes.rules.packs import Pack

T = TypeVar("T")

CHUNK_ROWS = 16_384
BLOCK_ROWS = 8 * CHUNK_ROWS
# Room for pairs of a chunk; past the second a chunk is cut in two rather than given more.
_FIRST_PAIRS, _MOST_PAIRS = 1 << 19, 1 << 23
_TRIED = 1 << 13

Ints32 = NDArray[np.int32]
Ints64 = NDArray[np.int64]


class Matches(NamedTuple):
    """Which rules hold for some rows: row i has `rule[first[i]:first[i + 1]]`, in no order, a rule perhaps more than once."""

    first: Ints64
    rule: Ints32


class Matcher:
    """Compiled rules over one table, evaluated by ranges of its rows. Safe to share between threads."""

    def __init__(self, accounts: pa.Table, compiled: CompiledRules) -> None:
        self._compiled = compiled
        self._packs = [(pack, Coder(accounts, pack.columns, pack.codes), _numbers(pack, compiled)) for pack in compiled.packs]
        self._rooms = _Rooms()

    def matches(self, begin: int, end: int) -> Iterator[tuple[int, Matches]]:
        """The rules that hold for rows [begin, end), in parts that begin at a row."""
        if end - begin > CHUNK_ROWS:
            for start in range(begin, end, CHUNK_ROWS):
                yield from self.matches(start, min(start + CHUNK_ROWS, end))
            return
        found = self._pairs(begin, end)
        if found is None:
            middle = (begin + end) // 2
            yield from self.matches(begin, middle)
            yield from self.matches(middle, end)
        else:
            yield begin, _grouped(*found, end - begin)

    def _pairs(self, begin: int, end: int) -> tuple[Ints32, Ints32] | None:
        """The pairs of rows and rules, in room that the next call writes anew; None where they are too many at once."""
        codes = [coder.codes(begin, end) for _, coder, _ in self._packs]
        while True:
            rows, rules, keys, tried = self._rooms.arrays
            total = 0
            for (pack, _, numbers), own in zip(self._packs, codes, strict=True):
                found = self._of_pack(pack, numbers, own, (keys[: end - begin], tried, rows[total:], rules[total:]))
                if found < 0:
                    break
                total += found
            else:
                return rows[:total], rules[:total]
            if len(rows) >= _MOST_PAIRS and end - begin > 1:
                return None
            self._rooms.make(4 * len(rows))

    def _of_pack(self, pack: Pack, numbers: Ints32, codes: Codes, room: tuple[NDArray[Any], ...]) -> int:
        """Write the pairs of one pack; their number, -1 where they do not fit."""
        keys, _, rows, rules = room
        given: tuple[NDArray[Any], ...] = (*codes, *pack.tables, numbers, *room)
        found = match(*given)
        if found < 0 or not pack.trees:
            return found
        row, rule = _with_trees(pack, len(self._compiled.rules), len(keys), rows[:found], rules[:found])
        if len(row) > len(rows):
            return -1
        rows[: len(row)], rules[: len(row)] = row, rule
        return len(row)


class _Rooms(local):
    """Each thread's arrays to work in: rows and rules of pairs, keys by row, candidates."""

    def __init__(self) -> None:
        self.make(_FIRST_PAIRS)

    def make(self, pairs: int) -> None:
        """Make room for so many pairs."""
        rows, rules, tried = np.empty(pairs, np.int32), np.empty(pairs, np.int32), np.empty((2, _TRIED), np.int32)
        self.arrays = rows, rules, np.empty(CHUNK_ROWS, np.int64), tried


def evaluate_table(accounts: pa.Table, compiled: CompiledRules, *, threads: int = 2) -> pa.Table:
    """Every (account, rule) pair that holds for the accounts of a table, sorted, each once: `account` int64, `rule` int32.

    Parameters
    ----------
    accounts
        `account` int64, unique and ascending, and a column per field of `compiled.used_fields`: text as string or dictionary of
        strings, integers and money (minor units) int64, decimals float64 without NaN, date32, bool; null is a missing value.

    Raises
    ------
    InputError
        Where the table lacks a column that the rules ask for.

    Notes
    -----
    Source: ours. O(rows x signatures + candidates); memory for the pairs alone, whatever the number of rows.
    """
    matcher = Matcher(accounts, compiled)
    numbers = accounts["account"].combine_chunks()

    def pairs(begin: int, end: int) -> list[tuple[Ints64, Ints32]]:
        return [_sorted_pairs(start, found) for start, found in matcher.matches(begin, end)]

    parts = [part for block in in_blocks(len(numbers), pairs, threads, SILENT, "evaluating rules") for part in block]
    rows = np.concatenate([np.zeros(0, np.int64), *(row for row, _ in parts)])
    rules = np.concatenate([np.zeros(0, np.int32), *(rule for _, rule in parts)])
    return pa.table({"account": numbers.take(pa.array(rows)), "rule": pa.array(rules)})


def in_blocks(count: int, work: Callable[[int, int], T], threads: int, progress: Progress, stage: str) -> Iterator[T]:
    """What some work gives for blocks [begin, end) of rows, in order, done by several threads; each block is reported.

    Where the progress raises, blocks that have not begun are dropped.
    """
    size = max(CHUNK_ROWS, min(BLOCK_ROWS, -(-count // max(threads, 1))))
    progress.report(stage, 0, count)
    pool = ThreadPoolExecutor(threads)
    try:
        tasks = [pool.submit(work, begin, min(begin + size, count)) for begin in range(0, count, size)]
        for number, task in enumerate(tasks):
            yield task.result()
            progress.report(stage, min((number + 1) * size, count), count)
    finally:
        pool.shutdown(cancel_futures=True)


def _numbers(pack: Pack, compiled: CompiledRules) -> Ints32:
    """The plan's number of each rule of a pack; literals of its trees have the numbers behind those of all rules."""
    literals = np.arange(len(pack.number_of_literal), dtype=np.int32) + len(compiled.rules)
    return np.concatenate([pack.number_of_rule, literals])


def _grouped(rows: Ints32, rules: Ints32, count: int) -> Matches:
    """The pairs by row."""
    first, out = np.empty(count + 1, np.int64), np.empty(len(rules), np.int32)
    group_by_row(rows, rules, first, out)
    return Matches(first, out)


def _sorted_pairs(begin: int, found: Matches) -> tuple[Ints64, Ints32]:
    """The pairs by row and rule, each once; rows count from the table's first."""
    key = np.repeat(np.arange(begin, begin + len(found.first) - 1) << 32, np.diff(found.first)) | found.rule
    key.sort()
    key = key[np.diff(key, prepend=-1) != 0]
    return key >> 32, key.astype(np.int32)


def _with_trees(pack: Pack, rule_count: int, rows: int, row: Ints32, rule: Ints32) -> tuple[Ints32, Ints32]:
    """The pairs with those of the pack's trees, settled over the truth of their literals, in place of the literals' own."""
    if not pack.trees:
        return row, rule
    is_rule = rule < rule_count
    row_of_literal, literal = row[~is_rule], rule[~is_rule] - rule_count

    def truth(node: Condition) -> NDArray[np.bool_]:
        match node:
            case Everything():
                return np.ones(rows, bool)
            case Not(part):
                return ~truth(part)
            case And(parts) | Or(parts):
                out = truth(parts[0])
                for part in parts[1:]:
                    out = out & truth(part) if isinstance(node, And) else out | truth(part)
                return out
            case _:
                out = np.zeros(rows, bool)
                out[row_of_literal[literal == pack.number_of_literal[node] - pack.rule_count]] = True
                return out

    more = [(np.flatnonzero(truth(tree)).astype(np.int32), pack.number_of_rule[local]) for local, tree in pack.trees]
    held = [(found, number) for found, number in more if number >= 0]
    return (
        np.concatenate([row[is_rule], *(found for found, _ in held)]),
        np.concatenate([rule[is_rule], *(np.full(found.size, number, np.int32) for found, number in held)]),
    )
