"""How large a file may be, so that a hostile or broken one fails at once with a reason instead of filling the memory."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from metes.base.errors import InputError

MAX_COLUMNS = 2_000
MAX_HEADER_LENGTH = 200
MAX_CELL_LENGTH = 1_000_000
MAX_CELLS = 60_000_000
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_UNPACKED_RATIO = 200
MAX_DOCUMENT_BYTES = 1024**3
MAX_ARCHIVE_PARTS = 10_000
# A small archive may be as dense as it likes.
_HARMLESS_BYTES = 64 * 1024**2
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})([0-9]{1,7})"')
_CHUNK = 1024**2


def check_columns(count: int, name: str) -> None:
    """Refuse a header of more columns than any table of accounts has."""
    if count > MAX_COLUMNS:
        raise InputError(
            f"{name}: the header has {count:,} columns, at most {MAX_COLUMNS:,} can be read; check the delimiter, or export fewer columns"
        )


def check_archive(path: Path) -> None:
    """Refuse a workbook that is no whole archive, unpacks to far more than it weighs, or claims a grid of absurd extent."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path)
            broken = archive.testzip()
            if broken:
                raise InputError(f"{path.name}: the workbook is damaged (part {broken}); export or download it again")
            for part in archive.namelist():
                if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                    _check_extent(archive, part, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path.name}: the workbook is damaged or cut off ({error}); export or download it again") from None


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    parts = len(archive.infolist())
    if parts > MAX_ARCHIVE_PARTS:
        raise InputError(f"{path.name}: the workbook has {parts:,} parts, at most {MAX_ARCHIVE_PARTS:,} are read; export it as CSV")
    unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise InputError(
            f"{path.name}: the workbook unpacks to {unpacked:,} bytes, at most {MAX_UNPACKED_BYTES:,} are read; export it as CSV"
        )
    if unpacked > _HARMLESS_BYTES and unpacked > MAX_UNPACKED_RATIO * path.stat().st_size:
        raise InputError(
            f"{path.name}: the workbook unpacks to {unpacked // path.stat().st_size:,} times its size, which no honest one does; export it as CSV"
        )


def _check_extent(archive: zipfile.ZipFile, part: str, path: Path) -> None:
    """Find the outermost cells before a reader lays out the whole grid between them."""
    last_row = last_column = 0
    with archive.open(part) as stream:
        rest = b""
        while block := stream.read(_CHUNK):
            rest += block
            for letters, row in _CELL.findall(rest):
                last_row = max(last_row, int(row))
                last_column = max(last_column, column_number(letters.decode()))
            rest = rest[-300:]
    check_columns(last_column, path.name)
    if last_row * last_column > MAX_CELLS:
        raise InputError(
            f"{path.name}: the sheet reaches to row {last_row:,} and column {last_column:,}, more than {MAX_CELLS:,} cells; export it as CSV"
        )


def column_number(letters: str) -> int:
    """The number, from 1, of a spreadsheet column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
