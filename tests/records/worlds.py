"""Small tables of text, as files give them."""

from __future__ import annotations

import pyarrow as pa

from metes.model.catalogue import KINDS
from metes.records.mapping import ColumnMap, Mapping
from metes.records.validate import Options, Validated, validate


def text_table(first_line: int = 2, **columns: list[str | None]) -> pa.Table:
    """Text columns with lines counted from the first row's."""
    count = len(next(iter(columns.values())))
    lines = pa.array(range(first_line, first_line + count), pa.int64())
    return pa.table({**{name: pa.array(cells, pa.string()) for name, cells in columns.items()}, "_line": lines})


def validated(
    kind: str, options: Options | None = None, mapping: dict[str, object] | None = None, **columns: list[str | None]
) -> Validated:
    """Columns named after their fields, validated."""
    places = tuple(ColumnMap(name, name) for name in columns)
    return validate(KINDS[kind], text_table(**columns), Mapping(places, **(mapping or {})), options or Options("in.csv"))


def findings(result: Validated) -> list[tuple[str, str, int, str]]:
    """Code, severity, line and value of each finding."""
    return [(f["code"], f["severity"], f["line"], f["value"]) for f in result.findings.to_pylist()]
