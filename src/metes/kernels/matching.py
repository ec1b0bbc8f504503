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
    keys
        (n_rows,), room to work in.
    out_row, out_rule
        The pairs, by signature; a rule of several conjunctions may appear more than once in a row.

    Notes
    -----
    Source: ours. O(rows x signatures + candidates). Signature by signature, so that one table at a time is in the processor's caches.
    """
    rows = keys.shape[0]
    found = 0
    for s in range(signatures.shape[0]):
        signature = signatures[s]
        for i in range(rows):
            keys[i] = 0
        for j in range(signature[0]):
            column, offset, stride = signature[1 + 3 * j], signature[2 + 3 * j] + 1, signature[3 + 3 * j]
            for i in range(rows):
                cell = cell_of_code[offset + codes[column, i]]
                keys[i] = keys[i] + cell * stride if cell >= 0 and keys[i] >= 0 else -1
        text_column, text_offset, text_stride = signature[10], signature[11] + 1, signature[12]
        bits, hashed_offset, first_offset = signature[13], signature[14], signature[15]
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
                    k = candidates[c]
                    if np.uint32(codes[conjunctions[k, 1], i] - conjunctions[k, 2]) >= np.uint32(conjunctions[k, 3]):
                        continue
                    begin, end = conjunctions[k, 4], conjunctions[k, 5]
                    if begin < end and not passes(codes, first_text, held_texts, tests, words, members, i, begin, end):
                        continue
                    rule = number_of_rule[conjunctions[k, 0]]
                    if rule < 0:
                        continue
                    if found == out_row.shape[0]:
                        return -1
                    out_row[found] = i
                    out_rule[found] = rule
                    found += 1
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
