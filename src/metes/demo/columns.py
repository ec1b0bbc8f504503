"""Small ways to make columns: seeded draws, joined text, money."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.demo.places import Bools, Floats, Ints

EPOCH = np.datetime64("1970-01-01", "D")


def stream(seed: int, part: int) -> np.random.Generator:
    """The random stream of one part of the company: its own, so that a change in one part leaves the others alone."""
    return np.random.default_rng([seed, part])


def draw(rng: np.random.Generator, weights: Sequence[float] | Floats, count: int) -> Ints:
    """`count` indices drawn with the given weights. O(count log weights)."""
    heights = np.cumsum(np.asarray(weights, dtype=np.float64))
    found: Ints = np.searchsorted(heights, rng.random(count) * heights[-1], side="right")
    return np.minimum(found, len(heights) - 1)


def draw_rows(rng: np.random.Generator, table: Floats, row: Ints) -> Ints:
    """One column index for each entry of `row`, drawn with the weights of that row of `table` (rows, columns).

    The rows' cumulative shares are laid end to end, row r in (r, r + 1], so one binary search serves all.
    """
    shares = np.cumsum(table, axis=1)
    shares /= shares[:, -1:]
    flat = (shares + np.arange(len(table))[:, None]).ravel()
    found = np.searchsorted(flat, row + rng.random(len(row)), side="right") - row * table.shape[1]
    within: Ints = np.minimum(np.maximum(found, 0), table.shape[1] - 1)
    return within


def pick(values: Sequence[str] | pa.Array, index: Ints, missing: Bools | None = None) -> pa.Array:
    """The text at each index; null where `missing`."""
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, type=pa.string())
    return array.take(pa.array(index, mask=missing))


def joined(*parts: pa.Array | str) -> pa.Array:
    """The parts glued together, entry by entry."""
    return pc.binary_join_element_wise(*(pa.scalar(p) if isinstance(p, str) else p.cast(pa.string()) for p in parts), "")


def numbered(prefix: str, numbers: Ints, digits: int, missing: Bools | None = None) -> pa.Array:
    """Ids such as A-0000017; null where `missing`."""
    text = pc.utf8_lpad(pa.array(numbers, mask=missing).cast(pa.string()), digits, "0")
    return joined(prefix, text)


def days(values: Ints, missing: Bools | None = None) -> pa.Array:
    """Dates from days since 1970; null where `missing`."""
    return pa.array(values.astype(np.int32), type=pa.int32(), mask=missing).cast(pa.date32())


def dollars(cents: Ints) -> pa.Array:
    """Non-negative cents as exact decimals with two places."""
    words = np.zeros((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words)])
