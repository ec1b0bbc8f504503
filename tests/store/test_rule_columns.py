"""The Book's columns for rules, held against plain Python over the same accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from metes.model.plan import Plan
from metes.store.book import Book
from metes.store.engine import Store
from tests.store.test_book import FIELDS, book_of
from tests.store.worlds import TODAY, World, make_world

PLAN = Plan("p")


@pytest.fixture(scope="module")
def made(sqlite_with_schema: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Book, World]]:
    """A Book and the world it tells of; nothing writes to it, so that one does for all tests."""
    folder = tmp_path_factory.mktemp("columns")
    (folder / "metes.db").write_bytes(sqlite_with_schema.read_bytes())
    store = Store(f"sqlite:///{folder / 'metes.db'}")
    world = make_world(store)
    book = book_of(store, folder / "books")
    yield book, world
    book.close()
    store.dispose()


def test_every_field_stands_in_a_column_of_its_type(made: tuple[Book, World]) -> None:
    book, world = made
    table = book.rule_table(FIELDS, PLAN, TODAY)
    assert table.column_names == ["account", *FIELDS]
    assert table["account"].to_pylist() == sorted(world.records)
    rows = {row["account"]: row for row in table.to_pylist()}
    for number, record in world.records.items():
        assert rows[number] == pytest.approx({"account": number, **{name: record[name] for name in FIELDS}})
    texts = {name for name, field in FIELDS.items() if field.type.is_text}
    for field in table.schema:
        assert (field.type == pa.dictionary(pa.int32(), pa.string())) == (field.name in texts), field.name
