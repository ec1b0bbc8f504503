"""Rows into CSV, Excel or Parquet, such that no cell can run as a formula in a spreadsheet."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metes.base.cells import safe_cell
from metes.base.errors import InputError
from metes.base.money import exponent

FORMATS = (".csv", ".xlsx", ".parquet")
EXCEL_ROWS = 1_048_575


def in_units(batches: Iterable[pa.RecordBatch], money: Sequence[str], currency: str) -> Iterator[pa.RecordBatch]:
    """The batches with money columns as decimals of the currency instead of minor units."""
    digits = exponent(currency)
    for batch in batches:
        columns = [
            pc.multiply(c.cast(pa.decimal128(20, 0)), pa.scalar(_unit(digits))).cast(pa.decimal128(38, digits)) if n in money else c
            for n, c in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def write_file(batches: Iterable[pa.RecordBatch], path: Path, headers: Mapping[str, str] | None = None) -> int:
    """Write the batches to a .csv, .xlsx or .parquet file (aside first, then renamed); rows written."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"expected a file that ends in {', '.join(FORMATS)}, got {path.name!r}; name another")
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        rows = _WRITERS[path.suffix.lower()](batches, partial, headers or {})
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return rows


def csv_lines(batches: Iterable[pa.RecordBatch], headers: Mapping[str, str]) -> Iterator[str]:
    """The batches as chunks of CSV text, for sending while they are read."""
    buffer = _Lines()
    writer = csv.writer(buffer)
    is_first = True
    for batch in batches:
        if is_first:
            writer.writerow([safe_cell(headers.get(n, n)) for n in batch.schema.names])
            is_first = False
        columns = [column.to_pylist() for column in batch.columns]
        writer.writerows([safe_cell(cell) for cell in row] for row in zip(*columns, strict=True))
        yield buffer.take()


def _csv(batches: Iterable[pa.RecordBatch], path: Path, headers: Mapping[str, str]) -> int:
    rows = 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in batches:
            rows += batch.num_rows
            yield batch

    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.writelines(csv_lines(counted(), headers))
    return rows


def _excel(batches: Iterable[pa.RecordBatch], path: Path, headers: Mapping[str, str]) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Accounts")
    rows = 0
    for batch in batches:
        if not rows:
            sheet.append([safe_cell(headers.get(n, n)) for n in batch.schema.names])
        if rows + batch.num_rows > EXCEL_ROWS:
            raise InputError(f"an Excel sheet holds {EXCEL_ROWS:,} rows and these are more; write a .csv or .parquet file")
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value=safe_cell(value))
                if isinstance(value, str):
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
            rows += 1
    book.save(path)
    return rows


def _parquet(batches: Iterable[pa.RecordBatch], path: Path, _headers: Mapping[str, str]) -> int:
    rows = 0
    writer = None
    try:
        for batch in batches:
            writer = writer or pq.ParquetWriter(path, batch.schema)
            writer.write_batch(batch)
            rows += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pq.write_table(pa.table({}), path)
    return rows


_WRITERS = {".csv": _csv, ".xlsx": _excel, ".parquet": _parquet}


class _Lines:
    """A file in memory that is emptied as it is read."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def write(self, text: str) -> int:
        """Keep some text."""
        self._parts.append(text)
        return len(text)

    def take(self) -> str:
        """The text kept, which is then gone."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


def _unit(digits: int) -> Any:
    return Decimal(1).scaleb(-digits)
