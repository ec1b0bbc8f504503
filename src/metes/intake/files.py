"""Any file as a table: the format found by name and content, then handed to its reader."""

from __future__ import annotations

from pathlib import Path

from metes.base.errors import InputError
from metes.intake.delimited import read_delimited
from metes.intake.excel import read_excel
from metes.intake.source import SourceFile, file_digest
from metes.intake.structured import read_json, read_json_lines, read_parquet

_BY_SUFFIX = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
}
_NOT_READ = {
    ".zip": "unpack it first",
    ".gz": "unpack it first",
    ".ods": "save it as xlsx or CSV",
    ".xlsb": "save it as xlsx or CSV",
    ".pdf": "export CSV",
}


def read_source(
    path: Path | str, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> SourceFile:
    """A CSV, Excel, Parquet, JSON or JSON-lines file as text columns with physical lines; InputError where nothing can be read."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r}; check its name")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty: expected a header and rows; export it again")
    format = format_of(path)
    digest = file_digest(path)
    match format:
        case "excel":
            return read_excel(path, digest, sheet=sheet)
        case "parquet":
            return read_parquet(path, digest)
        case "json":
            return read_json(path, digest)
        case "jsonl":
            return read_json_lines(path, digest)
        case _:
            return read_delimited(path, digest, encoding=encoding, delimiter=delimiter)


def format_of(path: Path) -> str:
    """'csv', 'excel', 'parquet', 'json' or 'jsonl': by the content where it is unmistakable, else by the suffix."""
    suffix = path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"PAR1"):
        return "parquet"
    if suffix in _NOT_READ:
        raise InputError(f"{path.name}: {suffix} files are not read; {_NOT_READ[suffix]}")
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "excel"
    return _BY_SUFFIX.get(suffix, "csv")
