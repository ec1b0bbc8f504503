"""Looks many values up at once: where they stand in an order, and which texts they contain, as the bytes of UTF-8 that Arrow keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metes.kernels.jit import float64, int32, int64, kernel, read, uint8, uint64, void, written

Bytes = NDArray[np.uint8]
Ints32 = NDArray[np.int32]
Ints64 = NDArray[np.int64]


@kernel(void, read(int64), read(uint8), read(int64), read(uint8), written(int32))
def rank_texts(offsets: Ints64, data: Bytes, end_offsets: Ints64, end_data: Bytes, out: Ints32) -> None:
    """Write how many of the ends, ascending, lie at or below each text by its bytes, which order as code points do.

    Text i is `data[offsets[i]:offsets[i + 1]]`, and so are the ends; `out` is (n_texts,). O(n_texts log n_ends).
    """
    for i in range(out.shape[0]):
        begin, size = offsets[i], offsets[i + 1] - offsets[i]
        low, high = 0, end_offsets.shape[0] - 1
        while low < high:
            middle = (low + high) >> 1
            end_begin, end_size = end_offsets[middle], end_offsets[middle + 1] - end_offsets[middle]
            shared = min(size, end_size)
            p = 0
            while p < shared and data[begin + p] == end_data[end_begin + p]:
                p += 1
            is_below = end_data[end_begin + p] < data[begin + p] if p < shared else end_size <= size
            if is_below:
                low = middle + 1
            else:
                high = middle
        out[i] = low


@kernel(void, read(int64), read(float64), read(int64), read(int32), int64, int64, written(int32))
def rank_numbers(
    values: Ints64, near: NDArray[np.float64], ends: Ints64, first_of_bucket: Ints32, lowest: int, shift: int, out: Ints32
) -> None:
    """Write how many of the ends, ascending, lie at or below each value.

    Parameters
    ----------
    values, ends
        Whole numbers, or floats as integers in the same order, (n_values,) and (n_ends,).
    near
        (n_values,): the float that each value is, or is next to.
    first_of_bucket, lowest, shift
        A value falls into bucket (bits >> shift) - lowest, its bits being those of its float, one further from zero, as an integer in
        the same order; the ends of bucket b are `ends[first_of_bucket[b]:first_of_bucket[b + 1]]`.

    Notes
    -----
    Source: ours. Buckets are narrow near zero and wide far from it, as sizes of accounts are spread: O(1) where ends are spread
    so too, O(log n_ends) where they are not.
    """
    highest = lowest + first_of_bucket.shape[0] - 2
    for i in range(values.shape[0]):
        value = values[i]
        bits = np.float64(near[i] + (1.0 if near[i] >= 0.0 else -1.0)).view(np.int64)
        bits ^= (bits >> 63) & np.int64(0x7FFFFFFFFFFFFFFF)
        bucket = bits >> shift
        if bucket < lowest or bucket > highest:
            out[i] = 0 if bucket < lowest else ends.shape[0]
            continue
        bucket -= lowest
        below, above = first_of_bucket[bucket], first_of_bucket[bucket + 1]
        while above - below > 4:
            middle = (below + above) >> 1
            if ends[middle] <= value:
                below = middle + 1
            else:
                above = middle
        while below < above and ends[below] <= value:
            below += 1
        out[i] = below


@kernel(
    int64,
    read(int64),
    read(uint8),
    read(int32, 2),
    read(uint8),
    read(int32),
    read(int32),
    written(int32),
    written(int32),
    written(int32),
)
def find_texts(
    offsets: Ints64,
    data: Bytes,
    following: Ints32,
    class_of_byte: Bytes,
    text_of_state: Ints32,
    shorter: Ints32,
    seen_in: Ints32,
    first: Ints32,
    out: Ints32,
) -> int:
    """Write which of some texts each value contains, each once; their number, which may be more than `out` has room for.

    Parameters
    ----------
    offsets, data
        Value i is `data[offsets[i]:offsets[i + 1]]`.
    following, class_of_byte
        The automaton: from state s the byte b leads to `following[s, class_of_byte[b]]`.
    text_of_state, shorter
        The text that ends in a state, or -1, and the state of the next shorter text that ends there too, or 0.
    seen_in
        (n_texts,), filled with -1: room to work in.
    first
        (n_values + 1,): value i has `out[first[i]:first[i + 1]]`.

    Notes
    -----
    Source: Aho and Corasick 1975. O(bytes + texts found).
    """
    found = 0
    for i in range(first.shape[0] - 1):
        first[i] = found
        state = 0
        for p in range(offsets[i], offsets[i + 1]):
            state = following[state, class_of_byte[data[p]]]
            ending = state if text_of_state[state] >= 0 else shorter[state]
            while ending > 0:
                text = text_of_state[ending]
                if seen_in[text] != i:
                    seen_in[text] = i
                    if found < out.shape[0]:
                        out[found] = text
                    found += 1
                ending = shorter[ending]
    first[first.shape[0] - 1] = found
    return found


@kernel(int64, read(uint8), read(uint64), read(uint8), int64, int64, int64, int64, int64, written(int32), written(int32))
def find_true(
    bits: Bytes,
    words: NDArray[np.uint64],
    present: Bytes,
    offset: int,
    count: int,
    row: int,
    code: int,
    found: int,
    out_row: Ints32,
    out_code: Ints32,
) -> int:
    """Write the rows of the bits that are set, and the code, behind the `found` that stand there already; their number now.

    Bit i is that of row + i, and stands in `bits` at `offset` + i; so do those of `present`, which is empty where all are. `words` are
    the same bits, eight bytes at a time, by which what is not set is passed over. What does not fit is counted and not written.
    """
    i, end = offset >> 3, (offset + count + 7) >> 3
    while i < end:
        if i & 7 == 0 and i + 8 <= end and words[i >> 3] == 0:
            i += 8
            continue
        byte = bits[i] & present[i] if present.shape[0] else bits[i]
        if byte:
            for b in range(8):
                place = (i << 3) + b - offset
                if (byte >> b) & 1 and 0 <= place < count:
                    if found < out_row.shape[0]:
                        out_row[found], out_code[found] = row + place, code
                    found += 1
        i += 1
    return found
