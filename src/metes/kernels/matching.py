"""Finds which rules hold for rows of codes: a probe per signature, then integer tests on the candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metes.kernels.jit import int32, int64, kernel, read, uint64, void, written

# Kinds of tests, as `metes.rules.packs` writes them.
INTERVAL, WITHIN, WITHOUT, HAS_TEXT, LACKS_TEXT, AMONG, NOT_AMONG = range(7)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Ints32 = NDArray[np.int32]


@kernel(int64, read(int32, 2), read(int32), read(int32), read(int32, 2), read(uint64), read(int32), int64, int64, int64)
def passes(
    codes: Ints32,
    first_text: Ints32,
    held_texts: Ints32,
    tests: Ints32,
    words: NDArray[np.uint64],
    members: Ints32,
    row: int,
    begin: int,
    end: int,
) -> int:
    """Whether a row of codes passes the tests [begin, end): 1 or 0."""
    for t in range(begin, end):
        kind = tests[t, 0]
        code = codes[tests[t, 1], row]
        if kind == INTERVAL:
            holds = np.uint32(code - tests[t, 2]) < np.uint32(tests[t, 3])
        elif kind in (WITHIN, WITHOUT):
            place = np.uint32(code - tests[t, 2])
            is_member = False
            if place < np.uint32(tests[t, 3]):
                is_member = (words[tests[t, 4] + (place >> np.uint32(6))] >> np.uint64(place & np.uint32(63))) & np.uint64(1) != 0
            holds = is_member == (kind == WITHIN)
        elif kind in (HAS_TEXT, LACKS_TEXT):
            has_text = False
            if code >= 0:
                for p in range(first_text[code], first_text[code + 1]):
                    if held_texts[p] == tests[t, 2]:
                        has_text = True
                        break
            holds = has_text == (kind == HAS_TEXT)
        else:
            low, high = tests[t, 2], tests[t, 3]
            last = high
            while low < high:
                middle = (low + high) >> 1
                if members[middle] < code:
                    low = middle + 1
                else:
                    high = middle
            holds = (low < last and members[low] == code) == (kind == AMONG)
        if not holds:
            return 0
    return 1


@kernel(
    int64,
    read(int32, 2),
    read(int32),
    read(int32),
    read(int32, 2),
    read(int32, 2),
    read(uint64),
    read(int32),
    read(int32),
    written(int32, 2),
    int64,
    written(int32),
    written(int32),
    int64,
)
def keep_what_holds(
    codes: Ints32,
    first_text: Ints32,
    held_texts: Ints32,
    conjunctions: Ints32,
    tests: Ints32,
    words: NDArray[np.uint64],
    members: Ints32,
    number_of_rule: Ints32,
    tried: Ints32,
    count: int,
    out_row: Ints32,
    out_rule: Ints32,
    found: int,
) -> int:
    """Write the rules of those of `count` candidates that hold, behind the `found` pairs there are; their number now, -1 where they do not fit.

    Candidates are rows `tried[0]` and conjunctions `tried[1]`; they are overwritten. The interval that each is tested by comes first, for
    all of them and without a branch: whether it holds can seldom be foreseen.
    """
    left = 0
    for p in range(count):
        i, k = tried[0, p], tried[1, p]
        tried[0, left], tried[1, left] = i, k
        left += int(np.uint32(codes[conjunctions[k, 1], i] - conjunctions[k, 2]) < np.uint32(conjunctions[k, 3]))
    if found + left > out_row.shape[0]:
        return -1
    for p in range(left):
        i, k = tried[0, p], tried[1, p]
        begin, end = conjunctions[k, 4], conjunctions[k, 5]
        rule = number_of_rule[conjunctions[k, 0]]
        if rule >= 0 and (begin == end or passes(codes, first_text, held_texts, tests, words, members, i, begin, end)):
            out_row[found], out_rule[found] = i, rule
            found += 1
    return found


@kernel(
    int64,
    read(int32, 2),
    read(int32),
    read(int32),
    read(int64, 2),
    read(int32),
    read(int64),
    read(int32),
    read(int32),
    read(int32),
    read(int32, 2),
    read(int32, 2),
    read(uint64),
    read(int32),
    read(int32),
    written(int64),
    written(int32, 2),
    written(int32),
    written(int32),
)
def match(
    codes: Ints32,
    first_text: Ints32,
    held_texts: Ints32,
    signatures: NDArray[np.int64],
    cell_of_code: Ints32,
    hashed_keys: NDArray[np.int64],
    hashed_entries: Ints32,
    first_of_key: Ints32,
    candidates: Ints32,
    conjunctions: Ints32,
    tests: Ints32,
    words: NDArray[np.uint64],
    members: Ints32,
    number_of_rule: Ints32,
    keys: NDArray[np.int64],
    tried: Ints32,
    out_row: Ints32,
    out_rule: Ints32,
) -> int:
    """Write every (row, rule) pair that holds; their number, -1 where they do not fit.

    Parameters
    ----------
    codes
        (n_columns, n_rows), the codes of each column.
    first_text, held_texts
        Codes of a column of texts number the values; value i contains the texts `held_texts[first_text[i]:first_text[i + 1]]`.
    signatures, …, members
        As `metes.rules.packs.MatchTables` describes them.
    number_of_rule
        What is written for each rule; -1 for nothing.
    keys, tried
        (n_rows,) and (2, n), room to work in.
    out_row, out_rule
        The pairs, by signature; a rule of several conjunctions may appear more than once in a row.

    Notes
    -----
    Source: ours. O(rows x signatures + candidates). Signature by signature, so that one table at a time is in the processor's caches.
    """
    rows, room = keys.shape[0], tried.shape[1]
    found = 0
    for s in range(signatures.shape[0]):
        for i in range(rows):
            keys[i] = 0
        for j in range(signatures[s, 0]):
            column, offset, stride = signatures[s, 1 + 3 * j], signatures[s, 2 + 3 * j] + 1, signatures[s, 3 + 3 * j]
            for i in range(rows):
                cell = cell_of_code[offset + codes[column, i]]
                keys[i] = keys[i] + cell * stride if cell >= 0 and keys[i] >= 0 else -1
        text_column, text_offset, text_stride = signatures[s, 10], signatures[s, 11] + 1, signatures[s, 12]
        bits, hashed_offset, first_offset = signatures[s, 13], signatures[s, 14], signatures[s, 15]
        count = 0
        for i in range(rows):
            if keys[i] < 0:
                continue
            # A row is probed once, or once for each text that its value contains.
            text, last_text = 0, 1
            if text_column >= 0:
                value = codes[text_column, i]
                if value < 0:
                    continue
                text, last_text = first_text[value], first_text[value + 1]
            while text < last_text:
                key = keys[i]
                if text_column >= 0:
                    cell = cell_of_code[text_offset + held_texts[text]]
                    key = key + cell * text_stride if cell >= 0 else -1
                text += 1
                if key < 0:
                    continue
                if bits >= 0:
                    slot = np.int64((np.uint64(key) * _GOLDEN) >> np.uint64(64 - bits))
                    while hashed_keys[hashed_offset + slot] != key and hashed_keys[hashed_offset + slot] >= 0:
                        slot = (slot + 1) & ((1 << bits) - 1)
                    if hashed_keys[hashed_offset + slot] < 0:
                        continue
                    key = np.int64(hashed_entries[hashed_offset + slot])
                for c in range(first_of_key[first_offset + key], first_of_key[first_offset + key + 1]):
                    if count == room:
                        found = keep_what_holds(
                            codes,
                            first_text,
                            held_texts,
                            conjunctions,
                            tests,
                            words,
                            members,
                            number_of_rule,
                            tried,
                            count,
                            out_row,
                            out_rule,
                            found,
                        )
                        if found < 0:
                            return -1
                        count = 0
                    tried[0, count], tried[1, count] = i, candidates[c]
                    count += 1
        found = keep_what_holds(
            codes,
            first_text,
            held_texts,
            conjunctions,
            tests,
            words,
            members,
            number_of_rule,
            tried,
            count,
            out_row,
            out_rule,
            found,
        )
        if found < 0:
            return -1
    return found


@kernel(void, read(int32), read(int32), written(int64), written(int32))
def group_by_row(rows: Ints32, rules: Ints32, first: NDArray[np.int64], out_rule: Ints32) -> None:
    """Bring the rules of pairs together by row: row i has `out_rule[first[i]:first[i + 1]]`. A counting sort; `first` is (n_rows + 1,)."""
    first[:] = 0
    for p in range(rows.shape[0]):
        first[rows[p] + 1] += 1
    # For now first[i + 1] is where the next rule of row i goes.
    total = 0
    for i in range(1, first.shape[0]):
        count = first[i]
        first[i] = total
        total += count
    for p in range(rows.shape[0]):
        i = rows[p] + 1
        out_rule[first[i]] = rules[p]
        first[i] += 1
