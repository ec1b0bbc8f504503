"""Findings at scale: a table instead of a list of values, built column by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metes.base.findings import Finding, Place, Severity

_WORDS = pa.dictionary(pa.int32(), pa.string())

SCHEMA = pa.schema(
    [
        ("code", _WORDS),
        ("severity", _WORDS),
        ("file", _WORDS),
        ("line", pa.int64()),
        ("column", _WORDS),
        ("value", pa.string()),
        ("message", _WORDS),
        ("remedy", _WORDS),
    ]
)

EMPTY = SCHEMA.empty_table()


def constant(text: str, count: int) -> pa.DictionaryArray:
    """The same text `count` times, stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text], pa.string()))


def words(texts: Sequence[str], codes: np.ndarray) -> pa.DictionaryArray:
    """Texts chosen by position, `texts[codes[i]]`, each stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(texts), pa.string()))


def batch(
    code: str,
    severity: Severity,
    *,
    file: str,
    column: str,
    lines: np.ndarray,
    values: pa.Array | None = None,
    message: str | pa.DictionaryArray,
    remedy: str | pa.DictionaryArray = "",
) -> pa.Table:
    """Findings of one kind about many lines; message and remedy are one text for all or one per line."""
    count = len(lines)
    return pa.table(
        {
            "code": constant(code, count),
            "severity": constant(severity.value, count),
            "file": constant(file, count),
            "line": pa.array(lines, pa.int64()),
            "column": constant(column, count),
            "value": pa.nulls(count, pa.string()) if values is None else values,
            "message": constant(message, count) if isinstance(message, str) else message,
            "remedy": constant(remedy, count) if isinstance(remedy, str) else remedy,
        },
        schema=SCHEMA,
    )


def from_findings(findings: Iterable[Finding]) -> pa.Table:
    """The table of a few findings given as values."""
    rows = [
        {
            "code": f.code,
            "severity": f.severity.value,
            "file": f.place.file,
            "line": f.place.line,
            "column": f.place.column,
            "value": f.value or None,
            "message": f.message,
            "remedy": f.remedy,
        }
        for f in findings
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def to_findings(table: pa.Table, limit: int | None = None) -> tuple[Finding, ...]:
    """The first findings of a table as values, all of them where no limit is given."""
    rows = table.slice(0, limit).to_pylist()
    return tuple(
        Finding(
            row["code"],
            Severity(row["severity"]),
            row["message"],
            Place(row["file"] or "", row["line"], row["column"] or ""),
            row["value"] or "",
            row["remedy"] or "",
        )
        for row in rows
    )


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """All findings in one table, in the order of their files' lines within each part."""
    return pa.concat_tables([EMPTY, *tables]).unify_dictionaries()


def count_by_code(table: pa.Table) -> dict[tuple[str, str, str], int]:
    """How many findings there are of each (code, severity, column)."""
    plain = pa.table({name: table[name].cast(pa.string()) for name in ("code", "severity", "column")})
    counted = plain.group_by(["code", "severity", "column"]).aggregate([([], "count_all")])
    return {(r["code"], r["severity"], r["column"]): r["count_all"] for r in counted.to_pylist()}


def count_of(table: pa.Table, severity: Severity) -> int:
    """How many findings have a severity."""
    if not table.num_rows:
        return 0
    return int(pc.sum(pc.equal(table["severity"].cast(pa.string()), severity.value)).as_py() or 0)
