"""Delimited text: every dialect, physical lines, and what is wrong with a file said where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metes.base.errors import InputError
from metes.intake import delimited
from metes.intake.files import read_source
from metes.intake.source import LINE, SourceFile


def written(folder: Path, content: str | bytes, name: str = "in.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(source: SourceFile) -> list[tuple[int, list[str | None]]]:
    return [(row.pop(LINE), list(row.values())) for row in source.table.to_pylist()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = written(
        tmp_path,
        f"id{delimiter}name\n1{delimiter}Acme, Inc; West\n2{delimiter}Zed\n".replace("Acme, Inc; West", '"Acme, Inc; West"'),
    )
    source = read_source(path)
    assert source.dialect.delimiter == delimiter
    assert rows_of(source) == [(2, ["1", "Acme, Inc; West"]), (3, ["2", "Zed"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "id,name,city\n1,Société Générale,Besançon\n2,Müller & Söhne,Düsseldorf\n".encode(encoding))
    source = read_source(path)
    assert source.headers == ("id", "name", "city")
    assert rows_of(source)[0] == (2, ["1", "Société Générale", "Besançon"])
    assert rows_of(source)[1] == (3, ["2", "Müller & Söhne", "Düsseldorf"])


def test_an_encoding_that_is_guessed_is_noted(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "id,name\n1,Société\n".encode("cp1252")))
    assert [f.code for f in source.findings] == ["encoding-guessed"]


def test_an_encoding_that_is_given_wrongly_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name\n1,Société\n".encode("cp1252"))
    with pytest.raises(InputError, match="no text in utf-8"):
        read_source(path, encoding="utf-8")
    with pytest.raises(InputError, match="there is no encoding 'klingon'"):
        read_source(path, encoding="klingon")


def test_lines_are_physical_where_cells_hold_line_breaks_and_lines_are_blank(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, 'id,name\n1,"two\nlines"\n\n2,plain\n3,"a\n\n\nb"\n4,end\n'))
    assert rows_of(source) == [(2, ["1", "two\nlines"]), (5, ["2", "plain"]), (6, ["3", "a\n\n\nb"]), (10, ["4", "end"])]


def test_blank_lines_alone_leave_the_fast_reader_in_charge_of_right_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "id,name\r\n\r\n1,a\r\n\r\n\r\n2,b\r\n")
    assert rows_of(read_source(path)) == [(3, ["1", "a"]), (6, ["2", "b"])]


def test_lines_that_end_with_a_carriage_return_alone_are_lines(tmp_path: Path) -> None:
    assert rows_of(read_source(written(tmp_path, "id,name\r1,a\r2,b\r"))) == [(2, ["1", "a"]), (3, ["2", "b"])]


def test_a_ragged_row_is_refused_and_the_others_go_in(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "id,name,city\n1,a,b\n2,Acme, Inc,b\n3\n4,d,e,\n5,f,g\n"))
    assert [line for line, _ in rows_of(source)] == [2, 5, 6]
    assert [(f.code, f.place.line, f.message) for f in source.findings] == [
        ("ragged-row", 3, "the row has 4 cells where the header has 3"),
        ("ragged-row", 4, "the row has 1 cells where the header has 3"),
    ]
    assert source.rows_refused == 2


def test_a_quote_that_never_closes_names_the_line_it_opens_on(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, 'id,name\n1,a\n2,"open\n3,c\n'))
    assert [(f.code, f.place.line) for f in source.findings] == [("open-quote", 3)]
    assert [line for line, _ in rows_of(source)] == [2]


def test_text_after_a_closing_quote_is_refused_and_reading_goes_on(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, 'id,name\n1,"a"b\n2,c\n'))
    assert [(f.code, f.place.line) for f in source.findings] == [("stray-quote", 2)]
    assert rows_of(source) == [(3, ["2", "c"])]


def test_a_quote_inside_a_cell_is_text(tmp_path: Path) -> None:
    assert rows_of(read_source(written(tmp_path, 'id,name\n1,5" pipe\n'))) == [(2, ["1", '5" pipe'])]


def test_null_bytes_are_read_and_left_to_validation(tmp_path: Path) -> None:
    assert rows_of(read_source(written(tmp_path, "id,name\n1,a\0b\n"))) == [(2, ["1", "a\0b"])]


@pytest.mark.parametrize("content", ["", "\n\n\n", "\ufeff", "   \n"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="is empty"):
        read_source(written(tmp_path, content))


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "id,name"))
    assert source.headers == ("id", "name")
    assert source.table.num_rows == 0


def test_a_header_of_a_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most 2,000 can be read"):
        read_source(written(tmp_path, ",".join(f"c{i}" for i in range(1_000_000)) + "\n"))
    with pytest.raises(InputError, match=r"2,001 columns, at most 2,000"):
        read_source(written(tmp_path, ",".join(f"c{i}" for i in range(2_001)) + "\n"))


def test_a_header_without_any_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a header with the names"):
        read_source(written(tmp_path, "1,2\n3,4\n"))


def test_repeated_and_empty_headers_get_names_of_their_own(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "id,name,name,,_line\n1,a,b,c,d\n"))
    assert source.headers == ("id", "name", "name (2)", "column 4", "_line (2)")
    assert [(f.code, f.place.column) for f in source.findings] == [("duplicate-header", "name"), ("duplicate-header", "_line")]


def test_a_file_whose_name_is_a_pattern_is_read_alone(tmp_path: Path) -> None:
    written(tmp_path, "id,name\n9,other\n", "in1.csv")
    assert rows_of(read_source(written(tmp_path, "id,name\n1,a\n", "in[1]*.csv"))) == [(2, ["1", "a"])]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_source(tmp_path / "none.csv")


cells = st.text(st.sampled_from('ab",\n é'), max_size=5)


@settings(max_examples=150, deadline=None)
@given(table=st.lists(st.tuples(cells, cells, cells), max_size=6), ending=st.sampled_from(["\n", "\r\n"]), quoted=st.booleans())
def test_the_fast_reader_agrees_with_the_exact_one(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]], ending: str, quoted: bool
) -> None:
    def cell(text: str) -> str:
        plain = text.replace('"', '""')
        return f'"{plain}"' if quoted or set(text) & set('",\n') else text

    content = ending.join(["id,name,city", *(",".join(map(cell, row)) for row in table)]) + ending
    path = written(tmp_path_factory.mktemp("csv"), content)
    dialect = delimited.Dialect("csv", "utf-8", ",", '"')
    headers = ["id", "name", "city"]
    exact, refused, _ = delimited.read_exactly(path, headers, dialect)
    fast = delimited._read_fast(path, headers, dialect)
    assert refused == 0
    assert exact.num_rows == len(table)
    if fast is not None:
        assert fast.to_pylist() == exact.to_pylist()


@settings(max_examples=150, deadline=None)
@given(content=st.text(st.sampled_from('ab",\n\r'), max_size=40))
def test_where_the_fast_reader_answers_on_any_text_it_agrees_with_the_exact_one(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    path = written(tmp_path_factory.mktemp("csv"), "id,name\n" + content)
    dialect = delimited.Dialect("csv", "utf-8", ",", '"')
    fast = delimited._read_fast(path, ["id", "name"], dialect)
    if fast is not None:
        exact, refused, _ = delimited.read_exactly(path, ["id", "name"], dialect)
        assert (fast.to_pylist(), 0) == (exact.to_pylist(), refused)
