"""What every reader gives: the table of a file as text, with physical lines, and what was found out about the file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.intake.limits import MAX_HEADER_LENGTH, check_columns

LINE = "_line"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written: its format, and for text its encoding, delimiter and quote; for a workbook the sheet."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as read: text columns under its headers and `_line`, the physical line (the row of a sheet, the element of a list).

    `rows_refused` could not be read at all; each has a finding. `typed` are columns whose numbers the file itself holds as numbers.
    """

    name: str
    digest: str
    dialect: Dialect
    table: pa.Table
    findings: tuple[Finding, ...] = ()
    rows_refused: int = 0
    typed: frozenset[str] = field(default=frozenset())

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the columns, as they stand in the file."""
        return tuple(name for name in self.table.column_names if name != LINE)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def headers_of(cells: Sequence[str], name: str, line: int) -> tuple[list[str], list[Finding]]:
    """Usable headers: trimmed, an empty one named by its position, a repeated one numbered, with a warning for each such change."""
    check_columns(len(cells), name)
    headers: list[str] = []
    findings: list[Finding] = []
    taken = {LINE}
    for position, cell in enumerate(cells, start=1):
        plain = "".join(c for c in cell if c.isprintable()).strip()[:MAX_HEADER_LENGTH]
        header = plain or f"column {position}"
        if header in taken:
            header = next(f"{plain} ({n})" for n in range(2, position + 2) if f"{plain} ({n})" not in taken)
            findings.append(
                Finding(
                    "duplicate-header",
                    Severity.WARNING,
                    "another column has the same header",
                    Place(name, line, plain),
                    plain,
                    f"it is read as {header!r}; give every column a header of its own",
                )
            )
        taken.add(header)
        headers.append(header)
    if not any(any(c.isalpha() for c in cell) for cell in cells):
        raise InputError(
            f"{name}, line {line}: expected a header with the names of the columns, got {', '.join(headers)[:80]!r}; add one"
        )
    return headers, findings


def table_from(batches: Iterator[tuple[list[list[str | None]], list[int]]], headers: Sequence[str]) -> pa.Table:
    """A table from batches of rows and their lines, each row as long as the header; empty text is missing."""
    schema = pa.schema([*((h, pa.string()) for h in headers), (LINE, pa.int64())])
    tables = []
    for rows, lines in batches:
        if rows:
            columns = [pa.array([cell or None for cell in column], pa.string()) for column in zip(*rows, strict=True)]
            tables.append(pa.table([*columns, pa.array(lines, pa.int64())], schema=schema))
    return pa.concat_tables(tables) if tables else schema.empty_table()
