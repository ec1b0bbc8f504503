"""Parquet, JSON and JSON lines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from metes.base.errors import InputError
from metes.intake.files import read_source


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_json_lines_keep_numbers_as_written_and_name_the_line(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "a.jsonl", '{"id": 1, "amount": 10.50}\n\n{"id": 2, "name": "Zoë", "vip": true}\n'))
    assert source.table.to_pylist() == [
        {"id": "1", "amount": "10.50", "name": None, "vip": None, "_line": 1},
        {"id": "2", "amount": None, "name": "Zoë", "vip": "true", "_line": 3},
    ]
    assert source.typed == {"id", "amount"}


def test_a_json_line_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    deep = "[" * 100_000
    source = read_source(written(tmp_path, "a.jsonl", f'{{"id": 1}}\n{{"id": \n[1]\n{deep}\n{{"id": 2}}\n'))
    assert [(f.code, f.place.line) for f in source.findings] == [
        ("unreadable-row", 2),
        ("unreadable-row", 3),
        ("unreadable-row", 4),
    ]
    assert source.table["_line"].to_pylist() == [1, 5]
    assert source.rows_refused == 3


@pytest.mark.parametrize(
    "content",
    ['[{"id": 1}, 5, {"id": 2, "at": {"city": "Bonn"}}]', '{"records": [{"id": 1}, 5, {"id": 2, "at": {"city": "Bonn"}}]}'],
)
def test_json_names_the_position_and_flattens_objects(tmp_path: Path, content: str) -> None:
    source = read_source(written(tmp_path, "a.json", content))
    assert source.table.to_pylist() == [{"id": "1", "at.city": None, "_line": 1}, {"id": "2", "at.city": "Bonn", "_line": 3}]
    assert [f.place.line for f in source.findings] == [2]


@pytest.mark.parametrize(
    ("content", "reason"), [("{", "no JSON"), ("5", "expected a list"), ("[" * 100_000, "nested too deeply"), ("[]", "is empty")]
)
def test_json_that_holds_no_records_is_an_error(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_source(written(tmp_path, "a.json", content))


def test_parquet_becomes_text_without_loss(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2]),
            "ratio": pa.array([0.1, 3.0]),
            "amount": pa.array([Decimal("10.50"), None]),
            "day": pa.array([date(2024, 3, 14), None]),
            "at": pa.array([datetime(2024, 3, 14, 8, 30, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "word": pa.array(["a", None]).dictionary_encode(),
            "list": pa.array([[1], None]),
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    source = read_source(path)
    first, second = source.table.to_pylist()
    assert list(first.values()) == ["1", "0.1", "10.50", "2024-03-14", "2024-03-14 08:30:00.000000", "a", 1]
    assert (second["ratio"], second["_line"]) == ("3", 2)
    assert source.typed == {"id", "ratio", "amount"}
    assert [(f.code, f.place.column) for f in source.findings] == [("nested-column", "list")]


def test_a_truncated_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2]}), path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match="damaged or cut off"):
        read_source(path)


def test_a_format_that_is_not_read_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unpack it first"):
        read_source(written(tmp_path, "a.zip", "PK"))
