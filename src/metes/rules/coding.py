"""Turns the columns of a table of accounts into codes, a chunk of rows at a time: distinct values once, rows by look-up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from threading import Lock, local
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metes.base.errors import InputError
from metes.kernels.looking_up import find_true, rank_numbers, rank_texts
from metes.kernels.matching import group_by_row
from metes.rules.automaton import automaton_of, buffers, utf8
from metes.rules.codes import FLAGS, MISSING, OTHER, CodeColumn, FieldCodes

Ints32 = NDArray[np.int32]
Ints64 = NDArray[np.int64]
_NO_TEXTS = np.zeros(1, np.int32), np.zeros(0, np.int32)
_EPOCH = date(1970, 1, 1).toordinal()
_BEYOND = 2**63
_BUCKET_BITS = 13
_MAX_VALUES_PER_ROW = 2
_BLOCK_ROWS = 131_072


class Codes(NamedTuple):
    """The codes of some rows.

    `columns` is (n_columns, n_rows). Codes of texts number values, and value i contains the texts
    `held_texts[first_text[i]:first_text[i + 1]]`.
    """

    columns: Ints32
    first_text: Ints32
    held_texts: Ints32


class _Values(NamedTuple):
    """The code of each value of a dictionary, and behind the last MISSING; for texts also those that each value contains."""

    codes: Ints32
    texts: tuple[Ints32, Ints32] | None = None


class Coder:
    """Gives the codes of a table's rows for the columns of a pack. Safe to share between threads.

    Raises
    ------
    InputError
        Where the table lacks a column that the rules ask for.
    """

    def __init__(self, accounts: pa.Table, columns: Sequence[CodeColumn], codes: Mapping[str, FieldCodes]) -> None:
        names = codes[FLAGS].texts if FLAGS in codes else ()
        wanted = {"account", *names, *(column.field for column in columns if column.field != FLAGS)}
        if lacking := sorted(wanted.difference(accounts.column_names)):
            raise InputError(f"the table lacks the columns {', '.join(lacking)}, which rules ask for; add them, null where unknown")
        plain = [(number, column) for number, column in enumerate(columns) if column.field != FLAGS]
        self._sources = [
            (number, _compact(accounts[column.field]), _maker(column, codes[column.field])) for number, column in plain
        ]
        self._flags = _Flags([accounts[name] for name in names])
        self._number_of_flags = next((number for number, column in enumerate(columns) if column.field == FLAGS), None)
        self._count = len(columns)
        self._known: dict[tuple[int, ...], _Values] = {}
        self._lock, self._lock_of = Lock(), dict[tuple[int, ...], Lock]()

    def codes(self, begin: int, end: int) -> Codes:
        """The codes of rows [begin, end)."""
        out = np.empty((max(self._count, 1), end - begin), np.int32)
        texts: list[tuple[Ints32, Ints32]] = []
        values_before = 0
        for number, source, maker in self._sources:
            place = 0
            for piece in source.slice(begin, end - begin).chunks:
                target = out[number, place : place + len(piece)]
                place += len(piece)
                found = self._write(number, maker, piece, target)
                if found is not None:
                    target[target >= 0] += values_before
                    values_before += len(found[0]) - 1
                    texts.append(found)
        if self._number_of_flags is not None:
            out[self._number_of_flags] = np.arange(values_before, values_before + end - begin)
            texts.append(self._flags.held(begin, end))
        return Codes(out, *_joined(texts))

    def _write(self, number: int, maker: _Maker, piece: pa.Array, out: Ints32) -> tuple[Ints32, Ints32] | None:
        """Write the codes of an array; for a column of texts those that its values contain."""
        if pa.types.is_null(piece.type):
            out[:] = MISSING
            return None
        if pa.types.is_dictionary(piece.type):
            values = self._shared(number, maker, piece.dictionary)
        elif _is_text(piece.type):
            piece = piece.dictionary_encode()
            values = maker.of_texts(piece.dictionary)
        else:
            maker.write_numbers(_numbers(piece), out)
            if piece.null_count:
                out[piece.is_null().to_numpy(zero_copy_only=False)] = MISSING
            return None
        indices = piece.indices.cast(pa.int32())
        if indices.null_count:
            indices = indices.fill_null(len(values.codes) - 1)
        np.take(values.codes, indices.to_numpy(), out=out, mode="clip")
        return values.texts

    def _shared(self, number: int, maker: _Maker, dictionary: pa.Array) -> _Values:
        """The codes of a dictionary of the table, made once however many of its pieces share it."""
        addresses = (buffer.address if buffer else 0 for buffer in dictionary.buffers())
        key = number, dictionary.offset, len(dictionary), *addresses
        with self._lock:
            lock = self._lock_of.setdefault(key, Lock())
        with lock:
            if key not in self._known:
                self._known[key] = maker.of_texts(dictionary)
            return self._known[key]


def _compact(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as it is, or as plain text where its dictionaries hold far more values than it has rows: those would all be coded."""
    if not pa.types.is_dictionary(column.type):
        return column
    known = sum(len(piece.dictionary) for piece in column.chunks)
    return column.cast(pa.string()) if known > _MAX_VALUES_PER_ROW * len(column) else column


class _Flags:
    """Columns of truth values, read as lists of those that are true of each row."""

    def __init__(self, columns: Sequence[pa.ChunkedArray]) -> None:
        self._columns = [[_Bits.of(begin, piece) for begin, piece in _pieces(column)] for column in columns]
        self._begins = [[piece.begin for piece in pieces] for pieces in self._columns]
        self._rows = len(columns[0]) if columns else 0
        self._last = _Last()

    def held(self, begin: int, end: int) -> tuple[Ints32, Ints32]:
        """For rows [begin, end) the numbers of the columns that are true: row i has `held[first[i]:first[i + 1]]`.

        Columns are many and a chunk is small, so a block of chunks is looked up at once.
        """
        block = begin - begin % _BLOCK_ROWS, min(begin - begin % _BLOCK_ROWS + _BLOCK_ROWS, self._rows)
        if end > block[1]:
            return self._found(begin, end)
        if self._last.block != block:
            self._last.block, self._last.found = block, self._found(*block)
        first, held = self._last.found
        first = first[begin - block[0] : end - block[0] + 1]
        return first - first[0], held[first[0] : first[-1]]

    def _found(self, begin: int, end: int) -> tuple[Ints32, Ints32]:
        room = 4 * (end - begin) + 64
        while True:
            rows, codes, found = np.empty(room, np.int32), np.empty(room, np.int32), 0
            for code, (pieces, begins) in enumerate(zip(self._columns, self._begins, strict=True)):
                for piece in pieces[bisect_right(begins, begin) - 1 : bisect_left(begins, end)]:
                    low, high = max(begin, piece.begin), min(end, piece.begin + piece.rows)
                    offset = piece.offset + low - piece.begin
                    found = find_true(*piece[2:5], offset, high - low, low - begin, code, found, rows, codes)
            if found <= room:
                break
            room = found
        first, held = np.empty(end - begin + 1, np.int64), np.empty(found, np.int32)
        group_by_row(rows[:found], codes[:found], first, held)
        return first.astype(np.int32), held


class _Last(local):
    """What a thread looked up last."""

    block = (0, 0)
    found: tuple[Ints32, Ints32] = _NO_TEXTS


class _Bits(NamedTuple):
    """A piece of a column of truth values: its first row, its rows, and where its bits stand; `present` is empty where none are missing."""

    begin: int
    rows: int
    bits: NDArray[np.uint8]
    words: NDArray[np.uint64]
    present: NDArray[np.uint8]
    offset: int

    @classmethod
    def of(cls, begin: int, piece: pa.Array) -> _Bits:
        """An array as its bits."""
        piece = piece.cast(pa.bool_())
        present, bits = (np.frombuffer(b, np.uint8) if b else np.zeros(0, np.uint8) for b in piece.buffers())
        if bits.ctypes.data % 8:
            bits = bits.copy()
        return cls(begin, len(piece), bits, bits[: len(bits) // 8 * 8].view(np.uint64), present, piece.offset)


def _pieces(column: pa.ChunkedArray) -> Iterator[tuple[int, pa.Array]]:
    """The arrays of a column with their first rows."""
    begin = 0
    for piece in column.chunks:
        if len(piece):
            yield begin, piece
            begin += len(piece)


def _joined(texts: Sequence[tuple[Ints32, Ints32]]) -> tuple[Ints32, Ints32]:
    """The texts of several lists of values as those of one."""
    if len(texts) < 2:
        return texts[0] if texts else _NO_TEXTS
    begins = np.cumsum([0, *(len(held) for _, held in texts)])
    first = [first[:-1] + begin for (first, _), begin in zip(texts, begins[:-1], strict=True)]
    return np.concatenate([*first, begins[-1:]]).astype(np.int32), np.concatenate([held for _, held in texts])


def _is_text(type: pa.DataType) -> bool:
    return bool(pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type))


def _numbers(piece: pa.Array) -> NDArray[Any]:
    """An array of numbers, days or truth values as numbers, 0 where missing."""
    if pa.types.is_boolean(piece.type):
        piece = piece.cast(pa.int8())
    elif pa.types.is_date32(piece.type):
        piece = piece.cast(pa.int32())
    elif not pa.types.is_floating(piece.type) and not pa.types.is_integer(piece.type):
        piece = piece.cast(pa.float64())
    return np.asarray((piece.fill_null(0) if piece.null_count else piece).to_numpy(zero_copy_only=False))


class _Ranks:
    """Where numbers stand among ascending values of rules."""

    def __init__(self, known: Sequence[Any]) -> None:
        self._is_whole = not (known and isinstance(known[0], float))
        if not self._is_whole:
            near = np.array(known, np.float64)
            self.known = _bits(near)
        else:
            # What 64 bits cannot hold lies below all that they can, or is never reached.
            numbers = [value.toordinal() - _EPOCH if isinstance(value, date) else int(value) for value in known]
            self.known = np.array([max(number, -_BEYOND) for number in numbers if number < _BEYOND], np.int64)
            near = self.known.astype(np.float64)
        bits = _bits(near + np.where(near >= 0.0, 1.0, -1.0))
        span = int(bits[-1]) - int(bits[0]) if len(bits) else 0
        self._shift = max(span.bit_length() - _BUCKET_BITS, 0)
        buckets = bits >> self._shift
        self._lowest = int(buckets[0]) if len(bits) else 0
        count = int(buckets[-1]) - self._lowest + 1 if len(bits) else 0
        self._first_of_bucket = np.searchsorted(buckets, self._lowest + np.arange(count + 1)).astype(np.int32)

    def write(self, values: NDArray[Any], out: Ints32) -> Ints64:
        """Write how many of the known values lie at or below each of these; these as integers in the order of the known ones."""
        near = values.astype(np.float64, copy=False)
        ordered = values.astype(np.int64, copy=False) if self._is_whole else _bits(near)
        rank_numbers(ordered, near, self.known, self._first_of_bucket, self._lowest, self._shift, out)
        return ordered


def _bits(values: NDArray[Any]) -> Ints64:
    """Floats as integers in the same order."""
    bits = (values.astype(np.float64, copy=False) + 0.0).view(np.int64)  # adding 0 makes -0 the 0 that it equals
    return bits ^ ((bits >> 63) & np.int64(2**63 - 1))


def _with_missing(values: pa.Array, codes: NDArray[Any]) -> Ints32:
    """The codes with MISSING behind them, and in place of those of missing values."""
    out = np.append(codes, MISSING).astype(np.int32)
    if values.null_count:
        out[:-1][values.is_null().to_numpy(zero_copy_only=False)] = MISSING
    return out


class _Atoms:
    """Makes atoms."""

    def __init__(self, own: FieldCodes) -> None:
        self._values = list(own.atom_of)  # ascending
        self._atoms = np.array(list(own.atom_of.values()), np.int32)

    @cached_property
    def _known_texts(self) -> tuple[pa.Array, Ints32]:
        """The values that Arrow can hold, and behind their atoms that of any other."""
        can_be = np.array([_is_utf8(value) for value in self._values], bool)
        known = pa.array([value for value, can in zip(self._values, can_be, strict=True) if can], pa.string())
        return known, np.append(self._atoms[can_be], OTHER).astype(np.int32)

    def of_texts(self, values: pa.Array) -> _Values:
        """The atoms of texts."""
        known, atoms = self._known_texts
        place = pc.index_in(values, value_set=known.cast(values.type)).fill_null(len(known)).to_numpy()
        return _Values(_with_missing(values, atoms[place]))

    @cached_property
    def _ranks(self) -> _Ranks:
        return _Ranks(self._values)

    def write_numbers(self, values: NDArray[Any], out: Ints32) -> None:
        """Write the atoms of numbers."""
        known, wanted = self._ranks.known, self._ranks.write(values, out)
        out[:] = np.where((out > 0) & (known[out - 1] == wanted), self._atoms[out - 1], OTHER) if len(known) else OTHER


def _is_utf8(text: str) -> bool:
    """Whether Arrow can hold a text: half a surrogate pair it cannot."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


class _Orders:
    """Makes order codes."""

    def __init__(self, own: FieldCodes) -> None:
        self._ends = own.ends

    @cached_property
    def _texts(self) -> tuple[Ints64, NDArray[np.uint8]]:
        """The ends as their bytes."""
        encoded = [utf8(end) for end in self._ends]
        return np.cumsum([0, *map(len, encoded)], dtype=np.int64), np.frombuffer(b"".join(encoded), np.uint8)

    def of_texts(self, values: pa.Array) -> _Values:
        """The order codes of texts."""
        out = np.empty(len(values), np.int32)
        rank_texts(*buffers(values), *self._texts, out)
        return _Values(_with_missing(values, out))

    @cached_property
    def _ranks(self) -> _Ranks:
        return _Ranks(self._ends)

    def write_numbers(self, values: NDArray[Any], out: Ints32) -> None:
        """Write the order codes of numbers."""
        self._ranks.write(values, out)


class _Texts:
    """Makes lists of the texts that values contain; their codes number the values."""

    def __init__(self, own: FieldCodes) -> None:
        self._automaton = automaton_of(own.texts)

    def of_texts(self, values: pa.Array) -> _Values:
        """The texts that each value contains."""
        return _Values(_with_missing(values, np.arange(len(values))), self._automaton.held(values))

    def write_numbers(self, _: NDArray[Any], out: Ints32) -> None:
        """Numbers contain no texts."""
        out[:] = MISSING


_Maker: TypeAlias = _Atoms | _Orders | _Texts


def _maker(column: CodeColumn, own: FieldCodes) -> _Maker:
    """What makes the codes of a column, kept with the codes themselves."""
    made: _Maker | None = own.makers.get(column.kind)
    if made is None:
        made = _Atoms(own) if column.kind == "atom" else _Orders(own) if column.kind == "order" else _Texts(own)
        own.makers[column.kind] = made
    return made
