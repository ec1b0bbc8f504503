"""Work on distinct values: a column is parsed once per different text, then spread over its rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from metes.base.findings import Severity


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong with some of the distinct texts: `hits` marks them; a remedy may differ from text to text."""

    code: str
    severity: Severity
    hits: np.ndarray
    message: str
    remedy: str | tuple[str, ...] = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a column cannot tell by itself and nobody may guess; the remedy names the option that settles it."""

    code: str
    example: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Typed values, one per distinct text; missing where the text says nothing or nothing usable."""

    values: pa.Array
    issues: tuple[Issue, ...] = field(default=())
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A column as its distinct texts and, per row, the position of its text: -1 where the row has none."""

    texts: pa.StringArray
    codes: np.ndarray

    def spread(self, values: pa.Array) -> pa.Array:
        """Values per distinct text as values per row."""
        return values.take(pa.array(self.codes, mask=self.codes < 0))

    def rows_where(self, hits: np.ndarray) -> np.ndarray:
        """The rows whose text is marked."""
        if not len(hits):
            return np.zeros(0, np.int64)
        return np.flatnonzero(hits[self.codes] & (self.codes >= 0))


def encode(column: pa.ChunkedArray | pa.Array) -> Encoded:
    """A text column taken apart into distinct texts and positions."""
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not chunked.num_chunks or not len(chunked):
        return Encoded(pa.array([], pa.string()), np.zeros(0, np.int32))
    whole = chunked.cast(pa.string()).combine_chunks().dictionary_encode()
    chunks = whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks])
    return Encoded(chunks[-1].dictionary, codes.astype(np.int32, copy=False))


def as_bool(mask: pa.Array) -> np.ndarray:
    """An Arrow mask as numpy booleans, missing as False."""
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)
