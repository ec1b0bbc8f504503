"""Cells that leave Metes: text that a spreadsheet would run is made text again, all else stays as it is."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest

import metes
from metes.base.cells import safe_cell

WRITERS = {"render/sheets.py", "web/downloads.py", "app/auditing.py", "app/sign_ins.py"}
SOURCE = Path(metes.__file__).parent


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")',
        "+1+1",
        "-1+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "|calc",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "\0=1",
        " =1+1",
        "\u00a0=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
    ],
)
def test_text_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", ["", "Able", "a=b", "1-2", "'=1", -5, 1.5, None, True, date(2026, 3, 14)])
def test_all_else_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) is value


def test_nobody_writes_tables_past_it() -> None:
    """Every module that writes CSV or a workbook is one of these, and each row it writes goes through `safe_cell`."""
    writers = set()
    for path in SOURCE.rglob("*.py"):
        calls = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        }
        if calls & {"csv.writer", "csv.DictWriter", "Workbook", "openpyxl.Workbook", "pa_csv.write_csv", "csv.write_csv"}:
            writers.add(path.relative_to(SOURCE).as_posix())
    assert {name for name in writers if not name.startswith("demo/")} == WRITERS
    for name in WRITERS:
        text = (SOURCE / name).read_text(encoding="utf-8")
        rows = [line for line in text.splitlines() if ".writerow" in line or "sheet.append([" in line or "value=" in line]
        assert rows
        assert all("safe_cell(" in line for line in rows), rows
    assert "copy (" not in "".join(path.read_text(encoding="utf-8").lower() for path in (SOURCE / "web").rglob("*.py"))
