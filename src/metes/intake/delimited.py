"""Delimited text: a well-formed UTF-8 file is read by DuckDB, every other one by the exact reader, which says what is wrong where.

DuckDB names no physical lines and forgives nothing, the exact reader (Python's) counts lines and takes what it can, five times
slower. DuckDB's answer is taken only when it refused nothing and each record took one line, so that both always agree.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import duckdb
import numpy as np
import pyarrow as pa
from charset_normalizer import from_bytes

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.intake.limits import MAX_CELL_LENGTH, MAX_COLUMNS
from metes.intake.source import LINE, Dialect, SourceFile, headers_of, table_from

_SAMPLE = 256 * 1024
_BLOCK = 16 * 1024**2
_BATCH = 20_000
_DELIMITERS = (",", ";", "\t", "|", "^", "~")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAX_FINDINGS = 10_000


def read_delimited(path: Path, digest: str, *, encoding: str | None = None, delimiter: str | None = None) -> SourceFile:
    """A delimited text file as a table, its dialect found where it is not given."""
    chosen, noted = (encoding, None) if encoding else detect_encoding(path)
    _check_encoding(chosen, path)
    sample = _sample(path, chosen)
    if not sample.strip("\ufeff \t\r\n\0"):
        raise InputError(f"{path.name} is empty: expected a header and rows; export it again")
    dialect = Dialect("csv", chosen, delimiter or detect_delimiter(sample), '"')
    findings = [noted] if noted else []
    with _opened(path, chosen) as stream:
        header, first_line = _header(stream, dialect, path)
    headers, header_findings = headers_of(header, path.name, first_line)
    findings += header_findings
    fast = None
    if chosen in ("utf-8", "utf-8-sig", "ascii") and first_line == 1 and len(dialect.delimiter) == 1:
        fast = _read_fast(path, headers, dialect)
    if fast is not None:
        return SourceFile(path.name, digest, dialect, fast, tuple(findings))
    table, refused, more = read_exactly(path, headers, dialect)
    return SourceFile(path.name, digest, dialect, table, (*findings, *more), refused)


def detect_encoding(path: Path) -> tuple[str, Finding | None]:
    """The encoding by its mark, else UTF-8 where the whole file is, else the likeliest, with a note that it was guessed."""
    with path.open("rb") as stream:
        start = stream.read(_SAMPLE)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name, None
    if (wide := _wide(start)) is not None:
        return wide, None
    if _is_utf8(path):
        return "utf-8", None
    with path.open("rb") as stream:
        odd = b"".join(line for line in _lines(stream) if not line.isascii())[:_SAMPLE]
    best = from_bytes(
        odd, cp_isolation=["cp1252", "latin_1", "iso8859_15", "cp1250", "cp1251", "mac_roman", "cp932", "gb18030", "big5"]
    ).best()
    guess = best.encoding if best else "cp1252"
    # Western text: cp1252 holds all of latin-1's letters, and curly quotes besides.
    guess = "cp1252" if guess in ("latin_1", "iso8859_15", "cp1250", "mac_roman") and _decodes(odd, "cp1252") else guess
    remedy = "check names with accents; say --encoding where it is another"
    return guess, Finding(
        "encoding-guessed", Severity.NOTE, f"the file is not UTF-8; it is read as {guess}", Place(path.name), "", remedy
    )


def detect_delimiter(sample: str) -> str:
    """The delimiter that splits the first lines into the same number of cells, more than one; ',' where none does."""
    csv.field_size_limit(MAX_CELL_LENGTH)
    lines = [line for line in sample.splitlines()[:200] if line.strip()][:100]
    best, best_score = ",", 0.0
    for candidate in _DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=candidate))
        width, agreeing = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = (agreeing / max(1, sum(widths.values()))) * (1 + min(width, 50) / 100) if width > 1 else 0.0
        if score > best_score:
            best, best_score = candidate, score
    return best


def read_exactly(path: Path, headers: list[str], dialect: Dialect) -> tuple[pa.Table, int, list[Finding]]:
    """Rows with their physical lines, rows that cannot be read as findings: the slow, exact reader."""
    reading = _Exact(path, headers, dialect)
    table = table_from(reading.batches(), headers)
    return table, reading.refused, reading.findings


class _Exact:
    """One pass through a file with Python's reader, which counts physical lines."""

    def __init__(self, path: Path, headers: list[str], dialect: Dialect) -> None:
        self.path = path
        self.width = len(headers)
        self.dialect = dialect
        self.refused = 0
        self.findings: list[Finding] = []

    def batches(self) -> Iterator[tuple[list[list[str | None]], list[int]]]:
        """Batches of full rows and the lines they begin on."""
        rows: list[list[str | None]] = []
        lines: list[int] = []
        with _opened(self.path, self.dialect.encoding) as stream:
            for line, cells in self._records(stream):
                row = self._fitted(line, cells)
                if row is not None:
                    rows.append(row)
                    lines.append(line)
                if len(rows) == _BATCH:
                    yield rows, lines
                    rows, lines = [], []
        yield rows, lines

    def _records(self, stream: TextIO) -> Iterator[tuple[int, list[str]]]:
        """Each record after the header with the line it begins on; lines without any cell are passed over."""
        reader = _reader(stream, self.dialect)
        is_header = True
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._refuse(line, reader.line_num, str(error))
                continue
            except UnicodeError:
                raise _undecodable(self.path, self.dialect.encoding, line) from None
            if is_header:
                is_header = not any(cell.strip() for cell in cells)
            elif cells and (len(cells) > 1 or self.width == 1 or cells[0].strip()):
                yield line, cells

    def _fitted(self, line: int, cells: list[str]) -> list[str | None] | None:
        """A row as long as the header; empty cells past its end do no harm, full or lacking ones refuse the row."""
        row: list[str | None] = [*cells]
        if len(row) > self.width and not any(cells[self.width :]):
            row = row[: self.width]
        if len(row) == self.width:
            return row
        self._note(
            "ragged-row",
            line,
            f"the row has {len(row)} cells where the header has {self.width}",
            self.dialect.delimiter.join(cells)[:200],
            "put quotes around cells that hold the delimiter, or add the missing cells",
        )
        return None

    def _refuse(self, line: int, end: int, reason: str) -> None:
        if "unexpected end" in reason:
            message = f"a quote opens here and never closes, so lines {line} to {end} could not be read"
            self._note("open-quote", line, message, "", "close the quote, or double quotes that belong to the text")
        elif "field limit" in reason:
            message = f"a cell is longer than {MAX_CELL_LENGTH:,} characters"
            self._note("cell-too-long", line, message, "", "check for a quote that is opened and never closed")
        else:
            self._note("stray-quote", line, "text follows a closing quote", "", "double the quotes that belong to the text")

    def _note(self, code: str, line: int, message: str, value: str, remedy: str) -> None:
        self.refused += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(
                Finding(code, Severity.ERROR, message, Place(self.path.name, line), value.replace("\0", "�"), remedy)
            )


def _read_fast(path: Path, headers: list[str], dialect: Dialect) -> pa.Table | None:
    """DuckDB's reading, where it refuses nothing and every record takes one line; else None."""
    columns = {f"c{i}": "VARCHAR" for i in range(len(headers))}
    options = "header=true, auto_detect=false, delim=?, quote='\"', escape='\"', strict_mode=true"
    with duckdb.connect(config={"threads": 2}) as connection:
        # A glob in the name would read other files too.
        name = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
        try:
            query = f"SELECT * FROM read_csv(?, columns=?, {options})"
            table = connection.execute(query, [name, columns, dialect.delimiter]).to_arrow_table()
        except duckdb.Error:
            return None
    lines = _physical_lines(path, table.num_rows)
    if lines is None:
        return None
    return pa.table([*table.columns, pa.array(lines, pa.int64())], names=[*headers, LINE])


def _physical_lines(path: Path, rows: int) -> np.ndarray | None:
    """The line of each record if records and lines that are not blank are as many (the header's among them); else None.

    A record over several lines has at least one line more that is not blank, the one with its closing quote, so equality proves
    that there is none.
    """
    blanks: list[np.ndarray] = []
    line_count, offset, previous = 0, 0, -1
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            data = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero(data == 10) + offset
            if b"\r" in block and not _is_crlf(block):
                return None
            lengths = np.diff(ends, prepend=previous) - 1
            for at in np.flatnonzero(lengths <= 1):
                end = int(ends[at])
                start = end - int(lengths[at])
                if lengths[at] == 0 or (start >= offset and data[start - offset] == 13):
                    blanks.append(np.array([line_count + at + 1]))
            previous = int(ends[-1]) if len(ends) else previous
            line_count += len(ends)
            offset += len(block)
    if previous != offset - 1:
        line_count += 1
    if line_count - len(blanks) != rows + 1:
        return None
    numbers = np.arange(2, line_count + 1, dtype=np.int64)
    return np.setdiff1d(numbers, np.concatenate(blanks)) if blanks else numbers


def _is_crlf(block: bytes) -> bool:
    """Whether every carriage return stands before a line feed, or at the block's end."""
    return block.count(b"\r\n") + block.endswith(b"\r") == block.count(b"\r")


def _header(stream: TextIO, dialect: Dialect, path: Path) -> tuple[list[str], int]:
    """The first record that is not blank, and its line; a header of millions of cells is not read to its end."""
    start = stream.read(MAX_CELL_LENGTH * 2)
    stream.seek(0)
    line = start.lstrip("\r\n").split("\n", 1)[0]
    if line.count(dialect.delimiter) > MAX_COLUMNS * 10:
        count = line.count(dialect.delimiter) + 1
        raise InputError(
            f"{path.name}, line 1: the header has {count:,} columns or more, at most {MAX_COLUMNS:,} can be read; "
            "check the delimiter, or export fewer columns"
        )
    reader = _reader(stream, dialect)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                return cells, reader.line_num
    except csv.Error as error:
        raise InputError(f"{path.name}, line {reader.line_num}: the header cannot be read ({error}); correct its quotes") from None
    except UnicodeError:
        raise _undecodable(path, dialect.encoding, reader.line_num + 1) from None
    raise InputError(f"{path.name} is empty: expected a header and rows; export it again")


def _reader(stream: TextIO, dialect: Dialect) -> csv._reader:  # type: ignore[name-defined]
    csv.field_size_limit(MAX_CELL_LENGTH)
    return csv.reader(stream, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, newline="", errors="strict")


def _sample(path: Path, encoding: str) -> str:
    """The first part of the text; a character cut at the sample's end does no harm."""
    with path.open("rb") as stream:
        data = stream.read(_SAMPLE)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(data)
    except UnicodeError:
        raise _undecodable(path, encoding, 1) from None


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: text in it has a null byte in most pairs, always on the same side."""
    if len(start) < 4 or start.count(0) < len(start) * 0.3:
        return None
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > 4 * max(1, even):
        return "utf-16-le"
    return "utf-16-be" if even > 4 * max(1, odd) else None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _lines(stream: object) -> Iterator[bytes]:
    yield from stream  # type: ignore[misc]


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True


def _check_encoding(encoding: str, path: Path) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise InputError(f"{path.name}: there is no encoding {encoding!r}; say for example utf-8, cp1252 or utf-16") from None


def _undecodable(path: Path, encoding: str, line: int) -> InputError:
    return InputError(
        f"{path.name}, near line {line}: the bytes are no text in {encoding}; if it is a table, export it as CSV in UTF-8, or name its encoding"
    )
