"""Workbooks (xlsx, xlsm, xls) by calamine, after checks that the file is whole and no bomb."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.intake.limits import MAX_DOCUMENT_BYTES, check_archive, check_columns
from metes.intake.source import Dialect, SourceFile, headers_of, table_from

_BATCH = 20_000


def read_excel(path: Path, digest: str, *, sheet: str | None = None) -> SourceFile:
    """One sheet of a workbook, its `_line` the row number; the first visible sheet with cells where none is named."""
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty: expected a workbook; export it again")
    if path.suffix.lower() != ".xls":
        check_archive(path)
    elif path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_DOCUMENT_BYTES:,} bytes; export it as CSV")
    try:
        with CalamineWorkbook.from_path(str(path)) as workbook:
            return _read(workbook, path, digest, sheet)
    except (CalamineError, OSError, ValueError) as error:
        raise InputError(f"{path.name}: the workbook is damaged or cut off ({error}); export or download it again") from None


def _read(workbook: CalamineWorkbook, path: Path, digest: str, sheet: str | None) -> SourceFile:
    name, cells = _chosen(workbook, path, sheet)
    findings = _hidden_choice(workbook, path, name, sheet)
    check_columns(cells.width, path.name)
    rows = cells.to_python(skip_empty_area=False)
    first = next((i for i, row in enumerate(rows) if any(_text(cell) for cell in row)), None)
    if first is None:
        raise InputError(f"{path.name}, sheet {name!r}, is empty: expected a header and rows; name another with --sheet")
    width = max((at + 1 for row in rows[first : first + 1000] for at, cell in enumerate(row) if _text(cell)), default=0)
    headers, more = headers_of([_text(cell) for cell in rows[first][:width]], path.name, first + 1)
    table = table_from(_batches(rows, first + 1, width), headers)
    typed = frozenset(h for at, h in enumerate(headers) if _is_number_column(rows[first + 1 :], at))
    return SourceFile(path.name, digest, Dialect("excel", sheet=name), table, (*findings, *more), 0, typed)


def _chosen(workbook: CalamineWorkbook, path: Path, sheet: str | None) -> tuple[str, CalamineSheet]:
    """The sheet that is named, or the first visible one that has cells."""
    if sheet is not None:
        if sheet not in workbook.sheet_names:
            raise InputError(f"{path.name} has no sheet {sheet!r}; it has {', '.join(map(repr, workbook.sheet_names))}")
        return sheet, workbook.get_sheet_by_name(sheet)
    for name in _visible(workbook):
        cells = workbook.get_sheet_by_name(name)
        if cells.height and cells.width:
            return name, cells
    raise InputError(f"{path.name} is empty: no visible sheet has cells; export it again, or name a sheet with --sheet")


def _visible(workbook: CalamineWorkbook) -> list[str]:
    return [m.name for m in workbook.sheets_metadata if m.visible == SheetVisibleEnum.Visible and m.typ == SheetTypeEnum.WorkSheet]


def _hidden_choice(workbook: CalamineWorkbook, path: Path, name: str, sheet: str | None) -> list[Finding]:
    """A note that other sheets were left alone, where nobody chose."""
    others = [other for other in _visible(workbook) if other != name]
    if sheet is not None or not others:
        return []
    remedy = f"name another with --sheet: {', '.join(map(repr, others[:5]))}"
    return [
        Finding("sheet-chosen", Severity.NOTE, f"the workbook has more sheets; {name!r} was read", Place(path.name), "", remedy)
    ]


def _batches(rows: list[list[Any]], start: int, width: int) -> Iterator[tuple[list[list[str | None]], list[int]]]:
    """Batches of rows with their row numbers; rows without any text are passed over."""
    for at in range(start, len(rows), _BATCH):
        texts = [(at + i + 1, [_text(cell) for cell in row[:width]]) for i, row in enumerate(rows[at : at + _BATCH])]
        kept = [(line, [cell or None for cell in row] + [None] * (width - len(row))) for line, row in texts if any(row)]
        yield [row for _, row in kept], [line for line, _ in kept]


def _text(cell: Any) -> str:
    """A cell as text without loss: whole numbers without '.0', days as ISO dates."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell.total_seconds())
    return "" if cell is None else str(cell)


def _is_number_column(rows: list[list[Any]], at: int) -> bool:
    """Whether every cell that is filled holds a number."""
    seen = False
    for row in rows:
        cell = row[at] if at < len(row) else ""
        if cell == "" or cell is None:
            continue
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            return False
        seen = True
    return seen
