"""Parquet, JSON and JSON lines: files that know their own columns, as text without loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.intake.limits import MAX_DOCUMENT_BYTES, MAX_UNPACKED_BYTES, check_columns
from metes.intake.source import LINE, Dialect, SourceFile, headers_of

_BATCH = 20_000
MAX_FINDINGS = 10_000
Record = tuple[int, dict[str, Any]]


class _Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


def read_parquet(path: Path, digest: str) -> SourceFile:
    """A Parquet file, every column as text; lists and structs are left out with a warning."""
    try:
        with pq.ParquetFile(path) as file:
            check_columns(file.metadata.num_columns, path.name)
            unpacked = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            if unpacked > MAX_UNPACKED_BYTES:
                raise InputError(f"{path.name} unpacks to {unpacked:,} bytes, at most {MAX_UNPACKED_BYTES:,} are read; split it")
            table = _read_whole(file, path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path.name}: the Parquet file is damaged or cut off ({error}); export it again") from None
    headers, findings = headers_of(table.column_names, path.name, 0)
    columns, typed = {}, set()
    for header, column in zip(headers, table.columns, strict=True):
        text = _as_text(column)
        if text is None:
            remedy = "export it as one value per row"
            message = f"the column holds {column.type}, which is no single value; it is left out"
            findings.append(Finding("nested-column", Severity.WARNING, message, Place(path.name, None, header), "", remedy))
            continue
        columns[header] = text
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            typed.add(header)
    lines = pa.array(np.arange(1, table.num_rows + 1, dtype=np.int64))
    return SourceFile(
        path.name, digest, Dialect("parquet"), pa.table({**columns, LINE: lines}), tuple(findings), 0, frozenset(typed)
    )


def _read_whole(file: pq.ParquetFile, path: Path) -> pa.Table:
    """All rows. A value that is written once may stand in millions of rows, so what is read counts, not what the file says of itself."""
    batches, taken = [], 0
    for batch in file.iter_batches(_BATCH):
        taken += batch.nbytes
        if taken > MAX_UNPACKED_BYTES:
            raise InputError(
                f"{path.name} unpacks to more than {MAX_UNPACKED_BYTES:,} bytes, which is the most that is read; split it"
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, file.schema_arrow)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column of single values as text, days in ISO form; None for nested ones."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return None
    if pa.types.is_timestamp(column.type) and column.type.tz:
        column = column.cast(pa.timestamp(column.type.unit, "UTC")).cast(pa.timestamp(column.type.unit))
    if pa.types.is_floating(column.type):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e15))
        as_whole = pc.if_else(whole, column, pa.scalar(None, column.type)).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(as_whole, column.cast(pa.string()))
    return column.cast(pa.string())


def read_json_lines(path: Path, digest: str) -> SourceFile:
    """One JSON object per line; a line that is none is refused with a finding."""
    findings: list[Finding] = []
    with path.open("rb") as stream:
        return _from_records(_line_records(stream, path, findings), path, digest, "jsonl", findings)


def _line_records(stream: Any, path: Path, findings: list[Finding]) -> Iterator[Record]:
    for line, raw in enumerate(stream, start=1):
        text = raw.strip().removeprefix(b"\xef\xbb\xbf") if line == 1 else raw.strip()
        if not text:
            continue
        try:
            value = json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_constant)
        except (ValueError, RecursionError) as error:
            findings.append(_refused(path, line, f"the line is no JSON ({_reason(error)})", text))
            continue
        if not isinstance(value, dict):
            findings.append(_refused(path, line, "the line is no JSON object", text))
            continue
        yield line, value


def read_json(path: Path, digest: str) -> SourceFile:
    """A JSON list of objects, or an object holding one such list; `_line` is the position in the list, from 1."""
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_DOCUMENT_BYTES:,} bytes; write it as JSON lines")
    try:
        text = path.read_bytes()
        data = json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no JSON ({_reason(error)}); export it again") from None
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else None
    if not isinstance(data, list):
        raise InputError(
            f"{path.name}: expected a list of objects, or an object with one such list; export it as JSON lines or CSV"
        )
    findings: list[Finding] = []
    records: list[Record] = []
    for position, value in enumerate(data, start=1):
        if isinstance(value, dict):
            records.append((position, value))
        else:
            findings.append(_refused(path, position, "the element is no object", str(value).encode()))
    return _from_records(iter(records), path, digest, "json", findings)


def _from_records(records: Iterator[Record], path: Path, digest: str, format: str, findings: list[Finding]) -> SourceFile:
    """A table of all keys in order of first appearance; objects inside are flattened to 'outer.inner'."""
    seen = _Columns(path)
    tables = [seen.table(batch) for batch in _batched(records)]
    if not tables:
        raise InputError(f"{path.name} is empty: expected objects with one field per column; export it again", findings)
    table = pa.concat_tables(tables, promote_options="default").select([*seen.numbers, LINE])
    names, more = headers_of(list(seen.numbers), path.name, int(table[LINE][0].as_py()))
    typed = frozenset(name for name, only_numbers in zip(names, seen.numbers.values(), strict=True) if only_numbers)
    refused = len(findings)
    found = (*findings[:MAX_FINDINGS], *more)
    return SourceFile(path.name, digest, Dialect(format, "utf-8"), table.rename_columns([*names, LINE]), found, refused, typed)


class _Columns:
    """The columns seen so far, and whether each has held nothing but numbers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers: dict[str, bool] = {}

    def table(self, batch: list[Record]) -> pa.Table:
        """The table of some records."""
        rows = [(line, dict(_flattened(record))) for line, record in batch]
        for _, row in rows:
            for name, value in row.items():
                is_number = isinstance(value, _Number)
                if name not in self.numbers:
                    self.numbers[name] = is_number or value is None
                    check_columns(len(self.numbers), self.path.name)
                elif not is_number and value is not None:
                    self.numbers[name] = False
        columns = {name: pa.array([_text(row.get(name)) or None for _, row in rows], pa.string()) for name in self.numbers}
        return pa.table({**columns, LINE: pa.array([line for line, _ in rows], pa.int64())})


def _batched(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, _BATCH)):
        yield batch


def _flattened(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", deep) for inner, deep in value.items())
        elif name != LINE:
            yield name, value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _constant(name: str) -> None:
    """NaN and Infinity are no JSON and no number that could be stored."""


def _refused(path: Path, line: int, message: str, text: bytes) -> Finding:
    shown = text[:200].decode("utf-8", "replace").replace("\0", "�")
    return Finding("unreadable-row", Severity.ERROR, message, Place(path.name, line), shown, "write one JSON object per row")


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
