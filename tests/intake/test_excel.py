"""Workbooks: values without loss, row numbers, and hostile or broken files refused with a reason."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from metes.base.errors import InputError
from metes.intake import limits
from metes.intake.files import read_source


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Accounts"
    sheet.append(["id", "name", "zip", "revenue", "since", "seen", "vip"])
    sheet.append([1, "Acme", "00501", 1234.5, date(2024, 3, 14), datetime.fromisoformat("2024-03-14T08:30:00"), True])
    sheet.append([])
    sheet.append([2, "=1+1", None, 3.0, None, None, False])
    book.create_sheet("Other").append(["x"])
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_cells_are_text_without_loss_and_lines_are_row_numbers(workbook: Path) -> None:
    source = read_source(workbook)
    assert source.headers == ("id", "name", "zip", "revenue", "since", "seen", "vip")
    first, second = source.table.to_pylist()
    assert list(first.values()) == ["1", "Acme", "00501", "1234.5", "2024-03-14", "2024-03-14 08:30:00", "true", 2]
    assert (second["revenue"], second["_line"]) == ("3", 4)
    assert source.typed == {"id", "revenue"}


def test_the_sheet_is_the_first_or_the_one_named(workbook: Path) -> None:
    source = read_source(workbook)
    assert source.dialect.sheet == "Accounts"
    assert [f.code for f in source.findings] == ["sheet-chosen"]
    assert read_source(workbook, sheet="Other").headers == ("x",)
    with pytest.raises(InputError, match="has no sheet 'Third'; it has 'Accounts', 'Other'"):
        read_source(workbook, sheet="Third")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_truncated_workbook_is_an_error(workbook: Path, share: float) -> None:
    data = workbook.read_bytes()
    workbook.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match="damaged or cut off"):
        read_source(workbook)


def test_a_workbook_with_a_flipped_byte_is_an_error(workbook: Path) -> None:
    with zipfile.ZipFile(workbook) as archive:
        at = next(i.header_offset + 60 for i in archive.infolist() if i.filename.endswith("sheet1.xml"))
    data = bytearray(workbook.read_bytes())
    data[at] ^= 0xFF
    workbook.write_bytes(bytes(data))
    with pytest.raises(InputError, match="damaged"):
        read_source(workbook)


def test_a_zip_that_is_no_workbook_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="damaged or cut off"):
        read_source(path)


def test_an_empty_workbook_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    Workbook().save(path)
    with pytest.raises(InputError, match="is empty"):
        read_source(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        read_source(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (limits._HARMLESS_BYTES + 1))
    with pytest.raises(InputError, match=r"unpacks to [0-9,]+ times its size"):
        read_source(path)


def test_a_workbook_that_declares_more_than_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1_000)
    path = tmp_path / "large.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000)
    with pytest.raises(InputError, match="unpacks to 2,000 bytes, at most 1,000"):
        read_source(path)


@pytest.mark.parametrize(
    ("cell", "reason"), [("XFD1", "16,384 columns"), ("AAA1048576", "column 703"), ("CV1048576", "row 1,048,576")]
)
def test_two_cells_far_apart_do_not_fill_the_memory(tmp_path: Path, cell: str, reason: str) -> None:
    path = tmp_path / "wide.xlsx"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet[cell] = "id", "name"
    book.save(path)
    with pytest.raises(InputError, match=reason):
        read_source(path)


def test_column_letters_are_numbers() -> None:
    assert [limits.column_number(letters) for letters in ("A", "Z", "AA", "XFD")] == [1, 26, 27, 16384]
