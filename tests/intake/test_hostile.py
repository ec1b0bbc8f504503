"""Files made to do harm: archives, entities and repetitions that unpack to more than they are."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from metes.base.errors import InputError
from metes.intake import limits, structured
from metes.intake.files import read_source

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook with one text in it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "name"])
    sheet.append([1, "MARKER"])
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def with_entity(workbook: Path, declared: str, used: str) -> Path:
    """The workbook with an entity declared in each of its XML parts and used in place of its text."""
    hostile = workbook.with_name("hostile.xlsx")
    with zipfile.ZipFile(workbook) as old, zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part).decode()
            if "MARKER" in text:
                head, _, rest = text.partition("?>") if text.startswith("<?xml") else ("", "", text)
                start = f"{head}?>" if head else '<?xml version="1.0"?>'
                text = f"{start}<!DOCTYPE x [{declared}]>{rest.replace('MARKER', used)}"
            new.writestr(part.filename, text)
    return hostile


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        (LAUGHS, "&l11;"),
        ('<!ENTITY f SYSTEM "file:///etc/passwd">', "&f;"),
        ('<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;', "&f;"),
    ],
    ids=["a billion laughs", "a file", "an address"],
)
def test_entities_of_a_workbook_are_never_resolved(workbook: Path, declared: str, used: str) -> None:
    try:
        rows = read_source(with_entity(workbook, declared, used)).table.to_pylist()
    except InputError:
        return
    text = str(rows)
    assert "root:" not in text
    assert len(text) < 1000


def test_an_archive_of_very_many_parts_is_refused_before_one_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ARCHIVE_PARTS", 20)
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(21):
            archive.writestr(f"xl/{number}.xml", "")
    with pytest.raises(InputError, match="has 21 parts, at most 20"):
        read_source(path)


def test_parts_with_paths_that_lead_out_are_written_nowhere(workbook: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(workbook, "a") as archive:
        for name in ("../out.txt", "../../out.txt", "/tmp/out-of-metes.txt", "C:\\out.txt"):  # noqa: S108
            archive.writestr(name, "x")
    before = sorted(path.name for path in tmp_path.parent.rglob("*"))
    assert read_source(workbook).table.num_rows == 1
    assert sorted(path.name for path in tmp_path.parent.rglob("*")) == before
    assert not Path("/tmp/out-of-metes.txt").exists()  # noqa: S108


def test_an_archive_in_an_archive_is_left_packed(workbook: Path) -> None:
    inner = workbook.with_name("inner.zip")
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"0" * 50_000_000)
    with zipfile.ZipFile(workbook, "a") as archive:
        archive.write(inner, "xl/embeddings/inner.zip")
    assert read_source(workbook).table.num_rows == 1


def test_a_value_written_once_and_repeated_for_ever_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "repeated.parquet"
    pq.write_table(pa.table({"id": pa.array(["x" * 1000]).take(pa.array([0] * 100_000))}), path)
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(structured, "MAX_UNPACKED_BYTES", 30_000_000)
    with pytest.raises(InputError, match="unpacks to more than"):
        read_source(path)


def test_json_nested_deeper_than_any_record_is_refused(tmp_path: Path) -> None:
    for name, text in (("deep.json", "[" * 200_000), ("deep2.json", '{"a":' * 200_000)):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match="nested too deeply"):
            read_source(tmp_path / name)


def test_a_file_that_is_not_what_its_name_says_is_read_by_its_content_or_refused(workbook: Path, tmp_path: Path) -> None:
    renamed = workbook.rename(tmp_path / "book.csv")
    assert read_source(renamed).dialect.format == "excel"
    for name, content in (
        ("page.xlsx", b"<html><script>alert(1)</script></html>"),
        ("program.parquet", b"\x7fELF\x02\x01\x01" + bytes(100)),
        ("macro.xls", b"MZ" + bytes(100)),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            read_source(tmp_path / name)
