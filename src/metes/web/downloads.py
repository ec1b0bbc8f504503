"""What leaves a page as a file: CSV sent while it is read, an Excel sheet written first."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.background import BackgroundTask

from metes.base.cells import safe_cell

_MARK = "\ufeff"  # by which a spreadsheet knows UTF-8


def csv_download(lines: Iterator[str], name: str) -> Response:
    """Lines of CSV as a file of a name; what is wrong with them shows with the first, before the answer begins."""
    body = chain((_MARK, next(lines, "")), lines)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers=headers)


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Rows as CSV, a line at a time; no cell can run as a formula in a spreadsheet."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer).writerow(safe_cell(cell) for cell in row)
        yield buffer.getvalue()


def written_download(write: Callable[[Path], object], name: str) -> Response:
    """A file of a name that `write` makes at a path; it is gone when it was sent, or could not be made."""
    folder = tempfile.TemporaryDirectory(prefix="metes-export-")
    path = Path(folder.name) / name
    try:
        write(path)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))
