"""What an import would change: a digest per row, compared with those stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.records.distinct import encode

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_MISSING = np.uint64(0x6D65746573)
_BLOCK_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows by what becomes of them: positions in the incoming table, but for `missing`, which are positions in the stored one."""

    created: np.ndarray
    changed: np.ndarray
    unchanged: np.ndarray
    missing: np.ndarray
    stored_of_incoming: np.ndarray


def row_digests(table: pa.Table, fields: Sequence[str]) -> pa.Array:
    """A 64-bit digest per row over the named columns: the same on every machine, in every version, for the same values.

    A column is hashed with the name of its field, so that a value that moves to another field changes the digest, and a field that
    is missing hashes like one without a value: adding an empty column changes nothing. Two different rows agree by chance once in
    2**64; a digest is only ever compared with that of the same record.
    """
    total = np.zeros(table.num_rows, np.uint64)
    with np.errstate(over="ignore"):
        for name in fields:
            if name not in table.column_names:
                continue
            values = _column_hashes(table[name])
            seed = _text_hashes(pa.array([name]))[0]
            present = table[name].is_valid().to_numpy()
            # A sum: order of columns does not matter, and a missing value adds nothing.
            total += np.where(present, _mixed(values ^ seed), np.uint64(0))
        return pa.array(_mixed(total ^ _MISSING).view(np.int64))


def difference(incoming_ids: pa.Array, incoming: pa.Array, stored_ids: pa.Array, stored: pa.Array) -> Difference:
    """Which incoming rows are new, changed or as stored, and which stored rows the file lacks; ids are distinct on both sides."""
    at = pc.index_in(incoming_ids, stored_ids).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    known = at >= 0
    old = np.zeros(len(at), np.int64)
    stored_digests = stored.to_numpy(zero_copy_only=False) if len(stored) else np.zeros(1, np.int64)
    old[known] = stored_digests[at[known]]
    same = known & (old == incoming.to_numpy(zero_copy_only=False))
    met = np.zeros(len(stored_ids), bool)
    met[at[known]] = True
    return Difference(np.flatnonzero(~known), np.flatnonzero(known & ~same), np.flatnonzero(same), np.flatnonzero(~met), at)


def _column_hashes(column: pa.ChunkedArray) -> np.ndarray:
    """A hash per row; what stands where a value is missing does not matter."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        if not pa.types.is_dictionary(kind) and _is_mostly_distinct(column):
            return _text_hashes(column.cast(pa.string()).fill_null("").combine_chunks())
        encoded = encode(column)
        hashes = _text_hashes(encoded.texts) if len(encoded.texts) else np.zeros(1, np.uint64)
        return np.asarray(hashes[encoded.codes], dtype=np.uint64)
    if pa.types.is_floating(kind):
        # -0.0 and 0.0 are one number.
        numbers = column.cast(pa.float64()).fill_null(0.0).to_numpy() + 0.0
        return _mixed(numbers.view(np.uint64))
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    whole = column.cast(pa.int64()).fill_null(0).to_numpy()
    return _mixed(whole.astype(np.int64).view(np.uint64))


def _is_mostly_distinct(column: pa.ChunkedArray) -> bool:
    sample = column.slice(0, 5_000)
    return bool(pc.count_distinct(sample).as_py() * 2 > len(sample))


def _text_hashes(texts: pa.StringArray) -> np.ndarray:
    """A hash per text: the sum over its bytes of a mixed (place, byte), mixed with its length."""
    texts = texts.cast(pa.string()) if not pa.types.is_string(texts.type) else texts
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None and data_buffer.size else np.zeros(0, np.uint8)
    hashes = np.zeros(len(texts), np.uint64)
    first = 0
    while first < len(texts):
        # Blocks bound the memory: eight bytes per byte of text.
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _BLOCK_BYTES, side="right")) - 1)
        hashes[first:last] = _block_hashes(data, offsets[first : last + 1])
        first = last
    return hashes


def _block_hashes(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    lengths = np.diff(offsets)
    part = data[offsets[0] : offsets[-1]].astype(np.uint64)
    places = (np.arange(len(part)) - np.repeat(offsets[:-1] - offsets[0], lengths)).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = _mixed((places << np.uint64(8)) | part)
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        ends = offsets - offsets[0]
        sums = running[ends[1:]] - running[ends[:-1]]
        return _mixed(sums + lengths.astype(np.uint64) * _GOLDEN)


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014), a bijection that spreads every bit."""
    with np.errstate(over="ignore"):
        x = values.astype(np.uint64) + _GOLDEN
        x = (x ^ (x >> np.uint64(30))) * _FIRST
        x = (x ^ (x >> np.uint64(27))) * _SECOND
        return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)
